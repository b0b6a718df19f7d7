// leaky.comp - y = x > 0 ? g : alpha g; g is x itself, or the gradient.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n; float alpha; };
INPUT(0, g);
INPUT(1, x);
OUTPUT(2, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
    y[i] = floatBitsToUint(GET(F32, x, i) > 0 ? GET(F32, g, i) : alpha * GET(F32, g, i));
}
