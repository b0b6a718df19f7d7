/* product.c - products of matrices and batches of them (plugins/ops).
 *
 * The gradient of y = a b is da = dy b^T, db = a^T dy; a transposed operand moves the transposition. */
#include "ops.h"

#define B GRAD_B

static rn_status *inner(rn_infer *c, const rn_shape *a, int ta, const rn_shape *b, int tb, int64_t out[2]) {
  int64_t k = a->dim[a->rank - (ta ? 2 : 1)], l = b->dim[b->rank - (tb ? 1 : 2)], same;
  rn_status *e = c->api->merge(c, k, l, &same);
  if (e) {
    c->self.host->status_free(e);
    return op_fail(c, "inner dimensions differ: %lld and %lld (input 1)", (long long)k, (long long)l);
  }
  out[0] = a->dim[a->rank - (ta ? 1 : 2)];
  out[1] = b->dim[b->rank - (tb ? 2 : 1)];
  return NULL;
}

static rn_status *infer_matmul(rn_infer *c) {
  rn_shape a, b;
  int64_t dims[2];
  RN_TRY(op_want_rank(c, 0, 2, &a));
  RN_TRY(op_want_rank(c, 1, 2, &b));
  RN_TRY(inner(c, &a, rn_self_bool(&c->self, "transpose_a", 0), &b, rn_self_bool(&c->self, "transpose_b", 0), dims));
  rn_shape s = rn_shape_make(2, dims);
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *infer_batch(rn_infer *c, int broadcast) {
  rn_shape a = *c->api->shape(c, 0), b = *c->api->shape(c, 1), s = rn_shape_unknown();
  int64_t dims[2];
  RN_TRY(op_want_rank_from(c, 0, 2));
  RN_TRY(op_want_rank_from(c, 1, 2));
  if (a.rank >= 0 && b.rank >= 0) {
    rn_shape ba = op_part(&a, 0, a.rank - 2), bb = op_part(&b, 0, b.rank - 2);
    RN_TRY(inner(c, &a, rn_self_bool(&c->self, "adj_x", 0), &b, rn_self_bool(&c->self, "adj_y", 0), dims));
    rn_shape tail = rn_shape_make(2, dims);
    RN_TRY(broadcast ? op_broadcast(c, &ba, &bb, &s) : op_merge(c, &ba, &bb, &s));
    RN_TRY(op_join(c, &s, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_batch_matmul(rn_infer *c) { return infer_batch(c, 0); }
static rn_status *infer_batch_matmul_v2(rn_infer *c) { return infer_batch(c, 1); }

typedef struct product {
  const char *op, *flag_a, *flag_b;
} product;

static rn_value times(rn_grad *c, const product *p, rn_value a, rn_value b, int ta, int tb) {
  rn_value in[2] = {a, b};
  rn_attr at[2] = {RN_AB(p->flag_a, ta), RN_AB(p->flag_b, tb)};
  return rn_emit(B, p->op, in, 2, at, 2);
}

static void both(rn_grad *c, const product *p, rn_value a, rn_value b, rn_value *da, rn_value *db) {
  int ta = rn_self_bool(&B->self, p->flag_a, 0), tb = rn_self_bool(&B->self, p->flag_b, 0);
  rn_value dy = GRAD_DY;
  *da = ta ? times(c, p, b, dy, tb, 1) : times(c, p, dy, b, 0, !tb);
  *db = tb ? times(c, p, dy, a, 1, ta) : times(c, p, a, dy, !ta, 0);
}

static rn_status *grad_matmul(rn_grad *c) {
  static const product p = {"MatMul", "transpose_a", "transpose_b"};
  rn_value da, db;
  both(c, &p, op_conj(B, GRAD_X(0)), op_conj(B, GRAD_X(1)), &da, &db);
  op_dx(c, 0, da);
  return op_dx(c, 1, db);
}
static rn_status *grad_batch_matmul(rn_grad *c) {
  static const product p = {"BatchMatMul", "adj_x", "adj_y"};
  rn_value da, db;
  both(c, &p, GRAD_X(0), GRAD_X(1), &da, &db);
  op_dx(c, 0, da);
  return op_dx(c, 1, db);
}

static int same_batch(const rn_shape *a, const rn_shape *b) {
  if (a->rank < 0 || a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank - 2; i++)
    if (a->dim[i] != b->dim[i] || a->dim[i] == RN_DIM_UNKNOWN) return 0;
  return 1;
}

/* dx summed over the batch axes along which its operand was repeated. */
static rn_status *grad_batch_matmul_v2(rn_grad *c) {
  static const product p = {"BatchMatMulV2", "adj_x", "adj_y"};
  rn_value d[2];
  int equal = same_batch(op_shape(B, GRAD_X(0)), op_shape(B, GRAD_X(1)));
  both(c, &p, GRAD_X(0), GRAD_X(1), &d[0], &d[1]);
  if (!equal) {
    rn_value sx = rn_op1(B, "Shape", GRAD_X(0)), sy = rn_op1(B, "Shape", GRAD_X(1));
    rn_value bx = op_vector_part(B, sx, 0, -2, 0), by = op_vector_part(B, sy, 0, -2, 0);
    rn_value axes = rn_op2(B, "BroadcastGradientArgs", bx, by);
    d[0] = rn_op2(B, "Reshape", op_sum(B, d[0], rn_port(axes, 0), 0), sx);
    d[1] = rn_op2(B, "Reshape", op_sum(B, d[1], rn_port(axes, 1), 0), sy);
  }
  op_dx(c, 0, d[0]);
  return op_dx(c, 1, d[1]);
}

static double elems(const rn_shape *s) {
  double n = 1;
  for (int32_t i = 0; i < s->rank; i++) n *= s->dim[i] > 0 ? (double)s->dim[i] : 1;
  return n;
}

/* 2 m n k per matrix. k is the operand's other dimension. */
static void product_cost(const rn_infer *c, const rn_shape *in, const rn_shape *out, rn_cost *cost) {
  int ta = rn_self_bool(&c->self, "transpose_a", 0) || rn_self_bool(&c->self, "adj_x", 0);
  int64_t k = in[0].rank >= 2 ? in[0].dim[in[0].rank - (ta ? 2 : 1)] : 1;
  cost->flops = 2 * elems(&out[0]) * (double)(k > 0 ? k : 1);
  cost->bytes = 4 * (elems(&in[0]) + elems(&in[1]) + elems(&out[0]));
}

static const rn_op_def ops[] = {
    OP("MatMul",
       "(a: T, b: T) -> (product: T); transpose_a: bool = false; transpose_b: bool = false; T: {bfloat16, half, float, "
       "double, int32, int64, complex64, complex128}",
       "The product of two matrices.", infer_matmul, grad_matmul, .cost = product_cost),
    OP("BatchMatMul",
       "(x: T, y: T) -> (output: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}; adj_x: "
       "bool = false; adj_y: bool = false",
       "The products of two batches of matrices.", infer_batch_matmul, grad_batch_matmul, .cost = product_cost),
    OP("BatchMatMulV2",
       "(x: T, y: T) -> (output: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}; adj_x: "
       "bool = false; adj_y: bool = false",
       "The products of two batches of matrices, the batches broadcast.", infer_batch_matmul_v2, grad_batch_matmul_v2,
       .cost = product_cost),
};
OPS_GROUP(ops_product, ops);
