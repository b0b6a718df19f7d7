// batch_norm_back.comp - gradient of FusedBatchNorm, a workgroup per channel:
// dx = scale / sqrt(var + eps) (dy - mean(dy) - xhat mean(dy xhat)); frozen statistics: without the means.
#version 450
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint LANES = 64;
layout(constant_id = 2) const bool TRAINING = true;
layout(push_constant) uniform Push { uint outer, channels, inner; float epsilon; };
INPUT(0, dy);
INPUT(1, x);
INPUT(2, scale);
INPUT(3, mean);
INPUT(4, variance);
OUTPUT(5, dx);
OUTPUT(6, dscale);
OUTPUT(7, doffset);
#include "together.glsl"
uint at(uint i, uint c) { return (i / inner * channels + c) * inner + i % inner; }

void main() {
  uint lane = gl_LocalInvocationID.x, n = outer * inner;
  for (uint c = gl_WorkGroupID.x; c < channels; c += gl_NumWorkGroups.x) {
    float m = GET(F32, mean, c), inverse = 1.0 / sqrt(GET(F32, variance, c) + epsilon), sum = 0, dot_ = 0;
    for (uint i = lane; i < n; i += LANES) {
      uint e = at(i, c);
      float g = GET(F32, dy, e);
      sum += g;
      dot_ += g * (GET(F32, x, e) - m) * inverse;
    }
    sum = sum_of(sum);
    dot_ = sum_of(dot_);
    float count = float(max(n, 1u)), m1 = sum / count, m2 = dot_ / count;
    float factor = GET(F32, scale, c) * inverse;
    for (uint i = lane; i < n; i += LANES) {
      uint e = at(i, c);
      float from_statistics = TRAINING ? m1 + (GET(F32, x, e) - m) * inverse * m2 : 0;
      dx[e] = floatBitsToUint(factor * (GET(F32, dy, e) - from_statistics));
    }
    if (lane == 0) {
      dscale[c] = floatBitsToUint(dot_);
      doffset[c] = floatBitsToUint(sum);
    }
  }
}
