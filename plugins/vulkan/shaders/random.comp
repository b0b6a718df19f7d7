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

// Normals in the same additions and multiplications as the CPU's (plugins/cpu/normal.c), one by one: `precise` keeps them
// apart, and Vulkan has them rounded correctly. Division, root, log and sine may differ from device to device.
vec2 sum_of(float a, float b) { // hi + lo
  precise float s = a + b, t = s - a, lo = (a - (s - t)) + (b - t);
  return vec2(s, lo);
}
vec2 halves(float x) {
  precise float t = 4097.0 * x, hi = t - (t - x), lo = x - hi;
  return vec2(hi, lo);
}
vec2 product_of(float a, float b) {
  vec2 x = halves(a), y = halves(b);
  precise float p = a * b, lo = ((x.x * y.x - p) + x.x * y.y + x.y * y.x) + x.y * y.y;
  return vec2(p, lo);
}
float log_of(float x) {
  const float c[9] = float[](0.333333135, -0.250000089, 0.200021192, -0.166679963, 0.142195523, -0.124055885, 0.11888162,
                             -0.116756536, 0.0674664229);
  uint above = floatBitsToUint(x) - 0x3f3504f3u; // sqrt 1/2
  precise float e = float(int(above) >> 23), f = uintBitsToFloat(floatBitsToUint(x) - (above & 0xff800000u)) - 1.0, p = c[8];
  vec2 square = product_of(f, f);
  precise float less = -0.5 * square.x, whole = e * 0.693145752;
  vec2 s = sum_of(f, less), t = sum_of(whole, s.x);
  for (int i = 7; i >= 0; i--) p = p * f + c[i];
  precise float y = t.x + (t.y + ((s.y - 0.5 * square.y) + (f * square.x * p + e * 1.42860677e-06)));
  return y;
}
float root_of(float x) {
  precise float y = uintBitsToFloat(0x5f3759dfu - (floatBitsToUint(x) >> 1)), half_ = 0.5 * x;
  for (int i = 0; i < 3; i++) y = y * (1.5 - half_ * y * y);
  precise float r = x * y;
  vec2 square = product_of(r, r);
  precise float root = r + 0.5 * y * ((x - square.x) - square.y);
  return root;
}
vec2 turn(float u) { // sine and cosine of u whole turns
  vec2 product = product_of(u, 6.28318548);
  precise float angle = product.x + (product.y + u * -1.74845553e-07), at = u * 4.0 + 0.5;
  uint k = uint(at);
  precise float q = float(k), far = angle - q * 1.57079649, near = q * 1.62920685e-07;
  vec2 r = sum_of(far, near);
  precise float low = r.y - q * 5.39030295e-15, r2 = r.x * r.x, half_ = 0.5 * r2, w = 1.0 - half_;
  precise float s = (r2 * -0.000195172994 + 0.008332178) * r2 - 0.166666552;
  precise float c = (r2 * 2.44331568e-05 - 0.00138873165) * r2 + 0.0416666456;
  s = r.x + (r.x * r2 * s + low * w);
  c = w + (((1.0 - w) - half_) + (r2 * r2 * c - r.x * low));
  vec2 y = (k & 1u) != 0 ? vec2(c, s) : vec2(s, c);
  return vec2((k & 2u) != 0 ? -y.x : y.x, ((k + 1u) & 2u) != 0 ? -y.y : y.y);
}
vec2 normals(uint a, uint b) {
  float u = unit(a);
  precise float log_ = -2.0 * log_of(u == 0.0 ? 1.0e-7 : u);
  precise vec2 y = turn(unit(b)) * root_of(log_);
  return y;
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
