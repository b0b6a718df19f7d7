/* verbs.h - the verbs of `runnel plugin`, a file each; plugin.c holds their table (frontends/cli/plugin). */
#ifndef RN_CLI_PLUGIN_VERBS_H
#define RN_CLI_PLUGIN_VERBS_H
#include "cli.h"
/* The verb itself is taken already. */
int plugin_list(cli *c);
int plugin_info(cli *c);
int plugin_why(cli *c);
int plugin_verify(cli *c);
int plugin_install(cli *c);
int plugin_remove(cli *c);
int plugin_disable(cli *c);
int plugin_enable(cli *c);
#endif
