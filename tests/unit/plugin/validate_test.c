/* validate_test.c - what one plugin does to another's memory, and the ground below the checks (tests/unit/plugin). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <runnel/plugin.h>
#include "plugin/pointer_map.h"
#include "plugin/registry.h"
#include "plugin/validate.h"

static char logged[8192];
static void keep_log(void *arg, int level, const char *message) {
  (void)arg;
  (void)level;
  size_t n = strlen(logged);
  (void)snprintf(logged + n, sizeof logged - n, "%s\n", message);
}

static const rn_host_api *first_host, *second_host;
static rn_status *first_init(const rn_host_api *h) {
  first_host = h;
  return NULL;
}
static rn_status *second_init(const rn_host_api *h) {
  second_host = h;
  return NULL;
}
static const rn_plugin_desc *first_entry(void) {
  static const rn_plugin_desc d = {
      .struct_size = sizeof d, .abi_minor = RN_ABI_MINOR, .id = "first", .init = first_init};
  return &d;
}
static const rn_plugin_desc *second_entry(void) {
  static const rn_plugin_desc d = {
      .struct_size = sizeof d, .abi_minor = RN_ABI_MINOR, .id = "second", .init = second_init};
  return &d;
}

static rn_runtime *two_plugins(void) {
  static const char *const settings[] = {"run.validate=true"};
  rn_runtime *rt = NULL;
  rn_runtime_options o = {.struct_size = sizeof o,
                          .n_settings = 1,
                          .settings = settings,
                          .plugin_path = "/nowhere",
                          .config_file = "/dev/null",
                          .log = keep_log};
  logged[0] = '\0';
  assert_null(rn_runtime_create(&o, &rt));
  assert_null(rn_runtime_add_static(rt, first_entry));
  assert_null(rn_runtime_add_static(rt, second_entry));
  return rt;
}

static void a_block_of_another_plugin_is_not_freed(void **state) {
  (void)state;
  rn_runtime *rt = two_plugins();
  char *p = first_host->alloc(first_host->ctx, 24, 8);
  assert_non_null(p);
  memset(p, 1, 24);
  second_host->free(second_host->ctx, p);
  assert_non_null(strstr(logged, "plugin 'second'"));
  assert_non_null(strstr(logged, "a block of 24 bytes that belongs to plugin 'first'"));
  assert_int_equal(p[23], 1); /* it lives */
  first_host->free(first_host->ctx, p);
  rn_runtime_destroy(rt);
  assert_null(strstr(logged, "never freed"));
}

static void another_plugins_context_is_reported(void **state) {
  (void)state;
  rn_scope scope;
  rn_runtime *rt = two_plugins();
  rn_scope_enter(&scope, rn_validator_of(second_host), "a call", NULL);
  (void)second_host->threads(first_host->ctx);
  rn_status *s = rn_scope_leave(&scope, NULL);
  assert_int_equal(rn_status_code(s), RN_INTERNAL);
  assert_string_equal(rn_status_message(s), "plugin 'second': a call: threads: ctx belongs to plugin 'first'");
  rn_status_free(s);
  rn_runtime_destroy(rt);
}

static void the_first_report_of_a_call_is_its_result(void **state) {
  (void)state;
  rn_scope outer, inner;
  rn_runtime *rt = two_plugins();
  rn_validator *v = rn_validator_of(first_host);
  rn_scope_enter(&outer, v, "outer", NULL);
  rn_scope_enter(&inner, v, "inner", NULL);
  rn_violation_here(v, "one");
  rn_violation_here(v, "two");
  rn_status *s = rn_scope_leave(&inner, rn_status_make(RN_ABORTED, "the plugin's own"));
  assert_string_equal(rn_status_message(s), "plugin 'first': inner: one");
  rn_status_free(s);
  assert_null(rn_scope_leave(&outer, NULL)); /* each call has its own */
  assert_null(rn_scope_now());
  rn_runtime_destroy(rt);
}

static void damage_is_measured_from_the_edge(void **state) {
  (void)state;
  rn_damage d;
  char *p = rn_guarded_alloc(NULL, "a test", 10, 256, 0);
  assert_non_null(p);
  assert_int_equal((uintptr_t)p % 256, 0);
  assert_true(rn_guarded_check(p, &d));
  p[-3] = 0;
  p[-7] = 0;
  assert_false(rn_guarded_check(p, &d));
  assert_true(d.before == 1 && d.first == 3 && d.bytes == 5);
  assert_true(rn_guarded_check(p, &d)); /* mended */
  p[11] = 0;
  p[13] = 0;
  assert_false(rn_guarded_check(p, &d));
  assert_true(d.before == 0 && d.first == 2 && d.bytes == 3);
  rn_guarded_retire(p);
}

/* Against a plain table of what was put in. */
static void a_map_of_pointers_keeps_what_it_was_given(void **state) {
  (void)state;
  static char keys[4000];
  static unsigned char in[sizeof keys];
  rn_pointer_map m = {0};
  unsigned seed = 1;
  for (int i = 0; i < 60000; i++) {
    seed = seed * 1103515245u + 12345u;
    size_t k = (seed >> 8) % sizeof keys;
    if ((seed >> 28 & 1) != 0) {
      assert_true(rn_pointer_map_put(&m, &keys[k], &keys[k]));
      in[k] = 1;
    } else {
      rn_pointer_map_remove(&m, &keys[k]);
      in[k] = 0;
    }
  }
  size_t count = 0;
  for (size_t k = 0; k < sizeof keys; k++) {
    assert_ptr_equal(rn_pointer_map_get(&m, &keys[k]), in[k] ? &keys[k] : NULL);
    count += in[k];
  }
  assert_int_equal(m.count, count);
  free(m.key);
  free(m.value);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_block_of_another_plugin_is_not_freed),
      cmocka_unit_test(another_plugins_context_is_reported),
      cmocka_unit_test(the_first_report_of_a_call_is_its_result),
      cmocka_unit_test(damage_is_measured_from_the_edge),
      cmocka_unit_test(a_map_of_pointers_keeps_what_it_was_given),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
