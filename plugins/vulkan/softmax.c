/* softmax.c - Softmax, LogSoftmax and the cross entropies (plugins/vulkan).
 *
 * Short rows are one invocation's each, long ones a workgroup's. */
#include "kernel.h"

typedef struct row {
  gpu_op op;
  uint32_t what;
} row;

static gpu_dispatch dispatch_of(const rn_call *c, uint32_t what, uint32_t rows, uint32_t d_) {
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_softmax);
  gpu_spec(&d, what);
  gpu_spec(&d, d_ <= 64 ? 1 : d.spec[0]);
  gpu_push(&d, rows);
  gpu_push(&d, d_);
  gpu_over(&d, c, d_ <= 64 ? rows : (uint64_t)rows * d.spec[0]);
  return d;
}

static rn_status *softmax(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  uint32_t n = gpu_elems(x);
  if (n == 0) return NULL;
  uint32_t d_ = x->shape.rank > 0 ? (uint32_t)x->shape.dim[x->shape.rank - 1] : 1;
  RN_TRY(gpu_rounds(c, 3 * (uint64_t)d_ / 64));
  gpu_dispatch d = dispatch_of(c, ((const row *)op)->what, n / d_, d_);
  gpu_push(&d, d_);
  gpu_push_all(&d, (const uint32_t[]){0, 1}, 2);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_bind(&d, c->out[0], 1);
  return gpu_run(c, &d);
}

/* Either side of the dense one may have one row that stands for all. */
static rn_status *loss(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *t = c->in[1];
  uint32_t what = ((const row *)op)->what, d_ = (uint32_t)x->shape.dim[1], rows = gpu_elems(c->out[0]);
  int sparse = what == ROWS_SPARSE_LOSS;
  if (rows == 0) return NULL;
  if (d_ == 0) return gpu_fill(c, c->out[0], 0);
  RN_TRY(gpu_rounds(c, 3 * (uint64_t)d_ / 64));
  gpu_dispatch d = dispatch_of(c, what, rows, d_);
  gpu_push(&d, x->shape.dim[0] == 1 ? 0 : d_);
  gpu_push(&d, sparse ? 1 : t->shape.dim[0] == 1 ? 0 : d_);
  gpu_push(&d, t->dtype == RN_INT64 ? 2 : 1);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, t, 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_bind(&d, c->out[1], 1);
  return gpu_run(c, &d);
}

#define STATE(fn, what) (&(const row){{fn}, ROWS_##what})
static const rn_kernel_def kernels[] = {
    GPU_K("Softmax", "T: float", STATE(softmax, Softmax), .inplace = 1),
    GPU_K("LogSoftmax", "T: float", STATE(softmax, LogSoftmax), .inplace = 1),
    GPU_K("SoftmaxCrossEntropyWithLogits", "T: float", STATE(loss, DENSE_LOSS)),
    GPU_K("SparseSoftmaxCrossEntropyWithLogits", "T: float; Tlabels: {int32, int64}", STATE(loss, SPARSE_LOSS)),
};
GPU_GROUP(gpu_softmax_kernels, kernels);
