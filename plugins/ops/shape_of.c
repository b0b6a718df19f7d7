/* shape_of.c - ops that read shapes, and arithmetic on shapes for broadcasting (plugins/ops). */
#include "ops.h"

static rn_status *infer_shape(rn_infer *c) {
  op_int v[RN_MAX_VALUE];
  for (uint32_t i = 0; i < c->n_out; i++) {
    const rn_shape *x = c->api->shape(c, i);
    rn_shape s = rn_shape_vector(x->rank < 0 ? RN_DIM_UNKNOWN : x->rank);
    c->api->set_shape(c, i, &s);
    for (int32_t k = 0; k < x->rank; k++) v[k] = op_int_dim(x->dim[k]);
    if (x->rank >= 0) op_set_ints(c, i, v, x->rank);
  }
  return NULL;
}

static rn_status *infer_size(rn_infer *c) {
  int64_t n;
  RN_TRY(op_elems(c, c->api->shape(c, 0), &n));
  op_int v = op_int_dim(n);
  if (n != RN_DIM_UNKNOWN) op_set_ints(c, 0, &v, 1);
  return op_infer_scalar(c);
}

static rn_status *infer_rank(rn_infer *c) {
  op_int v = op_int_known(c->api->shape(c, 0)->rank);
  if (v.v >= 0) op_set_ints(c, 0, &v, 1);
  return op_infer_scalar(c);
}

static rn_status *infer_args(rn_infer *c) {
  rn_shape a, b, r;
  op_int v[RN_MAX_VALUE];
  RN_TRY(op_want_rank(c, 0, 1, &a));
  RN_TRY(op_want_rank(c, 1, 1, &b));
  RN_TRY(op_shape_input(c, 0, &a));
  RN_TRY(op_shape_input(c, 1, &b));
  RN_TRY(op_broadcast(c, &a, &b, &r));
  rn_shape s = rn_shape_vector(r.rank < 0 ? RN_DIM_UNKNOWN : r.rank);
  c->api->set_shape(c, 0, &s);
  for (int32_t i = 0; i < r.rank; i++) v[i] = op_int_dim(r.dim[i]);
  if (r.rank >= 0) op_set_ints(c, 0, v, r.rank);
  return NULL;
}

/* Was this operand repeated along an axis? An axis where both are one is summed too, which changes
 * nothing. -1: it cannot be known. */
static int is_repeated(int64_t dim) { return dim < 0 ? -1 : dim == 1; }

static void set_axes(rn_infer *c, uint32_t output, const rn_shape *mine, const rn_shape *other) {
  op_int v[RN_MAX_VALUE];
  int32_t n = 0, rank = mine->rank > other->rank ? mine->rank : other->rank;
  rn_shape s = rn_shape_vector(RN_DIM_UNKNOWN);
  c->api->set_shape(c, output, &s);
  if (mine->rank < 0 || other->rank < 0) return;
  for (int32_t i = 0; i < rank; i++) {
    int32_t at = i - (rank - mine->rank);
    int yes = is_repeated(at < 0 ? 1 : mine->dim[at]);
    if (yes < 0) return;
    if (yes) v[n++] = op_int_known(i);
  }
  s = rn_shape_vector(n);
  c->api->set_shape(c, output, &s);
  op_set_ints(c, output, v, n);
}

/* Equal shapes repeat nothing. -1: it cannot be known. */
static int is_same(const rn_shape *a, const rn_shape *b) {
  int known = 1;
  if (a->rank < 0 || b->rank < 0) return -1;
  if (a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dim[i] >= 0 && b->dim[i] >= 0 && a->dim[i] != b->dim[i]) return 0;
    if (a->dim[i] != b->dim[i] || a->dim[i] == RN_DIM_UNKNOWN) known = 0;
  }
  return known ? 1 : -1;
}

static rn_status *infer_gradient_args(rn_infer *c) {
  rn_shape a, b, r;
  RN_TRY(op_want_rank(c, 0, 1, &a));
  RN_TRY(op_want_rank(c, 1, 1, &b));
  RN_TRY(op_shape_input(c, 0, &a));
  RN_TRY(op_shape_input(c, 1, &b));
  RN_TRY(op_broadcast(c, &a, &b, &r));
  int same = is_same(&a, &b);
  if (same < 0) a.rank = -1;
  if (same > 0) a.rank = b.rank = 0;
  set_axes(c, 0, &a, &b);
  set_axes(c, 1, &b, &a);
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Shape", "(input: T) -> (output: out_type); T: type; out_type: {int32, int64} = int32",
       "The dimensions of its input.", infer_shape, NULL, NO_GRADIENT),
    OP("ShapeN", "(input: N * T) -> (output: N * out_type); N: int >= 1; T: type; out_type: {int32, int64} = int32",
       "The dimensions of each input.", infer_shape, NULL, NO_GRADIENT),
    OP("Size", "(input: T) -> (output: out_type); T: type; out_type: {int32, int64} = int32",
       "The number of elements of its input.", infer_size, NULL, NO_GRADIENT),
    OP("Rank", "(input: T) -> (output: int32); T: type", "The number of dimensions of its input.", infer_rank, NULL,
       NO_GRADIENT),
    OP("BroadcastArgs", "(s0: T, s1: T) -> (r0: T); T: {int32, int64} = int32",
       "The shape that shapes s0 and s1 broadcast to.", infer_args, NULL, NO_GRADIENT),
    OP("BroadcastGradientArgs", "(s0: T, s1: T) -> (r0: T, r1: T); T: {int32, int64} = int32",
       "The axes over which the gradients of two broadcast operands are summed.", infer_gradient_args, NULL,
       NO_GRADIENT),
};
OPS_GROUP(ops_shape_of, ops);
