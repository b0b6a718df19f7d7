// range.comp - y[i] = start + i step; the last one is stop itself.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n; float start, step_, stop; };
OUTPUT(0, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
    y[i] = floatBitsToUint(i > 0 && i == n - 1 ? stop : start + step_ * float(i));
}
