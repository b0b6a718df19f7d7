// pool_back.comp - each element of the image gathers from the windows it is in: the whole of dy where it is the first
// largest one, or its share. Nobody adds to anybody's memory, so results repeat.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "window.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint HOW = 0;
INPUT(0, x);
INPUT(1, dy);
OUTPUT(2, dx);
float value(uint image, int r, int s, uint ch) { return GET(F32, x, image * xn + uint(r) * xh + uint(s) * xw + ch * xc); }

// Is (row, col) the first largest of the window at (r0, s0)?
bool wins(uint image, uint ch, int row, int col, int r0, int s0) {
  float mine = value(image, row, col, ch);
  bool first = true;
  float best = 0;
  int best_r = -1, best_s = -1;
  for (int r = max(r0, 0); r < min(r0 + int(kh), int(h)); r++)
    for (int s = max(s0, 0); s < min(s0 + int(kw), int(w)); s++) {
      float v = value(image, r, s, ch);
      if (!first && !(v > best)) continue;
      first = false;
      best = v;
      best_r = r;
      best_s = s;
    }
  return best_r == row && best_s == col;
}
void main() {
  for (uint e = gl_GlobalInvocationID.x; e < n; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint ch = e / xc % c, image = e / xn;
    int col = int(e / xw % w), row = int(e / xh % h);
    int i0 = max((row + pt - int(kh)) / sh, 0), j0 = max((col + pl - int(kw)) / sw, 0);
    float sum = 0;
    for (int i = i0; i < int(oh) && i * sh - pt <= row; i++)
      for (int j = j0; j < int(ow) && j * sw - pl <= col; j++) {
        int r0 = i * sh - pt, s0 = j * sw - pl;
        if (row >= r0 + int(kh) || col >= s0 + int(kw)) continue;
        float g = GET(F32, dy, image * yn + uint(i) * yh + uint(j) * yw + ch * yc);
        if (HOW == POOL_MAX) {
          if (wins(image, ch, row, col, r0, s0)) sum += g;
        } else {
          int rows = min(r0 + int(kh), int(h)) - max(r0, 0), cols = min(s0 + int(kw), int(w)) - max(s0, 0);
          sum += g / float(rows * cols);
        }
      }
    dx[e] = floatBitsToUint(sum);
  }
}
