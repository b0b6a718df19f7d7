/* nn.c - bias, losses and normalisation over rows (plugins/cpu).
 *
 * softmax: y = exp(x - max x) / sum exp(x - max x) by rows. Cross entropy: loss = sum -t log softmax(x)
 * and its gradient softmax(x) - t in one pass. Batch norm: y = (x - mean) / sqrt(var + eps) scale +
 * offset per channel; the variance handed out for the moving average has Bessel's factor n / (n - 1). */
#include "cpu.h"
#include "elementwise_ops.h"
#include <math.h>

typedef struct layout {
  int nchw;
  float epsilon, alpha;
  int training;
} layout;

/* ---- bias */
/* x seen as [outer, channels, inner]. */
static void channels_of(const rn_shape *s, int nchw, int64_t *outer, int64_t *c, int64_t *inner) {
  int32_t at = nchw && s->rank > 2 ? 1 : s->rank - 1;
  *outer = cpu_product(s->dim, at);
  *c = s->dim[at];
  *inner = cpu_product(s->dim + at + 1, s->rank - at - 1);
}
#define BIAS(T, name, U)                                                                           \
  static void bias_##name(const T *x, const T *b, T *y, int64_t outer, int64_t c, int64_t inner) { \
    for (int64_t o = 0; o < outer; o++)                                                            \
      for (int64_t k = 0; k < c; k++)                                                              \
        for (int64_t i = 0; i < inner; i++, x++, y++) *y = (T)((U)*x + (U)b[k]);                   \
  }                                                                                                \
  static void bias_grad_##name(const T *dy, T *db, int64_t outer, int64_t c, int64_t inner) {      \
    memset(db, 0, (uint64_t)c * sizeof *db);                                                       \
    for (int64_t o = 0; o < outer; o++)                                                            \
      for (int64_t k = 0; k < c; k++)                                                              \
        for (int64_t i = 0; i < inner; i++, dy++) db[k] = (T)((U)db[k] + (U)*dy);                  \
  }
BIAS(float, f32, float)
BIAS(double, f64, double)
BIAS(int32_t, i32, uint32_t)
BIAS(int64_t, i64, uint64_t)

typedef struct bias_job {
  const float *x, *b;
  float *y;
  int64_t c;
} bias_job;
static void bias_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const bias_job *j = arg;
  cpu_ew2 add = cpu_loops_now()->ew2[CPU_Add_f32];
  for (uint64_t r = lo; r < hi; r++) add(j->x + (int64_t)r * j->c, j->b, j->y + (int64_t)r * j->c, j->c, 1, 1);
}
static rn_status *bias_wide(rn_dtype dt, const void *x, const void *b, void *y, int64_t outer, int64_t c,
                            int64_t inner) {
  if (dt == RN_FLOAT && inner == 1) {
    bias_job j = {x, b, y, c};
    cpu_parallel((uint64_t)outer, (uint64_t)(16384 / (c + 1)) + 1, bias_piece, &j);
  } else if (dt == RN_FLOAT)
    bias_f32(x, b, y, outer, c, inner);
  else if (dt == RN_DOUBLE)
    bias_f64(x, b, y, outer, c, inner);
  else if (dt == RN_INT32)
    bias_i32(x, b, y, outer, c, inner);
  else
    bias_i64(x, b, y, outer, c, inner);
  return NULL;
}
static rn_status *bias_add(const void *state, rn_call *c) {
  const layout *l = state;
  const rn_tensor_view *x = c->in[0], *b = c->in[1];
  int64_t outer, ch, inner;
  if (x->shape.rank < 2 || b->shape.rank != 1)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "BiasAdd: value has rank %d, bias rank %d", x->shape.rank,
                    b->shape.rank);
  channels_of(&x->shape, l->nchw, &outer, &ch, &inner);
  if (b->shape.dim[0] != ch)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "BiasAdd: %lld biases for %lld channels", (long long)b->shape.dim[0],
                    (long long)ch);
  RN_TRY(cpu_output(c, 0, &x->shape));
  int64_t n = rn_shape_elems(&x->shape);
  if (x->dtype != RN_HALF && x->dtype != RN_BFLOAT16)
    return bias_wide(x->dtype, x->data, b->data, c->out[0]->data, outer, ch, inner);
  float *wide;
  RN_TRY(cpu_alloc((uint64_t)(n + ch) * sizeof *wide, (void **)&wide));
  cpu_widen(x->dtype, x->data, wide, n);
  cpu_widen(x->dtype, b->data, wide + n, ch);
  rn_status *s = bias_wide(RN_FLOAT, wide, wide + n, wide, outer, ch, inner);
  cpu_narrow(x->dtype, wide, c->out[0]->data, n);
  cpu_free(wide);
  return s;
}
static rn_status *bias_grad(const void *state, rn_call *c) {
  const layout *l = state;
  const rn_tensor_view *dy = c->in[0];
  int64_t outer, ch, inner;
  if (dy->shape.rank < 2) return rn_error(c->host, RN_INVALID_ARGUMENT, "BiasAddGrad: rank %d", dy->shape.rank);
  channels_of(&dy->shape, l->nchw, &outer, &ch, &inner);
  rn_shape s = rn_shape_vector(ch);
  RN_TRY(cpu_output(c, 0, &s));
  void *db = c->out[0]->data;
  if (dy->dtype == RN_FLOAT && inner == 1) {
    memset(db, 0, (uint64_t)ch * sizeof(float));
    for (int64_t o = 0; o < outer; o++) cpu_loops_now()->add_to_f32((const float *)dy->data + o * ch, db, ch);
  } else if (dy->dtype == RN_FLOAT)
    bias_grad_f32(dy->data, db, outer, ch, inner);
  else if (dy->dtype == RN_DOUBLE)
    bias_grad_f64(dy->data, db, outer, ch, inner);
  else if (dy->dtype == RN_INT32)
    bias_grad_i32(dy->data, db, outer, ch, inner);
  else
    bias_grad_i64(dy->data, db, outer, ch, inner);
  return NULL;
}

/* ---- softmax and its losses, by rows of d */
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
  if (n == 0) return NULL;
  if (x->dtype == RN_FLOAT || x->dtype == RN_DOUBLE) {
    run_rows(&j, n / d);
    return NULL;
  }
  float *wide;
  RN_TRY(cpu_alloc((uint64_t)n * sizeof *wide, (void **)&wide));
  cpu_widen(x->dtype, x->data, wide, n);
  j.dt = RN_FLOAT, j.x = j.y = (char *)wide;
  run_rows(&j, n / d);
  cpu_narrow(x->dtype, wide, c->out[0]->data, n);
  cpu_free(wide);
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

/* sum x^2 / 2, in double */
static rn_status *l2_loss(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  rn_shape s = rn_shape_scalar();
  int64_t n = rn_shape_elems(&x->shape);
  double sum = 0;
  RN_TRY(cpu_output(c, 0, &s));
  for (int64_t i = 0; i < n; i++) {
    double v = x->dtype == RN_FLOAT ? (double)((const float *)x->data)[i] : cpu_real_at(x, i);
    sum += v * v;
  }
  sum /= 2;
  cpu_convert(RN_DOUBLE, &sum, x->dtype, c->out[0]->data, 1);
  return NULL;
}

/* ---- leaky relu */
static rn_status *leaky(const void *state, rn_call *c) {
  const layout *l = state;
  const rn_tensor_view *x = c->in[c->n_in - 1], *dy = c->in[0]; /* Relu: (features); Grad: (gradients, features) */
  int64_t n = rn_shape_elems(&x->shape);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  RN_TRY(cpu_output(c, 0, &x->shape));
  if (!cpu_shape_equal(&x->shape, &dy->shape))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "LeakyReluGrad: shapes differ");
  for (int64_t i = 0; i < n; i++) {
    if (x->dtype == RN_FLOAT) {
      float v = ((const float *)x->data)[i], g = ((const float *)dy->data)[i];
      ((float *)c->out[0]->data)[i] = v > 0 ? g : l->alpha * g;
      continue;
    }
    double v = cpu_real_at(x, i), g = cpu_real_at(dy, i), y = v > 0 ? g : (double)l->alpha * g;
    cpu_convert(RN_DOUBLE, &y, x->dtype, (char *)c->out[0]->data + (uint64_t)i * bytes, 1);
  }
  return NULL;
}

/* ---- batch norm, float */
static int64_t norm_at(const rn_shape *s, int nchw, int64_t pixel, int64_t c) {
  if (!nchw) return pixel * s->dim[3] + c;
  int64_t plane = s->dim[2] * s->dim[3];
  return (pixel / plane * s->dim[1] + c) * plane + pixel % plane;
}
static rn_status *batch_norm(const void *state, rn_call *c) {
  const layout *l = state;
  const rn_tensor_view *x = c->in[0];
  if (x->shape.rank != 4)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "FusedBatchNorm: x has rank 4, found %d", x->shape.rank);
  int64_t ch = x->shape.dim[l->nchw ? 1 : 3], n = ch ? rn_shape_elems(&x->shape) / ch : 0;
  rn_shape s = rn_shape_vector(ch);
  RN_TRY(cpu_output(c, 0, &x->shape));
  for (uint32_t i = 1; i < CPU_MIN(c->n_out, 5u); i++) RN_TRY(cpu_output(c, i, &s));
  if (c->n_out > 5) {
    rn_shape none = rn_shape_vector(0);
    RN_TRY(cpu_output(c, 5, &none));
  }
  const float *xs = x->data, *scale = c->in[1]->data, *offset = c->in[2]->data;
  for (int64_t k = 0; k < ch; k++) {
    double mean = 0, var = 0;
    for (int64_t i = 0; i < n && l->training; i++) mean += (double)xs[norm_at(&x->shape, l->nchw, i, k)];
    mean = l->training ? mean / (double)CPU_MAX(n, 1) : (double)((const float *)c->in[3]->data)[k];
    for (int64_t i = 0; i < n && l->training; i++) {
      double d = (double)xs[norm_at(&x->shape, l->nchw, i, k)] - mean;
      var += d * d;
    }
    var = l->training ? var / (double)CPU_MAX(n, 1) : (double)((const float *)c->in[4]->data)[k];
    float factor = (float)((double)scale[k] / sqrt(var + (double)l->epsilon));
    for (int64_t i = 0; i < n; i++) {
      int64_t at = norm_at(&x->shape, l->nchw, i, k);
      ((float *)c->out[0]->data)[at] = (xs[at] - (float)mean) * factor + offset[k];
    }
    ((float *)c->out[1]->data)[k] = (float)mean;
    ((float *)c->out[2]->data)[k] = (float)(l->training && n > 1 ? var * (double)n / (double)(n - 1) : var);
    ((float *)c->out[3]->data)[k] = (float)mean;
    ((float *)c->out[4]->data)[k] = (float)var;
  }
  return NULL;
}
/* dx = scale rsqrt(var + eps) (dy - mean(dy) - xhat mean(dy xhat)); frozen statistics: no means. */
static rn_status *batch_norm_grad(const void *state, rn_call *c) {
  const layout *l = state;
  const rn_tensor_view *dy = c->in[0], *x = c->in[1];
  if (x->shape.rank != 4 || !cpu_shape_equal(&x->shape, &dy->shape))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "FusedBatchNormGrad: x and y_backprop need one shape of rank 4");
  int64_t ch = x->shape.dim[l->nchw ? 1 : 3], n = ch ? rn_shape_elems(&x->shape) / ch : 0;
  rn_shape s = rn_shape_vector(ch), none = rn_shape_vector(0);
  RN_TRY(cpu_output(c, 0, &x->shape));
  RN_TRY(cpu_output(c, 1, &s));
  RN_TRY(cpu_output(c, 2, &s));
  for (uint32_t i = 3; i < c->n_out; i++) RN_TRY(cpu_output(c, i, &none));
  const float *xs = x->data, *g = dy->data;
  for (int64_t k = 0; k < ch; k++) {
    double mean = (double)((const float *)c->in[3]->data)[k], var = (double)((const float *)c->in[4]->data)[k];
    double inv = 1 / sqrt(var + (double)l->epsilon), sum = 0, dot = 0,
           scale = (double)((const float *)c->in[2]->data)[k];
    for (int64_t i = 0; i < n; i++) {
      int64_t at = norm_at(&x->shape, l->nchw, i, k);
      sum += (double)g[at];
      dot += (double)g[at] * ((double)xs[at] - mean) * inv;
    }
    double count = (double)CPU_MAX(n, 1), m1 = l->training ? sum / count : 0, m2 = l->training ? dot / count : 0;
    for (int64_t i = 0; i < n; i++) {
      int64_t at = norm_at(&x->shape, l->nchw, i, k);
      ((float *)c->out[0]->data)[at] = (float)(scale * inv * ((double)g[at] - m1 - ((double)xs[at] - mean) * inv * m2));
    }
    ((float *)c->out[1]->data)[k] = (float)dot;
    ((float *)c->out[2]->data)[k] = (float)sum;
  }
  return NULL;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  layout *l;
  RN_TRY(cpu_state(out, sizeof *l, (void **)&l));
  l->nchw = rn_bytes_equal(rn_self_string(&p->self, "data_format"), "NCHW");
  l->epsilon = rn_self_float(&p->self, "epsilon", 1e-4f);
  l->alpha = rn_self_float(&p->self, "alpha", 0.2f);
  l->training = rn_self_bool(&p->self, "is_training", 1);
  return NULL;
}

#define FLOATS "T: {float, double, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("BiasAdd", "T: {float, double, half, bfloat16, int32, int64}", bias_add, .inplace = 1, .prepare = prepare),
    CPU_K("BiasAddV1", "T: {float, double, half, bfloat16, int32, int64}", bias_add, .inplace = 1, .prepare = prepare),
    CPU_K("BiasAddGrad", "T: {float, double, int32, int64}", bias_grad, .prepare = prepare),
    CPU_K("Softmax", FLOATS, softmax, .inplace = 1, .flags = RN_KERNEL_PARALLEL, .user = &softmax_rows),
    CPU_K("LogSoftmax", FLOATS, softmax, .inplace = 1, .flags = RN_KERNEL_PARALLEL, .user = &log_softmax_rows),
    CPU_K("SoftmaxCrossEntropyWithLogits", "T: {float, double}", dense_loss, .flags = RN_KERNEL_PARALLEL),
    CPU_K("SparseSoftmaxCrossEntropyWithLogits", "T: {float, double}", sparse_loss, .flags = RN_KERNEL_PARALLEL),
    CPU_K("L2Loss", FLOATS, l2_loss),
    CPU_K("LeakyRelu", FLOATS, leaky, .inplace = 1, .prepare = prepare),
    CPU_K("LeakyReluGrad", FLOATS, leaky, .inplace = 3, .prepare = prepare),
    CPU_K("FusedBatchNorm", "T: float", batch_norm, .prepare = prepare),
    CPU_K("FusedBatchNormV2", "T: float", batch_norm, .prepare = prepare),
    CPU_K("FusedBatchNormV3", "T: float", batch_norm, .prepare = prepare),
    CPU_K("FusedBatchNormGrad", "T: float", batch_norm_grad, .prepare = prepare),
    CPU_K("FusedBatchNormGradV2", "T: float", batch_norm_grad, .prepare = prepare),
    CPU_K("FusedBatchNormGradV3", "T: float", batch_norm_grad, .prepare = prepare),
};
CPU_GROUP(cpu_nn, kernels);
