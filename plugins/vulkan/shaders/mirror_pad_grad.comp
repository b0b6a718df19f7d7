// mirror_pad_grad.comp - each element of dx sums what was made of it: along each dimension itself, its image below the
// lower edge and its image above the upper one, where those are. skip 1: the edge has no image.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint INTEGER = 0;
layout(push_constant) uniform Push { uint n, rank, skip, dy[8], dx[8], before[8]; }; // innermost first
INPUT(0, y);
OUTPUT(1, x);
// Where image `which` of k is in y, or -1.
int place(int which, int k, int d, int lower, int all) {
  int at = which == 0 ? k : which == 1 ? -k - 1 + int(skip) : 2 * d - 1 - int(skip) - k;
  bool there = which == 0 || (which == 1 ? at < 0 : at >= d);
  return there && at + lower >= 0 && at + lower < all ? at + lower : -1;
}
// In y, of the combination's images of element e; false: one of them is not there.
bool find(uint e, uint combination, out uint from) {
  uint step = 1;
  from = 0;
  for (uint i = 0; i < rank; i++) {
    int at = place(int(combination % 3), int(e % dx[i]), int(dx[i]), int(before[i]), int(dy[i]));
    e /= dx[i];
    combination /= 3;
    if (at < 0) return false;
    from += uint(at) * step;
    step *= dy[i];
  }
  return true;
}
void main() {
  uint combinations = 1, from;
  for (uint i = 0; i < rank; i++) combinations *= 3;
  for (uint e = gl_GlobalInvocationID.x; e < n; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    float sum = 0;
    uint whole = 0;
    for (uint c = 0; c < combinations; c++) {
      if (!find(e, c, from)) continue;
      if (INTEGER != 0)
        whole += y[from];
      else
        sum += uintBitsToFloat(y[from]);
    }
    x[e] = INTEGER != 0 ? whole : floatBitsToUint(sum);
  }
}
