/* command.h - running the runnel command in a test's folder, and what it said (tests/e2e). */
#ifndef RN_TESTS_COMMAND_H
#define RN_TESTS_COMMAND_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

static char output[1 << 20]; /* of the last command, both streams */

/* In the shell, where `runnel` is the command that was built. The exit code, -1 when a signal ended it. */
static inline int command_run(const char *folder, const char *command) {
  char whole[8192];
  int size_chars = snprintf(whole, sizeof whole, "cd %s; runnel() { \"$RUNNEL_BIN/runnel\" \"$@\"; }; { %s; } 2>&1",
                            folder, command);
  assert_in_range(size_chars, 1, sizeof whole - 1);
  FILE *p = popen(whole, "r");
  assert_non_null(p);
  size_t n = fread(output, 1, sizeof output - 1, p);
  output[n] = '\0';
  int status = pclose(p);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void says(const char *words) {
  if (strstr(output, words) == NULL) fail_msg("'%s' is not in:\n%s", words, output);
}
#endif
