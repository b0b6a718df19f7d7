/* select.c - Select, Cast, LeakyRelu, LogicalNot, AddN: small element-wise ops of their own form (plugins/vulkan). */
#include "kernel.h"

static rn_status *select_record(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[1];
  uint32_t n = gpu_elems(x), conditions = gpu_elems(c->in[0]);
  (void)op;
  if (n == 0) return NULL;
  uint32_t words = (uint32_t)(x->size_bytes / 4);
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_select_words);
  for (uint32_t i = 0; i < 3; i++) gpu_bind(&d, c->in[i], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, words);
  gpu_push(&d, words / conditions);
  gpu_over(&d, c, words);
  return gpu_run(c, &d);
}

typedef struct cast_row {
  gpu_op op;
  uint32_t shader, per_word;
} cast_row;
static rn_status *cast(const void *op, rn_call *c) {
  const cast_row *r = op;
  uint32_t n = gpu_elems(c->in[0]);
  gpu_dispatch d = gpu_dispatch_of(c, r->shader);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, n);
  gpu_over(&d, c, GPU_CEIL(n, r->per_word));
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
#define CAST(from, to, shader, per) \
  GPU_K("Cast", "SrcT: " from "; DstT: " to, (&(const cast_row){{cast}, SHADER_cast_##shader, per}))
static const rn_kernel_def kernels[] = {
    GPU_K("Select", "T: {float, int32, uint32, int64, double}", OP(select_record)),
    CAST("float", "int32", f32_i32, 1),
    CAST("int32", "float", i32_f32, 1),
    CAST("bool", "float", b8_f32, 1),
    CAST("bool", "int32", b8_i32, 1),
    CAST("float", "bool", f32_b8, 4),
    CAST("int32", "bool", i32_b8, 4),
    CAST("half", "float", f16_f32, 1),
    CAST("float", "half", f32_f16, 2),
    GPU_K("LeakyRelu", "T: float", OP(leaky), .inplace = 1, .prepare = leaky_prepare),
    GPU_K("LeakyReluGrad", "T: float", OP(leaky), .inplace = 3, .prepare = leaky_prepare),
    GPU_K("LogicalNot", NULL, OP(logical_not)),
    GPU_K("AddN", "T: {float, int32}", OP(add_n), .inplace = 1),
    GPU_K("AccumulateNV2", "T: {float, int32}", OP(add_n), .inplace = 1),
};
GPU_GROUP(gpu_select_kernels, kernels);
