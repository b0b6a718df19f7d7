// parts.comp - y[i] = epilogue(sum over s of parts[s n + i]): the parts of a product that was split along k.
#version 450
#include "types.glsl"
#define EPI_BINDING 2
#define EPI_CONSTANT 1
#include "epilogue.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n, columns, splits; };
INPUT(0, part);
OUTPUT(1, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    float sum = 0;
    for (uint s = 0; s < splits; s++) sum += uintBitsToFloat(part[s * n + i]);
    y[i] = floatBitsToUint(epilogue(sum, i % columns, i));
  }
}
