/* bad_host.c - one process that loads bad plugins, one after the other, and goes on working (tests/bad_plugins).
 *
 * Reads lines "NAME<tab>FILE", asks the runtime to load the file, prints "NAME<tab>what it was told", and after each
 * runs a graph of good plugins in the same runtime: y = x / 2 + 2. Exit 1 when that fails once. */
#include <runnel/runnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rn_status *node(rn_graph *g, const char *op, const rn_value *in, uint32_t n, const rn_attr *attrs,
                       uint32_t n_attrs, rn_value *out) {
  rn_node_request r = rn_node_request_for(op, NULL);
  r.inputs = in;
  r.n_inputs = n;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  *out = RN_NO_VALUE;
  return rn_graph_add(g, &r, &out->node);
}

static rn_status *constant(rn_graph *g, float value, rn_value *out) {
  rn_shape scalar = {0};
  rn_tensor *t = NULL;
  rn_status *s = rn_tensor_from(RN_FLOAT, &scalar, &value, &t);
  if (s != NULL) return s;
  rn_attr attrs[] = {RN_AT("dtype", RN_FLOAT), RN_ATENSOR("value", t)};
  s = node(g, "Const", NULL, 0, attrs, 2, out);
  out->port = 0;
  rn_tensor_release(t);
  return s;
}

static rn_status *build(rn_graph *g, rn_value *out) {
  rn_value mul[2], add[2];
  rn_status *s = constant(g, 6, &mul[0]);
  if (s == NULL) s = constant(g, 0.5f, &mul[1]);
  if (s == NULL) s = constant(g, 2, &add[1]);
  if (s == NULL) s = node(g, "Mul", mul, 2, NULL, 0, &add[0]);
  add[0].port = 0;
  if (s == NULL) s = node(g, "Add", add, 2, NULL, 0, out);
  out->port = 0;
  return s;
}

static int still_works(rn_runtime *rt) {
  rn_graph *g = NULL;
  rn_session *session = NULL;
  rn_tensor *t = NULL;
  rn_value y = RN_NO_VALUE;
  rn_status *s = rn_graph_create(rt, 0, &g);
  if (s == NULL) s = build(g, &y);
  if (s == NULL) s = rn_session_create(g, NULL, &session);
  if (s == NULL) s = rn_session_run(session, NULL, NULL, 0, &y, 1, &t, NULL, 0);
  int right = s == NULL && *(const float *)rn_tensor_data(t) == 5;
  if (s != NULL) fprintf(stderr, "the good graph fails: %s\n", rn_status_message(s));
  rn_status_free(s);
  rn_tensor_release(t);
  rn_session_destroy(session);
  rn_graph_destroy(g);
  return right;
}

static void say(const char *name, const char *text) {
  printf("%s\t", name);
  for (; *text != '\0'; text++) putchar(*text == '\n' ? ' ' : *text);
  putchar('\n');
  fflush(stdout);
}

int main(void) {
  static char line[1 << 14];
  rn_runtime *rt = NULL;
  rn_status *s = rn_runtime_create(NULL, &rt);
  if (s != NULL) return fprintf(stderr, "%s\n", rn_status_message(s)), 1;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *path = strchr(line, '\t');
    if (path == NULL) return fputs("a line without a file\n", stderr), 1;
    *path++ = '\0';
    s = rn_runtime_load(rt, path);
    say(line, s == NULL ? "loads" : rn_status_message(s));
    rn_status_free(s);
    if (!still_works(rt)) return fprintf(stderr, "after '%s' nothing works\n", line), 1;
  }
  rn_runtime_destroy(rt);
  puts("done");
  return 0;
}
