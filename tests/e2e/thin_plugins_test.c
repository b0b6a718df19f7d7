/* thin_plugins_test.c - recording, claiming and asynchrony through the plugin ABI (tests/e2e). */
#include "build.h"
#include <time.h>
#include <unistd.h>

static rn_runtime *runtime_with_test_plugins(void) {
  char path[2048];
  snprintf(path, sizeof path, "%s:%s", getenv("RUNNEL_PLUGIN_PATH"), getenv("RUNNEL_TEST_PLUGINS"));
  rn_runtime_options options = {.struct_size = (uint32_t)sizeof options, .plugin_path = path};
  rn_runtime *rt = NULL;
  must(rn_runtime_create(&options, &rt));
  return rt;
}

static rn_session *session_on(rn_graph *g, const char *device) {
  rn_session_options options = {.struct_size = (uint32_t)sizeof options, .device = device, .fallback = "allow"};
  rn_session *s = NULL;
  must(rn_session_create(g, &options, &s));
  return s;
}

/* One gradient-descent step of w towards 0: w -= 0.5 * w, on y = x w. */
typedef struct descent {
  rn_value x, w, y, init, train;
} descent;
static descent build_descent(rn_graph *g) {
  static const float two[4] = {1, 2, 3, 4};
  descent d;
  d.x = placeholder(g, "x", RN_FLOAT, dims(2, 2, 2));
  d.w = variable(g, "w", RN_FLOAT, dims(2, 2, 2));
  d.init = node2(g, "Assign", "init", d.w, constant(g, "start", floats(dims(2, 2, 2), two)));
  rn_value read = node1(g, "Identity", "w/read", d.w);
  d.y = node2(g, "MatMul", "y", d.x, read);
  rn_value delta = node2(g, "Mul", "delta", d.y, scalar(g, "half", 0.5f));
  rn_value in[3] = {d.w, scalar(g, "rate", 1.0f), delta};
  d.train = node(g, "ApplyGradientDescent", "train", in, 3, NULL, 0);
  return d;
}

static rn_tensor *step(rn_session *s, descent d, const float x[4]) {
  rn_tensor *in = floats(dims(2, 2, 2), x), *y = NULL;
  rn_feed feed = {d.x, in};
  must(rn_session_run(s, NULL, &feed, 1, &d.y, 1, &y, &d.train.node, 1));
  rn_tensor_release(in);
  return y;
}

static void a_device_the_host_cannot_read_computes_and_trains(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  descent d = build_descent(g);
  rn_value counts = node(g, "RecorderCounts", "counts", NULL, 0, NULL, 0);
  rn_session *s = session_on(g, "recorder");
  run_target(s, d.init.node);
  static const float x[4] = {1, 0, 0, 1};
  float expect[4] = {1, 2, 3, 4};
  for (int i = 0; i < 5; i++) {
    rn_tensor *y = step(s, d, x);
    for (int k = 0; k < 4; k++) {
      assert_float_equal(((const float *)rn_tensor_data(y))[k], expect[k], 1e-6);
      expect[k] *= 0.5f;
    }
    rn_tensor_release(y);
  }
  rn_tensor *w = fetch(s, d.w);
  assert_float_equal(((const float *)rn_tensor_data(w))[3], expect[3], 1e-6);
  rn_tensor_release(w);
  rn_tensor *c = fetch(s, counts);
  const int64_t *n = rn_tensor_data(c);
  print_message("recordings %lld, replays %lld, commands %lld\n", (long long)n[0], (long long)n[1], (long long)n[2]);
  assert_true(n[0] >= 1);
  assert_true(n[1] > n[0]); /* steady steps replay, they do not record again */
  rn_tensor_release(c);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static void a_recorded_step_sees_new_feeds_and_new_variables(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  descent d = build_descent(g);
  rn_session *s = session_on(g, "recorder");
  run_target(s, d.init.node);
  static const float zero[4] = {0, 0, 0, 0}, one[4] = {1, 0, 0, 1};
  rn_tensor_release(step(s, d, zero));
  rn_tensor_release(step(s, d, zero));
  rn_tensor *y = step(s, d, one);
  assert_float_equal(((const float *)rn_tensor_data(y))[1], 2, 1e-6);
  rn_tensor_release(y);
  run_target(s, d.init.node); /* written from the host in another step */
  y = step(s, d, one);
  assert_float_equal(((const float *)rn_tensor_data(y))[1], 2, 1e-6);
  rn_tensor_release(y);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

/* The first assignment makes the memory; from then on the kernel, which says so of itself, is recorded. */
static void an_assignment_is_recorded_once_there_is_memory(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value w = variable(g, "w", RN_FLOAT, dims(0, 0, 0)), one = scalar(g, "one", 1), two = scalar(g, "two", 2);
  rn_value now = node1(g, "Identity", "now", w);
  rn_value init = node2(g, "Assign", "init", w, node2(g, "Add", "sum", one, two));
  rn_value twice = node2(g, "Assign", "twice", w, node2(g, "Mul", "product", now, two));
  rn_value counts = node(g, "RecorderCounts", "counts", NULL, 0, NULL, 0);
  rn_session *s = session_on(g, "recorder");
  float expect = 3;
  int64_t n[2];
  run_target(s, init.node);
  for (int i = 0; i < 6; i++, expect *= 2) {
    assert_float_equal(fetch_float(s, now), expect, 1e-6);
    run_target(s, twice.node);
    rn_tensor *c = fetch(s, counts);
    if (i == 0) memcpy(n, rn_tensor_data(c), sizeof n);
    if (i == 5) assert_int_equal(((const int64_t *)rn_tensor_data(c))[0], n[0]);
    if (i == 5) assert_int_equal(((const int64_t *)rn_tensor_data(c))[1], n[1] + 5);
    rn_tensor_release(c);
  }
  run_target(s, init.node);
  assert_float_equal(fetch_float(s, now), 3, 1e-6);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static void a_compiler_claims_a_subgraph_with_its_variable(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(0, 0, 0));
  rn_value v = variable(g, "v", RN_FLOAT, dims(0, 0, 0));
  rn_value init = node2(g, "Assign", "init", v, scalar(g, "ten", 10));
  rn_value product = node2(g, "Mul", "product", x, x);
  rn_value minus = node1(g, "Neg", "minus", product);
  rn_value added = node2(g, "AssignAdd", "added", v, minus);
  rn_session *s = session_on(g, NULL);
  run_target(s, init.node);
  char *text = NULL;
  must(rn_session_explain(s, &x, 1, &added, 1, NULL, 0, &text));
  print_message("%s", text);
  assert_non_null(strstr(text, "claimer"));
  free(text);
  float expect = 10;
  for (int i = 1; i < 4; i++) {
    float value = (float)i;
    rn_tensor *in = floats(dims(0, 0, 0), &value), *out = NULL;
    rn_feed feed = {x, in};
    must(rn_session_run(s, NULL, &feed, 1, &added, 1, &out, NULL, 0));
    expect -= value * value;
    assert_float_equal(*(const float *)rn_tensor_data(out), expect, 1e-6);
    rn_tensor_release(in);
    rn_tensor_release(out);
  }
  assert_float_equal(fetch_float(s, v), expect, 1e-6);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static rn_value later(rn_graph *g, const char *name, rn_value x, int64_t delay_ms) {
  rn_attr attrs[] = {RN_AI("delay_ms", delay_ms)};
  return node(g, "AddOneLater", name, &x, 1, attrs, 1);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void asynchronous_kernels_overlap_and_keep_their_order(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value start = scalar(g, "start", 1);
  rn_value branch[4], sum = start;
  char name[16];
  for (int i = 0; i < 4; i++) {
    snprintf(name, sizeof name, "branch%d", i);
    branch[i] = later(g, name, start, 100);
  }
  for (int i = 0; i < 4; i++) sum = node2(g, "Add", NULL, sum, branch[i]);
  rn_value chain = later(g, "chain", later(g, "first", sum, 5), 5);
  rn_session *s = session_on(g, NULL);
  double begin = seconds();
  assert_float_equal(fetch_float(s, chain), 1 + 4 * 2 + 2, 1e-6);
  double took = seconds() - begin;
  print_message("four waits of 100 ms took %.0f ms\n", took * 1e3);
  assert_true(took < 0.35); /* in turns they would take 0.41 s */
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

/* complete() hands the result over; what the plugin's thread still does then, it may do after the runtime is gone. */
static void a_thread_of_a_plugin_may_outlive_the_runtime(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value start = scalar(g, "start", 1);
  rn_attr attrs[] = {RN_AI("linger_ms", 100)};
  rn_value y = node(g, "AddOneLater", "y", &start, 1, attrs, 1);
  rn_session *s = session_on(g, NULL);
  assert_float_equal(fetch_float(s, y), 2, 1e-6);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  usleep(200000); /* the thread returns through the plugin's code */
}

static void a_failing_asynchronous_kernel_names_its_node(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with_test_plugins();
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value bad = later(g, "never", scalar(g, "start", 1), -1);
  rn_session *s = session_on(g, NULL);
  rn_tensor *t = NULL;
  assert_status(rn_session_run(s, NULL, NULL, 0, &bad, 1, &t, NULL, 0), RN_ABORTED, "AddOneLater", "never",
                "negative delay", NULL);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_device_the_host_cannot_read_computes_and_trains),
      cmocka_unit_test(a_recorded_step_sees_new_feeds_and_new_variables),
      cmocka_unit_test(an_assignment_is_recorded_once_there_is_memory),
      cmocka_unit_test(a_compiler_claims_a_subgraph_with_its_variable),
      cmocka_unit_test(asynchronous_kernels_overlap_and_keep_their_order),
      cmocka_unit_test(a_thread_of_a_plugin_may_outlive_the_runtime),
      cmocka_unit_test(a_failing_asynchronous_kernel_names_its_node),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
