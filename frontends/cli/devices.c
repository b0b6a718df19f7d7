/* devices.c - runnel devices (frontends/cli). */
#include <stdio.h>
#include "commands.h"

typedef struct listing {
  cJSON *array; /* NULL: print a table */
  int count;
} listing;

static void visit(void *arg, const rn_device_entry *d) {
  listing *l = arg;
  l->count++;
  if (!l->array) {
    printf("%-18s %-8s %-34s %8.1f GiB  %s\n", d->full_name, d->plugin, d->name, (double)d->memory_bytes / (1 << 30),
           d->driver);
    return;
  }
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "device", d->full_name);
  cJSON_AddStringToObject(o, "type", d->type);
  cJSON_AddNumberToObject(o, "index", d->index);
  cJSON_AddStringToObject(o, "name", d->name);
  cJSON_AddStringToObject(o, "vendor", d->vendor);
  cJSON_AddStringToObject(o, "driver", d->driver);
  cJSON_AddStringToObject(o, "uuid", d->uuid);
  cJSON_AddStringToObject(o, "plugin", d->plugin);
  cJSON_AddNumberToObject(o, "memory_bytes", (double)d->memory_bytes);
  cJSON_AddItemToArray(l->array, o);
}

int command_devices(cli *c) {
  if (!cli_finish(c)) return 2;
  listing l = {c->json ? cJSON_CreateArray() : NULL, 0};
  rn_status *s = rn_runtime_devices(c->runtime, visit, &l);
  if (s) {
    cJSON_Delete(l.array);
    return cli_fail(c, s);
  }
  if (l.array) return cli_print_json(l.array);
  if (l.count == 0) puts("no device: no plugin that offers one was found (see runnel plugin list)");
  return 0;
}
