/* text_test.c - growing text (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

static void appends_chain(void **state) {
  (void)state;
  rn_text t;
  rn_text_init(&t);
  for (int i = 0; i < 1000; i++) {
    rn_text_add(&t, "ab");
    rn_text_add_bytes(&t, "cd", 1);
    rn_text_printf(&t, "%d,", i);
  }
  assert_int_equal(t.length, strlen(t.data));
  assert_memory_equal(t.data, "abc0,abc1,abc2,", 15);
  char *taken = rn_text_take(&t);
  assert_non_null(taken);
  assert_null(t.data);
  rn_mem_free(taken);
}

static void a_long_line_is_printed_whole(void **state) {
  (void)state;
  static char line[5000];
  memset(line, 'x', sizeof line - 1);
  rn_text t;
  rn_text_init(&t);
  rn_text_printf(&t, "%s%s", line, line);
  assert_int_equal(t.length, 2 * (sizeof line - 1));
  rn_text_finish(&t);
}

static void nothing_added_is_an_empty_text(void **state) {
  (void)state;
  rn_text t;
  rn_text_init(&t);
  char *taken = rn_text_take(&t);
  assert_string_equal(taken, "");
  rn_mem_free(taken);
}

static void a_failed_append_sticks(void **state) {
  (void)state;
  for (uint64_t nth = 1; nth <= 3; nth++) {
    rn_text t;
    rn_text_init(&t);
    rn_mem_fail_at(nth, 0);
    for (int i = 0; i < 100; i++) rn_text_printf(&t, "%d ", i);
    rn_mem_fail_at(0, 0);
    assert_true(t.failed);
    assert_null(rn_text_take(&t));
    assert_false(t.failed);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(appends_chain), cmocka_unit_test(a_long_line_is_printed_whole),
                                     cmocka_unit_test(nothing_added_is_an_empty_text),
                                     cmocka_unit_test(a_failed_append_sticks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
