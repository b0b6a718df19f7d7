/* split.c - taking tensors apart: equal parts, given sizes, along an axis (plugins/ops). */
#include "ops.h"

/* Every output is x with this size along the axis; an unknown axis leaves the rank only. */
static void set_parts(rn_infer *c, const rn_shape *x, int32_t axis, const op_int *sizes) {
  for (uint32_t i = 0; i < c->n_out; i++) {
    rn_shape s = *x;
    if (x->rank >= 0 && axis < 0) s = op_shape_of_rank(x->rank);
    if (axis >= 0) s.dim[axis] = sizes ? op_int_as_dim(sizes[i]) : RN_DIM_UNKNOWN;
    c->api->set_shape(c, i, &s);
  }
}

static rn_status *infer_split(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 1);
  op_int axis = op_scalar(c, 0);
  rn_shape scalar;
  int32_t at;
  RN_TRY(op_want_rank(c, 0, 0, &scalar));
  if (x->rank < 0 || !axis.known) {
    set_parts(c, x, -1, NULL);
    return NULL;
  }
  RN_TRY(op_axis(c, axis.v, x->rank, &at));
  int64_t size = x->dim[at], n = (int64_t)c->n_out;
  if (size >= 0 && size % n != 0)
    return op_fail(c, "%lld elements along axis %d do not divide into %lld parts", (long long)size, at, (long long)n);
  rn_shape s = *x;
  s.dim[at] = size >= 0 ? size / n : n == 1 ? size : RN_DIM_UNKNOWN;
  for (uint32_t i = 0; i < c->n_out; i++) c->api->set_shape(c, i, &s);
  return NULL;
}

/* One size may be -1: what the others leave. */
static rn_status *complete_sizes(rn_infer *c, int64_t whole, op_int *sizes, int32_t n) {
  int32_t open = -1;
  int64_t sum = 0;
  for (int32_t i = 0; i < n; i++) {
    if (!sizes[i].known) return NULL;
    if (sizes[i].v < -1) return op_fail(c, "size %lld of part %d is negative", (long long)sizes[i].v, i);
    if (sizes[i].v == -1 && open >= 0) return op_fail(c, "only one size may be -1");
    if (sizes[i].v == -1) open = i;
    if (sizes[i].v >= 0) RN_TRY(op_dim_add(c, sum, sizes[i].v, &sum));
  }
  if (whole >= 0 && (open < 0 ? sum != whole : sum > whole))
    return op_fail(c, "the sizes sum to %lld, the axis has %lld", (long long)sum, (long long)whole);
  if (open >= 0) sizes[open] = whole >= 0 ? op_int_known(whole - sum) : (op_int){RN_DIM_UNKNOWN, 0};
  return NULL;
}

static rn_status *infer_split_v(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  op_int axis = op_scalar(c, 2), sizes[RN_MAX_VALUE];
  rn_shape s, scalar;
  int32_t at;
  RN_TRY(op_want_rank(c, 1, 1, &s));
  RN_TRY(op_want_rank(c, 2, 0, &scalar));
  int32_t n = op_ints(c, 1, sizes);
  if (s.dim[0] >= 0 && s.dim[0] != (int64_t)c->n_out)
    return op_fail(c, "%lld sizes for %u parts", (long long)s.dim[0], c->n_out);
  if (x->rank < 0 || !axis.known) {
    set_parts(c, x, -1, NULL);
    return NULL;
  }
  RN_TRY(op_axis(c, axis.v, x->rank, &at));
  if (n >= 0) RN_TRY(complete_sizes(c, x->dim[at], sizes, n));
  set_parts(c, x, at, n == (int32_t)c->n_out ? sizes : NULL);
  return NULL;
}

static rn_status *rejoin(rn_grad *c, uint32_t input, rn_value axis) {
  enum { MOST = 1024 };
  rn_value in[MOST + 1];
  if (c->n_out > MOST) return op_grad_fail(c, "the gradient of %u parts; at most %d are supported", c->n_out, MOST);
  for (uint32_t i = 0; i < c->n_out; i++) in[i] = op_dy_or_zeros(c, i);
  in[c->n_out] = axis;
  rn_attr a = RN_AI("N", (int64_t)c->n_out);
  return op_dx(c, input, c->n_out == 1 ? in[0] : rn_emit(GRAD_B, "ConcatV2", in, c->n_out + 1, &a, 1));
}
static rn_status *grad_split(rn_grad *c) { return rejoin(c, 1, GRAD_X(0)); }
static rn_status *grad_split_v(rn_grad *c) { return rejoin(c, 0, GRAD_X(2)); }

static rn_status *infer_unpack(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  rn_shape s = rn_shape_unknown();
  int32_t at = 0;
  int64_t num = (int64_t)c->n_out;
  if (x->rank >= 0) {
    RN_TRY(op_axis(c, rn_self_int(&c->self, "axis", 0), x->rank, &at));
    if (x->dim[at] >= 0 && x->dim[at] != num)
      return op_fail(c, "axis %d has %lld elements but num is %lld", at, (long long)x->dim[at], (long long)num);
    rn_shape head = op_part(x, 0, at), tail = op_part(x, at + 1, x->rank);
    RN_TRY(op_join(c, &head, &tail, &s));
  }
  op_int v[RN_MAX_VALUE];
  int32_t n = x->rank == 1 ? op_ints(c, 0, v) : -1;
  for (uint32_t i = 0; i < c->n_out; i++) {
    c->api->set_shape(c, i, &s);
    if (n == (int32_t)c->n_out) op_set_ints(c, i, v + i, 1);
  }
  return NULL;
}

static rn_status *grad_unpack(rn_grad *c) {
  enum { MOST = 1024 };
  rn_value in[MOST];
  if (c->n_out > MOST) return op_grad_fail(c, "the gradient of %u parts; at most %d are supported", c->n_out, MOST);
  for (uint32_t i = 0; i < c->n_out; i++) in[i] = op_dy_or_zeros(c, i);
  return op_dx(c, 0, op_pack(GRAD_B, in, c->n_out, rn_self_int(&GRAD_B->self, "axis", 0)));
}

static const rn_op_def ops[] = {
    OP("Split", "(split_dim: int32, value: T) -> (output: num_split * T); num_split: int >= 1; T: type",
       "A tensor cut into equal parts along an axis.", infer_split, grad_split),
    OP("SplitV",
       "(value: T, size_splits: Tlen, split_dim: int32) -> (output: num_split * T); num_split: int >= 1; T: type; "
       "Tlen: {int32, int64} = int64",
       "A tensor cut into parts of given sizes along an axis.", infer_split_v, grad_split_v),
    OP("Unpack", "(value: T) -> (output: num * T); num: int >= 0; T: type; axis: int = 0",
       "The slices of a tensor along an axis, without that axis.", infer_unpack, grad_unpack),
};
OPS_GROUP(ops_split, ops);
