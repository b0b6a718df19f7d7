/* gather.c - elements by index: gathering, scattering into a new tensor, one-hot rows (plugins/ops). */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

static rn_status *gather_along(rn_infer *c, const rn_shape *x, const rn_shape *i, op_int axis, int64_t batch) {
  rn_shape s = rn_shape_unknown();
  int32_t at;
  if (x->rank >= 0 && i->rank >= 0 && axis.known) {
    RN_TRY(op_axis(c, axis.v, x->rank, &at));
    if (batch < 0) batch += i->rank;
    if (batch < 0 || batch > i->rank || batch > at) return op_fail(c, "batch_dims %lld does not fit", (long long)batch);
    rn_shape head = op_part(x, 0, at), middle = op_part(i, (int32_t)batch, i->rank), tail = op_part(x, at + 1, x->rank);
    RN_TRY(op_join(c, &head, &middle, &s));
    RN_TRY(op_join(c, &s, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

/* Picking elements of a vector whose value is known. */
static void gather_ints(rn_infer *c) {
  op_int v[RN_MAX_VALUE], at[RN_MAX_VALUE], out[RN_MAX_VALUE];
  rn_dtype dt = c->api->out_dtype(c, 0);
  if (c->api->shape(c, 0)->rank != 1 || (dt != RN_INT32 && dt != RN_INT64)) return;
  int32_t n = op_ints(c, 0, v), k = op_ints(c, 1, at);
  if (n < 0 || k < 0) return;
  for (int32_t i = 0; i < k; i++) {
    int inside = at[i].known && at[i].v >= 0 && at[i].v < n;
    out[i] = inside ? v[at[i].v] : (op_int){RN_DIM_UNKNOWN, 0};
  }
  op_set_ints(c, 0, out, k);
}

static rn_status *infer_gather(rn_infer *c) {
  RN_TRY(op_want_rank_from(c, 0, 1));
  gather_ints(c);
  return gather_along(c, c->api->shape(c, 0), c->api->shape(c, 1), op_int_known(0), 0);
}
static rn_status *infer_gather_v2(rn_infer *c) {
  rn_shape scalar;
  RN_TRY(op_want_rank_from(c, 0, 1));
  RN_TRY(op_want_rank(c, 2, 0, &scalar));
  gather_ints(c);
  return gather_along(c, c->api->shape(c, 0), c->api->shape(c, 1), op_scalar(c, 2),
                      rn_self_int(&c->self, "batch_dims", 0));
}

/* Slices of x along its first axis, at the indices in a row. */
static rn_status *slices(rn_grad *c) {
  rn_value shape = rn_op1(B, "Shape", GRAD_X(0)), n = op_expand(B, rn_op1(B, "Size", GRAD_X(1)), 0);
  rn_value rows[2] = {n, op_vector_part(B, shape, 1, 0, 1)};
  rn_value values = rn_op2(B, "Reshape", DY, op_concat(B, rows, 2, 0));
  c->api->set_dx_slices(c, 0, values, rn_op2(B, "Reshape", GRAD_X(1), n), shape);
  return NULL;
}
static rn_status *grad_gather(rn_grad *c) { return slices(c); }

/* Along another axis: that axis moved to the front, summed by index, and moved back. */
static rn_status *grad_gather_v2(rn_grad *c) {
  int64_t axis[RN_MAX_VALUE], perm[RN_MAX_RANK], back[RN_MAX_RANK];
  int32_t rank = op_shape(B, GRAD_X(0))->rank;
  if (op_constant_ints(B, GRAD_X(2), axis) != 1 || rn_self_int(&B->self, "batch_dims", 0) != 0)
    return op_grad_fail(c, "the gradient of a gather needs a constant axis and no batch dimensions");
  if (axis[0] == 0) return slices(c);
  if (rank < 1 || axis[0] < -rank || axis[0] >= rank)
    return op_grad_fail(c, "the gradient of a gather needs a known rank");
  int32_t at = (int32_t)(axis[0] < 0 ? axis[0] + rank : axis[0]), n = 1;
  if (at == 0) return slices(c);
  perm[0] = at;
  for (int32_t i = 0; i < rank; i++)
    if (i != at) perm[n++] = i;
  for (int32_t i = 0; i < rank; i++) back[perm[i]] = i;
  rn_value shape = rn_op1(B, "Shape", GRAD_X(0)), count = op_expand(B, rn_op1(B, "Size", GRAD_X(1)), 0);
  rn_value parts[3] = {op_vector_part(B, shape, 0, at, 0), count, op_vector_part(B, shape, at + 1, 0, 1)};
  rn_value dy = rn_op2(B, "Reshape", DY, op_concat(B, parts, 3, 0));
  rn_value front = rn_op2(B, "Transpose", dy, op_vector(B, perm, (uint32_t)rank));
  rn_value ids = rn_op2(B, "Reshape", GRAD_X(1), count);
  rn_value sums = rn_op3(B, "UnsortedSegmentSum", front, ids, op_element(B, shape, at));
  return op_dx(c, 0, rn_op2(B, "Transpose", sums, op_vector(B, back, (uint32_t)rank)));
}

/* The last axis of the indices names the leading axes of x. */
static rn_status *infer_gather_nd(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0), *i = c->api->shape(c, 1);
  rn_shape s = rn_shape_unknown();
  RN_TRY(op_want_rank_from(c, 1, 1));
  int64_t depth = i->rank > 0 ? i->dim[i->rank - 1] : RN_DIM_UNKNOWN;
  if (x->rank >= 0 && depth > x->rank)
    return op_fail(c, "indices of %lld numbers for a tensor of rank %d", (long long)depth, x->rank);
  if (x->rank >= 0 && depth >= 0) {
    rn_shape head = op_part(i, 0, i->rank - 1), tail = op_part(x, (int32_t)depth, x->rank);
    RN_TRY(op_join(c, &head, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *grad_gather_nd(rn_grad *c) {
  rn_value shape = op_shape_as(B, GRAD_X(0), op_dtype(B, GRAD_X(1)));
  return op_dx(c, 0, rn_op3(B, "ScatterNd", GRAD_X(1), DY, shape));
}

static rn_status *infer_scatter_nd(rn_infer *c) {
  rn_shape s;
  RN_TRY(op_want_rank(c, 2, 1, &s));
  RN_TRY(op_want_rank_from(c, 0, 1));
  RN_TRY(op_shape_input(c, 2, &s));
  const rn_shape *at = c->api->shape(c, 0);
  int64_t depth = at->rank > 0 ? at->dim[at->rank - 1] : RN_DIM_UNKNOWN;
  if (s.rank >= 0 && depth > s.rank)
    return op_fail(c, "indices of %lld numbers for a tensor of rank %d", (long long)depth, s.rank);
  if (s.rank >= 0 && depth >= 0) {
    rn_shape rows = op_part(at, 0, at->rank - 1), tail = op_part(&s, (int32_t)depth, s.rank);
    RN_TRY(op_join(c, &rows, &tail, &rows));
    RN_TRY(op_merge(c, &rows, c->api->shape(c, 1), &rows));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *grad_scatter_nd(rn_grad *c) { return op_dx(c, 1, rn_op2(B, "GatherNd", DY, GRAD_X(0))); }

static rn_status *infer_one_hot(rn_infer *c) {
  const rn_shape *i = c->api->shape(c, 0);
  op_int depth = op_scalar(c, 1);
  rn_shape s = rn_shape_unknown();
  int32_t at = 0;
  int64_t axis = rn_self_int(&c->self, "axis", -1);
  for (uint32_t k = 1; k < 4; k++) RN_TRY(op_want_rank(c, k, 0, &s));
  s = rn_shape_unknown();
  if (depth.known && depth.v < 0) return op_fail(c, "depth is %lld", (long long)depth.v);
  if (i->rank >= 0) {
    RN_TRY(op_axis(c, axis, i->rank + 1, &at));
    rn_shape head = op_part(i, 0, at), one = rn_shape_vector(depth.v), tail = op_part(i, at, i->rank);
    RN_TRY(op_join(c, &head, &one, &s));
    RN_TRY(op_join(c, &s, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

/* Whoever stands last wins; the largest index tells the length. */
static rn_status *infer_stitch(rn_infer *c) {
  uint32_t n = c->n_in / 2;
  rn_shape tail = rn_shape_unknown(), s = rn_shape_unknown();
  int64_t length = 0;
  op_int v[RN_MAX_VALUE];
  for (uint32_t i = 0; i < n; i++) {
    const rn_shape *at = c->api->shape(c, i), *x = c->api->shape(c, n + i);
    int32_t k = op_ints(c, i, v);
    for (int32_t j = 0; j < k; j++) length = length < 0 || !v[j].known ? -1 : v[j].v + 1 > length ? v[j].v + 1 : length;
    if (k < 0) length = RN_DIM_UNKNOWN;
    if (at->rank < 0 || x->rank < 0) continue;
    if (x->rank < at->rank) return op_fail(c, "data %u has rank %d, its indices %d", i, x->rank, at->rank);
    rn_shape rest = op_part(x, at->rank, x->rank), begin = op_part(x, 0, at->rank);
    RN_TRY(op_merge(c, at, &begin, &begin));
    RN_TRY(op_merge(c, &tail, &rest, &tail));
  }
  rn_shape head = rn_shape_vector(length);
  RN_TRY(op_join(c, &head, &tail, &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *grad_stitch(rn_grad *c) {
  uint32_t n = c->n_in / 2;
  for (uint32_t i = 0; i < n; i++) op_dx(c, n + i, rn_op2(B, "Gather", DY, GRAD_X(i)));
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Gather",
       "(params: Tparams, indices: Tindices) -> (output: Tparams); validate_indices: bool = true; Tparams: type; "
       "Tindices: {int32, int64}",
       "The slices of a tensor at the indices.", infer_gather, grad_gather),
    OP("GatherV2",
       "(params: Tparams, indices: Tindices, axis: Taxis) -> (output: Tparams); batch_dims: int = 0; Tparams: type; "
       "Tindices: {int32, int64}; Taxis: {int32, int64}",
       "The slices of a tensor at the indices along an axis.", infer_gather_v2, grad_gather_v2),
    OP("GatherNd", "(params: Tparams, indices: Tindices) -> (output: Tparams); Tparams: type; Tindices: {int32, int64}",
       "The elements or slices at coordinates.", infer_gather_nd, grad_gather_nd),
    OP("ScatterNd",
       "(indices: Tindices, updates: T, shape: Tindices) -> (output: T); T: type; Tindices: {int32, int64}",
       "Zeros with updates added at coordinates.", infer_scatter_nd, grad_scatter_nd),
    OP("OneHot",
       "(indices: TI, depth: int32, on_value: T, off_value: T) -> (output: T); axis: int = -1; T: type; TI: {uint8, "
       "int32, int64} = int64",
       "on_value at each index along a new axis, off_value elsewhere.", infer_one_hot, NULL, NO_GRADIENT),
    OP("DynamicStitch", "(indices: N * int32, data: N * T) -> (merged: T); N: int >= 1; T: type",
       "Slices put together in the order that indices give.", infer_stitch, grad_stitch),
};
OPS_GROUP(ops_gather, ops);
