/* batch_norm.c - FusedBatchNorm and its gradient (plugins/cpu).
 *
 * y = (x - mean) / sqrt(var + eps) scale + offset per channel; the variance handed out for the moving
 * average has Bessel's factor n / (n - 1). Statistics are summed in double. */
#include "recast.h"
#include <math.h>

typedef struct layout {
  int nchw, training;
  float epsilon;
} layout;

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
    double count = (double)CPU_MAX(n, 1), m1 = sum / count, m2 = dot / count;
    for (int64_t i = 0; i < n; i++) {
      int64_t at = norm_at(&x->shape, l->nchw, i, k);
      double from_statistics = l->training ? m1 + ((double)xs[at] - mean) * inv * m2 : 0;
      ((float *)c->out[0]->data)[at] = (float)(scale * inv * ((double)g[at] - from_statistics));
    }
    ((float *)c->out[1]->data)[k] = (float)dot;
    ((float *)c->out[2]->data)[k] = (float)sum;
  }
  return NULL;
}

CPU_IN_FLOAT(batch_norm)
CPU_IN_FLOAT(batch_norm_grad)

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  layout *l;
  RN_TRY(cpu_state(out, sizeof *l, (void **)&l));
  l->nchw = rn_bytes_equal(rn_self_string(&p->self, "data_format"), "NCHW");
  l->epsilon = rn_self_float(&p->self, "epsilon", 1e-4f);
  l->training = rn_self_bool(&p->self, "is_training", 1);
  return NULL;
}
#define NARROW "T: {half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("FusedBatchNorm", "T: float", batch_norm, .prepare = prepare),
    CPU_K("FusedBatchNormV2", "T: float", batch_norm, .prepare = prepare),
    CPU_K("FusedBatchNormV2", NARROW, batch_norm_in_float, .prepare = prepare),
    CPU_K("FusedBatchNormV3", "T: float", batch_norm, .prepare = prepare),
    CPU_K("FusedBatchNormV3", NARROW, batch_norm_in_float, .prepare = prepare),
    CPU_K("FusedBatchNormGrad", "T: float", batch_norm_grad, .prepare = prepare),
    CPU_K("FusedBatchNormGradV2", "T: float", batch_norm_grad, .prepare = prepare),
    CPU_K("FusedBatchNormGradV2", NARROW, batch_norm_grad_in_float, .prepare = prepare),
    CPU_K("FusedBatchNormGradV3", "T: float", batch_norm_grad, .prepare = prepare),
    CPU_K("FusedBatchNormGradV3", NARROW, batch_norm_grad_in_float, .prepare = prepare),
};
CPU_GROUP(cpu_batch_norm, kernels);
