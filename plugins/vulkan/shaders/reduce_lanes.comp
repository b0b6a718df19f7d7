// reduce_lanes.comp - each invocation reduces one output by itself: good where outputs lie side by side.
#version 450
#include "numbers.h"
#include "types.glsl"
layout(local_size_x_id = 0) in;
#include "reduce.glsl"
INPUT(0, x);
OUTPUT(1, y);
#define T VALUE(X)
#include "reduce_how.glsl"

T reduce(uint i) {
  uint at = at_kept(i % n_out), from = i / n_out * chunk, to = min(n_red, from + chunk);
  T v = start();
  for (uint r = from; r < to; r++) v = join(v, element(GET(X, x, at + at_red(r))));
  return splits == 1 ? finish(v) : v;
}
void main() {
  const uint per = PER_WORD(Y), n = n_out * splits, words = (n + per - 1) / per;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint k = 0; k < per; k++)
      if (w * per + k < n) word |= PACK(Y, reduce(w * per + k), k);
    y[w] = word;
  }
}
