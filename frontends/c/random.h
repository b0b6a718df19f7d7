/* random.h - splitmix64, the generator behind shuffling and drawing (frontends/c). Steele et al. 2014. */
#ifndef RN_C_RANDOM_H
#define RN_C_RANDOM_H
#include <stdint.h>

static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
/* The start of stream number `stream` of a seed. */
static inline uint64_t random_seed(uint64_t seed, uint64_t stream) {
  uint64_t state = seed, mixed = random_next(&state) + stream;
  return random_next(&mixed);
}
/* In [lo, hi). */
static inline float random_float(uint64_t *state, float lo, float hi) {
  return lo + (hi - lo) * (float)(random_next(state) >> 40) * 0x1p-24f;
}
/* In [0, n), n > 0; the bias is below n / 2^64. */
static inline uint64_t random_below(uint64_t *state, uint64_t n) { return random_next(state) % n; }
#endif
