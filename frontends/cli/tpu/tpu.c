/* tpu.c - runnel tpu: the table of its verbs, a line each (frontends/cli/tpu). */
#include <string.h>
#include "commands.h"
#include "tpu/verbs.h"

static const struct {
  const char *word;
  int (*run)(cli *c);
} verbs[] = {{"compile", tpu_compile}, {"disasm", tpu_disasm}, {"run", tpu_run}, {"profile", tpu_profile}};

int command_tpu(cli *c) {
  const char *word = cli_positional(c);
  for (size_t i = 0; word && i < sizeof verbs / sizeof verbs[0]; i++)
    if (strcmp(verbs[i].word, word) == 0) return verbs[i].run(c);
  return cli_usage(c, word ? "there is no such verb" : "say what to do: compile, disasm, run or profile");
}
