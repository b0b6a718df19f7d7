/* dtype_test.c - element types: sizes and spellings (tests/unit/tensor). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <runnel/tensor.h>

static rn_dtype parse(const char *s) { return rn_dtype_parse(s, strlen(s)); }

static void every_name_reads_back(void **state) {
  (void)state;
  for (rn_dtype t = RN_FLOAT; t <= RN_UINT64; t++) {
    assert_int_equal(parse(rn_dtype_name(t)), t);
    assert_int_equal(parse(rn_dtype_name(t + RN_REF)), t + RN_REF);
    assert_int_equal(rn_dtype_base(t + RN_REF), t);
    assert_int_equal(rn_dtype_size(t), rn_dtype_size(t + RN_REF));
  }
}

static void three_spellings_are_read(void **state) {
  (void)state;
  assert_int_equal(parse("float"), RN_FLOAT);
  assert_int_equal(parse("float32"), RN_FLOAT);
  assert_int_equal(parse("DT_FLOAT"), RN_FLOAT);
  assert_int_equal(parse("DT_FLOAT_REF"), RN_FLOAT + RN_REF);
  assert_int_equal(parse("half"), RN_HALF);
  assert_int_equal(parse("float16"), RN_HALF);
  assert_int_equal(parse("DT_COMPLEX128"), RN_COMPLEX128);
  assert_int_equal(parse("float64_ref"), RN_DOUBLE + RN_REF);
}

static void unknown_words_are_invalid(void **state) {
  (void)state;
  static const char *const bad[] = {"",     "flo",     "FLOAT",     "DT_",     "DT_float",
                                    "_ref", "DT__REF", "float_REF", "invalid", "DT_FLOAT_ref"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_int_equal(parse(bad[i]), RN_INVALID);
  assert_string_equal(rn_dtype_name(0), "invalid");
  assert_string_equal(rn_dtype_name(RN_REF), "invalid");
  assert_string_equal(rn_dtype_name(-5), "invalid");
  assert_string_equal(rn_dtype_name(INT32_MAX), "invalid");
  assert_int_equal(rn_dtype_size(77), 0);
  assert_int_equal(rn_dtype_size(RN_STRING), 0);
  assert_int_equal(rn_dtype_size(RN_BFLOAT16), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_name_reads_back),
                                     cmocka_unit_test(three_spellings_are_read),
                                     cmocka_unit_test(unknown_words_are_invalid)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
