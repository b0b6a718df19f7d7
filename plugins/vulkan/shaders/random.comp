// random.comp - Philox 4x32-10, number for number as the CPU's (plugins/cpu/random.c). One invocation per group of four.
#version 450
#include "numbers.h"
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint WHAT = 0;
layout(push_constant) uniform Push { uint n, base_low, base_high, key_low, key_high, high_low, high_high, least, range; };
OUTPUT(0, y);

uvec4 philox(uint low, uint high) {
  uvec4 c = uvec4(low, high, high_low, high_high);
  uvec2 k = uvec2(key_low, key_high);
  for (uint round_ = 0; round_ < 10; round_++) {
    uint p0_high, p0_low, p1_high, p1_low;
    umulExtended(0xD2511F53u, c.x, p0_high, p0_low);
    umulExtended(0xCD9E8D57u, c.z, p1_high, p1_low);
    c = uvec4(p1_high ^ c.y ^ k.x, p1_low, p0_high ^ c.w ^ k.y, p0_low);
    k += uvec2(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}
uvec4 block(uint at) { // at blocks after the base
  uint carry, low = uaddCarry(base_low, at, carry);
  return philox(low, base_high + carry);
}
float unit(uint x) { return uintBitsToFloat(0x3f800000u | (x & 0x7fffffu)) - 1.0; }

// log of a positive normal number: mantissa in [sqrt 1/2, sqrt 2), then the series of atanh
float log_(float x) {
  int e = int(floatBitsToUint(x) >> 23) - 127;
  float m = uintBitsToFloat((floatBitsToUint(x) & 0x7fffffu) | 0x3f800000u);
  if (m > 1.41421356) {
    m *= 0.5;
    e++;
  }
  float s = (m - 1.0) / (m + 1.0), q = s * s;
  float p = 2.0 * s * (1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q / 11)))));
  return float(e) * 0.693359375 + (p + float(e) * -2.12194440e-4);
}
// sine and cosine of a whole turn times u, u in [0, 1): quarters come off exactly
vec2 turn(float u) {
  float q = floor(u * 4.0 + 0.5), r = (u * 4.0 - q) * 1.57079632679, r2 = r * r;
  float s = r * (1.0 + r2 * (-1.0 / 6 + r2 * (1.0 / 120 + r2 * (-1.0 / 5040 + r2 / 362880))));
  float c = 1.0 + r2 * (-0.5 + r2 * (1.0 / 24 + r2 * (-1.0 / 720 + r2 * (1.0 / 40320 - r2 / 3628800))));
  uint k = uint(q) & 3u;
  return k == 0 ? vec2(s, c) : k == 1 ? vec2(c, -s) : k == 2 ? vec2(-s, -c) : vec2(-c, s);
}
vec2 normals(uint a, uint b) {
  return turn(unit(b)) * sqrt(-2.0 * log_(max(unit(a), 1.0e-7)));
}
void put(uint i, uint word) {
  if (i < n) y[i] = word;
}

void main() {
  uint groups = (n + 3) / 4;
  for (uint g = gl_GlobalInvocationID.x; g < groups; g += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
    if (WHAT == RANDOM_TRUNCATED) {
      uint have = 0;
      for (uint at = g * 256; have < 4; at++) {
        uvec4 b = block(at);
        vec4 z = vec4(normals(b.x, b.y), normals(b.z, b.w));
        for (uint i = 0; i < 4; i++)
          if (have < 4 && abs(z[i]) < 2.0) put(g * 4 + have++, floatBitsToUint(z[i]));
      }
      continue;
    }
    uvec4 b = block(g);
    vec4 v = vec4(unit(b.x), unit(b.y), unit(b.z), unit(b.w));
    if (WHAT == RANDOM_NORMAL) v = vec4(normals(b.x, b.y), normals(b.z, b.w));
    for (uint i = 0; i < 4; i++)
      put(g * 4 + i, WHAT == RANDOM_INT ? least + b[i] % range : floatBitsToUint(v[i]));
  }
}
