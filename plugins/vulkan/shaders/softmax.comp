// softmax.comp - softmax, its logarithm, and the cross entropies, by rows of d.
// y = exp(x - max x) / sum; loss = sum t (log sum + max x - x), and its gradient y - t. A row is one invocation's
// (LANES 1), or a workgroup's. Labels out of range give NaN, as a device cannot fail inside a step.
#version 450
#include "numbers.h"
#include "types.glsl"
#include "math.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WHAT = 0;
layout(constant_id = 2) const uint LANES = 1;
layout(push_constant) uniform Push { uint rows, d, step_x, step_t, label_words; };
INPUT(0, x);
INPUT(1, t);
OUTPUT(2, loss);
OUTPUT(3, y);
shared float part[LANES];

float together(float v, bool largest) {
  if (LANES == 1) return v;
  uint lane = gl_LocalInvocationID.x;
  barrier();
  part[lane] = v;
  barrier();
  for (uint half_ = LANES / 2; half_ > 0; half_ /= 2) {
    if (lane < half_) {
      float a = part[lane], b = part[lane + half_];
      part[lane] = !largest ? a + b : b > a || b != b ? b : a;
    }
    barrier();
  }
  return part[0];
}

void row(uint r, uint lane) {
  uint at = r * step_x, to = r * d, label = 0, from_t = r * step_t;
  float top = uintBitsToFloat(0xff800000u), sum = 0, mass = 0, part_loss = 0;
  for (uint i = lane; i < d; i += LANES) {
    float v = GET(F32, x, at + i);
    top = v > top || v != v ? v : top;
  }
  top = together(top, true);
  for (uint i = lane; i < d; i += LANES) {
    float v = GET(F32, x, at + i);
    sum += exp(v - top);
    if (WHAT == ROWS_DENSE_LOSS) {
      float w = GET(F32, t, from_t + i);
      mass += w;
      if (w != 0) part_loss += w * (top - v);
    }
  }
  sum = together(sum, false);
  float norm = log(sum);
  if (WHAT == ROWS_DENSE_LOSS) {
    mass = together(mass, false);
    part_loss = together(part_loss, false);
    if (lane == 0) loss[r] = floatBitsToUint(part_loss + mass * norm);
  }
  bool known = true;
  if (WHAT == ROWS_SPARSE_LOSS) {
    label = t[r * label_words];
    known = label < d && (label_words == 1 || t[r * label_words + 1] == 0);
    if (lane == 0) loss[r] = floatBitsToUint(known ? top + norm - GET(F32, x, at + label) : NAN);
  }
  if (LANES != 1) barrier(); // y may be x: all of loss is read before it is written
  for (uint i = lane; i < d; i += LANES) {
    float v = GET(F32, x, at + i) - top;
    float z = WHAT == ROWS_LogSoftmax ? v - norm : exp(v) / sum;
    if (WHAT == ROWS_DENSE_LOSS) z -= GET(F32, t, from_t + i);
    if (WHAT == ROWS_SPARSE_LOSS) z = known ? z - float(i == label) : NAN;
    y[to + i] = floatBitsToUint(z);
  }
}

void main() {
  if (LANES == 1) {
    for (uint r = gl_GlobalInvocationID.x; r < rows; r += gl_NumWorkGroups.x * gl_WorkGroupSize.x) row(r, 0);
  } else {
    for (uint r = gl_WorkGroupID.x; r < rows; r += gl_NumWorkGroups.x) row(r, gl_LocalInvocationID.x);
  }
}
