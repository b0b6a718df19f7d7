/* property_15_optimizers_emit_nodes.c - what an optimizer adds is nodes, so it trains on every device and shows in the
 * picture; a fused update is a kernel for an op that the same plugin defines (tests/properties).
 *
 * Each optimizer of each plugin trains, on the CPU and on a device that knows nothing of it. Breaks when: an update
 * needs something beside the graph, or a rule no longer goes down. */
#include "build.h"
#include <math.h>
#include <runnel/c/train.h>
#include <runnel/plugin.h>

static rn_runtime *runtime(void) {
  char path[2048];
  rn_runtime *rt = NULL;
  snprintf(path, sizeof path, "%s:%s", getenv("RUNNEL_PLUGIN_PATH"), getenv("RUNNEL_TEST_PLUGINS"));
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .plugin_path = path, .config_file = "/dev/null"};
  must(rn_runtime_create(&o, &rt));
  return rt;
}

enum { MOST = 32 };
typedef struct names {
  char name[MOST][64], plugin[MOST][64];
  int n;
} names;
static void keep(void *arg, const struct rn_optimizer_def *o, const char *plugin) {
  names *all = arg;
  assert_true(all->n < MOST);
  snprintf(all->name[all->n], sizeof all->name[0], "%s", o->name);
  snprintf(all->plugin[all->n++], sizeof all->plugin[0], "%s", plugin);
}

static void of_plugin(void *arg, const rn_op_info *o) { snprintf(arg, 64, "%s", o->plugin); }

/* The nodes that came with the optimizer: known ops, each with a kernel here; the update's own under its name. */
static int look_at_nodes(rn_graph *g, uint32_t from, const char *optimizer, const char *plugin) {
  char prefix[128], owner[64];
  int updates = 0;
  snprintf(prefix, sizeof prefix, "%s/update_", optimizer);
  for (rn_node_id n = from; n < rn_graph_node_count(g); n++) {
    uint32_t flags, role;
    if (!rn_graph_op_known(g, n, &flags, &role)) fail_msg("%s: nobody knows %s", optimizer, rn_graph_op(g, n));
    if (strncmp(rn_graph_name(g, n), prefix, strlen(prefix)) != 0) continue;
    updates++;
    must(rn_runtime_op(rn_graph_runtime(g), rn_graph_op(g, n), of_plugin, owner));
    if (strstr(rn_graph_op(g, n), "Apply") != NULL) assert_string_equal(owner, plugin);
  }
  return updates;
}

static double fetch_at(rn_session *s, rn_value v) { return (double)fetch_float(s, v); }

/* loss = (2 v - 6)^2, from v = 1 */
static void train(rn_runtime *rt, const char *optimizer, const char *plugin, const char *device, double out_loss[2]) {
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  rn_session *session = NULL;
  rn_shape one = {0};
  must(rn_graph_create(rt, 0, &g));
  must(rn_scope_create(g, &s));
  rn_variable v = rn_variable_create(s, "v", rn_fill(s, "v/start", RN_FLOAT, &one, 1), 1);
  rn_value in[2] = {rn_scope_scalar(s, "two", RN_FLOAT, 2), v.read};
  rn_value loss = rn_squared_error_mean(s, "loss", rn_scope_op(s, "Mul", "twice", in, 2, NULL, 0),
                                        rn_scope_scalar(s, "six", RN_FLOAT, 6));
  must(rn_scope_take_status(s));
  uint32_t before = rn_graph_node_count(g);
  rn_node_id step = rn_minimize(s, loss, optimizer, NULL, 0, NULL), init = rn_variables_init(s, "init");
  must(rn_scope_take_status(s));
  assert_true(look_at_nodes(g, before, optimizer, plugin) > 0);
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = device, .fallback = "allow"};
  must(rn_session_create(g, &o, &session));
  run_target(session, init);
  out_loss[0] = fetch_at(session, loss);
  for (int i = 0; i < 50; i++) run_target(session, step);
  out_loss[1] = fetch_at(session, loss);
  rn_session_destroy(session);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
}

static void each_optimizer_trains_on_each_device(void **state) {
  (void)state;
  rn_runtime *rt = runtime();
  names all = {.n = 0};
  must(rn_runtime_optimizers(rt, keep, &all));
  assert_true(all.n >= 7);
  for (int i = 0; i < all.n; i++) {
    double cpu[2], lender[2], recorder[2];
    train(rt, all.name[i], all.plugin[i], NULL, cpu);
    train(rt, all.name[i], all.plugin[i], "lender", lender);
    train(rt, all.name[i], all.plugin[i], "recorder", recorder);
    print_message("%-16s loss %g -> %g\n", all.name[i], cpu[0], cpu[1]);
    assert_true(cpu[1] < cpu[0]);
    assert_true(fabs(lender[1] - cpu[1]) < 1e-6);
    assert_true(fabs(recorder[1] - cpu[1]) < 1e-6);
  }
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_optimizer_trains_on_each_device)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
