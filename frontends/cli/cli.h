/* cli.h - what all commands share: arguments, the runtime, JSON or text out (frontends/cli).
 *
 * A command reads its options with cli_flag and cli_option, then its positional arguments; what is
 * left over is an error. It returns the process's exit code: 0 done, 1 failed, 2 called wrongly. */
#ifndef RN_CLI_CLI_H
#define RN_CLI_CLI_H
#include <cjson/cJSON.h>
#include <runnel/runnel.h>

typedef struct cli {
  const char *command;
  char **args; /* those not taken yet */
  int count;
  int json;
  rn_runtime *runtime;
  const char *config_file;  /* --config; NULL: the usual ones */
  const char *settings[64]; /* --set */
  uint32_t n_settings;
} cli;

int cli_flag(cli *c, const char *name);               /* takes --name */
const char *cli_option(cli *c, const char *name);     /* takes --name V or --name=V; NULL: not given */
const char *cli_positional(cli *c);                   /* takes the next word; NULL: none, or an option comes first */
int cli_finish(cli *c);                               /* 0 and a message when something is left over */
int cli_usage(const cli *c, const char *what);        /* prints what is wrong; returns 2 */
int cli_fail(const cli *c, rn_status *s /* given */); /* prints it; returns 1 */
int cli_print_json(cJSON *object /* given */);        /* returns 0 */
void cli_tell(void *arg, int level, const char *message); /* a runtime's messages, on standard error */
const char *cli_first_line(const char *text, char *buf, size_t size_bytes);
#endif
