// batch_norm.comp - FusedBatchNorm: a workgroup normalises one channel. y = (x - mean) / sqrt(var + eps) scale + offset.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint LANES = 64;
layout(constant_id = 2) const bool TRAINING = true;
layout(push_constant) uniform Push { uint outer, channels, inner; float epsilon; };
INPUT(0, x);
INPUT(1, scale);
INPUT(2, offset);
INPUT(3, given_mean);
INPUT(4, given_variance);
OUTPUT(5, y);
OUTPUT(6, mean_out);
OUTPUT(7, variance_out);
OUTPUT(8, saved_mean);
OUTPUT(9, saved_variance);
#include "together.glsl"
uint at(uint i, uint c) { return (i / inner * channels + c) * inner + i % inner; }

void main() {
  uint lane = gl_LocalInvocationID.x, n = outer * inner;
  float count = float(max(n, 1u));
  for (uint c = gl_WorkGroupID.x; c < channels; c += gl_NumWorkGroups.x) {
    float mean = 0, variance = 0;
    if (TRAINING) {
      for (uint i = lane; i < n; i += LANES) mean += GET(F32, x, at(i, c));
      mean = sum_of(mean) / count;
      for (uint i = lane; i < n; i += LANES) {
        float d = GET(F32, x, at(i, c)) - mean;
        variance += d * d;
      }
      variance = sum_of(variance) / count;
    } else {
      mean = GET(F32, given_mean, c);
      variance = GET(F32, given_variance, c);
    }
    float factor = GET(F32, scale, c) / sqrt(variance + epsilon), shift = GET(F32, offset, c);
    for (uint i = lane; i < n; i += LANES) {
      uint e = at(i, c);
      y[e] = floatBitsToUint((GET(F32, x, e) - mean) * factor + shift);
    }
    if (lane == 0) {
      mean_out[c] = saved_mean[c] = floatBitsToUint(mean);
      saved_variance[c] = floatBitsToUint(variance);
      variance_out[c] = floatBitsToUint(TRAINING && n > 1 ? variance * count / (count - 1.0) : variance);
    }
  }
}
