/* unary.c - functions of one number, and the helpers of their gradients (plugins/ops). */
#include "ops.h"

#define X GRAD_X(0)
#define Y GRAD_Y(0)
#define DY GRAD_DY
#define B GRAD_B
#define GRADIENT(name, expr) \
  static rn_status *name(rn_grad *c) { return op_dx(c, 0, expr); }

static rn_value num(rn_grad *c, double v) { return op_number_like(GRAD_B, v, GRAD_DY); }
static rn_value x_(rn_grad *c) { return op_conj(GRAD_B, GRAD_X(0)); }
static rn_value y_(rn_grad *c) { return op_conj(GRAD_B, GRAD_Y(0)); }
/* dy * f(x) */
static rn_value times(rn_grad *c, const char *f) { return op_mul(B, DY, rn_op1(B, f, x_(c))); }
/* 1 +- x^2 */
static rn_value one_plus(rn_grad *c, const char *op) { return rn_op2(B, op, num(c, 1), rn_op1(B, "Square", x_(c))); }
static rn_value inverse(rn_grad *c, rn_value v) { return rn_op1(B, "Reciprocal", v); }

GRADIENT(grad_neg, op_neg(B, DY))
GRADIENT(grad_abs, op_mul(B, DY, rn_op1(B, "Sign", X)))
GRADIENT(grad_square, op_mul(B, DY, op_mul(B, num(c, 2), x_(c))))
GRADIENT(grad_sqrt, rn_op2(B, "SqrtGrad", Y, DY))
GRADIENT(grad_rsqrt, rn_op2(B, "RsqrtGrad", Y, DY))
GRADIENT(grad_reciprocal, rn_op2(B, "ReciprocalGrad", Y, DY))
GRADIENT(grad_exp, op_mul(B, DY, y_(c)))
GRADIENT(grad_expm1, times(c, "Exp"))
GRADIENT(grad_log, times(c, "Reciprocal"))
GRADIENT(grad_log1p, op_mul(B, DY, inverse(c, rn_op2(B, "Add", num(c, 1), x_(c)))))
GRADIENT(grad_sin, times(c, "Cos"))
GRADIENT(grad_cos, op_neg(B, times(c, "Sin")))
GRADIENT(grad_tan, op_mul(B, DY, rn_op1(B, "Square", inverse(c, rn_op1(B, "Cos", x_(c))))))
GRADIENT(grad_asin, op_mul(B, DY, inverse(c, rn_op1(B, "Sqrt", one_plus(c, "Sub")))))
GRADIENT(grad_acos, op_neg(B, op_mul(B, DY, inverse(c, rn_op1(B, "Sqrt", one_plus(c, "Sub"))))))
GRADIENT(grad_atan, op_mul(B, DY, inverse(c, one_plus(c, "Add"))))
GRADIENT(grad_sinh, times(c, "Cosh"))
GRADIENT(grad_cosh, times(c, "Sinh"))
GRADIENT(grad_asinh, rn_op2(B, "RealDiv", DY, rn_op1(B, "Cosh", y_(c))))
GRADIENT(grad_acosh, rn_op2(B, "RealDiv", DY, rn_op1(B, "Sinh", y_(c))))
GRADIENT(grad_atanh, op_mul(B, DY, inverse(c, one_plus(c, "Sub"))))
GRADIENT(grad_tanh, rn_op2(B, "TanhGrad", Y, DY))
GRADIENT(grad_sigmoid, rn_op2(B, "SigmoidGrad", Y, DY))
GRADIENT(grad_lgamma, times(c, "Digamma"))
GRADIENT(grad_digamma, op_mul(B, DY, rn_op2(B, "Polygamma", num(c, 1), x_(c))))
GRADIENT(grad_sign, rn_op1(B, "ZerosLike", X))
GRADIENT(grad_conj, rn_op1(B, "Conj", DY))

/* 2 / sqrt(pi) * exp(-x^2) * dy */
static rn_value bell(rn_grad *c, double factor) {
  rn_value e = rn_op1(B, "Exp", op_neg(B, rn_op1(B, "Square", X)));
  return op_mul(B, DY, op_mul(B, num(c, factor), e));
}
GRADIENT(grad_erf, bell(c, 1.1283791670955126))
GRADIENT(grad_erfc, bell(c, -1.1283791670955126))

/* The second derivatives: the helpers take (y, dy). */
static rn_status *grad_tanh_grad(rn_grad *c) {
  rn_value a = op_conj(B, GRAD_X(0)), b = op_conj(B, GRAD_X(1));
  op_dx(c, 0, op_mul(B, op_mul(B, op_mul(B, DY, num(c, -2)), b), a));
  return op_dx(c, 1, rn_op2(B, "TanhGrad", a, DY));
}
static rn_status *grad_sigmoid_grad(rn_grad *c) {
  rn_value a = op_conj(B, GRAD_X(0)), b = op_conj(B, GRAD_X(1)), gb = op_mul(B, DY, b);
  op_dx(c, 0, rn_op2(B, "Sub", gb, op_mul(B, op_mul(B, num(c, 2), gb), a)));
  return op_dx(c, 1, rn_op2(B, "SigmoidGrad", a, DY));
}
static rn_status *grad_sqrt_grad(rn_grad *c) {
  rn_value ga = rn_op2(B, "RealDiv", DY, GRAD_X(0));
  op_dx(c, 0, op_mul(B, op_neg(B, op_conj(B, ga)), Y));
  return op_dx(c, 1, op_mul(B, num(c, 0.5), ga));
}
static rn_status *grad_rsqrt_grad(rn_grad *c) {
  rn_value a = op_conj(B, GRAD_X(0)), g = op_mul(B, op_mul(B, num(c, -1.5), DY), op_conj(B, GRAD_X(1)));
  op_dx(c, 0, op_mul(B, g, rn_op1(B, "Square", a)));
  return op_dx(c, 1, rn_op2(B, "RsqrtGrad", a, DY));
}
static rn_status *grad_reciprocal_grad(rn_grad *c) {
  rn_value a = op_conj(B, GRAD_X(0)), g = op_mul(B, op_mul(B, op_conj(B, DY), num(c, -2)), GRAD_X(1));
  op_dx(c, 0, op_mul(B, g, a));
  return op_dx(c, 1, rn_op2(B, "ReciprocalGrad", a, DY));
}

static rn_status *infer_neg(rn_infer *c) {
  op_int v[RN_MAX_VALUE];
  int32_t n = op_ints(c, 0, v);
  for (int32_t i = 0; i < n; i++)
    v[i] = v[i].known && v[i].v != INT64_MIN ? op_int_known(-v[i].v) : (op_int){RN_DIM_UNKNOWN, 0};
  op_set_ints(c, 0, v, n);
  return op_infer_same(c);
}

/* Float to float carries a gradient; everything else ends it. */
static rn_status *grad_cast(rn_grad *c) {
  rn_dtype from = op_dtype(B, X);
  return op_is_float(from) && op_is_float(op_dtype(B, Y)) ? op_dx(c, 0, op_cast(B, DY, from)) : NULL;
}

static const rn_op_def ops[] = {
    OP("Neg", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}", "-x.",
       infer_neg, grad_neg),
    OP("Abs", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64}", "|x|.", op_infer_same, grad_abs),
    OP("Sign", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "-1, 0 or 1, the sign of x.", op_infer_same, grad_sign),
    OP("Square", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}", "x * x.",
       op_infer_same, grad_square),
    OP("Sqrt", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}", "The square root of x.",
       op_infer_same, grad_sqrt),
    OP("Rsqrt", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "One over the square root of x.", op_infer_same, grad_rsqrt),
    OP("Exp", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}", "e to the x.",
       op_infer_same, grad_exp),
    OP("Expm1", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "e to the x, minus one, exact near zero.", op_infer_same, grad_expm1),
    OP("Log", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The natural logarithm of x.", op_infer_same, grad_log),
    OP("Log1p", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The natural logarithm of 1 + x, exact near zero.", op_infer_same, grad_log1p),
    OP("Sin", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}", "The sine of x.",
       op_infer_same, grad_sin),
    OP("Cos", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}", "The cosine of x.",
       op_infer_same, grad_cos),
    OP("Tan", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "The tangent of x.", op_infer_same, grad_tan),
    OP("Asin", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "The inverse sine of x.", op_infer_same, grad_asin),
    OP("Acos", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "The inverse cosine of x.", op_infer_same, grad_acos),
    OP("Atan", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "The inverse tangent of x.", op_infer_same, grad_atan),
    OP("Sinh", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The hyperbolic sine of x.", op_infer_same, grad_sinh),
    OP("Cosh", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The hyperbolic cosine of x.", op_infer_same, grad_cosh),
    OP("Tanh", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The hyperbolic tangent of x.", op_infer_same, grad_tanh),
    OP("Asinh", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The inverse hyperbolic sine of x.", op_infer_same, grad_asinh),
    OP("Acosh", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The inverse hyperbolic cosine of x.", op_infer_same, grad_acosh),
    OP("Atanh", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "The inverse hyperbolic tangent of x.", op_infer_same, grad_atanh),
    OP("Sigmoid", "(x: T) -> (y: T); T: {bfloat16, half, float, double, complex64, complex128}", "1 / (1 + exp(-x)).",
       op_infer_same, grad_sigmoid),
    OP("Reciprocal", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "1 / x.", op_infer_same, grad_reciprocal),
    OP("Inv", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}", "1 / x.",
       op_infer_same, grad_reciprocal),
    OP("Erf", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "The error function of x.", op_infer_same,
       grad_erf),
    OP("Erfc", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "One minus the error function of x.",
       op_infer_same, grad_erfc),
    OP("Lgamma", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "The logarithm of |gamma(x)|.", op_infer_same,
       grad_lgamma),
    OP("Digamma", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "The derivative of Lgamma.", op_infer_same,
       grad_digamma),
    OP("Conj", "(input: T) -> (output: T); T: {complex64, complex128, variant} = complex64",
       "The complex conjugate of its input.", op_infer_same, grad_conj),
    OP("Floor", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "The largest integer not above x.",
       op_infer_same, NULL, NO_GRADIENT),
    OP("Ceil", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "The smallest integer not below x.",
       op_infer_same, NULL, NO_GRADIENT),
    OP("Round", "(x: T) -> (y: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
       "The nearest integer, halves to even.", op_infer_same, NULL, NO_GRADIENT),
    OP("Rint", "(x: T) -> (y: T); T: {bfloat16, half, float, double}", "The nearest integer, halves to even.",
       op_infer_same, NULL, NO_GRADIENT),
    OP("IsNan", "(x: T) -> (y: bool); T: {bfloat16, half, float, double}", "Is x not a number?", op_infer_same, NULL,
       NO_GRADIENT),
    OP("IsInf", "(x: T) -> (y: bool); T: {bfloat16, half, float, double}", "Is x infinite?", op_infer_same, NULL,
       NO_GRADIENT),
    OP("IsFinite", "(x: T) -> (y: bool); T: {bfloat16, half, float, double}", "Is x a finite number?", op_infer_same,
       NULL, NO_GRADIENT),
    OP("LogicalNot", "(x: bool) -> (y: bool)", "Not x.", op_infer_same, NULL, NO_GRADIENT),
    OP("Cast", "(x: SrcT) -> (y: DstT); SrcT: type; DstT: type; Truncate: bool = false",
       "The same numbers in another type.", op_infer_same_ints, grad_cast),
    OP("TanhGrad", "(y: T, dy: T) -> (z: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "dy * (1 - y^2).", op_infer_merged, grad_tanh_grad),
    OP("SigmoidGrad", "(y: T, dy: T) -> (z: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "dy * y * (1 - y).", op_infer_merged, grad_sigmoid_grad),
    OP("SqrtGrad", "(y: T, dy: T) -> (z: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "dy * 0.5 / y.", op_infer_merged, grad_sqrt_grad),
    OP("RsqrtGrad", "(y: T, dy: T) -> (z: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "dy * -0.5 * y^3.", op_infer_merged, grad_rsqrt_grad),
    OP("ReciprocalGrad", "(y: T, dy: T) -> (z: T); T: {bfloat16, half, float, double, complex64, complex128}",
       "-dy * y^2.", op_infer_merged, grad_reciprocal_grad),
    OP("InvGrad", "(y: T, dy: T) -> (z: T); T: {bfloat16, half, float, double, complex64, complex128}", "-dy * y^2.",
       op_infer_merged, grad_reciprocal_grad),
};
OPS_GROUP(ops_unary, ops);
