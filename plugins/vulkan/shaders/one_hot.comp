// one_hot.comp - y[o, k, i] = indices[o, i] == k ? on : off, in words.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of an index
layout(push_constant) uniform Push { uint n, depth, inner; };
INPUT(0, indices);
INPUT(1, on);
INPUT(2, off);
OUTPUT(3, y);
void main() {
  for (uint e = gl_GlobalInvocationID.x; e < n; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint at = (e / inner / depth * inner + e % inner) * WORDS;
    bool hit = indices[at] == e / inner % depth && (WORDS == 1 || indices[at + 1] == 0);
    y[e] = hit ? on[0] : off[0];
  }
}
