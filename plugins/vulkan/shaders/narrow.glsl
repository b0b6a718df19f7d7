// narrow.glsl - a float as the nearest half or bfloat16, ties to even. packHalf2x16 may round otherwise, and make of
// infinity what it likes.
#ifndef NARROW_GLSL
#define NARROW_GLSL
uint half_of(const float v) {
  uint bits = floatBitsToUint(v), size = bits & 0x7fffffffu, sign_ = bits >> 16 & 0x8000u;
  if (size > 0x7f800000u) return sign_ | 0x7e00u;  // NaN
  if (size >= 0x477ff000u) return sign_ | 0x7c00u; // from 65520 on: infinity
  if (size < 0x38800000u) return sign_ | uint(roundEven(uintBitsToFloat(size) * 16777216.0)); // units of 2^-24
  return sign_ | (size - 0x38000000u + 0xfffu + (size >> 13 & 1u)) >> 13;
}
uint bfloat16_of(const float v) {
  uint bits = floatBitsToUint(v);
  return (bits & 0x7fffffffu) > 0x7f800000u ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}
#endif
