/* optimizers.c - runnel optimizers (frontends/cli). */
#include <runnel/plugin.h>
#include <stdio.h>
#include "commands.h"

typedef struct listing {
  cJSON *array;
  int count;
} listing;

static void add_json(cJSON *array, const rn_optimizer_def *o, const char *plugin) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "name", o->name);
  cJSON_AddStringToObject(item, "doc", o->doc ? o->doc : "");
  cJSON_AddStringToObject(item, "plugin", plugin);
  cJSON *hypers = cJSON_AddArrayToObject(item, "hyperparameters");
  for (uint32_t i = 0; i < o->hypers.count; i++) {
    const rn_hyper_def *h = (const rn_hyper_def *)((const char *)o->hypers.items + (size_t)i * o->hypers.item_size);
    cJSON *e = cJSON_CreateObject();
    cJSON_AddStringToObject(e, "name", h->name);
    cJSON_AddNumberToObject(e, "default", h->default_value);
    cJSON_AddStringToObject(e, "doc", h->doc ? h->doc : "");
    cJSON_AddItemToArray(hypers, e);
  }
  cJSON_AddItemToArray(array, item);
}

static void visit(void *arg, const rn_optimizer_def *o, const char *plugin) {
  listing *l = arg;
  char line[160];
  l->count++;
  if (l->array)
    add_json(l->array, o, plugin);
  else
    printf("%-18s %-12s %s\n", o->name, plugin, cli_first_line(o->doc, line, sizeof line));
}

static void print_one(const rn_optimizer_def *o, const char *plugin) {
  printf("%s (plugin %s)\n\n%s\n\nhyper-parameters:\n", o->name, plugin, o->doc ? o->doc : "");
  for (uint32_t i = 0; i < o->hypers.count; i++) {
    const rn_hyper_def *h = (const rn_hyper_def *)((const char *)o->hypers.items + (size_t)i * o->hypers.item_size);
    printf("  %-28s %-10g %s\n", h->name, h->default_value, h->doc ? h->doc : "");
  }
}

int command_optimizers(cli *c) {
  const char *name = cli_positional(c);
  if (!cli_finish(c)) return 2;
  listing l = {c->json ? cJSON_CreateArray() : NULL, 0};
  rn_status *s;
  if (name) {
    const rn_optimizer_def *o;
    const char *plugin;
    s = rn_runtime_optimizer(c->runtime, name, &o, &plugin);
    if (!s && l.array) add_json(l.array, o, plugin);
    if (!s && !l.array) print_one(o, plugin);
  } else {
    s = rn_runtime_optimizers(c->runtime, visit, &l);
  }
  if (s) {
    cJSON_Delete(l.array);
    return cli_fail(c, s);
  }
  return l.array ? cli_print_json(l.array) : 0;
}
