/* tests/unit/graph/gradient_test.c - walking back, edits, functions and copies (tests/unit/graph). */
#include "test_ops.h"

static const char *op(rn_graph *g, rn_value v) { return rn_graph_op(g, v.node); }

static void contributions_are_added_and_named_after_their_node(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value x = feed(g, "x", RN_FLOAT, 1, 4, 0), w = feed(g, "w", RN_FLOAT, 1, 4, 0),
           other = feed(g, "o", RN_FLOAT, 0, 0, 0);
  rn_value p = node(g, "Mul", "fc/p", x, w), y = node(g, "Mul", "y", p, x), xs[] = {x, w, other}, dx[3];
  ok(rn_graph_set_device(g, p.node, "cpu:0"));
  ok(rn_graph_gradients(g, &y, 1, xs, 3, NULL, dx, NULL));
  assert_string_equal(op(g, dx[0]), "Sum");
  assert_string_equal(op(g, dx[1]), "Mul");
  assert_int_equal(dx[2].node, RN_NO_NODE);
  assert_string_equal(rn_graph_name(g, dx[1].node), "gradients/fc/p_grad/Mul_1");
  assert_string_equal(rn_graph_device(g, dx[1].node), "cpu:0");
  assert_int_not_equal(rn_graph_find(g, "gradients/grad_ys_0"), RN_NO_NODE);
  ok(rn_graph_gradients(g, &y, 1, xs, 1, NULL, dx, NULL));
  assert_int_not_equal(rn_graph_find(g, "gradients_1/grad_ys_0"), RN_NO_NODE);
  rn_graph_destroy(g);
}

static void slices_stay_slices_until_they_must_be_added(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value v = shaped(g, "Var", "v", RN_FLOAT, 2, 10, 4), i = feed(g, "i", RN_INT32, 1, 3, 0),
           read = node(g, "Same", "v/read", v, NV);
  rn_value a = node(g, "Pick", "a", read, i), b = node(g, "Pick", "b", read, i), dx;
  rn_slices s;
  ok(rn_graph_gradients(g, &a, 1, &v, 1, NULL, &dx, &s));
  assert_int_equal(dx.node, RN_NO_NODE);
  assert_int_equal(s.indices.node, i.node);
  ok(rn_graph_gradients(g, &a, 1, &v, 1, NULL, &dx, NULL));
  assert_string_equal(op(g, dx), "Dense");
  rn_value both[] = {a, b};
  ok(rn_graph_gradients(g, both, 2, &v, 1, NULL, &dx, &s));
  assert_string_equal(op(g, dx), "Sum");
  rn_graph_destroy(g);
}

static void what_cannot_be_differentiated_is_named_and_leaves_nothing(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value x = feed(g, "x", RN_FLOAT, 1, 4, 0), n = feed(g, "n", RN_INT32, 0, 0, 0), dx;
  rn_value hard = node(g, "Hard", "hard", x, NV), wrong = node(g, "Wrong", "wrong", x, NV),
           stop = node(g, "Stop", "stop", x, NV);
  rn_value m = node(g, "Merge", "m", x, x), t = node(g, "Same", "t", m, NV);
  ok(rn_graph_set_input(g, m.node, 1, t));
  uint32_t count = rn_graph_node_count(g), version = rn_graph_version(g);
  refused(rn_graph_gradients(g, &hard, 1, &x, 1, NULL, &dx, NULL), RN_UNIMPLEMENTED, "Hard 'hard' lies between");
  refused(rn_graph_gradients(g, &wrong, 1, &x, 1, NULL, &dx, NULL), RN_INTERNAL, "plugin 'graphtest') gives int32");
  refused(rn_graph_gradients(g, &t, 1, &x, 1, NULL, &dx, NULL), RN_UNIMPLEMENTED, "is part of a loop");
  refused(rn_graph_gradients(g, &n, 1, &x, 1, NULL, &dx, NULL), RN_INVALID_ARGUMENT, "is int32; only floating point");
  refused(rn_graph_gradients(g, &hard, 1, &x, 1, &n, &dx, NULL), RN_INVALID_ARGUMENT, "grad_ys[0]");
  refused(rn_graph_gradients(g, NULL, 0, &x, 1, NULL, &dx, NULL), RN_INVALID_ARGUMENT, "empty");
  assert_int_equal(rn_graph_node_count(g), count);
  assert_int_equal(rn_graph_version(g), version);
  assert_int_equal(rn_graph_find(g, "gradients/grad_ys_0"), RN_NO_NODE);
  ok(rn_graph_gradients(g, &stop, 1, &x, 1, NULL, &dx, NULL));
  assert_int_equal(dx.node, RN_NO_NODE);
  rn_graph_destroy(g);
}

static void each_allocation_of_a_gradient_may_fail_once(void **state) {
  (void)state;
  for (uint64_t nth = 1;; nth++) {
    rn_graph *g = new_graph();
    rn_value x = feed(g, "x", RN_FLOAT, 1, 4, 0), y = x, dx;
    for (int i = 0; i < 40; i++) y = node(g, "Mul", "y", y, x);
    uint32_t count = rn_graph_node_count(g);
    rn_mem_fail_at(nth, 0);
    rn_status *s = rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL);
    rn_mem_fail_at(0, 0);
    if (s == NULL) {
      rn_graph_destroy(g);
      break;
    }
    assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
    assert_int_equal(rn_graph_node_count(g), count);
    ok(rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL));
    assert_int_not_equal(rn_graph_find(g, "gradients/y_grad/Mul"), RN_NO_NODE);
    rn_status_free(s);
    rn_graph_destroy(g);
  }
}

static rn_status *fails_in_the_end(void *arg, rn_builder *b) {
  rn_value x = *(rn_value *)arg;
  rn_value y = rn_op2(b, "Add", x, x);
  y = rn_op1(b, "Nonsense", y);
  y = rn_op1(b, "Same", y);
  assert_int_equal(y.node, RN_NO_NODE);
  return NULL;
}
static void an_edit_appears_whole_or_not_at_all(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value x = feed(g, "x", RN_FLOAT, 1, 4, 0), r[4];
  refused(rn_graph_edit(g, fails_in_the_end, &x), RN_NOT_FOUND, "Nonsense");
  assert_int_equal(rn_graph_node_count(g), 1);
  assert_int_equal(rn_graph_find(g, "Add"), RN_NO_NODE);
  assert_int_equal(rn_graph_consumers(g, x, r, 4), 0);
  rn_graph_destroy(g);
}

static int fail_pass;
static rn_status *fold(rn_builder *b, uint32_t *out_changes) {
  const rn_graph_view_api *v = b->self.view;
  const rn_graph *g = b->self.graph;
  for (rn_node_id n = 0; n < v->node_count(g); n++) {
    if (strcmp(v->op(g, n), "Same") != 0) continue;
    b->api->replace(b, (rn_value){n, 0}, v->input(g, n, 0));
    b->api->remove(b, n);
    ++*out_changes;
  }
  return fail_pass ? b->self.host->status(RN_INTERNAL, "no luck") : NULL;
}
static void a_pass_changes_the_copy_alone_and_can_be_taken_back(void **state) {
  (void)state;
  rn_graph *g = new_graph(), *copy;
  rn_value x = feed(g, "x", RN_FLOAT, 1, 4, 0), s = node(g, "Same", "s", x, NV), y = node(g, "Add", "y", s, s), r[4];
  rn_pass_def p = {.struct_size = sizeof p, .name = "fold", .run = fold};
  uint32_t changes = 0;
  ok(rn_graph_copy(g, &copy));
  fail_pass = 1;
  refused(rn_graph_run_pass(copy, &p, rn_node_op(g, x.node)->host, &changes), RN_INTERNAL, "pass 'fold': no luck");
  assert_int_equal(rn_graph_input(copy, y.node, 1).node, s.node);
  assert_int_equal(rn_graph_consumers(copy, s, r, 4), 2);
  fail_pass = 0;
  ok(rn_graph_run_pass(copy, &p, rn_node_op(g, x.node)->host, &changes));
  assert_int_equal(changes, 1);
  assert_true(rn_node_removed(copy, s.node));
  assert_int_equal(rn_graph_input(copy, y.node, 0).node, x.node);
  assert_int_equal(rn_graph_consumers(copy, x, r, 4), 2);
  assert_int_equal(rn_graph_input(g, y.node, 0).node, s.node);
  rn_graph_destroy(copy);
  rn_graph_destroy(g);
}

static rn_status *want_gradient(void *arg, rn_builder *b) {
  const char *again;
  RN_TRY(b->api->gradient_function(b, "square", (const char **)arg));
  RN_TRY(b->api->gradient_function(b, "square", &again));
  assert_ptr_equal(again, *(const char **)arg);
  return NULL;
}
static void a_function_has_a_gradient_function(void **state) {
  (void)state;
  rn_graph *g = new_graph(), *body = new_graph(), *copy;
  rn_value x = feed(body, "x", RN_FLOAT, 1, 4, 0), k = feed(body, "k", RN_INT32, 0, 0, 0),
           unused = feed(body, "u", RN_FLOAT, 1, 2, 0);
  rn_value y = node(body, "Mul", "y", x, x), in[] = {x, k, unused};
  ok(rn_graph_add_function(g, "square", body, in, 3, &y, 1, NULL, 0));
  assert_ptr_equal(rn_graph_root(body), g);
  refused(rn_graph_add_function(g, "square", new_graph(), NULL, 0, NULL, 0, NULL, 0), RN_ALREADY_EXISTS, "'square'");
  const char *name = NULL;
  ok(rn_graph_edit(g, want_gradient, &name));
  assert_string_equal(name, "square_grad");
  rn_function_info f;
  ok(rn_graph_copy(g, &copy));
  rn_graph_destroy(g);
  ok(rn_graph_function(copy, "square_grad", &f));
  assert_int_equal(f.n_inputs, 4);
  assert_int_equal(f.n_outputs, 2);
  assert_string_equal(rn_graph_op(f.body, f.outputs[0].node), "Sum");
  assert_string_equal(rn_graph_op(f.body, f.outputs[1].node), "Zeros");
  refused(rn_graph_function(copy, "cube", &f), RN_NOT_FOUND, "'cube'");
  rn_graph_destroy(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(contributions_are_added_and_named_after_their_node),
      cmocka_unit_test(slices_stay_slices_until_they_must_be_added),
      cmocka_unit_test(what_cannot_be_differentiated_is_named_and_leaves_nothing),
      cmocka_unit_test(each_allocation_of_a_gradient_may_fail_once),
      cmocka_unit_test(an_edit_appears_whole_or_not_at_all),
      cmocka_unit_test(a_pass_changes_the_copy_alone_and_can_be_taken_back),
      cmocka_unit_test(a_function_has_a_gradient_function),
  };
  return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
