/* arena_test.c - arenas: alignment, stable pointers, going back to a mark (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/mem.h"

static void a_million_pieces_stay_where_they_are(void **state) {
  (void)state;
  enum { N = 1000000 };
  rn_arena a;
  rn_arena_init(&a, 0);
  uint32_t **all = rn_mem_zero(N, sizeof(uint32_t *));
  uint64_t before = rn_mem_alloc_count();
  for (uint32_t i = 0; i < N; i++) {
    all[i] = rn_arena_alloc(&a, 4 + i % 40);
    assert_true(all[i] != NULL && (uintptr_t)all[i] % 16 == 0);
    *all[i] = i;
  }
  assert_true(rn_mem_alloc_count() - before < 200);
  for (uint32_t i = 0; i < N; i++) assert_true(*all[i] == i);
  rn_arena_finish(&a);
  rn_mem_free(all);
}

static void rewinding_gives_the_same_memory_again(void **state) {
  (void)state;
  rn_arena a;
  rn_arena_init(&a, 256);
  rn_arena_mark empty = rn_arena_get_mark(&a);
  char *kept = rn_arena_text(&a, "kept", 4);
  rn_arena_mark mark = rn_arena_get_mark(&a);
  void *first = rn_arena_alloc(&a, 16);
  for (int i = 0; i < 100; i++) assert_non_null(rn_arena_alloc(&a, 100));
  rn_arena_rewind(&a, mark);
  assert_ptr_equal(rn_arena_alloc(&a, 16), first);
  assert_string_equal(kept, "kept");
  rn_arena_rewind(&a, empty);
  assert_null(a.head);
  rn_arena_finish(&a);
}

static void too_much_is_refused(void **state) {
  (void)state;
  rn_arena a;
  rn_arena_init(&a, 0);
  assert_null(rn_arena_alloc(&a, SIZE_MAX));
  assert_null(rn_arena_alloc(&a, SIZE_MAX - 20));
  assert_null(rn_arena_array(&a, SIZE_MAX / 4, 8));
  assert_null(rn_arena_text(&a, "", SIZE_MAX));
  rn_mem_fail_at(1, 0);
  assert_null(rn_arena_alloc(&a, 8));
  assert_non_null(rn_arena_alloc(&a, 8));
  assert_non_null(rn_arena_alloc(&a, 10u << 20)); /* larger than any chunk */
  assert_string_equal(rn_arena_text(&a, NULL, 0), "");
  rn_arena_finish(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_million_pieces_stay_where_they_are),
                                     cmocka_unit_test(rewinding_gives_the_same_memory_again),
                                     cmocka_unit_test(too_much_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
