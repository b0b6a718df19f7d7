/* select.c - Select, LeakyRelu, LogicalNot, AddN: small element-wise ops of their own form (plugins/vulkan). */
#include "strided.h"

static rn_status *select_record(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[1];
  uint32_t n = gpu_elems(x), conditions = gpu_elems(c->in[0]);
  (void)op;
  if (n == 0) return NULL;
  gpu_units u = gpu_units_of(x);
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_select);
  gpu_spec(&d, u.per_word);
  for (uint32_t i = 0; i < 3; i++) gpu_bind(&d, c->in[i], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, n * u.per_elem);
  gpu_push(&d, n / conditions * u.per_elem);
  gpu_over(&d, c, GPU_CEIL((uint64_t)n * u.per_elem, u.per_word));
  return gpu_run(c, &d);
}

static rn_status *logical_not(const void *op, rn_call *c) {
  uint32_t words = GPU_CEIL(gpu_elems(c->in[0]), 4);
  (void)op;
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_not_bool);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, words);
  gpu_over(&d, c, words);
  return gpu_run(c, &d);
}

/* One after the other onto the first. */
static rn_status *add_n(const void *op, rn_call *c) {
  uint32_t n = gpu_elems(c->out[0]);
  (void)op;
  if (c->n_in == 1) return gpu_copy_view(c, c->in[0], c->out[0]);
  for (uint32_t i = 1; i < c->n_in; i++) {
    gpu_dispatch d = gpu_dispatch_of(c, c->out[0]->dtype == RN_FLOAT ? SHADER_binary_f32 : SHADER_binary_i32);
    gpu_spec(&d, BINARY_Add);
    gpu_spec(&d, WALK_SAME);
    gpu_bind(&d, i == 1 ? c->in[0] : c->out[0], 0);
    gpu_bind(&d, c->in[i], 0);
    gpu_bind(&d, c->out[0], 1);
    gpu_push(&d, n);
    gpu_over(&d, c, n);
    RN_TRY(gpu_run(c, &d));
  }
  return NULL;
}

typedef struct leaky_state {
  gpu_op op;
  float alpha;
} leaky_state;
/* LeakyRelu(features), LeakyReluGrad(gradients, features) */
static rn_status *leaky(const void *op, rn_call *c) {
  uint32_t n = gpu_elems(c->out[0]);
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_leaky);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->in[c->n_in - 1], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, n);
  gpu_push_float(&d, ((const leaky_state *)op)->alpha);
  gpu_over(&d, c, n);
  return gpu_run(c, &d);
}
static rn_status *leaky_prepare(const rn_prepare *p, rn_prepared *out) {
  leaky_state *s;
  RN_TRY(gpu_state(out, sizeof *s, leaky, &s));
  s->alpha = rn_self_float(&p->self, "alpha", 0.2f);
  return NULL;
}

#define OP(fn) \
  &(const gpu_op) { fn }
static const rn_kernel_def kernels[] = {
    GPU_K("Select", GPU_ANY("T"), OP(select_record)),
    GPU_K("LeakyRelu", "T: float", OP(leaky), .inplace = 1, .prepare = leaky_prepare),
    GPU_K("LeakyReluGrad", "T: float", OP(leaky), .inplace = 3, .prepare = leaky_prepare),
    GPU_K("LogicalNot", NULL, OP(logical_not)),
    GPU_K("AddN", "T: {float, int32}", OP(add_n), .inplace = 1),
    GPU_K("AccumulateNV2", "T: {float, int32}", OP(add_n), .inplace = 1),
};
GPU_GROUP(gpu_select_kernels, kernels);
