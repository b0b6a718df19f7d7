/* divide.h - numbers with which shaders divide by what the host knows (plugins/vulkan).
 *
 * x / d = (high word of x m, plus x) >> s for all x < 2^31 (Granlund and Montgomery, 1994, figure 4.1). */
#ifndef GPU_DIVIDE_H
#define GPU_DIVIDE_H
#include <stdint.h>

typedef struct gpu_divisor {
  uint32_t m, s;
} gpu_divisor;
static inline gpu_divisor gpu_divisor_of(uint32_t d) { /* d in [1, 2^31] */
  gpu_divisor v = {0, 0};
  while (((uint64_t)1 << v.s) < d) v.s++;
  v.m = (uint32_t)(((((uint64_t)1 << v.s) - d) << 32) / d + 1);
  return v;
}
#endif
