// product.glsl - the loops of a product in blocks, over operands.glsl, out_at(m, n), layers() and locate(batch) (see
// product.comp).
// gl_WorkGroupID: x counts blocks of columns, y blocks of rows, z splits times batches.
// EPILOGUE: what follows the product, in a loop over the sums that were just stored: once in the code, not once per sum.
#ifdef EPILOGUE
#define EPI_BINDING 3
#define EPI_CONSTANT EPILOGUE
#include "epilogue.glsl"
void finish(uint out0, uint m, uint n) {
  if (m >= M || n >= N) return;
  uint at = out0 + out_at(m, n);
  y[at] = floatBitsToUint(epilogue(uintBitsToFloat(y[at]), n, at));
}
#endif

#ifdef TILE
// Two tiles of each operand lie in shared memory, steps of k one after another: while one is multiplied, the next one is
// on its way in registers. An invocation's rows and columns come in fours, half a tile apart, so that neighbours read
// neighbouring fours.
const uint BK = PER == 8 ? 8 : 16, BM = TY * PER, BN = TX * PER, LANES = TX * TY;
const uint M4 = BM / 4 + 1, N4 = BN / 4 + 1; // fours from step to step: one to spare, against bank conflicts
const uint A_LOADS = (BK * BM / 4 + LANES - 1) / LANES, B_LOADS = (BK * BN / 4 + LANES - 1) / LANES;
shared vec4 tile_a[2 * BK * M4];
shared vec4 tile_b[2 * BK * N4];
vec4 next_a[A_LOADS], next_b[B_LOADS];

// The l-th four of a tile of `size` indices that this invocation brings: its index and its step of k.
uvec2 place(uint l, bool inner_k, uint size) {
  uint e = gl_LocalInvocationID.x + l * LANES;
  return inner_k ? uvec2(e / (BK / 4), e % (BK / 4) * 4) : uvec2(e % (size / 4) * 4, e / (size / 4));
}
void fetch_a(uint m0, uint k0, uint to) {
  [[unroll]] for (uint l = 0; l < A_LOADS; l++) {
    uvec2 at = place(l, A_INNER_K, BM) + uvec2(m0, k0);
    vec4 v = vec4(0);
    if (at.x < M && at.y < to) {
      if (A_FOURS) {
        v = fours_a(at.x, at.y);
      } else {
        [[unroll]] for (uint i = 0; i < 4; i++) {
          uint m = A_INNER_K ? at.x : at.x + i, k = A_INNER_K ? at.y + i : at.y;
          if (m < M && k < to) v[i] = load_a(m, k);
        }
      }
    }
    next_a[l] = v;
  }
}
void fetch_b(uint n0, uint k0, uint to) {
  [[unroll]] for (uint l = 0; l < B_LOADS; l++) {
    uvec2 at = place(l, B_INNER_K, BN) + uvec2(n0, k0);
    vec4 v = vec4(0);
    if (at.x < N && at.y < to) {
      if (B_FOURS) {
        v = fours_b(at.y, at.x);
      } else {
        [[unroll]] for (uint i = 0; i < 4; i++) {
          uint n = B_INNER_K ? at.x : at.x + i, k = B_INNER_K ? at.y + i : at.y;
          if (n < N && k < to) v[i] = load_b(k, n);
        }
      }
    }
    next_b[l] = v;
  }
}
void put(uint half_) { // what was fetched, into one half of shared memory
  [[unroll]] for (uint l = 0; l < A_LOADS; l++) {
    uvec2 at = place(l, A_INNER_K, BM);
    if (at.y >= BK || at.x >= BM) continue;
    if (A_INNER_K) {
      [[unroll]] for (uint i = 0; i < 4; i++) tile_a[(half_ * BK + at.y + i) * M4 + at.x / 4][at.x % 4] = next_a[l][i];
    } else
      tile_a[(half_ * BK + at.y) * M4 + at.x / 4] = next_a[l];
  }
  [[unroll]] for (uint l = 0; l < B_LOADS; l++) {
    uvec2 at = place(l, B_INNER_K, BN);
    if (at.y >= BK || at.x >= BN) continue;
    if (B_INNER_K) {
      [[unroll]] for (uint i = 0; i < 4; i++) tile_b[(half_ * BK + at.y + i) * N4 + at.x / 4][at.x % 4] = next_b[l][i];
    } else
      tile_b[(half_ * BK + at.y) * N4 + at.x / 4] = next_b[l];
  }
}

void block(uint m0, uint batch, uint split) {
  const uint F = PER / 4; // fours
  uint lane = gl_LocalInvocationID.x, tx = lane % TX, ty = lane / TX;
  uint n0 = gl_WorkGroupID.x * BN, from = split * chunk, to = min(K, from + chunk), half_ = 0;
  locate(batch);
  vec4 sum[PER * F];
  [[unroll]] for (uint i = 0; i < PER * F; i++) sum[i] = vec4(0);
  fetch_a(m0, from, to);
  fetch_b(n0, from, to);
  put(0);
  barrier();
  for (uint k0 = from; k0 < to; k0 += BK) {
    if (k0 + BK < to) {
      fetch_a(m0, k0 + BK, to);
      fetch_b(n0, k0 + BK, to);
    }
    [[unroll]] for (uint k = 0; k < BK; k++) {
      vec4 va[F], vb[F];
      [[unroll]] for (uint i = 0; i < F; i++) va[i] = tile_a[(half_ * BK + k) * M4 + i * TY + ty];
      [[unroll]] for (uint j = 0; j < F; j++) vb[j] = tile_b[(half_ * BK + k) * N4 + j * TX + tx];
      [[unroll]] for (uint i = 0; i < PER; i++)
        [[unroll]] for (uint j = 0; j < F; j++) sum[i * F + j] = fma(vec4(va[i / 4][i % 4]), vb[j], sum[i * F + j]);
    }
    half_ = 1 - half_;
    if (k0 + BK < to) put(half_);
    barrier();
  }
  uint out0 = (split * layers() + batch) * M * N;
  [[unroll]] for (uint i = 0; i < PER; i++)
    [[unroll]] for (uint j = 0; j < F; j++) {
      uint m = m0 + (i / 4 * TY + ty) * 4 + i % 4, n = n0 + (j * TX + tx) * 4;
      if (m >= M || n >= N) continue;
      vec4 v = sum[i * F + j];
      if (Y_NARROW) { // whole or not at all, as by fours
        y2[(out0 + out_at(m, n)) >> 2] = uvec2(narrowed(v.xy), narrowed(v.zw));
      } else if (Y_FOURS) {
        y4[(out0 + out_at(m, n)) >> 2] = floatBitsToUint(v);
      } else {
        [[unroll]] for (uint c = 0; c < 4; c++)
          if (n + c < N) y[out0 + out_at(m, n + c)] = floatBitsToUint(v[c]);
      }
    }
#ifdef EPILOGUE
  [[dont_unroll]] for (uint e = 0; e < PER * PER; e++)
    finish(out0, m0 + (e / PER / 4 * TY + ty) * 4 + e / PER % 4, n0 + (e % PER / 4 * TX + tx) * 4 + e % 4);
#endif
}
#elif defined(MATRIX)
#include "matrix.glsl"
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
  uint out0 = (split * layers() + batch) * M * N;
  [[unroll]] for (uint i = 0; i < RM; i++)
    [[unroll]] for (uint j = 0; j < RN; j++) {
      uint m = m0 + i, n = n0 + j * TX;
      if (m < M && n < N) y[out0 + out_at(m, n)] = floatBitsToUint(sum[i][j]);
    }
#ifdef EPILOGUE
  [[dont_unroll]] for (uint e = 0; e < RM * RN; e++) finish(out0, m0 + e / RN, n0 + e % RN * TX);
#endif
}
#endif

void main() { // a direction may have fewer workgroups than blocks
  for (uint z = gl_WorkGroupID.z; z < layers() * splits; z += gl_NumWorkGroups.z)
    for (uint m0 = gl_WorkGroupID.y * BM; m0 < M; m0 += gl_NumWorkGroups.y * BM) block(m0, z % layers(), z / layers());
}
