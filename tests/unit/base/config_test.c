/* config_test.c - settings: order of sources, checks, and what the messages say (tests/unit/base). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/config.h"
#include "base/mem.h"

static rn_config *fresh(void) {
  rn_config *c;
  assert_null(rn_config_create(&c));
  return c;
}

static rn_status *read_text(rn_config *c, const char *text) {
  return rn_config_read_text(c, text, strlen(text), "runnel.conf");
}

static void assert_fails(rn_status *s, const char *message) {
  assert_non_null(s);
  assert_string_equal(rn_status_message(s), message);
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  rn_status_free(s);
}

static const char *origin_of(const rn_config *c, const char *section, const char *key) {
  for (uint32_t i = 0; i < rn_config_count(c); i++) {
    const char *s, *k, *v, *o;
    rn_config_at(c, i, &s, &k, &v, &o);
    if (strcmp(s, section) == 0 && strcmp(k, key) == 0) return o;
  }
  return NULL;
}

static void defaults_are_there(void **state) {
  (void)state;
  rn_config *c = fresh();
  assert_string_equal(rn_config_get(c, "devices", "order"), "cpu");
  assert_string_equal(rn_config_get(c, "devices", "fallback"), "auto");
  assert_string_equal(rn_config_get(c, "run", "interop"), "auto");
  assert_int_equal(rn_config_get_int(c, "run", "threads", 7), 0);
  assert_int_equal(rn_config_get_int(c, "run", "check_numerics", 7), 0);
  assert_null(rn_config_get(c, "plugins", "path"));
  assert_int_equal(rn_config_get_int(c, "plugins", "path", 7), 7);
  assert_string_equal(origin_of(c, "plugins", "path"), "default");
  rn_config_destroy(c);
}

static void later_sources_win_and_are_named(void **state) {
  (void)state;
  rn_config *c = fresh();
  assert_null(read_text(c, "# mine\n[run]\n  threads = 4 ; four\nlog_level=debug\n\n[devices]\norder = vulkan, cpu\n"));
  assert_string_equal(origin_of(c, "run", "threads"), "runnel.conf:3");
  (void)setenv("RUNNEL_RUN_THREADS", "3", 1);
  assert_null(rn_config_read_environment(c));
  (void)unsetenv("RUNNEL_RUN_THREADS");
  assert_string_equal(origin_of(c, "run", "threads"), "environment RUNNEL_RUN_THREADS");
  assert_int_equal(rn_config_get_int(c, "run", "threads", 0), 3);
  assert_null(rn_config_set(c, "run.threads = 2", "flag"));
  assert_int_equal(rn_config_get_int(c, "run", "threads", 0), 2);
  assert_string_equal(origin_of(c, "run", "threads"), "flag");
  assert_string_equal(rn_config_get(c, "devices", "order"), "vulkan, cpu");
  assert_string_equal(rn_config_get(c, "run", "log_level"), "debug");
  rn_config_destroy(c);
}

static void placement_rules_keep_their_order(void **state) {
  (void)state;
  rn_config *c = fresh();
  assert_null(read_text(c, "[place]\nlayer2/* = vulkan:name~Radeon\nop:Conv2D = /device:CPU:0\n\nlayer1/? = tpu\n"));
  assert_null(rn_config_set(c, "place.a.b/w=cpu", "flag"));
  assert_null(rn_config_set(c, "place.layer2/*=cpu", "flag"));
  static const char *const keys[] = {"layer2/*", "op:Conv2D", "layer1/?", "a.b/w"};
  static const char *const values[] = {"cpu", "/device:CPU:0", "tpu", "cpu"};
  uint32_t n = 0;
  for (uint32_t i = 0; i < rn_config_count(c); i++) {
    const char *s, *k, *v, *o;
    rn_config_at(c, i, &s, &k, &v, &o);
    if (strcmp(s, "place") != 0) continue;
    assert_string_equal(k, keys[n]);
    assert_string_equal(v, values[n++]);
  }
  assert_int_equal(n, 4);
  rn_config_destroy(c);
}

static void sections_come_sorted(void **state) {
  (void)state;
  rn_config *c = fresh();
  assert_null(read_text(c, "[plugin.vulkan]\nmax_batch = 4\n[place]\nx = cpu\n"));
  assert_null(rn_config_set(c, "plugin.org.example.npu.level=3", "flag"));
  assert_string_equal(rn_config_get(c, "plugin.vulkan", "max_batch"), "4");
  assert_int_equal(rn_config_get_int(c, "plugin.org.example.npu", "level", 0), 3);
  const char *before = "";
  for (uint32_t i = 0; i < rn_config_count(c); i++) {
    const char *s, *k, *v, *o;
    rn_config_at(c, i, &s, &k, &v, &o);
    assert_true(strcmp(before, s) <= 0);
    before = s;
  }
  rn_config_destroy(c);
}

static void switches_are_kept_in_one_spelling(void **state) {
  (void)state;
  rn_config *c = fresh();
  assert_null(rn_config_set(c, "run.check_numerics=on", "flag"));
  assert_string_equal(rn_config_get(c, "run", "check_numerics"), "true");
  assert_int_equal(rn_config_get_int(c, "run", "check_numerics", 0), 1);
  assert_null(rn_config_set(c, "run.check_numerics=0", "flag"));
  assert_string_equal(rn_config_get(c, "run", "check_numerics"), "false");
  rn_config_destroy(c);
}

static void mistakes_are_named_with_file_and_line(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"[run]\n\nthread = 4\n", "runnel.conf:3: unknown setting 'run.thread' (did you mean 'run.threads'?)"},
      {"[run]\nfallback = warn\n", "runnel.conf:2: unknown setting 'run.fallback' (did you mean 'devices.fallback'?)"},
      {"[run]\nzzzzzzzz = 4\n", "runnel.conf:2: unknown setting 'run.zzzzzzzz'"},
      {"[runn]\nthreads = 4\n", "runnel.conf:2: unknown section 'runn' (did you mean 'run'?)"},
      {"[elsewhere]\nthreads = 4\n",
       "runnel.conf:2: unknown section 'elsewhere' (there are devices, kernels, place, plugins, programs, run, "
       "validate and "
       "plugin.ID)"},
      {"[run]\nthreads = many\n", "runnel.conf:2: run.threads is 'many', but must be a number from 0 to 4096"},
      {"[run]\nthreads = 99999999999999999999\n",
       "runnel.conf:2: run.threads is '99999999999999999999', but must be a number from 0 to 4096"},
      {"[run]\nlog_level = loud\n", "runnel.conf:2: run.log_level is 'loud', but must be error|warning|info|debug"},
      {"[run]\nlog_level = warn\n", "runnel.conf:2: run.log_level is 'warn', but must be error|warning|info|debug"},
      {"[run]\ncheck_numerics = maybe\n", "runnel.conf:2: run.check_numerics is 'maybe', but must be true or false"},
      {"[devices]\norder = cpu,,tpu\n",
       "runnel.conf:2: devices.order is 'cpu,,tpu', but must be names separated by single commas"},
      {"[place]\nlayer1 =\n", "runnel.conf:2: place.layer1 names no device"},
      {"[kernels]\nMatMul =\n",
       "runnel.conf:2: kernels.MatMul is '', but must be PLUGIN or PLUGIN/LABEL, separated by commas, with a '!' "
       "before what is never used"},
      {"[kernels]\nMatMul = cpu, !\n",
       "runnel.conf:2: kernels.MatMul is 'cpu, !', but must be PLUGIN or PLUGIN/LABEL, separated by commas, with a "
       "'!' before what is never used"},
      {"[validate]\nfail_allocation = -1\n",
       "runnel.conf:2: validate.fail_allocation is '-1', but must be a number, 0 or more"},
      {"threads = 4\n", "runnel.conf:1: a setting before the first [section]"},
      {"[run]\nthreads 4\n", "runnel.conf:2: neither '[section]' nor 'key = value'"},
      {"[run\nthreads = 4\n", "runnel.conf:1: neither '[section]' nor 'key = value'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rn_config *c = fresh();
    assert_fails(read_text(c, cases[i][0]), cases[i][1]);
    rn_config_destroy(c);
  }
}

static void odd_bytes_are_refused_or_harmless(void **state) {
  (void)state;
  rn_config *c = fresh();
  char line[1200] = "[plugins]\npath = ";
  memset(line + strlen(line), 'x', 1000);
  assert_fails(rn_config_read_text(c, line, strlen(line), "runnel.conf"), "runnel.conf:2: the line is too long");
  assert_fails(rn_config_read_text(c, "[run]\nthreads = 1\0002\n", 20, "runnel.conf"),
               "runnel.conf:2: not a text file");
  assert_null(read_text(c, "\xef\xbb\xbf[run]\r\nthreads = 1\r\n"));
  assert_string_equal(rn_config_get(c, "run", "threads"), "1");
  assert_null(read_text(c, "[run]\nthreads = 5"));
  assert_string_equal(rn_config_get(c, "run", "threads"), "5");
  assert_null(read_text(c, ""));
  assert_fails(rn_config_set(c, "threads=4", "flag"), "flag: 'threads=4' is not of the form section.key=value");
  assert_fails(rn_config_set(c, "run.threads", "flag"), "flag: 'run.threads' is not of the form section.key=value");
  rn_config_destroy(c);
}

static void the_environment_is_checked(void **state) {
  (void)state;
  rn_config *c = fresh();
  (void)setenv("RUNNEL_RUN_THREDS", "3", 1);
  assert_fails(rn_config_read_environment(c), "environment RUNNEL_RUN_THREDS: there is no such setting");
  (void)unsetenv("RUNNEL_RUN_THREDS");
  (void)setenv("RUNNEL_RUN_THREADS", "x", 1);
  assert_fails(rn_config_read_environment(c),
               "environment RUNNEL_RUN_THREADS: run.threads is 'x', but must be a number from 0 to 4096");
  (void)unsetenv("RUNNEL_RUN_THREADS");
  (void)setenv("RUNNEL_VALIDATE", "1", 1);
  assert_null(rn_config_read_environment(c));
  assert_string_equal(rn_config_get(c, "run", "validate"), "true");
  assert_string_equal(origin_of(c, "run", "validate"), "environment RUNNEL_VALIDATE");
  (void)setenv("RUNNEL_RUN_VALIDATE", "off", 1);
  assert_null(rn_config_read_environment(c));
  assert_string_equal(rn_config_get(c, "run", "validate"), "false");
  (void)unsetenv("RUNNEL_VALIDATE");
  (void)unsetenv("RUNNEL_RUN_VALIDATE");
  (void)setenv("RUNNEL_VALIDATE_FAIL_ALOCATION", "1", 1);
  assert_fails(rn_config_read_environment(c), "environment RUNNEL_VALIDATE_FAIL_ALOCATION: there is no such setting");
  (void)unsetenv("RUNNEL_VALIDATE_FAIL_ALOCATION");
  (void)setenv("RUNNEL_PLUGIN_PATH", "/elsewhere", 1); /* not a setting: the loader's */
  assert_null(rn_config_read_environment(c));
  rn_config_destroy(c);
}

/* A plugin's id may have what separates words in a variable's name. */
static void settings_of_plugins_come_from_the_environment(void **state) {
  (void)state;
  rn_config *c = fresh();
  assert_null(read_text(c, "[plugin.tpu]\nreport = file\ncells = true\n[plugin.big_one]\nthe_level = 1\n"));
  (void)setenv("RUNNEL_PLUGIN_TPU_REPORT", "counters.txt", 1);
  (void)setenv("RUNNEL_PLUGIN_BIG_ONE_THE_LEVEL", "2", 1);
  (void)setenv("RUNNEL_PLUGIN_TWO_WORDS_KEY", "3", 1);
  (void)setenv("RUNNEL_PLUGIN_", "odd", 1);
  (void)setenv("RUNNEL_PLUGIN_X", "odd", 1);
  assert_null(rn_config_read_environment(c));
  assert_string_equal(rn_config_get(c, "plugin.tpu", "report"), "counters.txt");
  assert_string_equal(origin_of(c, "plugin.tpu", "report"), "environment RUNNEL_PLUGIN_TPU_REPORT");
  assert_string_equal(rn_config_get(c, "plugin.tpu", "cells"), "true");
  assert_string_equal(rn_config_get(c, "plugin.big_one", "the_level"), "2"); /* stronger than the file */
  assert_string_equal(rn_config_get(c, "plugin.two-words", "key"), "3");
  assert_null(rn_config_get(c, "plugin.two", "words"));
  assert_null(rn_config_set(c, "plugin.big_one.the_level=4", "flag"));
  assert_string_equal(rn_config_get(c, "plugin.big_one", "the_level"), "4"); /* and a flag is stronger still */
  const char *set[] = {"RUNNEL_PLUGIN_TPU_REPORT", "RUNNEL_PLUGIN_BIG_ONE_THE_LEVEL", "RUNNEL_PLUGIN_TWO_WORDS_KEY",
                       "RUNNEL_PLUGIN_", "RUNNEL_PLUGIN_X"};
  for (size_t i = 0; i < sizeof set / sizeof *set; i++) (void)unsetenv(set[i]);
  rn_config_destroy(c);
}

static void files_are_read(void **state) {
  (void)state;
  char path[] = "/tmp/runnel_config_XXXXXX", expected[64];
  rn_config *c = fresh();
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "[run]\nthreads = 6\n", 18), 18);
  (void)close(fd);
  assert_null(rn_config_read_file(c, path));
  (void)snprintf(expected, sizeof expected, "%s:2", path);
  assert_string_equal(origin_of(c, "run", "threads"), expected);
  (void)unlink(path);
  rn_status *s = rn_config_read_file(c, path);
  assert_int_equal(rn_status_code(s), RN_NOT_FOUND);
  rn_status_free(s);
  assert_null(rn_config_read_file(c, "/dev/null"));
  s = rn_config_read_file(c, "/tmp");
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  rn_status_free(s);
  rn_config_destroy(c);
}

static void every_lack_of_memory_is_a_status(void **state) {
  (void)state;
  for (uint64_t nth = 1;; nth++) {
    rn_config *c = NULL;
    rn_mem_fail_at(nth, 0);
    rn_status *s = rn_config_create(&c);
    if (s == NULL) s = read_text(c, "[run]\nthreads = 4\n[place]\nop:X = cpu\n[plugin.a]\nb = c\n");
    if (s == NULL) s = rn_config_set(c, "plugin.b.c=d", "flag");
    rn_mem_fail_at(0, 0);
    rn_config_destroy(c);
    if (s == NULL) break;
    assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
    rn_status_free(s);
    assert_true(nth < 1000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(defaults_are_there),
                                     cmocka_unit_test(later_sources_win_and_are_named),
                                     cmocka_unit_test(placement_rules_keep_their_order),
                                     cmocka_unit_test(sections_come_sorted),
                                     cmocka_unit_test(switches_are_kept_in_one_spelling),
                                     cmocka_unit_test(mistakes_are_named_with_file_and_line),
                                     cmocka_unit_test(odd_bytes_are_refused_or_harmless),
                                     cmocka_unit_test(the_environment_is_checked),
                                     cmocka_unit_test(settings_of_plugins_come_from_the_environment),
                                     cmocka_unit_test(files_are_read),
                                     cmocka_unit_test(every_lack_of_memory_is_a_status)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
