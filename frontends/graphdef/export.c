/* export.c - a graph as a GraphDef (frontends/graphdef). */
#include "export.h"
#include <stdlib.h>
#include <string.h>

#define PRODUCER 134

rn_status *export_ref(scratch *s, const rn_graph *g, rn_value v, int in_function, char **out) {
  const char *name = rn_graph_name(g, v.node);
  uint32_t position = v.port;
  const char *arg = in_function ? rn_graph_output_arg(g, v.node, v.port, &position) : NULL;
  if (arg != NULL)
    *out = scratch_print(s, "%s:%s:%u", name, arg, position);
  else
    *out = v.port ? scratch_print(s, "%s:%u", name, v.port) : scratch_text(s, name, strlen(name));
  return *out ? NULL : out_of_memory();
}

static rn_status *export_inputs(scratch *s, const rn_graph *g, rn_node_id id, int in_function, Tf__NodeDef *n) {
  uint32_t data = rn_graph_input_count(g, id), control = rn_graph_control_count(g, id);
  n->n_input = (size_t)data + control;
  n->input = scratch_take(s, n->n_input, sizeof *n->input);
  if (n->input == NULL) return out_of_memory();
  for (uint32_t i = 0; i < data; i++) RN_TRY(export_ref(s, g, rn_graph_input(g, id, i), in_function, &n->input[i]));
  for (uint32_t i = 0; i < control; i++) {
    n->input[data + i] = scratch_print(s, "^%s", rn_graph_name(g, rn_graph_control(g, id, i)));
    if (n->input[data + i] == NULL) return out_of_memory();
  }
  return NULL;
}

static int by_key(const void *a, const void *b) {
  return strcmp((*(Tf__AttrEntry *const *)a)->key, (*(Tf__AttrEntry *const *)b)->key);
}

static rn_status *export_attr(scratch *s, const rn_graph *g, rn_node_id id, const char *name, Tf__AttrEntry **out) {
  rn_attr_value v;
  RN_TRY(rn_graph_attr(g, id, name, 0, &v));
  Tf__AttrEntry *e = scratch_take(s, 1, sizeof *e);
  Tf__AttrValue *value = scratch_take(s, 1, sizeof *value);
  if (e == NULL || value == NULL) return out_of_memory();
  tf__attr_entry__init(e);
  e->key = (char *)(uintptr_t)name;
  e->value = value;
  *out = e;
  return attr_to_proto(s, &v, value);
}

/* A tensor that was left out, where the op has a default of its own: it is left out again. */
static int is_left_out(const rn_graph *g, rn_node_id id, const char *name) {
  rn_attr_value v = {RN_ATTR_TENSOR, 0, {.tensor = NULL}};
  rn_status *other = rn_graph_attr(g, id, name, RN_ATTR_TENSOR, &v);
  rn_status_free(other);
  return other == NULL && v.u.tensor == NULL;
}

/* Sorted by name, so that the same graph always gives the same bytes. */
static rn_status *export_attrs(scratch *s, const rn_graph *g, rn_node_id id, Tf__NodeDef *n) {
  uint32_t count = rn_graph_attr_count(g, id);
  n->attr = scratch_take(s, count, sizeof *n->attr);
  if (n->attr == NULL) return out_of_memory();
  for (uint32_t i = 0; i < count; i++) {
    const char *name = rn_graph_attr_name(g, id, i);
    if (!is_left_out(g, id, name)) RN_TRY(export_attr(s, g, id, name, &n->attr[n->n_attr++]));
  }
  if (n->n_attr) qsort(n->attr, n->n_attr, sizeof *n->attr, by_key);
  return NULL;
}

rn_status *export_node(scratch *s, const rn_graph *g, rn_node_id id, int in_function, Tf__NodeDef **out) {
  Tf__NodeDef *n = scratch_take(s, 1, sizeof *n);
  if (n == NULL) return out_of_memory();
  tf__node_def__init(n);
  *out = n;
  n->name = (char *)(uintptr_t)rn_graph_name(g, id);
  n->op = (char *)(uintptr_t)rn_graph_op(g, id);
  const char *device = rn_graph_device(g, id);
  n->device = (char *)(uintptr_t)(device ? device : "");
  RN_TRY(export_inputs(s, g, id, in_function, n));
  rn_status *e = export_attrs(s, g, id, n);
  return e ? rn_status_wrap(e, "%s '%s'", n->op, n->name) : NULL;
}

rn_status *export_graph(scratch *s, const rn_graph *g, Tf__GraphDef **out) {
  Tf__GraphDef *def = scratch_take(s, 1, sizeof *def);
  Tf__VersionDef *versions = scratch_take(s, 1, sizeof *versions);
  if (def == NULL || versions == NULL) return out_of_memory();
  tf__graph_def__init(def);
  tf__version_def__init(versions);
  versions->producer = PRODUCER;
  def->versions = versions;
  *out = def;
  def->n_node = rn_graph_node_count(g);
  def->node = scratch_take(s, def->n_node, sizeof *def->node);
  if (def->node == NULL) return out_of_memory();
  for (uint32_t i = 0; i < def->n_node; i++) RN_TRY(export_node(s, g, i, 0, &def->node[i]));
  return export_library(s, g, &def->library);
}
