// binary.comp - y = f(x, z) with broadcasting, f by OP: a formula of formulas.glsl. One invocation per word of y.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "formulas.glsl"
#include "walk.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0;
layout(constant_id = 2) const uint MODE = 0;
layout(push_constant) uniform Push { uint n, rank, dim[8], sx[8], sz[8]; };
INPUT(0, x);
INPUT(1, z);
OUTPUT(2, y);

#if defined(ORDER)
#define ROWS GPU_BINARY_ORDER
#elif defined(LOGIC)
#define ROWS GPU_BINARY_LOGIC
#elif defined(INTEGER)
#define ROWS GPU_BINARY_INT
#else
#define ROWS GPU_BINARY
#endif
#define ROW(Op) case BINARY_##Op: return op_##Op(a, b);
VALUE(Y) f(VALUE(X) a, VALUE(X) b) {
  switch (OP) { ROWS(ROW) }
  return VALUE(Y)(0);
}

void main() {
  const uint per = PER_WORD(Y), words = (n + per - 1) / per, step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += step) {
    uint word = 0;
    for (uint k = 0; k < per; k++) {
      uint i = w * per + k, ix = i, iz = i;
      if (i >= n) break;
      if (MODE == WALK_LEFT) ix = 0;
      if (MODE == WALK_RIGHT) iz = 0;
      if (MODE == WALK_ANY) {
        ix = walk_offset(i, rank, dim, sx);
        iz = walk_offset(i, rank, dim, sz);
      }
      word |= PACK(Y, f(GET(X, x, ix), GET(X, z, iz)), k);
    }
    y[w] = word;
  }
}
