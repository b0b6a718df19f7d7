/* transpose.c - elements in another order: permutations and reversal (plugins/ops). */
#include "ops.h"

static rn_status *permute(rn_infer *c, const rn_shape *x, const op_int *perm, int32_t n, rn_shape *out) {
  uint8_t seen[RN_MAX_RANK] = {0};
  *out = op_shape_of_rank(n);
  for (int32_t i = 0; i < n; i++) {
    int32_t a;
    if (!perm[i].known) continue;
    RN_TRY(op_axis(c, perm[i].v, n, &a));
    if (seen[a]) return op_fail(c, "axis %d stands twice in the permutation", a);
    seen[a] = 1;
    if (x->rank >= 0) out->dim[i] = x->dim[a];
  }
  return NULL;
}

static rn_status *infer_transpose(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  rn_shape s;
  op_int perm[RN_MAX_VALUE];
  RN_TRY(op_want_rank(c, 1, 1, &s));
  int32_t n = op_ints(c, 1, perm);
  if (n > RN_MAX_RANK || (n >= 0 && x->rank >= 0 && n != x->rank))
    return op_fail(c, "a permutation of %d axes for a tensor of rank %d", n, x->rank);
  if (n >= 0) {
    RN_TRY(permute(c, x, perm, n, &s));
  } else {
    s = x->rank < 0 ? rn_shape_unknown() : op_shape_of_rank(x->rank);
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *grad_transpose(rn_grad *c) {
  int64_t perm[RN_MAX_VALUE], inverse[RN_MAX_RANK];
  int32_t n = op_constant_ints(GRAD_B, GRAD_X(1), perm);
  rn_value back = RN_NO_VALUE;
  if (n > 0 && n <= RN_MAX_RANK) {
    for (int32_t i = 0; i < n; i++) inverse[perm[i] < 0 ? perm[i] + n : perm[i]] = i;
    back = op_vector(GRAD_B, inverse, (uint32_t)n);
  } else {
    back = rn_op1(GRAD_B, "InvertPermutation", GRAD_X(1));
  }
  return op_dx(c, 0, rn_op2(GRAD_B, "Transpose", GRAD_DY, back));
}

static rn_status *infer_invert(rn_infer *c) {
  rn_shape s;
  op_int v[RN_MAX_VALUE], inverse[RN_MAX_VALUE];
  RN_TRY(op_want_rank(c, 0, 1, &s));
  c->api->set_shape(c, 0, &s);
  int32_t n = op_ints(c, 0, v);
  for (int32_t i = 0; i < n; i++) inverse[i] = (op_int){RN_DIM_UNKNOWN, 0};
  for (int32_t i = 0; i < n; i++) {
    if (!v[i].known) continue;
    if (v[i].v < 0 || v[i].v >= n) return op_fail(c, "element %d is %lld, outside of [0, %d)", i, (long long)v[i].v, n);
    if (inverse[v[i].v].known) return op_fail(c, "%lld stands twice in the permutation", (long long)v[i].v);
    inverse[v[i].v] = op_int_known(i);
  }
  op_set_ints(c, 0, inverse, n);
  return NULL;
}

static rn_status *infer_reverse(rn_infer *c) {
  rn_shape s;
  const rn_shape *x = c->api->shape(c, 0);
  op_int v[RN_MAX_VALUE];
  uint8_t seen[RN_MAX_RANK] = {0};
  RN_TRY(op_want_rank(c, 1, 1, &s));
  int32_t n = op_ints(c, 1, v);
  for (int32_t i = 0; i < n && x->rank >= 0; i++) {
    int32_t a;
    if (!v[i].known) continue;
    RN_TRY(op_axis(c, v[i].v, x->rank, &a));
    if (seen[a]) return op_fail(c, "axis %d is named twice", a);
    seen[a] = 1;
  }
  return op_infer_same(c);
}
static rn_status *grad_reverse(rn_grad *c) { return op_dx(c, 0, rn_op2(GRAD_B, "ReverseV2", GRAD_DY, GRAD_X(1))); }

static const rn_op_def ops[] = {
    OP("Transpose", "(x: T, perm: Tperm) -> (y: T); T: type; Tperm: {int32, int64} = int32",
       "Dimension i of the result is dimension perm[i] of x.", infer_transpose, grad_transpose),
    OP("InvertPermutation", "(x: T) -> (y: T); T: {int32, int64} = int32", "The permutation that undoes x.",
       infer_invert, NULL, NO_GRADIENT),
    OP("ReverseV2",
       "(tensor: T, axis: Tidx) -> (output: T); Tidx: {int32, int64} = int32; T: {uint8, int8, uint16, int16, int32, "
       "int64, bool, bfloat16, half, float, double, complex64, complex128, string}",
       "The elements in reverse order along some axes.", infer_reverse, grad_reverse),
};
OPS_GROUP(ops_transpose, ops);
