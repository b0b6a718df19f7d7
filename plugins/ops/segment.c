/* segment.c - sums of rows that belong together (plugins/ops). */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

/* One more than the last id, where that is known. */
static int64_t count_segments(rn_infer *c) {
  int64_t id[RN_MAX_VALUE];
  int32_t n = c->api->value(c, 1, id, RN_MAX_VALUE);
  if (n == 0) return 0;
  return n > 0 && n <= RN_MAX_VALUE && id[n - 1] >= 0 ? id[n - 1] + 1 : c->api->new_symbol(c);
}

static rn_status *infer_segment(rn_infer *c) {
  rn_shape s = *c->api->shape(c, 0), ids;
  RN_TRY(op_want_rank_from(c, 0, 1));
  RN_TRY(op_want_rank(c, 1, 1, &ids));
  if (s.rank > 0) RN_TRY(c->api->merge(c, s.dim[0], ids.dim[0], &ids.dim[0]));
  if (s.rank > 0) s.dim[0] = count_segments(c);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *grad_segment(rn_grad *c) { return op_dx(c, 0, rn_op2(B, "Gather", DY, GRAD_X(1))); }

/* The ids' shape is the beginning of the data's. */
static rn_status *infer_unsorted(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0), *ids = c->api->shape(c, 1);
  op_int n = op_scalar(c, 2);
  rn_shape s = rn_shape_unknown(), scalar;
  RN_TRY(op_want_rank(c, 2, 0, &scalar));
  if (n.known && n.v < 0) return op_fail(c, "num_segments is %lld", (long long)n.v);
  if (x->rank >= 0 && ids->rank >= 0) {
    if (x->rank < ids->rank) return op_fail(c, "data has rank %d, segment_ids %d", x->rank, ids->rank);
    rn_shape head = op_part(x, 0, ids->rank), tail = op_part(x, ids->rank, x->rank), rows = rn_shape_vector(n.v);
    RN_TRY(op_merge(c, &head, ids, &head));
    RN_TRY(op_join(c, &rows, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

/* Rows of dy by id; a negative id belongs to nobody and gets zero. */
static rn_status *grad_unsorted(rn_grad *c) {
  rn_value ids = GRAD_X(1), zero = rn_op1(B, "ZerosLike", ids);
  int32_t rank = op_shape(B, GRAD_X(0))->rank, id_rank = op_shape(B, ids)->rank;
  if (rank < 0 || id_rank < 0) return op_grad_fail(c, "the gradient of UnsortedSegmentSum needs known ranks");
  rn_value rows = rn_op2(B, "Gather", DY, rn_op2(B, "Maximum", ids, zero));
  rn_value owned = rn_op2(B, "GreaterEqual", ids, zero);
  for (int32_t i = id_rank; i < rank; i++) owned = op_expand(B, owned, -1);
  rn_value zeros = rn_op1(B, "ZerosLike", rows);
  rn_value full = rn_op2(B, "LogicalAnd", owned, rn_op2(B, "Equal", zeros, zeros));
  return op_dx(c, 0, rn_op3(B, "Select", full, rows, zeros));
}

static const rn_op_def ops[] = {
    OP("SegmentSum",
       "(data: T, segment_ids: Tindices) -> (output: T); T: {float, double, int32, uint8, int16, int8, complex64, "
       "int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: {int32, int64}",
       "The sums of rows with the same id; ids are sorted.", infer_segment, grad_segment),
    OP("UnsortedSegmentSum",
       "(data: T, segment_ids: Tindices, num_segments: Tnumsegments) -> (output: T); T: {float, double, int32, uint8, "
       "int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; "
       "Tindices: {int32, int64}; Tnumsegments: {int32, int64} = int32",
       "The sums of rows with the same id, in any order.", infer_unsorted, grad_unsorted, .role = RN_ROLE_DENSIFY),
};
OPS_GROUP(ops_segment, ops);
