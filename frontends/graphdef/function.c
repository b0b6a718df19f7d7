/* function.c - the function library: FunctionDef into bodies and back (frontends/graphdef).
 *
 * A body is a graph whose arguments are Placeholder nodes. Functions whose argument types are settled
 * only at the call (type, number or list attributes in the signature) are refused by name. */
#include <string.h>
#include "import.h"

const Tf__OpDef *library_find(const Tf__FunctionDefLibrary *l, const char *name) {
  for (size_t i = 0; l != NULL && i < l->n_function; i++)
    if (l->function[i]->signature != NULL && strcmp(l->function[i]->signature->name, name) == 0)
      return l->function[i]->signature;
  return NULL;
}

/* The NodeDef of an argument. */
static rn_status *placeholder_for(scratch *s, const Tf__OpDef__ArgDef *a, Tf__NodeDef **out) {
  if (a->type_attr[0] || a->number_attr[0] || a->type_list_attr[0])
    return rn_status_make(RN_UNIMPLEMENTED, "argument '%s' has a type that only the call settles", a->name);
  Tf__NodeDef *n = scratch_take(s, 1, sizeof *n);
  Tf__AttrEntry *entry = scratch_take(s, 1, sizeof *entry), **list = scratch_take(s, 1, sizeof *list);
  Tf__AttrValue *v = scratch_take(s, 1, sizeof *v);
  if (n == NULL || entry == NULL || list == NULL || v == NULL) return out_of_memory();
  tf__node_def__init(n);
  tf__attr_entry__init(entry);
  tf__attr_value__init(v);
  n->name = a->name;
  n->op = (char *)(uintptr_t) "Placeholder";
  entry->key = (char *)(uintptr_t) "dtype";
  entry->value = v;
  v->value_case = TF__ATTR_VALUE__VALUE_TYPE;
  v->type = a->type;
  list[0] = entry;
  n->attr = list;
  n->n_attr = 1;
  *out = n;
  return NULL;
}

static rn_status *gather_nodes(import *m, const Tf__FunctionDef *f) {
  size_t n_args = f->signature->n_input_arg, n = n_args + f->n_node_def;
  if (n >= UINT32_MAX / 4) return rn_status_make(RN_RESOURCE_EXHAUSTED, "%zu nodes", n);
  m->nodes = scratch_take(m->memory, n, sizeof *m->nodes);
  if (m->nodes == NULL) return out_of_memory();
  m->n_nodes = (uint32_t)n;
  for (size_t i = 0; i < n_args; i++) RN_TRY(placeholder_for(m->memory, f->signature->input_arg[i], &m->nodes[i]));
  for (size_t i = 0; i < f->n_node_def; i++) m->nodes[n_args + i] = f->node_def[i];
  return NULL;
}

typedef struct ends {
  rn_value *inputs, *outputs;
  rn_node_id *controls;
  uint32_t n_in, n_out, n_control;
} ends;

static rn_status *find_output(const import *m, const Tf__FunctionDef *f, const char *arg, rn_value *out) {
  for (size_t i = 0; i < f->n_ret; i++)
    if (strcmp(f->ret[i]->key, arg) == 0) return import_value(m, f->ret[i]->value, out);
  return rn_status_make(RN_INVALID_ARGUMENT, "output '%s' has no value", arg);
}

static rn_status *find_ends(const import *m, const Tf__FunctionDef *f, ends *e) {
  e->n_in = (uint32_t)f->signature->n_input_arg;
  e->n_out = (uint32_t)f->signature->n_output_arg;
  e->n_control = (uint32_t)f->n_control_ret;
  e->inputs = scratch_take(m->memory, e->n_in, sizeof *e->inputs);
  e->outputs = scratch_take(m->memory, e->n_out, sizeof *e->outputs);
  e->controls = scratch_take(m->memory, e->n_control, sizeof *e->controls);
  if (!e->inputs || !e->outputs || !e->controls) return out_of_memory();
  for (uint32_t i = 0; i < e->n_in; i++) e->inputs[i] = (rn_value){m->ids[i], 0};
  for (uint32_t i = 0; i < e->n_out; i++) RN_TRY(find_output(m, f, f->signature->output_arg[i]->name, &e->outputs[i]));
  for (uint32_t i = 0; i < e->n_control; i++) {
    rn_value v;
    RN_TRY(import_value(m, f->control_ret[i]->value, &v));
    e->controls[i] = v.node;
  }
  return NULL;
}

static rn_status *fill_body(import *m, const Tf__FunctionDef *f, ends *e) {
  RN_TRY(gather_nodes(m, f));
  RN_TRY(import_nodes(m));
  return find_ends(m, f, e);
}

static rn_status *import_function(rn_graph *g, const Tf__GraphDef *def, const Tf__FunctionDef *f, op_defs *ops,
                                  const char *origin, uint32_t flags) {
  ends e;
import m = {.memory = ops->memory, .ops = ops, .origin = origin, .library = def->library, .producer = def->versions ? def->versions->producer: 0, .in_function = 1 };
  RN_TRY(rn_graph_create(rn_graph_runtime(g), flags, &m.g));
  rn_status *s = fill_body(&m, f, &e);
  if (s == NULL)
    s = rn_graph_add_function(g, f->signature->name, m.g, e.inputs, e.n_in, e.outputs, e.n_out, e.controls,
                              e.n_control);
  else
    rn_graph_destroy(m.g);
  return s ? rn_status_wrap(s, "function '%s'", f->signature->name) : NULL;
}

rn_status *import_library(rn_graph *g, const Tf__GraphDef *def, op_defs *ops, const char *origin, uint32_t flags) {
  for (size_t i = 0; def->library != NULL && i < def->library->n_function; i++) {
    const Tf__FunctionDef *f = def->library->function[i];
    if (f->signature == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "function %zu has no signature", i);
    RN_TRY(import_function(g, def, f, ops, origin, flags));
  }
  return NULL;
}
