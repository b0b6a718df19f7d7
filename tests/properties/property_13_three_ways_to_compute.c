/* property_13_three_ways_to_compute.c - one graph with a kernel called per node, a segment that a device records and
 * replays, and a subgraph that a compiler claims (tests/properties).
 *
 * Breaks when: one of the three is no longer taken, or values do not cross from one to another. */
#include "build.h"

static rn_runtime *runtime(void) {
  char path[2048];
  rn_runtime *rt = NULL;
  snprintf(path, sizeof path, "%s:%s", getenv("RUNNEL_PLUGIN_PATH"), getenv("RUNNEL_TEST_PLUGINS"));
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .plugin_path = path, .config_file = "/dev/null"};
  must(rn_runtime_create(&o, &rt));
  return rt;
}

static rn_value pinned(rn_graph *g, const char *op, const char *name, const char *device, rn_value a, rn_value b) {
  rn_value in[2] = {a, b}, v = {0, 0};
  rn_node_request r = rn_node_request_for(op, name);
  r.inputs = in;
  r.n_inputs = 2;
  r.device = device;
  must(rn_graph_add(g, &r, &v.node));
  return v;
}

/* recorded = (x x + x); claimed = -(recorded recorded) + recorded; called = sqrt(-claimed) */
static void one_graph_uses_all_three(void **state) {
  (void)state;
  rn_runtime *rt = runtime();
  rn_graph *g = NULL;
  rn_session *s = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(0, 0, 0));
  rn_value square = pinned(g, "Mul", "recorded/mul", "/device:RECORDER:0", x, x);
  rn_value recorded = pinned(g, "Add", "recorded/add", "/device:RECORDER:0", square, x);
  rn_value product = pinned(g, "Mul", "claimed/mul", "/device:CPU:0", recorded, recorded);
  rn_value minus = node1(g, "Neg", "claimed/neg", product);
  rn_value claimed = pinned(g, "Add", "claimed/add", "/device:CPU:0", minus, recorded);
  rn_value called = node1(g, "Sqrt", "called/sqrt", node1(g, "Abs", "called/abs", claimed));
  rn_value counts = node(g, "RecorderCounts", "counts", NULL, 0, NULL, 0);
  must(rn_session_create(g, NULL, &s));

  char *text = NULL;
  must(rn_session_explain(s, &x, 1, &called, 1, NULL, 0, &text));
  print_message("%s\n", text);
  assert_non_null(strstr(text, "claimer"));
  assert_non_null(strstr(text, "RECORDER:0"));
  assert_non_null(strstr(text, "recorded"));
  assert_non_null(strstr(text, "called/sqrt"));
  free(text);

  for (int i = 1; i <= 5; i++) {
    float value = (float)i, r = value * value + value, want = r * r - r;
    rn_tensor *in = floats(dims(0, 0, 0), &value), *out = NULL;
    rn_feed feed = {x, in};
    must(rn_session_run(s, NULL, &feed, 1, &called, 1, &out, NULL, 0));
    float got = *(const float *)rn_tensor_data(out);
    assert_float_equal(got * got, want, want * 1e-5f);
    rn_tensor_release(in);
    rn_tensor_release(out);
  }
  rn_tensor *c = fetch(s, counts);
  const int64_t *n = rn_tensor_data(c);
  print_message("recordings %lld, replays %lld\n", (long long)n[0], (long long)n[1]);
  assert_true(n[0] >= 1);
  assert_true(n[1] > n[0]); /* it was recorded once and replayed after that */
  rn_tensor_release(c);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_graph_uses_all_three)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
