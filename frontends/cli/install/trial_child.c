/* trial_child.c - the child of a trial: runs the plugin and tells its parent what it does (frontends/cli/install).
 * What it tells, on the descriptor it is given: "step NAME\n" before each, "log TEXT\n", then "fail CODE BYTES\n" or
 * "manifest BYTES\n" with so many bytes after it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "install/trial.h"

static void tell_step(void *arg, const char *name) { dprintf(*(int *)arg, "step %s\n", name); }

static void tell_log(void *arg, int level, const char *message) {
  (void)level;
  dprintf(*(int *)arg, "log %.*s\n", (int)strcspn(message, "\n"), message);
}

static void tell_block(int fd, const char *head, const char *text) {
  size_t n = strlen(text);
  dprintf(fd, "%s %zu\n", head, n);
  while (n > 0) {
    ssize_t done = write(fd, text, n);
    if (done <= 0) return;
    text += done;
    n -= (size_t)done;
  }
}

static int tell_failure(int fd, rn_status *s) {
  char head[32];
  snprintf(head, sizeof head, "fail %d", (int)rn_status_code(s));
  tell_block(fd, head, rn_status_message(s));
  rn_status_free(s);
  return 1;
}

int trial_child(int count, char **words) {
  rn_runtime *rt = NULL;
  char *manifest = NULL;
  if (count < 4) return 2;
  int fd = atoi(words[0]);
  rn_runtime_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.plugin_path = ""; /* this plugin and no other */
  o.config_file = words[3][0] ? words[3] : NULL;
  o.settings = (const char *const *)(words + 4);
  o.n_settings = (uint32_t)(count - 4);
  o.log = tell_log;
  o.log_arg = &fd;
  tell_step(&fd, "check");
  rn_status *s = rn_plugin_file_check(words[1], strcmp(words[2], "-") == 0 ? NULL : words[2]);
  if (s == NULL) s = rn_runtime_create(&o, &rt);
  if (s == NULL) s = rn_plugin_try(rt, words[1], tell_step, &fd, &manifest);
  rn_runtime_destroy(rt);
  if (s != NULL) return tell_failure(fd, s);
  tell_step(&fd, "exit"); /* destructors and what it left for the end */
  tell_block(fd, "manifest", manifest);
  rn_plugin_manifest_free(manifest);
  return 0;
}
