/* config.c - runnel config (frontends/cli). */
#include <stdio.h>
#include "commands.h"

static void visit(void *arg, const rn_setting_info *s) {
  cJSON *array = arg;
  if (!array) {
    char name[256];
    snprintf(name, sizeof name, "%s.%s", s->section, s->key);
    printf("%-28s %-24s %s\n", name, s->value[0] ? s->value : "(empty)", s->source);
    return;
  }
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "section", s->section);
  cJSON_AddStringToObject(o, "key", s->key);
  cJSON_AddStringToObject(o, "value", s->value);
  cJSON_AddStringToObject(o, "source", s->source);
  cJSON_AddItemToArray(array, o);
}

int command_config(cli *c) {
  if (!cli_finish(c)) return 2;
  cJSON *array = c->json ? cJSON_CreateArray() : NULL;
  rn_runtime_settings(c->runtime, visit, array);
  return array ? cli_print_json(array) : 0;
}
