/* op_vectors_test.c - single ops against what real TensorFlow computed (tests/e2e).
 *
 * Each case of tests/data/op_vectors.txt becomes a graph of one node and runs three times: on constants,
 * on fed placeholders of known shape, and on fed placeholders of which nothing is known. RUNNEL_CASE=name
 * runs one; RUNNEL_DEVICE picks a device. */
#include "node_case.h"

/* For good, with the reason. Names of cases, or of ops. */
static const char *const unsupported[][2] = {
    {"Erf/5", "TensorFlow's float erf of an infinity is NaN"},
    {"MaxPool/10", "TensorFlow forgets or keeps a NaN, depending on its place in the window"},
};
/* For now, with what is missing. */
static const char *const expected_fail[][2] = {
    {"MatMul/19", "no kernel for complex numbers"},
    {"AdjustContrastv2", "no such op yet"},
    {"ApplyFtrlV2", "no such op yet"},
    {"ApplyProximalGradientDescent", "no such op yet"},
    {"ApproximateEqual", "no such op yet"},
    {"BatchToSpace", "no such op yet"},
    {"BatchToSpaceND", "no such op yet"},
    {"Bincount", "no such op yet"},
    {"BitwiseAnd", "no such op yet"},
    {"BitwiseOr", "no such op yet"},
    {"BitwiseXor", "no such op yet"},
    {"Cholesky", "no such op yet"},
    {"ClipByValue", "no such op yet"},
    {"CountUpTo", "no such op yet"},
    {"Cross", "no such op yet"},
    {"DepthToSpace", "no such op yet"},
    {"Diag", "no such op yet"},
    {"DiagPart", "no such op yet"},
    {"DynamicPartition", "no such op yet"},
    {"EuclideanNorm", "no such op yet"},
    {"ExtractImagePatches", "no such op yet"},
    {"Invert", "no such op yet"},
    {"LRN", "no such op yet"},
    {"LRNGrad", "no such op yet"},
    {"LeftShift", "no such op yet"},
    {"ListDiff", "no such op yet"},
    {"MatrixBandPart", "no such op yet"},
    {"MatrixDeterminant", "no such op yet"},
    {"MatrixDiag", "no such op yet"},
    {"MatrixDiagPart", "no such op yet"},
    {"MatrixInverse", "no such op yet"},
    {"MatrixSetDiag", "no such op yet"},
    {"MaxPoolWithArgmax", "no such op yet"},
    {"ResizeBilinear", "no such op yet"},
    {"ResizeBilinearGrad", "no such op yet"},
    {"ResizeNearestNeighbor", "no such op yet"},
    {"ResizeNearestNeighborGrad", "no such op yet"},
    {"ResourceApplyFtrlV2", "no such op yet"},
    {"ResourceApplyProximalGradientDescent", "no such op yet"},
    {"Reverse", "no such op yet"},
    {"ReverseSequence", "no such op yet"},
    {"RightShift", "no such op yet"},
    {"Roll", "no such op yet"},
    {"SegmentMax", "no such op yet"},
    {"SegmentMean", "no such op yet"},
    {"SegmentMin", "no such op yet"},
    {"SegmentProd", "no such op yet"},
    {"SelectV2", "no such op yet"},
    {"SpaceToBatch", "no such op yet"},
    {"SpaceToBatchND", "no such op yet"},
    {"SpaceToDepth", "no such op yet"},
    {"UnsortedSegmentMax", "no such op yet"},
    {"UnsortedSegmentMin", "no such op yet"},
    {"UnsortedSegmentProd", "no such op yet"},
    {"Xdivy", "no such op yet"},
    {"Xlogy", "no such op yet"},
};

typedef enum way { ON_CONSTANTS, ON_FEEDS, ON_UNKNOWN_SHAPES, WAYS } way;
static const char *const way_names[WAYS] = {"constants", "feeds", "feeds of unknown shape"};

static const char *reason_in(const char *const list[][2], size_t n, const node_case *c) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(list[i][0], c->name) == 0 || strcmp(list[i][0], c->op) == 0) return list[i][1];
  return NULL;
}

/* ---- comparing */
static int is_real_type(rn_dtype t) { return t == RN_FLOAT || t == RN_DOUBLE || t == RN_HALF || is_complex(t); }
static double allowed_error(const node_case *c, const rn_tensor *want, double b, double largest) {
  if (c->exact || !is_real_type(rn_tensor_dtype(want))) return 0;
  if (rn_tensor_dtype(want) == RN_HALF) return 1e-3 + 2e-3 * fabs(b);
  if (rn_tensor_dtype(want) == RN_DOUBLE) return 1e-11 * largest + 1e-9 * fabs(b);
  return 1e-6 * largest + 1e-5 * fabs(b);
}

static double largest_number(const rn_tensor *t, int64_t n) {
  double m = 1;
  for (int64_t i = 0; i < n; i++) {
    double v = fabs(number_at(t, i));
    if (v < 1e30 && v > m) m = v;
  }
  return m;
}

static rn_status *compare_mean(const case_output *want, const rn_tensor *got) {
  double sum = 0, n = (double)rn_tensor_count(got);
  for (int64_t i = 0; i < rn_tensor_count(got); i++) sum += number_at(got, i);
  if (fabs(sum / n - want->mean) <= 1e-4 + 1e-5 * fabs(want->mean)) return NULL;
  return rn_status_make(RN_UNKNOWN, "the mean is %.9g, TensorFlow has %.9g", sum / n, want->mean);
}

static rn_status *compare_strings(const rn_tensor *want, const rn_tensor *got, uint32_t at) {
  for (int64_t i = 0; i < rn_tensor_count(want); i++) {
    rn_bytes x = rn_tensor_string(got, i), y = rn_tensor_string(want, i);
    uint64_t same = 0;
    while (same < x.size && same < y.size && x.data[same] == y.data[same]) same++;
    if (same < x.size || same < y.size)
      return rn_status_make(
          RN_UNKNOWN, "output %u[%lld] has %llu bytes, TensorFlow's %llu; they differ from byte %llu on", at,
          (long long)i, (unsigned long long)x.size, (unsigned long long)y.size, (unsigned long long)same);
  }
  return NULL;
}

static rn_status *compare(const node_case *c, const case_output *want, const rn_tensor *got, uint32_t at) {
  char a[160], b[160];
  rn_dtype t = rn_tensor_dtype(want->tensor);
  if (rn_tensor_dtype(got) != t)
    return rn_status_make(RN_UNKNOWN, "output %u is %s, TensorFlow has %s", at, rn_dtype_name(rn_tensor_dtype(got)),
                          rn_dtype_name(t));
  if (!rn_shape_equal(rn_tensor_shape(got), &want->shape)) {
    rn_shape_print(rn_tensor_shape(got), a, sizeof a);
    rn_shape_print(&want->shape, b, sizeof b);
    return rn_status_make(RN_UNKNOWN, "output %u has shape %s, TensorFlow's %s", at, a, b);
  }
  if (t == RN_STRING) return compare_strings(want->tensor, got, at);
  int64_t n = rn_tensor_count(want->tensor) * (is_complex(t) ? 2 : 1);
  double largest = largest_number(want->tensor, n);
  for (int64_t i = 0; i < n; i++) {
    double x = number_at(got, i), y = number_at(want->tensor, i);
    if (x == y && (!c->exact || signbit(x) == signbit(y))) continue;
    if (isnan(x) && isnan(y)) continue;
    if (fabs(x - y) <= allowed_error(c, want->tensor, y, largest)) continue;
    return rn_status_make(RN_UNKNOWN, "output %u[%lld] is %.17g, TensorFlow has %.17g", at, (long long)i, x, y);
  }
  return want->is_head ? compare_mean(want, got) : NULL;
}

/* ---- building and running */
typedef struct model {
  rn_graph *graph;
  rn_session *session;
  rn_value inputs[CASE_MAX_INPUTS], reads[CASE_MAX_INPUTS];
  rn_feed feeds[CASE_MAX_INPUTS];
  rn_node_id starts[CASE_MAX_INPUTS];
  rn_value node;
  uint32_t n_feeds, n_variables;
} model;

static rn_status *add_variable(model *m, const case_input *in, rn_value *out) {
  rn_dtype t = rn_tensor_dtype(in->tensor);
  int is_handle = in->kind == CASE_HANDLE;
  rn_attr attrs[3] = {RN_AT("dtype", t), RN_ASHAPE("shape", rn_tensor_shape(in->tensor)), RN_AS("shared_name", "", 0)};
  rn_value start, two[2];
  RN_TRY(case_node(m->graph, is_handle ? "VarHandleOp" : "VariableV2", NULL, 0, attrs, 2, out));
  two[0] = *out;
  RN_TRY(case_constant(m->graph, in->tensor, &two[1]));
  RN_TRY(case_node(m->graph, is_handle ? "AssignVariableOp" : "Assign", two, 2, NULL, 0, &start));
  m->starts[m->n_variables] = start.node;
  return case_node(m->graph, is_handle ? "ReadVariableOp" : "Identity", out, 1, attrs, is_handle ? 1 : 0,
                   &m->reads[m->n_variables++]);
}

static rn_status *add_input(model *m, const case_input *in, way w, rn_value *out) {
  if (in->kind != CASE_IN) return add_variable(m, in, out);
  if (w == ON_CONSTANTS) return case_constant(m->graph, in->tensor, out);
  RN_TRY(
      case_placeholder(m->graph, rn_tensor_dtype(in->tensor), w == ON_FEEDS ? rn_tensor_shape(in->tensor) : NULL, out));
  m->feeds[m->n_feeds++] = (rn_feed){*out, in->tensor};
  return NULL;
}

static rn_status *build(model *m, rn_runtime *rt, const node_case *c, way w) {
  RN_TRY(rn_graph_create(rt, 0, &m->graph));
  for (uint32_t i = 0; i < c->n_inputs; i++) RN_TRY(add_input(m, &c->inputs[i], w, &m->inputs[i]));
  RN_TRY(case_node(m->graph, c->op, m->inputs, c->n_inputs, c->attrs, c->n_attrs, &m->node));
  rn_session_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.device = getenv("RUNNEL_DEVICE");
  RN_TRY(rn_session_create(m->graph, &o, &m->session));
  return m->n_variables ? rn_session_run(m->session, NULL, NULL, 0, NULL, 0, NULL, m->starts, m->n_variables) : NULL;
}

static rn_status *step(model *m, const node_case *c, uint32_t *at) {
  rn_value fetches[CASE_MAX_OUTPUTS];
  rn_tensor *results[CASE_MAX_OUTPUTS] = {NULL};
  uint32_t n = m->n_variables;
  if (n) {
    RN_TRY(rn_session_run(m->session, NULL, m->feeds, m->n_feeds, NULL, 0, NULL, &m->node.node, 1));
    memcpy(fetches, m->reads, n * sizeof *fetches);
    RN_TRY(rn_session_run(m->session, NULL, NULL, 0, fetches, n, results, NULL, 0));
  } else {
    n = rn_graph_output_count(m->graph, m->node.node);
    if (n > CASE_MAX_OUTPUTS) return rn_status_make(RN_UNKNOWN, "%u outputs", n);
    for (uint32_t i = 0; i < n; i++) fetches[i] = (rn_value){m->node.node, i};
    RN_TRY(rn_session_run(m->session, NULL, m->feeds, m->n_feeds, fetches, n, results, NULL, 0));
  }
  rn_status *s = c->steps > 1 && n * c->steps != c->n_outputs ? rn_status_make(RN_UNKNOWN, "%u outputs", n) : NULL;
  for (uint32_t i = 0; i < n; i++) {
    if (!s && *at < c->n_outputs) s = compare(c, &c->outputs[*at], results[i], i);
    ++*at;
    rn_tensor_release(results[i]);
  }
  return s;
}

static rn_status *run_case(rn_runtime *rt, const node_case *c, way w) {
  model m;
  uint32_t at = 0;
  memset(&m, 0, sizeof m);
  rn_status *s = build(&m, rt, c, w);
  for (uint32_t i = 0; !s && i < c->steps; i++) {
    s = step(&m, c, &at);
    if (s && c->steps > 1) s = rn_status_wrap(s, "step %u", i + 1);
  }
  rn_session_destroy(m.session);
  rn_graph_destroy(m.graph);
  return s;
}

/* ---- the file */
typedef struct tally {
  int passed, failed, excused;
} tally;

static void run_all_ways(rn_runtime *rt, const node_case *c, tally *t) {
  if (reason_in(unsupported, sizeof unsupported / sizeof unsupported[0], c)) {
    t->excused++;
    return;
  }
  int excused = reason_in(expected_fail, sizeof expected_fail / sizeof expected_fail[0], c) != NULL, bad = 0;
  for (way w = 0; w < WAYS && !bad; w++) {
    rn_status *s = run_case(rt, c, w);
    if (!s) continue;
    bad = 1;
    if (!excused) print_message("FAILED %s on %s: %s\n", c->name, way_names[w], rn_status_message(s));
    rn_status_free(s);
  }
  if (excused && !bad) print_message("FAILED %s: it is expected to fail and passes; take it off the list\n", c->name);
  t->passed += !bad && !excused;
  t->failed += bad != excused;
  t->excused += bad && excused;
}

static void every_op_computes_what_tensorflow_computes(void **state) {
  (void)state;
  char path[1024];
  const char *source = getenv("RUNNEL_SOURCE"), *only = getenv("RUNNEL_CASE");
  snprintf(path, sizeof path, "%s/tests/data/op_vectors.txt", source ? source : ".");
  FILE *f = fopen(path, "r");
  if (!f) fail_msg("cannot read %s", path);
  rn_runtime *rt = NULL;
  must(rn_runtime_create(NULL, &rt));
  node_case *c = calloc(1, sizeof *c);
  assert_non_null(c);
  node_case_clear(c);
  tally t = {0, 0, 0};
  char *line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, f) >= 0) {
    line[strcspn(line, "\n")] = '\0';
    if (*line == '#') continue;
    if (*line) {
      if (!node_case_line(c, line)) fail_msg("%s: %s", path, line);
      continue;
    }
    if (*c->op && (!only || strcmp(only, c->name) == 0 || strcmp(only, c->op) == 0)) run_all_ways(rt, c, &t);
    node_case_clear(c);
  }
  node_case_clear(c);
  free(c);
  free(line);
  fclose(f);
  rn_runtime_destroy(rt);
  print_message("op vectors: %d cases passed, %d failed, %d excused\n", t.passed, t.failed, t.excused);
  assert_int_equal(t.failed, 0);
  assert_true(t.passed > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_op_computes_what_tensorflow_computes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
