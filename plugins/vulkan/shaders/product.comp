// product.comp - y[m, n] = sum over k of a[m, k] b[k, n], in blocks.
// TILE: a workgroup of TX x TY invocations brings tiles of a and b into shared memory; each invocation keeps 4 x 4 sums.
// DIRECT: for drivers on the CPU, where shared memory gains nothing: a workgroup is one subgroup.
#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : enable
#include "types.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint TX = 16;
layout(constant_id = 2) const uint TY = 16;
layout(constant_id = 3) const bool A_INNER_K = true;
layout(constant_id = 4) const bool B_INNER_K = false;
layout(push_constant) uniform Push {
  uint M, N, K, chunk, splits; // split s sums k in [s chunk, (s + 1) chunk)
  uint am, ak, bk, bn;         // strides
  uint batches, rank, dim[4], sa[4], sb[4];
};
INPUT(0, a);
INPUT(1, b);
OUTPUT(2, y);
uint base_a, base_b;
float load_a(uint m, uint k) { return uintBitsToFloat(a[base_a + m * am + k * ak]); }
float load_b(uint k, uint n) { return uintBitsToFloat(b[base_b + k * bk + n * bn]); }
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
