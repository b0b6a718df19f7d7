/* log_test.c - messages reach the listener, by level (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "base/log.h"

static char last[4096];
static int calls;
static void keep(void *arg, int level, const char *message) {
  (void)arg;
  (void)level;
  calls++;
  (void)snprintf(last, sizeof last, "%s", message);
}

static void a_message_below_the_level_is_dropped(void **state) {
  (void)state;
  rn_log l = {keep, NULL, RN_LOG_WARNING};
  calls = 0;
  rn_log_write(&l, RN_LOG_WARNING, "%d devices", 2);
  rn_log_write(&l, RN_LOG_INFO, "not heard");
  assert_int_equal(calls, 1);
  assert_string_equal(last, "2 devices");
}

static void nobody_listening_is_fine(void **state) {
  (void)state;
  rn_log l = {NULL, NULL, RN_LOG_DEBUG};
  rn_log_write(&l, RN_LOG_ERROR, "unheard");
  rn_log_write(NULL, RN_LOG_ERROR, "unheard");
}

static void a_very_long_message_is_cut(void **state) {
  (void)state;
  static char text[3000];
  memset(text, 'y', sizeof text - 1);
  rn_log l = {keep, NULL, RN_LOG_DEBUG};
  rn_log_write(&l, RN_LOG_ERROR, "%s", text);
  assert_true(strlen(last) < sizeof text - 1);
  assert_string_equal(last + strlen(last) - 4, "y...");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_message_below_the_level_is_dropped),
                                     cmocka_unit_test(nobody_listening_is_fine),
                                     cmocka_unit_test(a_very_long_message_is_cut)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
