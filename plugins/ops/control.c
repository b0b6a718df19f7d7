/* control.c - TensorFlow 1's control-flow primitives (plugins/ops).
 *
 * They run in the token executor, so there are no kernels. Gradients are given for what stands outside
 * loops: a merge sends dy to the input it took, by its value_index, and a switch merges what comes back
 * from its two sides, with zeros for a side that sends nothing. Loops are differentiated as a whole. */
#include "ops.h"

static void forward(rn_infer *c, uint32_t input, uint32_t output) {
  rn_dtype dt;
  rn_shape s;
  c->api->set_shape(c, output, c->api->shape(c, input));
  if (c->api->handle(c, input, &dt, &s)) c->api->set_handle(c, output, dt, &s);
}

static rn_status *infer_switch(rn_infer *c) {
  rn_shape scalar;
  RN_TRY(op_want_rank(c, 1, 0, &scalar));
  forward(c, 0, 0);
  forward(c, 0, 1);
  return NULL;
}
static rn_status *infer_through(rn_infer *c) {
  forward(c, 0, 0);
  return NULL;
}

/* What both shapes say, nothing where they differ. */
static void keep_common(rn_shape *s, const rn_shape *other) {
  if (s->rank < 0 || other->rank != s->rank) {
    *s = rn_shape_unknown();
    return;
  }
  for (int32_t i = 0; i < s->rank; i++)
    if (s->dim[i] != other->dim[i]) s->dim[i] = RN_DIM_UNKNOWN;
}
static rn_status *infer_merge(rn_infer *c) {
  rn_shape s = *c->api->shape(c, 0), scalar = rn_shape_scalar();
  forward(c, 0, 0);
  for (uint32_t i = 1; i < c->n_in; i++) keep_common(&s, c->api->shape(c, i));
  c->api->set_shape(c, 0, &s);
  c->api->set_shape(c, 1, &scalar);
  return NULL;
}

static rn_status *grad_merge(rn_grad *c) {
  rn_value dy = GRAD_DY;
  if (!op_is_value(dy)) return NULL;
  for (uint32_t i = 0; i < c->n_in; i++) {
    rn_value taken = rn_op2(GRAD_B, "Equal", GRAD_Y(1), op_integer(GRAD_B, i));
    op_dx(c, i, rn_port(rn_op2(GRAD_B, "Switch", dy, taken), 1));
  }
  return NULL;
}
/* Zeros on the side that sends nothing back; behind a handle they look like the variable. */
static rn_value zeros(rn_grad *c, uint32_t side, rn_value other) {
  rn_value y = GRAD_Y(side);
  rn_attr dtype = RN_AT("dtype", op_dtype(GRAD_B, other));
  if (op_dtype(GRAD_B, y) == RN_RESOURCE) y = rn_emit(GRAD_B, "ReadVariableOp", &y, 1, &dtype, 1);
  return rn_op1(GRAD_B, "ZerosLike", y);
}
static rn_status *grad_switch(rn_grad *c) {
  rn_value sides[2] = {c->api->dy(c, 0), c->api->dy(c, 1)};
  for (uint32_t i = 0; i < 2; i++)
    if (!op_is_value(sides[i])) sides[i] = zeros(c, i, sides[1 - i]);
  return op_dx(c, 0, rn_emit(GRAD_B, "Merge", sides, 2, NULL, 0));
}

static const rn_op_def ops[] = {
    OP("Switch", "(data: T, pred: bool) -> (output_false: T, output_true: T); T: type",
       "Its data on one of two outputs, chosen by pred; the other is dead.", infer_switch, grad_switch,
       .role = RN_ROLE_SWITCH),
    OP("RefSwitch", "(data: Ref(T), pred: bool) -> (output_false: Ref(T), output_true: Ref(T)); T: type",
       "A variable on one of two outputs, chosen by pred; the other is dead.", infer_switch, grad_switch,
       .role = RN_ROLE_SWITCH, .flags = RN_OP_UNINITIALIZED_OK),
    OP("Merge", "(inputs: N * T) -> (output: T, value_index: int32); T: type; N: int >= 1",
       "The first of its inputs that is not dead, and its number.", infer_merge, grad_merge, .role = RN_ROLE_MERGE),
    OP("RefMerge", "(inputs: N * Ref(T)) -> (output: Ref(T), value_index: int32); T: type; N: int >= 1",
       "The first of its inputs that is not dead, and its number.", infer_merge, grad_merge, .role = RN_ROLE_MERGE,
       .flags = RN_OP_UNINITIALIZED_OK),
    OP("Enter",
       "(data: T) -> (output: T); T: type; frame_name: string; is_constant: bool = false; "
       "parallel_iterations: int = 10",
       "Its input inside a loop.", infer_through, NULL, .role = RN_ROLE_ENTER),
    OP("RefEnter",
       "(data: Ref(T)) -> (output: Ref(T)); T: type; frame_name: string; is_constant: bool = false; "
       "parallel_iterations: int = 10",
       "A variable inside a loop.", infer_through, NULL, .role = RN_ROLE_ENTER, .flags = RN_OP_UNINITIALIZED_OK),
    OP("Exit", "(data: T) -> (output: T); T: type", "The last value of its input, outside the loop.", infer_through,
       NULL, .role = RN_ROLE_EXIT),
    OP("RefExit", "(data: Ref(T)) -> (output: Ref(T)); T: type", "A variable, outside the loop again.", infer_through,
       NULL, .role = RN_ROLE_EXIT, .flags = RN_OP_UNINITIALIZED_OK),
    OP("NextIteration", "(data: T) -> (output: T); T: type", "Its input in the loop's next round.", infer_through, NULL,
       .role = RN_ROLE_NEXT_ITERATION),
    OP("RefNextIteration", "(data: Ref(T)) -> (output: Ref(T)); T: type", "A variable in the loop's next round.",
       infer_through, NULL, .role = RN_ROLE_NEXT_ITERATION, .flags = RN_OP_UNINITIALIZED_OK),
    OP("LoopCond", "(input: bool) -> (output: bool)", "Whether a loop goes on: what its switches are chosen by.",
       infer_through, NULL, NO_GRADIENT, .role = RN_ROLE_LOOP_COND),
    OP("ControlTrigger", "() -> ()", "Does nothing; orders what waits for it.", NULL, NULL, NO_GRADIENT,
       .role = RN_ROLE_NO_OP),
};
OPS_GROUP(ops_control, ops);
