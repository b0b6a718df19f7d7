/* vulkan_training_test.c - training on the Vulkan device follows the CPU, in one submission a step (tests/e2e). */
#include "vulkan.h"

static void follows_the_cpu_for_200_steps(void **state) {
  (void)state;
  NEEDS_DEVICE;
  rn_runtime *rt = runtime(NULL, 0);
  mlp host = build_mlp(rt, "cpu", 20), gpu = build_mlp(rt, "vulkan", 20);
  float a = 0, b = 0, first = 0;
  for (int step = 0; step < 200; step++) {
    must(train(&host, 20, step, &a));
    must(train(&gpu, 20, step, &b));
    if (step == 0) first = a;
    assert_true(fabsf(a - b) <= 1e-3f * (fabsf(a) + 1));
  }
  assert_true(b < 0.5f * first);
  drop_mlp(&host);
  drop_mlp(&gpu);
  rn_runtime_destroy(rt);
}

static void a_steady_step_is_one_submission_and_nothing_grows(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const ways[] = {"plugin.vulkan.unified=true", "plugin.vulkan.unified=false"};
  for (int w = 0; w < 2; w++) {
    rn_runtime *rt = runtime(&ways[w], 1);
    mlp m = build_mlp(rt, "vulkan", 20);
    int64_t before[COUNTS], after[COUNTS];
    float loss = 0;
    for (int step = 0; step < 5; step++) must(train(&m, 20, step, &loss));
    read_counts(m.s, m.counts, before);
    for (int step = 0; step < 50; step++) must(train(&m, 20, step, &loss));
    read_counts(m.s, m.counts, after);
    assert_int_equal(after[SUBMISSIONS] - before[SUBMISSIONS], 50);
    assert_int_equal(after[REPLAYS] - before[REPLAYS], 50);
    assert_int_equal(after[RECORDINGS], before[RECORDINGS]);
    assert_int_equal(after[PIPELINES], before[PIPELINES]);
    assert_int_equal(after[RESERVED], before[RESERVED]);
    assert_int_equal(after[MESSAGES], 0);
    drop_mlp(&m);
    rn_runtime_destroy(rt);
  }
}

static void a_graph_split_by_rules_gives_the_same(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const rules[] = {"place.op:Relu=cpu", "place.op:SparseSoftmax*=cpu"};
  rn_runtime *rt = runtime(rules, 2);
  mlp host = build_mlp(rt, "cpu", 20), split = build_mlp(rt, "vulkan", 20);
  float a = 0, b = 0;
  for (int step = 0; step < 20; step++) {
    must(train(&host, 20, step, &a));
    must(train(&split, 20, step, &b));
    assert_true(fabsf(a - b) <= 1e-3f * (fabsf(a) + 1));
  }
  drop_mlp(&host);
  drop_mlp(&split);
  rn_runtime_destroy(rt);
}

static void *train_alone(void *arg) {
  rn_runtime *rt = arg;
  mlp m = build_mlp(rt, "vulkan", 20);
  float *loss = malloc(sizeof *loss);
  for (int step = 0; step < 60; step++) must(train(&m, 20, step, loss));
  drop_mlp(&m);
  return loss;
}
static void threads_share_a_device(void **state) {
  (void)state;
  NEEDS_DEVICE;
  enum { THREADS = 3 };
  rn_runtime *rt = runtime(NULL, 0);
  pthread_t thread[THREADS];
  void *loss[THREADS];
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&thread[i], NULL, train_alone, rt), 0);
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(thread[i], &loss[i]), 0);
  for (int i = 1; i < THREADS; i++) assert_memory_equal(loss[0], loss[i], sizeof(float)); /* to the bit */
  for (int i = 0; i < THREADS; i++) free(loss[i]);
  rn_runtime_destroy(rt);
}

/* Convolutions, pools, dropout and Adam as the front end builds them: all of it on the device. */
typedef struct net {
  rn_graph *g;
  rn_scope *s;
  rn_session *session;
  rn_value x, labels, loss, counts;
  rn_node_id train;
  rn_saver *saver;
} net;
static net build_net(rn_runtime *rt, const char *device, double keep) {
  static const int32_t picture[4] = {-1, 12, 12, 1};
  rn_shape xs = {2, 0, {RN_DIM_UNKNOWN, 144}}, ls = {1, 0, {RN_DIM_UNKNOWN}};
  rn_hyper rate = {"learning_rate", 0.002};
  net n;
  memset(&n, 0, sizeof n);
  must(rn_graph_create(rt, 0, &n.g));
  must(rn_scope_create(n.g, &n.s));
  rn_scope *s = n.s;
  rn_scope_set_seed(s, 3);
  n.x = rn_scope_placeholder(s, "images", RN_FLOAT, &xs);
  n.labels = rn_scope_placeholder(s, "labels", RN_INT32, &ls);
  rn_value image = rn_op_reshape(s, n.x, rn_scope_ints(s, "picture", picture, 4), NULL);
  rn_value c1 = rn_max_pool(s, "pool1", rn_conv2d(s, "conv1", image, 3, 4, "SAME", RN_RELU), 2);
  rn_value c2 = rn_max_pool(s, "pool2", rn_conv2d(s, "conv2", c1, 3, 8, "SAME", RN_RELU), 2);
  rn_value h = rn_dense(s, "fc1", rn_flatten(s, "flatten", c2), 16, RN_RELU);
  rn_value kept = rn_dropout(s, "dropout", h, rn_scope_scalar(s, "keep", RN_FLOAT, keep));
  n.loss = rn_cross_entropy_mean(s, "loss", rn_dense(s, "fc2", kept, 4, RN_LINEAR), n.labels);
  rn_variable step = rn_global_step_create(s);
  n.train = rn_minimize(s, n.loss, "Adam", &rate, 1, &step);
  rn_node_id init = rn_variables_init(s, "init");
  must(rn_scope_take_status(s));
  must(rn_saver_create(s, 2, &n.saver));
  n.counts = counts_node(n.g);
  n.session = session_on(n.g, device);
  must(rn_session_run(n.session, NULL, NULL, 0, NULL, 0, NULL, &init, 1));
  return n;
}
static rn_status *try_net(net *n, int step, float *loss) {
  enum { BATCH = 5 };
  rn_shape xs = dims(2, BATCH, 144), ls = dims(1, BATCH, 0);
  rn_tensor *x = NULL, *labels = NULL, *out = NULL;
  must(rn_tensor_create(RN_FLOAT, &xs, &x));
  must(rn_tensor_create(RN_INT32, &ls, &labels));
  for (int64_t i = 0; i < BATCH; i++) {
    int32_t label = (int32_t)((i * 3 + step) % 4);
    ((int32_t *)rn_tensor_data(labels))[i] = label;
    for (int64_t k = 0; k < 144; k++)
      ((float *)rn_tensor_data(x))[i * 144 + k] = sinf((float)(k % 12) * (float)(label + 1) * 0.5f + (float)(k / 12));
  }
  rn_feed feeds[2] = {{n->x, x}, {n->labels, labels}};
  rn_status *failed = rn_session_run(n->session, NULL, feeds, 2, &n->loss, 1, &out, &n->train, 1);
  if (failed == NULL) *loss = *(const float *)rn_tensor_data(out);
  rn_tensor_release(out);
  rn_tensor_release(x);
  rn_tensor_release(labels);
  return failed;
}
static float train_net(net *n, int step) {
  float loss = 0;
  must(try_net(n, step, &loss));
  return loss;
}
static void drop_net(net *n) {
  rn_saver_destroy(n->saver);
  rn_session_destroy(n->session);
  rn_scope_destroy(n->s);
  rn_graph_destroy(n->g);
}
static void a_convolutional_net_follows_too_in_one_submission_a_step(void **state) {
  (void)state;
  NEEDS_DEVICE;
  int64_t before[COUNTS], after[COUNTS];
  rn_runtime *rt = runtime(NULL, 0);
  net host = build_net(rt, "cpu", 0.7), gpu = build_net(rt, "vulkan", 0.7);
  for (int step = 0; step < 40; step++) {
    float a = train_net(&host, step), b = train_net(&gpu, step);
    if (!(fabsf(a - b) <= 1e-3f * (fabsf(a) + 1)))
      fail_msg("step %d: %.7g on the CPU, %.7g on the device", step, (double)a, (double)b);
    if (step == 29) read_counts(gpu.session, gpu.counts, before);
  }
  read_counts(gpu.session, gpu.counts, after);
  assert_int_equal(after[SUBMISSIONS] - before[SUBMISSIONS], 10);
  assert_int_equal(after[RECORDINGS], before[RECORDINGS]);
  assert_int_equal(after[RESERVED], before[RESERVED]);
  assert_int_equal(after[MESSAGES], 0);
  drop_net(&host);
  drop_net(&gpu);
  rn_runtime_destroy(rt);
}

/* Saves every five steps until the device is lost; the CPU goes on from there as if nothing had been. */
static void a_lost_devices_variables_come_back_from_the_checkpoint(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const lose = "plugin.vulkan.lose_after=150";
  char folder[] = "/tmp/runnel_vulkan_XXXXXX", text[256], *checkpoint = NULL;
  float loss = 0;
  assert_non_null(mkdtemp(folder));
  snprintf(text, sizeof text, "%s/model", folder);
  rn_runtime *rt = runtime(&lose, 1);
  net n = build_net(rt, "vulkan", 1);
  rn_status *s = NULL;
  int step = 0, saved = 0;
  for (; step < 100 && s == NULL; step++) {
    s = try_net(&n, step, &loss);
    if (s != NULL || step % 5 != 4) continue;
    s = rn_saver_save(n.saver, n.session, text, step + 1);
    if (s == NULL) saved = step + 1;
  }
  assert_status(s, RN_UNAVAILABLE, "lost", NULL);
  assert_true(saved > 0);
  drop_net(&n);
  rn_runtime_destroy(rt);
  rt = runtime(NULL, 0);
  net again = build_net(rt, "cpu", 1), whole = build_net(rt, "cpu", 1);
  must(rn_latest_checkpoint(folder, &checkpoint));
  must(rn_saver_restore(again.saver, again.session, checkpoint));
  for (step = 0; step < saved; step++) (void)train_net(&whole, step);
  for (; step < saved + 10; step++) {
    float a = train_net(&whole, step), b = train_net(&again, step);
    if (!(fabsf(a - b) <= 1e-3f * (fabsf(a) + 1)))
      fail_msg("step %d: %.7g without a break, %.7g restored", step, (double)a, (double)b);
  }
  drop_net(&again);
  drop_net(&whole);
  free(checkpoint);
  rn_runtime_destroy(rt);
  snprintf(text, sizeof text, "rm -r %s", folder);
  assert_int_equal(system(text), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(follows_the_cpu_for_200_steps),
      cmocka_unit_test(a_steady_step_is_one_submission_and_nothing_grows),
      cmocka_unit_test(a_graph_split_by_rules_gives_the_same),
      cmocka_unit_test(threads_share_a_device),
      cmocka_unit_test(a_convolutional_net_follows_too_in_one_submission_a_step),
      cmocka_unit_test(a_lost_devices_variables_come_back_from_the_checkpoint),
  };
  RUN_VULKAN_TESTS(tests);
}
