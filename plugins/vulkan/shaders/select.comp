// select.comp - y = c ? x : z; one condition for `each` elements (or words of larger ones) that follow each other. One
// invocation per word of y.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint PER = 1;
#include "moves.glsl"
layout(push_constant) uniform Push { uint n, each; };
INPUT(0, c);
INPUT(1, x);
INPUT(2, z);
OUTPUT(3, y);
void main() {
  for (uint w = gl_GlobalInvocationID.x; w * PER < n; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint k = 0; k < PER && w * PER + k < n; k++) {
      uint i = w * PER + k;
      word |= (GET(B8, c, i / each) ? ELEMENT(x, i) : ELEMENT(z, i)) << (k * ELEMENT_BITS);
    }
    y[w] = word;
  }
}
