/* base/mem.c - the one door to the heap (core/base).
 *
 * Two counters: allocations ever asked for, and a countdown that fails one of them. The countdown is
 * read with one relaxed load when no test has armed it. */
#include "base/mem.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic uint64_t alloc_count;
static _Atomic uint64_t fail_countdown; /* 0: disarmed */
static _Atomic int fail_sticky;

/* 1 when this allocation is the one a test wants to fail. */
static int must_fail(void) {
  atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed);
  uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
  while (left != 0) {
    uint64_t next = left - 1;
    if (left == 1 && atomic_load_explicit(&fail_sticky, memory_order_relaxed)) return 1;
    if (atomic_compare_exchange_weak_explicit(&fail_countdown, &left, next, memory_order_relaxed, memory_order_relaxed))
      return next == 0;
  }
  return 0;
}

void rn_mem_fail_at(uint64_t nth, int sticky) {
  atomic_store(&fail_countdown, 0);
  atomic_store(&fail_sticky, sticky);
  atomic_store(&fail_countdown, nth);
}

uint64_t rn_mem_alloc_count(void) { return atomic_load_explicit(&alloc_count, memory_order_relaxed); }

int rn_mul_size(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }

void *rn_mem_alloc(size_t size_bytes) {
  if (must_fail()) return NULL;
  return malloc(size_bytes != 0 ? size_bytes : 1);
}

void *rn_mem_zero(size_t count, size_t size_bytes) {
  size_t total;
  if (must_fail() || !rn_mul_size(count, size_bytes, &total)) return NULL;
  return calloc(total != 0 ? total : 1, 1);
}

void *rn_mem_grow(void *p, size_t count, size_t size_bytes) {
  size_t total;
  if (must_fail() || !rn_mul_size(count, size_bytes, &total)) return NULL;
  return realloc(p, total != 0 ? total : 1);
}

char *rn_mem_copy_text(const char *s) {
  size_t size_bytes = strlen(s) + 1;
  char *copy = rn_mem_alloc(size_bytes);
  if (copy != NULL) memcpy(copy, s, size_bytes);
  return copy;
}

void *rn_mem_alloc_aligned(size_t size_bytes, size_t align) {
  void *p = NULL;
  if (must_fail()) return NULL;
  if (align < sizeof(void *)) align = sizeof(void *);
  return posix_memalign(&p, align, size_bytes != 0 ? size_bytes : 1) == 0 ? p : NULL;
}

void rn_mem_free(void *p) { free(p); }
