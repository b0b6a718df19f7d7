/* batch_norm.c - FusedBatchNorm and its gradient (plugins/vulkan).
 *
 * A tensor is seen as [outer, channels, inner]; a workgroup takes a channel. */
#include "kernel.h"

typedef struct norm_state {
  gpu_op op;
  int nchw, training;
  float epsilon;
} norm_state;

static gpu_dispatch start(const norm_state *s, const rn_call *c, uint32_t shader, const rn_shape *x) {
  int64_t channels = x->dim[s->nchw ? 1 : 3], inner = s->nchw ? x->dim[2] * x->dim[3] : 1;
  gpu_dispatch d = gpu_dispatch_of(c, shader);
  gpu_spec(&d, d.spec[0]);
  gpu_spec(&d, (uint32_t)s->training);
  gpu_push(&d, (uint32_t)(s->nchw ? x->dim[0] : gpu_product(x->dim, 3)));
  gpu_push(&d, (uint32_t)channels);
  gpu_push(&d, (uint32_t)inner);
  gpu_push_float(&d, s->epsilon);
  gpu_over(&d, c, (uint64_t)channels * d.spec[0]);
  return d;
}

static rn_status *forward(const void *op, rn_call *c) {
  RN_TRY(gpu_rounds(c, 3 * (uint64_t)gpu_elems(c->in[0]) / 64));
  gpu_dispatch d = start(op, c, SHADER_batch_norm, &c->in[0]->shape);
  for (uint32_t i = 0; i < 5; i++) gpu_bind(&d, c->in[i], 0);
  for (uint32_t i = 0; i < 5; i++) gpu_bind(&d, c->out[i], 1);
  return gpu_run(c, &d);
}

static rn_status *backward(const void *op, rn_call *c) {
  RN_TRY(gpu_rounds(c, 2 * (uint64_t)gpu_elems(c->in[0]) / 64));
  gpu_dispatch d = start(op, c, SHADER_batch_norm_back, &c->in[1]->shape);
  for (uint32_t i = 0; i < 5; i++) gpu_bind(&d, c->in[i], 0);
  for (uint32_t i = 0; i < 3; i++) gpu_bind(&d, c->out[i], 1);
  return gpu_run(c, &d);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  norm_state *s;
  RN_TRY(gpu_state(out, sizeof *s, ((const gpu_op *)p->user)->record, &s));
  s->nchw = rn_bytes_equal(rn_self_string(&p->self, "data_format"), "NCHW");
  s->epsilon = rn_self_float(&p->self, "epsilon", 1e-4f);
  s->training = rn_self_bool(&p->self, "is_training", 1);
  return NULL;
}

#define NORM(Op, fn) GPU_K(Op, "T: float", &(const gpu_op){fn}, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    NORM("FusedBatchNorm", forward),        NORM("FusedBatchNormV2", forward),
    NORM("FusedBatchNormV3", forward),      NORM("FusedBatchNormGrad", backward),
    NORM("FusedBatchNormGradV2", backward), NORM("FusedBatchNormGradV3", backward),
};
GPU_GROUP(gpu_norm_kernels, kernels);
