/* tests/unit/graph/loop_test.c - loops of primitives: found, made into functions, differentiated (tests/unit/graph). */
#include "test_ops.h"
#include <stdio.h>
#include "graph/node.h"

/* x = x * w * 1 as long as x < limit. kind is the op in the middle, on the way of the gradient. */
typedef struct loop {
  rn_value x, w, limit, enter, merge, gate, body, next, exit;
} loop;
static rn_value enter(rn_graph *g, const char *frame, rn_value v, int is_constant) {
  rn_attr a[] = {RN_AS("frame_name", frame, strlen(frame)), RN_AB("is_constant", is_constant)};
  char name[64];
  rn_value out;
  (void)snprintf(name, sizeof name, "%s/Enter", frame);
  ok(add(g, "Enter", name, &v, 1, a, 2, &out));
  return out;
}
static loop make(rn_graph *g, const char *frame, const char *kind) {
  loop l = {.x = feed(g, "x", RN_FLOAT, 1, 4, 0),
            .w = feed(g, "w", RN_FLOAT, 1, 4, 0),
            .limit = feed(g, "l", RN_FLOAT, 0, 0, 0)};
  l.enter = enter(g, frame, l.x, 0);
  rn_value w = enter(g, frame, l.w, 1), limit = enter(g, frame, l.limit, 1);
  l.merge = node(g, "Merge", "merge", l.enter, l.enter);
  rn_value cond = node(g, "LoopCond", NULL, node(g, "Less", NULL, l.merge, limit), NV);
  l.gate = node(g, "Switch", "gate", l.merge, cond);
  rn_value now = node(g, "Same", NULL, (rn_value){l.gate.node, 1}, NV);
  l.body = node(g, "Mul", "body", node(g, kind, "kind", now, NV), w);
  l.next = node(g, "Next", NULL, l.body, NV);
  ok(rn_graph_set_input(g, l.merge.node, 1, l.next));
  l.exit = node(g, "Exit", "exit", l.gate, NV);
  return l;
}

static void members_and_depths_are_found(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  graph_loops found;
  loop l = make(g, "spin", "Same");
  rn_value after = node(g, "Same", "after", l.exit, NV);
  ok(rn_loops_find(g, &found));
  assert_int_equal(found.n_loops, 1);
  assert_int_equal(rn_loop_of(&found, l.x.node), RN_NO_LOOP);
  assert_int_equal(rn_loop_of(&found, after.node), RN_NO_LOOP);
  assert_int_equal(rn_loop_of(&found, l.enter.node), 0);
  assert_int_equal(rn_loop_of(&found, l.exit.node), 0);
  assert_int_equal(found.loop[0].leader, l.enter.node);
  assert_true(rn_loops_inside(&found, g, l.enter));
  assert_true(rn_loops_inside(&found, g, l.body));
  assert_false(rn_loops_inside(&found, g, l.exit));
  rn_loops_finish(&found);
  rn_graph_destroy(g);
}

static void a_graph_without_loops_costs_nothing(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  graph_loops found;
  rn_value x = feed(g, "x", RN_FLOAT, 1, 4, 0);
  uint64_t before = rn_mem_alloc_count();
  ok(rn_loops_find(g, &found));
  assert_int_equal(rn_mem_alloc_count(), before);
  assert_int_equal(rn_loop_of(&found, x.node), RN_NO_LOOP);
  rn_graph_destroy(g);
}

static void a_loop_becomes_a_condition_and_a_body(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_function_info cond, body;
  loop l = make(g, "spin", "Same");
  rn_value xs[3] = {l.x, l.w, l.limit}, dx[3];
  ok(rn_graph_gradients(g, &l.exit, 1, xs, 3, NULL, dx, NULL));
  for (uint32_t i = 0; i < 3; i++) assert_string_equal(rn_graph_op(g, dx[i].node), "Many");
  assert_int_not_equal(rn_graph_find(g, "gradients/spin"), RN_NO_NODE);
  assert_string_equal(rn_graph_name(g, dx[0].node), "gradients/spin_grad/Many");
  ok(rn_graph_function(g, "spin_cond", &cond));
  ok(rn_graph_function(g, "spin_body", &body));
  assert_int_equal(cond.n_inputs, 3);
  assert_int_equal(cond.n_outputs, 1);
  assert_int_equal(body.n_inputs, 3);
  assert_int_equal(body.n_outputs, 3);
  assert_string_equal(rn_graph_op(cond.body, cond.outputs[0].node), "Less");
  assert_string_equal(rn_graph_name(body.body, body.outputs[0].node), "body");
  assert_int_equal(body.outputs[1].node, body.inputs[1].node); /* w stays what it is */
  assert_int_equal(rn_graph_find(body.body, "gate"), RN_NO_NODE);
  ok(rn_graph_gradients(g, &l.exit, 1, xs, 1, NULL, dx, NULL));
  ok(rn_graph_function(g, "spin_body_1", &body));
  rn_graph_destroy(g);
}

static void what_a_loop_cannot_do_is_named_and_leaves_nothing(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  loop dice = make(g, "dice", "Dice");
  rn_value dx;
  uint32_t n = rn_graph_node_count(g);
  refused(rn_graph_gradients(g, &dice.exit, 1, &dice.x, 1, NULL, &dx, NULL), RN_UNIMPLEMENTED,
          "Dice 'kind' is stateful");
  refused(rn_graph_gradients(g, &dice.body, 1, &dice.x, 1, NULL, &dx, NULL), RN_INVALID_ARGUMENT,
          "inside the loop 'dice'");
  loop odd = make(g, "odd", "Same");
  rn_value stray = node(g, "Exit", "stray", odd.body, NV), both[2] = {odd.exit, stray};
  n = rn_graph_node_count(g);
  refused(rn_graph_gradients(g, both, 2, &odd.x, 1, NULL, &dx, NULL), RN_UNIMPLEMENTED,
          "the loop 'odd' has no gradient: Exit 'stray' gives what is no variable");
  assert_int_equal(rn_graph_node_count(g), n);
  assert_int_equal(rn_graph_function_count(g), 0);
  rn_graph_destroy(g);
}

static void each_allocation_of_a_loops_gradient_may_fail_once(void **state) {
  (void)state;
  for (uint64_t nth = 1;; nth++) {
    rn_graph *g = new_graph();
    loop l = make(g, "spin", "Same");
    rn_value xs[2] = {l.x, l.w}, dx[2];
    uint32_t count = rn_graph_node_count(g);
    rn_mem_fail_at(nth, 0);
    rn_status *s = rn_graph_gradients(g, &l.exit, 1, xs, 2, NULL, dx, NULL);
    rn_mem_fail_at(0, 0);
    if (s == NULL) {
      rn_graph_destroy(g);
      break;
    }
    if (rn_status_code(s) != RN_RESOURCE_EXHAUSTED) print_error("%d: %s\n", (int)nth, rn_status_message(s));
    assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
    assert_int_equal(rn_graph_node_count(g), count);
    assert_int_equal(rn_graph_function_count(g), 0);
    rn_status_free(s);
    rn_graph_destroy(g);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(members_and_depths_are_found, open_runtime, close_runtime),
      cmocka_unit_test_setup_teardown(a_graph_without_loops_costs_nothing, open_runtime, close_runtime),
      cmocka_unit_test_setup_teardown(a_loop_becomes_a_condition_and_a_body, open_runtime, close_runtime),
      cmocka_unit_test_setup_teardown(what_a_loop_cannot_do_is_named_and_leaves_nothing, open_runtime, close_runtime),
      cmocka_unit_test_setup_teardown(each_allocation_of_a_loops_gradient_may_fail_once, open_runtime, close_runtime),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
