/* shape_test.c - shapes: printing, counting, matching (tests/unit/tensor). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <runnel/tensor.h>
#include "tensor/shape.h"

static void assert_prints(rn_shape s, const char *expected) {
  char text[RN_SHAPE_TEXT];
  assert_int_equal(rn_shape_print(&s, text, sizeof text), strlen(expected));
  assert_string_equal(text, expected);
}

static void shapes_print_as_people_write_them(void **state) {
  (void)state;
  assert_prints((rn_shape){0, 0, {0}}, "[]");
  assert_prints((rn_shape){3, 0, {2, -1, 3}}, "[2,?,3]");
  assert_prints((rn_shape){2, 0, {-7, 0}}, "[?,0]");
  assert_prints((rn_shape){-1, 0, {0}}, "<unknown>");
  rn_shape big = {8, 0, {0}};
  for (int i = 0; i < 8; i++) big.dim[i] = INT64_MAX;
  char text[RN_SHAPE_TEXT], small[5];
  assert_true(rn_shape_print(&big, text, sizeof text) < (int)sizeof text);
  rn_shape s = {3, 0, {10, 20, 30}};
  assert_int_equal(rn_shape_print(&s, small, sizeof small), 10);
  assert_string_equal(small, "[10,");
  assert_int_equal(rn_shape_print(&s, NULL, 0), 10);
}

static void assert_no_count(rn_shape s, const char *message) {
  int64_t n;
  rn_status *e = rn_shape_count(&s, &n);
  assert_int_equal(rn_status_code(e), RN_INVALID_ARGUMENT);
  assert_string_equal(rn_status_message(e), message);
  rn_status_free(e);
}

static void elements_are_counted_without_overflow(void **state) {
  (void)state;
  int64_t n;
  assert_null(rn_shape_count(&(rn_shape){0, 0, {0}}, &n));
  assert_int_equal(n, 1);
  assert_null(rn_shape_count(&(rn_shape){3, 0, {2, 3, 4}}, &n));
  assert_int_equal(n, 24);
  assert_null(rn_shape_count(&(rn_shape){3, 0, {4, 0, 5}}, &n));
  assert_int_equal(n, 0);
  assert_no_count((rn_shape){-1, 0, {0}}, "shape <unknown> has no number of elements");
  assert_no_count((rn_shape){2, 0, {3, -1}}, "shape [3,?]: dimension 1 is unknown");
  assert_no_count((rn_shape){9, 0, {1}}, "shape has rank 9; at most 8 is supported");
  assert_no_count((rn_shape){2, 0, {INT64_MAX, 2}}, "shape [9223372036854775807,2]: the number of elements overflows");
}

static void patterns_match_what_they_allow(void **state) {
  (void)state;
  rn_shape known = {2, 0, {4, 4}}, other = {2, 0, {4, 5}};
  assert_true(rn_shape_matches(&(rn_shape){-1, 0, {0}}, &known));
  assert_true(rn_shape_matches(&(rn_shape){2, 0, {-1, 4}}, &known));
  assert_false(rn_shape_matches(&(rn_shape){2, 0, {-1, 4}}, &other));
  assert_false(rn_shape_matches(&(rn_shape){1, 0, {-1}}, &known));
  assert_true(rn_shape_matches(&(rn_shape){2, 0, {-1, -1}}, &other));
  assert_true(rn_shape_matches(&(rn_shape){2, 0, {-2, -2}}, &known));
  assert_false(rn_shape_matches(&(rn_shape){2, 0, {-2, -2}}, &other));
  assert_true(rn_shape_matches(&(rn_shape){2, 0, {-2, -3}}, &other));
}

static void equal_shapes_are_equal_dimension_by_dimension(void **state) {
  (void)state;
  rn_shape a = {2, 0, {4, 4, 9}}, b = {2, 0, {4, 4, 7}}, c = {2, 0, {4, 5}}, u = {-1, 0, {0}};
  assert_true(rn_shape_equal(&a, &b) && rn_shape_equal(&u, &u));
  assert_false(rn_shape_equal(&a, &c) || rn_shape_equal(&a, &u));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(shapes_print_as_people_write_them),
                                     cmocka_unit_test(elements_are_counted_without_overflow),
                                     cmocka_unit_test(patterns_match_what_they_allow),
                                     cmocka_unit_test(equal_shapes_are_equal_dimension_by_dimension)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
