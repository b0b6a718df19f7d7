// conv.comp - Conv2D and its gradients as products whose operands are picked from images (see conv.c).
#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : enable
#include "numbers.h"
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TX = 16;
layout(constant_id = 2) const uint TY = 16;
layout(constant_id = 3) const bool A_INNER_K = true;
layout(constant_id = 4) const bool B_INNER_K = false;
layout(constant_id = 5) const uint WHAT = 0;
layout(push_constant) uniform Push {
  uint M, N, K, chunk, splits;
  uint h, w, c, kh, kw, o, oh, ow;
  int sh, sw, dh, dw, pt, pl;
  uint xn, xh, xw, xc, yn, yh, yw, yc; // strides of the image and of the result
};
INPUT(0, a);
INPUT(1, b);
OUTPUT(2, y);
void locate(uint batch) {}

// The image's element that pixel p of the result meets at tap t of the filter; 0 outside.
float image_at(uint p, uint t) {
  uint ch = t % c, rs = t / c, j = p % ow, ni = p / ow;
  int row = int(ni % oh) * sh - pt + int(rs / kw) * dh, col = int(j) * sw - pl + int(rs % kw) * dw;
  if (row < 0 || row >= int(h) || col < 0 || col >= int(w)) return 0;
  return uintBitsToFloat(a[ni / oh * xn + uint(row) * xh + uint(col) * xw + ch * xc]);
}
// The result's gradient that pixel p of the image meets through tap t = (r, s, output channel).
float dy_at(uint p, uint t) {
  uint oc = t % o, rs = t / o, nr = p / w;
  int row = int(nr % h) + pt - int(rs / kw) * dh, col = int(p % w) + pl - int(rs % kw) * dw;
  if (row < 0 || col < 0 || row % sh != 0 || col % sw != 0 || row / sh >= int(oh) || col / sw >= int(ow)) return 0;
  return uintBitsToFloat(a[nr / h * yn + uint(row / sh) * yh + uint(col / sw) * yw + oc * yc]);
}
float load_a(uint m, uint k) {
  return WHAT == CONV_FORWARD ? image_at(m, k) : WHAT == CONV_TO_INPUT ? dy_at(m, k) : image_at(k, m);
}
float load_b(uint k, uint n) {
  uint at = k * o + n;
  if (WHAT == CONV_TO_INPUT) at = (k / o * c + n) * o + k % o;
  if (WHAT == CONV_TO_FILTER) at = k / ow / oh * yn + k / ow % oh * yh + k % ow * yw + n * yc;
  return uintBitsToFloat(b[at]);
}
uint layers() { return 1; }
uint out_at(uint m, uint n) {
  if (splits > 1 || WHAT == CONV_TO_FILTER) return m * N + n;
  if (WHAT == CONV_FORWARD) return m / ow / oh * yn + m / ow % oh * yh + m % ow * yw + n * yc;
  return m / w / h * xn + m / w % h * xh + m % w * xw + n * xc;
}
#include "product.glsl"
