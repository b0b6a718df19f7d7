/* reduce.c - Sum, Mean, Prod, Max, Min, All, Any over any axes; L2Loss (plugins/vulkan).
 *
 * Dimensions are merged into runs that are kept or reduced. Where reduced elements lie side by side a workgroup
 * reduces an output together, else each invocation one by itself. Few outputs of many elements are done in
 * parts first, and the parts reduced. Parts depend on shapes alone, so results repeat. */
#include "reduce.h"

typedef struct row {
  gpu_op op;
  uint32_t how;
} row;
/* As the shaders want it: innermost first. */
typedef struct runs {
  uint32_t n_out, n_red, n_kept_runs, n_red_runs;
  uint32_t kept[4], kept_stride[4], red[4], red_stride[4];
  int inner_is_red;
} runs;

static void add_run(runs *r, uint32_t size, uint32_t stride, int reduced, int *last) {
  uint32_t *n = reduced ? &r->n_red_runs : &r->n_kept_runs, *dims = reduced ? r->red : r->kept;
  if (size == 1) return;
  if (*last == reduced) {
    dims[*n - 1] *= size;
    return;
  }
  if (*last < 0) r->inner_is_red = reduced;
  *last = reduced;
  dims[*n] = size;
  (reduced ? r->red_stride : r->kept_stride)[(*n)++] = stride;
}

static void find_runs(const rn_shape *s, uint32_t reduced_axes, runs *r) {
  uint32_t stride = 1;
  int last = -1;
  memset(r, 0, sizeof *r);
  r->n_out = r->n_red = 1;
  for (int32_t k = s->rank - 1; k >= 0; k--) {
    int reduced = (int)(reduced_axes >> k & 1u);
    uint32_t d = (uint32_t)s->dim[k];
    *(reduced ? &r->n_red : &r->n_out) *= d;
    add_run(r, d, stride, reduced, &last);
    stride *= d;
  }
}

uint32_t gpu_reduce_splits(const rn_call *c, uint64_t results, uint64_t steps, uint64_t least) {
  const gpu_limits *l = &((const gpu_device *)c->device)->limits;
  uint64_t wanted = l->scalar_threads ? 64 : 16384, splits = results == 0 ? 1 : wanted / results;
  if (splits > steps / least) splits = steps / least;
  uint64_t needed = l->max_rounds != 0 ? GPU_CEIL(steps, l->max_rounds) : 1;
  splits = splits < 1 ? 1 : splits > 1024 ? 1024 : splits;
  return (uint32_t)(splits > needed ? splits : needed);
}

static uint32_t lanes_shader(rn_dtype t) {
  return t == RN_BOOL ? SHADER_reduce_lanes_b8 : t == RN_INT32 ? SHADER_reduce_lanes_i32 : SHADER_reduce_lanes_f32;
}

static gpu_dispatch dispatch_of(const rn_call *c, const runs *r, rn_dtype t, uint32_t how, uint32_t splits) {
  int together = r->inner_is_red && r->n_red > 64 && t != RN_BOOL;
  uint32_t shader = together ? t == RN_INT32 ? SHADER_reduce_group_i32 : SHADER_reduce_group_f32 : lanes_shader(t);
  gpu_dispatch d = gpu_dispatch_of(c, shader);
  gpu_spec(&d, how);
  if (together) gpu_spec(&d, d.spec[0]);
  gpu_push(&d, r->n_out);
  gpu_push(&d, r->n_red);
  gpu_push(&d, GPU_CEIL(r->n_red, splits));
  gpu_push(&d, splits);
  gpu_push(&d, r->n_kept_runs);
  gpu_push(&d, r->n_red_runs);
  gpu_push(&d, t == RN_FLOAT || r->n_red != 0); /* divide */
  gpu_push_all(&d, r->kept, 4);
  gpu_push_all(&d, r->kept_stride, 4);
  gpu_push_all(&d, r->red, 4);
  gpu_push_all(&d, r->red_stride, 4);
  uint64_t results = (uint64_t)r->n_out * splits;
  gpu_over(&d, c, together ? results * d.spec[0] : t == RN_BOOL ? GPU_CEIL(results, 4) : results);
  return d;
}

/* The parts' reduction: a mean divides by all, so it is a sum whose n_red is patched. */
static rn_status *reduce_parts(const rn_call *c, const rn_mem *parts, const runs *all, rn_dtype t, uint32_t how,
                               uint32_t splits, const rn_tensor_view *y) {
  runs r = {.n_out = all->n_out, .n_red = splits, .n_kept_runs = 1, .n_red_runs = 1};
  r.kept[0] = all->n_out;
  r.kept_stride[0] = 1;
  r.red[0] = splits;
  r.red_stride[0] = all->n_out;
  gpu_dispatch d = dispatch_of(c, &r, t, how == REDUCE_HalfSquares ? REDUCE_Sum : how, 1);
  d.push[1] = how == REDUCE_Mean ? all->n_red : splits;
  d.push[2] = splits;
  gpu_bind_scratch(&d, parts, 0);
  gpu_bind(&d, y, 1);
  return gpu_run(c, &d);
}

rn_status *gpu_reduce_parts(const rn_call *c, const rn_mem *parts, uint32_t n, uint32_t splits,
                            const rn_tensor_view *y) {
  runs r = {.n_out = n};
  return reduce_parts(c, parts, &r, RN_FLOAT, REDUCE_Sum, splits, y);
}

static rn_status *run(const rn_call *c, const runs *r, uint32_t how, const rn_tensor_view *x, const rn_tensor_view *y) {
  int together = r->inner_is_red && r->n_red > 64;
  uint32_t splits =
      x->dtype == RN_BOOL ? 1 : gpu_reduce_splits(c, (uint64_t)r->n_out * (together ? 64 : 1), r->n_red, 256);
  if (r->n_out == 0) return NULL;
  if (x->dtype == RN_BOOL) RN_TRY(gpu_rounds(c, 4 * (uint64_t)r->n_red));
  if (x->size_bytes == 0) { /* nothing to reduce, so nothing to bind: the output's own bytes are not read */
    gpu_dispatch d = dispatch_of(c, r, x->dtype, how, 1);
    gpu_bind(&d, y, 0);
    gpu_bind(&d, y, 1);
    return gpu_run(c, &d);
  }
  gpu_dispatch d = dispatch_of(c, r, x->dtype, how, splits);
  gpu_bind(&d, x, 0);
  if (splits == 1) {
    gpu_bind(&d, y, 1);
    return gpu_run(c, &d);
  }
  rn_mem *parts;
  RN_TRY(gpu_scratch(c, (uint64_t)splits * r->n_out * 4, &parts));
  gpu_bind_scratch(&d, parts, 1);
  RN_TRY(gpu_run(c, &d));
  return reduce_parts(c, parts, r, x->dtype, how, splits, y);
}

static rn_status *reduce(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  uint32_t axes = 0;
  runs r;
  for (int64_t i = 0; i < rn_shape_elems(&c->in[1]->shape); i++) {
    int32_t axis;
    RN_TRY(gpu_axis(gpu_int_at(c->in[1], i), x->shape.rank, &axis));
    axes |= 1u << axis;
  }
  find_runs(&x->shape, axes, &r);
  return run(c, &r, ((const row *)op)->how, x, c->out[0]);
}

static rn_status *l2_loss(const void *op, rn_call *c) {
  runs r;
  (void)op;
  find_runs(&c->in[0]->shape, ~0u, &r);
  return run(c, &r, REDUCE_HalfSquares, c->in[0], c->out[0]);
}

rn_status *gpu_reduce_channels(const rn_call *c, const rn_tensor_view *x, const int64_t sizes[3],
                               const rn_tensor_view *y) {
  rn_shape s = rn_shape_make(3, sizes);
  runs r;
  find_runs(&s, 5u, &r);
  return run(c, &r, REDUCE_Sum, x, y);
}

/* Over no axes, or axes of one: the gradient of a broadcast asks for it where nothing was repeated. */
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const rn_shape *x = &p->in[0]->shape, *y = &p->out[0]->shape;
  if (rn_shape_known(x) && rn_shape_known(y) && rn_shape_elems(x) == rn_shape_elems(y)) out->alias = 1;
  return NULL;
}

#define STATE(fn, how) (&(const row){{fn}, how})
#define REDUCE(Op, types) \
  GPU_K(#Op, types, STATE(reduce, REDUCE_##Op), .host_args = "reduction_indices", .prepare = prepare)
static const rn_kernel_def kernels[] = {
    REDUCE(Sum, "T: {float, int32}"),
    REDUCE(Mean, "T: {float, int32}"),
    REDUCE(Prod, "T: {float, int32}"),
    REDUCE(Max, "T: {float, int32}"),
    REDUCE(Min, "T: {float, int32}"),
    REDUCE(All, NULL),
    REDUCE(Any, NULL),
    GPU_K("L2Loss", "T: float", STATE(l2_loss, 0)),
};
GPU_GROUP(gpu_reduce_kernels, kernels);
