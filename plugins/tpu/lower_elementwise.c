/* lower_elementwise.c - one element in, one element out, and what repeats along axes (plugins/tpu). */
#include "lower.h"

static rn_status *unary(tpu_lowering *l, tpu_node *n) {
  tpu_place x, y;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  return tpu_emit_dense(l, (uint8_t)n->rule->arg, y, x, (tpu_place){0}, rn_shape_elems(&s), 0);
}

static rn_status *binary(tpu_lowering *l, tpu_node *n) {
  tpu_place a, b, y;
  rn_shape s;
  if (tpu_out(l, n, 0)->dtype != RN_FLOAT) return tpu_known_ints(l, n);
  RN_TRY(tpu_shape_of(l, n, 0, &s));
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
  if (tpu_out(l, n, 0)->dtype != RN_FLOAT) return tpu_known_ints(l, n);
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
                                          {"FloorDiv", tpu_known_ints, TPU_RULE_INTS, TPU_V_DIV, 3},
                                          {"ReluGrad", binary, 0, TPU_V_RELU_GRAD, 0},
                                          {"Relu6Grad", binary, 0, TPU_V_RELU6_GRAD, 0},
                                          {"SigmoidGrad", gradient_of_y, 0, TPU_V_SIGMOID_GRAD, 0},
                                          {"TanhGrad", gradient_of_y, 0, TPU_V_TANH_GRAD, 0},
                                          {"AddN", add_all, 0, 0, 0},
                                          {"OnesLike", fill, TPU_RULE_SHAPE_ONLY, 1, 0},
                                          {"ZerosLike", fill, TPU_RULE_SHAPE_ONLY, 0, 0},
                                          {"Cast", cast, TPU_RULE_INTS, 0, 1},
                                          {NULL, NULL, 0, 0, 0}};
