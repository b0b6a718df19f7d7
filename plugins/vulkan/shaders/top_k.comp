// top_k.comp - the k largest of each row, sorted; ties go to the lower index. A row is one invocation's: k rounds, each
// taking the best that ranks after the last.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint INTEGER = 0;
layout(push_constant) uniform Push { uint rows, d, k; };
INPUT(0, x);
OUTPUT(1, values);
OUTPUT(2, indices);
bool above(uint a, uint b) { // NaN is below all
  float x = uintBitsToFloat(a), y = uintBitsToFloat(b);
  return INTEGER != 0 ? int(a) > int(b) : x > y || (y != y && x == x);
}
bool equal(uint a, uint b) { return !above(a, b) && !above(b, a); }
void main() {
  for (uint r = gl_GlobalInvocationID.x; r < rows; r += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint last = 0, last_value = 0;
    for (uint j = 0; j < k; j++) {
      uint best = d, best_value = 0;
      for (uint i = 0; i < d; i++) {
        uint v = x[r * d + i];
        if (j > 0 && (above(v, last_value) || (equal(v, last_value) && i <= last))) continue;
        if (best != d && !above(v, best_value)) continue;
        best = i;
        best_value = v;
      }
      values[r * k + j] = best_value;
      indices[r * k + j] = best;
      last = best;
      last_value = best_value;
    }
  }
}
