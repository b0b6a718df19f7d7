// order64.comp - comparisons of 64-bit integers with broadcasting. One invocation per word of y.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "walk.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0;
layout(constant_id = 2) const uint MODE = 0;
layout(push_constant) uniform Push { uint n, rank, dim[8], sx[8], sz[8]; };
INPUT(0, x);
INPUT(1, z);
OUTPUT(2, y);
bool holds(uint i, uint j) {
  bool same = x[2 * i] == z[2 * j] && x[2 * i + 1] == z[2 * j + 1];
  int a = int(x[2 * i + 1]), b = int(z[2 * j + 1]);
  bool less = a < b || (a == b && x[2 * i] < z[2 * j]);
  switch (OP) {
    case BINARY_Less: return less;
    case BINARY_LessEqual: return less || same;
    case BINARY_Greater: return !less && !same;
    case BINARY_GreaterEqual: return !less;
    case BINARY_Equal: return same;
    default: return !same;
  }
}
void main() {
  for (uint w = gl_GlobalInvocationID.x; w * 4 < n; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint k = 0; k < 4 && w * 4 + k < n; k++) {
      uint i = w * 4 + k, ix = i, iz = i;
      if (MODE == WALK_LEFT) ix = 0;
      if (MODE == WALK_RIGHT) iz = 0;
      if (MODE == WALK_ANY) {
        ix = walk_offset(i, rank, dim, sx);
        iz = walk_offset(i, rank, dim, sz);
      }
      word |= PACK(B8, holds(ix, iz), k);
    }
    y[w] = word;
  }
}
