/* variable_test.c - the order on variables, locks, and what an uninitialised one says (tests/unit/exec). */
#include "toy.h"

typedef struct model {
  toy t;
  rn_value w, init, one;
} model;
static void model_begin(model *m, const char *setting) {
  toy_begin(&m->t, setting);
  m->one = konst(&m->t, "one", 4, 1);
  m->w = typed(m->t.g, "Variable", "w", RN_FLOAT, 4);
  m->init = op2(&m->t, "Assign", "init", m->w, m->one);
}

static void a_read_sees_the_value_before_the_write(void **state) {
  (void)state;
  model m;
  model_begin(&m, NULL);
  toy *t = &m.t;
  /* the write comes first in the graph; the read is not ordered after it */
  rn_value up = op2(t, "AssignAdd", "up", m.w, m.one), r = op1(t, "Identity", "read", m.w),
           y = op2(t, "Add", "y", r, r);
  toy_open_session(t);
  go(t, m.init);
  for (int i = 1; i < 5; i++) {
    rn_tensor *out[3] = {NULL, NULL, NULL};
    ok(rn_session_run(t->s, NULL, NULL, 0, (rn_value[]){up, y, r}, 3, out, NULL, 0));
    assert_true(first(out[0]) == (float)(i + 1));
    assert_true(first(out[1]) == (float)(2 * i));
    assert_true(first(out[2]) == (float)i);
    for (int k = 0; k < 3; k++) rn_tensor_release(out[k]);
  }
  toy_end(t);
}

static void a_read_ordered_after_the_write_sees_the_new_value(void **state) {
  (void)state;
  model m;
  model_begin(&m, NULL);
  toy *t = &m.t;
  rn_value up = op2(t, "AssignAdd", "up", m.w, m.one), r = op1_after(t, "Identity", "read", m.w, up.node);
  toy_open_session(t);
  go(t, m.init);
  assert_true(value_of(t, r) == 2);
  toy_end(t);
}

static void an_alias_taken_before_is_a_snapshot(void **state) {
  (void)state;
  model m;
  rn_tensor *out = NULL;
  model_begin(&m, NULL);
  toy *t = &m.t;
  /* read takes w, up writes it, late reads the alias after the write: it must see what read took */
  rn_value r = op1(t, "Identity", "read", m.w), up = op2(t, "AssignAdd", "up", m.w, r);
  rn_value late = op1_after(t, "Count", "late", r, up.node);
  toy_open_session(t);
  go(t, m.init);
  ok(fetch1(t, NULL, 0, late, &out));
  assert_true(first(out) == 1);
  rn_tensor_release(out);
  assert_true(value_of(t, m.w) == 2);
  toy_end(t);
}

static void rings_through_two_variables_are_cut(void **state) {
  (void)state;
  model m;
  model_begin(&m, NULL);
  toy *t = &m.t;
  rn_value v = typed(t->g, "Variable", "v", RN_FLOAT, 4), init2 = op2(t, "Assign", "init2", v, m.one);
  rn_value rw = op1(t, "Identity", "rw", m.w), rv = op1(t, "Identity", "rv", v);
  /* each write is before the reader of the other variable's alias */
  rn_value ww = op2(t, "AssignAdd", "ww", m.w, m.one), wv = op2(t, "AssignAdd", "wv", v, m.one);
  rn_value a = op1_after(t, "Count", "a", rv, ww.node), b = op1_after(t, "Count", "b", rw, wv.node);
  toy_open_session(t);
  go(t, m.init);
  go(t, init2);
  rn_tensor *out[2] = {NULL, NULL};
  ok(rn_session_run(t->s, NULL, NULL, 0, (rn_value[]){a, b}, 2, out, NULL, 0));
  assert_true(first(out[0]) == 1 && first(out[1]) == 1);
  rn_tensor_release(out[0]);
  rn_tensor_release(out[1]);
  toy_end(t);
}

static void an_uninitialised_variable_is_named_with_its_reader(void **state) {
  (void)state;
  model m;
  rn_tensor *out;
  model_begin(&m, NULL);
  rn_value r = op1(&m.t, "Identity", "w/read", m.w), y = op2(&m.t, "Add", "y", r, r);
  toy_open_session(&m.t);
  says(fetch1(&m.t, NULL, 0, y, &out), RN_FAILED_PRECONDITION, "Identity 'w/read'", "variable 'w'");
  says(fetch1(&m.t, NULL, 0, m.w, &out), RN_FAILED_PRECONDITION, "variable 'w'", "");
  go(&m.t, m.init);
  assert_true(value_of(&m.t, y) == 2);
  toy_end(&m.t);
}

static void handles_work_as_refs_do(void **state) {
  (void)state;
  model m;
  rn_tensor *out;
  model_begin(&m, NULL);
  toy *t = &m.t;
  rn_shape s = rn_shape_vector(4);
  rn_value h = typed(t->g, "VarHandle", "w", RN_FLOAT, 4); /* w_1 */
  rn_value r = add_in(t->g, "ReadHandle", "r", &h, 1, (rn_attr[]){RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)}, 2,
                      RN_NO_NODE);
  toy_open_session(t);
  rn_value init = add_in(t->g, "AssignHandle", "i", (rn_value[]){h, m.one}, 2, NULL, 0, RN_NO_NODE);
  rn_value y = op2(t, "Add", "y", r, r),
           up = add_in(t->g, "AssignHandle", "up", (rn_value[]){h, y}, 2, NULL, 0, RN_NO_NODE);
  says(fetch1(t, NULL, 0, r, &out), RN_FAILED_PRECONDITION, "ReadHandle 'r'", "");
  go(t, init);
  for (int i = 0; i < 3; i++) {
    out = NULL;
    ok(rn_session_run(t->s, NULL, NULL, 0, &r, 1, &out, &up.node, 1));
    assert_true(first(out) == (float)(1 << i));
    rn_tensor_release(out);
  }
  assert_true(value_of(t, r) == 8);
  toy_end(t);
}

#define THREADS 8
#define ROUNDS 500
static model shared;
static rn_node_id shared_up;
static void *add_many(void *arg) {
  (void)arg;
  for (int i = 0; i < ROUNDS; i++) ok(rn_session_run(shared.t.s, NULL, NULL, 0, NULL, 0, NULL, &shared_up, 1));
  return NULL;
}
static void steps_from_eight_threads_are_exact(void **state) {
  (void)state;
  pthread_t thread[THREADS];
  model_begin(&shared, NULL);
  toy *t = &shared.t;
  shared_up = op2(t, "AssignAdd", "up", shared.w, shared.one).node;
  toy_open_session(t);
  go(t, shared.init);
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&thread[i], NULL, add_many, NULL), 0);
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
  assert_true(value_of(t, shared.w) == 1 + THREADS * ROUNDS);
  toy_end(t);
}

static void *run_blocking(void *arg) {
  ok(rn_session_run(shared.t.s, NULL, NULL, 0, NULL, 0, NULL, arg, 1));
  return NULL;
}
static void a_blocking_op_holds_no_variable(void **state) {
  (void)state;
  pthread_t thread;
  model_begin(&shared, NULL);
  toy *t = &shared.t;
  atomic_store(&toy_gate, 0);
  rn_value r = op1(t, "Identity", "r", shared.w), wait = op1(t, "Wait", "wait", r),
           up = op2(t, "AssignAdd", "up", shared.w, wait);
  rn_value other = op2(t, "AssignAdd", "other", shared.w, shared.one);
  toy_open_session(t);
  go(t, shared.init);
  assert_int_equal(pthread_create(&thread, NULL, run_blocking, &up.node), 0);
  for (int i = 0; i < 20; i++) go(t, other); /* would wait for ever if the step held its locks */
  atomic_store(&toy_gate, 1);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(value_of(t, shared.w) >= 22);
  toy_end(t);
}

static void a_steady_step_allocates_nothing(void **state) {
  (void)state;
  model m;
  rn_step *step;
  model_begin(&m, NULL);
  toy *t = &m.t;
  rn_value r = op1(t, "Identity", "read", m.w), g = op2(t, "Add", "g", r, r), up = op2(t, "AssignAdd", "up", m.w, g);
  toy_open_session(t);
  go(t, m.init);
  ok(rn_session_prepare(t->s, NULL, 0, NULL, 0, &up.node, 1, &step));
  ok(rn_step_run(step, NULL, NULL, NULL));
  uint64_t before = rn_mem_alloc_count();
  for (int i = 0; i < 10; i++) ok(rn_step_run(step, NULL, NULL, NULL));
  assert_int_equal(rn_mem_alloc_count() - before, 0);
  rn_step_destroy(step);
  assert_true(value_of(t, m.w) == 177147); /* 3^11 */
  toy_end(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_read_sees_the_value_before_the_write),
      cmocka_unit_test(a_read_ordered_after_the_write_sees_the_new_value),
      cmocka_unit_test(an_alias_taken_before_is_a_snapshot),
      cmocka_unit_test(rings_through_two_variables_are_cut),
      cmocka_unit_test(an_uninitialised_variable_is_named_with_its_reader),
      cmocka_unit_test(handles_work_as_refs_do),
      cmocka_unit_test(steps_from_eight_threads_are_exact),
      cmocka_unit_test(a_blocking_op_holds_no_variable),
      cmocka_unit_test(a_steady_step_allocates_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
