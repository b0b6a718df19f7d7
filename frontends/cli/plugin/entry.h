/* entry.h - the plugins of the runtime as JSON objects, which all plugin verbs show and ask (frontends/cli/plugin).
 *
 * {id, version, license, doc, path, folder, source, state, reason, life, step, build, verified, winner, abi, cpu, ops,
 * kernels, devices, compilers, optimizers, passes}. Strings are never missing. */
#ifndef RN_CLI_PLUGIN_ENTRY_H
#define RN_CLI_PLUGIN_ENTRY_H
#include "cli.h"

cJSON *plugin_entries(rn_runtime *rt); /* an array, in the order of the search. own: owned, cJSON_Delete */
const char *plugin_text(const cJSON *entry, const char *key); /* "" when it is not there */
cJSON *plugin_in_force(const cJSON *entries, const char *id); /* the first with this id; NULL. own: borrowed */
cJSON *plugin_at(const cJSON *entries, const char *path);     /* the one of this file; NULL. own: borrowed */
int plugin_is(const cJSON *entry, const char *state);
/* An absolute path if the word names a file ("./x.so", "x.so"), else NULL: an id. own: owned, free */
char *plugin_file_path(const char *word);
void plugin_print_folders(rn_runtime *rt);
void plugin_add_folders(rn_runtime *rt, cJSON *to); /* "folders": [...] */
/* A runtime as the next program would make it: after a change. */
rn_status *plugin_look_again(const cli *c, rn_runtime **out);
/* Takes --timeout S; 0 and a message: no number. */
int plugin_timeout(cli *c, double *out);
void plugin_now(char out[32]); /* "2026-11-24 20:15" */
#endif
