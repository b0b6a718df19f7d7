// product.comp - y[m, n] = sum over k of a[m, k] b[k, n], in blocks.
// TILE: a workgroup of TX x TY invocations brings tiles of a and b into shared memory; each invocation keeps PER x PER sums.
// DIRECT: for drivers on the CPU without texel buffers, where shared memory gains nothing: a workgroup is one subgroup.
// MATRIX: for half, where subgroups multiply small matrices together.
#version 450
#ifdef MATRIX
#pragma use_vulkan_memory_model
#extension GL_KHR_memory_scope_semantics : require
#extension GL_NV_cooperative_matrix : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : enable
#include "numbers.h"
layout(push_constant) uniform Push {
  uint M, N, K, chunk, splits; // split s sums k in [s chunk, (s + 1) chunk)
  uint am, ak, bk, bn;         // strides
  uint batches, rank, dim[4], sa[4], sb[4];
};
uint base_a, base_b;
uint a_at(uint m, uint k) { return base_a + m * am + k * ak; }
uint b_at(uint k, uint n) { return base_b + k * bk + n * bn; }
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
#include "operands.glsl"
#include "product.glsl"
