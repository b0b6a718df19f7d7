/* crc32c.c - crc32c, reflected polynomial 0x82F63B78 (plugins/io).
 *
 * The plain table is the reference; x86-64 processors with SSE4.2 have the sum as an instruction. */
#include "crc32c.h"
#include <string.h>

static const uint32_t *crc_table(void) {
  static uint32_t table[256];
  static int ready; /* filled twice with the same numbers at worst */
  if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE)) return table;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = (c >> 1) ^ (0x82F63B78u & (0u - (c & 1)));
    __atomic_store_n(&table[i], c, __ATOMIC_RELAXED);
  }
  __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
  return table;
}

static uint32_t crc_by_table(uint32_t crc, const uint8_t *p, size_t n) {
  const uint32_t *table = crc_table();
  for (size_t i = 0; i < n; i++) crc = (crc >> 8) ^ table[(crc ^ p[i]) & 255];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t n) {
  uint64_t c = crc;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    c = __builtin_ia32_crc32di(c, word);
  }
  for (; n > 0; n--, p++) c = __builtin_ia32_crc32qi((uint32_t)c, *p);
  return (uint32_t)c;
}
#endif

uint32_t io_crc32c(uint32_t crc, const void *data, size_t size_bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~crc_by_instruction(~crc, data, size_bytes);
#endif
  return ~crc_by_table(~crc, data, size_bytes);
}
