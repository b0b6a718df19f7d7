/* identity.c - values handed on as they are, and values like others (plugins/ops). */
#include "ops.h"

static rn_status *grad_prevented(rn_grad *c) {
  rn_bytes m = rn_self_string(&c->b->self, "message");
  return op_grad_fail(c, "a gradient was asked for where it is not implemented: %.*s", (int)m.size, m.data);
}

static rn_status *infer_fill(rn_infer *c) {
  rn_shape s;
  op_int v[RN_MAX_VALUE], one = op_scalar(c, 1);
  RN_TRY(op_want_rank(c, 0, 1, &s));
  RN_TRY(op_want_rank(c, 1, 0, &s));
  RN_TRY(op_shape_input(c, 0, &s));
  c->api->set_shape(c, 0, &s);
  rn_dtype dt = c->api->out_dtype(c, 0);
  if ((dt != RN_INT32 && dt != RN_INT64) || s.rank > 1 || !rn_shape_known(&s)) return NULL;
  int64_t n = rn_shape_elems(&s);
  for (int64_t i = 0; i < n && i < RN_MAX_VALUE; i++) v[i] = one;
  if (n <= RN_MAX_VALUE) op_set_ints(c, 0, v, (int32_t)n);
  return NULL;
}

static rn_status *grad_fill(rn_grad *c) {
  rn_value dy = GRAD_DY, rank = rn_op1(GRAD_B, "Rank", dy);
  rn_value axes = rn_op3(GRAD_B, "Range", op_integer(GRAD_B, 0), rank, op_integer(GRAD_B, 1));
  return op_dx(c, 1, op_sum(GRAD_B, dy, axes, 0));
}

static rn_status *infer_like(rn_infer *c, int64_t value) {
  const rn_shape *s = c->api->shape(c, 0);
  op_int v[RN_MAX_VALUE];
  c->api->set_shape(c, 0, s);
  rn_dtype dt = c->api->out_dtype(c, 0);
  if ((dt != RN_INT32 && dt != RN_INT64) || s->rank < 0 || s->rank > 1 || !rn_shape_known(s)) return NULL;
  int64_t n = rn_shape_elems(s);
  for (int64_t i = 0; i < n && i < RN_MAX_VALUE; i++) v[i] = op_int_known(value);
  if (n <= RN_MAX_VALUE) op_set_ints(c, 0, v, (int32_t)n);
  return NULL;
}
static rn_status *infer_zeros(rn_infer *c) { return infer_like(c, 0); }
static rn_status *infer_ones(rn_infer *c) { return infer_like(c, 1); }

static const rn_op_def ops[] = {
    OP("Identity", "(input: T) -> (output: T); T: type", "Its input.", op_infer_same_ints, op_grad_pass,
       .role = RN_ROLE_IDENTITY),
    OP("RefIdentity", "(input: Ref(T)) -> (output: Ref(T)); T: type", "The variable it gets.", op_infer_same,
       op_grad_pass, .ref_forward = 1, .flags = RN_OP_UNINITIALIZED_OK),
    OP("IdentityN", "(input: T) -> (output: T); T: list(type) >= 1", "Its inputs, handed on together.", op_infer_each,
       op_grad_each),
    OP("Snapshot", "(input: T) -> (output: T); T: type", "Its input.", op_infer_same_ints, op_grad_pass),
    OP("StopGradient", "(input: T) -> (output: T); T: type", "Its input; no gradient flows back through it.",
       op_infer_same_ints, NULL, NO_GRADIENT),
    OP("PreventGradient", "(input: T) -> (output: T); T: type; message: string = \"\"",
       "Its input; asking for a gradient through it is an error.", op_infer_same_ints, grad_prevented),
    OP("DeepCopy", "(x: T) -> (y: T); T: type", "A copy of its input.", op_infer_same_ints, NULL,
       .flags = RN_OP_STATEFUL),
    OP("ZerosLike", "(x: T) -> (y: T); T: type", "Zeros in the shape and type of x.", infer_zeros, NULL, NO_GRADIENT,
       .role = RN_ROLE_ZEROS_LIKE),
    OP("OnesLike",
       "(x: T) -> (y: T); T: {bfloat16, half, float, double, int8, uint8, int16, uint16, int32, int64, complex64, "
       "complex128, bool}",
       "Ones in the shape and type of x.", infer_ones, NULL, NO_GRADIENT, .role = RN_ROLE_ONES_LIKE),
    OP("Fill", "(dims: index_type, value: T) -> (output: T); T: type; index_type: {int32, int64} = int32",
       "A tensor of shape dims in which every element is value.", infer_fill, grad_fill),
    OP("AddN",
       "(inputs: N * T) -> (sum: T); N: int >= 1; T: {float, double, int32, uint8, int16, int8, complex64, int64, "
       "qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64, variant}",
       "The sum of all inputs, which have one shape.", op_infer_merged, op_grad_to_all, .flags = RN_OP_COMMUTATIVE,
       .role = RN_ROLE_SUM),
    OP("AccumulateNV2",
       "(inputs: N * T) -> (sum: T); N: int >= 1; T: {float, double, int32, uint8, int16, int8, complex64, int64, "
       "qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; shape: shape",
       "The sum of all inputs, which have one shape.", op_infer_merged, op_grad_to_all, .flags = RN_OP_COMMUTATIVE),
};
OPS_GROUP(ops_identity, ops);
