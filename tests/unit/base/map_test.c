/* map_test.c - the map against a plain array, with many removals; and no memory (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/map.h"
#include "base/mem.h"

static void random_edits_agree_with_an_array(void **state) {
  (void)state;
  enum { KEYS = 500 };
  static char names[KEYS][16];
  uint32_t expect[KEYS];
  uint32_t random = 1;
  rn_map m;
  rn_map_init(&m);
  for (int i = 0; i < KEYS; i++) {
    (void)snprintf(names[i], sizeof names[i], "n%d", i);
    expect[i] = RN_MAP_NONE;
  }
  for (uint32_t step = 0; step < 100000; step++) {
    random = random * 1664525u + 1013904223u;
    uint32_t k = (random >> 8) % KEYS;
    size_t length = strlen(names[k]);
    if (random >> 31 != 0) {
      assert_int_equal(rn_map_put(&m, names[k], length, step), 1);
      expect[k] = step;
    } else {
      assert_int_equal(rn_map_remove(&m, names[k], length), expect[k] != RN_MAP_NONE);
      expect[k] = RN_MAP_NONE;
    }
    uint32_t other = (random >> 4) % KEYS;
    assert_int_equal(rn_map_find(&m, names[other], strlen(names[other])), expect[other]);
  }
  uint32_t there = 0;
  for (int i = 0; i < KEYS; i++) there += expect[i] != RN_MAP_NONE;
  assert_int_equal(m.count, there);
  rn_map_finish(&m);
}

static void a_million_names_are_found(void **state) {
  (void)state;
  enum { N = 1000000, SIZE = 32 };
  char *names = rn_mem_alloc((size_t)N * SIZE);
  rn_map m;
  rn_map_init(&m);
  for (uint32_t i = 0; i < N; i++) {
    int n = snprintf(names + (size_t)i * SIZE, SIZE, "layer_%u/weights", i);
    assert_true(rn_map_put(&m, names + (size_t)i * SIZE, (size_t)n, i));
  }
  for (uint32_t i = 0; i < N; i++) {
    const char *name = names + (size_t)i * SIZE;
    assert_true(rn_map_find(&m, name, strlen(name)) == i);
  }
  assert_int_equal(rn_map_find(&m, "layer_/weights", 14), RN_MAP_NONE);
  rn_map_finish(&m);
  rn_mem_free(names);
}

static void keys_are_bytes_with_a_length(void **state) {
  (void)state;
  rn_map m;
  rn_map_init(&m);
  assert_int_equal(rn_map_find(&m, "", 0), RN_MAP_NONE);
  assert_int_equal(rn_map_remove(&m, "a", 1), 0);
  assert_true(rn_map_put(&m, "a\0b", 3, 1));
  assert_true(rn_map_put(&m, "a\0c", 3, 2));
  assert_true(rn_map_put(&m, "a", 1, 3));
  assert_true(rn_map_put(&m, "", 0, 4));
  assert_true(rn_map_put(&m, "\0", 1, 5));
  assert_int_equal(rn_map_find(&m, "a\0b", 3), 1);
  assert_int_equal(rn_map_find(&m, "a\0c", 3), 2);
  assert_int_equal(rn_map_find(&m, "a", 1), 3);
  assert_int_equal(rn_map_find(&m, "", 0), 4);
  assert_int_equal(rn_map_find(&m, "\0", 1), 5);
  assert_int_not_equal(rn_hash_bytes("a", 1, 0), rn_hash_bytes("a", 1, 1));
  rn_map_finish(&m);
}

static void a_failed_put_changes_nothing(void **state) {
  (void)state;
  static char names[200][8];
  rn_map m;
  rn_map_init(&m);
  for (uint32_t i = 0; i < 200; i++) {
    int n = snprintf(names[i], sizeof names[i], "k%u", i);
    rn_mem_fail_at(1, 0);
    if (!rn_map_put(&m, names[i], (size_t)n, i)) {
      rn_mem_fail_at(0, 0);
      assert_int_equal(m.count, i);
      assert_true(rn_map_put(&m, names[i], (size_t)n, i));
    }
    rn_mem_fail_at(0, 0);
  }
  for (uint32_t i = 0; i < 200; i++) assert_int_equal(rn_map_find(&m, names[i], strlen(names[i])), i);
  rn_map_finish(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_edits_agree_with_an_array), cmocka_unit_test(a_million_names_are_found),
      cmocka_unit_test(keys_are_bytes_with_a_length), cmocka_unit_test(a_failed_put_changes_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
