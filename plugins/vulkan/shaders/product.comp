// product.comp - y[m, n] = sum over k of a[m, k] b[k, n], in blocks.
// TILE: a workgroup of TX x TY invocations brings tiles of a and b into shared memory; each invocation keeps PER x PER sums.
// DIRECT: for drivers on the CPU without texel buffers, where shared memory gains nothing: a workgroup is one subgroup.
#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : enable
#include "numbers.h"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TX = 16;
layout(constant_id = 2) const uint TY = 16;
layout(constant_id = 3) const uint FORM = 0; // PRODUCT_* of numbers.h
layout(push_constant) uniform Push {
  uint M, N, K, chunk, splits; // split s sums k in [s chunk, (s + 1) chunk)
  uint am, ak, bk, bn;         // strides
  uint batches, rank, dim[4], sa[4], sb[4];
};
layout(std430, set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(std430, set = 0, binding = 0) readonly buffer AFours { uvec4 a4[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { uint b[]; };
layout(std430, set = 0, binding = 1) readonly buffer BFours { uvec4 b4[]; };
layout(std430, set = 0, binding = 2) buffer Y { uint y[]; };
layout(std430, set = 0, binding = 2) writeonly buffer YFours { uvec4 y4[]; };
uint base_a, base_b;
float load_a(uint m, uint k) { return uintBitsToFloat(a[base_a + m * am + k * ak]); }
float load_b(uint k, uint n) { return uintBitsToFloat(b[base_b + k * bk + n * bn]); }
vec4 fours_a(uint m, uint k) { return uintBitsToFloat(a4[(base_a + m * am + k * ak) >> 2]); }
vec4 fours_b(uint k, uint n) { return uintBitsToFloat(b4[(base_b + k * bk + n * bn) >> 2]); }
void locate(uint batch) {
  base_a = base_b = 0;
  for (uint d = 0; d < rank; d++) {
    base_a += batch % dim[d] * sa[d];
    base_b += batch % dim[d] * sb[d];
    batch /= dim[d];
  }
}
uint layers() { return batches; }
uint out_at(uint m, uint n) { return m * N + n; }
#include "product.glsl"
