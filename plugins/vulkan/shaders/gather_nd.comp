// gather_nd.comp - rows of a tensor named by tuples of indices: gathered into y, or added to y in their order (an
// invocation owns a column). Tuples out of range read 0 and write nothing.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of an index
layout(constant_id = 2) const uint SCATTER = 0; // 1: float, 2: int32
layout(constant_id = 3) const uint PER = 1;
#include "moves.glsl"
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
uint gathered(uint e) {
  uint at;
  return locate(e / inner, at) ? ELEMENT(x, at * inner + e % inner) : 0;
}
void add_column(uint e) {
  uint at;
  for (uint m = 0; m < count; m++) {
    if (!locate(m, at)) continue;
    uint to = at * inner + e, add = x[m * inner + e];
    y[to] = SCATTER == 2 ? y[to] + add : floatBitsToUint(uintBitsToFloat(y[to]) + uintBitsToFloat(add));
  }
}
void main() {
  uint n = SCATTER != 0 ? inner : count * inner;
  for (uint w = gl_GlobalInvocationID.x; w * PER < n; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    if (SCATTER != 0) {
      add_column(w);
      continue;
    }
    uint word = 0;
    for (uint k = 0; k < PER && w * PER + k < n; k++) word |= gathered(w * PER + k) << (k * ELEMENT_BITS);
    y[w] = word;
  }
}
