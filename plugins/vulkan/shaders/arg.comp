// arg.comp - the index of the largest or smallest element along an axis; ties go to the lower index.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint LARGEST = 1;
layout(constant_id = 2) const uint INTEGER = 0;
layout(constant_id = 3) const uint WORDS = 1; // of an index
layout(push_constant) uniform Push { uint n, d, inner; };
INPUT(0, x);
OUTPUT(1, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint at = i / inner * d * inner + i % inner, best = 0;
    for (uint k = 1; k < d; k++) {
      uint v = x[at + k * inner], top = x[at + best * inner];
      bool above = INTEGER != 0 ? int(v) > int(top) : uintBitsToFloat(v) > uintBitsToFloat(top);
      bool below = INTEGER != 0 ? int(v) < int(top) : uintBitsToFloat(v) < uintBitsToFloat(top);
      if (LARGEST != 0 ? above : below) best = k;
    }
    y[i * WORDS] = best;
    if (WORDS == 2) y[i * WORDS + 1] = 0;
  }
}
