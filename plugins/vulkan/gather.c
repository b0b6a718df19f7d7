/* gather.c - Gather, GatherNd, scatters, sums of segments, OneHot: rows named by indices (plugins/vulkan).
 *
 * A device cannot fail inside a step, so an index out of range reads 0 and writes nothing. */
#include "strided.h"

static uint32_t words_of(const rn_tensor_view *indices) { return indices->dtype == RN_INT64 ? 2 : 1; }

static rn_status *gather_from(rn_call *c, const rn_tensor_view *x, int32_t axis) {
  const rn_tensor_view *indices = c->in[1], *y = c->out[0];
  if (y->size_bytes == 0) return NULL;
  if (x->size_bytes == 0) return gpu_fill(c, y, 0);
  gpu_units u = gpu_units_of(x);
  uint32_t inner = (uint32_t)gpu_product(x->shape.dim + axis + 1, x->shape.rank - axis - 1) * u.per_elem;
  uint32_t n = gpu_elems(y) * u.per_elem;
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_gather);
  gpu_spec(&d, words_of(indices));
  gpu_spec(&d, u.per_word);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, indices, 0);
  gpu_bind(&d, y, 1);
  gpu_push_all(&d, (const uint32_t[]){n, (uint32_t)x->shape.dim[axis], inner, gpu_elems(indices)}, 4);
  gpu_over(&d, c, GPU_CEIL(n, u.per_word));
  return gpu_run(c, &d);
}
static rn_status *gather(const void *op, rn_call *c) {
  rn_tensor_view x;
  int32_t axis = 0;
  (void)op;
  RN_TRY(gpu_cell(c, 0, &x));
  if (c->n_in > 2) RN_TRY(gpu_axis(gpu_int_at(c->in[2], 0), x.shape.rank, &axis));
  return gather_from(c, &x, axis);
}
static rn_status *no_batches(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  (void)user;
  *out_yes = rn_self_int(s, "batch_dims", 0) == 0;
  if (!*out_yes) (void)snprintf(reason, 256, "it gathers without batch dimensions only");
  return NULL;
}

typedef struct scatter_row {
  gpu_op op;
  uint32_t how;
} scatter_row;
static rn_status *scatter_into(const rn_call *c, uint32_t how, const rn_tensor_view *x, const rn_tensor_view *indices,
                               const rn_tensor_view *updates) {
  uint32_t count = gpu_elems(indices), rows = x->shape.rank > 0 ? (uint32_t)x->shape.dim[0] : 1;
  if (x->size_bytes == 0 || count == 0 || rows == 0) return NULL;
  uint32_t per = (uint32_t)(x->size_bytes / (uint64_t)rn_shape_elems(&x->shape) / 4);
  uint32_t inner = gpu_elems(x) / rows * per;
  RN_TRY(gpu_rounds(c, count));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_scatter);
  gpu_spec(&d, how);
  gpu_spec(&d, x->dtype % RN_REF == RN_INT32);
  gpu_spec(&d, words_of(indices));
  gpu_bind(&d, x, 1);
  gpu_bind(&d, indices, 0);
  gpu_bind(&d, updates, 0);
  gpu_push_all(&d, (const uint32_t[]){inner, count, rows, updates->shape.rank > 0 || inner * count == 1}, 4);
  gpu_over(&d, c, inner);
  return gpu_run(c, &d);
}
static rn_status *scatter(const void *op, rn_call *c) {
  rn_tensor_view x;
  RN_TRY(gpu_cell(c, 0, &x));
  return scatter_into(c, ((const scatter_row *)op)->how, &x, c->in[1], c->in[2]);
}

/* Segment ids may have more dimensions than one: the rows of data are what is left. */
static rn_status *segment_sum(const void *op, rn_call *c) {
  rn_tensor_view y = *c->out[0];
  (void)op;
  RN_TRY(gpu_fill(c, &y, 0));
  return scatter_into(c, SCATTER_Add, &y, c->in[1], c->in[0]);
}

/* An index is a tuple of `depth` numbers into the first dimensions of `whole`. */
static rn_status *by_tuples(rn_call *c, const rn_tensor_view *x, const rn_tensor_view *indices,
                            const rn_tensor_view *whole, uint32_t scatter_) {
  const rn_shape *i = &indices->shape;
  int32_t depth = i->rank > 0 ? (int32_t)i->dim[i->rank - 1] : 1;
  if (depth > whole->shape.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "indices of %d numbers into rank %d", depth, whole->shape.rank);
  if (whole->size_bytes == 0 || x->size_bytes == 0) return NULL;
  gpu_units u = gpu_units_of(whole);
  uint32_t count = (uint32_t)gpu_product(i->dim, i->rank - 1);
  uint32_t inner = (uint32_t)gpu_product(whole->shape.dim + depth, whole->shape.rank - depth) * u.per_elem;
  if (scatter_) RN_TRY(gpu_rounds(c, (uint64_t)count * (uint64_t)(depth + 1)));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_gather_nd);
  gpu_spec(&d, words_of(indices));
  gpu_spec(&d, scatter_);
  gpu_spec(&d, u.per_word);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, indices, 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push_all(&d, (const uint32_t[]){count, inner, (uint32_t)depth}, 3);
  for (int32_t k = 0; k < depth; k++) gpu_push(&d, (uint32_t)whole->shape.dim[k]);
  gpu_over(&d, c, scatter_ ? inner : GPU_CEIL((uint64_t)count * inner, u.per_word));
  return gpu_run(c, &d);
}
static rn_status *gather_nd(const void *op, rn_call *c) {
  (void)op;
  if (c->in[0]->size_bytes == 0) return gpu_fill(c, c->out[0], 0);
  return by_tuples(c, c->in[0], c->in[1], c->in[0], 0);
}
static rn_status *scatter_nd(const void *op, rn_call *c) {
  (void)op;
  RN_TRY(gpu_fill(c, c->out[0], 0));
  return by_tuples(c, c->in[1], c->in[0], c->out[0], c->in[1]->dtype == RN_INT32 ? 2 : 1);
}

typedef struct hot_state {
  gpu_op op;
  int64_t axis;
} hot_state;
static rn_status *one_hot(const void *op, rn_call *c) {
  const rn_shape *y = &c->out[0]->shape;
  int32_t axis;
  uint32_t n = gpu_elems(c->out[0]);
  RN_TRY(gpu_axis(((const hot_state *)op)->axis, y->rank, &axis));
  if (n == 0) return NULL;
  gpu_units u = gpu_units_of(c->out[0]);
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_one_hot);
  gpu_spec(&d, words_of(c->in[0]));
  gpu_spec(&d, u.per_word);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->in[2], 0);
  gpu_bind(&d, c->in[3], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, n);
  gpu_push(&d, (uint32_t)y->dim[axis]);
  gpu_push(&d, (uint32_t)gpu_product(y->dim + axis + 1, y->rank - axis - 1));
  gpu_push(&d, u.per_elem);
  gpu_over(&d, c, GPU_CEIL((uint64_t)n * u.per_elem, u.per_word));
  return gpu_run(c, &d);
}
static rn_status *hot_prepare(const rn_prepare *p, rn_prepared *out) {
  hot_state *s;
  RN_TRY(gpu_state(out, sizeof *s, one_hot, &s));
  s->axis = rn_self_int(&p->self, "axis", -1);
  return NULL;
}

#define WORDS "{float, int32, uint32, int64, uint64, double, complex64, complex128, qint32}"
#define OP(fn) \
  &(const gpu_op) { fn }
#define SCATTER_AS(Op, how, types) GPU_K(Op, types, (&(const scatter_row){{scatter}, SCATTER_##how}))
#define SCATTER(how) SCATTER_AS("Scatter" #how, how, "T: {float, int32}")
static const rn_kernel_def kernels[] = {
    GPU_K("Gather", GPU_ANY("Tparams"), OP(gather)),
    GPU_K("GatherV2", GPU_ANY("Tparams"), OP(gather), .host_args = "axis", .supports = no_batches),
    GPU_K("ResourceGather", GPU_ANY("dtype"), OP(gather), .supports = no_batches),
    GPU_K("GatherNd", GPU_ANY("Tparams"), OP(gather_nd)),
    GPU_K("ScatterNd", "T: {float, int32}", OP(scatter_nd), .host_args = "shape"),
    SCATTER_AS("ScatterUpdate", Update, "T: " WORDS),
    SCATTER(Add),
    SCATTER(Sub),
    SCATTER(Mul),
    SCATTER(Div),
    SCATTER(Min),
    SCATTER(Max),
    SCATTER_AS("ResourceScatterUpdate", Update, "dtype: " WORDS),
    SCATTER_AS("ResourceScatterAdd", Add, "dtype: {float, int32}"),
    SCATTER_AS("ResourceScatterSub", Sub, "dtype: {float, int32}"),
    GPU_K("SegmentSum", "T: {float, int32}", OP(segment_sum)),
    GPU_K("UnsortedSegmentSum", "T: {float, int32}", OP(segment_sum), .host_args = "num_segments"),
    GPU_K("OneHot", GPU_ANY("T") "; TI: {int32, int64}", OP(one_hot), .host_args = "depth", .prepare = hot_prepare),
};
GPU_GROUP(gpu_gather_kernels, kernels);
