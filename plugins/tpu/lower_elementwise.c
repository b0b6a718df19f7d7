/* lower_elementwise.c - one element in, one element out, and what repeats along axes (plugins/tpu). */
#include "lower.h"

static rn_status *unary(tpu_lowering *l, tpu_node *n) {
  tpu_place x, y;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  return tpu_emit_dense(l, (uint8_t)n->rule->arg, y, x, (tpu_place){0}, rn_shape_elems(&s), 0);
}

static rn_status *broadcast_shape(const tpu_lowering *l, const tpu_node *n, rn_shape *out) {
  const rn_shape *a = &tpu_in(l, n, 0)->shape, *b = &tpu_in(l, n, 1)->shape;
  out->rank = a->rank > b->rank ? a->rank : b->rank;
  out->reserved = 0;
  for (int32_t k = 0; k < out->rank; k++) {
    int32_t ka = k - (out->rank - a->rank), kb = k - (out->rank - b->rank);
    int64_t na = ka >= 0 ? a->dim[ka] : 1, nb = kb >= 0 ? b->dim[kb] : 1;
    if (na != nb && na != 1 && nb != 1)
      return tpu_cannot(l, n, "%lld and %lld elements do not go together", (long long)na, (long long)nb);
    out->dim[k] = na == 1 ? nb : na;
  }
  return NULL;
}

static int64_t floor_div(int64_t a, int64_t b) { return b == 0 ? 0 : a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }
static int64_t apply(uint8_t fn, int64_t a, int64_t b) {
  switch (fn) {
    case TPU_V_ADD:
      return a + b;
    case TPU_V_SUB:
      return a - b;
    case TPU_V_MUL:
      return a * b;
    case TPU_V_MAX:
      return a > b ? a : b;
    case TPU_V_MIN:
      return a < b ? a : b;
    default:
      return floor_div(a, b);
  }
}

/* Shape arithmetic is done now. */
static rn_status *binary_ints(tpu_lowering *l, tpu_node *n) {
  const int64_t *a, *b;
  uint32_t na, nb;
  int64_t y[TPU_MAX_INTS];
  RN_TRY(tpu_ints(l, n, 0, &a, &na));
  RN_TRY(tpu_ints(l, n, 1, &b, &nb));
  if (na != nb && na != 1 && nb != 1) return tpu_cannot(l, n, "%u and %u integers", na, nb);
  uint32_t count = na > nb ? na : nb;
  for (uint32_t i = 0; i < count; i++) y[i] = apply((uint8_t)n->rule->arg, a[na == 1 ? 0 : i], b[nb == 1 ? 0 : i]);
  rn_shape s = tpu_in(l, n, na >= nb && tpu_in(l, n, 0)->shape.rank >= tpu_in(l, n, 1)->shape.rank ? 0 : 1)->shape;
  return tpu_make_ints(l, n, 0, &s, y, count);
}

static rn_status *binary(tpu_lowering *l, tpu_node *n) {
  tpu_place a, b, y;
  rn_shape s;
  if (tpu_out(l, n, 0)->dtype != RN_FLOAT) return binary_ints(l, n);
  RN_TRY(broadcast_shape(l, n, &s));
  RN_TRY(tpu_need(l, n, 0, &a));
  RN_TRY(tpu_need(l, n, 1, &b));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  return tpu_emit_broadcast(l, (uint8_t)n->rule->arg, y, &s, a, &tpu_in(l, n, 0)->shape, b, &tpu_in(l, n, 1)->shape);
}

/* (y, dy) in TensorFlow's order; the instruction takes dy first. */
static rn_status *gradient_of_y(tpu_lowering *l, tpu_node *n) {
  tpu_place y, dy, dx;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(tpu_need(l, n, 0, &y));
  RN_TRY(tpu_need(l, n, 1, &dy));
  RN_TRY(tpu_make(l, n, 0, &s, &dx));
  return tpu_emit_dense(l, (uint8_t)n->rule->arg, dx, dy, y, rn_shape_elems(&s), 0);
}

static rn_status *add_all(tpu_lowering *l, tpu_node *n) {
  tpu_place x, y;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  if (n->n_in == 1) return tpu_emit_dense(l, TPU_V_COPY, y, x, (tpu_place){0}, rn_shape_elems(&s), 0);
  for (uint32_t i = 1; i < n->n_in; i++) {
    tpu_place more;
    RN_TRY(tpu_need(l, n, i, &more));
    RN_TRY(tpu_emit_dense(l, TPU_V_ADD, y, i == 1 ? x : y, more, rn_shape_elems(&s), 0));
  }
  return NULL;
}

static rn_status *fill(tpu_lowering *l, tpu_node *n) {
  tpu_place y;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  if (tpu_out(l, n, 0)->dtype != RN_FLOAT) return tpu_cannot(l, n, "only float");
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  return tpu_emit_dense(l, TPU_V_FILL, y, (tpu_place){0}, (tpu_place){0}, rn_shape_elems(&s), (float)n->rule->arg);
}

/* Known integers as floats. */
static rn_status *cast(tpu_lowering *l, tpu_node *n) {
  const int64_t *v;
  uint32_t count;
  float real[TPU_MAX_INTS];
  tpu_place from, y;
  RN_TRY(tpu_ints(l, n, 0, &v, &count));
  const rn_shape s = tpu_in(l, n, 0)->shape;
  if (tpu_out(l, n, 0)->dtype != RN_FLOAT) return tpu_make_ints(l, n, 0, &s, v, count);
  for (uint32_t i = 0; i < count; i++) real[i] = (float)v[i];
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  RN_TRY(tpu_constant(l, real, count * sizeof real[0], &from));
  return tpu_emit_dense(l, TPU_V_COPY, y, from, (tpu_place){0}, count, 0);
}

#define UNARY(op, fn) \
  { op, unary, 0, fn, 0 }
#define BINARY(op, fn) \
  { op, binary, TPU_RULE_INTS, fn, 0 }
const tpu_rule tpu_rules_elementwise[] = {UNARY("Neg", TPU_V_NEG),
                                          UNARY("Relu", TPU_V_RELU),
                                          UNARY("Relu6", TPU_V_RELU6),
                                          UNARY("Sigmoid", TPU_V_SIGMOID),
                                          UNARY("Tanh", TPU_V_TANH),
                                          UNARY("Exp", TPU_V_EXP),
                                          UNARY("Log", TPU_V_LOG),
                                          UNARY("Sqrt", TPU_V_SQRT),
                                          UNARY("Rsqrt", TPU_V_RSQRT),
                                          UNARY("Square", TPU_V_SQUARE),
                                          UNARY("Floor", TPU_V_FLOOR),
                                          UNARY("Abs", TPU_V_ABS),
                                          BINARY("Add", TPU_V_ADD),
                                          BINARY("AddV2", TPU_V_ADD),
                                          BINARY("Sub", TPU_V_SUB),
                                          BINARY("Mul", TPU_V_MUL),
                                          BINARY("Maximum", TPU_V_MAX),
                                          BINARY("Minimum", TPU_V_MIN),
                                          BINARY("RealDiv", TPU_V_DIV),
                                          {"FloorDiv", binary_ints, TPU_RULE_INTS, TPU_V_DIV, 3},
                                          {"ReluGrad", binary, 0, TPU_V_RELU_GRAD, 0},
                                          {"Relu6Grad", binary, 0, TPU_V_RELU6_GRAD, 0},
                                          {"SigmoidGrad", gradient_of_y, 0, TPU_V_SIGMOID_GRAD, 0},
                                          {"TanhGrad", gradient_of_y, 0, TPU_V_TANH_GRAD, 0},
                                          {"AddN", add_all, 0, 0, 0},
                                          {"OnesLike", fill, TPU_RULE_SHAPE_ONLY, 1, 0},
                                          {"ZerosLike", fill, TPU_RULE_SHAPE_ONLY, 0, 0},
                                          {"Cast", cast, TPU_RULE_INTS, 0, 1},
                                          {NULL, NULL, 0, 0, 0}};
