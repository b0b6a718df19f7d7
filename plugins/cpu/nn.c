/* nn.c - LeakyRelu and L2Loss (plugins/cpu). */
#include "cpu.h"

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

static rn_status *leaky(const void *state, rn_call *c) {
  const float *alpha = state;
  const rn_tensor_view *x = c->in[c->n_in - 1], *dy = c->in[0]; /* Relu: (features); Grad: (gradients, features) */
  int64_t n = rn_shape_elems(&x->shape);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  RN_TRY(cpu_output(c, 0, &x->shape));
  if (!cpu_shape_equal(&x->shape, &dy->shape))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "LeakyReluGrad: shapes differ");
  for (int64_t i = 0; i < n; i++) {
    if (x->dtype == RN_FLOAT) {
      float v = ((const float *)x->data)[i], g = ((const float *)dy->data)[i];
      ((float *)c->out[0]->data)[i] = v > 0 ? g : *alpha * g;
      continue;
    }
    double v = cpu_real_at(x, i), g = cpu_real_at(dy, i), y = v > 0 ? g : (double)*alpha * g;
    cpu_convert(RN_DOUBLE, &y, x->dtype, (char *)c->out[0]->data + (uint64_t)i * bytes, 1);
  }
  return NULL;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  float *alpha;
  RN_TRY(cpu_state(out, sizeof *alpha, (void **)&alpha));
  *alpha = rn_self_float(&p->self, "alpha", 0.2f);
  return NULL;
}
#define FLOATS "T: {float, double, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("L2Loss", FLOATS, l2_loss),
    CPU_K("LeakyRelu", FLOATS, leaky, .inplace = 1, .prepare = prepare),
    CPU_K("LeakyReluGrad", FLOATS, leaky, .inplace = 3, .prepare = prepare),
};
CPU_GROUP(cpu_nn, kernels);
