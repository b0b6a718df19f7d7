/* launch_test.c - a device that runs another type's kernels on its own queue (core/exec). */
#include "far.h"

static void lent_begin(toy *t) {
  toy_begin(t, NULL);
  ok(rn_runtime_add_static(t->rt, far_entry));
}
static void open_on(toy *t, const char *device, const char *fallback) {
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = device, .fallback = fallback};
  ok(rn_session_create(t->g, &o, &t->s));
}
static void ends_clean(toy *t) {
  toy_end(t);
  assert_int_equal(atomic_load(&far_allocations), 0);
}
static float run1(toy *t, rn_value x, float in, rn_value y) {
  rn_tensor *fed = vec(100, in), *out;
  ok(fetch1(t, &(rn_feed){x, fed}, 1, y, &out));
  float got = first(out);
  for (uint32_t i = 0; i < 100; i++) assert_true(((float *)rn_tensor_data(out))[i] == got);
  rn_tensor_release(out);
  rn_tensor_release(fed);
  return got;
}

/* A training step in small: variables made, read, updated, all on the device, none elsewhere. */
static void train_on(const char *device, int launches) {
  toy t;
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), w = typed(t.g, "Variable", "w", RN_FLOAT, 100);
  rn_value init = op2(&t, "Assign", "init", w, konst(&t, "one", 100, 1)), read = op1(&t, "Identity", "read", w);
  rn_value y = op2(&t, "Add", "y", op1(&t, "Twice", "twice", x), read);
  rn_value update = op2(&t, "AssignAdd", "update", w, op1(&t, "Count", "grad", y)), after = w;
  open_on(&t, device, "error");
  int64_t before = lent_launches;
  go(&t, init);
  float expect = 1;
  for (int i = 0; i < 30; i++) {
    rn_tensor *fed = vec(100, (float)i), *got[2] = {NULL, NULL};
    rn_feed f = {x, fed};
    ok(rn_session_run(t.s, NULL, &f, 1, (rn_value[]){y, after}, 2, got, &update.node, 1));
    assert_true(first(got[0]) == 2 * (float)i + expect);
    expect += 2 * (float)i + expect;
    rn_tensor_release(got[0]);
    rn_tensor_release(got[1]);
    rn_tensor_release(fed);
    if (i == 10) expect = 1;
    if (i == 10) go(&t, init);
  }
  assert_int_equal(lent_launches - before, launches);
  assert_true(value_of(&t, read) == expect);
  char *text;
  ok(rn_session_explain(t.s, &x, 1, &y, 1, &update.node, 1, &text));
  assert_null(strstr(text, "TOY"));
  assert_non_null(strstr(text, "at home on /device:LENT"));
  free(text);
  ends_clean(&t);
}
static void kernels_of_another_type_run_in_the_order_of_the_queue(void **state) {
  (void)state;
  train_on("lent:0", 30 * 4);
}
static void a_synchronous_device_borrows_kernels_too(void **state) {
  (void)state;
  train_on("lent:1", 0);
}

static void its_own_kernels_come_first(void **state) {
  (void)state;
  toy t;
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), y = x;
  for (int i = 0; i < 6; i++) y = op1(&t, i % 2 == 0 ? "Slow" : "Count", NULL, y); /* own: doubles; borrowed: copies */
  open_on(&t, "lent:0", "error");
  int64_t before = lent_launches;
  assert_true(run1(&t, x, 3, y) == 24);
  assert_int_equal(lent_launches - before, 3);
  ends_clean(&t);
}

/* Host nodes in between reuse the host's arena while the device still works. */
static void scratch_and_arenas_do_not_meet(void **state) {
  (void)state;
  toy t;
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), a = x, b = x;
  for (int i = 0; i < 8; i++) {
    a = op1(&t, "Twice", NULL, a);
    ok(rn_graph_set_device(t.g, a.node, "lent:0"));
    b = op1(&t, "Twice", NULL, b);
    ok(rn_graph_set_device(t.g, b.node, "toy:0"));
  }
  rn_value y = op2(&t, "Add", "y", a, b);
  toy_open_session(&t);
  for (int i = 0; i < 5; i++) assert_true(run1(&t, x, (float)i, y) == 512 * (float)i);
  ends_clean(&t);
}

static void shapes_known_late_are_done_by_the_host_in_between(void **state) {
  (void)state;
  toy t;
  rn_shape scalar = rn_shape_scalar();
  int32_t five = 5;
  rn_tensor *n, *out;
  lent_begin(&t);
  rn_attr a[] = {RN_AT("dtype", RN_INT32), RN_ASHAPE("shape", &scalar)};
  rn_value count = add_in(t.g, "Placeholder", "n", NULL, 0, a, 2, RN_NO_NODE);
  rn_value r = add_in(t.g, "Range", "r", &count, 1, NULL, 0, RN_NO_NODE), p = op1(&t, "Positive", "p", r);
  rn_value y = op2(&t, "Add", "y", op1(&t, "Twice", "twice", p), p);
  for (int d = 0; d < 2; d++) {
    open_on(&t, d == 0 ? "lent:0" : "lent:1", "error");
    ok(rn_tensor_from(RN_INT32, &scalar, &five, &n));
    for (int i = 0; i < 3; i++) {
      ok(fetch1(&t, &(rn_feed){count, n}, 1, y, &out));
      assert_int_equal(rn_tensor_shape(out)->dim[0], 4);
      for (int k = 0; k < 4; k++) assert_true(((float *)rn_tensor_data(out))[k] == 3 * (float)(k + 1));
      rn_tensor_release(out);
    }
    rn_tensor_release(n);
    rn_session_destroy(t.s);
  }
  t.s = NULL;
  ends_clean(&t);
}

static void the_first_failure_is_reported_with_its_node(void **state) {
  (void)state;
  toy t;
  rn_tensor *out, *fed = vec(100, 1);
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), bad = op1(&t, "Fail", "bad", op1(&t, "Twice", "a", x));
  rn_value y = op1(&t, "Count", "never", op1(&t, "Fail", "worse", bad)), good = op1(&t, "Count", "good", x);
  open_on(&t, "lent:0", "error");
  uint64_t ran = toy_calls;
  for (int i = 0; i < 3; i++) {
    rn_status *s = fetch1(&t, &(rn_feed){x, fed}, 1, y, &out);
    assert_non_null(s);
    assert_string_equal(rn_status_message(s), "Fail 'bad' (lent, plain): seven is too much");
    rn_status_free(s);
  }
  assert_int_equal(toy_calls, ran);
  assert_true(run1(&t, x, 4, good) == 4);
  rn_tensor_release(fed);
  ends_clean(&t);
}

static void numbers_are_checked_where_they_are_made(void **state) {
  (void)state;
  toy t;
  rn_tensor *fed = vec(100, 0), *out = NULL;
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), q = op2(&t, "Div", "q", x, x);
  rn_value y = op1(&t, "Count", "y", q);
  open_on(&t, "lent:0", "error");
  rn_run_options o = {.struct_size = (uint32_t)sizeof o, .flags = RN_RUN_CHECK_NUMERICS};
  says(rn_session_run(t.s, &o, &(rn_feed){x, fed}, 1, &y, 1, &out, NULL, 0), RN_INVALID_ARGUMENT, "Div 'q'",
       "output 0 holds NaN or infinity");
  rn_tensor_release(fed);
  ends_clean(&t);
}

static void traced(void *arg, const rn_trace_event *e) {
  int *n = arg;
  if (strcmp(e->device, "/device:LENT:0") == 0 && strcmp(e->kernel, "scratch") == 0) {
    assert_true(e->end_ns - e->begin_ns >= 100000); /* the kernel's time, not the submission's */
    ++*n;
  }
}
static void a_step_that_runs_late_is_waited_for(void **state) {
  (void)state;
  toy t;
  rn_tensor *fed = vec(100, 1), *out = NULL;
  int n = 0;
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), y = x;
  for (int i = 0; i < 200; i++) y = op1(&t, "Twice", NULL, y);
  open_on(&t, "lent:0", "error");
  rn_run_options o = {.struct_size = (uint32_t)sizeof o, .timeout_ns = 2000000};
  for (int i = 0; i < 3; i++)
    says(rn_session_run(t.s, &o, &(rn_feed){x, fed}, 1, &y, 1, &out, NULL, 0), RN_DEADLINE_EXCEEDED, "longer than",
         "ms");
  o.timeout_ns = 0;
  o.trace = traced;
  o.trace_arg = &n;
  ok(rn_session_run(t.s, &o, &(rn_feed){x, fed}, 1, &y, 1, &out, NULL, 0));
  assert_int_equal(n, 200);
  rn_tensor_release(out);
  rn_tensor_release(fed);
  ends_clean(&t);
}

static void what_it_cannot_borrow_says_why(void **state) {
  (void)state;
  toy t;
  rn_tensor *out, *fed = vec(100, 1);
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), later = op1(&t, "Later", "later", x);
  rn_value length =
      add_in(t.g, "Length", "length", (rn_value[]){add_in(t.g, "Text", "text", NULL, 0, NULL, 0, RN_NO_NODE)}, 1, NULL,
             0, RN_NO_NODE);
  open_on(&t, "lent:0", "error");
  says(fetch1(&t, &(rn_feed){x, fed}, 1, later, &out), RN_NOT_FOUND, "toy 'thread' (plugin toy): it is asynchronous",
       "runs on /device:TOY:0");
  says(fetch1(&t, NULL, 0, length, &out), RN_NOT_FOUND, "text and variants stay in the host's memory", "Length");
  rn_tensor_release(fed);
  ends_clean(&t);
}

typedef struct crowd {
  toy *t;
  rn_value x, y;
} crowd;
static void *step_many(void *arg) {
  const crowd *c = arg;
  for (int i = 0; i < 20; i++) assert_true(run1(c->t, c->x, (float)i, c->y) == 2 * (float)i + 2);
  return NULL;
}
static void many_threads_step_one_session(void **state) {
  (void)state;
  toy t;
  pthread_t thread[4];
  lent_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), one = konst(&t, "one", 100, 1);
  rn_value y = op1(&t, "Twice", "y", op2(&t, "Add", "a", x, one));
  open_on(&t, "lent:0", "error");
  crowd c = {&t, x, y};
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, step_many, &c), 0);
  for (int i = 0; i < 4; i++) (void)pthread_join(thread[i], NULL);
  ends_clean(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_of_another_type_run_in_the_order_of_the_queue),
                                     cmocka_unit_test(a_synchronous_device_borrows_kernels_too),
                                     cmocka_unit_test(its_own_kernels_come_first),
                                     cmocka_unit_test(scratch_and_arenas_do_not_meet),
                                     cmocka_unit_test(shapes_known_late_are_done_by_the_host_in_between),
                                     cmocka_unit_test(the_first_failure_is_reported_with_its_node),
                                     cmocka_unit_test(numbers_are_checked_where_they_are_made),
                                     cmocka_unit_test(a_step_that_runs_late_is_waited_for),
                                     cmocka_unit_test(what_it_cannot_borrow_says_why),
                                     cmocka_unit_test(many_threads_step_one_session)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
