/* number_test.c - numbers as text in any locale; globs; edit distance (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <string.h>
#include "base/text.h"

static void numbers_read_back_the_same(void **state) {
  (void)state;
  uint64_t bits = 88172645463325252u;
  for (int i = 0; i < 20000; i++) {
    double v, back;
    char text[40];
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    memcpy(&v, &bits, sizeof v);
    if (v != v) continue;
    int n = rn_print_f64(text, sizeof text, v);
    assert_int_equal(n, strlen(text));
    assert_true(rn_parse_f64(text, strlen(text), &back));
    assert_memory_equal(&back, &v, sizeof v);
  }
}

static void assert_prints(double v, const char *expected) {
  char text[40];
  (void)rn_print_f64(text, sizeof text, v);
  assert_string_equal(text, expected);
}

static void the_shortest_form_is_printed(void **state) {
  (void)state;
  assert_prints(0.1, "0.1");
  assert_prints(1.0 / 3.0, "0.3333333333333333");
  assert_prints(0.1 + 0.2, "0.30000000000000004");
  assert_prints(-0.0, "-0");
  assert_prints(3, "3");
  assert_prints(1e300, "1e+300");
  assert_prints(5e-324, "5e-324");
  assert_prints((double)INFINITY, "inf");
  assert_prints(-(double)INFINITY, "-inf");
  assert_prints((double)NAN, "nan");
}

static int parses(const char *s) {
  double v;
  return rn_parse_f64(s, strlen(s), &v);
}

static void only_whole_numbers_texts_are_read(void **state) {
  (void)state;
  double v;
  int64_t i;
  assert_true(rn_parse_f64("1.5garbage", 3, &v) && v == 1.5);
  assert_true(parses("-1e-3") && parses("inf") && parses("nan") && parses("+2.") && parses(".5"));
  assert_false(parses("") || parses(" 1") || parses("1 ") || parses("1,5") || parses("0x10") || parses("nan(7)") ||
               parses("-"));
  assert_true(rn_parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
  assert_true(rn_parse_i64("9223372036854775807", 19, &i) && i == INT64_MAX);
  assert_false(rn_parse_i64("9223372036854775808", 19, &i));
  assert_false(rn_parse_i64("", 0, &i) || rn_parse_i64("-", 1, &i) || rn_parse_i64("1a", 2, &i) ||
               rn_parse_i64(" 1", 2, &i));
}

static void the_point_is_a_point_in_every_locale(void **state) {
  (void)state;
  static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  const char *set = NULL;
  for (size_t i = 0; i < 4 && set == NULL; i++) set = setlocale(LC_ALL, with_comma[i]);
  if (set == NULL) {
    print_message("no locale with a decimal comma is installed\n");
    skip();
  }
  assert_prints(1.5, "1.5");
  assert_true(parses("1.5"));
  assert_false(parses("1,5"));
  (void)setlocale(LC_ALL, "C");
}

static void the_callers_locale_is_left_alone(void **state) {
  (void)state;
  locale_t mine = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
  if (mine == (locale_t)0) {
    print_message("skipped: there is no locale C.UTF-8\n");
    skip();
  }
  locale_t before = uselocale(mine);
  assert_prints(0.25, "0.25");
  assert_true(parses("0.25"));
  assert_true(uselocale(before) == mine);
  freelocale(mine);
}

static void globs_match_stars_and_marks(void **state) {
  (void)state;
  assert_true(rn_glob_match("*", "") && rn_glob_match("a*c", "abbbc") && rn_glob_match("a?c", "abc"));
  assert_true(rn_glob_match("layer*/w", "layer1/sub/w") && rn_glob_match("**x", "x") &&
              rn_glob_match("a*b*c", "a1b2b3c"));
  assert_false(rn_glob_match("a", "") || rn_glob_match("", "a") || rn_glob_match("a?c", "ac") ||
               rn_glob_match("a*c", "abd"));
  char text[2001], pattern[101];
  memset(text, 'a', 2000);
  text[2000] = '\0';
  for (int i = 0; i < 100; i++) pattern[i] = i % 2 == 0 ? '*' : 'a';
  pattern[99] = 'b';
  pattern[100] = '\0';
  assert_false(rn_glob_match(pattern, text)); /* must end, and soon */
}

static void near_names_are_near(void **state) {
  (void)state;
  assert_int_equal(rn_edit_distance("MatMul", "MatMul", 3), 0);
  assert_int_equal(rn_edit_distance("threads", "thread", 3), 1);
  assert_int_equal(rn_edit_distance("kitten", "sitting", 5), 3);
  assert_int_equal(rn_edit_distance("kitten", "sitting", 2), 3);
  assert_int_equal(rn_edit_distance("", "abc", 3), 3);
  assert_int_equal(rn_edit_distance("a", "abcdefgh", 2), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_read_back_the_same),
                                     cmocka_unit_test(the_shortest_form_is_printed),
                                     cmocka_unit_test(only_whole_numbers_texts_are_read),
                                     cmocka_unit_test(the_point_is_a_point_in_every_locale),
                                     cmocka_unit_test(the_callers_locale_is_left_alone),
                                     cmocka_unit_test(globs_match_stars_and_marks),
                                     cmocka_unit_test(near_names_are_near)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
