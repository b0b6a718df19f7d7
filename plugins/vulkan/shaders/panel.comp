// panel.comp - an operand x[index, k] of a product is copied into panels (see panels.c).
//
// A panel of rows: 8 indices; four words are four steps of k. A panel of columns: 32 indices; four words are four indices.
// What lies beyond the operand is zero. IMAGE: x is picked from an image, by pixels of the convolution's other side and by taps
// of the filter; else it is a matrix.
#version 450
#extension GL_EXT_control_flow_attributes : require
#include "numbers.h"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool ROWS = false;
layout(constant_id = 2) const bool TAPS = false;  // IMAGE: the index counts taps and k pixels
layout(constant_id = 3) const bool BACK = false;  // IMAGE: from the result's gradient to the image
layout(constant_id = 4) const bool BATCHED = false; // a matrix of several
layout(constant_id = 5) const uint ALONG = PANEL_SINGLE; // fours of words are read along the index or k, or single words
const uint PANEL = ROWS ? 8 : 32;
layout(set = 0, binding = 0) uniform usamplerBuffer x;
layout(std430, set = 0, binding = 1) writeonly buffer Panels { uvec4 panels[]; };
#include "divide.glsl"
#ifdef IMAGE
layout(push_constant) uniform Push {
  uint N, K, n0, k0, depth; // sizes of the operand; where this slice begins; its steps of k, padded
  uint w, h, wm, ws, hm, hs; // pixels of an image, with their divisors
  uint c, cm, cs, kw, kwm, kws; // channels, columns of the filter
  uint xh, xw; // rows and columns of what x is
  int sh, sw, dh, dw, pt, pl;
  uint sn, sr, sc, sz; // strides of x: image, row, column, channel
};
uint find(uint index, uint k) {
  uint pixel = TAPS ? k : index, tap = TAPS ? index : k;
  uint line = divide(pixel, wm, ws), image = divide(line, hm, hs), place = divide(tap, cm, cs), r = divide(place, kwm, kws);
  int i = int(line - image * h), j = int(pixel - line * w), s = int(place - r * kw), row, col;
  bool inside = index < N && k < K;
  if (BACK) {
    row = i + pt - int(r) * dh;
    col = j + pl - s * dw;
    inside = inside && row >= 0 && col >= 0;
    if (sh != 1 || sw != 1) {
      inside = inside && row % sh == 0 && col % sw == 0;
      row /= sh;
      col /= sw;
    }
  } else {
    row = i * sh - pt + int(r) * dh;
    col = j * sw - pl + s * dw;
  }
  inside = inside && row >= 0 && row < int(xh) && col >= 0 && col < int(xw);
  return inside ? image * sn + uint(row) * sr + uint(col) * sc + (tap - place * c) * sz : ~0u;
}
#else
layout(push_constant) uniform Push {
  uint N, K, n0, k0, depth;
  uint sn, sk, batch0, rank, dim[4], stride[4]; // strides; the first batch of this slice
};
uint find(uint index, uint k) { return index < N && k < K ? index * sn + k * sk : ~0u; }
#endif

// The element at `at`, 0 where there is none.
uint get(uint at, uint base) {
  uint word = texelFetch(x, int(at == ~0u ? 0 : at + base)).x;
  return at == ~0u ? 0 : word;
}
uvec4 get4(uint at, uint base) {
  uvec4 words = texelFetch(x, int((at == ~0u ? 0 : at + base) >> 2));
  return at == ~0u ? uvec4(0) : words;
}

// Four indices by four steps of k.
void main() {
  uint e = gl_GlobalInvocationID.x, base = 0, blocks = depth / 4 * (PANEL / 4);
  uint index = n0 + gl_WorkGroupID.y * PANEL + e % (PANEL / 4) * 4, k = k0 + e / (PANEL / 4) * 4;
#ifndef IMAGE
  if (BATCHED) {
    uint batch = batch0 + gl_WorkGroupID.z;
    for (uint d = 0; d < rank; d++) {
      base += batch % dim[d] * stride[d];
      batch /= dim[d];
    }
  }
#endif
  uvec4 block[4]; // [i][j]: ROWS: index i, k j; else k i, index j
  if (ALONG == PANEL_SINGLE) {
    [[unroll]] for (uint i = 0; i < 4; i++)
      [[unroll]] for (uint j = 0; j < 4; j++) block[i][j] = get(find(index + (ROWS ? i : j), k + (ROWS ? j : i)), base);
  } else {
    [[unroll]] for (uint i = 0; i < 4; i++)
      block[i] = ALONG == PANEL_ALONG_K ? get4(find(index + i, k), base) : get4(find(index, k + i), base);
    if (ROWS == (ALONG == PANEL_ALONG_INDEX)) {
      uvec4 t[4] = block;
      [[unroll]] for (uint i = 0; i < 4; i++) block[i] = uvec4(t[0][i], t[1][i], t[2][i], t[3][i]);
    }
  }
  uint panel = (gl_WorkGroupID.z * gl_NumWorkGroups.y + gl_WorkGroupID.y) * depth * (PANEL / 4);
  uint to = panel + (ROWS ? e / 2 * 8 + e % 2 * 4 : e / 8 * 32 + e % 8), step_to = ROWS ? 1 : 8;
  if (e < blocks) {
    [[unroll]] for (uint i = 0; i < 4; i++) panels[to + i * step_to] = block[i];
  }
}
