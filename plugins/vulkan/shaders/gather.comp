// gather.comp - y[o, m, i] = x[o, indices[m], i]; 0 for an index out of range, as a device cannot fail here. One invocation
// per word of y.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of an index
layout(constant_id = 2) const uint PER = 1;
#include "moves.glsl"
layout(push_constant) uniform Push { uint n, rows, inner, count; };
INPUT(0, x);
INPUT(1, indices);
OUTPUT(2, y);
uint gathered(uint e) {
  uint i = e % inner, m = e / inner % count, o = e / inner / count, row = indices[m * WORDS];
  return row < rows ? ELEMENT(x, (o * rows + row) * inner + i) : 0;
}
void main() {
  for (uint w = gl_GlobalInvocationID.x; w * PER < n; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint k = 0; k < PER && w * PER + k < n; k++) word |= gathered(w * PER + k) << (k * ELEMENT_BITS);
    y[w] = word;
  }
}
