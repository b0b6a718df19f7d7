// mirror_pad.comp - y is x with its edges mirrored outwards. skip 1: the edge itself is not repeated.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n, rank, skip, words, dy[8], dx[8], before[8]; }; // innermost first
INPUT(0, x);
OUTPUT(1, y);
void main() {
  for (uint w = gl_GlobalInvocationID.x; w < n * words; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint rest = w / words, step = 1, from = 0;
    for (uint i = 0; i < rank; i++) {
      int k = int(rest % dy[i]) - int(before[i]), d = int(dx[i]);
      rest /= dy[i];
      if (k < 0)
        k = -k - 1 + int(skip);
      else if (k >= d)
        k = 2 * d - 1 - int(skip) - k;
      from += uint(k) * step;
      step *= dx[i];
    }
    y[w] = x[from * words + w % words];
  }
}
