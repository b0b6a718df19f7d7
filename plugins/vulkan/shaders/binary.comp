// binary.comp - y = f(x, z) with broadcasting, f by OP. One invocation per word of y.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "math.glsl"
#include "walk.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0;
layout(constant_id = 2) const uint MODE = 0;
layout(push_constant) uniform Push { uint n, rank, dim[8], sx[8], sz[8]; };
INPUT(0, x);
INPUT(1, z);
OUTPUT(2, y);
#define T VALUE(X)

#if defined(ORDER)
bool f(T a, T b) {
  switch (OP) {
    case BINARY_Less: return a < b;
    case BINARY_LessEqual: return a <= b;
    case BINARY_Greater: return a > b;
    case BINARY_GreaterEqual: return a >= b;
    case BINARY_Equal: return a == b;
    default: return a != b;
  }
}
#elif defined(LOGIC)
bool f(bool a, bool b) {
  switch (OP) {
    case BINARY_LogicalAnd: return a && b;
    case BINARY_LogicalOr: return a || b;
    case BINARY_Equal: return a == b;
    default: return a != b;
  }
}
#else
float real(float a, float b) {
  switch (OP) {
    case BINARY_Div:
    case BINARY_RealDiv: return a / b;
    case BINARY_DivNoNan: return b == 0 ? 0 : a / b;
    case BINARY_FloorDiv: return floor(a / b);
    case BINARY_FloorMod: {
      uint size_a = floatBitsToUint(a) & 0x7fffffffu, size_b = floatBitsToUint(b) & 0x7fffffffu; // orders subnormals too
      float r = size_a < size_b && size_b <= 0x7f800000u ? a : a - b * trunc(a / b);
      uint rest = floatBitsToUint(r); // by its bits: a subnormal one is not 0
      return (rest & 0x7fffffffu) != 0 && (rest ^ floatBitsToUint(b)) >> 31 != 0 ? r + b : r;
    }
    case BINARY_Pow: return pow_(a, b);
    case BINARY_TanhGrad: return b * (1.0 - a * a);
    case BINARY_SigmoidGrad: return b * a * (1.0 - a);
    case BINARY_SqrtGrad: return b * 0.5 / a;
    case BINARY_RsqrtGrad: return b * -0.5 * (a * a) * a;
    case BINARY_ReciprocalGrad:
    case BINARY_InvGrad: return -b * a * a;
    case BINARY_ReluGrad: return b > 0 ? a : 0;
    case BINARY_Relu6Grad: return b > 0 && b < 6 ? a : 0;
    case BINARY_EluGrad: return b < 0 ? a * (b + 1.0) : a;
    case BINARY_SeluGrad: return b < 0 ? a * (b + 1.7580993408473766) : a * 1.0507009873554805;
    case BINARY_SoftplusGrad: return a / (exp(-b) + 1.0);
    default: return a / ((1.0 + abs(b)) * (1.0 + abs(b)));
  }
}
#ifdef INTEGER
// A device cannot fail inside a step: division by 0 gives 0. Signs are taken off before dividing.
int quotient(int a, int b, bool floored) {
  if (b == 0) return 0;
  uint q = uint(abs(a)) / uint(abs(b)), rest = uint(abs(a)) % uint(abs(b));
  if ((a < 0) == (b < 0)) return int(q);
  return floored && rest != 0 ? -int(q) - 1 : -int(q);
}
int divide(int a, int b) {
  switch (OP) {
    case BINARY_FloorDiv: return quotient(a, b, true);
    case BINARY_FloorMod: return b == 0 ? 0 : a - b * quotient(a, b, true);
    case BINARY_Mod:
    case BINARY_TruncateMod: return b == 0 ? 0 : a - b * quotient(a, b, false);
    default: return quotient(a, b, false);
  }
}
#endif
T f(T a, T b) {
  switch (OP) {
    case BINARY_Add:
    case BINARY_AddV2: return a + b;
    case BINARY_Sub: return a - b;
    case BINARY_Mul: return a * b;
    case BINARY_Maximum: return a > b || a != a ? a : b;
    case BINARY_Minimum: return a < b || a != a ? a : b;
    case BINARY_SquaredDifference: return (a - b) * (a - b);
#ifdef INTEGER
    default: return divide(a, b);
#else
    default: return real(a, b);
#endif
  }
}
#endif

void main() {
  const uint per = PER_WORD(Y), words = (n + per - 1) / per, step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += step) {
    uint word = 0;
    for (uint k = 0; k < per; k++) {
      uint i = w * per + k, ix = i, iz = i;
      if (i >= n) break;
      if (MODE == WALK_LEFT) ix = 0;
      if (MODE == WALK_RIGHT) iz = 0;
      if (MODE == WALK_ANY) {
        ix = walk_offset(i, rank, dim, sx);
        iz = walk_offset(i, rank, dim, sz);
      }
      word |= PACK(Y, f(GET(X, x, ix), GET(X, z, iz)), k);
    }
    y[w] = word;
  }
}
