// unary.comp - y = f(x), f by OP: a formula of formulas.glsl. One invocation per word of y.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "formulas.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0;
layout(push_constant) uniform Push { uint n; };
INPUT(0, x);
OUTPUT(1, y);

#if defined(TEST)
#define ROWS GPU_UNARY_TEST
#elif defined(INTEGER)
#define ROWS GPU_UNARY_INT
#else
#define ROWS GPU_UNARY
#endif
#define ROW(Op) case UNARY_##Op: return op_##Op(v);
VALUE(Y) f(VALUE(X) v) {
  switch (OP) { ROWS(ROW) }
  return VALUE(Y)(0);
}

void main() {
  const uint per = PER_WORD(Y), words = (n + per - 1) / per, step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += step) {
    uint word = 0;
    for (uint k = 0; k < per; k++) {
      uint i = w * per + k;
      if (i < n) word |= PACK(Y, f(GET(X, x, i)), k);
    }
    y[w] = word;
  }
}
