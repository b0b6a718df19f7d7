/* pool.c - MaxPool, AvgPool and their gradients (plugins/vulkan). */
#include "window.h"

typedef struct pool_state {
  gpu_op op;
  gpu_window_attrs a;
  uint32_t how;
} pool_state;
typedef struct pool_row {
  gpu_op op;
  uint32_t how;
} pool_row;

static rn_status *pool(const void *op, rn_call *c) {
  const pool_state *s = op;
  gpu_window w;
  if (s->how == POOL_PICK && !gpu_same_shape(&c->in[0]->shape, &c->in[2]->shape))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "grad and orig_input have different shapes");
  gpu_window_init(&s->a, &c->in[0]->shape, &c->out[0]->shape, s->a.kh, s->a.kw, &w);
  RN_TRY(gpu_rounds(c, (uint64_t)w.kh * w.kw));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_pool);
  gpu_spec(&d, s->how);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->in[s->how == POOL_PICK ? 2 : 0], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, gpu_elems(c->out[0]));
  gpu_window_push(&w, &d);
  gpu_over(&d, c, gpu_elems(c->out[0]));
  return gpu_run(c, &d);
}

/* MaxPoolGrad(orig_input, orig_output, grad), AvgPoolGrad(orig_input_shape, grad) */
static rn_status *back(const void *op, rn_call *c) {
  const pool_state *s = op;
  const rn_tensor_view *dx = c->out[0], *dy = c->in[c->n_in - 1];
  gpu_window w;
  if (gpu_elems(dx) == 0) return NULL;
  if (gpu_elems(dy) == 0) return gpu_fill(c, dx, 0);
  gpu_window_init(&s->a, &dx->shape, &dy->shape, s->a.kh, s->a.kw, &w);
  uint64_t windows = (uint64_t)GPU_CEIL(w.kh, w.sh) * GPU_CEIL(w.kw, w.sw);
  RN_TRY(gpu_rounds(c, s->how == POOL_MAX ? windows * w.kh * w.kw : windows));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_pool_back);
  gpu_spec(&d, s->how);
  gpu_bind(&d, s->how == POOL_MAX ? c->in[0] : dy, 0);
  gpu_bind(&d, dy, 0);
  gpu_bind(&d, dx, 1);
  gpu_push(&d, gpu_elems(dx));
  gpu_window_push(&w, &d);
  gpu_over(&d, c, gpu_elems(dx));
  return gpu_run(c, &d);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const pool_row *r = p->user;
  pool_state *s;
  RN_TRY(gpu_state(out, sizeof *s, r->op.record, &s));
  s->how = r->how;
  return gpu_window_read(&p->self, &s->a);
}

#define POOL(Op, fn, how, host) \
  GPU_K(Op, "T: float", (&(const pool_row){{fn}, POOL_##how}), .host_args = host, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    POOL("MaxPool", pool, MAX, NULL),
    POOL("AvgPool", pool, AVERAGE, NULL),
    POOL("MaxPoolGrad", back, MAX, NULL),
    POOL("MaxPoolGradGrad", pool, PICK, NULL),
    POOL("AvgPoolGrad", back, AVERAGE, "orig_input_shape"),
};
GPU_GROUP(gpu_pool_kernels, kernels);
