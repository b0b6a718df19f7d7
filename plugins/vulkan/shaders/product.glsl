// product.glsl - the loops of a product in blocks, over load_a(m, k), load_b(k, n), out_at(m, n), layers() and y (see product.comp).
// gl_WorkGroupID: x counts blocks of columns, y blocks of rows, z batches times splits.
#ifdef TILE
const uint BK = 16;
const uint BM = TY * 4, BN = TX * 4, LANES = TX * TY;
shared float tile_a[BK * BM];
shared float tile_b[BK * BN];

void block(uint m0, uint batch, uint split) {
  uint lane = gl_LocalInvocationID.x, tx = lane % TX, ty = lane / TX;
  uint n0 = gl_WorkGroupID.x * BN, from = split * chunk, to = min(K, from + chunk);
  locate(batch);
  float sum[4][4];
  [[unroll]] for (uint i = 0; i < 4; i++)
    [[unroll]] for (uint j = 0; j < 4; j++) sum[i][j] = 0;
  for (uint k0 = from; k0 < to; k0 += BK) {
    for (uint e = lane; e < BK * BM; e += LANES) {
      uint m = A_INNER_K ? e / BK : e % BM, k = A_INNER_K ? e % BK : e / BM;
      tile_a[k * BM + m] = m0 + m < M && k0 + k < to ? load_a(m0 + m, k0 + k) : 0;
    }
    for (uint e = lane; e < BK * BN; e += LANES) {
      uint n = B_INNER_K ? e / BK : e % BN, k = B_INNER_K ? e % BK : e / BN;
      tile_b[k * BN + n] = n0 + n < N && k0 + k < to ? load_b(k0 + k, n0 + n) : 0;
    }
    barrier();
    [[unroll]] for (uint k = 0; k < BK; k++) {
      float va[4], vb[4];
      [[unroll]] for (uint i = 0; i < 4; i++) va[i] = tile_a[k * BM + ty + i * TY];
      [[unroll]] for (uint j = 0; j < 4; j++) vb[j] = tile_b[k * BN + tx + j * TX];
      [[unroll]] for (uint i = 0; i < 4; i++)
        [[unroll]] for (uint j = 0; j < 4; j++) sum[i][j] = fma(va[i], vb[j], sum[i][j]);
    }
    barrier();
  }
  uint out0 = (batch * splits + split) * M * N;
  [[unroll]] for (uint i = 0; i < 4; i++)
    [[unroll]] for (uint j = 0; j < 4; j++) {
      uint m = m0 + ty + i * TY, n = n0 + tx + j * TX;
      if (m < M && n < N) y[out0 + out_at(m, n)] = floatBitsToUint(sum[i][j]);
    }
}
#else
// Loads are dear here (a loop over the lanes), sums are cheap: TX, the subgroup's size, elements of a come with one load
// and are handed to all lanes by broadcasts. A subgroup is RM rows by RN * TX columns.
const uint RM = 32, RN = 4;
const uint BM = RM;
void block(uint m0, uint batch, uint split) {
  uint lane = gl_LocalInvocationID.x, n0 = gl_WorkGroupID.x * TX * RN + lane;
  uint from = split * chunk, to = min(K, from + chunk);
  locate(batch);
  float sum[RM][RN];
  [[unroll]] for (uint i = 0; i < RM; i++)
    [[unroll]] for (uint j = 0; j < RN; j++) sum[i][j] = 0;
  for (uint k = from; k < to; k++) {
    float vb[RN], va[RM / 4];
    [[unroll]] for (uint i = 0; i < RM / 4; i++) // the last ones are loaded twice rather than tested for
      if (i * TX < RM) va[i] = load_a(min(m0 + i * TX + lane, M - 1), k);
    [[unroll]] for (uint j = 0; j < RN; j++) vb[j] = load_b(k, min(n0 + j * TX, N - 1));
    [[unroll]] for (uint i = 0; i < RM; i++) {
      float one = subgroupBroadcast(va[i / TX], i % TX);
      [[unroll]] for (uint j = 0; j < RN; j++) sum[i][j] = fma(one, vb[j], sum[i][j]);
    }
  }
  uint out0 = (batch * splits + split) * M * N;
  [[unroll]] for (uint i = 0; i < RM; i++)
    [[unroll]] for (uint j = 0; j < RN; j++)
      if (m0 + i < M && n0 + j * TX < N) y[out0 + out_at(m0 + i, n0 + j * TX)] = floatBitsToUint(sum[i][j]);
}
#endif

void main() { // a direction may have fewer workgroups than blocks
  for (uint z = gl_WorkGroupID.z; z < layers() * splits; z += gl_NumWorkGroups.z)
    for (uint m0 = gl_WorkGroupID.y * BM; m0 < M; m0 += gl_NumWorkGroups.y * BM) block(m0, z / splits, z % splits);
}
