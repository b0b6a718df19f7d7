/* 2_mnist.c - a network learns handwritten digits (docs/labs).
 *
 * 784 pixels -> 128 -> 32 -> 10 scores, Relu or another --activation between, trained on the mean cross entropy;
 * --model lenet is the convolutional one. Without --data the program draws its own digits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <runnel/ops.h>
#include "lab.h"

#define VALIDATION 5000
#define EVAL_BATCH 500

typedef struct model {
  rn_value logits, right; /* how many of a batch are right: float scalar */
} model;
typedef struct data {
  rn_pictures all, test, train, validation; /* train and validation are parts of all */
} data;

/* 1. The data. */
static rn_status *load(const lab_flags *f, data *d) {
  memset(d, 0, sizeof *d);
  int64_t held_back = VALIDATION;
  if (f->data) {
    RN_TRY(rn_mnist_read(f->data, "train", &d->all));
    RN_TRY(rn_mnist_read(f->data, "t10k", &d->test));
  } else {
    held_back = 1000;
    RN_TRY(rn_digits_draw(1, 13000, &d->all));
    RN_TRY(rn_digits_draw(2, 2000, &d->test));
  }
  if (d->all.height != 28 || d->all.width != 28 || d->test.height != 28 || d->test.width != 28 ||
      d->all.count <= held_back)
    return rn_status_make(RN_DATA_LOSS, "--data: expected more than %lld pictures of 28 x 28", (long long)held_back);
  d->validation = rn_pictures_part(&d->all, 0, held_back);
  d->train = rn_pictures_part(&d->all, held_back, d->all.count - held_back);
  return NULL;
}

/* 2. The inference graph: pixels to one score per digit. "hidden1/Relu" is whatever --activation says. */
static rn_value activate(const lab_run *r, const char *layer, rn_value x) {
  char name[128];
  const char *op = r->flags->activation;
  snprintf(name, sizeof name, "%s/%s", layer, op);
  return rn_scope_op(r->scope, op, name, &x, 1, NULL, 0);
}

static rn_value mlp(const lab_run *r, rn_value x) {
  rn_scope *s = r->scope;
  rn_value h1 = activate(r, "hidden1", rn_dense(s, "hidden1", x, 128, RN_LINEAR));
  rn_value h2 = activate(r, "hidden2", rn_dense(s, "hidden2", h1, 32, RN_LINEAR));
  return rn_dense(s, "softmax_linear", h2, 10, RN_LINEAR);
}

static rn_value conv(const lab_run *r, const char *name, rn_value x, int64_t filters) {
  return activate(r, name, rn_conv2d(r->scope, name, x, 5, filters, "SAME", RN_LINEAR));
}

static rn_value lenet(const lab_run *r, rn_value x, rn_value keep) {
  rn_scope *s = r->scope;
  static const int32_t picture[4] = {-1, 28, 28, 1};
  rn_value image = rn_op_reshape(s, x, rn_scope_ints(s, "picture", picture, 4), NULL);
  rn_value c1 = rn_max_pool(s, "pool1", conv(r, "conv1", image, 32), 2);
  rn_value c2 = rn_max_pool(s, "pool2", conv(r, "conv2", c1, 64), 2);
  rn_value h = activate(r, "fc1", rn_dense(s, "fc1", rn_flatten(s, "flatten", c2), 512, RN_LINEAR));
  return rn_dense(s, "fc2", rn_dropout(s, "dropout", h, keep), 10, RN_LINEAR);
}

/* 3. Loss, and how many answers are right. */
static rn_status *build(lab_run *r, model *m) {
  rn_scope *s = r->scope;
  rn_shape x_shape = {2, 0, {RN_DIM_UNKNOWN, 784}}, y_shape = {1, 0, {RN_DIM_UNKNOWN}}, scalar = {0, 0, {0}};
  r->feeds[0] = rn_scope_placeholder(s, "images", RN_FLOAT, &x_shape);
  r->feeds[1] = rn_scope_placeholder(s, "labels", RN_INT32, &y_shape);
  r->n_feeds = 2;
  static const int32_t picture[4] = {-1, 28, 28, 1};
  rn_scope_enter(s, "digits");
  rn_summary_image(s, "batch", rn_op_reshape(s, r->feeds[0], rn_scope_ints(s, "picture", picture, 4), NULL), 3);
  rn_scope_leave(s);
  if (strcmp(r->flags->model, "mlp") == 0) {
    m->logits = mlp(r, r->feeds[0]);
  } else if (strcmp(r->flags->model, "lenet") == 0) {
    r->feeds[2] = rn_scope_placeholder(s, "keep", RN_FLOAT, &scalar);
    r->n_feeds = 3;
    m->logits = lenet(r, r->feeds[0], r->feeds[2]);
  } else {
    return rn_status_make(RN_INVALID_ARGUMENT, "--model: '%s' is neither mlp nor lenet", r->flags->model);
  }
  rn_collection_add(s, "logits", m->logits);
  r->loss = rn_cross_entropy_mean(s, "loss", m->logits, r->feeds[1]);
  rn_scope_enter(s, "accuracy");
  rn_value right = rn_op_in_top_k(s, m->logits, r->feeds[1], 1, NULL);
  static const int32_t axis = 0;
  rn_value as_number = rn_op_cast(s, right, RN_FLOAT, NULL);
  m->right = rn_op_sum(s, as_number, rn_scope_ints(s, "Const", &axis, 1), NULL);
  rn_scope_leave(s);
  return lab_finish_graph(r);
}

/* 4. Evaluation: on all pictures of a set, and on one to look at. */
static rn_status *feed_keep(const lab_run *r, float value, rn_tensor **out) {
  rn_shape scalar = {0, 0, {0}};
  *out = NULL;
  return r->n_feeds == 3 ? rn_tensor_from(RN_FLOAT, &scalar, &value, out) : NULL;
}

static rn_status *run_on(lab_run *r, const rn_pictures *p, int64_t first, int64_t n, rn_value fetch, rn_tensor **out) {
  rn_feed feed[3];
  rn_tensor *x = NULL, *y = NULL, *keep = NULL;
  RN_TRY(rn_pictures_tensors(p, first, n, &x, &y));
  rn_status *e = feed_keep(r, 1, &keep);
  feed[0] = (rn_feed){r->feeds[0], x};
  feed[1] = (rn_feed){r->feeds[1], y};
  feed[2] = (rn_feed){r->feeds[2], keep};
  if (e == NULL) e = rn_session_run(r->session, NULL, feed, r->n_feeds, &fetch, 1, out, NULL, 0);
  rn_tensor_release(x);
  rn_tensor_release(y);
  rn_tensor_release(keep);
  return e;
}

static rn_status *accuracy(lab_run *r, const model *m, const rn_pictures *p, double *out) {
  double right = 0;
  for (int64_t i = 0; i < p->count; i += EVAL_BATCH) {
    rn_tensor *t = NULL;
    RN_TRY(run_on(r, p, i, p->count - i < EVAL_BATCH ? p->count - i : EVAL_BATCH, m->right, &t));
    right += lab_number(t);
    rn_tensor_release(t);
  }
  *out = right / (double)p->count;
  return NULL;
}

static rn_status *show_one(lab_run *r, const model *m, const rn_pictures *p) {
  int64_t which = r->step % p->count;
  int guess = 0;
  rn_tensor *t = NULL;
  if (r->flags->json) return NULL;
  RN_TRY(run_on(r, p, which, 1, m->logits, &t));
  const float *score = rn_tensor_data(t);
  for (int i = 1; i < 10; i++)
    if (score[i] > score[guess]) guess = i;
  lab_draw(p->pixels + which * p->height * p->width, p->height, p->width);
  printf("truth %d, prediction %d\n", p->labels[which], guess);
  rn_tensor_release(t);
  return NULL;
}

typedef struct result {
  double validation, test;
} result;
static rn_status *evaluate(lab_run *r, const model *m, const data *d, result *out) {
  RN_TRY(show_one(r, m, &d->test));
  RN_TRY(accuracy(r, m, &d->validation, &out->validation));
  RN_TRY(accuracy(r, m, &d->test, &out->test));
  RN_TRY(lab_note(r, "accuracy/validation", out->validation));
  RN_TRY(lab_note(r, "accuracy/test", out->test));
  lab_say(r->flags, "step %lld: validation accuracy %.2f %%, test accuracy %.2f %%\n", (long long)r->step,
          100 * out->validation, 100 * out->test);
  return NULL;
}

/* 5. Beside a running training: every new checkpoint, and which was the best. */
static rn_status *follow(lab_run *r, const model *m, const data *d) {
  char *seen = strdup(""), *best = strdup("none");
  double best_accuracy = -1;
  rn_status *e = seen && best ? NULL : rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  while (e == NULL && !lab_interrupted() && r->step < r->flags->steps) {
    char *newest = NULL;
    e = rn_latest_checkpoint(r->flags->follow, &newest);
    if (e != NULL || newest == NULL || strcmp(newest, seen) == 0) {
      free(newest);
      usleep(200000);
      continue;
    }
    result now = {0, 0};
    rn_status *gone = rn_saver_restore(r->saver, r->session, newest);
    if (rn_status_code(gone) == RN_NOT_FOUND) { /* removed by the training meanwhile */
      rn_status_free(gone);
      free(newest);
      continue;
    }
    const char *dash = strrchr(newest, '-');
    r->step = dash ? strtoll(dash + 1, NULL, 10) : r->step;
    e = gone ? gone : evaluate(r, m, d, &now);
    free(seen);
    seen = newest;
    if (e == NULL && now.validation > best_accuracy) {
      best_accuracy = now.validation;
      free(best);
      best = strdup(newest);
    }
    if (e == NULL) lab_say(r->flags, "best so far: %s (%.2f %%)\n", best ? best : "", 100 * best_accuracy);
  }
  if (e == NULL && r->flags->json)
    printf("{\"best_checkpoint\": \"%s\", \"validation_accuracy\": %.6f}\n", best ? best : "", best_accuracy);
  free(seen);
  free(best);
  return e;
}

/* 6. Training. */
static rn_status *next_batch(void *arg, int64_t step, rn_tensor **feeds) {
  return rn_batches_get(arg, step, feeds[0], feeds[1]);
}

static rn_status *train(lab_run *r, const data *d) {
  rn_tensor *feeds[3] = {NULL, NULL, NULL};
  rn_batches *batches = NULL;
  RN_TRY(rn_batches_create(&d->train, r->flags->batch, (uint64_t)r->flags->seed, &batches));
  rn_status *e = rn_pictures_tensors(&d->train, 0, r->flags->batch, &feeds[0], &feeds[1]);
  if (e == NULL) e = feed_keep(r, 0.5f, &feeds[2]);
  if (e == NULL) e = lab_train(r, feeds, next_batch, batches);
  for (int i = 0; i < 3; i++) rn_tensor_release(feeds[i]);
  rn_batches_destroy(batches);
  return e;
}

static rn_status *lab(lab_run *r, data *d) {
  model m;
  result end = {0, 0};
  RN_TRY(build(r, &m));
  if (r->flags->print_graph) return NULL;
  RN_TRY(load(r->flags, d));
  if (r->flags->follow) return follow(r, &m, d);
  RN_TRY(lab_start(r));
  if (!r->flags->evaluate) RN_TRY(train(r, d));
  if (r->stopped) return NULL;
  RN_TRY(evaluate(r, &m, d, &end));
  if (!r->flags->json) return NULL;
  lab_json_loss(r);
  printf("\"validation_accuracy\": %.6f, \"test_accuracy\": %.6f, \"steps_per_second\": %.6g, \"step\": %lld}\n",
         end.validation, end.test, r->seconds > 0 ? (double)r->steps_done / r->seconds : 0, (long long)r->step);
  return NULL;
}

int main(int argc, char **argv) {
  lab_flags f = {.optimizer = "GradientDescent",
                 .logdir = "lab2",
                 .model = "mlp",
                 .activation = "Relu",
                 .steps = 2000,
                 .batch = 100,
                 .save_every = 500,
                 .learning_rate = -1,
                 .seed = 1};
  int go = lab_flags_parse(argc, argv, "Lab 2: a network learns handwritten digits.", &f);
  if (go != 1) return go == 0 ? 0 : 2;
  if (f.learning_rate < 0) f.learning_rate = strcmp(f.optimizer, "Adam") == 0 ? 0.001 : 0.01;
  lab_run r;
  data d;
  memset(&d, 0, sizeof d);
  rn_status *e = lab_open(&f, &r);
  if (e == NULL) e = lab(&r, &d);
  lab_close(&r);
  rn_pictures_finish(&d.all);
  rn_pictures_finish(&d.test);
  return lab_report(e);
}
