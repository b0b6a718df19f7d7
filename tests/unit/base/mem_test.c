/* mem_test.c - the heap door: overflow, alignment, counting, failing on demand (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "base/mem.h"

static void a_product_that_overflows_gives_nothing(void **state) {
  (void)state;
  size_t out;
  assert_null(rn_mem_zero(SIZE_MAX / 2, 3));
  assert_null(rn_mem_grow(NULL, SIZE_MAX / 2, 3));
  assert_int_equal(rn_mul_size(SIZE_MAX, 2, &out), 0);
  assert_int_equal(rn_mul_size(6, 7, &out), 1);
  assert_int_equal(out, 42);
}

static void zeroed_memory_is_zero_and_aligned_memory_aligned(void **state) {
  (void)state;
  unsigned char *z = rn_mem_zero(100, 1);
  for (int i = 0; i < 100; i++) assert_int_equal(z[i], 0);
  rn_mem_free(z);
  for (size_t align = 8; align <= 4096; align *= 2) {
    void *p = rn_mem_alloc_aligned(0, align);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % align, 0);
    rn_mem_free(p);
  }
}

static void a_failed_growth_leaves_the_old_block(void **state) {
  (void)state;
  char *p = rn_mem_copy_text("kept");
  rn_mem_fail_at(1, 0);
  assert_null(rn_mem_grow(p, 1000, 1));
  assert_string_equal(p, "kept");
  p = rn_mem_grow(p, 1000, 1);
  assert_string_equal(p, "kept");
  rn_mem_free(p);
}

static void the_nth_allocation_fails_and_is_counted(void **state) {
  (void)state;
  uint64_t before = rn_mem_alloc_count();
  rn_mem_fail_at(2, 0);
  void *a = rn_mem_alloc(1), *b = rn_mem_alloc(1), *c = rn_mem_alloc(1);
  assert_non_null(a);
  assert_null(b);
  assert_non_null(c);
  rn_mem_fail_at(2, 1);
  void *d = rn_mem_alloc(1);
  assert_non_null(d);
  assert_null(rn_mem_alloc(1));
  assert_null(rn_mem_alloc_aligned(1, 64));
  rn_mem_fail_at(0, 0);
  assert_int_equal(rn_mem_alloc_count() - before, 6);
  rn_mem_free(a);
  rn_mem_free(c);
  rn_mem_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_product_that_overflows_gives_nothing),
                                     cmocka_unit_test(zeroed_memory_is_zero_and_aligned_memory_aligned),
                                     cmocka_unit_test(a_failed_growth_leaves_the_old_block),
                                     cmocka_unit_test(the_nth_allocation_fails_and_is_counted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
