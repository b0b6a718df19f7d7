/* show.c - runnel show: a graph file as text (frontends/cli). */
#include <runnel/plugin.h>
#include <stdio.h>
#include <string.h>
#include "commands.h"
#include "graph_file.h"

static void value_text(const rn_graph *g, rn_value v, char *buf, size_t size_bytes) {
  char shape[160] = "";
  rn_shape_print(rn_graph_shape(g, v), shape, sizeof shape);
  snprintf(buf, size_bytes, "%s%s", rn_dtype_name(rn_graph_dtype(g, v)), shape);
}

static void print_node(const rn_graph *g, rn_node_id n) {
  char text[256];
  printf("%s = %s(", rn_graph_name(g, n), rn_graph_op(g, n));
  const char *comma = "";
  for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
    rn_value v = rn_graph_input(g, n, i);
    if (v.node == RN_NO_NODE) continue;
    printf("%s%s", comma, rn_graph_name(g, v.node));
    if (v.port) printf(":%u", v.port);
    comma = ", ";
  }
  for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++) {
    printf("%s^%s", comma, rn_graph_name(g, rn_graph_control(g, n, i)));
    comma = ", ";
  }
  fputs(")", stdout);
  for (uint32_t i = 0; i < rn_graph_output_count(g, n); i++) {
    value_text(g, (rn_value){n, i}, text, sizeof text);
    printf("%s%s", i ? ", " : " -> ", text);
  }
  if (rn_graph_device(g, n)[0]) printf("  @%s", rn_graph_device(g, n));
  if (!rn_graph_op_known(g, n, NULL, NULL)) fputs("  (unknown op)", stdout);
  putchar('\n');
}

static cJSON *json_node(const rn_graph *g, rn_node_id n) {
  char text[512];
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "name", rn_graph_name(g, n));
  cJSON_AddStringToObject(o, "op", rn_graph_op(g, n));
  cJSON_AddStringToObject(o, "device", rn_graph_device(g, n));
  cJSON_AddBoolToObject(o, "known", rn_graph_op_known(g, n, NULL, NULL));
  cJSON *inputs = cJSON_AddArrayToObject(o, "inputs");
  for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
    rn_value v = rn_graph_input(g, n, i);
    if (v.node == RN_NO_NODE) continue;
    snprintf(text, sizeof text, "%s:%u", rn_graph_name(g, v.node), v.port);
    cJSON_AddItemToArray(inputs, cJSON_CreateString(text));
  }
  cJSON *controls = cJSON_AddArrayToObject(o, "control_inputs");
  for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++)
    cJSON_AddItemToArray(controls, cJSON_CreateString(rn_graph_name(g, rn_graph_control(g, n, i))));
  cJSON *outputs = cJSON_AddArrayToObject(o, "outputs");
  for (uint32_t i = 0; i < rn_graph_output_count(g, n); i++) {
    value_text(g, (rn_value){n, i}, text, sizeof text);
    cJSON_AddItemToArray(outputs, cJSON_CreateString(text));
  }
  return o;
}

static int show_json(const rn_graph *g) {
  cJSON *o = cJSON_CreateObject();
  cJSON *nodes = cJSON_AddArrayToObject(o, "nodes");
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) cJSON_AddItemToArray(nodes, json_node(g, n));
  cJSON *functions = cJSON_AddArrayToObject(o, "functions");
  for (uint32_t i = 0; i < rn_graph_function_count(g); i++)
    cJSON_AddItemToArray(functions, cJSON_CreateString(rn_graph_function_name(g, i)));
  return cli_print_json(o);
}

static void show_text(const rn_graph *g) {
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) print_node(g, n);
  for (uint32_t i = 0; i < rn_graph_function_count(g); i++) {
    rn_function_info f;
    rn_status *s = rn_graph_function(g, rn_graph_function_name(g, i), &f);
    if (s) {
      rn_status_free(s);
      continue;
    }
    printf("\nfunction %s (%u inputs, %u outputs)\n", rn_graph_function_name(g, i), f.n_inputs, f.n_outputs);
    for (rn_node_id n = 0; n < rn_graph_node_count(f.body); n++) print_node(f.body, n);
  }
}

int command_show(cli *c) {
  const char *path = cli_positional(c);
  if (!cli_finish(c)) return 2;
  if (!path) return cli_usage(c, "which graph?");
  rn_graph *g = NULL;
  rn_status *status = graph_file_read(c->runtime, path, &g);
  if (status) return cli_fail(c, status);
  int code = 0;
  if (c->json)
    code = show_json(g);
  else
    show_text(g);
  rn_graph_destroy(g);
  return code;
}
