// strided_small.comp - as strided.comp, for elements of one or two bytes. DENSE: y is written from end to end, a word by
// one invocation; else each element goes into its word by itself, which no other's bits notice.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint PER = 4;
layout(constant_id = 2) const uint DENSE = 1;
#include "moves.glsl"
layout(push_constant) uniform Push { uint n, rank, x0, y0, dim[8]; int sx[8], sy[8]; };
INPUT(0, x);
OUTPUT(1, y);
void main() {
  const uint each = DENSE != 0 ? PER : 1, rounds = (n + each - 1) / each;
  for (uint w = gl_GlobalInvocationID.x; w < rounds; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0, to = y0;
    for (uint k = 0; k < each && w * each + k < n; k++) {
      uint rest = w * each + k, from = x0;
      to = y0;
      for (uint r = 0; r < rank; r++) {
        uint at = rest % dim[r];
        rest /= dim[r];
        from += at * uint(sx[r]);
        to += at * uint(sy[r]);
      }
      word |= ELEMENT(x, from) << (k * ELEMENT_BITS);
    }
    if (DENSE != 0) {
      y[w] = word;
      continue;
    }
    uint shift = to % PER * ELEMENT_BITS, mask = (0xffffffffu >> (32 - ELEMENT_BITS)) << shift;
    atomicAnd(y[to / PER], ~mask);
    atomicOr(y[to / PER], word << shift);
  }
}
