// operands.glsl - the constants and buffers of a product in blocks, its operands by index. Define a_at(m, k) and
// b_at(k, n), where an element lies, before; with OUTSIDE they may say NOWHERE, where there is a 0.
// Operands are float, or half or bfloat16 two to a word; sums are float; the result is either.
#include "narrow.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TX = 16; // invocations in each direction; MATRIX: rows and columns of a matrix
layout(constant_id = 2) const uint TY = 16;
layout(constant_id = 3) const uint FORM = 0; // PRODUCT_* of numbers.h
#ifdef MATRIX
const uint TYPE = CAST_HALF;
#else
layout(constant_id = 4) const uint TYPE = 0; // of the operands: CAST_FLOAT, CAST_HALF or CAST_BFLOAT16
#endif
layout(std430, set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(std430, set = 0, binding = 0) readonly buffer APairs { uvec2 a2[]; };
layout(std430, set = 0, binding = 0) readonly buffer AFours { uvec4 a4[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { uint b[]; };
layout(std430, set = 0, binding = 1) readonly buffer BPairs { uvec2 b2[]; };
layout(std430, set = 0, binding = 1) readonly buffer BFours { uvec4 b4[]; };
layout(std430, set = 0, binding = 2) buffer Y { uint y[]; };
layout(std430, set = 0, binding = 2) writeonly buffer YPairs { uvec2 y2[]; };
layout(std430, set = 0, binding = 2) writeonly buffer YFours { uvec4 y4[]; };
const bool A_INNER_K = (FORM & PRODUCT_A_INNER_K) != 0, B_INNER_K = (FORM & PRODUCT_B_INNER_K) != 0;
const bool A_FOURS = (FORM & PRODUCT_A_FOURS) != 0, B_FOURS = (FORM & PRODUCT_B_FOURS) != 0;
const bool Y_FOURS = (FORM & PRODUCT_Y_FOURS) != 0, Y_NARROW = (FORM & PRODUCT_Y_NARROW) != 0;

#ifdef OUTSIDE
#define UNLESS_OUTSIDE(at, none) if (at == NOWHERE) return none
#else
#define UNLESS_OUTSIDE(at, none)
#endif
float widened(uint word, uint i) { // element i of those that begin in the word
  if (TYPE == CAST_HALF) return unpackHalf2x16(word >> (i & 1) * 16).x;
  return uintBitsToFloat((i & 1) == 0 ? word << 16 : word & 0xffff0000u);
}
vec4 widened(uvec2 w) {
  if (TYPE == CAST_HALF) return vec4(unpackHalf2x16(w.x), unpackHalf2x16(w.y));
  return uintBitsToFloat(uvec4(w.x << 16, w.x & 0xffff0000u, w.y << 16, w.y & 0xffff0000u));
}
uint narrowed(vec2 v) {
  return TYPE == CAST_HALF ? half_of(v.x) | half_of(v.y) << 16 : bfloat16_of(v.x) | bfloat16_of(v.y) << 16;
}
float load_a(uint m, uint k) {
  uint at = a_at(m, k);
  UNLESS_OUTSIDE(at, 0);
  return TYPE == CAST_FLOAT ? uintBitsToFloat(a[at]) : widened(a[at >> 1], at);
}
float load_b(uint k, uint n) {
  uint at = b_at(k, n);
  return TYPE == CAST_FLOAT ? uintBitsToFloat(b[at]) : widened(b[at >> 1], at);
}
// Four elements along the dense index.
vec4 fours_a(uint m, uint k) {
  uint at = a_at(m, k);
  UNLESS_OUTSIDE(at, vec4(0));
  return TYPE == CAST_FLOAT ? uintBitsToFloat(a4[at >> 2]) : widened(a2[at >> 2]);
}
vec4 fours_b(uint k, uint n) {
  uint at = b_at(k, n);
  return TYPE == CAST_FLOAT ? uintBitsToFloat(b4[at >> 2]) : widened(b2[at >> 2]);
}
