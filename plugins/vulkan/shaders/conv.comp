// conv.comp - Conv2D and its gradients as products whose operands are picked from images (see conv.c).
#version 450
#ifdef MATRIX
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
#extension GL_NV_cooperative_matrix : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : enable
#include "numbers.h"
#ifdef MATRIX
layout(constant_id = 10) const uint WHAT = 0;
#else
layout(constant_id = 5) const uint WHAT = 0;
#endif
layout(push_constant) uniform Push {
  uint M, N, K, chunk, splits;
  uint h, w, c, kh, kw, o, oh, ow;
  int sh, sw, dh, dw, pt, pl;
  uint xn, xh, xw, xc, yn, yh, yw, yc; // strides of the image and of the result
};
void locate(uint batch) {}

// Where the image's element is that pixel p of the result meets at tap t of the filter.
#define NOWHERE ~0u // outside
uint image_at(uint p, uint t) {
  uint ch = t % c, rs = t / c, j = p % ow, ni = p / ow;
  int row = int(ni % oh) * sh - pt + int(rs / kw) * dh, col = int(j) * sw - pl + int(rs % kw) * dw;
  if (row < 0 || row >= int(h) || col < 0 || col >= int(w)) return NOWHERE;
  return ni / oh * xn + uint(row) * xh + uint(col) * xw + ch * xc;
}
// Where the result's gradient is that pixel p of the image meets through tap t = (r, s, output channel).
uint dy_at(uint p, uint t) {
  uint oc = t % o, rs = t / o, nr = p / w;
  int row = int(nr % h) + pt - int(rs / kw) * dh, col = int(p % w) + pl - int(rs % kw) * dw;
  if (row < 0 || col < 0 || row % sh != 0 || col % sw != 0 || row / sh >= int(oh) || col / sw >= int(ow)) return NOWHERE;
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
uint layers() { return 1; }
uint out_at(uint m, uint n) {
  if (WHAT == CONV_TO_FILTER) return m * N + n;
  if (WHAT == CONV_FORWARD) return m / ow / oh * yn + m / ow % oh * yh + m % ow * yw + n * yc;
  return m / w / h * xn + m / w % h * xh + m % w * xw + n * xc;
}
#define OUTSIDE
#include "operands.glsl"
#include "product.glsl"
