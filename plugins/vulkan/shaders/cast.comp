// cast.comp - y = x in another type. One invocation per word of y.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n; };
INPUT(0, x);
OUTPUT(1, y);
void main() {
  const uint per = PER_WORD(Y), words = (n + per - 1) / per, step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += step) {
    uint word = 0;
    for (uint k = 0; k < per; k++) {
      uint i = w * per + k;
      if (i < n) word |= PACK(Y, VALUE(Y)(GET(X, x, i)), k);
    }
    y[w] = word;
  }
}
