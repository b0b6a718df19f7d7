/* skeleton_test.c - the plugin one copies does what it says: value, gradient, and gradient of that (tests/e2e). */
#include "build.h"

static float third_power_of(float x) { return x * x * x; }

static void the_skeletons_op_runs_and_can_be_trained_through(void **state) {
  (void)state;
  static const float data[4] = {-2, 0, 0.5f, 3};
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_session *s = NULL;
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, 0, &g));
  rn_value x = constant(g, "x", floats(dims(1, 4, 0), data)), dx, ddx;
  rn_value y = node1(g, "Cube", "y", x);
  assert_int_equal(rn_graph_shape(g, y)->dim[0], 4);
  must(rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL));
  must(rn_graph_gradients(g, &dx, 1, &x, 1, NULL, &ddx, NULL));
  must(rn_session_create(g, NULL, &s));
  rn_value ask[3] = {y, dx, ddx};
  rn_tensor *got[3] = {NULL, NULL, NULL};
  must(rn_session_run(s, NULL, NULL, 0, ask, 3, got, NULL, 0));
  for (int i = 0; i < 4; i++) {
    assert_float_equal(((const float *)rn_tensor_data(got[0]))[i], third_power_of(data[i]), 1e-6);
    assert_float_equal(((const float *)rn_tensor_data(got[1]))[i], 3 * data[i] * data[i], 1e-5);
    assert_float_equal(((const float *)rn_tensor_data(got[2]))[i], 6 * data[i], 1e-5);
  }
  for (int i = 0; i < 3; i++) rn_tensor_release(got[i]);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

/* Fed with a shape that is known only when the step runs, and with doubles. */
static void a_shape_that_comes_with_the_feed_is_followed(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_session *s = NULL;
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, 0, &g));
  rn_shape any = {-1, 0, {0}};
  rn_value x = placeholder(g, "x", RN_DOUBLE, any), y = node1(g, "Cube", "y", x);
  must(rn_session_create(g, NULL, &s));
  for (int64_t n = 0; n < 10000; n = n * 3 + 1) {
    rn_tensor *in = NULL, *out = NULL;
    rn_shape shape = dims(1, n, 0);
    must(rn_tensor_create(RN_DOUBLE, &shape, &in));
    for (int64_t i = 0; i < n; i++) ((double *)rn_tensor_data(in))[i] = (double)(i % 7);
    rn_feed feed = {x, in};
    must(rn_session_run(s, NULL, &feed, 1, &y, 1, &out, NULL, 0));
    assert_int_equal(rn_tensor_count(out), n);
    for (int64_t i = 0; i < n; i++) {
      double v = (double)(i % 7);
      assert_true(((const double *)rn_tensor_data(out))[i] == v * v * v);
    }
    rn_tensor_release(in);
    rn_tensor_release(out);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_skeletons_op_runs_and_can_be_trained_through),
                                     cmocka_unit_test(a_shape_that_comes_with_the_feed_is_followed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
