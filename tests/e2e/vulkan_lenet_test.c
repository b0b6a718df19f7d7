/* vulkan_lenet_test.c - lab 2's two networks on the Vulkan device follow the CPU (tests/e2e).
 *
 * The graphs of docs/labs/2_mnist.c with dropout and plain descent, on drawn digits: the losses agree within 1e-3 at
 * every step, and a steady step is one submission. A few steps of LeNet; RUNNEL_STEPS=200 for all of them.
 *
 * Both start from the same bits, since random numbers are the same. Rounding then grows with training, as between any
 * two sets of kernels: free runs on MNIST with batches of 100 part by 1e-3 after some hundred steps, the CPU's own
 * reference kernels and OpenBLAS after 106. So free runs are compared for FREE steps only; from then on the CPU
 * starts each step from the device's variables, and what is left is one step's rounding. */
#include <runnel/c/data.h>
#include <stdlib.h>
#include "vulkan.h"

enum { FREE = 40 };

typedef struct lab {
  rn_graph *g;
  rn_scope *s;
  rn_session *session;
  rn_value feeds[3], loss, counts;
  rn_node_id train;
} lab;

static rn_value mlp_scores(rn_scope *s, rn_value x) {
  rn_value h1 = rn_dense(s, "hidden1", x, 128, RN_RELU);
  return rn_dense(s, "softmax_linear", rn_dense(s, "hidden2", h1, 32, RN_RELU), 10, RN_LINEAR);
}
static rn_value lenet_scores(rn_scope *s, rn_value x, rn_value keep) {
  static const int32_t picture[4] = {-1, 28, 28, 1};
  rn_value image = rn_op_reshape(s, x, rn_scope_ints(s, "picture", picture, 4), NULL);
  rn_value c1 = rn_max_pool(s, "pool1", rn_conv2d(s, "conv1", image, 5, 32, "SAME", RN_RELU), 2);
  rn_value c2 = rn_max_pool(s, "pool2", rn_conv2d(s, "conv2", c1, 5, 64, "SAME", RN_RELU), 2);
  rn_value h = rn_dense(s, "fc1", rn_flatten(s, "flatten", c2), 512, RN_RELU);
  return rn_dense(s, "fc2", rn_dropout(s, "dropout", h, keep), 10, RN_LINEAR);
}

static lab open_lab(rn_runtime *rt, const char *device, int lenet) {
  rn_shape xs = {2, 0, {RN_DIM_UNKNOWN, 784}}, ys = {1, 0, {RN_DIM_UNKNOWN}}, scalar = {0, 0, {0}};
  rn_hyper rate = {"learning_rate", 0.01};
  lab n;
  memset(&n, 0, sizeof n);
  must(rn_graph_create(rt, 0, &n.g));
  must(rn_scope_create(n.g, &n.s));
  rn_scope_set_seed(n.s, 1);
  n.feeds[0] = rn_scope_placeholder(n.s, "images", RN_FLOAT, &xs);
  n.feeds[1] = rn_scope_placeholder(n.s, "labels", RN_INT32, &ys);
  n.feeds[2] = rn_scope_placeholder(n.s, "keep", RN_FLOAT, &scalar);
  rn_value scores = lenet ? lenet_scores(n.s, n.feeds[0], n.feeds[2]) : mlp_scores(n.s, n.feeds[0]);
  n.loss = rn_cross_entropy_mean(n.s, "loss", scores, n.feeds[1]);
  rn_variable step = rn_global_step_create(n.s);
  n.train = rn_minimize(n.s, n.loss, "GradientDescent", &rate, 1, &step);
  rn_node_id init = rn_variables_init(n.s, "init");
  must(rn_scope_take_status(n.s));
  n.counts = counts_node(n.g);
  n.session = session_on(n.g, device);
  must(rn_session_run(n.session, NULL, NULL, 0, NULL, 0, NULL, &init, 1));
  return n;
}
static void close_lab(lab *n) {
  rn_session_destroy(n->session);
  rn_scope_destroy(n->s);
  rn_graph_destroy(n->g);
}

/* The CPU goes on from where the device is. */
static void anchor(const lab *host, const lab *gpu) {
  for (uint32_t i = 0; i < rn_variable_count(host->s); i++) {
    const rn_variable to = *rn_variable_get(host->s, i), from = *rn_variable_get(gpu->s, i);
    rn_tensor *t = NULL;
    must(rn_session_run(gpu->session, NULL, NULL, 0, &from.read, 1, &t, NULL, 0));
    rn_feed value = {to.initial_value, t};
    must(rn_session_run(host->session, NULL, &value, 1, NULL, 0, NULL, &to.assign, 1));
    rn_tensor_release(t);
  }
}

static float one_step(lab *n, int lenet, rn_tensor *const data[3]) {
  rn_feed feed[3];
  rn_tensor *out = NULL;
  for (int i = 0; i < 3; i++) feed[i] = (rn_feed){n->feeds[i], data[i]};
  must(rn_session_run(n->session, NULL, feed, lenet ? 3 : 2, &n->loss, 1, &out, &n->train, 1));
  float loss = *(const float *)rn_tensor_data(out);
  rn_tensor_release(out);
  return loss;
}

static void follow(int lenet, int batch, int steps, int steady) {
  rn_pictures digits;
  rn_batches *batches = NULL;
  rn_tensor *data[3];
  rn_shape scalar = {0, 0, {0}};
  float keep = 0.5f, worst = 0, last = 0;
  int64_t before[COUNTS] = {0}, after[COUNTS];
  memset(&digits, 0, sizeof digits);
  must(rn_digits_draw(1, 2000, &digits));
  must(rn_batches_create(&digits, batch, 1, &batches));
  must(rn_pictures_tensors(&digits, 0, batch, &data[0], &data[1]));
  must(rn_tensor_from(RN_FLOAT, &scalar, &keep, &data[2]));
  rn_runtime *rt = runtime(NULL, 0);
  lab host = open_lab(rt, "cpu", lenet), gpu = open_lab(rt, "vulkan", lenet);
  for (int step = 0; step < steps; step++) {
    must(rn_batches_get(batches, step, data[0], data[1]));
    int free_run = !lenet || step < FREE || step >= steps - steady;
    if (!free_run) anchor(&host, &gpu);
    float a = one_step(&host, lenet, data), b = one_step(&gpu, lenet, data);
    if (!(fabsf(a - b) <= (free_run ? 1e-3f : 1e-5f) * (fabsf(a) + 1)))
      fail_msg("step %d: %.7g on the CPU, %.7g on the device", step, (double)a, (double)b);
    if (fabsf(a - b) > worst) worst = fabsf(a - b);
    last = b;
    if (step == steps - steady - 1) read_counts(gpu.session, gpu.counts, before);
  }
  read_counts(gpu.session, gpu.counts, after);
  print_message("%s: %d steps of %d, loss %.4f, largest difference %.2g\n", lenet ? "LeNet" : "MLP", steps, batch,
                (double)last, (double)worst);
  assert_int_equal(after[SUBMISSIONS] - before[SUBMISSIONS], steady);
  assert_int_equal(after[RECORDINGS], before[RECORDINGS]);
  assert_int_equal(after[MESSAGES], 0);
  close_lab(&host);
  close_lab(&gpu);
  rn_runtime_destroy(rt);
  for (int i = 0; i < 3; i++) rn_tensor_release(data[i]);
  rn_batches_destroy(batches);
  rn_pictures_finish(&digits);
}

static void lab_2s_mlp_follows_the_cpu(void **state) {
  (void)state;
  NEEDS_DEVICE;
  follow(0, 100, 200, 20);
}
static void lab_2s_lenet_follows_the_cpu(void **state) {
  (void)state;
  NEEDS_DEVICE;
  const char *steps = getenv("RUNNEL_STEPS");
  follow(1, 10, steps != NULL ? atoi(steps) : 8, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lab_2s_mlp_follows_the_cpu),
      cmocka_unit_test(lab_2s_lenet_follows_the_cpu),
  };
  RUN_VULKAN_TESTS(tests);
}
