/* check.c - checks and messages at run time (plugins/ops). */
#include "ops.h"

#define B GRAD_B

static rn_status *infer_assert(rn_infer *c) {
  rn_shape scalar;
  return op_want_rank(c, 0, 0, &scalar);
}
static rn_status *grad_check(rn_grad *c) {
  static const char text[] = "Not a number (NaN) or infinity (Inf) in a gradient.";
  rn_value dy = GRAD_DY;
  rn_attr message = RN_AS("message", text, sizeof text - 1);
  return op_dx(c, 0, rn_emit(B, "CheckNumerics", &dy, 1, &message, 1));
}
static rn_status *infer_join(rn_infer *c) {
  rn_shape s = rn_shape_scalar();
  for (uint32_t i = 0; i < c->n_in; i++) {
    const rn_shape *x = c->api->shape(c, i);
    if (x->rank < 0) s = rn_shape_unknown();
    if (x->rank > 0 && s.rank == 0) s = *x;
    if (x->rank > 0 && s.rank > 0) RN_TRY(op_merge(c, x, &s, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Assert", "(condition: bool, data: T) -> (); T: list(type) >= 1; summarize: int = 3",
       "Fails with the given data when the condition is false.", infer_assert, NULL,
       .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY),
    OP("Print",
       "(input: T, data: U) -> (output: T); T: type; U: list(type) >= 0; message: string = \"\"; first_n: int = -1; "
       "summarize: int = 3",
       "Its input; reports the data when it runs.", op_infer_same, op_grad_pass,
       .flags = RN_OP_STATEFUL | RN_OP_HOST_ONLY),
    OP("CheckNumerics", "(tensor: T) -> (output: T); T: {bfloat16, half, float, double}; message: string",
       "Its input; fails when an element is not finite.", op_infer_same, grad_check, .flags = RN_OP_STATEFUL),
    OP("StringJoin", "(inputs: N * string) -> (output: string); N: int >= 1; separator: string = \"\"",
       "Strings joined, with a separator between.", infer_join, NULL, .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY),
};
OPS_GROUP(ops_check, ops);
