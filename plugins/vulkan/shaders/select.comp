// select.comp - y = c ? x : z, words; one condition for `per` words that follow each other.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n, per; };
INPUT(0, c);
INPUT(1, x);
INPUT(2, z);
OUTPUT(3, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
    y[i] = GET(B8, c, i / per) ? x[i] : z[i];
}
