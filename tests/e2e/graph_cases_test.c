/* graph_cases_test.c - the public graph cases: graphs written by real TensorFlow with the outputs it
 * computed (tests/e2e).
 *
 * Every case whose ops are all known must give TensorFlow's outputs; one with an unknown op is counted
 * and left out. RUNNEL_CASE=name runs one and prints its differences; RUNNEL_DEVICE picks a device. */
#include <dirent.h>
#include <runnel/graphdef.h>
#include <runnel/runnel.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "numbers.h"

/* For good, with the reason. */
static const char *const unsupported[][2] = {
    {"alpha_dropout", "random: values differ by design"},      {"dropout", "random: values differ by design"},
    {"layers_dropout", "random: values differ by design"},     {"random_crop", "random: values differ by design"},
    {"random_gamma", "random: values differ by design"},       {"random_normal", "random: values differ by design"},
    {"random_poisson", "random: values differ by design"},     {"random_poisson_v2", "random: values differ by design"},
    {"random_shuffle", "random: values differ by design"},     {"random_uniform", "random: values differ by design"},
    {"random_uniform_int", "random: values differ by design"},
};
/* For now, with what is missing. */
static const char *const expected_fail[][2] = {
    {"", ""},
};

enum { MAX_ITEMS = 64 };
typedef struct item {
  char node[512];
  rn_tensor *tensor;
} item;
typedef struct graph_case {
  item feeds[MAX_ITEMS], wanted[MAX_ITEMS];
  uint32_t n_feeds, n_wanted;
  rn_graph *graph;
} graph_case;

static const char *in_list(const char *const list[][2], size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i][0], name) == 0) return list[i][1];
  return NULL;
}

static char *read_text(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  size_t n = 0, capacity = 4096;
  char *text = malloc(capacity + 1);
  size_t got;
  while (text && (got = fread(text + n, 1, capacity - n, f)) > 0) {
    n += got;
    if (n == capacity) text = realloc(text, (capacity *= 2) + 1);
  }
  fclose(f);
  if (text) text[n] = '\0';
  return text;
}

static int read_shape(const char *csv_path, rn_shape *s) {
  char path[1200];
  snprintf(path, sizeof path, "%.*sshape", (int)(strlen(csv_path) - 3), csv_path);
  char *text = read_text(path);
  memset(s, 0, sizeof *s);
  if (!text) return 0;
  char *at = text, *end;
  for (;;) {
    at += strspn(at, " ,\n\r\t[]()");
    long long d = strtoll(at, &end, 10);
    if (end == at) break;
    if (s->rank == RN_MAX_RANK) return 0;
    s->dim[s->rank++] = d;
    at = end;
  }
  free(text);
  return 1;
}

static int64_t count_lines(const char *text) {
  int64_t n = 0;
  for (; *text; text++) n += *text == '\n' || text[1] == '\0';
  return n;
}

/* The file as a tensor of the dtype; NULL when dtype or file do not fit. */
static rn_tensor *read_tensor(const char *path, rn_dtype dtype) {
  rn_shape s;
  rn_tensor *t = NULL;
  if (!read_shape(path, &s)) return NULL;
  char *text = read_text(path);
  if (!text) return NULL;
  int64_t lines = count_lines(text);
  if (s.rank == 1 && s.dim[0] == 0 && lines == 1) s.rank = 0;
  if (dtype == RN_STRING) {
    rn_bytes *items = calloc((size_t)lines + 1, sizeof *items);
    char *at = text;
    for (int64_t i = 0; i < lines; i++) {
      size_t n = strcspn(at, "\n");
      items[i] = (rn_bytes){at, n};
      at += n + 1;
    }
    rn_status_free(rn_tensor_strings(&s, items, &t));
    free(items);
  } else {
    rn_status_free(rn_tensor_create(dtype, &s, &t));
    char *at = text;
    for (int64_t i = 0; t && i < rn_tensor_count(t); i++) {
      if (dtype != RN_STRING) number_store(t, i, at);
      char *next = strchr(at, '\n');
      at = next ? next + 1 : at + strlen(at);
    }
  }
  free(text);
  return t;
}

/* "a____b.1" -> "a/b:1"; a trailing number is a port only when no such node exists. */
static rn_status *resolve(const rn_graph *g, const char *stem, char *name, size_t size_bytes, rn_value *out) {
  size_t at = 0;
  for (const char *p = stem; *p && at + 1 < size_bytes;) {
    if (strncmp(p, "____", 4) == 0) {
      name[at++] = '/';
      p += 4;
    } else {
      name[at++] = *p++;
    }
  }
  name[at] = '\0';
  rn_status *s = rn_graph_find_value(g, name, out);
  char *dot = strrchr(name, '.');
  if (!s || !dot || strspn(dot + 1, "0123456789") != strlen(dot + 1)) return s;
  rn_status_free(s);
  *dot = ':';
  return rn_graph_find_value(g, name, out);
}

static rn_status *add_file(graph_case *c, const char *path, const char *stem, int is_feed) {
  item *list = is_feed ? c->feeds : c->wanted;
  uint32_t *n = is_feed ? &c->n_feeds : &c->n_wanted;
  rn_value v;
  if (*n == MAX_ITEMS) return rn_status_make(RN_OUT_OF_RANGE, "more than %d files", MAX_ITEMS);
  RN_TRY(resolve(c->graph, stem, list[*n].node, sizeof list[*n].node, &v));
  list[*n].tensor = read_tensor(path, rn_dtype_base(rn_graph_dtype(c->graph, v)));
  if (!list[*n].tensor) return rn_status_make(RN_INVALID_ARGUMENT, "cannot read %s", path);
  ++*n;
  return NULL;
}

static int has_graph(const char *folder) {
  char path[1200];
  snprintf(path, sizeof path, "%s/frozen_model.pb", folder);
  return access(path, R_OK) == 0;
}

/* Files in `folder` and below; prefix is the path of node names so far. */
static rn_status *add_files(graph_case *c, const char *folder, const char *prefix) {
  static const char *const endings[2] = {".prediction.csv", ".placeholder.csv"};
  DIR *d = opendir(folder);
  if (!d) return NULL;
  rn_status *status = NULL;
  struct dirent *e;
  while (status == NULL && (e = readdir(d)) != NULL) {
    char path[1024], stem[512];
    if (e->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%.500s/%.255s", folder, e->d_name);
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
      snprintf(stem, sizeof stem, "%.200s%.255s/", prefix, e->d_name);
      if (!has_graph(path)) status = add_files(c, path, stem);
      continue;
    }
    for (int is_feed = 0; is_feed < 2 && status == NULL; is_feed++) {
      size_t n = strlen(e->d_name), m = strlen(endings[is_feed]);
      if (n <= m || strcmp(e->d_name + n - m, endings[is_feed]) != 0) continue;
      snprintf(stem, sizeof stem, "%.200s%.*s", prefix, (int)(n - m), e->d_name);
      status = add_file(c, path, stem, is_feed);
    }
  }
  closedir(d);
  return status;
}

static int close_enough(const rn_tensor *got, const rn_tensor *want, int64_t i) {
  if (rn_tensor_dtype(got) == RN_STRING) {
    rn_bytes a = rn_tensor_string(got, i), b = rn_tensor_string(want, i);
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
  }
  double a = number_at(got, i), b = number_at(want, i);
  rn_dtype dtype = rn_tensor_dtype(got);
  int is_small = dtype == RN_HALF || dtype == RN_BFLOAT16;
  if (dtype != RN_FLOAT && dtype != RN_DOUBLE && !is_small) return a == b;
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return a == b || fabs(a - b) <= 1e-5 + (is_small ? 1e-2 : 1e-3) * fabs(b);
}

static rn_status *compare(const item *want, const rn_tensor *got) {
  char a[160], b[160];
  const rn_shape *gs = rn_tensor_shape(got), *ws = rn_tensor_shape(want->tensor);
  if (rn_tensor_count(got) != rn_tensor_count(want->tensor) || (!rn_shape_equal(gs, ws) && ws->rank != 0)) {
    rn_shape_print(gs, a, sizeof a);
    rn_shape_print(ws, b, sizeof b);
    return rn_status_make(RN_UNKNOWN, "'%s': shape %s, TensorFlow has %s", want->node, a, b);
  }
  for (int64_t i = 0; i < rn_tensor_count(got); i++) {
    if (close_enough(got, want->tensor, i)) continue;
    if (rn_tensor_dtype(got) == RN_STRING)
      return rn_status_make(RN_UNKNOWN, "'%s'[%lld]: another string", want->node, (long long)i);
    return rn_status_make(RN_UNKNOWN, "'%s'[%lld]: %.9g, TensorFlow has %.9g", want->node, (long long)i,
                          number_at(got, i), number_at(want->tensor, i));
  }
  return NULL;
}

static rn_status *run_session(graph_case *c, rn_session *session) {
  rn_feed feeds[MAX_ITEMS];
  rn_value fetches[MAX_ITEMS];
  rn_tensor *results[MAX_ITEMS] = {NULL};
  for (uint32_t i = 0; i < c->n_feeds; i++) {
    RN_TRY(rn_graph_find_value(c->graph, c->feeds[i].node, &feeds[i].value));
    feeds[i].tensor = c->feeds[i].tensor;
  }
  for (uint32_t i = 0; i < c->n_wanted; i++) RN_TRY(rn_graph_find_value(c->graph, c->wanted[i].node, &fetches[i]));
  rn_status *status = rn_session_run(session, NULL, feeds, c->n_feeds, fetches, c->n_wanted, results, NULL, 0);
  for (uint32_t i = 0; i < c->n_wanted; i++) {
    if (!status) status = compare(&c->wanted[i], results[i]);
    rn_tensor_release(results[i]);
  }
  return status;
}

static int unknown_op(const rn_graph *g, char *name, size_t size_bytes) {
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    uint32_t flags, role;
    if (rn_graph_op_known(g, n, &flags, &role)) continue;
    snprintf(name, size_bytes, "%s", rn_graph_op(g, n));
    return 1;
  }
  return 0;
}

typedef enum { CASE_PASSED, CASE_FAILED, CASE_LEFT_OUT } verdict;
static verdict run_case(rn_runtime *rt, const char *root, const char *name, char *why, size_t size_bytes) {
  char path[1400];
  graph_case *c = calloc(1, sizeof *c);
  rn_session *session = NULL;
  rn_session_options options = {.struct_size = (uint32_t)sizeof options, .device = getenv("RUNNEL_DEVICE")};
  snprintf(path, sizeof path, "%s/%s/frozen_model.pb", root, name);
  rn_status *status = rn_graphdef_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, &c->graph);
  verdict v = CASE_LEFT_OUT;
  if (status || !unknown_op(c->graph, why, size_bytes)) {
    snprintf(path, sizeof path, "%s/%s", root, name);
    if (!status) status = add_files(c, path, "");
    if (!status && c->n_wanted == 0) status = rn_status_make(RN_NOT_FOUND, "no expected output");
    if (!status) status = rn_session_create(c->graph, &options, &session);
    if (!status) status = run_session(c, session);
    v = status ? CASE_FAILED : CASE_PASSED;
    snprintf(why, size_bytes, "%s", rn_status_message(status));
    rn_status_free(status);
  }
  for (uint32_t i = 0; i < c->n_feeds; i++) rn_tensor_release(c->feeds[i].tensor);
  for (uint32_t i = 0; i < c->n_wanted; i++) rn_tensor_release(c->wanted[i].tensor);
  rn_session_destroy(session);
  rn_graph_destroy(c->graph);
  free(c);
  return v;
}

/* What a walk over all cases counts. */
typedef struct tally {
  rn_runtime *rt;
  const char *root, *only;
  int passed, failed, left_out, random;
} tally;

static int is_random(const char *name) {
  char top[256];
  snprintf(top, sizeof top, "%.*s", (int)strcspn(name, "/"), name);
  return in_list(unsupported, sizeof unsupported / sizeof unsupported[0], top) ||
         in_list(unsupported, sizeof unsupported / sizeof unsupported[0], name);
}

static void judge(tally *t, const char *name) {
  char why[1024];
  if (t->only && strncmp(t->only, name, strlen(t->only)) != 0) return;
  if (is_random(name)) {
    t->random++;
    return;
  }
  verdict v = run_case(t->rt, t->root, name, why, sizeof why);
  int expected = in_list(expected_fail, sizeof expected_fail / sizeof expected_fail[0], name) != NULL;
  if (v == CASE_LEFT_OUT && (t->only || getenv("RUNNEL_VERBOSE"))) print_message("left out %s: no op %s\n", name, why);
  if (v == CASE_FAILED && !expected) print_message("FAILED %s: %s\n", name, why);
  if (v == CASE_PASSED && expected) print_message("PASSES %s: take it off the list\n", name);
  t->passed += v == CASE_PASSED;
  t->failed += (v == CASE_FAILED && !expected) || (v == CASE_PASSED && expected);
  t->left_out += v == CASE_LEFT_OUT;
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

/* Every folder with a graph, at any depth; name is the path below the root. */
static int visit(tally *t, const char *name) {
  char path[1200];
  struct dirent **entries;
  snprintf(path, sizeof path, "%s/%s", t->root, name);
  if (name[0] && has_graph(path)) judge(t, name);
  int n = scandir(path, &entries, NULL, by_name);
  for (int i = 0; i < n; i++) {
    char below[600], full[1300];
    struct stat st;
    snprintf(below, sizeof below, "%.300s%s%.255s", name, name[0] ? "/" : "", entries[i]->d_name);
    snprintf(full, sizeof full, "%s/%s", t->root, below);
    if (entries[i]->d_name[0] != '.' && stat(full, &st) == 0 && S_ISDIR(st.st_mode)) visit(t, below);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
  return n;
}

static void every_graph_case_with_known_ops_gives_tensorflows_outputs(void **state) {
  (void)state;
  char root[900];
  const char *data = getenv("RUNNEL_DATA");
  tally t = {.root = root, .only = getenv("RUNNEL_CASE")};
  snprintf(root, sizeof root, "%s/tf-graph-cases", data ? data : "../shared/data");
  if (access(root, R_OK) != 0) {
    print_message("skipped: no graph cases at %s\n", root);
    skip();
  }
  assert_null(rn_runtime_create(NULL, &t.rt));
  visit(&t, "");
  rn_runtime_destroy(t.rt);
  print_message("graph cases: %d passed, %d failed, %d with ops not there yet, %d random\n", t.passed, t.failed,
                t.left_out, t.random);
  assert_int_equal(t.failed, 0);
  assert_true(t.passed > 0 || t.only);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_graph_case_with_known_ops_gives_tensorflows_outputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
