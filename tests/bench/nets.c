/* nets.c - the two networks that are measured, in training (tests/bench). */
#include "nets.h"
#include <string.h>

net build_mlp(rn_scope *s) {
  net n = {.batch = 100};
  rn_shape images = {.rank = 2, .dim = {RN_DIM_UNKNOWN, 784}}, labels = {.rank = 1, .dim = {RN_DIM_UNKNOWN}};
  n.x = rn_scope_placeholder(s, "x", RN_FLOAT, &images);
  n.y = rn_scope_placeholder(s, "y", RN_INT32, &labels);
  rn_value h = rn_dense(s, "fc1", n.x, 128, RN_RELU);
  rn_value logits = rn_dense(s, "out", rn_dense(s, "fc2", h, 32, RN_RELU), 10, RN_LINEAR);
  n.loss = rn_cross_entropy_mean(s, "loss", logits, n.y);
  return n;
}

net build_lenet(rn_scope *s) {
  net n = {.batch = 50, .has_keep = 1};
  rn_shape images = {.rank = 2, .dim = {RN_DIM_UNKNOWN, 784}}, labels = {.rank = 1, .dim = {RN_DIM_UNKNOWN}};
  static const int32_t picture[] = {-1, 28, 28, 1};
  rn_shape scalar = {0};
  n.x = rn_scope_placeholder(s, "x", RN_FLOAT, &images);
  n.y = rn_scope_placeholder(s, "y", RN_INT32, &labels);
  n.keep = rn_scope_placeholder(s, "keep", RN_FLOAT, &scalar);
  rn_value shape = rn_scope_ints(s, "picture", picture, 4);
  rn_value h = rn_scope_op(s, "Reshape", "pictures", (rn_value[]){n.x, shape}, 2, NULL, 0);
  h = rn_max_pool(s, "pool1", rn_conv2d(s, "conv1", h, 5, 32, "SAME", RN_RELU), 2);
  h = rn_max_pool(s, "pool2", rn_conv2d(s, "conv2", h, 5, 64, "SAME", RN_RELU), 2);
  h = rn_dropout(s, "dropout", rn_dense(s, "fc1", rn_flatten(s, "flat", h), 1024, RN_RELU), n.keep);
  n.loss = rn_cross_entropy_mean(s, "loss", rn_dense(s, "out", h, 10, RN_LINEAR), n.y);
  return n;
}

static rn_status *fill_feeds(training *t) {
  rn_shape xs = {.rank = 2, .dim = {t->n.batch, 784}}, ys = {.rank = 1, .dim = {t->n.batch}}, scalar = {0};
  float half = 0.5f;
  RN_TRY(rn_tensor_create(RN_FLOAT, &xs, &t->feeds[0]));
  RN_TRY(rn_tensor_create(RN_INT32, &ys, &t->feeds[1]));
  RN_TRY(rn_tensor_from(RN_FLOAT, &scalar, &half, &t->feeds[2]));
  RN_TRY(rn_tensor_create(RN_FLOAT, &scalar, &t->loss));
  float *x = rn_tensor_data(t->feeds[0]);
  int32_t *y = rn_tensor_data(t->feeds[1]);
  uint32_t state = 1;
  for (int64_t i = 0; i < t->n.batch * 784; i++) {
    state = state * 1664525u + 1013904223u;
    x[i] = (float)(state >> 8) / (float)(1 << 24);
  }
  for (int64_t i = 0; i < t->n.batch; i++) y[i] = (int32_t)(i % 10);
  return NULL;
}

rn_status *training_begin(rn_scope *s, net (*build)(rn_scope *s), const char *device, training *t) {
  memset(t, 0, sizeof *t);
  rn_scope_set_seed(s, 1);
  t->n = build(s);
  rn_hyper rate = {"learning_rate", 0.01};
  t->n.train = rn_minimize(s, t->n.loss, "GradientDescent", &rate, 1, NULL);
  t->n.init = rn_variables_init(s, "init");
  RN_TRY(rn_scope_take_status(s));
  rn_session_options options = {.struct_size = (uint32_t)sizeof options, .device = device};
  RN_TRY(rn_session_create(rn_scope_graph(s), &options, &t->session));
  RN_TRY(rn_session_run(t->session, NULL, NULL, 0, NULL, 0, NULL, &t->n.init, 1));
  RN_TRY(fill_feeds(t));
  rn_value feeds[3] = {t->n.x, t->n.y, t->n.keep};
  return rn_session_prepare(t->session, feeds, t->n.has_keep ? 3 : 2, &t->n.loss, 1, &t->n.train, 1, &t->step);
}

void training_end(training *t) {
  rn_step_destroy(t->step);
  rn_session_destroy(t->session);
  for (int i = 0; i < 3; i++) rn_tensor_release(t->feeds[i]);
  rn_tensor_release(t->loss);
}
