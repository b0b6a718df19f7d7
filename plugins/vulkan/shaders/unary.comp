// unary.comp - y = f(x), f by OP. One invocation per word of y.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "math.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0;
layout(push_constant) uniform Push { uint n; };
INPUT(0, x);
OUTPUT(1, y);

#ifdef TEST
bool f(float v) {
  switch (OP) {
    case UNARY_IsNan: return v != v;
    case UNARY_IsInf: return abs(v) == INF;
    default: return abs(v) < INF;
  }
}
#else
VALUE(Y) f(VALUE(X) v) {
  switch (OP) {
    case UNARY_Neg: return -v;
    case UNARY_Abs: return abs(v);
    case UNARY_Square: return v * v;
    case UNARY_Sign: return v > 0 ? VALUE(X)(1) : v < 0 ? VALUE(X)(-1) : v;
    case UNARY_Relu: return v > 0 || v != v ? v : VALUE(X)(0);
    case UNARY_Relu6: return v != v ? v : clamp(v, VALUE(X)(0), VALUE(X)(6));
  }
  float a = float(v);
  switch (OP) {
    case UNARY_Sqrt: return VALUE(Y)(sqrt(a));
    case UNARY_Rsqrt: return VALUE(Y)(1.0 / sqrt(a));
    case UNARY_Reciprocal:
    case UNARY_Inv: return VALUE(Y)(1.0 / a);
    case UNARY_Exp: return VALUE(Y)(exp(a));
    case UNARY_Expm1: return VALUE(Y)(expm1_(a));
    case UNARY_Log: return VALUE(Y)(log_any(a));
    case UNARY_Log1p: return VALUE(Y)(log1p_(a));
    case UNARY_Sin: return VALUE(Y)(sin_cos_(a).x);
    case UNARY_Cos: return VALUE(Y)(sin_cos_(a).y);
    case UNARY_Tan: return VALUE(Y)(sin_cos_(a).x / sin_cos_(a).y);
    case UNARY_Atan: return VALUE(Y)(a != a ? a : atan(a));
    case UNARY_Tanh: return VALUE(Y)(tanh_(a));
    case UNARY_Sinh: return VALUE(Y)(abs(a) < 0.4 ? 0.5 * (expm1_(a) - expm1_(-a)) : 0.5 * (exp(a) - exp(-a)));
    case UNARY_Cosh: return VALUE(Y)(0.5 * (exp(a) + exp(-a)));
    case UNARY_Sigmoid: return VALUE(Y)(1.0 / (1.0 + exp(-a)));
    case UNARY_Floor: return VALUE(Y)(floor(a));
    case UNARY_Ceil: return VALUE(Y)(ceil(a));
    case UNARY_Elu: return VALUE(Y)(a < 0 ? expm1_(a) : a);
    case UNARY_Selu: return VALUE(Y)(a < 0 ? 1.7580993408473766 * expm1_(a) : 1.0507009873554805 * a);
    case UNARY_Softplus: return VALUE(Y)(softplus_(a));
    case UNARY_Softsign: return VALUE(Y)(a / (1.0 + abs(a)));
    case UNARY_Erf: return VALUE(Y)(erf_(a));
    case UNARY_Erfc: return VALUE(Y)(erfc_(a));
    default: return VALUE(Y)(roundEven(a));
  }
}
#endif

void main() {
  const uint per = PER_WORD(Y), words = (n + per - 1) / per, step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += step) {
    uint word = 0;
    for (uint k = 0; k < per; k++) {
      uint i = w * per + k;
      if (i < n) word |= PACK(Y, f(GET(X, x, i)), k);
    }
    y[w] = word;
  }
}
