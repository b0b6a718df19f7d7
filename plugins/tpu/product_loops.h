/* product_loops.h - the array's product for four rows at once, compiled per instruction set (plugins/tpu).
 *
 *   for each block of 2 WIDTH columns, s[4][] = 0; for each k: s += x[r][k] * tile[k][column]; y = (keep ? y : 0) + s
 *
 * The sum over k is in the order of the array's rows, whatever the vectors' width. Contraction is off: a fused
 * multiplication would not round tiny products as the cells do. */
#include "simulator.h"

typedef float real_vector __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef uint32_t wrap_vector __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

#define PRODUCT(name, V, T)                                                                                 \
  static void name(const float *x_, uint32_t ldx, uint32_t k, const float *tile_, float *y_, uint32_t lane, \
                   uint32_t cols, int keep) {                                                               \
    const T *x = (const T *)(const void *)x_, *tile = (const T *)(const void *)tile_;                       \
    T *y = (T *)(void *)y_;                                                                                 \
    for (uint32_t c = 0; c < cols; c += 2 * WIDTH) {                                                        \
      V s[4][2] = {{{0}}};                                                                                  \
      for (uint32_t i = 0; i < k; i++) {                                                                    \
        const V *w = (const V *)(const void *)(tile + (size_t)i * lane + c);                                \
        V w0 = w[0], w1 = w[1];                                                                             \
        for (int r = 0; r < 4; r++) {                                                                       \
          s[r][0] += x[(size_t)r * ldx + i] * w0;                                                           \
          s[r][1] += x[(size_t)r * ldx + i] * w1;                                                           \
        }                                                                                                   \
      }                                                                                                     \
      for (int r = 0; r < 4; r++) {                                                                         \
        V *to = (V *)(void *)(y + (size_t)r * lane + c);                                                    \
        if (keep) s[r][0] = to[0] + s[r][0], s[r][1] = to[1] + s[r][1];                                     \
        to[0] = s[r][0], to[1] = s[r][1];                                                                   \
      }                                                                                                     \
    }                                                                                                       \
  }
PRODUCT(real, real_vector, float)
PRODUCT(whole, wrap_vector, uint32_t)
