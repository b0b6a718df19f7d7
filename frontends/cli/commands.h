/* commands.h - a command as the table holds it, and every command's entry (frontends/cli). */
#ifndef RN_CLI_COMMANDS_H
#define RN_CLI_COMMANDS_H
#include <stdio.h>
#include "cli.h"

typedef struct command {
  const char *name;    /* one word, or two for the verb of a group: "plugin list"; a group's rows stand together */
  int (*run)(cli *c);  /* gets the arguments after the first word, so a group sees its verb */
  const char *summary; /* one line of a list; NULL: a hidden command */
  const char *help;    /* usage, text, options, examples: README.md says in which form */
} command;
extern const command commands[]; /* commands.c; ends with a row without a name */
extern const char common_help[]; /* the options of all commands */

const command *help_find(char **words, int count); /* the row that the words begin with, or NULL */
const command *help_find_group(const char *name);  /* the group's first row, or NULL */
void help_overview(FILE *to);                      /* all commands */
void help_group(const char *group);                /* a group's verbs */
int help_command(char **words, int count);         /* runnel help [COMMAND [VERB] | --all]; the exit code */

int command_devices(cli *c);
int command_ops(cli *c);
int command_optimizers(cli *c);
int command_plugin(cli *c);
int command_plugin_new(cli *c);
int command_plugin_check(cli *c, int is_worker);
int command_config(cli *c);
int command_run(cli *c);
int command_explain(cli *c);
int command_show(cli *c);
int command_draw(cli *c);
int command_plot(cli *c);
int command_tpu(cli *c);
int command_report(cli *c);
int command_board(cli *c);
#endif
