/* compare.c - questions with a truth value, broadcast; choosing by one (plugins/ops). */
#include "ops.h"

#define TRUTH(name_, signature_, doc_, ...) OP(name_, signature_, doc_, op_infer_binary, NULL, __VA_ARGS__)

/* The condition is one truth value, one per element, or a vector with one per row. */
static rn_status *infer_select(rn_infer *c) {
  rn_shape s, rows;
  const rn_shape *p = c->api->shape(c, 0);
  RN_TRY(op_merge(c, c->api->shape(c, 1), c->api->shape(c, 2), &s));
  if (p->rank > 0 && s.rank >= 0 && p->rank == s.rank) {
    RN_TRY(op_merge(c, p, &s, &s));
  } else if (p->rank == 1 && s.rank > 1) {
    rows = s;
    RN_TRY(c->api->merge(c, p->dim[0], s.dim[0], &rows.dim[0]));
    s = rows;
  } else if (p->rank > 0 && s.rank >= 0) {
    return op_fail(c, "a condition of rank %d for values of rank %d", p->rank, s.rank);
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *grad_select(rn_grad *c) {
  rn_value dy = GRAD_DY, zeros = rn_op1(GRAD_B, "ZerosLike", GRAD_X(1)), p = GRAD_X(0);
  op_dx(c, 1, rn_op3(GRAD_B, "Select", p, dy, zeros));
  return op_dx(c, 2, rn_op3(GRAD_B, "Select", p, zeros, dy));
}

/* One row per true element, one column per axis. */
static rn_status *infer_where(rn_infer *c) {
  rn_shape s = op_shape_of_rank(2);
  int32_t rank = c->api->shape(c, 0)->rank;
  s.dim[0] = c->api->new_symbol(c);
  if (rank >= 0) s.dim[1] = rank;
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static const rn_op_def ops[] = {
    TRUTH("Less",
          "(x: T, y: T) -> (z: bool); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, "
          "uint32, uint64}",
          "x < y.", NO_GRADIENT),
    TRUTH("LessEqual",
          "(x: T, y: T) -> (z: bool); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, "
          "uint32, uint64}",
          "x <= y.", NO_GRADIENT),
    TRUTH("Greater",
          "(x: T, y: T) -> (z: bool); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, "
          "uint32, uint64}",
          "x > y.", NO_GRADIENT),
    TRUTH("GreaterEqual",
          "(x: T, y: T) -> (z: bool); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, "
          "uint32, uint64}",
          "x >= y.", NO_GRADIENT),
    TRUTH("Equal",
          "(x: T, y: T) -> (z: bool); T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
          "quint8, qint8, qint32, string, bool, complex128}",
          "x == y.", .flags = RN_OP_NO_GRADIENT | RN_OP_COMMUTATIVE),
    TRUTH("NotEqual",
          "(x: T, y: T) -> (z: bool); T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
          "quint8, qint8, qint32, string, bool, complex128}",
          "x != y.", .flags = RN_OP_NO_GRADIENT | RN_OP_COMMUTATIVE),
    TRUTH("LogicalAnd", "(x: bool, y: bool) -> (z: bool)", "x and y.", .flags = RN_OP_NO_GRADIENT | RN_OP_COMMUTATIVE),
    TRUTH("LogicalOr", "(x: bool, y: bool) -> (z: bool)", "x or y.", .flags = RN_OP_NO_GRADIENT | RN_OP_COMMUTATIVE),
    OP("Select", "(condition: bool, t: T, e: T) -> (output: T); T: type",
       "The elements of t where the condition holds, of e elsewhere.", infer_select, grad_select),
    OP("Where",
       "(input: T) -> (index: int64); T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, "
       "qint32, bfloat16, uint16, complex128, half, uint32, uint64, bool} = bool",
       "The coordinates of the true elements.", infer_where, NULL, NO_GRADIENT),
};
OPS_GROUP(ops_compare, ops);
