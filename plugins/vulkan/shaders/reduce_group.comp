// reduce_group.comp - a workgroup reduces one output together: good where the reduced elements lie side by side.
#version 450
#include "numbers.h"
#include "types.glsl"
layout(local_size_x_id = 0) in;
#include "reduce.glsl"
layout(constant_id = 2) const uint LANES = 64; // the workgroup's size again, for the array
INPUT(0, x);
OUTPUT(1, y);
#define T VALUE(X)
#include "reduce_how.glsl"
shared T part[LANES];

void main() {
  uint lane = gl_LocalInvocationID.x;
  for (uint i = gl_WorkGroupID.x; i < n_out * splits; i += gl_NumWorkGroups.x) {
    uint at = at_kept(i % n_out), from = i / n_out * chunk, to = min(n_red, from + chunk);
    T v = start();
    for (uint r = from + lane; r < to; r += LANES) v = join(v, element(GET(X, x, at + at_red(r))));
    part[lane] = v;
    barrier();
    for (uint half_ = LANES / 2; half_ > 0; half_ /= 2) {
      if (lane < half_) part[lane] = join(part[lane], part[lane + half_]);
      barrier();
    }
    if (lane == 0) y[i] = PACK(X, splits == 1 ? finish(part[0]) : part[0], 0);
    barrier();
  }
}
