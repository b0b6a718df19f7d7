/* disasm.c - runnel tpu disasm: a program file as text (frontends/cli/tpu). */
#include <runnel/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include "tpu/verbs.h"

static void print_values(const char *word, const rn_program_value *v, uint32_t n, uint32_t first) {
  for (uint32_t i = 0; i < n; i++) {
    char shape[192];
    (void)rn_shape_print(&v[i].shape, shape, sizeof shape);
    printf("; io%u %s %s %s %s\n", first + i, v[i].data ? "constant" : word, rn_dtype_name(v[i].dtype), shape,
           v[i].name);
  }
}

static void print_head(const rn_program_info *info) {
  printf("; for %s '%s', by compiler '%s' of %s %s\n", info->device, info->machine, info->compiler, info->plugin,
         info->version);
  for (uint32_t i = 0; i < info->n_nodes; i++) printf("; node %s\n", info->nodes[i]);
  print_values("in", info->in, info->n_in, 0);
  print_values("out", info->out, info->n_out, info->n_in);
  print_values("variable", info->cells, info->n_cells, info->n_in + info->n_out);
}

static cJSON *json_values(const rn_program_value *v, uint32_t n) {
  cJSON *list = cJSON_CreateArray();
  for (uint32_t i = 0; i < n; i++) {
    cJSON *o = cJSON_CreateObject(), *shape = cJSON_CreateArray();
    for (int32_t d = 0; d < v[i].shape.rank; d++)
      cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)v[i].shape.dim[d]));
    cJSON_AddStringToObject(o, "name", v[i].name);
    cJSON_AddStringToObject(o, "dtype", rn_dtype_name(v[i].dtype));
    cJSON_AddItemToObject(o, "shape", shape);
    cJSON_AddBoolToObject(o, "constant", v[i].data != NULL);
    cJSON_AddItemToArray(list, o);
  }
  return list;
}

static int print_json(const rn_program_info *info, const char *text) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "device", info->device);
  cJSON_AddStringToObject(o, "machine", info->machine);
  cJSON_AddStringToObject(o, "compiler", info->compiler);
  cJSON_AddStringToObject(o, "plugin", info->plugin);
  cJSON_AddStringToObject(o, "version", info->version);
  cJSON *nodes = cJSON_AddArrayToObject(o, "nodes");
  for (uint32_t i = 0; i < info->n_nodes; i++) cJSON_AddItemToArray(nodes, cJSON_CreateString(info->nodes[i]));
  cJSON_AddItemToObject(o, "in", json_values(info->in, info->n_in));
  cJSON_AddItemToObject(o, "out", json_values(info->out, info->n_out));
  cJSON_AddItemToObject(o, "variables", json_values(info->cells, info->n_cells));
  cJSON_AddStringToObject(o, "text", text);
  return cli_print_json(o);
}

int tpu_disasm(cli *c) {
  const char *device = cli_option(c, "device"), *path = cli_positional(c);
  rn_program *p = NULL;
  char *text = NULL;
  if (!path) return cli_usage(c, "which program?");
  if (!cli_finish(c)) return 2;
  rn_status *s = rn_program_open(c->runtime, path, device, &p);
  if (!s) s = rn_program_print(p, RN_PROGRAM_TEXT, &text);
  int code = 0;
  if (!s && c->json) code = print_json(rn_program_get_info(p), text);
  if (!s && !c->json) {
    print_head(rn_program_get_info(p));
    fputs(text, stdout);
  }
  free(text);
  rn_program_destroy(p);
  return s ? cli_fail(c, s) : code;
}
