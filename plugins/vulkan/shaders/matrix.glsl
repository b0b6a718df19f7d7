// matrix.glsl - a block of a product by cooperative matrices: a subgroup multiplies TX x TK halves by TK x TY into
// TX x TY floats in one instruction (see product.glsl, which has the loop around it).
// A workgroup of DOWN x ACROSS subgroups shares a tile of each operand, BK steps of k deep, in words as they come from
// the tensors, two halves each; a subgroup keeps ROWS x COLUMNS matrices of sums. The next tiles are on their way in registers.
// Rows and columns of matrices are three constants of their own, also where they are equal: khr_matrices.c tells by
// them what a matrix is used as.
layout(constant_id = 4) const uint TK = 16;
layout(constant_id = 5) const uint DOWN = 2;
layout(constant_id = 6) const uint ACROSS = 2;
layout(constant_id = 7) const uint ROWS = 2;
layout(constant_id = 8) const uint COLUMNS = 2;
layout(constant_id = 9) const uint SHARED = 1024; // fours of words of both tiles, or of one matrix of sums a subgroup
const bool A_BY_EIGHTS = (FORM & PRODUCT_A_EIGHTS) != 0, B_BY_EIGHTS = (FORM & PRODUCT_B_EIGHTS) != 0;
const uint BK = PRODUCT_MATRIX_STEP, BM = DOWN * ROWS * TX, BN = ACROSS * COLUMNS * TY, LANES = gl_WorkGroupSize.x;
// Eights of halves from line to line of a tile, along its operand's dense index: one to spare, against bank conflicts.
const uint A_LINE = (A_INNER_K ? BK : BM) / 8 + 1, B_LINE = (B_INNER_K ? BK : BN) / 8 + 1;
const uint A_EIGHTS = (A_INNER_K ? BM : BK) * A_LINE;
const uint A_LOADS = (BK * BM / 8 + LANES - 1) / LANES, B_LOADS = (BK * BN / 8 + LANES - 1) / LANES;
shared uvec4 tile[SHARED];
uvec4 next_a[A_LOADS], next_b[B_LOADS];

uint half_a(uint m, uint k) {
  uint at = a_at(m, k);
  UNLESS_OUTSIDE(at, 0);
  return a[at >> 1] >> (at & 1) * 16 & 0xffffu;
}
uint half_b(uint k, uint n) {
  uint at = b_at(k, n);
  return b[at >> 1] >> (at & 1) * 16 & 0xffffu;
}
uvec4 eights_a(uint m, uint k) {
  uint at = a_at(m, k);
  UNLESS_OUTSIDE(at, uvec4(0));
  return a4[at >> 3];
}
// The l-th eight of a tile of `size` indices that this invocation brings: its index and its step of k.
uvec2 place(uint l, bool inner_k, uint size) {
  uint e = gl_LocalInvocationID.x + l * LANES;
  return inner_k ? uvec2(e / (BK / 8), e % (BK / 8) * 8) : uvec2(e % (size / 8) * 8, e / (size / 8));
}
void fetch_a(uint m0, uint k0, uint to) {
  [[unroll]] for (uint l = 0; l < A_LOADS; l++) {
    uvec2 at = place(l, A_INNER_K, BM) + uvec2(m0, k0);
    uvec4 v = uvec4(0);
    if (at.x < M && at.y < to) {
      if (A_BY_EIGHTS) {
        v = eights_a(at.x, at.y);
      } else {
        [[unroll]] for (uint i = 0; i < 8; i++) {
          uint m = A_INNER_K ? at.x : at.x + i, k = A_INNER_K ? at.y + i : at.y;
          if (m < M && k < to) v[i / 2] |= half_a(m, k) << i % 2 * 16;
        }
      }
    }
    next_a[l] = v;
  }
}
void fetch_b(uint n0, uint k0, uint to) {
  [[unroll]] for (uint l = 0; l < B_LOADS; l++) {
    uvec2 at = place(l, B_INNER_K, BN) + uvec2(n0, k0);
    uvec4 v = uvec4(0);
    if (at.x < N && at.y < to) {
      if (B_BY_EIGHTS) {
        v = b4[b_at(at.y, at.x) >> 3];
      } else {
        [[unroll]] for (uint i = 0; i < 8; i++) {
          uint n = B_INNER_K ? at.x : at.x + i, k = B_INNER_K ? at.y + i : at.y;
          if (n < N && k < to) v[i / 2] |= half_b(k, n) << i % 2 * 16;
        }
      }
    }
    next_b[l] = v;
  }
}
void put() {
  [[unroll]] for (uint l = 0; l < A_LOADS; l++) {
    uvec2 at = place(l, A_INNER_K, BM);
    if (at.x < BM && at.y < BK) tile[A_INNER_K ? at.x * A_LINE + at.y / 8 : at.y * A_LINE + at.x / 8] = next_a[l];
  }
  [[unroll]] for (uint l = 0; l < B_LOADS; l++) {
    uvec2 at = place(l, B_INNER_K, BN);
    if (at.x < BN && at.y < BK)
      tile[A_EIGHTS + (B_INNER_K ? at.x * B_LINE + at.y / 8 : at.y * B_LINE + at.x / 8)] = next_b[l];
  }
}

// Four sums beside each other, the first of them y[m, n].
void write_sums(uint out0, uint m, uint n, vec4 v) {
  if (m >= M || n >= N) return;
  uint at = out0 + out_at(m, n);
  if (Y_NARROW) { // whole or not at all, as by fours
    y2[at >> 2] = uvec2(narrowed(v.xy), narrowed(v.zw));
  } else if (Y_FOURS) {
    y4[at >> 2] = floatBitsToUint(v);
  } else {
    [[unroll]] for (uint c = 0; c < 4; c++)
      if (n + c < N) y[out0 + out_at(m, n + c)] = floatBitsToUint(v[c]);
  }
}

void block(uint m0, uint batch, uint split) {
  uint down = gl_SubgroupID / ACROSS, across = gl_SubgroupID % ACROSS;
  uint n0 = gl_WorkGroupID.x * BN, from = split * chunk, to = min(K, from + chunk);
  locate(batch);
  fcoopmatNV<32, gl_ScopeSubgroup, TX, TY> sum[ROWS * COLUMNS];
  [[unroll]] for (uint i = 0; i < ROWS * COLUMNS; i++) sum[i] = fcoopmatNV<32, gl_ScopeSubgroup, TX, TY>(0.0);
  fetch_a(m0, from, to);
  fetch_b(n0, from, to);
  for (uint k0 = from; k0 < to; k0 += BK) {
    barrier(); // what lay there has been read
    put();
    barrier();
    if (k0 + BK < to) {
      fetch_a(m0, k0 + BK, to);
      fetch_b(n0, k0 + BK, to);
    }
    [[unroll]] for (uint k = 0; k < BK; k += TK) {
      fcoopmatNV<16, gl_ScopeSubgroup, TX, TK> ma[ROWS];
      [[unroll]] for (uint i = 0; i < ROWS; i++) {
        uint m = (down * ROWS + i) * TX;
        if (A_INNER_K)
          coopMatLoadNV(ma[i], tile, m * A_LINE + k / 8, A_LINE, false);
        else
          coopMatLoadNV(ma[i], tile, k * A_LINE + m / 8, A_LINE, true);
      }
      [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        uint n = (across * COLUMNS + j) * TY;
        fcoopmatNV<16, gl_ScopeSubgroup, TK, TY> mb;
        if (B_INNER_K)
          coopMatLoadNV(mb, tile, A_EIGHTS + n * B_LINE + k / 8, B_LINE, true);
        else
          coopMatLoadNV(mb, tile, A_EIGHTS + k * B_LINE + n / 8, B_LINE, false);
        [[unroll]] for (uint i = 0; i < ROWS; i++)
          sum[i * COLUMNS + j] = coopMatMulAddNV(ma[i], mb, sum[i * COLUMNS + j]);
      }
    }
  }
  barrier();
  // Sums leave by shared memory, where each subgroup has room for one matrix.
  const uint LINE = TY / 4, FOURS = TX * LINE;
  uint out0 = (split * layers() + batch) * M * N;
  [[unroll]] for (uint i = 0; i < ROWS; i++)
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
      coopMatStoreNV(sum[i * COLUMNS + j], tile, gl_SubgroupID * FOURS, LINE, false);
      subgroupBarrier();
      for (uint e = gl_SubgroupInvocationID; e < FOURS; e += gl_SubgroupSize)
        write_sums(out0, m0 + (down * ROWS + i) * TX + e / LINE, n0 + (across * COLUMNS + j) * TY + e % LINE * 4,
                   uintBitsToFloat(tile[gl_SubgroupID * FOURS + e]));
      subgroupBarrier();
    }
}
