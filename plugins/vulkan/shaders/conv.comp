// conv.comp - Conv2D and its gradients as products whose operands are picked from images (see conv.c).
#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : enable
#include "numbers.h"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TX = 16;
layout(constant_id = 2) const uint TY = 16;
layout(constant_id = 3) const uint FORM = 0; // PRODUCT_* of numbers.h
layout(constant_id = 4) const uint WHAT = 0;
layout(push_constant) uniform Push {
  uint M, N, K, chunk, splits;
  uint h, w, c, kh, kw, o, oh, ow;
  int sh, sw, dh, dw, pt, pl;
  uint xn, xh, xw, xc, yn, yh, yw, yc; // strides of the image and of the result
};
layout(std430, set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(std430, set = 0, binding = 0) readonly buffer AFours { uvec4 a4[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { uint b[]; };
layout(std430, set = 0, binding = 1) readonly buffer BFours { uvec4 b4[]; };
layout(std430, set = 0, binding = 2) buffer Y { uint y[]; };
layout(std430, set = 0, binding = 2) writeonly buffer YFours { uvec4 y4[]; };
void locate(uint batch) {}

// Where the image's element is that pixel p of the result meets at tap t of the filter; ~0 outside.
uint image_at(uint p, uint t) {
  uint ch = t % c, rs = t / c, j = p % ow, ni = p / ow;
  int row = int(ni % oh) * sh - pt + int(rs / kw) * dh, col = int(j) * sw - pl + int(rs % kw) * dw;
  if (row < 0 || row >= int(h) || col < 0 || col >= int(w)) return ~0u;
  return ni / oh * xn + uint(row) * xh + uint(col) * xw + ch * xc;
}
// Where the result's gradient is that pixel p of the image meets through tap t = (r, s, output channel).
uint dy_at(uint p, uint t) {
  uint oc = t % o, rs = t / o, nr = p / w;
  int row = int(nr % h) + pt - int(rs / kw) * dh, col = int(p % w) + pl - int(rs % kw) * dw;
  if (row < 0 || col < 0 || row % sh != 0 || col % sw != 0 || row / sh >= int(oh) || col / sw >= int(ow)) return ~0u;
  return nr / h * yn + uint(row / sh) * yh + uint(col / sw) * yw + oc * yc;
}
uint a_at(uint m, uint k) {
  return WHAT == CONV_FORWARD ? image_at(m, k) : WHAT == CONV_TO_INPUT ? dy_at(m, k) : image_at(k, m);
}
uint b_at(uint k, uint n) {
  if (WHAT == CONV_TO_INPUT) return (k / o * c + n) * o + k % o;
  if (WHAT == CONV_TO_FILTER) return k / ow / oh * yn + k / ow % oh * yh + k % ow * yw + n * yc;
  return k * o + n;
}
float load_a(uint m, uint k) {
  uint at = a_at(m, k);
  return at == ~0u ? 0 : uintBitsToFloat(a[at]);
}
float load_b(uint k, uint n) { return uintBitsToFloat(b[b_at(k, n)]); }
vec4 fours_a(uint m, uint k) {
  uint at = a_at(m, k);
  return at == ~0u ? vec4(0) : uintBitsToFloat(a4[at >> 2]);
}
vec4 fours_b(uint k, uint n) { return uintBitsToFloat(b4[b_at(k, n) >> 2]); }
uint layers() { return 1; }
uint out_at(uint m, uint n) {
  if (WHAT == CONV_TO_FILTER) return m * N + n;
  if (WHAT == CONV_FORWARD) return m / ow / oh * yn + m / ow % oh * yh + m % ow * yw + n * yc;
  return m / w / h * xn + m / w % h * xh + m % w * xw + n * xc;
}
#include "product.glsl"
