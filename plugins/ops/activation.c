/* activation.c - activation functions of layers and their gradient ops (plugins/ops).
 *
 * Each gradient op takes (dy, what the forward op kept): its output, or its input. */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

static rn_status *first_order(rn_grad *c, const char *op, rn_value kept) {
  return op_dx(c, 0, rn_op2(B, op, DY, kept));
}
static rn_status *grad_relu(rn_grad *c) { return first_order(c, "ReluGrad", GRAD_Y(0)); }
static rn_status *grad_relu6(rn_grad *c) { return first_order(c, "Relu6Grad", GRAD_Y(0)); }
static rn_status *grad_elu(rn_grad *c) { return first_order(c, "EluGrad", GRAD_Y(0)); }
static rn_status *grad_selu(rn_grad *c) { return first_order(c, "SeluGrad", GRAD_Y(0)); }
static rn_status *grad_softplus(rn_grad *c) { return first_order(c, "SoftplusGrad", GRAD_X(0)); }
static rn_status *grad_softsign(rn_grad *c) { return first_order(c, "SoftsignGrad", GRAD_X(0)); }
static rn_status *leaky(rn_grad *c, rn_value x) {
  rn_value in[2] = {DY, x};
  rn_attr alpha = RN_AF("alpha", rn_self_float(&B->self, "alpha", 0.2f));
  return op_dx(c, 0, rn_emit(B, "LeakyReluGrad", in, 2, &alpha, 1));
}
static rn_status *grad_leaky(rn_grad *c) { return leaky(c, GRAD_X(0)); }

/* Second order: linear in dy; what was kept matters only where the slope bends. */
static rn_status *grad_relu_grad(rn_grad *c) { return first_order(c, "ReluGrad", GRAD_X(1)); }
static rn_status *grad_relu6_grad(rn_grad *c) { return first_order(c, "Relu6Grad", GRAD_X(1)); }
static rn_status *grad_leaky_grad(rn_grad *c) { return leaky(c, GRAD_X(1)); }
static rn_status *bend(rn_grad *c, const char *op) {
  rn_value y = GRAD_X(1), zeros = rn_op1(B, "ZerosLike", y);
  rn_value negative = rn_op2(B, "Less", y, op_number_like(B, 0, y));
  op_dx(c, 0, rn_op2(B, op, DY, y));
  return op_dx(c, 1, rn_op3(B, "Select", negative, op_mul(B, DY, GRAD_X(0)), zeros));
}
static rn_status *grad_elu_grad(rn_grad *c) { return bend(c, "EluGrad"); }
static rn_status *grad_selu_grad(rn_grad *c) { return bend(c, "SeluGrad"); }
/* d/dx sigmoid(x) = 1 / (exp(-x) + 2 + exp(x)) */
static rn_status *grad_softplus_grad(rn_grad *c) {
  rn_value x = GRAD_X(1), two = op_number_like(B, 2, x);
  rn_value sum = rn_op2(B, "Add", rn_op2(B, "Add", rn_op1(B, "Exp", op_neg(B, x)), two), rn_op1(B, "Exp", x));
  op_dx(c, 0, rn_op2(B, "SoftplusGrad", DY, x));
  return op_dx(c, 1, rn_op2(B, "RealDiv", op_mul(B, DY, GRAD_X(0)), sum));
}

static const rn_op_def ops[] = {
    OP("Relu",
       "(features: T) -> (activations: T); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, "
       "half, uint32, uint64, qint8}",
       "max(x, 0).", op_infer_same, grad_relu),
    OP("ReluGrad",
       "(gradients: T, features: T) -> (backprops: T); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, "
       "uint16, half, uint32, uint64}",
       "dy where the kept value is positive, zero elsewhere.", op_infer_merged, grad_relu_grad),
    OP("Relu6",
       "(features: T) -> (activations: T); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, "
       "half, uint32, uint64}",
       "min(max(x, 0), 6).", op_infer_same, grad_relu6),
    OP("Relu6Grad",
       "(gradients: T, features: T) -> (backprops: T); T: {float, double, int32, uint8, int16, int8, int64, bfloat16, "
       "uint16, half, uint32, uint64}",
       "dy where the kept value is between 0 and 6, zero elsewhere.", op_infer_merged, grad_relu6_grad),
    OP("LeakyRelu", "(features: T) -> (activations: T); alpha: float = 0.2; T: {half, bfloat16, float, double} = float",
       "x where positive, alpha x elsewhere.", op_infer_same, grad_leaky),
    OP("LeakyReluGrad",
       "(gradients: T, features: T) -> (backprops: T); alpha: float = 0.2; T: {half, bfloat16, float, double} = float",
       "dy where x is positive, alpha dy elsewhere.", op_infer_merged, grad_leaky_grad),
    OP("Elu", "(features: T) -> (activations: T); T: {half, bfloat16, float, double}",
       "x where positive, exp(x) - 1 elsewhere.", op_infer_same, grad_elu),
    OP("EluGrad", "(gradients: T, outputs: T) -> (backprops: T); T: {half, bfloat16, float, double}",
       "The gradient of Elu from its output.", op_infer_merged, grad_elu_grad),
    OP("Selu", "(features: T) -> (activations: T); T: {half, bfloat16, float, double}",
       "Elu scaled so that layers normalise themselves.", op_infer_same, grad_selu),
    OP("SeluGrad", "(gradients: T, outputs: T) -> (backprops: T); T: {half, bfloat16, float, double}",
       "The gradient of Selu from its output.", op_infer_merged, grad_selu_grad),
    OP("Softplus", "(features: T) -> (activations: T); T: {half, bfloat16, float, double}", "log(1 + exp(x)).",
       op_infer_same, grad_softplus),
    OP("SoftplusGrad", "(gradients: T, features: T) -> (backprops: T); T: {half, bfloat16, float, double}",
       "dy * sigmoid(x).", op_infer_merged, grad_softplus_grad),
    OP("Softsign", "(features: T) -> (activations: T); T: {half, bfloat16, float, double}", "x / (1 + |x|).",
       op_infer_same, grad_softsign),
    OP("SoftsignGrad", "(gradients: T, features: T) -> (backprops: T); T: {half, bfloat16, float, double}",
       "dy / (1 + |x|)^2.", op_infer_merged, NULL),
};
OPS_GROUP(ops_activation, ops);
