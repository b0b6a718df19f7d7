// scatter.comp - rows of x named by indices are changed by rows of updates. An invocation owns one column and takes the
// indices in order, so repeated ones act one after the other and results repeat.
#version 450
#include "numbers.h"
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint OP = 0;
layout(constant_id = 2) const uint INTEGER = 0;
layout(constant_id = 3) const uint WORDS = 1; // of an index
layout(push_constant) uniform Push { uint inner, count, rows, step; }; // step 0: one scalar for all
OUTPUT(0, x);
INPUT(1, indices);
INPUT(2, updates);
float real(float a, float b) {
  switch (OP) {
    case SCATTER_Add: return a + b;
    case SCATTER_Sub: return a - b;
    case SCATTER_Mul: return a * b;
    case SCATTER_Div: return a / b;
    case SCATTER_Min: return b < a ? b : a;
    default: return b > a ? b : a;
  }
}
int whole(int a, int b) {
  switch (OP) {
    case SCATTER_Add: return a + b;
    case SCATTER_Sub: return a - b;
    case SCATTER_Mul: return a * b;
    case SCATTER_Div: return b == 0 ? 0 : a / b;
    case SCATTER_Min: return min(a, b);
    default: return max(a, b);
  }
}
void main() {
  for (uint i = gl_GlobalInvocationID.x; i < inner; i += gl_NumWorkGroups.x * gl_WorkGroupSize.x)
    for (uint m = 0; m < count; m++) {
      uint row = indices[m * WORDS], at = row * inner + i, u = updates[step == 0 ? 0 : m * inner + i];
      if (row >= rows) continue;
      if (OP == SCATTER_Update)
        x[at] = u;
      else if (INTEGER != 0)
        x[at] = uint(whole(int(x[at]), int(u)));
      else
        x[at] = floatBitsToUint(real(uintBitsToFloat(x[at]), uintBitsToFloat(u)));
    }
}
