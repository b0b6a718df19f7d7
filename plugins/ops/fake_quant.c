/* fake_quant.c - rounding to a few integers and back, as quantisation-aware training does it (plugins/ops).
 *
 * The gradient goes straight through where a value lies within the range; what lies outside moves the range. */
#include "ops.h"

#define B GRAD_B

/* Ranges are scalars, or one per element of the last dimension of `values`. */
static rn_status *check_ranges(rn_infer *c, uint32_t values, uint32_t first, int per_channel) {
  rn_shape range = rn_shape_scalar();
  if (per_channel) {
    RN_TRY(op_want_rank_from(c, values, 1));
    const rn_shape *x = c->api->shape(c, values);
    range = rn_shape_vector(x->rank > 0 ? x->dim[x->rank - 1] : RN_DIM_UNKNOWN);
  }
  for (uint32_t i = first; i < first + 2; i++) {
    const rn_shape *r = c->api->shape(c, i);
    if (r->rank >= 0 && r->rank != range.rank)
      return op_fail(c, "min and max are %s, input %u has rank %d", per_channel ? "vectors" : "scalars", i, r->rank);
    RN_TRY(op_merge(c, &range, r, &range));
  }
  return NULL;
}
static rn_status *infer_vars(rn_infer *c) {
  RN_TRY(check_ranges(c, 0, 1, 0));
  return op_infer_same(c);
}
static rn_status *infer_per_channel(rn_infer *c) {
  RN_TRY(check_ranges(c, 0, 1, 1));
  return op_infer_same(c);
}
/* (gradients, inputs, min, max) -> (dx, dmin, dmax) */
static rn_status *infer_gradient(rn_infer *c, int per_channel) {
  rn_shape x, range = rn_shape_scalar();
  RN_TRY(op_merge(c, c->api->shape(c, 0), c->api->shape(c, 1), &x));
  RN_TRY(check_ranges(c, 1, 2, per_channel));
  if (per_channel) range = rn_shape_vector(x.rank > 0 ? x.dim[x.rank - 1] : RN_DIM_UNKNOWN);
  c->api->set_shape(c, 0, &x);
  c->api->set_shape(c, 1, &range);
  c->api->set_shape(c, 2, &range);
  return NULL;
}
static rn_status *infer_vars_gradient(rn_infer *c) { return infer_gradient(c, 0); }
static rn_status *infer_per_channel_gradient(rn_infer *c) { return infer_gradient(c, 1); }

static rn_value emit_gradient(rn_grad *c, const char *op, uint32_t inputs) {
  static const char *const names[] = {"min", "max", "num_bits", "narrow_range"};
  rn_value in[4] = {GRAD_DY};
  rn_attr attrs[4];
  uint32_t n = 0;
  for (uint32_t i = 0; i < inputs; i++) in[1 + i] = GRAD_X(i);
  for (size_t k = inputs == 1 ? 0 : 2; k < 4; k++) n += (uint32_t)op_copy_attr(&B->self, names[k], &attrs[n]);
  return rn_emit(B, op, in, 1 + inputs, attrs, n);
}
static rn_status *grad_args(rn_grad *c) { return op_dx(c, 0, emit_gradient(c, "FakeQuantWithMinMaxArgsGradient", 1)); }
static rn_status *grad_ranges(rn_grad *c, const char *op) {
  rn_value g = emit_gradient(c, op, 3);
  for (uint32_t i = 0; i < 3; i++) op_dx(c, i, rn_port(g, i));
  return NULL;
}
static rn_status *grad_vars(rn_grad *c) { return grad_ranges(c, "FakeQuantWithMinMaxVarsGradient"); }
static rn_status *grad_per_channel(rn_grad *c) { return grad_ranges(c, "FakeQuantWithMinMaxVarsPerChannelGradient"); }

#define BITS "num_bits: int = 8; narrow_range: bool = false"
#define RANGE "min: float = -6; max: float = 6; "
static const rn_op_def ops[] = {
    OP("FakeQuantWithMinMaxArgs", "(inputs: float) -> (outputs: float); " RANGE BITS,
       "Rounded to the 2^num_bits values between min and max, which are moved so that 0 is one of them.", op_infer_same,
       grad_args, .flags = RN_OP_ESTIMATED),
    OP("FakeQuantWithMinMaxArgsGradient", "(gradients: float, inputs: float) -> (backprops: float); " RANGE BITS,
       "dy where x is within the range, zero elsewhere.", op_infer_merged, NULL),
    OP("FakeQuantWithMinMaxVars", "(inputs: float, min: float, max: float) -> (outputs: float); " BITS,
       "FakeQuantWithMinMaxArgs with a range that can be learned.", infer_vars, grad_vars, .flags = RN_OP_ESTIMATED),
    OP("FakeQuantWithMinMaxVarsGradient",
       "(gradients: float, inputs: float, min: float, max: float) -> (backprops_wrt_input: float, backprop_wrt_min: "
       "float, backprop_wrt_max: float); " BITS,
       "dy where x is within the range; the sums of dy below it and above it go to min and max.", infer_vars_gradient,
       NULL),
    OP("FakeQuantWithMinMaxVarsPerChannel", "(inputs: float, min: float, max: float) -> (outputs: float); " BITS,
       "FakeQuantWithMinMaxVars with one range for each element of the last dimension.", infer_per_channel,
       grad_per_channel, .flags = RN_OP_ESTIMATED),
    OP("FakeQuantWithMinMaxVarsPerChannelGradient",
       "(gradients: float, inputs: float, min: float, max: float) -> (backprops_wrt_input: float, backprop_wrt_min: "
       "float, backprop_wrt_max: float); " BITS,
       "FakeQuantWithMinMaxVarsGradient with one range for each element of the last dimension.",
       infer_per_channel_gradient, NULL),
};
OPS_GROUP(ops_fake_quant, ops);
