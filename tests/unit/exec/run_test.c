/* run_test.c - stopping, branches side by side, asynchronous kernels, memory that runs out, speed (tests/unit/exec). */
#include "toy.h"

static void a_step_can_be_cancelled_and_timed_out(void **state) {
  (void)state;
  toy t;
  rn_tensor *out = NULL;
  toy_begin(&t, NULL);
  rn_value x = konst(&t, "x", 1, 1), y = op1(&t, "Slow", "s2", op1(&t, "Slow", "s1", x));
  toy_open_session(&t);
  toy_slow_us = 100000;
  rn_run_options o = {.struct_size = (uint32_t)sizeof o, .timeout_ns = 5000000};
  says(rn_session_run(t.s, &o, NULL, 0, &y, 1, &out, NULL, 0), RN_DEADLINE_EXCEEDED, "longer than 5 ms", "");
  int yes = 1;
  rn_run_options c = {.struct_size = (uint32_t)sizeof c, .cancel = &yes};
  says(rn_session_run(t.s, &c, NULL, 0, &y, 1, &out, NULL, 0), RN_CANCELLED, "cancelled", "");
  toy_slow_us = 100;
  assert_true(value_of(&t, y) == 1);
  rn_session_close(t.s);
  says(fetch1(&t, NULL, 0, y, &out), RN_CANCELLED, "closed", "");
  toy_end(&t);
}

static void *close_soon(void *arg) {
  (void)nanosleep(&(struct timespec){0, 3000000}, NULL);
  rn_session_close(arg);
  return NULL;
}
static void closing_ends_running_steps(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  pthread_t thread;
  toy_begin(&t, NULL);
  rn_value x = konst(&t, "x", 1, 1), y = op1(&t, "Slow", "s2", op1(&t, "Slow", "s1", x));
  toy_open_session(&t);
  toy_slow_us = 10000000;
  assert_int_equal(pthread_create(&thread, NULL, close_soon, t.s), 0);
  says(fetch1(&t, NULL, 0, y, &out), RN_CANCELLED, "closed", "");
  (void)pthread_join(thread, NULL);
  toy_end(&t);
}

/* Many wide branches that meet: large enough to be worth several threads. */
static rn_value wide(toy *t, uint32_t branches) {
  rn_value x = konst(t, "x", 100000, 1), sum = x;
  for (uint32_t b = 0; b < branches; b++) {
    rn_value v = op2(t, "Add", NULL, x, x);
    for (int k = 0; k < 4; k++) v = op2(t, "Add", NULL, v, x);
    sum = op2(t, "Add", NULL, sum, v);
  }
  return sum;
}
static void branches_give_the_same_as_one_thread(void **state) {
  (void)state;
  const char *threads[] = {"run.threads=1", "run.threads=4"};
  for (int i = 0; i < 2; i++) {
    toy t;
    char *text;
    toy_begin(&t, threads[i]);
    rn_value y = wide(&t, 12);
    toy_open_session(&t);
    for (int k = 0; k < 10; k++) assert_true(value_of(&t, y) == 73);
    ok(rn_session_explain(t.s, NULL, 0, &y, 1, NULL, 0, &text));
    assert_non_null(strstr(text, i == 0 ? "one after the other" : "side by side"));
    free(text);
    toy_end(&t);
  }
}

static void asynchronous_kernels_go_on_by_themselves(void **state) {
  (void)state;
  for (int threads = 1; threads <= 2; threads++) {
    toy t;
    toy_begin(&t, threads == 1 ? "run.threads=1" : "run.threads=2");
    rn_value x = konst(&t, "x", 8, 2), a = op1(&t, "Later", "a", x), b = op1(&t, "Later", "b", x),
             y = op2(&t, "Add", "y", a, b);
    rn_value z = op1(&t, "Later", "z", y);
    toy_open_session(&t);
    for (int i = 0; i < 20; i++) assert_true(value_of(&t, z) == 4);
    toy_end(&t);
  }
}

static void dead_memory_is_used_again(void **state) {
  (void)state;
  toy t;
  rn_session_stats stats = {.struct_size = (uint32_t)sizeof stats};
  toy_begin(&t, "run.threads=1");
  rn_value x = konst(&t, "x", 1024, 1), y = x;
  for (int i = 0; i < 3000; i++) y = op2(&t, "Div", NULL, y, x);
  rn_value z = op2(&t, "Div", "z", x, x);
  for (int i = 0; i < 100; i++) z = op2(&t, "Div", NULL, z, x);
  toy_open_session(&t);
  assert_true(value_of(&t, z) == 1); /* placed by size */
  rn_session_get_stats(t.s, &stats);
  assert_int_equal(stats.arena_bytes, 2 * 4096);
  assert_true(value_of(&t, y) == 1);
  rn_session_get_stats(t.s, &stats);
  assert_int_equal(stats.arena_bytes, 4 * 4096);
  for (int i = 0; i < 3000; i++) y = op2(&t, "Div", NULL, y, x);
  assert_true(value_of(&t, y) == 1); /* too many: placed in order */
  rn_session_get_stats(t.s, &stats);
  assert_int_equal(stats.arena_bytes, 6 * 4096);
  toy_end(&t);
}

/* Every allocation of planning and of the first run fails once; nothing is lost and the next try works. */
static void each_allocation_may_fail(void **state) {
  (void)state;
  toy t;
  toy_begin(&t, "run.threads=1");
  rn_value one = konst(&t, "one", 4, 1), w = typed(t.g, "Variable", "w", RN_FLOAT, 4),
           init = op2(&t, "Assign", "init", w, one);
  rn_value r = op1(&t, "Identity", "r", w), p = op1(&t, "Positive", "p", r), up = op2(&t, "AssignAdd", "up", w, one);
  rn_value y = op2(&t, "Add", "y", op2(&t, "Add", NULL, p, one), op1_after(&t, "Count", NULL, r, up.node));
  toy_open_session(&t);
  go(&t, init);
  rn_tensor *out;
  uint64_t failed = 0;
  for (uint64_t nth = 1; nth < 2000; nth++) {
    rn_session *s;
    out = NULL;
    rn_mem_fail_at(nth, 0);
    rn_status *e = rn_session_create(t.g, NULL, &s);
    if (e == NULL) {
      e = rn_session_run(s, NULL, NULL, 0, NULL, 0, NULL, &init.node, 1);
      if (e == NULL) e = rn_session_run(s, NULL, NULL, 0, &y, 1, &out, NULL, 0);
      rn_mem_fail_at(0, 0);
      if (e != NULL) assert_null(out);
      rn_status_free(e != NULL ? NULL : rn_session_run(s, NULL, NULL, 0, NULL, 0, NULL, &init.node, 1));
      rn_session_destroy(s);
    }
    rn_mem_fail_at(0, 0);
    rn_tensor_release(out);
    if (e == NULL) break;
    assert_int_equal(rn_status_code(e), RN_RESOURCE_EXHAUSTED);
    rn_status_free(e);
    failed++;
  }
  assert_true(failed > 20 && failed < 1999);
  print_message("%llu allocations failed, one at a time\n", (unsigned long long)failed);
  toy_end(&t);
}

static double now(void) { return (double)exec_now_ns(); }
static void dispatch_is_cheap(void **state) {
  (void)state;
  toy t;
  rn_step *step;
  toy_begin(&t, "run.threads=1");
  rn_value x = konst(&t, "x", 1, 1), y = x;
  for (int i = 0; i < 1000; i++) y = op2(&t, "Add", NULL, y, x);
  toy_open_session(&t);
  ok(rn_session_prepare(t.s, NULL, 0, NULL, 0, &y.node, 1, &step));
  ok(rn_step_run(step, NULL, NULL, NULL));
  double best = 1e18;
  for (int i = 0; i < 200; i++) {
    double begin = now();
    ok(rn_step_run(step, NULL, NULL, NULL));
    double took = now() - begin;
    if (took < best) best = took;
  }
  print_message("%.1f ns per op in a chain of 1,000\n", best / 1000);
  rn_step_destroy(step);
  toy_end(&t);
}

static void planning_is_linear(void **state) {
  (void)state;
  const uint32_t sizes[] = {20000, 200000};
  double per_node[2];
  for (int k = 0; k < 2; k++) {
    toy t;
    toy_begin(&t, "run.threads=1");
    rn_value x = konst(&t, "x", 1, 1), y = x;
    for (uint32_t i = 0; i < sizes[k]; i++) y = op2(&t, "Add", NULL, y, x);
    toy_open_session(&t);
    rn_step *step;
    double begin = now();
    ok(rn_session_prepare(t.s, NULL, 0, NULL, 0, &y.node, 1, &step));
    double planned = now();
    ok(rn_step_run(step, NULL, NULL, NULL));
    print_message("%u nodes: plan %.0f ns a node, first run with layout %.0f ns a node\n", sizes[k],
                  (planned - begin) / sizes[k], (now() - planned) / sizes[k]);
    per_node[k] = (planned - begin) / sizes[k];
    rn_step_destroy(step);
    toy_end(&t);
  }
  assert_true(per_node[1] < 5 * per_node[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_step_can_be_cancelled_and_timed_out),
      cmocka_unit_test(closing_ends_running_steps),
      cmocka_unit_test(branches_give_the_same_as_one_thread),
      cmocka_unit_test(asynchronous_kernels_go_on_by_themselves),
      cmocka_unit_test(dead_memory_is_used_again),
      cmocka_unit_test(each_allocation_may_fail),
      cmocka_unit_test(dispatch_is_cheap),
      cmocka_unit_test(planning_is_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
