/* frontend_test.c - scopes, layers, optimizers and data of the C front end (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <runnel/c/data.h>
#include <runnel/c/train.h>

static rn_runtime *rt;
typedef struct fixture {
  rn_graph *g;
  rn_scope *s;
} fixture;

static void ok(rn_status *s) {
  if (s != NULL) fail_msg("%s", rn_status_message(s));
}
static fixture begin(void) {
  fixture f;
  ok(rn_graph_create(rt, 0, &f.g));
  ok(rn_scope_create(f.g, &f.s));
  return f;
}
static void end(fixture f) {
  rn_scope_destroy(f.s);
  rn_graph_destroy(f.g);
}
static int has(fixture f, const char *node, const char *op) {
  rn_node_id n = rn_graph_find(f.g, node);
  return n != RN_NO_NODE && strcmp(rn_graph_op(f.g, n), op) == 0;
}

static void the_first_error_stays_and_nothing_is_added_after_it(void **state) {
  (void)state;
  fixture f = begin();
  rn_value a = rn_scope_scalar(f.s, "a", RN_FLOAT, 1), b = rn_scope_scalar(f.s, "b", RN_INT32, 1), in[2] = {a, b};
  rn_value sum = rn_scope_op(f.s, "Add", "wrong", in, 2, NULL, 0);
  uint32_t n = rn_graph_node_count(f.g);
  assert_int_equal(sum.node, RN_NO_NODE);
  rn_scope_scalar(f.s, "c", RN_FLOAT, 1);
  rn_dense(f.s, "layer", sum, 3, RN_RELU);
  assert_int_equal(rn_graph_node_count(f.g), n);
  rn_status *e = rn_scope_take_status(f.s);
  assert_non_null(e);
  assert_non_null(strstr(rn_status_message(e), "wrong"));
  rn_status_free(e);
  assert_false(rn_scope_failed(f.s));
  end(f);
}

static void scopes_opened_twice_are_numbered(void **state) {
  (void)state;
  fixture f = begin();
  for (int i = 0; i < 2; i++) {
    rn_scope_enter(f.s, "fc");
    rn_scope_scalar(f.s, "c", RN_FLOAT, 1);
    rn_scope_leave(f.s);
  }
  rn_scope_scalar(f.s, "fc", RN_FLOAT, 1);
  assert_true(has(f, "fc/c", "Const"));
  assert_true(has(f, "fc_1/c", "Const"));
  assert_true(has(f, "fc_2", "Const"));
  rn_scope_leave(f.s);
  rn_status *e = rn_scope_take_status(f.s);
  assert_int_equal(rn_status_code(e), RN_FAILED_PRECONDITION);
  rn_status_free(e);
  end(f);
}

static void many_scopes_of_one_name_are_numbered_fast(void **state) {
  (void)state;
  fixture f = begin();
  for (int i = 0; i < 100000; i++) {
    rn_scope_enter(f.s, "fc");
    if (i == 99999) assert_string_equal(rn_scope_prefix(f.s), "fc_99999/");
    rn_scope_leave(f.s);
  }
  rn_scope_enter(f.s, "fc_7");
  assert_string_equal(rn_scope_prefix(f.s), "fc_7_1/");
  rn_scope_leave(f.s);
  ok(rn_scope_take_status(f.s));
  end(f);
}

/* Slots stand beside their variable, wherever minimize is called; the step stands in its scope. */
static void minimize_inside_a_scope_names_slots_by_their_variable(void **state) {
  (void)state;
  fixture f = begin();
  rn_shape two = {1, 0, {2}};
  rn_scope_enter(f.s, "layer");
  rn_variable w = rn_variable_create(f.s, "W", rn_fill(f.s, "start", RN_FLOAT, &two, 3), 1);
  rn_scope_leave(f.s);
  rn_value loss = rn_squared_error_mean(f.s, "loss", w.read, rn_zeros(f.s, "target", RN_FLOAT, &two));
  for (int i = 0; i < 2; i++) {
    rn_scope_enter(f.s, i ? "again" : "train");
    rn_minimize(f.s, loss, "Adam", NULL, 0, NULL);
    rn_scope_leave(f.s);
    ok(rn_scope_take_status(f.s));
  }
  assert_true(has(f, "layer/W/Adam", "VariableV2") && has(f, "layer/W/Adam_1/Assign", "Assign"));
  assert_true(has(f, "beta1_power", "VariableV2"));
  assert_true(has(f, "train/Adam/update_layer/W/ApplyAdam", "ApplyAdam") && has(f, "train/Adam", "NoOp"));
  assert_true(has(f, "layer/W/Adam_2", "VariableV2") && has(f, "layer/W/Adam_3", "VariableV2"));
  assert_true(has(f, "beta1_power_1", "VariableV2") && has(f, "again/Adam", "NoOp"));
  end(f);
}

static void adam_names_its_nodes_as_tensorflow_does(void **state) {
  (void)state;
  fixture f = begin();
  rn_shape two = {1, 0, {2}};
  rn_variable step = rn_global_step_create(f.s);
  rn_variable w = rn_variable_create(f.s, "W", rn_fill(f.s, "start", RN_FLOAT, &two, 3), 1);
  rn_value loss = rn_squared_error_mean(f.s, "loss", w.read, rn_zeros(f.s, "target", RN_FLOAT, &two));
  rn_minimize(f.s, loss, "Adam", NULL, 0, &step);
  ok(rn_scope_take_status(f.s));
  assert_true(has(f, "W/Adam", "VariableV2") && has(f, "W/Adam_1", "VariableV2"));
  assert_true(has(f, "W/Adam/Assign", "Assign") && has(f, "W/Adam_1/read", "Identity"));
  assert_true(has(f, "beta1_power", "VariableV2") && has(f, "beta2_power/Assign", "Assign"));
  assert_true(has(f, "Adam/beta1", "Const") && has(f, "Adam/learning_rate", "Const"));
  assert_true(has(f, "Adam/update_W/ApplyAdam", "ApplyAdam"));
  assert_true(has(f, "Adam/mul", "Mul") && has(f, "Adam/mul_1", "Mul"));
  assert_true(has(f, "Adam/Assign_1", "Assign"));
  assert_true(has(f, "Adam/update", "NoOp") && has(f, "Adam", "AssignAdd"));
  end(f);
}

static void an_unknown_hyper_parameter_lists_the_known_ones(void **state) {
  (void)state;
  fixture f = begin();
  rn_shape two = {1, 0, {2}};
  rn_variable w = rn_variable_create(f.s, "W", rn_zeros(f.s, "zeros", RN_FLOAT, &two), 1);
  rn_value loss = rn_squared_error_mean(f.s, "loss", w.read, rn_zeros(f.s, "target", RN_FLOAT, &two));
  rn_hyper h = {"speed", 1}, negative = {"learning_rate", -1};
  uint32_t n = rn_graph_node_count(f.g);
  rn_minimize(f.s, loss, "Momentum", &h, 1, NULL);
  rn_status *e = rn_scope_take_status(f.s);
  assert_non_null(strstr(rn_status_message(e), "learning_rate, momentum, use_nesterov"));
  rn_status_free(e);
  assert_int_equal(rn_graph_node_count(f.g), n);
  rn_minimize(f.s, loss, "Momentum", &negative, 1, NULL);
  e = rn_scope_take_status(f.s);
  assert_int_equal(rn_status_code(e), RN_INVALID_ARGUMENT);
  rn_status_free(e);
  end(f);
}

/* Two steps on loss = mean(w^2) from w = 1 (one element: gradient 2 w), against the rule worked out here. */
static double two_steps(const char *name, const rn_hyper *h, uint32_t n) {
  fixture f = begin();
  rn_shape one = {1, 0, {1}};
  rn_session *session = NULL;
  rn_tensor *got = NULL;
  rn_variable w = rn_variable_create(f.s, "W", rn_fill(f.s, "start", RN_DOUBLE, &one, 1), 1);
  rn_value loss = rn_squared_error_mean(f.s, "loss", w.read, rn_zeros(f.s, "target", RN_DOUBLE, &one));
  rn_node_id train = rn_minimize(f.s, loss, name, h, n, NULL), init = rn_variables_init(f.s, "init");
  ok(rn_scope_take_status(f.s));
  ok(rn_session_create(f.g, NULL, &session));
  ok(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &init, 1));
  for (int i = 0; i < 2; i++) ok(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &train, 1));
  ok(rn_session_run(session, NULL, NULL, 0, &w.read, 1, &got, NULL, 0));
  double x = *(const double *)rn_tensor_data(got);
  rn_tensor_release(got);
  rn_session_destroy(session);
  end(f);
  return x;
}

static void near_to(double a, double b) {
  if (!(fabs(a - b) <= 1e-12)) fail_msg("%.15g is not %.15g", a, b);
}

static void the_rules_compute_what_their_papers_say(void **state) {
  (void)state;
  rn_hyper h[3] = {{"learning_rate", 0.1}, {"momentum", 0.9}, {"use_nesterov", 1}};
  double w = 1, g, acc = 0, m = 0, v = 0;
  near_to(two_steps("GradientDescent", h, 1), 0.8 * 0.8);
  for (int i = 0; i < 2; i++) acc = 0.9 * acc + 2 * w, w -= 0.1 * acc;
  near_to(two_steps("Momentum", h, 2), w);
  for (w = 1, acc = 0, m = 0; m < 2; m++) g = 2 * w, acc = 0.9 * acc + g, w -= 0.1 * (g + 0.9 * acc);
  near_to(two_steps("Momentum", h, 3), w);
  for (w = 1, acc = 0.1, m = 0; m < 2; m++) g = 2 * w, acc += g * g, w -= 0.1 * g / sqrt(acc);
  near_to(two_steps("Adagrad", h, 1), w);
  m = 0;
  w = 1;
  for (int t = 1; t <= 2; t++) {
    g = 2 * w;
    m = 0.9 * m + (1 - 0.9) * g;
    v = 0.999 * v + (1 - 0.999) * g * g;
    w -= 0.1 * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) * m / (sqrt(v) + 1e-8);
  }
  near_to(two_steps("Adam", h, 1), w);
}

/* Rows of a table picked by number, one of them twice: its gradient is slices, and each optimizer moves
 * the picked rows towards 1 and leaves the others where they were. */
static void sparse_gradients_train_the_rows_they_touch(void **state) {
  (void)state;
  static const char *const optimizers[] = {"GradientDescent", "Momentum", "Adagrad", "Adadelta", "Adam",
                                           "RMSProp",         "Ftrl"};
  static const int32_t rows[3] = {2, 0, 2};
  for (size_t k = 0; k < sizeof optimizers / sizeof optimizers[0]; k++) {
    fixture f = begin();
    rn_shape table = {2, 0, {4, 3}}, picked = {2, 0, {3, 3}};
    rn_variable w = rn_variable_create(f.s, "w", rn_zeros(f.s, "zeros", RN_FLOAT, &table), 1);
    rn_value gather[2] = {w.read, rn_scope_ints(f.s, "rows", rows, 3)};
    rn_value y = rn_scope_op(f.s, "Gather", "picked", gather, 2, NULL, 0);
    rn_value loss = rn_squared_error_mean(f.s, "loss", y, rn_fill(f.s, "one", RN_FLOAT, &picked, 1));
    rn_hyper rate = {"learning_rate", 0.5};
    rn_node_id train = rn_minimize(f.s, loss, optimizers[k], &rate, 1, NULL), init = rn_variables_init(f.s, "init");
    ok(rn_scope_take_status(f.s));
    rn_session *session;
    rn_tensor *t = NULL;
    ok(rn_session_create(f.g, NULL, &session));
    ok(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &init, 1));
    for (int i = 0; i < 5; i++) ok(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &train, 1));
    ok(rn_session_run(session, NULL, NULL, 0, &w.read, 1, &t, NULL, 0));
    const float *v = rn_tensor_data(t);
    if (!(v[0] > 0 && v[6] > 0 && v[3] == 0 && v[9] == 0))
      fail_msg("%s: rows are %g %g %g %g", optimizers[k], (double)v[0], (double)v[3], (double)v[6], (double)v[9]);
    rn_tensor_release(t);
    rn_session_destroy(session);
    end(f);
  }
}

static void a_damaged_idx_file_is_named(void **state) {
  (void)state;
  char path[] = "/tmp/runnel-idx-XXXXXX";
  static const uint8_t huge[16] = {0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  static const uint8_t cut[20] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4};
  const struct {
    const uint8_t *data;
    size_t size;
  } bad[] = {{huge, 16}, {cut, 20}, {cut, 7}, {cut + 4, 16}};
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    rn_pictures p;
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, bad[i].data, bad[i].size, 0), bad[i].size);
    rn_status *e = rn_pictures_read(path, path, &p);
    assert_int_equal(rn_status_code(e), RN_DATA_LOSS);
    assert_non_null(strstr(rn_status_message(e), path));
    rn_status_free(e);
  }
  close(fd);
  unlink(path);
}

static void an_epoch_holds_every_picture_once(void **state) {
  (void)state;
  rn_pictures p;
  rn_batches *b = NULL;
  rn_tensor *x = NULL, *y = NULL;
  int seen[10] = {0}, expected[10] = {0};
  ok(rn_digits_draw(3, 100, &p));
  ok(rn_batches_create(&p, 20, 7, &b));
  ok(rn_pictures_tensors(&p, 0, 20, &x, &y));
  for (int i = 0; i < 100; i++) expected[p.labels[i]]++;
  for (int step = 5; step < 10; step++) {
    ok(rn_batches_get(b, step, x, y));
    for (int i = 0; i < 20; i++) seen[((const int32_t *)rn_tensor_data(y))[i]]++;
  }
  assert_memory_equal(seen, expected, sizeof seen);
  rn_tensor_release(x);
  rn_tensor_release(y);
  rn_batches_destroy(b);
  rn_pictures_finish(&p);
}

static void the_same_seed_draws_the_same_digits(void **state) {
  (void)state;
  rn_pictures a, b;
  ok(rn_digits_draw(1, 50, &a));
  ok(rn_digits_draw(1, 50, &b));
  assert_memory_equal(a.pixels, b.pixels, 50 * 28 * 28);
  rn_pictures_finish(&b);
  ok(rn_digits_draw(2, 50, &b));
  assert_memory_not_equal(a.pixels, b.pixels, 50 * 28 * 28);
  rn_pictures_finish(&a);
  rn_pictures_finish(&b);
}

static int open_runtime(void **state) {
  (void)state;
  ok(rn_runtime_create(NULL, &rt));
  return 0;
}
static int close_runtime(void **state) {
  (void)state;
  rn_runtime_destroy(rt);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_error_stays_and_nothing_is_added_after_it),
      cmocka_unit_test(scopes_opened_twice_are_numbered),
      cmocka_unit_test(many_scopes_of_one_name_are_numbered_fast),
      cmocka_unit_test(minimize_inside_a_scope_names_slots_by_their_variable),
      cmocka_unit_test(adam_names_its_nodes_as_tensorflow_does),
      cmocka_unit_test(an_unknown_hyper_parameter_lists_the_known_ones),
      cmocka_unit_test(the_rules_compute_what_their_papers_say),
      cmocka_unit_test(sparse_gradients_train_the_rows_they_touch),
      cmocka_unit_test(a_damaged_idx_file_is_named),
      cmocka_unit_test(an_epoch_holds_every_picture_once),
      cmocka_unit_test(the_same_seed_draws_the_same_digits),
  };
  return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
