/* plugin/cpu_features.c - what this machine's processor can do, as RN_CPU_* bits (core/plugin).
 * A feature counts only if the system saves its registers (xgetbv), not if cpuid alone names it. */
#include "plugin/host.h"
#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t saved_registers(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

#define HAS(reg, mask) (((reg) & (mask)) == (mask))
uint64_t rn_cpu_features(void) {
  uint32_t a, b, c, d, b7 = 0, c7, d7, cx = 0;
  uint64_t found = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if (HAS(c, bit_SSE4_2)) found |= RN_CPU_SSE42;
  if (!HAS(c, bit_OSXSAVE | bit_AVX)) return found;
  uint64_t saved = saved_registers();
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return found;
  if (!__get_cpuid(0x80000001u, &a, &b, &cx, &d)) cx = 0;
  int v3 = HAS(saved, 6u) && HAS(c, bit_FMA | bit_F16C) && HAS(b7, bit_AVX2 | bit_BMI | bit_BMI2) && HAS(cx, 1u << 5);
  if (v3) found |= RN_CPU_AVX2;
  uint32_t v4 = (1u << 16) | (1u << 17) | (1u << 28) | (1u << 30) | (1u << 31); /* F, DQ, CD, BW, VL */
  if (v3 && HAS(saved, 0xe6u) && HAS(b7, v4)) found |= RN_CPU_AVX512;
  return found;
}
#elif defined(__aarch64__)
uint64_t rn_cpu_features(void) { return RN_CPU_NEON; }
#else
uint64_t rn_cpu_features(void) { return 0; }
#endif
