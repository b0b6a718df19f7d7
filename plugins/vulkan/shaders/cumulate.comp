// cumulate.comp - running sums or products along an axis; an invocation walks one line.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool PRODUCT = false;
layout(constant_id = 2) const bool EXCLUSIVE = false;
layout(constant_id = 3) const bool REVERSE = false;
layout(push_constant) uniform Push { uint lines, d, inner; };
INPUT(0, x);
OUTPUT(1, y);
#define T VALUE(X)
void main() {
  for (uint l = gl_GlobalInvocationID.x; l < lines; l += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint first = l / inner * d * inner + l % inner;
    T sum = PRODUCT ? T(1) : T(0);
    for (uint k = 0; k < d; k++) {
      uint at = first + (REVERSE ? d - 1 - k : k) * inner;
      T v = GET(X, x, at), next = PRODUCT ? sum * v : sum + v;
      y[at] = PACK(X, EXCLUSIVE ? sum : next, 0);
      sum = next;
    }
  }
}
