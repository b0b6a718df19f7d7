/* vulkan_assign_test.c - assignments are part of a step's recording on the Vulkan device (tests/e2e).
 *
 * A step as training has it: w -= rate * x, a learning rate that decays and a moving average of w, both by
 * assignment. Once with Ref variables and once with resource variables. */
#include "vulkan.h"

enum { N = 5 };
typedef struct model {
  rn_graph *g;
  rn_session *s;
  int by_handle;
  rn_value x, counts, w, rate, average; /* variables */
  rn_value now[3];                      /* what is in them */
  rn_node_id init[3], step[3];
} model;

static rn_attr float_attr(void) { return (rn_attr)RN_AT("dtype", RN_FLOAT); }
static rn_value make_variable(const model *m, const char *name, rn_shape shape) {
  rn_attr attrs[] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &shape)};
  return m->by_handle ? node(m->g, "VarHandleOp", name, NULL, 0, attrs, 2) : variable(m->g, name, RN_FLOAT, shape);
}
static rn_value content(const model *m, rn_value v) {
  rn_attr dtype = float_attr();
  return m->by_handle ? node(m->g, "ReadVariableOp", NULL, &v, 1, &dtype, 1) : node1(m->g, "Identity", NULL, v);
}
static rn_node_id set(const model *m, rn_value v, rn_value to) {
  rn_attr dtype = float_attr();
  rn_value in[2] = {v, to};
  return m->by_handle ? node(m->g, "AssignVariableOp", NULL, in, 2, &dtype, 1).node
                      : node2(m->g, "Assign", NULL, v, to).node;
}
static rn_value vector(rn_graph *g, float first) {
  float data[N];
  for (int i = 0; i < N; i++) data[i] = first + (float)i;
  return constant(g, NULL, floats(dims(1, N, 0), data));
}

static model build(rn_runtime *rt, const char *device, int by_handle) {
  model m = {.by_handle = by_handle};
  must(rn_graph_create(rt, 0, &m.g));
  rn_graph *g = m.g;
  m.x = placeholder(g, "x", RN_FLOAT, dims(1, N, 0));
  m.w = make_variable(&m, "w", dims(1, N, 0));
  m.rate = make_variable(&m, "rate", dims(0, 0, 0));
  m.average = make_variable(&m, "average", dims(1, N, 0));
  m.init[0] = set(&m, m.w, vector(g, 1));
  m.init[1] = set(&m, m.rate, scalar(g, NULL, 0.5f));
  m.init[2] = set(&m, m.average, vector(g, 0));
  rn_value w = m.now[0] = content(&m, m.w), rate = m.now[1] = content(&m, m.rate);
  rn_value average = m.now[2] = content(&m, m.average);
  rn_value less = node2(g, "Sub", NULL, w, node2(g, "Mul", NULL, rate, m.x));
  rn_value kept = node2(g, "Mul", NULL, average, scalar(g, NULL, 0.75f));
  rn_value added = node2(g, "Mul", NULL, less, scalar(g, NULL, 0.25f));
  m.step[0] = set(&m, m.w, less);
  m.step[1] = set(&m, m.rate, node2(g, "Mul", NULL, rate, scalar(g, NULL, 0.9f)));
  m.step[2] = set(&m, m.average, node2(g, "Add", NULL, kept, added));
  m.counts = counts_node(g);
  m.s = session_on(g, device);
  must(rn_session_run(m.s, NULL, NULL, 0, NULL, 0, NULL, m.init, 3));
  return m;
}
static void step(const model *m, int k) {
  float data[N];
  for (int i = 0; i < N; i++) data[i] = (float)(k % 3) * 0.125f + (float)i * 0.0625f;
  rn_feed feed = {m->x, floats(dims(1, N, 0), data)};
  must(rn_session_run(m->s, NULL, &feed, 1, NULL, 0, NULL, m->step, 3));
  rn_tensor_release(feed.tensor);
}
static void drop(model *m) {
  rn_session_destroy(m->s);
  rn_graph_destroy(m->g);
}
static void assert_same_content(const model *a, const model *b) {
  for (int v = 0; v < 3; v++) {
    rn_tensor *p = fetch(a->s, a->now[v]), *q = fetch(b->s, b->now[v]);
    assert_int_equal(rn_tensor_count(p), rn_tensor_count(q));
    for (int64_t i = 0; i < rn_tensor_count(p); i++) {
      float x = ((const float *)rn_tensor_data(p))[i], y = ((const float *)rn_tensor_data(q))[i];
      if (!(fabsf(x - y) <= 1e-5f * (fabsf(x) + 1))) fail_msg("%g and %g", (double)x, (double)y);
    }
    rn_tensor_release(p);
    rn_tensor_release(q);
  }
}

static void a_step_that_assigns_is_one_replay(void **state) {
  (void)state;
  NEEDS_DEVICE;
  for (int by_handle = 0; by_handle < 2; by_handle++) {
    int64_t before[COUNTS], after[COUNTS];
    rn_runtime *rt = runtime(NULL, 0);
    model host = build(rt, "cpu", by_handle), gpu = build(rt, "vulkan", by_handle);
    for (int k = 0; k < 3; k++) step(&host, k), step(&gpu, k);
    read_counts(gpu.s, gpu.counts, before);
    for (int k = 3; k < 23; k++) step(&host, k), step(&gpu, k);
    read_counts(gpu.s, gpu.counts, after);
    assert_int_equal(after[SUBMISSIONS] - before[SUBMISSIONS], 20);
    assert_int_equal(after[REPLAYS] - before[REPLAYS], 20);
    assert_int_equal(after[RECORDINGS], before[RECORDINGS]);
    assert_int_equal(after[RESERVED], before[RESERVED]);
    assert_int_equal(after[MESSAGES], 0);
    assert_same_content(&host, &gpu);
    drop(&host);
    drop(&gpu);
    rn_runtime_destroy(rt);
  }
}

/* The first assignment makes the memory, the second finds it: another layout, the same content. */
static void starting_again_is_recorded_and_starts_again(void **state) {
  (void)state;
  NEEDS_DEVICE;
  for (int by_handle = 0; by_handle < 2; by_handle++) {
    int64_t first[COUNTS], second[COUNTS], third[COUNTS];
    rn_runtime *rt = runtime(NULL, 0);
    model host = build(rt, "cpu", by_handle), gpu = build(rt, "vulkan", by_handle);
    read_counts(gpu.s, gpu.counts, first);
    assert_int_equal(first[RECORDINGS], 0);
    for (int k = 0; k < 3; k++) step(&gpu, k);
    must(rn_session_run(gpu.s, NULL, NULL, 0, NULL, 0, NULL, gpu.init, 3));
    assert_same_content(&host, &gpu);
    read_counts(gpu.s, gpu.counts, second);
    for (int k = 0; k < 3; k++) step(&gpu, k);
    must(rn_session_run(gpu.s, NULL, NULL, 0, NULL, 0, NULL, gpu.init, 3));
    read_counts(gpu.s, gpu.counts, third);
    assert_same_content(&host, &gpu);
    assert_int_equal(third[RECORDINGS], second[RECORDINGS]);
    assert_int_equal(third[REPLAYS] - second[REPLAYS], 4);
    assert_int_equal(third[MESSAGES], 0);
    drop(&host);
    drop(&gpu);
    rn_runtime_destroy(rt);
  }
}

static rn_status *assign_fed(rn_session *s, rn_value x, rn_node_id assign, int64_t n) {
  float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  rn_feed feed = {x, floats(dims(1, n, 0), data)};
  rn_status *failed = rn_session_run(s, NULL, &feed, 1, NULL, 0, NULL, &assign, 1);
  rn_tensor_release(feed.tensor);
  return failed;
}
/* The shape that is fed is known to the step alone. */
static void a_value_of_another_shape_is_refused_and_changes_nothing(void **state) {
  (void)state;
  NEEDS_DEVICE;
  rn_runtime *rt = runtime(NULL, 0);
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_attr loose = RN_AB("validate_shape", 0);
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(1, RN_DIM_UNKNOWN, 0));
  rn_value v = variable(g, "v", RN_FLOAT, dims(1, 4, 0)), now = node1(g, "Identity", NULL, v);
  rn_node_id assign = node(g, "Assign", NULL, (rn_value[]){v, node1(g, "Neg", NULL, x)}, 2, &loose, 1).node;
  rn_session *s = session_on(g, "vulkan");
  assert_status(assign_fed(s, x, assign, 7), RN_INVALID_ARGUMENT, "shape", NULL);
  for (int k = 0; k < 3; k++) {
    must(assign_fed(s, x, assign, 4));
    assert_status(assign_fed(s, x, assign, 7), RN_INVALID_ARGUMENT, "shape", NULL);
    rn_tensor *t = fetch(s, now);
    assert_int_equal(rn_tensor_count(t), 4);
    for (int i = 0; i < 4; i++) assert_true(((const float *)rn_tensor_data(t))[i] == -(float)(i + 1));
    rn_tensor_release(t);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_step_that_assigns_is_one_replay),
      cmocka_unit_test(starting_again_is_recorded_and_starts_again),
      cmocka_unit_test(a_value_of_another_shape_is_refused_and_changes_nothing),
  };
  RUN_VULKAN_TESTS(tests);
}
