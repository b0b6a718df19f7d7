// one_hot.comp - y[o, k, i] = indices[o, i] == k ? on : off. One invocation per word of y; elements of `units` words, or
// PER in a word.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of an index
layout(constant_id = 2) const uint PER = 1;
#include "moves.glsl"
layout(push_constant) uniform Push { uint n, depth, inner, units; };
INPUT(0, indices);
INPUT(1, on);
INPUT(2, off);
OUTPUT(3, y);
bool hit(uint e) {
  uint at = (e / inner / depth * inner + e % inner) * WORDS;
  return indices[at] == e / inner % depth && (WORDS == 1 || indices[at + 1] == 0);
}
void main() {
  uint all = n * units;
  for (uint w = gl_GlobalInvocationID.x; w * PER < all; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint k = 0; k < PER && w * PER + k < all; k++) {
      uint u = w * PER + k;
      word |= (hit(u / units) ? ELEMENT(on, u % units) : ELEMENT(off, u % units)) << (k * ELEMENT_BITS);
    }
    y[w] = word;
  }
}
