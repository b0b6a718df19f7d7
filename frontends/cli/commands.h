/* commands.h - every command's entry (frontends/cli). */
#ifndef RN_CLI_COMMANDS_H
#define RN_CLI_COMMANDS_H
#include "cli.h"
int command_devices(cli *c);
int command_ops(cli *c);
int command_optimizers(cli *c);
int command_plugin(cli *c);
int command_config(cli *c);
int command_run(cli *c);
int command_show(cli *c);
int command_draw(cli *c);
#endif
