// product_panels.comp - y[i, j] = sum over k of p[i, k] q[k, j] where the operands lie in panels, or as if (see panels.c).
//
// For drivers on the CPU: a workgroup is one subgroup of eight lanes, ROWS rows by 32 columns. A lane has four columns;
// it reads four words of q, and four of p that belong to its row of a panel and reach the other lanes by shuffles with
// constant indices. Texel buffers, since llvmpipe reads those as vectors and storage buffers lane by lane.
#version 450
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_shuffle : require
layout(local_size_x_id = 0) in; // 8
layout(constant_id = 1) const uint DEEP_AXIS = 0; // of y: 1 i, 2 j counts pixels of images that lie `image` words apart; 0: none does
layout(constant_id = 2) const bool FOURS = false; // a lane's columns lie together in y, aligned, and all or none exist
layout(push_constant) uniform Push {
  uint I, J, i0, j0;         // sizes; where this slice begins
  uint depth, chunk, splits; // of the slice: steps of k, how many of them a split takes, both of eights
  uint p_batch, p_group, p_lane, p_step; // texels of p from batch to batch, by 8 rows, from row to row, by four of k
  uint q_batch, q_panel, q_step;         // of q, from panel to panel, from k to k
  uint p_first, q_first;                 // where this slice begins
  uint base, n;              // split s of the slice goes to words base + s n and on, batch after batch
  uint yi, yj;               // strides of y
  uint image, pixels, pixels_m, pixels_s;
};
layout(set = 0, binding = 0) uniform usamplerBuffer p;
layout(set = 0, binding = 1) uniform usamplerBuffer q;
layout(std430, set = 0, binding = 2) buffer Y { uint y[]; };
layout(std430, set = 0, binding = 2) writeonly buffer Fours { uvec4 y4[]; };
#include "divide.glsl"

uint deep(uint pixel, uint stride) { // no division by zero pixels: pixels_m and pixels_s stand for it
  uint of = divide(pixel, pixels_m, pixels_s);
  return of * image + (pixel - of * pixels) * stride;
}

// EPILOGUE: what follows the product, in a loop over the sums that were just stored.
#ifdef EPILOGUE
layout(constant_id = 3) const bool COLUMN_IS_I = false; // the bias belongs to rows
#define EPI_BINDING 3
#define EPI_CONSTANT EPILOGUE
#include "epilogue.glsl"
#endif

void main() {
  uint lane = gl_LocalInvocationID.x, jp = gl_WorkGroupID.x, ip = gl_WorkGroupID.y, z = gl_WorkGroupID.z;
  uint rows = I, columns = J, stride_i = yi, stride_j = yj;
  uint batch = splits == 1 ? z : z / splits, split = z - batch * splits;
  uint i = i0 + ip * ROWS, j = j0 + jp * 32 + lane * 4;
  uint from = split * chunk, to = min(depth, from + chunk);
  uint step_p = p_step, step_q = q_step, at_q = q_first + batch * q_batch + jp * q_panel + lane + from * step_q, at_p[ROWS / 8];
  [[unroll]] for (uint g = 0; g < ROWS / 8; g++)
    at_p[g] = p_first + batch * p_batch + (ip * (ROWS / 8) + g) * p_group + lane * p_lane + from / 4 * step_p;
  uint out0 = base + split * n + batch * rows * columns;
  vec4 sum[ROWS];
  [[unroll]] for (uint r = 0; r < ROWS; r++) sum[r] = vec4(0);
  for (uint k = from; k < to; k += 8) {
    vec4 b[8], a[ROWS / 4];
    [[unroll]] for (uint u = 0; u < 8; u++, at_q += step_q) b[u] = uintBitsToFloat(texelFetch(q, int(at_q)));
    [[unroll]] for (uint g = 0; g < ROWS / 8; g++)
      [[unroll]] for (uint u = 0; u < 2; u++, at_p[g] += step_p) a[g * 2 + u] = uintBitsToFloat(texelFetch(p, int(at_p[g])));
    [[unroll]] for (uint r = 0; r < ROWS; r++)
      [[unroll]] for (uint u = 0; u < 8; u++)
        sum[r] = fma(vec4(subgroupShuffle(a[r / 8 * 2 + u / 4][u % 4], r % 8)), b[u], sum[r]);
  }
  [[unroll]] for (uint r = 0; r < ROWS; r++) {
    uint row = out0 + (DEEP_AXIS == 1 ? deep(i + r, stride_i) : (i + r) * stride_i);
    if (FOURS) {
      if (i + r < rows && j < columns) y4[(row + j) / 4] = floatBitsToUint(sum[r]);
    } else
      [[unroll]] for (uint c = 0; c < 4; c++) {
        uint at = row + (DEEP_AXIS == 2 ? deep(j + c, stride_j) : (j + c) * stride_j);
        if (i + r < rows && j + c < columns) y[at] = floatBitsToUint(sum[r][c]);
      }
  }
#ifdef EPILOGUE
  [[dont_unroll]] for (uint e = 0; e < ROWS * 4; e++) {
    uint row = i + e / 4, column = j + e % 4, at = out0 + row * stride_i + column * stride_j;
    if (row >= rows || column >= columns) continue;
    y[at] = floatBitsToUint(epilogue(uintBitsToFloat(y[at]), COLUMN_IS_I ? row : column, at));
  }
#endif
}
