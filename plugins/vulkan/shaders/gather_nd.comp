// gather_nd.comp - y[m, i] = x[indices[m], i] in words, an index being a tuple; SCATTER: y[indices[m], i] += x[m, i],
// where an invocation owns one column and takes the indices in order. Tuples out of range read 0 and write nothing.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of an index
layout(constant_id = 2) const uint SCATTER = 0; // 1: float, 2: int32
layout(push_constant) uniform Push { uint count, inner, depth, dim[8]; };
INPUT(0, x);
INPUT(1, indices);
OUTPUT(2, y);
bool locate(uint m, out uint at) {
  bool inside = true;
  at = 0;
  for (uint k = 0; k < depth; k++) {
    uint i = indices[(m * depth + k) * WORDS];
    inside = inside && i < dim[k];
    at = at * dim[k] + i;
  }
  return inside;
}
void main() {
  uint at, all = SCATTER != 0 ? inner : count * inner;
  for (uint e = gl_GlobalInvocationID.x; e < all; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    if (SCATTER == 0) {
      y[e] = locate(e / inner, at) ? x[at * inner + e % inner] : 0;
      continue;
    }
    for (uint m = 0; m < count; m++) {
      if (!locate(m, at)) continue;
      uint to = at * inner + e, add = x[m * inner + e];
      y[to] = SCATTER == 2 ? y[to] + add : floatBitsToUint(uintBitsToFloat(y[to]) + uintBitsToFloat(add));
    }
  }
}
