/* plugin.c - runnel plugin: the table of its verbs, a line each (frontends/cli/plugin). */
#include <string.h>
#include "commands.h"
#include "plugin/verbs.h"

static int check(cli *c) { return command_plugin_check(c, 0); }
static int check_worker(cli *c) { return command_plugin_check(c, 1); } /* what check starts */

static const struct {
  const char *word;
  int (*run)(cli *c);
} verbs[] = {
    {"list", plugin_list},
    {"info", plugin_info},
    {"why", plugin_why},
    {"verify", plugin_verify},
    {"install", plugin_install},
    {"remove", plugin_remove},
    {"disable", plugin_disable},
    {"enable", plugin_enable},
    {"new", command_plugin_new},
    {"check", check},
    {"check-worker", check_worker},
};

int command_plugin(cli *c) {
  const char *word = cli_positional(c);
  for (size_t i = 0; word && i < sizeof verbs / sizeof verbs[0]; i++)
    if (strcmp(verbs[i].word, word) == 0) return verbs[i].run(c);
  return cli_usage(c, word ? "there is no such verb" : "say what to do with plugins: list, info, install, ...");
}
