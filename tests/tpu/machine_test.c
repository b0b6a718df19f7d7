/* machine_test.c - machine descriptions, and the heap that the compiler gives memory from (tests/tpu). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "host.h"
#include "lower.h"

static void the_built_in_machines_are_the_files(void **state) {
  (void)state;
  static const char *const names[] = {"v1", "bf16"};
  for (int k = 0; k < 2; k++) {
    char path[1024], text[8192];
    (void)snprintf(path, sizeof path, "%s/plugins/tpu/machines/%s.machine", getenv("RUNNEL_SOURCE"), names[k]);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    assert_string_equal(text, tpu_machine_text(names[k]));
    tpu_machine a, b;
    assert_null(tpu_machine_find(&host, names[k], &a));
    assert_null(tpu_machine_find(&host, path, &b));
    assert_memory_equal(&a, &b, sizeof a);
  }
}

static void the_first_machine_has_the_published_peak(void **state) {
  (void)state;
  tpu_machine m;
  assert_null(tpu_machine_find(&host, "v1", &m));
  assert_true(tpu_machine_peak(&m) / 1e12 > 91.7 && tpu_machine_peak(&m) / 1e12 < 91.8);
}

static void a_wrong_description_is_named(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"name = x\nwings = 2\n", "line 2: no such key: 'wings'"},
                                         {"name = x\narray_rows = many\n", "line 2: not a number: 'many'"},
                                         {"array_rows = 100000\n", "is not in [1, 512]"},
                                         {"array_rows = 1.5\n", "not a whole number"},
                                         {"arithmetic = float\n", "arithmetic is bf16 or int8"},
                                         {"name = x\narithmetic = bf16\n", "array_rows is missing"},
                                         {"arithmetic = bf16\n", "name is missing"},
                                         {"name\n", "expected key = value"}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    tpu_machine m;
    rn_status *s = tpu_machine_parse(&host, "text", cases[k][0], &m);
    assert_non_null(s);
    if (strstr(host_text(s), cases[k][1]) == NULL) print_error("%s\n", host_text(s));
    assert_non_null(strstr(host_text(s), cases[k][1]));
    host_free_status(s);
  }
  tpu_machine m;
  rn_status *s = tpu_machine_find(&host, "/no/such/machine", &m);
  assert_int_equal(host_code(s), RN_NOT_FOUND);
  host_free_status(s);
}

/* Stretches given out never overlap, and all room comes back. */
static void a_heap_gives_each_byte_once(void **state) {
  (void)state;
  enum { SIZE = 1 << 14, MANY = 64 };
  tpu_heap h;
  uint64_t at[MANY], size[MANY], whole;
  uint32_t held = 0;
  tpu_heap_init(&h, SIZE);
  for (int round = 0; round < 5000; round++) {
    if (held < MANY && chance(2)) {
      size[held] = 1 + chance(700);
      if (!tpu_heap_take(&h, size[held], &at[held])) continue;
      assert_true(at[held] + size[held] <= SIZE);
      for (uint32_t k = 0; k < held; k++) assert_true(at[held] >= at[k] + size[k] || at[k] >= at[held] + size[held]);
      held++;
    } else if (held > 0) {
      uint32_t k = chance(held);
      tpu_heap_give(&h, at[k], size[k]);
      at[k] = at[--held], size[k] = size[held];
    }
  }
  while (held > 0) held--, tpu_heap_give(&h, at[held], size[held]);
  assert_int_equal(h.n_holes, 1);
  assert_true(tpu_heap_take(&h, SIZE, &whole));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_built_in_machines_are_the_files), cmocka_unit_test(the_first_machine_has_the_published_peak),
      cmocka_unit_test(a_wrong_description_is_named), cmocka_unit_test(a_heap_gives_each_byte_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
