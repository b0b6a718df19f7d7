// depthwise.comp - DepthwiseConv2dNative and its gradients, each result by itself. Channel k of the image gives the m
// results k m + q, m = o / c. The filter's gradient sums over all pixels of the result: in `splits` parts of `chunk`
// pixels, one after another in y.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "window.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WHAT = 0;
INPUT(0, a);
INPUT(1, b);
OUTPUT(2, y);

float forward(uint e) { // a: image, b: filter
  uint oc = e / yc % o, j = e / yw % ow, i = e / yh % oh, image = e / yn;
  float sum = 0;
  for (uint r = 0; r < kh; r++)
    for (uint s = 0; s < kw; s++) {
      int row = int(i) * sh - pt + int(r) * dh, col = int(j) * sw - pl + int(s) * dw;
      if (row < 0 || row >= int(h) || col < 0 || col >= int(w)) continue;
      sum += GET(F32, a, image * xn + uint(row) * xh + uint(col) * xw + oc / (o / c) * xc) * GET(F32, b, (r * kw + s) * o + oc);
    }
  return sum;
}
float to_input(uint e) { // a: dy, b: filter
  uint ch = e / xc % c, col = e / xw % w, row = e / xh % h, image = e / xn, m = o / c;
  float sum = 0;
  for (uint r = 0; r < kh; r++)
    for (uint s = 0; s < kw; s++) {
      int i = int(row) + pt - int(r) * dh, j = int(col) + pl - int(s) * dw;
      if (i < 0 || j < 0 || i % sh != 0 || j % sw != 0 || i / sh >= int(oh) || j / sw >= int(ow)) continue;
      for (uint oc = ch * m; oc < ch * m + m; oc++)
        sum += GET(F32, a, image * yn + uint(i / sh) * yh + uint(j / sw) * yw + oc * yc) * GET(F32, b, (r * kw + s) * o + oc);
    }
  return sum;
}
float to_filter(uint e, uint images, uint split) { // a: image, b: dy
  uint oc = e % o, s = e / o % kw, r = e / o / kw, to = min(images * oh * ow, (split + 1) * chunk);
  float sum = 0;
  for (uint p = split * chunk; p < to; p++) {
    uint j = p % ow, i = p / ow % oh, image = p / ow / oh;
    int row = int(i) * sh - pt + int(r) * dh, col = int(j) * sw - pl + int(s) * dw;
    if (row < 0 || row >= int(h) || col < 0 || col >= int(w)) continue;
    sum += GET(F32, a, image * xn + uint(row) * xh + uint(col) * xw + oc / (o / c) * xc) *
           GET(F32, b, image * yn + i * yh + j * yw + oc * yc);
  }
  return sum;
}
void main() {
  uint weights = kh * kw * o, all = WHAT == CONV_TO_FILTER ? weights * splits : n;
  for (uint e = gl_GlobalInvocationID.x; e < all; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
    y[e] = floatBitsToUint(WHAT == CONV_FORWARD    ? forward(e)
                           : WHAT == CONV_TO_INPUT ? to_input(e)
                                                   : to_filter(e % weights, n, e / weights));
}
