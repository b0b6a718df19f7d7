/* 1_linear_regression.c - which line is hidden in these points? (docs/labs)
 *
 * A hundred points lie on y = 0.1 x + 0.3, but the program does not know that. It guesses a line W x + b,
 * measures how wrong it is (the mean of the squared errors) and lets an optimizer move W and b. */
#include <math.h>
#include <stdlib.h>
#include <runnel/ops.h>
#include "lab.h"

#define TRUE_W 0.1f
#define TRUE_B 0.3f

typedef struct line {
  rn_variable w, b;
} line;

/* 1. The graph: inference, then loss. Nothing is computed here. */
static line build(lab_run *r) {
  rn_scope *s = r->scope;
  rn_shape points = {1, 0, {RN_DIM_UNKNOWN}}, one = {1, 0, {1}};
  r->feeds[0] = rn_scope_placeholder(s, "x", RN_FLOAT, &points);
  r->feeds[1] = rn_scope_placeholder(s, "y", RN_FLOAT, &points);
  r->n_feeds = 2;

  line l;
  l.w = rn_variable_create(s, "W", rn_uniform(s, "random_uniform", &one, -1, 1), 1);
  l.b = rn_variable_create(s, "b", rn_zeros(s, "zeros", RN_FLOAT, &one), 1);
  rn_value y = rn_op_add(s, rn_op_mul(s, l.w.read, r->feeds[0], NULL), l.b.read, NULL);

  r->loss = rn_squared_error_mean(s, "loss", y, r->feeds[1]);
  return l;
}

/* 2. The data: points on the line. */
static rn_status *fill(void *arg, int64_t step, rn_tensor **feeds) {
  float *x = rn_tensor_data(feeds[0]), *y = rn_tensor_data(feeds[1]);
  int64_t n = rn_tensor_count(feeds[0]);
  (void)arg;
  if (step > 0 && y[0] > 0) return NULL; /* the same points at every step */
  for (int64_t i = 0; i < n; i++) {
    x[i] = (float)i / (float)n;
    y[i] = TRUE_W * x[i] + TRUE_B;
  }
  return NULL;
}

/* 3. Training, then asking the variables what they have become. */
static rn_status *train(lab_run *r, const line *l, float *out_w, float *out_b) {
  rn_shape points = {1, 0, {r->flags->batch}};
  rn_tensor *feeds[2] = {NULL, NULL}, *found[2] = {NULL, NULL};
  rn_value ask[2] = {l->w.read, l->b.read};
  RN_TRY(lab_start(r));
  rn_status *e = rn_tensor_create(RN_FLOAT, &points, &feeds[0]);
  if (e == NULL) e = rn_tensor_create(RN_FLOAT, &points, &feeds[1]);
  if (e == NULL && !r->flags->evaluate) e = lab_train(r, feeds, fill, NULL);
  if (e == NULL) e = rn_session_run(r->session, NULL, NULL, 0, ask, 2, found, NULL, 0);
  if (e == NULL) {
    *out_w = *(const float *)rn_tensor_data(found[0]);
    *out_b = *(const float *)rn_tensor_data(found[1]);
  }
  for (int i = 0; i < 2; i++) {
    rn_tensor_release(feeds[i]);
    rn_tensor_release(found[i]);
  }
  return e;
}

static rn_status *lab(lab_run *r) {
  float w = 0, b = 0;
  line l = build(r);
  RN_TRY(lab_finish_graph(r));
  if (r->flags->print_graph) return NULL;
  RN_TRY(train(r, &l, &w, &b));
  lab_say(r->flags, "found y = %.4f x + %.4f; hidden was y = %.1f x + %.1f\n", w, b, TRUE_W, TRUE_B);
  if (!r->flags->json) return NULL;
  lab_json_loss(r);
  printf("\"w\": %.9g, \"b\": %.9g, \"step\": %lld, \"steps_per_second\": %.6g}\n", w, b, (long long)r->step,
         r->seconds > 0 ? (double)r->steps_done / r->seconds : 0);
  return NULL;
}

int main(int argc, char **argv) {
  lab_flags f = {
      .optimizer = "GradientDescent", .logdir = "lab1", .steps = 400, .batch = 100, .learning_rate = -1, .seed = 1};
  int go = lab_flags_parse(argc, argv, "Lab 1: finds the line y = 0.1 x + 0.3 hidden in points.", &f);
  if (go != 1) return go == 0 ? 0 : 2;
  if (f.learning_rate < 0) f.learning_rate = 0.5;
  if (f.batch < 1) return lab_report(rn_status_make(RN_INVALID_ARGUMENT, "--batch must be at least 1"));
  lab_run r;
  rn_status *e = lab_open(&f, &r);
  if (e == NULL) e = lab(&r);
  lab_close(&r);
  return lab_report(e);
}
