// not_bool.comp - LogicalNot on four elements of a word at once.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint words; };
INPUT(0, x);
OUTPUT(1, y);
void main() {
  for (uint w = gl_GlobalInvocationID.x; w < words; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
    y[w] = (x[w] ^ 0x01010101u) & 0x01010101u;
}
