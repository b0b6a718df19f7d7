// add64.comp - y = x + z or x - z on 64-bit integers, as pairs of words.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint SUBTRACT = 0;
layout(push_constant) uniform Push { uint n, step_z; };
INPUT(0, x);
INPUT(1, z);
OUTPUT(2, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uvec2 a = uvec2(x[2 * i], x[2 * i + 1]), b = uvec2(z[2 * i * step_z], z[2 * i * step_z + 1]);
    uint carry, low = SUBTRACT != 0 ? usubBorrow(a.x, b.x, carry) : uaddCarry(a.x, b.x, carry);
    y[2 * i] = low;
    y[2 * i + 1] = SUBTRACT != 0 ? a.y - b.y - carry : a.y + b.y + carry;
  }
}
