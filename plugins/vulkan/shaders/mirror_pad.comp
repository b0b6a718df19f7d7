// mirror_pad.comp - y is x with its edges mirrored outwards. skip 1: the edge itself is not repeated. One invocation per
// word of y; elements of `units` words, or PER in a word.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint PER = 1;
#include "moves.glsl"
layout(push_constant) uniform Push { uint n, rank, skip, units, dy[8], dx[8], before[8]; }; // innermost first
INPUT(0, x);
OUTPUT(1, y);
uint source(uint e) {
  uint step = 1, from = 0;
  for (uint i = 0; i < rank; i++) {
    int k = int(e % dy[i]) - int(before[i]), d = int(dx[i]);
    e /= dy[i];
    if (k < 0)
      k = -k - 1 + int(skip);
    else if (k >= d)
      k = 2 * d - 1 - int(skip) - k;
    from += uint(k) * step;
    step *= dx[i];
  }
  return from;
}
void main() {
  uint all = n * units;
  for (uint w = gl_GlobalInvocationID.x; w * PER < all; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint k = 0; k < PER && w * PER + k < all; k++) {
      uint u = w * PER + k;
      word |= ELEMENT(x, source(u / units) * units + u % units) << (k * ELEMENT_BITS);
    }
    y[w] = word;
  }
}
