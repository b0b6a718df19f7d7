// pool.comp - the largest or the mean element of each window, or of g the element where the window's first largest one
// is; what lies outside the image does not count.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "window.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint HOW = 0;
INPUT(0, x);
INPUT(1, g);
OUTPUT(2, y);
void main() {
  for (uint e = gl_GlobalInvocationID.x; e < n; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint ch = e / yc % c, j = e / yw % ow, i = e / yh % oh, image = e / yn, first = 0xffffffffu;
    int r0 = int(i) * sh - pt, s0 = int(j) * sw - pl;
    float best = uintBitsToFloat(0xff800000u), sum = 0, most = 0;
    uint count = 0;
    for (int r = max(r0, 0); r < min(r0 + int(kh), int(h)); r++)
      for (int s = max(s0, 0); s < min(s0 + int(kw), int(w)); s++) {
        uint at = image * xn + uint(r) * xh + uint(s) * xw + ch * xc;
        float v = GET(F32, x, at);
        best = v > best || v != v ? v : best;
        if (first == 0xffffffffu || v > most) {
          first = at;
          most = v;
        }
        sum += v;
        count++;
      }
    if (HOW == POOL_PICK)
      y[e] = first == 0xffffffffu ? 0 : g[first];
    else
      y[e] = floatBitsToUint(HOW == POOL_MAX ? best : sum / float(count));
  }
}
