/* mnist_curves_test.c - the talk's network follows real TensorFlow step by step (tests/e2e).
 *
 * tests/oracle/mnist_curves.py wrote the losses; both seeds of every random op and the batches are the
 * same here, so the first loss is the same number and the hundredth still a close one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <runnel/c/data.h>
#include <runnel/c/train.h>

#define STEPS 100
#define BATCH 100
#define HELD_BACK 5000

static rn_runtime *rt;
static rn_pictures all, train;
static uint16_t batches[STEPS][BATCH];
static char why_not[512]; /* why the data cannot be had, "" when it can */

static void ok(rn_status *s) {
  if (s != NULL) fail_msg("%s", rn_status_message(s));
}

static FILE *open_data(const char *name) {
  char path[4096];
  const char *source = getenv("RUNNEL_SOURCE");
  snprintf(path, sizeof path, "%s/tests/data/%s", source ? source : ".", name);
  FILE *f = fopen(path, "rb");
  if (f == NULL) fail_msg("%s cannot be opened", path);
  return f;
}

/* The curve of one optimizer, steps from 1. */
static void read_curve(const char *optimizer, double *loss) {
  char line[256], name[64];
  int step, found = 0;
  double value;
  FILE *f = open_data("mnist_curves.txt");
  while (fgets(line, sizeof line, f)) {
    if (sscanf(line, "%63s %d %lf", name, &step, &value) != 3 || strcmp(name, optimizer) != 0) continue;
    assert_in_range(step, 1, STEPS);
    loss[step - 1] = value;
    found++;
  }
  fclose(f);
  assert_int_equal(found, STEPS);
}

static rn_value two(rn_scope *s, const char *op, rn_value a, rn_value b) {
  rn_value in[2] = {a, b};
  return rn_scope_op(s, op, NULL, in, 2, NULL, 0);
}

/* weights = TruncatedNormal(seed 42, seed2 = layer) / sqrt(inputs), biases 0 */
static rn_value layer(rn_scope *s, int number, rn_value x, int32_t n_in, int32_t n_out) {
  int32_t dims[2] = {n_in, n_out};
  rn_shape units = {1, 0, {n_out}};
  rn_value shape = rn_scope_ints(s, NULL, dims, 2);
  rn_attr attrs[3] = {RN_AT("dtype", RN_FLOAT), RN_AI("seed", 42), RN_AI("seed2", number)};
  rn_value start = rn_scope_op(s, "TruncatedNormal", NULL, &shape, 1, attrs, 3);
  start = two(s, "Mul", start, rn_scope_scalar(s, NULL, RN_FLOAT, 1 / sqrt(n_in)));
  rn_variable w = rn_variable_create(s, "weights", start, 1);
  rn_variable b = rn_variable_create(s, "biases", rn_zeros(s, "zeros", RN_FLOAT, &units), 1);
  return two(s, "Add", two(s, "MatMul", x, w.read), b.read);
}

static rn_value network(rn_scope *s, rn_value x) {
  static const int32_t size[4] = {784, 128, 32, 10};
  for (int i = 1; i <= 3; i++) {
    x = layer(s, i, x, size[i - 1], size[i]);
    if (i < 3) x = rn_scope_op(s, "Relu", NULL, &x, 1, NULL, 0);
  }
  return x;
}

static void fill(int step, rn_tensor **feeds) {
  float *x = rn_tensor_data(feeds[0]);
  int32_t *y = rn_tensor_data(feeds[1]);
  for (int i = 0; i < BATCH; i++) {
    const uint8_t *picture = train.pixels + (int64_t)batches[step][i] * 784;
    for (int k = 0; k < 784; k++) x[i * 784 + k] = (float)picture[k] / 255;
    y[i] = train.labels[batches[step][i]];
  }
}

/* The losses of 100 steps. */
static void run(const char *optimizer, const rn_hyper *h, uint32_t n, double *loss) {
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  rn_session *session = NULL;
  rn_step *step = NULL;
  rn_tensor *feeds[2] = {NULL, NULL}, *out = NULL;
  rn_shape x_shape = {2, 0, {BATCH, 784}}, y_shape = {1, 0, {BATCH}};
  ok(rn_graph_create(rt, 0, &g));
  ok(rn_scope_create(g, &s));
  rn_value in[2] = {rn_scope_placeholder(s, "x", RN_FLOAT, &x_shape), rn_scope_placeholder(s, "y", RN_INT32, &y_shape)};
  rn_value mean = rn_cross_entropy_mean(s, "loss", network(s, in[0]), in[1]);
  rn_node_id move = rn_minimize(s, mean, optimizer, h, n, NULL), init = rn_variables_init(s, "init");
  ok(rn_scope_take_status(s));
  ok(rn_session_create(g, NULL, &session));
  ok(rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &init, 1));
  ok(rn_session_prepare(session, in, 2, &mean, 1, &move, 1, &step));
  ok(rn_tensor_create(RN_FLOAT, &x_shape, &feeds[0]));
  ok(rn_tensor_create(RN_INT32, &y_shape, &feeds[1]));
  for (int i = 0; i < STEPS; i++) {
    fill(i, feeds);
    ok(rn_step_run(step, NULL, feeds, &out));
    loss[i] = *(const float *)rn_tensor_data(out);
  }
  rn_tensor_release(out);
  rn_tensor_release(feeds[0]);
  rn_tensor_release(feeds[1]);
  rn_step_destroy(step);
  rn_session_destroy(session);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
}

static void follow(const char *optimizer, const rn_hyper *h, uint32_t n) {
  double theirs[STEPS], ours[STEPS], again[STEPS];
  if (why_not[0]) {
    print_message("skipped: %s\n", why_not);
    skip();
  }
  read_curve(optimizer, theirs);
  run(optimizer, h, n, ours);
  print_message("%s: step 1 differs by %.2g, step 100 by %.2g\n", optimizer, fabs(ours[0] - theirs[0]),
                fabs(ours[STEPS - 1] - theirs[STEPS - 1]));
  if (!(fabs(ours[0] - theirs[0]) <= 1e-5)) fail_msg("step 1: %.9g, TensorFlow %.9g", ours[0], theirs[0]);
  for (int i = 1; i < STEPS; i++)
    if (!(fabs(ours[i] - theirs[i]) <= 1e-3)) fail_msg("step %d: %.9g, TensorFlow %.9g", i + 1, ours[i], theirs[i]);
  run(optimizer, h, n, again);
  assert_memory_equal(ours, again, sizeof ours);
}

static void gradient_descent_follows_tensorflow(void **state) {
  (void)state;
  rn_hyper h[] = {{"learning_rate", 0.1}};
  follow("GradientDescent", h, 1);
}
static void momentum_follows_tensorflow(void **state) {
  (void)state;
  rn_hyper h[] = {{"learning_rate", 0.05}, {"momentum", 0.9}};
  follow("Momentum", h, 2);
}
static void adam_follows_tensorflow(void **state) {
  (void)state;
  rn_hyper h[] = {{"learning_rate", 0.001}};
  follow("Adam", h, 1);
}

static int open_all(void **state) {
  char folder[4096];
  const char *data = getenv("RUNNEL_DATA");
  (void)state;
  snprintf(folder, sizeof folder, "%s/mnist", data ? data : "../shared/data");
  rn_status *e = rn_mnist_read(folder, "train", &all);
  if (e != NULL) {
    snprintf(why_not, sizeof why_not, "%s", rn_status_message(e));
    rn_status_free(e);
    return 0;
  }
  train = rn_pictures_part(&all, HELD_BACK, all.count - HELD_BACK);
  FILE *f = open_data("mnist_batches.u16"); /* little-endian */
  for (int i = 0; i < STEPS * BATCH; i++) {
    int low = fgetc(f), high = fgetc(f);
    batches[i / BATCH][i % BATCH] = (uint16_t)((high << 8) | low);
    if (high < 0 || batches[i / BATCH][i % BATCH] >= train.count) return -1;
  }
  fclose(f);
  return rn_runtime_create(NULL, &rt) != NULL;
}
static int close_all(void **state) {
  (void)state;
  rn_runtime_destroy(rt);
  rn_pictures_finish(&all);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradient_descent_follows_tensorflow),
      cmocka_unit_test(momentum_follows_tensorflow),
      cmocka_unit_test(adam_follows_tensorflow),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
