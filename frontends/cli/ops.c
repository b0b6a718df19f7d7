/* ops.c - runnel ops (frontends/cli). */
#include <runnel/plugin.h>
#include <stdio.h>
#include <string.h>
#include "commands.h"

typedef struct listing {
  cli *c;
  cJSON *array;
  int count, full;
} listing;

static void kernel_row(void *arg, const rn_kernel_info *k) {
  listing *l = arg;
  if (!l->array) {
    printf("  %-8s %-10s priority %-4d %-34s (%s)\n", k->device_type, k->label, (int)k->priority,
           k->types && k->types[0] ? k->types : "all types", k->plugin);
    return;
  }
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "device", k->device_type);
  cJSON_AddStringToObject(o, "label", k->label ? k->label : "");
  cJSON_AddStringToObject(o, "types", k->types ? k->types : "");
  cJSON_AddNumberToObject(o, "priority", k->priority);
  cJSON_AddStringToObject(o, "plugin", k->plugin);
  cJSON_AddItemToArray(l->array, o);
}

static void add_json(listing *l, const rn_op_info *o) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "name", o->name);
  cJSON_AddStringToObject(item, "signature", o->signature);
  cJSON_AddStringToObject(item, "doc", o->doc ? o->doc : "");
  cJSON_AddStringToObject(item, "plugin", o->plugin);
  cJSON_AddBoolToObject(item, "differentiable", o->has_gradient);
  cJSON_AddBoolToObject(item, "stateful", (o->flags & RN_OP_STATEFUL) != 0);
  if (l->full) {
    listing kernels = {l->c, cJSON_AddArrayToObject(item, "kernels"), 0, 0};
    rn_status_free(rn_runtime_kernels(l->c->runtime, o->name, kernel_row, &kernels));
  }
  cJSON_AddItemToArray(l->array, item);
}

static void visit(void *arg, const rn_op_info *o) {
  listing *l = arg;
  char line[160];
  l->count++;
  if (l->array) {
    add_json(l, o);
  } else if (!l->full) {
    printf("%-36s %-10s %s\n", o->name, o->plugin, cli_first_line(o->doc, line, sizeof line));
  } else {
    printf("%s %s\n\n%s\n\ngradient: %s; plugin: %s\nkernels:\n", o->name, o->signature, o->doc ? o->doc : "",
           o->has_gradient ? "yes" : "no", o->plugin);
    rn_status_free(rn_runtime_kernels(l->c->runtime, o->name, kernel_row, l));
  }
}

int command_ops(cli *c) {
  const char *name = cli_positional(c);
  if (!cli_finish(c)) return 2;
  listing l = {c, c->json ? cJSON_CreateArray() : NULL, 0, name != NULL};
  rn_status *s = name ? rn_runtime_op(c->runtime, name, visit, &l) : rn_runtime_ops(c->runtime, visit, &l);
  if (s) {
    cJSON_Delete(l.array);
    return cli_fail(c, s);
  }
  if (l.array) return cli_print_json(l.array);
  if (!name) printf("%d ops\n", l.count);
  return 0;
}
