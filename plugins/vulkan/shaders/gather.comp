// gather.comp - y[o, m, i] = x[o, indices[m], i] in words; 0 for an index out of range, as a device cannot fail here.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of an index
layout(push_constant) uniform Push { uint n, rows, inner, count; };
INPUT(0, x);
INPUT(1, indices);
OUTPUT(2, y);
void main() {
  for (uint e = gl_GlobalInvocationID.x; e < n; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint i = e % inner, m = e / inner % count, o = e / inner / count, row = indices[m * WORDS];
    y[e] = row < rows ? x[(o * rows + row) * inner + i] : 0;
  }
}
