/* session_test.c - what a step gives, and what it says when it cannot (tests/unit/exec). */
#include "toy.h"

static void a_chain_is_computed_from_feeds(void **state) {
  (void)state;
  toy t;
  toy_begin(&t, NULL);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, RN_DIM_UNKNOWN), one = konst(&t, "one", 1, 1);
  rn_value y = op2(&t, "Add", "y", op1(&t, "Identity", "i", op2(&t, "Add", "a", x, one)), one);
  toy_open_session(&t);
  for (uint32_t n = 1; n < 30; n++) { /* more shapes than layouts are kept */
    rn_tensor *fed = vec(n, 3), *out;
    ok(fetch1(&t, &(rn_feed){x, fed}, 1, y, &out));
    assert_int_equal(rn_tensor_count(out), n);
    assert_true(((float *)rn_tensor_data(out))[n - 1] == 5);
    rn_tensor_release(out);
    rn_tensor_release(fed);
  }
  toy_end(&t);
}

static void any_value_may_be_fed_and_fetched(void **state) {
  (void)state;
  toy t;
  toy_begin(&t, NULL);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 2), one = konst(&t, "one", 1, 1);
  rn_value a = op2(&t, "Add", "a", x, one), b = op2(&t, "Add", "b", a, one);
  toy_open_session(&t);
  rn_tensor *fed = vec(2, 10), *out[3] = {NULL, NULL, NULL};
  ok(rn_session_run(t.s, NULL, &(rn_feed){a, fed}, 1, (rn_value[]){b, a, one}, 3, out, NULL, 0));
  assert_true(first(out[0]) == 11);
  assert_ptr_equal(out[1], fed);
  assert_true(first(out[2]) == 1);
  for (int i = 0; i < 3; i++) rn_tensor_release(out[i]);
  rn_tensor_release(fed);
  toy_end(&t);
}

static void what_cannot_run_is_named(void **state) {
  (void)state;
  toy t;
  rn_tensor *out, *bad = vec(3, 0);
  toy_begin(&t, NULL);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 2), y = op2(&t, "Add", "y", x, x);
  rn_value n = typed(t.g, "Placeholder", "n", RN_INT32, 2), m = op2(&t, "Add", "m", n, n);
  rn_value f = op1(&t, "Fail", "f7", y);
  toy_open_session(&t);
  says(fetch1(&t, NULL, 0, y, &out), RN_INVALID_ARGUMENT, "Placeholder 'x'", "must be fed");
  says(rn_session_run(t.s, NULL, NULL, 0, NULL, 0, NULL, NULL, 0), RN_INVALID_ARGUMENT, "nothing to do", "");
  says(fetch1(&t, &(rn_feed){x, bad}, 1, y, &out), RN_INVALID_ARGUMENT, "'x:0' has shape [3]", "[2]");
  says(fetch1(&t, &(rn_feed){n, bad}, 1, m, &out), RN_NOT_FOUND, "'odd' (plugin toy): it is Tuesday",
       "'plain' (plugin toy): T is int32, takes float");
  rn_tensor *two = vec(2, 0);
  says(fetch1(&t, &(rn_feed){x, two}, 1, f, &out), RN_OUT_OF_RANGE, "Fail 'f7' (toy, plain)", "seven is too much");
  says(fetch1(&t, &(rn_feed){n, two}, 1, op1(&t, "Identity", NULL, n), &out), RN_INVALID_ARGUMENT, "'n:0' is float",
       "int32");
  rn_tensor_release(two);
  rn_tensor_release(bad);
  toy_end(&t);
}

static void a_cycle_is_named(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  toy_begin(&t, NULL);
  rn_value one = konst(&t, "one", 1, 1), a = op2(&t, "Add", "a", one, one), b = op2(&t, "Add", "b", a, one);
  rn_value c = op1_after(&t, "Count", "c", b, a.node);
  ok(rn_graph_add_control(t.g, a.node, c.node)); /* an import may bring such an edge */
  toy_open_session(&t);
  says(fetch1(&t, NULL, 0, b, &out), RN_INVALID_ARGUMENT, "cycle", "'c' <- 'a'");
  says(fetch1(&t, NULL, 0, c, &out), RN_INVALID_ARGUMENT, "cycle", "'b'");
  toy_end(&t);
}

static void shapes_that_depend_on_data_are_found_while_running(void **state) {
  (void)state;
  toy t;
  rn_tensor *out, *n;
  rn_shape scalar = rn_shape_vector(1);
  toy_begin(&t, NULL);
  rn_value k = typed(t.g, "Placeholder", "k", RN_INT32, 1), one = konst(&t, "one", 1, 1);
  rn_value r = op1(&t, "Range", "r", k), p = op1(&t, "Positive", "p", r), y = op2(&t, "Add", "y", p, one);
  rn_value z = op1(&t, "ShapeOf", "z", op1(&t, "Identity", NULL, r));
  toy_open_session(&t);
  for (int32_t i = 1; i < 20; i++) {
    ok(rn_tensor_from(RN_INT32, &scalar, &i, &n));
    ok(fetch1(&t, &(rn_feed){k, n}, 1, y, &out));
    assert_int_equal(rn_tensor_count(out), i - 1);
    if (i > 1) assert_true(((float *)rn_tensor_data(out))[i - 2] == (float)i);
    rn_tensor_release(out);
    rn_tensor_release(n);
  }
  (void)z;
  toy_end(&t);
}

static void shape_arithmetic_is_folded(void **state) {
  (void)state;
  toy t;
  rn_tensor *out, *x7 = vec(7, 0);
  toy_begin(&t, NULL);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, RN_DIM_UNKNOWN);
  rn_value s = op1(&t, "ShapeOf", "s", x), r = op1(&t, "Range", "r", s);
  toy_open_session(&t);
  ok(fetch1(&t, &(rn_feed){x, x7}, 1, r, &out)); /* ShapeOf's kernel does nothing: it was never called */
  assert_int_equal(rn_tensor_count(out), 7);
  rn_tensor_release(out);
  rn_tensor_release(x7);
  toy_end(&t);
}

static void strings_travel(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  toy_begin(&t, NULL);
  rn_value s = add_in(t.g, "Text", "s", NULL, 0, NULL, 0, RN_NO_NODE), i = op1(&t, "Identity", NULL, s),
           n = op1(&t, "Length", "n", i);
  toy_open_session(&t);
  for (int k = 0; k < 3; k++) {
    ok(fetch1(&t, NULL, 0, n, &out));
    assert_int_equal(*(int32_t *)rn_tensor_data(out), 6);
    rn_tensor_release(out);
    ok(fetch1(&t, NULL, 0, i, &out));
    assert_int_equal(rn_tensor_string(out, 0).size, 6);
    rn_tensor_release(out);
  }
  toy_end(&t);
}

static void a_prepared_step_writes_into_my_tensor(void **state) {
  (void)state;
  toy t;
  rn_step *step;
  toy_begin(&t, NULL);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 2), y = op2(&t, "Add", "y", x, x);
  toy_open_session(&t);
  rn_tensor *fed = vec(2, 4), *out = vec(2, 0), *keep = out, *wrong = vec(3, 0);
  ok(rn_session_prepare(t.s, &x, 1, &y, 1, NULL, 0, &step));
  ok(rn_step_run(step, NULL, &fed, &out));
  assert_ptr_equal(out, keep);
  assert_true(first(out) == 8);
  uint64_t before = rn_mem_alloc_count();
  for (int i = 0; i < 100; i++) ok(rn_step_run(step, NULL, &fed, &out));
  for (int i = 0; i < 100; i++) ok(rn_session_run(t.s, NULL, &(rn_feed){x, fed}, 1, &y, 1, &out, NULL, 0));
  assert_int_equal(rn_mem_alloc_count() - before, 0);
  says(rn_step_run(step, NULL, &fed, &wrong), RN_INVALID_ARGUMENT, "fetch 'y:0'", "another dtype or shape");
  rn_tensor_release(wrong);
  rn_step_destroy(step);
  rn_tensor_release(fed);
  rn_tensor_release(out);
  toy_end(&t);
}

static void numbers_are_checked_where_they_go_bad(void **state) {
  (void)state;
  toy t;
  rn_tensor *out = NULL;
  toy_begin(&t, NULL);
  rn_value z = konst(&t, "zero", 2, 0), d = op2(&t, "Div", "bad", z, z), y = op2(&t, "Add", "y", d, d);
  toy_open_session(&t);
  rn_run_options o = {.struct_size = (uint32_t)sizeof o, .flags = RN_RUN_CHECK_NUMERICS};
  says(rn_session_run(t.s, &o, NULL, 0, &y, 1, &out, NULL, 0), RN_INVALID_ARGUMENT, "Div 'bad'", "NaN");
  toy_end(&t);
}

static void count_event(void *arg, const rn_trace_event *e) {
  assert_true(e->end_ns >= e->begin_ns);
  assert_string_equal(e->op, "Add");
  (*(int *)arg)++;
}
static void a_trace_has_every_node(void **state) {
  (void)state;
  toy t;
  int events = 0;
  rn_tensor *out = NULL;
  char *text;
  toy_begin(&t, NULL);
  rn_value one = konst(&t, "one", 2, 1), a = op2(&t, "Add", "a", one, one), y = op2(&t, "Add", "y", a, a);
  toy_open_session(&t);
  rn_run_options o = {.struct_size = (uint32_t)sizeof o, .trace = count_event, .trace_arg = &events};
  ok(rn_session_run(t.s, &o, NULL, 0, &y, 1, &out, NULL, 0));
  assert_int_equal(events, 2);
  rn_tensor_release(out);
  ok(rn_session_explain(t.s, NULL, 0, &y, 1, NULL, 0, &text));
  assert_non_null(strstr(text, "kernel 'plain' of toy"));
  assert_non_null(strstr(text, "/device:TOY:0"));
  free(text);
  toy_end(&t);
}

static void devices_match_by_all_their_names(void **state) {
  (void)state;
  toy t;
  exec_devices *all;
  toy_begin(&t, NULL);
  ok(exec_devices_get(t.rt, &all));
  ok(exec_devices_find(all, "toy"));
  assert_int_equal(all->count, 2);
  const char *yes[] = {"toy",           "TOY:1",           "/device:TOY:1", "/job:a/replica:0/task:0/device:TOY:1",
                       "/toy:1",        "toy:name~radeon", "toy:*",         "/job:a",
                       "toy:toy radeon"};
  const char *no[] = {"toy:0", "cpu", "/device:TOY:7", "toy:name~GeForce", "to", "toy:", "toy:radeon", "toy:toy"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(exec_device_matches(all->item[1], yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(exec_device_matches(all->item[1], no[i]));
  snprintf(all->item[1]->info.name, sizeof all->item[1]->info.name, "b16: a matrix machine"); /* the short form */
  const char *short_yes[] = {"toy:b16", "toy:B16", "/device:TOY:b16"}, *short_no[] = {"toy:b1", "toy:b16x", "toy:16"};
  for (size_t i = 0; i < sizeof short_yes / sizeof *short_yes; i++)
    assert_true(exec_device_matches(all->item[1], short_yes[i]));
  for (size_t i = 0; i < sizeof short_no / sizeof *short_no; i++)
    assert_false(exec_device_matches(all->item[1], short_no[i]));
  toy_end(&t);
}

static void a_pin_is_strict(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  toy_begin(&t, "devices.fallback=error");
  rn_value one = konst(&t, "one", 1, 1), y = op2(&t, "Add", "y", one, one);
  rn_graph_set_device(t.g, y.node, "/gpu:0");
  toy_open_session(&t);
  says(fetch1(&t, NULL, 0, y, &out), RN_INVALID_ARGUMENT, "Add 'y'", "/gpu:0");
  rn_graph_set_device(t.g, y.node, "/device:TOY:1");
  assert_true(value_of(&t, y) == 2);
  toy_end(&t);
}

/* twice(x) = x + x, and a function that calls itself for ever */
static void add_functions(toy *t) {
  rn_graph *b;
  ok(rn_graph_create(t->rt, 0, &b));
  rn_value x = typed(b, "Placeholder", "x", RN_FLOAT, RN_DIM_UNKNOWN),
           y = add_in(b, "Add", "y", (rn_value[]){x, x}, 2, NULL, 0, RN_NO_NODE);
  ok(rn_graph_add_function(t->g, "twice", b, &x, 1, &y, 1, NULL, 0));
  ok(rn_graph_create(t->rt, 0, &b));
  x = typed(b, "Placeholder", "x", RN_FLOAT, RN_DIM_UNKNOWN);
  y = add_in(b, "Call", "again", &x, 1, (rn_attr[]){RN_AFUNC("f", "forever", 7)}, 1, RN_NO_NODE);
  ok(rn_graph_add_function(t->g, "forever", b, &x, 1, &y, 1, NULL, 0));
}
static void functions_are_called(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  toy_begin(&t, NULL);
  add_functions(&t);
  rn_value three = konst(&t, "three", 4, 3);
  rn_value y = add_in(t.g, "Call", "c", &three, 1, (rn_attr[]){RN_AFUNC("f", "twice", 5)}, 1, RN_NO_NODE);
  rn_value z = add_in(t.g, "Call", "d", &three, 1, (rn_attr[]){RN_AFUNC("f", "forever", 7)}, 1, RN_NO_NODE);
  toy_open_session(&t);
  assert_true(value_of(&t, op2(&t, "Add", NULL, y, three)) == 9);
  says(fetch1(&t, NULL, 0, z, &out), RN_RESOURCE_EXHAUSTED, "'forever'", "nested deeper");
  toy_end(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_chain_is_computed_from_feeds),
      cmocka_unit_test(any_value_may_be_fed_and_fetched),
      cmocka_unit_test(what_cannot_run_is_named),
      cmocka_unit_test(a_cycle_is_named),
      cmocka_unit_test(shapes_that_depend_on_data_are_found_while_running),
      cmocka_unit_test(shape_arithmetic_is_folded),
      cmocka_unit_test(strings_travel),
      cmocka_unit_test(a_prepared_step_writes_into_my_tensor),
      cmocka_unit_test(numbers_are_checked_where_they_go_bad),
      cmocka_unit_test(a_trace_has_every_node),
      cmocka_unit_test(devices_match_by_all_their_names),
      cmocka_unit_test(a_pin_is_strict),
      cmocka_unit_test(functions_are_called),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
