/* small.c - a whole small program: start, plan, one result, end (tests/bench). Its wall time and
 * resident memory are what a user of a small graph pays. Prints its resident memory in KiB when
 * called with "rss". */
#include <runnel/runnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rn_status *constant(rn_graph *g, float v, rn_value *out) {
  rn_shape scalar;
  memset(&scalar, 0, sizeof scalar);
  rn_tensor *t;
  RN_TRY(rn_tensor_from(RN_FLOAT, &scalar, &v, &t));
  rn_attr attrs[] = {RN_AT("dtype", RN_FLOAT), RN_ATENSOR("value", t)};
  rn_node_request r = rn_node_request_for("Const", NULL);
  r.attrs = attrs;
  r.n_attrs = 2;
  out->port = 0;
  rn_status *s = rn_graph_add(g, &r, &out->node);
  rn_tensor_release(t);
  return s;
}

static rn_status *compute(rn_runtime *rt, float *out) {
  rn_graph *g;
  RN_TRY(rn_graph_create(rt, 0, &g));
  rn_value in[2], sum = {0, 0};
  rn_session *session = NULL;
  rn_tensor *result = NULL;
  rn_node_request r = rn_node_request_for("Add", NULL);
  r.inputs = in;
  r.n_inputs = 2;
  rn_status *s = constant(g, 40, &in[0]);
  if (!s) s = constant(g, 2, &in[1]);
  if (!s) s = rn_graph_add(g, &r, &sum.node);
  if (!s) s = rn_session_create(g, NULL, &session);
  if (!s) s = rn_session_run(session, NULL, NULL, 0, &sum, 1, &result, NULL, 0);
  if (!s) *out = *(float *)rn_tensor_data(result);
  rn_tensor_release(result);
  rn_session_destroy(session);
  rn_graph_destroy(g);
  return s;
}

/* The most it ever had. Not getrusage: that also counts what its parent had before exec. */
static void print_resident(void) {
  char line[256];
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, "VmHWM:", 6) == 0) printf("%ld\n", atol(line + 6));
  if (f) fclose(f);
}

int main(int argc, char **argv) {
  rn_runtime *rt = NULL;
  float v = 0;
  rn_status *s = rn_runtime_create(NULL, &rt);
  if (!s) s = compute(rt, &v);
  if (s) fprintf(stderr, "%s\n", rn_status_message(s));
  int ok = s == NULL && v == 42.0f;
  rn_status_free(s);
  if (argc > 1 && strcmp(argv[1], "rss") == 0) print_resident();
  rn_runtime_destroy(rt);
  return ok ? 0 : 1;
}
