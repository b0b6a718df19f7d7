// formulas.glsl - the element-wise ops, one function each: unary.comp and binary.comp choose among them by number, and
// fused programs call them by name ("op_Sigmoid" with the types of its arguments), so a function here is all that an
// op needs to be fused. Arguments are `const`: they travel by value. Integers overload where the op has them.
#ifndef FORMULAS_GLSL
#define FORMULAS_GLSL
#include "math.glsl"
#include "narrow.glsl"

float op_Neg(const float v) { return -v; }
float op_Abs(const float v) { return abs(v); }
float op_Square(const float v) { return v * v; }
float op_Sign(const float v) { return v > 0 ? 1 : v < 0 ? -1 : v; }
float op_Relu(const float v) { return v > 0 || v != v ? v : 0; }
float op_Relu6(const float v) { return v != v ? v : clamp(v, 0, 6); }
float op_Sqrt(const float v) { return sqrt(v); }
float op_Rsqrt(const float v) { return 1.0 / sqrt(v); }
float op_Reciprocal(const float v) { return 1.0 / v; }
float op_Inv(const float v) { return 1.0 / v; }
float op_Exp(const float v) { return exp_any(v); }
float op_Expm1(const float v) { return expm1_(v); }
float op_Log(const float v) { return log_any(v); }
float op_Log1p(const float v) { return log1p_(v); }
float op_Sin(const float v) { return sin_cos_(v).x; }
float op_Cos(const float v) { return sin_cos_(v).y; }
float op_Tan(const float v) { return sin_cos_(v).x / sin_cos_(v).y; }
float op_Atan(const float v) { return v != v ? v : atan(v); }
float op_Tanh(const float v) { return tanh_(v); }
float op_Sinh(const float v) { return abs(v) < 0.4 ? 0.5 * (expm1_(v) - expm1_(-v)) : 0.5 * (exp(v) - exp(-v)); }
float op_Cosh(const float v) { return 0.5 * (exp(v) + exp(-v)); }
float op_Sigmoid(const float v) { return 1.0 / (1.0 + exp_any(-v)); }
float op_Floor(const float v) { return floor(v); }
float op_Ceil(const float v) { return ceil(v); }
float op_Round(const float v) { return roundEven(v); }
float op_Rint(const float v) { return roundEven(v); }
float op_Elu(const float v) { return v < 0 ? expm1_(v) : v; }
float op_Selu(const float v) { return v < 0 ? 1.7580993408473766 * expm1_(v) : 1.0507009873554805 * v; }
float op_Softplus(const float v) { return softplus_(v); }
float op_Softsign(const float v) { return v / (1.0 + abs(v)); }
float op_Erf(const float v) { return erf_(v); }
float op_Erfc(const float v) { return erfc_(v); }
float op_Asin(const float v) { return asin_(v); }
float op_Acos(const float v) { return acos_(v); }
float op_Asinh(const float v) { return asinh_(v); }
float op_Acosh(const float v) { return acosh_(v); }
float op_Atanh(const float v) { return atanh_(v); }
float op_Lgamma(const float v) { return lgamma_(v); }
float op_Digamma(const float v) { return digamma_(v); }

int op_Neg(const int v) { return -v; }
int op_Abs(const int v) { return abs(v); }
int op_Square(const int v) { return v * v; }
int op_Sign(const int v) { return sign(v); }
int op_Round(const int v) { return v; }
int op_Relu(const int v) { return max(v, 0); }
int op_Relu6(const int v) { return clamp(v, 0, 6); }

bool op_IsNan(const float v) { return v != v; }
bool op_IsInf(const float v) { return abs(v) == INF; }
bool op_IsFinite(const float v) { return abs(v) < INF; }
bool op_LogicalNot(const bool v) { return !v; }

float op_Add(const float a, const float b) { return a + b; }
float op_AddV2(const float a, const float b) { return a + b; }
float op_Sub(const float a, const float b) { return a - b; }
float op_Mul(const float a, const float b) { return a * b; }
float op_Div(const float a, const float b) { return a / b; }
float op_RealDiv(const float a, const float b) { return a / b; }
float op_DivNoNan(const float a, const float b) { return b == 0 ? 0 : a / b; }
float op_FloorDiv(const float a, const float b) { return floor(a / b); }
float op_FloorMod(const float a, const float b) { return floor_mod_(a, b); }
float op_Mod(const float a, const float b) { return mod_(a, b); }
float op_TruncateMod(const float a, const float b) { return mod_(a, b); }
float op_Atan2(const float a, const float b) { return atan2_(a, b); }
float op_Pow(const float a, const float b) { return pow_(a, b); }
float op_Maximum(const float a, const float b) { return a > b || a != a ? a : b; }
float op_Minimum(const float a, const float b) { return a < b || a != a ? a : b; }
float op_SquaredDifference(const float a, const float b) { return (a - b) * (a - b); }

float op_TanhGrad(const float a, const float b) { return b * (1.0 - a * a); }
float op_SigmoidGrad(const float a, const float b) { return b * a * (1.0 - a); }
float op_SqrtGrad(const float a, const float b) { return b * 0.5 / a; }
float op_RsqrtGrad(const float a, const float b) { return b * -0.5 * (a * a) * a; }
float op_ReciprocalGrad(const float a, const float b) { return -b * a * a; }
float op_InvGrad(const float a, const float b) { return -b * a * a; }
float op_ReluGrad(const float a, const float b) { return b > 0 ? a : 0; }
float op_Relu6Grad(const float a, const float b) { return b > 0 && b < 6 ? a : 0; }
float op_EluGrad(const float a, const float b) { return b < 0 ? a * (b + 1.0) : a; }
float op_SeluGrad(const float a, const float b) {
  return b < 0 ? a * (b + 1.7580993408473766) : a * 1.0507009873554805;
}
float op_SoftplusGrad(const float a, const float b) { return a / (exp(-b) + 1.0); }
float op_SoftsignGrad(const float a, const float b) { return a / ((1.0 + abs(b)) * (1.0 + abs(b))); }

// A device cannot fail inside a step: division by 0 gives 0. Signs are taken off before dividing.
int quotient(int a, int b, bool floored) {
  if (b == 0) return 0;
  uint q = uint(abs(a)) / uint(abs(b)), rest = uint(abs(a)) % uint(abs(b));
  if ((a < 0) == (b < 0)) return int(q);
  return floored && rest != 0 ? -int(q) - 1 : -int(q);
}
int op_Add(const int a, const int b) { return a + b; }
int op_AddV2(const int a, const int b) { return a + b; }
int op_Sub(const int a, const int b) { return a - b; }
int op_Mul(const int a, const int b) { return a * b; }
int op_Maximum(const int a, const int b) { return max(a, b); }
int op_Minimum(const int a, const int b) { return min(a, b); }
int op_SquaredDifference(const int a, const int b) { return (a - b) * (a - b); }
int op_Div(const int a, const int b) { return quotient(a, b, false); }
int op_TruncateDiv(const int a, const int b) { return quotient(a, b, false); }
int op_FloorDiv(const int a, const int b) { return quotient(a, b, true); }
int op_FloorMod(const int a, const int b) { return b == 0 ? 0 : a - b * quotient(a, b, true); }
int op_Mod(const int a, const int b) { return b == 0 ? 0 : a - b * quotient(a, b, false); }
int op_TruncateMod(const int a, const int b) { return b == 0 ? 0 : a - b * quotient(a, b, false); }

bool op_Less(const float a, const float b) { return a < b; }
bool op_LessEqual(const float a, const float b) { return a <= b; }
bool op_Greater(const float a, const float b) { return a > b; }
bool op_GreaterEqual(const float a, const float b) { return a >= b; }
bool op_Equal(const float a, const float b) { return a == b; }
bool op_NotEqual(const float a, const float b) { return a != b; }
bool op_Less(const int a, const int b) { return a < b; }
bool op_LessEqual(const int a, const int b) { return a <= b; }
bool op_Greater(const int a, const int b) { return a > b; }
bool op_GreaterEqual(const int a, const int b) { return a >= b; }
bool op_Equal(const int a, const int b) { return a == b; }
bool op_NotEqual(const int a, const int b) { return a != b; }
bool op_Equal(const bool a, const bool b) { return a == b; }
bool op_NotEqual(const bool a, const bool b) { return a != b; }
bool op_LogicalAnd(const bool a, const bool b) { return a && b; }
bool op_LogicalOr(const bool a, const bool b) { return a || b; }

// Of other forms: the attribute alpha, a condition, a cast by its result. No number chooses these.
float op_LeakyRelu(const float v, const float alpha) { return v > 0 ? v : alpha * v; }
float op_LeakyReluGrad(const float g, const float v, const float alpha) { return v > 0 ? g : alpha * g; }
float op_Select(const bool c, const float a, const float b) { return c ? a : b; }
int op_Select(const bool c, const int a, const int b) { return c ? a : b; }
float to_float(const int v) { return float(v); }
float to_float(const bool v) { return float(v); }
int to_int(const float v) { return int(v); }
int to_int(const bool v) { return int(v); }
bool to_bool(const float v) { return bool(v); }
bool to_bool(const int v) { return bool(v); }
float to_half(const float v) { return unpackHalf2x16(half_of(v)).x; }
#endif
