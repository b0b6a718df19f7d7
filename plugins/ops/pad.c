/* pad.c - tensors made larger: padding, tiling, broadcasting to a shape (plugins/ops). */
#include "ops.h"

/* The paddings tensor is a matrix, which only a constant tells: [rank, 2] of int32 or int64. */
static int read_paddings(rn_infer *c, int32_t rank, int64_t out[RN_MAX_RANK][2]) {
  rn_tensor *t = c->api->constant(c, 1);
  rn_tensor_view v;
  if (!t) return 0;
  memset(&v, 0, sizeof v);
  v.struct_size = (uint32_t)sizeof v;
  c->self.host->tensor_view(t, &v);
  if (!v.data || v.shape.rank != 2 || v.shape.dim[0] != rank || v.shape.dim[1] != 2) return 0;
  if (v.dtype != RN_INT32 && v.dtype != RN_INT64) return 0;
  for (int32_t i = 0; i < 2 * rank; i++)
    out[i / 2][i % 2] = v.dtype == RN_INT32 ? ((const int32_t *)v.data)[i] : ((const int64_t *)v.data)[i];
  return 1;
}

static rn_status *padded_rank(rn_infer *c, rn_shape *x) {
  rn_shape p;
  *x = *c->api->shape(c, 0);
  RN_TRY(op_want_rank(c, 1, 2, &p));
  if (p.dim[1] >= 0 && p.dim[1] != 2)
    return op_fail(c, "paddings must have 2 columns but have %lld", (long long)p.dim[1]);
  if (p.dim[0] > RN_MAX_RANK) return op_fail(c, "paddings for %lld axes; at most %d", (long long)p.dim[0], RN_MAX_RANK);
  if (x->rank >= 0 && p.dim[0] >= 0 && p.dim[0] != x->rank)
    return op_fail(c, "paddings for %lld axes, the tensor has %d", (long long)p.dim[0], x->rank);
  if (x->rank < 0 && p.dim[0] >= 0) *x = op_shape_of_rank((int32_t)p.dim[0]);
  return NULL;
}

static rn_status *pad_with(rn_infer *c, int sign) {
  rn_shape x, value;
  int64_t p[RN_MAX_RANK][2];
  RN_TRY(padded_rank(c, &x));
  if (c->n_in > 2) RN_TRY(op_want_rank(c, 2, 0, &value));
  int known = x.rank >= 0 && read_paddings(c, x.rank, p);
  for (int32_t i = 0; i < x.rank; i++) {
    int64_t extra = 0;
    if (known && (p[i][0] < 0 || p[i][1] < 0)) return op_fail(c, "a padding of axis %d is negative", i);
    if (known) RN_TRY(op_dim_add(c, p[i][0], p[i][1], &extra));
    if (!known || (x.dim[i] < 0 && extra)) x.dim[i] = RN_DIM_UNKNOWN;
    if (!known || x.dim[i] < 0) continue;
    if (sign < 0 && extra > x.dim[i])
      return op_fail(c, "axis %d has %lld elements, fewer than its paddings", i, (long long)x.dim[i]);
    if (sign < 0) x.dim[i] -= extra;
    if (sign > 0) RN_TRY(op_dim_add(c, x.dim[i], extra, &x.dim[i]));
  }
  c->api->set_shape(c, 0, &x);
  return NULL;
}
static rn_status *infer_pad(rn_infer *c) { return pad_with(c, 1); }
static rn_status *infer_unpad(rn_infer *c) { return pad_with(c, -1); }

static rn_status *grad_pad(rn_grad *c) {
  rn_value x = GRAD_X(0), rank = rn_op1(GRAD_B, "Rank", x);
  int64_t origin[2] = {0, 0}, minus_one = -1;
  rn_value size[2] = {rank, op_integer(GRAD_B, 1)};
  rn_value first = rn_op3(GRAD_B, "Slice", GRAD_X(1), op_vector(GRAD_B, origin, 2), op_pack(GRAD_B, size, 2, 0));
  rn_value begin = rn_op2(GRAD_B, "Reshape", first, op_vector(GRAD_B, &minus_one, 1));
  rn_value shape = op_shape_as(GRAD_B, x, op_dtype(GRAD_B, begin));
  return op_dx(c, 0, rn_op3(GRAD_B, "Slice", GRAD_DY, begin, shape));
}

static rn_status *mirror(rn_grad *c, const char *op) {
  rn_attr mode;
  rn_value in[2] = {GRAD_DY, GRAD_X(1)};
  op_copy_attr(&GRAD_B->self, "mode", &mode);
  return op_dx(c, 0, rn_emit(GRAD_B, op, in, 2, &mode, 1));
}
static rn_status *grad_mirror_pad(rn_grad *c) { return mirror(c, "MirrorPadGrad"); }
static rn_status *grad_mirror_pad_grad(rn_grad *c) { return mirror(c, "MirrorPad"); }

static rn_status *infer_tile(rn_infer *c) {
  rn_shape x = *c->api->shape(c, 0), m;
  op_int v[RN_MAX_VALUE];
  RN_TRY(op_want_rank(c, 1, 1, &m));
  if (x.rank >= 0 && m.dim[0] >= 0 && m.dim[0] != x.rank)
    return op_fail(c, "%lld multiples for a tensor of rank %d", (long long)m.dim[0], x.rank);
  if (m.dim[0] > RN_MAX_RANK) return op_fail(c, "%lld multiples; at most %d", (long long)m.dim[0], RN_MAX_RANK);
  if (x.rank < 0 && m.dim[0] >= 0) x = op_shape_of_rank((int32_t)m.dim[0]);
  int32_t n = op_ints(c, 1, v);
  for (int32_t i = 0; i < x.rank; i++) {
    op_int k = i < n ? v[i] : (op_int){RN_DIM_UNKNOWN, 0};
    if (k.known && k.v < 0) return op_fail(c, "multiple %lld of axis %d is negative", (long long)k.v, i);
    RN_TRY(op_dim_mul(c, x.dim[i], k.v, &x.dim[i]));
  }
  c->api->set_shape(c, 0, &x);
  return NULL;
}

/* dy seen as [multiple, size] per axis, summed over the multiples. */
static rn_status *grad_tile(rn_grad *c) {
  int64_t minus_one = -1, swap[2] = {1, 0};
  rn_value shape = op_shape_as(GRAD_B, GRAD_X(0), op_dtype(GRAD_B, GRAD_X(1)));
  rn_value rows[2] = {GRAD_X(1), shape};
  rn_value pairs = rn_op2(GRAD_B, "Transpose", op_pack(GRAD_B, rows, 2, 0), op_vector(GRAD_B, swap, 2));
  rn_value split = rn_op2(GRAD_B, "Reshape", pairs, op_vector(GRAD_B, &minus_one, 1));
  rn_value axes = rn_op3(GRAD_B, "Range", op_integer(GRAD_B, 0), rn_op1(GRAD_B, "Size", split), op_integer(GRAD_B, 2));
  rn_value sum = op_sum(GRAD_B, rn_op2(GRAD_B, "Reshape", GRAD_DY, split), axes, 0);
  return op_dx(c, 0, rn_op2(GRAD_B, "Reshape", sum, shape));
}

static rn_status *infer_broadcast_to(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  rn_shape s, both;
  RN_TRY(op_want_rank(c, 1, 1, &s));
  RN_TRY(op_shape_input(c, 1, &s));
  if (s.rank >= 0 && x->rank > s.rank)
    return op_fail(c, "a tensor of rank %d cannot become one of rank %d", x->rank, s.rank);
  RN_TRY(op_broadcast(c, x, &s, &both));
  for (int32_t i = 0; i < s.rank && both.rank == s.rank; i++)
    if (s.dim[i] >= 0 && both.dim[i] >= 0 && s.dim[i] != both.dim[i])
      return op_fail(c, "axis %d has %lld elements and cannot become %lld", i, (long long)both.dim[i],
                     (long long)s.dim[i]);
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *grad_broadcast_to(rn_grad *c) {
  rn_value x = rn_op1(GRAD_B, "Shape", GRAD_X(0)), y = rn_op1(GRAD_B, "Shape", GRAD_Y(0));
  rn_value axes = rn_op2(GRAD_B, "BroadcastGradientArgs", y, x);
  return op_dx(c, 0, rn_op2(GRAD_B, "Reshape", op_sum(GRAD_B, GRAD_DY, rn_port(axes, 1), 0), x));
}

static const rn_op_def ops[] = {
    OP("Pad", "(input: T, paddings: Tpaddings) -> (output: T); T: type; Tpaddings: {int32, int64} = int32",
       "The tensor with zeros around it.", infer_pad, grad_pad),
    OP("PadV2",
       "(input: T, paddings: Tpaddings, constant_values: T) -> (output: T); T: type; Tpaddings: {int32, int64} = int32",
       "The tensor with a given value around it.", infer_pad, grad_pad),
    OP("MirrorPad",
       "(input: T, paddings: Tpaddings) -> (output: T); T: type; Tpaddings: {int32, int64} = int32; mode: "
       "{\"REFLECT\", \"SYMMETRIC\"}",
       "The tensor with its own mirror image around it.", infer_pad, grad_mirror_pad),
    OP("MirrorPadGrad",
       "(input: T, paddings: Tpaddings) -> (output: T); T: type; Tpaddings: {int32, int64} = int32; mode: "
       "{\"REFLECT\", \"SYMMETRIC\"}",
       "The sum of a padded tensor's mirror images.", infer_unpad, grad_mirror_pad_grad),
    OP("Tile", "(input: T, multiples: Tmultiples) -> (output: T); T: type; Tmultiples: {int32, int64} = int32",
       "The tensor repeated along each axis.", infer_tile, grad_tile),
    OP("BroadcastTo", "(input: T, shape: Tidx) -> (output: T); T: type; Tidx: {int32, int64} = int32",
       "The tensor repeated along axes of size one, to a shape.", infer_broadcast_to, grad_broadcast_to),
};
OPS_GROUP(ops_pad, ops);
