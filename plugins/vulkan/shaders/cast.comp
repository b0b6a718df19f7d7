// cast.comp - y = x in another type, FROM and TO of numbers.h. One invocation per word of y (of 64-bit results: per pair).
// Whole numbers travel as 64 bits in two words, so every conversion is exact or rounded once.
#version 450
#include "numbers.h"
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint FROM = 0;
layout(constant_id = 2) const uint TO = 0;
layout(push_constant) uniform Push { uint n; };
INPUT(0, x);
OUTPUT(1, y);
#define IS_REAL(t) ((t) <= CAST_BFLOAT16)
#define PER_WORD_OF(t) ((t) == CAST_HALF || (t) == CAST_BFLOAT16 || (t) == CAST_INT16 || (t) == CAST_UINT16 ? 2 : \
                        (t) >= CAST_INT8 ? 4 : 1)

float real_at(uint i) {
  uint narrow = x[i / 2] >> (i % 2 * 16) & 0xffffu;
  if (FROM == CAST_HALF) return unpackHalf2x16(narrow).x;
  return uintBitsToFloat(FROM == CAST_BFLOAT16 ? narrow << 16 : x[i]);
}
uvec2 extended(uint v, bool sign_) { return uvec2(v, sign_ && int(v) < 0 ? 0xffffffffu : 0u); } // low, high
uvec2 whole_at(uint i) {
  switch (FROM) {
    case CAST_INT64: case CAST_UINT64: return uvec2(x[2 * i], x[2 * i + 1]);
    case CAST_INT32: return extended(x[i], true);
    case CAST_UINT32: return extended(x[i], false);
    case CAST_INT16: return extended(uint(bitfieldExtract(int(x[i / 2]), int(i % 2 * 16), 16)), true);
    case CAST_UINT16: return extended(x[i / 2] >> (i % 2 * 16) & 0xffffu, false);
    case CAST_INT8: return extended(uint(bitfieldExtract(int(x[i / 4]), int(i % 4 * 8), 8)), true);
    case CAST_BOOL: return uvec2(GET(B8, x, i) ? 1 : 0, 0);
    default: return extended(x[i / 4] >> (i % 4 * 8) & 0xffu, false);
  }
}

uvec2 negated(uvec2 v) {
  uint low = ~v.x + 1u;
  return uvec2(low, ~v.y + (low == 0u ? 1u : 0u));
}
// To nearest, ties to even: the highest 32 bits, of which the lowest says whether anything was below.
float to_real(uvec2 v) {
  bool minus = FROM != CAST_UINT64 && int(v.y) < 0;
  if (minus) v = negated(v);
  float f = float(v.x);
  if (v.y != 0u) {
    int shift = findMSB(v.y) + 1;
    uint top = shift == 32 ? v.y : v.y << (32 - shift) | v.x >> shift;
    uint below = shift == 32 ? v.x : v.x & ((1u << shift) - 1u);
    f = ldexp(float(top | (below != 0u ? 1u : 0u)), shift);
  }
  return minus ? -f : f;
}
// Towards zero; the lowest number of its width for what does not fit, as C programs do on most machines.
uvec2 to_whole(float f) {
  uint bits = floatBitsToUint(f), mantissa = (bits & 0x7fffffu) | 0x800000u;
  int e = int(bits >> 23 & 255u) - 127, left = e - 23;
  bool wide = TO == CAST_INT64 || TO == CAST_UINT64 || TO == CAST_UINT32;
  if (e < 0) return uvec2(0, 0);
  if (!wide && e > 30) return extended(0x80000000u, true);
  if (e > (TO == CAST_UINT64 ? 63 : 62)) return uvec2(0, 0x80000000u);
  uvec2 v = left <= 0    ? uvec2(mantissa >> -left, 0)
            : left < 32 ? uvec2(mantissa << left, mantissa >> (32 - left))
                        : uvec2(0, mantissa << (left - 32));
  return int(bits) < 0 ? negated(v) : v;
}

uint real_word(float f) {
  if (TO == CAST_FLOAT) return floatBitsToUint(f);
  return TO == CAST_HALF ? half_of(f) : bfloat16_of(f);
}
// The element in the low bits of x; y is the high word of 64 bits.
uvec2 element(uint i) {
  float f = IS_REAL(FROM) ? real_at(i) : 0;
  uvec2 v = IS_REAL(FROM) ? uvec2(0) : whole_at(i);
  if (TO == CAST_BOOL) return uvec2(IS_REAL(FROM) ? (floatBitsToUint(f) & 0x7fffffffu) != 0u : (v.x | v.y) != 0u, 0);
  if (IS_REAL(TO)) return uvec2(real_word(IS_REAL(FROM) ? f : to_real(v)), 0);
  return IS_REAL(FROM) ? to_whole(f) : v;
}
void main() {
  const uint per = PER_WORD_OF(TO), bits = 32 / per;
  for (uint w = gl_GlobalInvocationID.x; w * per < n; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    if (TO == CAST_INT64 || TO == CAST_UINT64) {
      uvec2 v = element(w);
      y[2 * w] = v.x;
      y[2 * w + 1] = v.y;
      continue;
    }
    uint word = 0;
    for (uint k = 0; k < per && w * per + k < n; k++)
      word |= (element(w * per + k).x & (0xffffffffu >> (32 - bits))) << (k * bits);
    y[w] = word;
  }
}
