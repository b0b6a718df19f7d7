/* concat.c - joining tensors: concatenation, packing (plugins/ops). */
#include "ops.h"

/* Joins inputs [first, first + n) along the axis, which may be unknown. */
static rn_status *join_along(rn_infer *c, uint32_t first, uint32_t n, op_int axis, rn_shape *out) {
  rn_shape s = rn_shape_unknown();
  int32_t at = -1;
  for (uint32_t i = 0; i < n && s.rank < 0; i++) s = *c->api->shape(c, first + i);
  *out = s;
  if (s.rank < 0) return NULL;
  if (s.rank == 0) return op_fail(c, "scalars cannot be concatenated; pack them instead");
  if (axis.known) RN_TRY(op_axis(c, axis.v, s.rank, &at));
  int64_t total = 0;
  for (uint32_t i = 0; i < n; i++) {
    rn_shape x;
    RN_TRY(op_want_rank(c, first + i, s.rank, &x));
    if (at < 0) continue;
    RN_TRY(op_dim_add(c, total, x.dim[at], &total));
    x.dim[at] = s.dim[at];
    RN_TRY(op_merge(c, &s, &x, &s));
  }
  if (at < 0) s = op_shape_of_rank(s.rank);
  if (at >= 0) s.dim[at] = total;
  *out = s;
  return NULL;
}

/* The values of vectors, one after another. */
static void join_ints(rn_infer *c, uint32_t first, uint32_t n) {
  op_int v[RN_MAX_VALUE], part[RN_MAX_VALUE];
  int32_t total = 0;
  for (uint32_t i = 0; i < n; i++) {
    int32_t k = op_ints(c, first + i, part);
    if (k < 0 || total + k > RN_MAX_VALUE) return;
    for (int32_t j = 0; j < k; j++) v[total++] = part[j];
  }
  op_set_ints(c, 0, v, total);
}

static int is_integer(rn_dtype dt) { return dt == RN_INT32 || dt == RN_INT64; }

static rn_status *infer_concat_at(rn_infer *c, uint32_t axis_input, uint32_t first) {
  rn_shape s, scalar;
  uint32_t n = c->n_in - 1;
  RN_TRY(op_want_rank(c, axis_input, 0, &scalar));
  RN_TRY(join_along(c, first, n, op_scalar(c, axis_input), &s));
  c->api->set_shape(c, 0, &s);
  if (s.rank == 1 && is_integer(c->api->out_dtype(c, 0))) join_ints(c, first, n);
  return NULL;
}
static rn_status *infer_concat(rn_infer *c) { return infer_concat_at(c, 0, 1); }
static rn_status *infer_concat_v2(rn_infer *c) { return infer_concat_at(c, c->n_in - 1, 0); }

/* dx_i is the slice of dy at offset_i in the shape of x_i. */
static rn_status *grad_concat_at(rn_grad *c, uint32_t axis_input, uint32_t first) {
  enum { MOST = 1024 };
  uint32_t n = c->n_in - 1;
  rn_value x[MOST + 1];
  if (n == 1) return op_dx(c, first, GRAD_DY);
  if (n > MOST) return op_grad_fail(c, "the gradient of %u parts; at most %d are supported", n, MOST);
  rn_value axis = op_cast(GRAD_B, GRAD_X(axis_input), RN_INT32);
  int64_t at[RN_MAX_VALUE];
  if (op_constant_ints(GRAD_B, GRAD_X(axis_input), at) != 1 || at[0] < 0)
    axis = rn_op2(GRAD_B, "FloorMod", axis, rn_op1(GRAD_B, "Rank", GRAD_X(first)));
  for (uint32_t i = 0; i < n; i++) x[i + 1] = GRAD_X(first + i);
  rn_value shapes = rn_emit(GRAD_B, "ShapeN", x + 1, n, NULL, 0);
  x[0] = axis;
  for (uint32_t i = 0; i < n; i++) x[i + 1] = rn_port(shapes, i);
  rn_value offsets = rn_emit(GRAD_B, "ConcatOffset", x, n + 1, NULL, 0);
  for (uint32_t i = 0; i < n; i++)
    op_dx(c, first + i, rn_op3(GRAD_B, "Slice", GRAD_DY, rn_port(offsets, i), rn_port(shapes, i)));
  return NULL;
}
static rn_status *grad_concat(rn_grad *c) { return grad_concat_at(c, 0, 1); }
static rn_status *grad_concat_v2(rn_grad *c) { return grad_concat_at(c, c->n_in - 1, 0); }

static rn_status *infer_offset(rn_infer *c) {
  rn_shape s, rank = rn_shape_vector(RN_DIM_UNKNOWN);
  op_int axis = op_scalar(c, 0), v[RN_MAX_VALUE], shape[RN_MAX_VALUE], at = op_int_known(0);
  int32_t a;
  RN_TRY(op_want_rank(c, 0, 0, &s));
  for (uint32_t i = 1; i < c->n_in; i++) RN_TRY(op_merge(c, &rank, c->api->shape(c, i), &rank));
  for (uint32_t i = 0; i < c->n_out; i++) c->api->set_shape(c, i, &rank);
  if (!axis.known || rank.dim[0] < 0 || rank.dim[0] > RN_MAX_VALUE) return NULL;
  int32_t n = (int32_t)rank.dim[0];
  RN_TRY(op_axis(c, axis.v, n, &a));
  for (uint32_t i = 0; i < c->n_out; i++) {
    for (int32_t k = 0; k < n; k++) v[k] = op_int_known(0);
    v[a] = at;
    op_set_ints(c, i, v, n);
    int known = op_ints(c, i + 1, shape) == n && shape[a].known && at.known;
    at.known = known && !__builtin_add_overflow(at.v, shape[a].v, &at.v);
    if (!at.known) at.v = RN_DIM_UNKNOWN;
  }
  return NULL;
}

static rn_status *infer_pack(rn_infer *c) {
  rn_shape s = rn_shape_unknown(), one = rn_shape_vector((int64_t)c->n_in);
  op_int v[RN_MAX_VALUE];
  int32_t at;
  for (uint32_t i = 0; i < c->n_in; i++) RN_TRY(op_merge(c, &s, c->api->shape(c, i), &s));
  if (s.rank >= 0) {
    RN_TRY(op_axis(c, rn_self_int(&c->self, "axis", 0), s.rank + 1, &at));
    rn_shape head = op_part(&s, 0, at), tail = op_part(&s, at, s.rank);
    RN_TRY(op_join(c, &head, &one, &s));
    RN_TRY(op_join(c, &s, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  if (s.rank != 1 || c->n_in > RN_MAX_VALUE || !is_integer(c->api->out_dtype(c, 0))) return NULL;
  for (uint32_t i = 0; i < c->n_in; i++) v[i] = op_scalar(c, i);
  op_set_ints(c, 0, v, (int32_t)c->n_in);
  return NULL;
}

static rn_status *grad_pack(rn_grad *c) {
  rn_value dy = GRAD_DY;
  rn_attr a[2] = {RN_AI("num", (int64_t)c->n_in), RN_AI("axis", rn_self_int(&GRAD_B->self, "axis", 0))};
  rn_value parts = rn_emit(GRAD_B, "Unpack", &dy, 1, a, 2);
  for (uint32_t i = 0; i < c->n_in; i++) op_dx(c, i, rn_port(parts, i));
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Concat", "(concat_dim: int32, values: N * T) -> (output: T); N: int >= 2; T: type",
       "The inputs one after another along an axis, which is the first input.", infer_concat, grad_concat),
    OP("ConcatV2", "(values: N * T, axis: Tidx) -> (output: T); N: int >= 2; T: type; Tidx: {int32, int64} = int32",
       "The inputs one after another along an axis, which is the last input.", infer_concat_v2, grad_concat_v2),
    OP("ConcatOffset", "(concat_dim: int32, shape: N * int32) -> (offset: N * int32); N: int >= 2",
       "Where each part of a concatenation begins.", infer_offset, NULL, NO_GRADIENT),
    OP("Pack", "(values: N * T) -> (output: T); N: int >= 1; T: type; axis: int = 0",
       "The inputs side by side along a new axis.", infer_pack, grad_pack),
};
OPS_GROUP(ops_concat, ops);
