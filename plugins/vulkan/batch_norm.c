/* batch_norm.c - FusedBatchNorm and its gradient (plugins/vulkan).
 *
 * A tensor is seen as [outer, channels, inner]; a workgroup takes a channel. */
#include "kernel.h"

typedef struct norm_state {
  gpu_op op;
  int nchw, training;
  float epsilon;
} norm_state;

/* A workgroup walks its channel so many times, each invocation a part of it; then sums are added by halves. */
static rn_status *check_rounds(const norm_state *s, const rn_call *c, const rn_shape *x, uint64_t passes) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  uint64_t channels = (uint64_t)x->dim[s->nchw ? 1 : 3], elems = (uint64_t)rn_shape_elems(x);
  uint64_t channel = channels != 0 ? GPU_CEIL(elems / channels, l->workgroup) : 0;
  return gpu_rounds(c, (passes * (channel + 1) + 16) * GPU_CEIL(channels, l->max_groups));
}

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
  RN_TRY(check_rounds(op, c, &c->in[0]->shape, 3));
  gpu_dispatch d = start(op, c, SHADER_batch_norm, &c->in[0]->shape);
  for (uint32_t i = 0; i < 5; i++) gpu_bind(&d, c->in[i], 0);
  for (uint32_t i = 0; i < 5; i++) gpu_bind(&d, c->out[i], 1);
  return gpu_run(c, &d);
}

static rn_status *backward(const void *op, rn_call *c) {
  RN_TRY(check_rounds(op, c, &c->in[1]->shape, 2));
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
