/* graph_print.c - a graph as JSON: nodes with kind, part, inputs, types and attributes (viz/report).
 *
 * Nodes name each other by number, so names may be cut. What is usual is left out: kind 0 (an operation), part 0 (the
 * model), no device. The page's side of this is page/tree.js. */
#include <runnel/graphdef.h>
#include <runnel/plugin.h>
#include <stdio.h>
#include "attr_print.h"
#include "gather.h"
#include "parts.h"

enum { MOST_NODES = 60000, MOST_OUTPUTS = 16, MOST_INPUTS = 4096 };
enum { KIND_OP, KIND_VARIABLE, KIND_FED, KIND_CONSTANT, KIND_CONTROL, KIND_CALL, KIND_UNKNOWN };

static int kind_of(const rn_graph *g, rn_node_id n) {
  uint32_t flags = 0, role = 0;
  if (!rn_graph_op_known(g, n, &flags, &role)) return KIND_UNKNOWN;
  if (role == RN_ROLE_RESOURCE) return KIND_VARIABLE;
  if (role == RN_ROLE_PLACEHOLDER) return KIND_FED;
  if (role == RN_ROLE_CONSTANT) return KIND_CONSTANT;
  if (role >= RN_ROLE_SWITCH && role <= RN_ROLE_LOOP_COND) return KIND_CONTROL;
  return flags & RN_OP_CALLS ? KIND_CALL : KIND_OP;
}

static void print_inputs(const rn_graph *g, rn_node_id n, json *j) {
  uint32_t inputs = rn_graph_input_count(g, n), controls = rn_graph_control_count(g, n);
  if (inputs != 0) json_begin(j, "i", '[');
  for (uint32_t i = 0; i < inputs && i < MOST_INPUTS; i++) {
    rn_value v = rn_graph_input(g, n, i);
    if (v.node == RN_NO_NODE) continue;
    json_whole(j, NULL, v.node);
    json_whole(j, NULL, v.port);
  }
  if (inputs != 0) json_end(j, ']');
  if (controls != 0) json_begin(j, "c", '[');
  for (uint32_t i = 0; i < controls && i < MOST_INPUTS; i++) json_whole(j, NULL, rn_graph_control(g, n, i));
  if (controls != 0) json_end(j, ']');
}

/* Bytes of a value, as far as its shape is known; -1: not. */
static double bytes_of(const rn_graph *g, rn_value v) {
  const rn_shape *s = rn_graph_shape(g, v);
  double bytes = (double)rn_dtype_size(rn_graph_dtype(g, v));
  if (s == NULL || s->rank < 0 || bytes == 0) return -1;
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dim[i] < 0) return -1;
    bytes *= (double)s->dim[i];
  }
  return bytes;
}

static void print_outputs(const rn_graph *g, rn_node_id n, json *j) {
  uint32_t count = rn_graph_output_count(g, n);
  if (count > MOST_OUTPUTS) count = MOST_OUTPUTS;
  if (count == 0) return;
  json_begin(j, "t", '[');
  for (uint32_t i = 0; i < count; i++) {
    rn_value v = {n, i};
    char shape[128] = "", type[192];
    const rn_shape *s = rn_graph_shape(g, v);
    if (s != NULL && s->rank >= 0) rn_shape_print(s, shape, sizeof shape);
    snprintf(type, sizeof type, "%s%s", rn_dtype_name(rn_dtype_base(rn_graph_dtype(g, v))), shape);
    json_word(j, NULL, type);
  }
  json_end(j, ']');
  json_begin(j, "b", '[');
  for (uint32_t i = 0; i < count; i++) json_number(j, NULL, bytes_of(g, (rn_value){n, i}));
  json_end(j, ']');
}

static void print_node(const rn_graph *g, rn_node_id n, const parts *split, json *j) {
  json_begin(j, NULL, '{');
  json_word(j, "n", rn_graph_name(g, n));
  json_word(j, "o", rn_graph_op(g, n));
  int kind = kind_of(g, n);
  if (kind != KIND_OP) json_whole(j, "k", kind);
  if (split != NULL && split->part[n] != PART_MODEL) json_whole(j, "p", split->part[n]);
  if (split != NULL && split->stands_for[n] != n) json_whole(j, "v", split->stands_for[n]);
  const char *device = rn_graph_device(g, n);
  if (device != NULL && device[0] != '\0') json_word(j, "d", device);
  print_inputs(g, n, j);
  print_outputs(g, n, j);
  attrs_print(g, n, j);
  json_end(j, '}');
}

static void print_nodes(const rn_graph *g, const parts *split, json *j) {
  json_begin(j, "nodes", '[');
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) print_node(g, n, split, j);
  json_end(j, ']');
}

static rn_status *print_functions(const rn_graph *g, json *j) {
  json_begin(j, "functions", '[');
  for (uint32_t i = 0; i < rn_graph_function_count(g); i++) {
    rn_function_info f;
    RN_TRY(rn_graph_function(g, rn_graph_function_name(g, i), &f));
    json_begin(j, NULL, '{');
    json_word(j, "name", rn_graph_function_name(g, i));
    print_nodes(f.body, NULL, j);
    json_end(j, '}');
  }
  json_end(j, ']');
  return NULL;
}

static uint64_t count_all(const rn_graph *g) {
  uint64_t count = rn_graph_node_count(g);
  rn_function_info f;
  for (uint32_t i = 0; i < rn_graph_function_count(g); i++) {
    rn_status *missing = rn_graph_function(g, rn_graph_function_name(g, i), &f);
    if (missing == NULL) count += rn_graph_node_count(f.body);
    rn_status_free(missing);
  }
  return count;
}

static rn_status *print_whole(const rn_graph *g, json *j) {
  parts split = {NULL, NULL};
  uint64_t count = count_all(g);
  if (count > MOST_NODES)
    return rn_status_make(RN_OUT_OF_RANGE, "it has %llu nodes, a page holds %d; runnel draw shows it",
                          (unsigned long long)count, MOST_NODES);
  rn_status *s = parts_init(&split, g);
  json_begin(j, NULL, '{');
  if (s == NULL) print_nodes(g, &split, j);
  if (s == NULL) s = print_functions(g, j);
  json_end(j, '}');
  parts_finish(&split);
  return s;
}

rn_status *graph_print(rn_runtime *rt, rn_bytes graph_def, json *j) {
  rn_graph *g = NULL;
  RN_TRY(rn_graphdef_parse(rt, graph_def.data, (size_t)graph_def.size, RN_FILE_BINARY, "the graph of a run",
                           RN_GRAPH_ALLOW_UNKNOWN_OPS, &g));
  rn_status *s = print_whole(g, j);
  rn_graph_destroy(g);
  return s;
}
