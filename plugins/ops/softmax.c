/* softmax.c - probabilities, the losses made of them, and rankings (plugins/ops). */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

static rn_status *infer_softmax(rn_infer *c) {
  RN_TRY(op_want_rank_from(c, 0, 1));
  return op_infer_same(c);
}
static rn_value sum_last(rn_grad *c, rn_value v) { return op_sum(B, v, op_integer(B, -1), 1); }
static rn_status *grad_softmax(rn_grad *c) {
  rn_value y = GRAD_Y(0), mean = sum_last(c, op_mul(B, DY, y));
  return op_dx(c, 0, op_mul(B, rn_op2(B, "Sub", DY, mean), y));
}
static rn_status *grad_log_softmax(rn_grad *c) {
  rn_value p = rn_op1(B, "Exp", GRAD_Y(0));
  return op_dx(c, 0, rn_op2(B, "Sub", DY, op_mul(B, sum_last(c, DY), p)));
}

static rn_status *infer_dense_loss(rn_infer *c) {
  rn_shape s;
  RN_TRY(op_broadcast(c, c->api->shape(c, 0), c->api->shape(c, 1), &s));
  if (s.rank >= 0 && s.rank != 2) return op_fail(c, "logits must have rank 2 but have rank %d", s.rank);
  if (s.rank < 0) s = op_shape_of_rank(2);
  rn_shape loss = rn_shape_vector(s.dim[0]);
  c->api->set_shape(c, 0, &loss);
  c->api->set_shape(c, 1, &s);
  return NULL;
}
static rn_status *infer_sparse_loss(rn_infer *c) {
  rn_shape x, labels;
  RN_TRY(op_want_rank(c, 0, 2, &x));
  RN_TRY(op_want_rank(c, 1, 1, &labels));
  RN_TRY(c->api->merge(c, x.dim[0], labels.dim[0], &x.dim[0]));
  labels.dim[0] = x.dim[0];
  c->api->set_shape(c, 0, &labels);
  c->api->set_shape(c, 1, &x);
  return NULL;
}

/* What a gradient that flows into the op's own gradient output adds: the softmax's Jacobian. */
static rn_value second_order(rn_grad *c, rn_value dg) {
  int64_t one = 1;
  rn_value p = rn_op1(B, "Softmax", GRAD_X(0));
  rn_value in[2] = {op_expand(B, dg, 1), op_expand(B, p, 2)};
  rn_value dot = rn_emit(B, "BatchMatMul", in, 2, NULL, 0);
  rn_attr axis = RN_AILIST("squeeze_dims", &one, 1);
  rn_value mean = rn_emit(B, "Squeeze", &dot, 1, &axis, 1);
  return op_mul(B, rn_op2(B, "Sub", dg, mean), p);
}

static rn_status *grad_dense_loss(rn_grad *c) {
  rn_value dg = c->api->dy(c, 1), dx = RN_NO_VALUE, dlabels = RN_NO_VALUE;
  if (op_is_value(DY)) {
    rn_value dy = op_expand(B, DY, -1);
    dx = op_mul(B, dy, GRAD_Y(1));
    dlabels = op_mul(B, dy, op_neg(B, rn_op1(B, "LogSoftmax", GRAD_X(0))));
  }
  if (op_is_value(dg)) {
    rn_value more = second_order(c, dg);
    dx = op_is_value(dx) ? rn_op2(B, "Add", dx, more) : more;
  }
  return op_dx_broadcast(c, dx, dlabels);
}

/* The fused gradient is a constant to further gradients, which would be wrong: asking is an error. */
static rn_status *grad_sparse_loss(rn_grad *c) {
  static const char text[] =
      "the second derivative of SparseSoftmaxCrossEntropyWithLogits is not available; use the dense op";
  rn_value slope = GRAD_Y(1);
  rn_attr message = RN_AS("message", text, sizeof text - 1);
  if (!op_is_value(DY)) return op_grad_fail(c, "%s", text);
  return op_dx(c, 0, op_mul(B, op_expand(B, DY, -1), rn_emit(B, "PreventGradient", &slope, 1, &message, 1)));
}

static rn_status *grad_l2(rn_grad *c) { return op_dx(c, 0, op_mul(B, GRAD_X(0), DY)); }

static rn_status *infer_in_top_k(rn_infer *c) {
  rn_shape x, t, k;
  RN_TRY(op_want_rank(c, 0, 2, &x));
  RN_TRY(op_want_rank(c, 1, 1, &t));
  if (c->n_in > 2) RN_TRY(op_want_rank(c, 2, 0, &k));
  RN_TRY(c->api->merge(c, x.dim[0], t.dim[0], &t.dim[0]));
  c->api->set_shape(c, 0, &t);
  return NULL;
}

static rn_status *top_k(rn_infer *c, op_int k) {
  rn_shape s = *c->api->shape(c, 0);
  RN_TRY(op_want_rank_from(c, 0, 1));
  if (k.known && k.v < 0) return op_fail(c, "k is %lld", (long long)k.v);
  if (s.rank > 0) {
    int64_t last = s.dim[s.rank - 1];
    if (k.known && last >= 0 && k.v > last)
      return op_fail(c, "k is %lld, the rows have %lld", (long long)k.v, (long long)last);
    s.dim[s.rank - 1] = k.v;
  }
  c->api->set_shape(c, 0, &s);
  c->api->set_shape(c, 1, &s);
  return NULL;
}
static rn_status *infer_top_k(rn_infer *c) { return top_k(c, op_int_known(rn_self_int(&c->self, "k", 0))); }
static rn_status *infer_top_k_v2(rn_infer *c) {
  rn_shape scalar;
  RN_TRY(op_want_rank(c, 1, 0, &scalar));
  return top_k(c, op_scalar(c, 1));
}

/* dy scattered to where the values came from: row * width + column. */
static rn_status *grad_top_k(rn_grad *c) {
  int64_t minus_one = -1;
  rn_value x = rn_op1(B, "Shape", GRAD_X(0)), at = GRAD_Y(1), zero = op_integer(B, 0);
  rn_value width = op_element(B, x, -1), k = op_element(B, rn_op1(B, "Shape", at), -1);
  rn_value rows_shape[2] = {op_integer(B, -1), k};
  rn_value rows = rn_op2(B, "Reshape", at, op_pack(B, rows_shape, 2, 0));
  rn_value n = op_element(B, rn_op1(B, "Shape", rows), 0);
  rn_value starts = rn_op3(B, "Range", zero, op_mul(B, n, width), width);
  rn_value flat = rn_op2(B, "Add", rows, op_expand(B, starts, -1));
  rn_value one_row = op_vector(B, &minus_one, 1), count = rn_op2(B, "Prod", x, zero);
  rn_value indices = op_expand(B, rn_op2(B, "Reshape", flat, one_row), -1);
  rn_value spread = rn_op3(B, "ScatterNd", indices, rn_op2(B, "Reshape", DY, one_row), op_expand(B, count, 0));
  return op_dx(c, 0, rn_op2(B, "Reshape", spread, x));
}

static const rn_op_def ops[] = {
    OP("Softmax", "(logits: T) -> (softmax: T); T: {half, bfloat16, float, double}",
       "exp(x) / sum(exp(x)) along the last axis.", infer_softmax, grad_softmax),
    OP("LogSoftmax", "(logits: T) -> (logsoftmax: T); T: {half, bfloat16, float, double}",
       "x - log(sum(exp(x))) along the last axis.", infer_softmax, grad_log_softmax),
    OP("SoftmaxCrossEntropyWithLogits",
       "(features: T, labels: T) -> (loss: T, backprop: T); T: {half, bfloat16, float, double}",
       "The cross entropy of each row, and its gradient by the logits.", infer_dense_loss, grad_dense_loss),
    OP("SparseSoftmaxCrossEntropyWithLogits",
       "(features: T, labels: Tlabels) -> (loss: T, backprop: T); T: {half, bfloat16, float, double}; Tlabels: {int32, "
       "int64} = int64",
       "The cross entropy of each row against a class, and its gradient.", infer_sparse_loss, grad_sparse_loss),
    OP("L2Loss", "(t: T) -> (output: T); T: {half, bfloat16, float, double}", "Half the sum of squares.",
       op_infer_scalar, grad_l2),
    OP("InTopK", "(predictions: float, targets: T) -> (precision: bool); k: int; T: {int32, int64} = int32",
       "Is the target among the k largest of its row?", infer_in_top_k, NULL, NO_GRADIENT),
    OP("InTopKV2", "(predictions: float, targets: T, k: T) -> (precision: bool); T: {int32, int64} = int32",
       "Is the target among the k largest of its row?", infer_in_top_k, NULL, NO_GRADIENT),
    OP("TopK",
       "(input: T) -> (values: T, indices: int32); k: int >= 0; sorted: bool = true; T: {float, double, int32, uint8, "
       "int16, int8, int64, bfloat16, uint16, half, uint32, uint64}",
       "The k largest of each row and where they are.", infer_top_k, grad_top_k),
    OP("TopKV2",
       "(input: T, k: int32) -> (values: T, indices: int32); sorted: bool = true; T: {float, double, int32, uint8, "
       "int16, int8, int64, bfloat16, uint16, half, uint32, uint64}",
       "The k largest of each row and where they are.", infer_top_k_v2, grad_top_k),
};
OPS_GROUP(ops_softmax, ops);
