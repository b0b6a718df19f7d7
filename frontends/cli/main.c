/* main.c - the runnel command: from its arguments to a row of commands.c (frontends/cli). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "install/trial.h"

/* What the runtime has to say, a fallback above all, is not for the pipe that the results go to. */
void cli_tell(void *arg, int level, const char *message) {
  static const char *const names[] = {"", "error", "warning", "info", "debug"};
  (void)arg;
  fprintf(stderr, "runnel: %s: %s\n", level >= RN_LOG_ERROR && level <= RN_LOG_DEBUG ? names[level] : "note", message);
}

static rn_status *create_runtime(cli *c) {
  const uint32_t most = sizeof c->settings / sizeof c->settings[0];
  const char *s;
  c->config_file = cli_option(c, "config");
  while ((s = cli_option(c, "set")) != NULL) {
    if (c->n_settings == most) return rn_status_make(RN_INVALID_ARGUMENT, "more than %u --set options", most);
    c->settings[c->n_settings++] = s;
  }
  rn_runtime_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = (uint32_t)sizeof options;
  options.config_file = c->config_file;
  options.settings = c->settings;
  options.n_settings = c->n_settings;
  if (strcmp(c->command, "plugin") != 0) options.log = cli_tell; /* what it finds is the answer of `plugin` */
  if (strcmp(c->command, "plugin") == 0) options.flags = RN_RUNTIME_ASK_LATER; /* it is about plugins that may crash */
  return rn_runtime_create(&options, &c->runtime);
}

static int run_command(const command *row, cli *c) {
  c->json = cli_flag(c, "json");
  rn_status *status = create_runtime(c);
  if (status) return cli_fail(c, status);
  int code = row->run(c);
  rn_runtime_destroy(c->runtime);
  return code;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    help_overview(stderr);
    return 2;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
    return help_command(argv + 2, argc - 2);
  if (strcmp(argv[1], "--version") == 0) {
    printf("runnel %s\n", rn_version());
    return 0;
  }
  if (strcmp(argv[1], TRIAL_WORD) == 0) return trial_child(argc - 2, argv + 2);
  cli c = {.command = argv[1], .args = argv + 2, .count = argc - 2};
  const command *row = help_find(argv + 1, argc - 1);
  if (cli_flag(&c, "help") || cli_flag(&c, "h")) return help_command(argv + 1, row && strchr(row->name, ' ') ? 2 : 1);
  if (!row) row = help_find_group(argv[1]); /* it knows hidden verbs and complains about others */
  if (row) return run_command(row, &c);
  return help_command(argv + 1, 1);
}
