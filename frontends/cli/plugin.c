/* plugin.c - runnel plugin list, info and why (frontends/cli). */
#include <stdio.h>
#include <string.h>
#include "commands.h"

typedef struct listing {
  cJSON *array;
  const char *wanted; /* NULL: all */
  int count;
} listing;

static void add_json(cJSON *array, const rn_plugin_info *p) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "id", p->id);
  cJSON_AddStringToObject(o, "version", p->version);
  cJSON_AddStringToObject(o, "license", p->license);
  cJSON_AddStringToObject(o, "doc", p->doc);
  cJSON_AddStringToObject(o, "path", p->path);
  cJSON_AddStringToObject(o, "state", p->state);
  cJSON_AddStringToObject(o, "reason", p->reason);
  cJSON_AddNumberToObject(o, "ops", p->n_ops);
  cJSON_AddNumberToObject(o, "kernels", p->n_kernels);
  cJSON_AddNumberToObject(o, "devices", p->n_devices);
  cJSON_AddNumberToObject(o, "compilers", p->n_compilers);
  cJSON_AddNumberToObject(o, "optimizers", p->n_optimizers);
  cJSON_AddNumberToObject(o, "passes", p->n_passes);
  cJSON_AddItemToArray(array, o);
}

static void visit(void *arg, const rn_plugin_info *p) {
  listing *l = arg;
  if (l->wanted && strcmp(l->wanted, p->id) != 0) return;
  l->count++;
  if (l->array) {
    add_json(l->array, p);
  } else if (l->wanted) {
    printf(
        "%s %s (%s)\n%s\n\nfile:    %s\nstate:   %s%s%s\noffers:  %u ops, %u kernels, %u devices, %u compilers, "
        "%u optimizers, %u passes\n",
        p->id, p->version, p->license, p->doc, p->path, p->state, p->reason[0] ? ": " : "", p->reason, p->n_ops,
        p->n_kernels, p->n_devices, p->n_compilers, p->n_optimizers, p->n_passes);
  } else {
    printf("%-14s %-8s %-9s %4u ops %5u kernels %2u devices %2u optimizers  %s\n", p->id, p->version, p->state,
           p->n_ops, p->n_kernels, p->n_devices, p->n_optimizers, p->path);
    if (p->reason[0]) printf("               %s\n", p->reason);
  }
}

static void print_folders(cli *c) {
  const char *const *folders;
  uint32_t n = rn_runtime_plugin_folders(c->runtime, &folders);
  puts("folders searched:");
  for (uint32_t i = 0; i < n; i++) printf("  %s\n", folders[i]);
}

static int why(cli *c, const char *what) {
  rn_status *s = rn_runtime_load(c->runtime, what);
  if (c->json) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "plugin", what);
    cJSON_AddBoolToObject(o, "loads", s == NULL);
    cJSON_AddStringToObject(o, "reason", rn_status_message(s));
    int code = s != NULL;
    rn_status_free(s);
    return cli_print_json(o) | code;
  }
  if (s) {
    int code = cli_fail(c, s);
    print_folders(c);
    return code;
  }
  printf("%s loads\n", what);
  return 0;
}

int command_plugin(cli *c) {
  const char *verb = cli_positional(c);
  const char *what = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!verb) return cli_usage(c, "say list, info or why");
  if (strcmp(verb, "why") == 0) return what ? why(c, what) : cli_usage(c, "why which plugin?");
  int info = strcmp(verb, "info") == 0;
  if (!info && strcmp(verb, "list") != 0) return cli_usage(c, "say list, info or why");
  if (info && !what) return cli_usage(c, "info on which plugin?");
  listing l = {c->json ? cJSON_CreateArray() : NULL, info ? what : NULL, 0};
  rn_runtime_plugins(c->runtime, visit, &l);
  if (info && l.count == 0) {
    cJSON_Delete(l.array);
    int code = cli_fail(c, rn_status_make(RN_NOT_FOUND, "no plugin '%s'", what));
    print_folders(c);
    return code;
  }
  if (l.array) return cli_print_json(l.array);
  if (!info) print_folders(c);
  return 0;
}
