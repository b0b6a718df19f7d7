/* softmax.c - Softmax, LogSoftmax and the cross entropies (plugins/cpu).
 *
 * By rows: softmax y = exp(x - max x) / sum exp(x - max x). Cross entropy gives the loss
 * sum -t log softmax(x) and its gradient softmax(x) - t in one pass. */
#include "elementwise_ops.h"
#include "recast.h"
#include <math.h>

enum { SOFTMAX, LOG_SOFTMAX, DENSE_LOSS, SPARSE_LOSS };
typedef struct rows {
  int what;
  rn_dtype dt;
  int64_t d;
  const char *x;
  const rn_tensor_view *target; /* losses */
  char *y, *loss;               /* y: softmax, or the gradient */
  int64_t target_step, x_step;  /* 0: one row for all */
} rows;
static void row_f32(const rows *j, int64_t r) {
  const cpu_loops *l = cpu_loops_now();
  const float *x = (const float *)(const void *)j->x + r * j->x_step;
  float *y = (float *)(void *)j->y + r * j->d;
  int64_t d = j->d;
  float top = l->max_f32(x, d), sum = 0, loss = 0, norm;
  int64_t label = j->what == SPARSE_LOSS ? cpu_int_at(j->target, r) : 0;
  float at_label = j->what == SPARSE_LOSS && label >= 0 && label < d ? x[label] : NAN;
  const float *t = j->what == DENSE_LOSS ? (const float *)j->target->data + r * j->target_step : NULL;
  if (j->what == LOG_SOFTMAX) {
    for (int64_t i = 0; i < d; i++) sum += expf(x[i] - top);
    norm = top + logf(sum);
    for (int64_t i = 0; i < d; i++) y[i] = x[i] - norm;
    return;
  }
  if (t) /* before y, which may be x, is written: loss = sum t (top + log sum - x) */
    for (int64_t i = 0; i < d; i++)
      if (t[i] != 0) loss += t[i] * (top - x[i]);
  float mass = 0;
  for (int64_t i = 0; i < d && t; i++) mass += t[i];
  sum = l->exp_sum_f32(x, top, y, d);
  l->scale_f32(y, 1 / sum, d);
  norm = logf(sum);
  if (t) {
    ((float *)(void *)j->loss)[r] = loss + mass * norm;
    for (int64_t i = 0; i < d; i++) y[i] -= t[i];
  } else if (j->what == SPARSE_LOSS) {
    ((float *)(void *)j->loss)[r] = top + norm - at_label;
    y[label] -= 1;
  }
}
static void row_f64(const rows *j, int64_t r) {
  const double *x = (const double *)(const void *)j->x + r * j->x_step;
  double *y = (double *)(void *)j->y + r * j->d, top = -INFINITY, sum = 0, loss = 0, mass = 0;
  int64_t d = j->d, label = j->what == SPARSE_LOSS ? cpu_int_at(j->target, r) : 0;
  double at_label = j->what == SPARSE_LOSS ? x[label] : 0;
  const double *t = j->what == DENSE_LOSS ? (const double *)j->target->data + r * j->target_step : NULL;
  for (int64_t i = 0; i < d; i++) top = x[i] > top || x[i] != x[i] ? x[i] : top;
  for (int64_t i = 0; i < d; i++) {
    if (t && t[i] != 0) loss += t[i] * (top - x[i]);
    if (t) mass += t[i];
    sum += exp(x[i] - top);
  }
  double norm = log(sum);
  for (int64_t i = 0; i < d; i++)
    y[i] = j->what == LOG_SOFTMAX ? x[i] - top - norm : exp(x[i] - top) / sum - (t ? t[i] : 0);
  if (t) ((double *)(void *)j->loss)[r] = loss + mass * norm;
  if (j->what == SPARSE_LOSS) {
    ((double *)(void *)j->loss)[r] = top + norm - at_label;
    y[label] -= 1;
  }
}
static void rows_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const rows *j = arg;
  for (int64_t r = (int64_t)lo; r < (int64_t)hi; r++) {
    if (j->dt == RN_FLOAT)
      row_f32(j, r);
    else
      row_f64(j, r);
  }
}
static void run_rows(rows *j, int64_t n) {
  if (n && j->d) cpu_parallel((uint64_t)n, (uint64_t)(8192 / j->d) + 1, rows_piece, j);
}

static const int softmax_rows = SOFTMAX, log_softmax_rows = LOG_SOFTMAX;
static rn_status *softmax(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  if (x->shape.rank < 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "Softmax: logits are a scalar");
  RN_TRY(cpu_output(c, 0, &x->shape));
  int64_t d = x->shape.dim[x->shape.rank - 1], n = rn_shape_elems(&x->shape);
  rows j = {.what = *(const int *)state, .dt = x->dtype, .d = d, .x = x->data, .y = c->out[0]->data, .x_step = d};
  if (n) run_rows(&j, n / d);
  return NULL;
}

/* Either side may have one row that stands for all. */
static rn_status *dense_loss(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0], *t = c->in[1];
  char a[160], b[160];
  if (x->shape.rank != 2 || t->shape.rank != 2 || x->shape.dim[1] != t->shape.dim[1] ||
      (x->shape.dim[0] != t->shape.dim[0] && x->shape.dim[0] != 1 && t->shape.dim[0] != 1))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "SoftmaxCrossEntropyWithLogits: features %s and labels %s differ",
                    cpu_shape_text(&x->shape, a), cpu_shape_text(&t->shape, b));
  int64_t n = x->shape.dim[0] == 1 ? t->shape.dim[0] : x->shape.dim[0], d = x->shape.dim[1];
  rn_shape loss = rn_shape_vector(n), grad = rn_shape_make(2, (const int64_t[]){n, d});
  RN_TRY(cpu_output(c, 0, &loss));
  RN_TRY(cpu_output(c, 1, &grad));
  rows j = {.what = DENSE_LOSS,
            .dt = x->dtype,
            .d = d,
            .x = x->data,
            .target = t,
            .y = c->out[1]->data,
            .loss = c->out[0]->data};
  j.x_step = x->shape.dim[0] == 1 ? 0 : d;
  j.target_step = t->shape.dim[0] == 1 ? 0 : d;
  if (d == 0 && n) memset(c->out[0]->data, 0, c->out[0]->size_bytes);
  run_rows(&j, n);
  return NULL;
}
static rn_status *sparse_loss(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0], *t = c->in[1];
  if (x->shape.rank != 2 || t->shape.rank != 1 || t->shape.dim[0] != x->shape.dim[0])
    return rn_error(c->host, RN_INVALID_ARGUMENT,
                    "SparseSoftmaxCrossEntropyWithLogits: features need rank 2 and one label per row");
  int64_t n = x->shape.dim[0], d = x->shape.dim[1];
  for (int64_t i = 0; i < n; i++)
    if ((uint64_t)cpu_int_at(t, i) >= (uint64_t)d)
      return rn_error(c->host, RN_INVALID_ARGUMENT,
                      "SparseSoftmaxCrossEntropyWithLogits: labels[%lld] = %lld is not in [0, %lld)", (long long)i,
                      (long long)cpu_int_at(t, i), (long long)d);
  RN_TRY(cpu_output(c, 0, &t->shape));
  RN_TRY(cpu_output(c, 1, &x->shape));
  rows j = {.what = SPARSE_LOSS,
            .dt = x->dtype,
            .d = d,
            .x = x->data,
            .target = t,
            .y = c->out[1]->data,
            .loss = c->out[0]->data,
            .x_step = d};
  run_rows(&j, n);
  return NULL;
}

CPU_IN_FLOAT(softmax)
CPU_IN_FLOAT(dense_loss)
CPU_IN_FLOAT(sparse_loss)

#define WIDE "T: {float, double}"
#define NARROW "T: {half, bfloat16}"
#define ROWS(Op, fn, ...)                                        \
  CPU_K(Op, WIDE, fn, .flags = RN_KERNEL_PARALLEL, __VA_ARGS__), \
      CPU_K(Op, NARROW, fn##_in_float, .flags = RN_KERNEL_PARALLEL, __VA_ARGS__)
static const rn_kernel_def kernels[] = {
    ROWS("Softmax", softmax, .inplace = 1, .user = &softmax_rows),
    ROWS("LogSoftmax", softmax, .inplace = 1, .user = &log_softmax_rows),
    ROWS("SoftmaxCrossEntropyWithLogits", dense_loss, .user = NULL),
    ROWS("SparseSoftmaxCrossEntropyWithLogits", sparse_loss, .user = NULL),
};
CPU_GROUP(cpu_softmax, kernels);
