/* bias.c - BiasAdd and its gradient (plugins/vulkan).
 *
 * A tensor is seen as [outer, channels, inner]; channels are the last dimension in NHWC. */
#include "reduce.h"
#include "walk.h"

typedef struct bias_state {
  gpu_op op;
  int nchw;
} bias_state;

static void channels_of(const rn_shape *s, int nchw, int64_t sizes[3]) {
  int32_t at = nchw && s->rank > 2 ? 1 : s->rank - 1;
  sizes[0] = gpu_product(s->dim, at);
  sizes[1] = s->dim[at];
  sizes[2] = gpu_product(s->dim + at + 1, s->rank - at - 1);
}

static rn_status *add(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int64_t sizes[3];
  channels_of(&x->shape, ((const bias_state *)op)->nchw, sizes);
  rn_shape y = rn_shape_make(3, sizes), bias = rn_shape_make(2, (const int64_t[]){sizes[1], 1});
  gpu_walk w;
  gpu_walk_shapes(&w, &y, (const rn_shape *const[]){&y, &bias}, 2);
  gpu_dispatch d = gpu_dispatch_of(c, x->dtype == RN_FLOAT ? SHADER_binary_f32 : SHADER_binary_i32);
  gpu_spec(&d, BINARY_Add);
  gpu_spec(&d, gpu_walk_mode(&w));
  gpu_bind(&d, x, 0);
  gpu_bind(&d, c->in[1], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, w.n);
  gpu_walk_push(&w, &d, 2);
  gpu_over(&d, c, w.n);
  return gpu_run(c, &d);
}

static rn_status *gradient(const void *op, rn_call *c) {
  int64_t sizes[3];
  channels_of(&c->in[0]->shape, ((const bias_state *)op)->nchw, sizes);
  return gpu_reduce_channels(c, c->in[0], sizes, c->out[0]);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  bias_state *s;
  RN_TRY(gpu_state(out, sizeof *s, ((const gpu_op *)p->user)->record, &s));
  s->nchw = rn_bytes_equal(rn_self_string(&p->self, "data_format"), "NCHW");
  return NULL;
}

#define OP(fn) \
  &(const gpu_op) { fn }
static const rn_kernel_def kernels[] = {
    GPU_K("BiasAdd", "T: {float, int32}", OP(add), .inplace = 1, .prepare = prepare),
    GPU_K("BiasAddV1", "T: {float, int32}", OP(add), .inplace = 1, .prepare = prepare),
    GPU_K("BiasAddGrad", "T: float", OP(gradient), .prepare = prepare),
};
GPU_GROUP(gpu_bias_kernels, kernels);
