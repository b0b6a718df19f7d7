/* property_12_complete_ops.c - an op is one C file: signature, shape function, gradient, documentation, kernel
 * (tests/properties).
 *
 * Only the file plugins/skeleton/plugin.c is compiled, here, with the header alone. Everything that a graph asks of an
 * op is then there. Breaks when: one of these has to be registered elsewhere, or is lost on the way from the file. */
#include "build.h"
#include <math.h>

static char folder[] = "/tmp/runnel-property-XXXXXX";
static rn_runtime *rt;

static int set_up(void **state) {
  (void)state;
  static char command[2048];
  char path[2048];
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(command, sizeof command,
           "cc -std=c17 -O1 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -Wl,-z,now -I%s/core/include "
           "-o %s/single.so %s/plugins/skeleton/plugin.c && cp %s/ops.* %s/cpu.* %s/",
           getenv("RUNNEL_SOURCE"), folder, getenv("RUNNEL_SOURCE"), getenv("RUNNEL_PLUGIN_PATH"),
           getenv("RUNNEL_PLUGIN_PATH"), folder);
  if (system(command) != 0) return 1;
  snprintf(path, sizeof path, "%s", folder);
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .plugin_path = path, .config_file = "/dev/null"};
  must(rn_runtime_create(&o, &rt));
  return 0;
}
static int tear_down(void **state) {
  (void)state;
  char command[128];
  rn_runtime_destroy(rt);
  snprintf(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

static void look(void *arg, const rn_op_info *o) {
  assert_string_equal(o->plugin, "skeleton");
  assert_string_equal(o->signature, "(x: T) -> (y: T); T: {float, double}");
  assert_string_equal(o->doc, "The third power of each element.");
  assert_true(o->has_infer);
  assert_true(o->has_gradient);
  ++*(int *)arg;
}
static void its_signature_and_documentation_are_there(void **state) {
  (void)state;
  int seen = 0;
  must(rn_runtime_op(rt, "Cube", look, &seen));
  assert_int_equal(seen, 1);
}

static void its_shape_is_inferred_before_anything_runs(void **state) {
  (void)state;
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value y = node1(g, "Cube", "y", placeholder(g, "x", RN_FLOAT, dims(2, -1, 7)));
  assert_int_equal(rn_graph_shape(g, y)->rank, 2);
  assert_int_equal(rn_graph_shape(g, y)->dim[1], 7);
  assert_int_equal(rn_graph_dtype(g, y), RN_FLOAT);
  rn_graph_destroy(g);
}

static void a_type_outside_its_signature_is_refused(void **state) {
  (void)state;
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_INT32, dims(1, 3, 0));
  rn_node_request r = rn_node_request_for("Cube", "y");
  rn_node_id id = 0;
  r.inputs = &x;
  r.n_inputs = 1;
  assert_status(rn_graph_add(g, &r, &id), RN_INVALID_ARGUMENT, "Cube", "int32", NULL);
  rn_graph_destroy(g);
}

/* dy/dx against a difference, and the second derivative against the difference of the first. */
static void it_computes_and_can_be_differentiated_twice(void **state) {
  (void)state;
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_value dx, ddx;
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_DOUBLE, dims(1, 1, 0)), y = node1(g, "Cube", "y", x);
  must(rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL));
  must(rn_graph_gradients(g, &dx, 1, &x, 1, NULL, &ddx, NULL));
  must(rn_session_create(g, NULL, &s));
  double at[3][3];
  const double step = 1e-5;
  rn_value ask[3] = {y, dx, ddx};
  for (int i = 0; i < 3; i++) {
    rn_tensor *in = NULL, *out[3] = {NULL, NULL, NULL};
    rn_shape one = dims(1, 1, 0);
    double value = 1.25 + (i - 1) * step;
    must(rn_tensor_from(RN_DOUBLE, &one, &value, &in));
    rn_feed feed = {x, in};
    must(rn_session_run(s, NULL, &feed, 1, ask, 3, out, NULL, 0));
    for (int k = 0; k < 3; k++) {
      at[i][k] = *(const double *)rn_tensor_data(out[k]);
      rn_tensor_release(out[k]);
    }
    rn_tensor_release(in);
  }
  assert_true(fabs(at[1][0] - 1.25 * 1.25 * 1.25) < 1e-12);
  assert_true(fabs(at[1][1] - (at[2][0] - at[0][0]) / (2 * step)) < 1e-6);
  assert_true(fabs(at[1][2] - (at[2][1] - at[0][1]) / (2 * step)) < 1e-6);
  rn_session_destroy(s);
  rn_graph_destroy(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(its_signature_and_documentation_are_there),
                                     cmocka_unit_test(its_shape_is_inferred_before_anything_runs),
                                     cmocka_unit_test(a_type_outside_its_signature_is_refused),
                                     cmocka_unit_test(it_computes_and_can_be_differentiated_twice)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
