/* status_test.c - errors as values: texts, codes, and what is left when memory is out (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <runnel/status.h>
#include "base/mem.h"

static void a_message_reads_from_the_outside_in(void **state) {
  (void)state;
  rn_status *s = rn_status_make(RN_INVALID_ARGUMENT, "inner dimensions differ: %d and %d", 784, 768);
  s = rn_status_wrap(s, "MatMul '%s'", "fc1");
  s = rn_status_wrap(s, "step %d", 3);
  assert_string_equal(rn_status_message(s), "step 3: MatMul 'fc1': inner dimensions differ: 784 and 768");
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  rn_status_free(s);
}

static void success_is_null_and_stays_it(void **state) {
  (void)state;
  assert_int_equal(rn_status_code(NULL), RN_OK);
  assert_string_equal(rn_status_message(NULL), "");
  assert_null(rn_status_wrap(NULL, "nothing went wrong"));
  rn_status_free(NULL);
}

static void a_status_is_made_when_memory_is_out(void **state) {
  (void)state;
  rn_mem_fail_at(1, 1);
  rn_status *s = rn_status_make(RN_NOT_FOUND, "lost");
  rn_status *again = rn_status_wrap(s, "outer");
  rn_mem_fail_at(0, 0);
  assert_ptr_equal(s, again);
  assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
  assert_string_equal(rn_status_message(s), "out of memory");
  s = rn_status_wrap(s, "outer");
  assert_string_equal(rn_status_message(s), "outer: out of memory");
  rn_status_free(s);
  rn_status_free(again);
}

static void wrapping_without_memory_keeps_the_cause(void **state) {
  (void)state;
  rn_status *s = rn_status_make(RN_ABORTED, "cause");
  rn_mem_fail_at(1, 0);
  s = rn_status_wrap(s, "outer");
  rn_mem_fail_at(0, 0);
  assert_string_equal(rn_status_message(s), "cause");
  rn_status_free(s);
}

static void every_code_has_a_name(void **state) {
  (void)state;
  assert_string_equal(rn_status_code_name(RN_OK), "OK");
  assert_string_equal(rn_status_code_name(RN_DATA_LOSS), "DATA_LOSS");
  for (int32_t c = 0; c <= RN_DATA_LOSS; c++) assert_true(strlen(rn_status_code_name(c)) > 1);
  assert_string_equal(rn_status_code_name(-1), "UNKNOWN_CODE");
  assert_string_equal(rn_status_code_name(99), "UNKNOWN_CODE");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_reads_from_the_outside_in), cmocka_unit_test(success_is_null_and_stays_it),
      cmocka_unit_test(a_status_is_made_when_memory_is_out), cmocka_unit_test(wrapping_without_memory_keeps_the_cause),
      cmocka_unit_test(every_code_has_a_name)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
