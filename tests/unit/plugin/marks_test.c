/* marks_test.c - the user's marks on plugins: written, read, and what a damaged file does (tests/unit/plugin). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "plugin/marks.h"

static char folder[] = "/tmp/runnel_marks_XXXXXX";
static char path[200];
static rn_arena arena;

static int begin(void **state) {
  (void)state;
  rn_arena_init(&arena, 4096);
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(path, sizeof path, "%s/runnel/plugins/plugins.state", folder);
  return setenv("XDG_DATA_HOME", folder, 1);
}
static int end(void **state) {
  (void)state;
  char command[300];
  rn_arena_finish(&arena);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}
static int forget(void **state) {
  (void)state;
  unlink(path);
  return 0;
}
static rn_marks marks(void) {
  rn_marks m;
  assert_null(rn_marks_read(&arena, path, &m));
  return m;
}
static void write_text(const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void a_mark_holds_for_its_build(void **state) {
  (void)state;
  assert_null(rn_plugin_mark(RN_MARK_QUARANTINED, "a", "b1", "it crashed\tin\ninit"));
  rn_marks m = marks();
  const rn_mark *k = rn_marks_find(&m, RN_MARK_QUARANTINED, "a", "b1");
  assert_non_null(k);
  assert_string_equal(k->text, "it crashed in init");
  assert_null(rn_marks_find(&m, RN_MARK_QUARANTINED, "a", "b2"));
  assert_null(rn_marks_find(&m, RN_MARK_QUARANTINED, "b", "b1"));
  assert_null(rn_marks_find(&m, RN_MARK_DISABLED, "a", "b1"));
  assert_non_null(rn_marks_find(&m, RN_MARK_QUARANTINED, NULL, "b1"));
  assert_null(rn_plugin_mark(RN_MARK_DISABLED, "a", "", ""));
  m = marks();
  assert_int_equal(m.count, 2);
  assert_non_null(rn_marks_find(&m, RN_MARK_DISABLED, "a", "any build"));
}

static void a_plugin_has_one_mark_of_a_kind(void **state) {
  (void)state;
  int was;
  assert_null(rn_plugin_mark(RN_MARK_VERIFIED, "a", "b1", "monday"));
  assert_null(rn_plugin_mark(RN_MARK_VERIFIED, "a", "b2", "friday"));
  rn_marks m = marks();
  assert_int_equal(m.count, 1);
  assert_string_equal(m.items[0].build, "b2");
  assert_null(rn_plugin_unmark(RN_MARK_VERIFIED, "a", &was));
  assert_true(was);
  assert_null(rn_plugin_unmark(RN_MARK_VERIFIED, "a", &was));
  assert_false(was);
  assert_int_equal(marks().count, 0);
  rn_status *s = rn_plugin_mark(7, "a", "", "");
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  rn_status_free(s);
}

static void lines_of_a_later_version_stay(void **state) {
  (void)state;
  char text[300];
  write_text("runnel-plugins 1\npinned\tx\t\tby hand\n\ndisabled\ty\n");
  assert_int_equal(marks().count, 2);
  assert_null(rn_plugin_mark(RN_MARK_DISABLED, "z", "", ""));
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  text[fread(text, 1, sizeof text - 1, f)] = '\0';
  fclose(f);
  assert_string_equal(text, "runnel-plugins 1\npinned\tx\t\tby hand\ndisabled\ty\t\t\ndisabled\tz\t\t\n");
}

static void a_damaged_file_is_named_and_disables_nothing(void **state) {
  (void)state;
  rn_marks m;
  write_text("disabled\ty\n");
  rn_status *s = rn_marks_read(&arena, path, &m);
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  assert_non_null(strstr(rn_status_message(s), "plugins.state:1: not a list of marks"));
  rn_status_free(s);
  assert_int_equal(m.count, 0);
  rn_runtime *rt = NULL; /* programs go on, with a warning */
  assert_null(rn_runtime_create(NULL, &rt));
  rn_runtime_destroy(rt);
  unlink(path);
  assert_int_equal(mkdir(path, 0755), 0);
  s = rn_marks_read(&arena, path, &m);
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  rn_status_free(s);
  rmdir(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup(a_mark_holds_for_its_build, forget),
                                     cmocka_unit_test_setup(a_plugin_has_one_mark_of_a_kind, forget),
                                     cmocka_unit_test_setup(lines_of_a_later_version_stay, forget),
                                     cmocka_unit_test_setup(a_damaged_file_is_named_and_disables_nothing, forget)};
  return cmocka_run_group_tests(tests, begin, end);
}
