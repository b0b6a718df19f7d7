// strided.comp - words from one strided layout to another: y[y0 + i.sy] = x[x0 + i.sx]. A stride of 0 repeats.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { uint n, rank, x0, y0, dim[8]; int sx[8], sy[8]; };
INPUT(0, x);
OUTPUT(1, y);
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    int from = int(x0), to = int(y0);
    uint rest = i;
    for (uint k = 0; k < rank; k++) {
      int at = int(rest % dim[k]);
      rest /= dim[k];
      from += at * sx[k];
      to += at * sy[k];
    }
    y[to] = x[from];
  }
}
