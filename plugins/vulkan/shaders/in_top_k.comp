// in_top_k.comp - is the target among the k largest of its row? False for rows that are not finite. Four rows a word.
#version 450
#include "types.glsl"
#include "math.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WORDS = 1; // of a target
layout(push_constant) uniform Push { uint rows, d, k; };
INPUT(0, x);
INPUT(1, targets);
OUTPUT(2, y);
bool in_top(uint r) {
  uint t = targets[r * WORDS], above = 0;
  if (t >= d || (WORDS == 2 && targets[r * WORDS + 1] != 0)) return false;
  float mine = GET(F32, x, r * d + t);
  bool fine = abs(mine) < INF;
  for (uint i = 0; i < d; i++) {
    float v = GET(F32, x, r * d + i);
    fine = fine && abs(v) < INF;
    above += uint(v > mine);
  }
  return fine && above < k;
}
void main() {
  uint words = (rows + 3) / 4;
  for (uint w = gl_GlobalInvocationID.x; w < words; w += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    uint word = 0;
    for (uint i = 0; i < 4; i++)
      if (w * 4 + i < rows) word |= PACK(B8, in_top(w * 4 + i), i);
    y[w] = word;
  }
}
