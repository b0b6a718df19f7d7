/* tests/unit/graph/add_test.c - adding nodes: what is inferred, what is refused and in which words (tests/unit/graph).
 */
#include "test_ops.h"
#include <stdio.h>
#include <time.h>

static void names_are_numbered_as_tensorflow_does(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  char buf[64];
  feed(g, "x", RN_FLOAT, 0, 0, 0);
  assert_string_equal(rn_graph_name(g, feed(g, "x", RN_FLOAT, 0, 0, 0).node), "x_1");
  feed(g, "x_2", RN_FLOAT, 0, 0, 0);
  assert_string_equal(rn_graph_name(g, feed(g, "x", RN_FLOAT, 0, 0, 0).node), "x_3");
  assert_int_equal(rn_graph_unique_name(g, "x", buf, sizeof buf), 3);
  assert_string_equal(buf, "x_4");
  rn_node_request r = rn_node_request_for("Feed", "x");
  rn_shape s = rn_shape_scalar();
  rn_attr a[] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)};
  r.attrs = a;
  r.n_attrs = 2;
  r.flags = RN_NODE_EXACT_NAME;
  rn_node_id n;
  refused(rn_graph_add(g, &r, &n), RN_ALREADY_EXISTS, "'x' is there already");
  r.flags = 0;
  r.name = "a b";
  refused(rn_graph_add(g, &r, &n), RN_INVALID_ARGUMENT, "byte 1 (0x20)");
  r.name = "";
  refused(rn_graph_add(g, &r, &n), RN_INVALID_ARGUMENT, "the name is empty");
  rn_graph_destroy(g);
}

static void every_refusal_names_node_input_and_attribute(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value f = feed(g, "f", RN_FLOAT, 2, 2, 784), i = feed(g, "i", RN_INT32, 1, 3, 0), out;
  rn_value w = feed(g, "w", RN_FLOAT, 2, 768, 10), s = feed(g, "s", RN_STRING, 0, 0, 0);
  rn_value fi[] = {f, i}, fw[] = {f, w}, ss[] = {s, s};
  uint32_t before = rn_graph_node_count(g);
  refused(add(g, "MatMul", "fc1", fi, 2, NULL, 0, &out), RN_INVALID_ARGUMENT,
          "MatMul 'fc1': input 1 (b) is int32, but T is float from input 0 (a)");
  refused(add(g, "MatMul", "fc1", fw, 2, NULL, 0, &out), RN_INVALID_ARGUMENT,
          "MatMul 'fc1': dimensions differ: 784 and 768");
  refused(add(g, "MatMul", "fc1", fw, 1, NULL, 0, &out), RN_INVALID_ARGUMENT, "1 input given, but 2 wanted");
  refused(add(g, "Mul", "m", ss, 2, NULL, 0, &out), RN_INVALID_ARGUMENT, "T is string; allowed: float, double");
  rn_attr near[] = {RN_AB("transpose_b", 1)};
  refused(add(g, "MatMul", "fc1", fw, 2, near, 1, &out), RN_INVALID_ARGUMENT, "did you mean 'transpose_a'?");
  rn_attr wrong[] = {RN_AI("transpose_a", 1)};
  refused(add(g, "MatMul", "fc1", fw, 2, wrong, 1, &out), RN_INVALID_ARGUMENT,
          "attribute 'transpose_a' is int, but bool");
  refused(add(g, "Pad", "p", &f, 1, NULL, 0, &out), RN_INVALID_ARGUMENT, "'padding' is missing");
  rn_attr full[] = {RN_AS("padding", "FULL", 4)};
  refused(add(g, "Pad", "p", &f, 1, full, 1, &out), RN_INVALID_ARGUMENT, "is \"FULL\"; allowed: \"SAME\", \"VALID\"");
  refused(add(g, "Sum", "s", NULL, 0, NULL, 0, &out), RN_INVALID_ARGUMENT, "'N' is 0; at least 1");
  rn_attr huge[] = {RN_AI("num", 1000000000)}, negative[] = {RN_AI("num", -5)};
  refused(add(g, "Split", "s", &f, 1, huge, 1, &out), RN_INVALID_ARGUMENT, "num");
  refused(add(g, "Split", "s", &f, 1, negative, 1, &out), RN_INVALID_ARGUMENT, "num");
  refused(add(g, "Assign", "a", fw, 2, NULL, 0, &out), RN_INVALID_ARGUMENT, "a variable (float_ref) is wanted");
  refused(add(g, "Nine", "n", &f, 1, NULL, 0, &out), RN_INVALID_ARGUMENT, "Nine 'n': a shape of rank 9");
  rn_value ghost[] = {{77, 0}}, port[] = {{f.node, 3}};
  refused(add(g, "Same", "n", ghost, 1, NULL, 0, &out), RN_INVALID_ARGUMENT, "input 0 names node 77");
  refused(add(g, "Same", "n", port, 1, NULL, 0, &out), RN_INVALID_ARGUMENT, "output 3 of Feed 'f', which has 1");
  refused(add(g, "Sam", "n", &f, 1, NULL, 0, &out), RN_NOT_FOUND, "Sam");
  refused(add(g, "Same", "n", NULL, 1, NULL, 0, &out), RN_INVALID_ARGUMENT, "NULL");
  refused(rn_graph_add(g, NULL, NULL), RN_INVALID_ARGUMENT, "NULL");
  assert_int_equal(rn_graph_node_count(g), before);
  rn_value v;
  refused(rn_graph_find_value(g, "ff", &v), RN_NOT_FOUND, "did you mean 'f'?");
  refused(rn_graph_find_value(g, "f:1", &v), RN_NOT_FOUND, "has 1 output");
  refused(rn_graph_find_value(g, "f:x", &v), RN_INVALID_ARGUMENT, "no output number");
  ok(rn_graph_find_value(g, "^f", &v));
  assert_true(v.node == f.node && v.port == RN_CONTROL);
  rn_graph_destroy(g);
}

static void lists_numbers_and_types_come_from_the_inputs(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value f = feed(g, "f", RN_FLOAT, 1, 2, 0), i = feed(g, "i", RN_INT32, 1, 3, 0), out;
  rn_value mixed[] = {f, i, f}, same[] = {f, f, f};
  rn_attr_value v;
  ok(add(g, "Many", NULL, mixed, 3, NULL, 0, &out));
  ok(rn_graph_attr(g, out.node, "Tin", RN_ATTR_LIST | RN_ATTR_TYPE, &v));
  assert_int_equal(v.count, 3);
  assert_int_equal(rn_graph_dtype(g, (rn_value){out.node, 1}), RN_INT32);
  ok(add(g, "Sum", NULL, same, 3, NULL, 0, &out));
  ok(rn_graph_attr(g, out.node, "N", RN_ATTR_INT, &v));
  assert_int_equal(v.u.i, 3);
  rn_attr num[] = {RN_AI("num", 4), RN_AI("_mine", 9)};
  ok(add(g, "Split", NULL, &f, 1, num, 2, &out));
  assert_int_equal(rn_graph_output_count(g, out.node), 4);
  ok(rn_graph_attr(g, out.node, "_mine", 0, &v));
  refused(rn_graph_attr(g, out.node, "num", RN_ATTR_BOOL, &v), RN_INVALID_ARGUMENT, "is int, not bool");
  rn_value readers[8];
  assert_int_equal(rn_graph_consumers(g, f, readers, 8), 6);
  assert_int_equal(readers[1].port, 2);
  rn_graph_destroy(g);
}

static void facts_flow_through_constants_variables_and_handles(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  int32_t dims[2] = {3, 5};
  rn_shape two = rn_shape_vector(2);
  rn_tensor *t;
  ok(rn_tensor_from(RN_INT32, &two, dims, &t));
  rn_attr a[] = {RN_AT("dtype", RN_INT32), RN_ATENSOR("value", t)};
  rn_value c, unknown = feed(g, "u", RN_FLOAT, 2, -1, 4);
  ok(add(g, "Const", "c", NULL, 0, a, 2, &c));
  rn_tensor_release(t);
  rn_value alias = node(g, "Same", "alias", c, NV);
  assert_ptr_equal(rn_graph_constant(g, alias), t);
  rn_value filled = node(g, "Fill", "fill", alias, unknown);
  assert_int_equal(rn_graph_shape(g, filled)->dim[1], 5);
  assert_true(rn_graph_shape(g, unknown)->dim[0] <= RN_DIM_SYMBOL_MAX);
  rn_value v = shaped(g, "Var", "v", RN_FLOAT, 2, 3, 5), h = shaped(g, "Handle", "h", RN_FLOAT, 2, 6, 7);
  assert_int_equal(rn_graph_dtype(g, v), RN_FLOAT + RN_REF);
  assert_int_equal(rn_graph_shape(g, node(g, "Assign", "a", v, filled))->dim[0], 3);
  assert_int_equal(rn_graph_dtype(g, node(g, "Same", "read", v, NV)), RN_FLOAT);
  rn_fact fact;
  rn_graph_fact(g, h, &fact);
  assert_int_equal(fact.handle_dtype, RN_FLOAT);
  assert_int_equal(fact.handle_shape.dim[1], 7);
  rn_arena arena;
  rn_arena_init(&arena, 0);
  rn_fact in[2], out;
  int64_t other[2] = {8, 9};
  rn_graph_fact(g, alias, &in[0]);
  rn_graph_fact(g, unknown, &in[1]);
  in[0].value = other;
  ok(rn_infer_node(g, filled.node, in, &out, &arena));
  assert_int_equal(out.shape.dim[0], 8);
  rn_arena_finish(&arena);
  rn_graph_destroy(g);
}

static void a_loop_is_closed_and_contradicting_shapes_become_unknown(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value a = feed(g, "a", RN_FLOAT, 1, 2, 0), b = feed(g, "b", RN_FLOAT, 1, 3, 0),
           i = feed(g, "i", RN_INT32, 0, 0, 0);
  rn_value m = node(g, "Merge", "m", a, a), r[4];
  ok(rn_graph_set_input(g, m.node, 1, b));
  assert_int_equal(rn_graph_shape(g, m)->dim[0], RN_DIM_UNKNOWN);
  assert_int_equal(rn_graph_consumers(g, a, r, 4), 1);
  assert_int_equal(rn_graph_consumers(g, b, r, 4), 1);
  refused(rn_graph_set_input(g, m.node, 1, i), RN_INVALID_ARGUMENT, "would be int32, but float is wanted");
  refused(rn_graph_set_input(g, m.node, 5, b), RN_INVALID_ARGUMENT, "has 2 inputs");
  for (int k = 0; k < 9; k++) ok(rn_graph_add_control(g, m.node, feed(g, "k", RN_FLOAT, 0, 0, 0).node));
  assert_int_equal(rn_graph_control_count(g, m.node), 9);
  rn_shape three = rn_shape_vector(3);
  refused(rn_graph_set_shape(g, a, &three), RN_INVALID_ARGUMENT, "has shape [2]; it cannot be [3]");
  ok(rn_graph_set_shape(g, m, &three));
  assert_int_equal(rn_graph_shape(g, m)->dim[0], 3);
  rn_graph_destroy(g);
}

static void each_allocation_may_fail_once(void **state) {
  (void)state;
  for (uint64_t nth = 1;; nth++) {
    rn_graph *g = new_graph();
    rn_value f = feed(g, "f", RN_FLOAT, 2, -1, 4), out = NV, in[2] = {f, f};
    uint32_t count = rn_graph_node_count(g), version = rn_graph_version(g);
    rn_mem_fail_at(nth, 0);
    rn_status *s = NULL;
    for (int k = 0; k < 80 && s == NULL; k++) {
      count = rn_graph_node_count(g);
      version = rn_graph_version(g);
      s = add(g, k % 2 ? "Sum" : "Add", "n", in, 2, NULL, 0, &out);
    }
    rn_mem_fail_at(0, 0);
    if (s != NULL) {
      assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
      assert_int_equal(rn_graph_node_count(g), count);
      assert_int_equal(rn_graph_version(g), version);
      rn_value readers[4];
      assert_int_equal(rn_graph_consumers(g, f, readers, 4), 2 * (count - 1));
    }
    rn_status_free(s);
    rn_graph_destroy(g);
    if (s == NULL) break;
  }
}

/* Sanitizers make it ten times slower; what they look for shows in fewer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MANY = 50000 };
#else
enum { MANY = 1000000 };
#endif

static void a_million_nodes_are_added_in_seconds(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  struct timespec a, b;
  rn_value x = feed(g, "x", RN_FLOAT, 2, -1, 4), w = x;
  char name[32];
  clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 0; i < MANY; i++) {
    (void)snprintf(name, sizeof name, "layer_%d", i);
    x = node(g, "Add", i % 2 ? name : "Add", x, w);
  }
  clock_gettime(CLOCK_MONOTONIC, &b);
  print_message("%.0f ns a node\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / MANY);
  rn_graph *copy;
  ok(rn_graph_copy(g, &copy));
  rn_graph_destroy(g);
  assert_int_equal(rn_graph_node_count(copy), MANY + 1);
  rn_graph_destroy(copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_numbered_as_tensorflow_does),
      cmocka_unit_test(every_refusal_names_node_input_and_attribute),
      cmocka_unit_test(lists_numbers_and_types_come_from_the_inputs),
      cmocka_unit_test(facts_flow_through_constants_variables_and_handles),
      cmocka_unit_test(a_loop_is_closed_and_contradicting_shapes_become_unknown),
      cmocka_unit_test(each_allocation_may_fail_once),
      cmocka_unit_test(a_million_nodes_are_added_in_seconds),
  };
  return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
