/* export_library.c - functions as FunctionDef, and the list of ops used (frontends/graphdef).
 *
 * Arguments take the names of their placeholders, outputs are called output_0, output_1, ... */
#include "export.h"
#include <stdlib.h>
#include <string.h>

#include <runnel/plugin.h>

static rn_status *arg_new(scratch *s, const char *name, rn_dtype t, Tf__OpDef__ArgDef **out) {
  Tf__OpDef__ArgDef *a = scratch_take(s, 1, sizeof *a);
  if (a == NULL || name == NULL) return out_of_memory();
  tf__op_def__arg_def__init(a);
  a->name = (char *)(uintptr_t)name;
  a->type = (Tf__DataType)t;
  *out = a;
  return NULL;
}

static int is_argument(const rn_function_info *f, rn_node_id n) {
  for (uint32_t i = 0; i < f->n_inputs; i++)
    if (f->inputs[i].node == n) return 1;
  return 0;
}

static rn_status *export_signature(scratch *s, const char *name, const rn_function_info *f, Tf__OpDef **out) {
  Tf__OpDef *def = scratch_take(s, 1, sizeof *def);
  if (def == NULL) return out_of_memory();
  tf__op_def__init(def);
  *out = def;
  def->name = (char *)(uintptr_t)name;
  def->n_input_arg = f->n_inputs;
  def->n_output_arg = f->n_outputs;
  def->input_arg = scratch_take(s, f->n_inputs, sizeof *def->input_arg);
  def->output_arg = scratch_take(s, f->n_outputs, sizeof *def->output_arg);
  if (def->input_arg == NULL || def->output_arg == NULL) return out_of_memory();
  for (uint32_t i = 0; i < f->n_inputs; i++)
    RN_TRY(arg_new(s, rn_graph_name(f->body, f->inputs[i].node), rn_graph_dtype(f->body, f->inputs[i]),
                   &def->input_arg[i]));
  for (uint32_t i = 0; i < f->n_outputs; i++)
    RN_TRY(arg_new(s, scratch_print(s, "output_%u", i), rn_graph_dtype(f->body, f->outputs[i]), &def->output_arg[i]));
  return NULL;
}

static rn_status *entry_new(scratch *s, char *key, char *value, Tf__StringEntry **out) {
  Tf__StringEntry *e = scratch_take(s, 1, sizeof *e);
  if (e == NULL || key == NULL || value == NULL) return out_of_memory();
  tf__string_entry__init(e);
  e->key = key;
  e->value = value;
  *out = e;
  return NULL;
}

/* In a body an argument is named alone; export_ref would say which output of it. */
static rn_status *body_ref(scratch *s, const rn_function_info *f, rn_value v, char **out) {
  if (!is_argument(f, v.node)) return export_ref(s, f->body, v, 1, out);
  const char *name = rn_graph_name(f->body, v.node);
  *out = scratch_text(s, name, strlen(name));
  return *out ? NULL : out_of_memory();
}

static rn_status *export_results(scratch *s, const rn_function_info *f, Tf__FunctionDef *def) {
  def->n_ret = f->n_outputs;
  def->n_control_ret = f->n_control_outputs;
  def->signature->n_control_output = f->n_control_outputs;
  def->ret = scratch_take(s, def->n_ret, sizeof *def->ret);
  def->control_ret = scratch_take(s, def->n_control_ret, sizeof *def->control_ret);
  def->signature->control_output = scratch_take(s, def->n_control_ret, sizeof(char *));
  if (!def->ret || !def->control_ret || !def->signature->control_output) return out_of_memory();
  for (uint32_t i = 0; i < def->n_ret; i++) {
    char *value = NULL;
    RN_TRY(body_ref(s, f, f->outputs[i], &value));
    RN_TRY(entry_new(s, def->signature->output_arg[i]->name, value, &def->ret[i]));
  }
  for (uint32_t i = 0; i < def->n_control_ret; i++) {
    char *name = (char *)(uintptr_t)rn_graph_name(f->body, f->control_outputs[i]);
    def->signature->control_output[i] = name;
    RN_TRY(entry_new(s, name, name, &def->control_ret[i]));
  }
  return NULL;
}

static rn_status *export_body(scratch *s, const rn_function_info *f, Tf__FunctionDef *def) {
  uint32_t n = rn_graph_node_count(f->body), flags = 0;
  def->node_def = scratch_take(s, n, sizeof *def->node_def);
  if (def->node_def == NULL) return out_of_memory();
  for (uint32_t i = 0; i < n; i++) {
    if (is_argument(f, i)) continue;
    Tf__NodeDef **node = &def->node_def[def->n_node_def++];
    RN_TRY(export_node(s, f->body, i, 1, node));
    for (uint32_t k = 0; k < rn_graph_input_count(f->body, i); k++)
      RN_TRY(body_ref(s, f, rn_graph_input(f->body, i, k), &(*node)->input[k]));
    if (rn_graph_op_known(f->body, i, &flags, NULL) && (flags & RN_OP_STATEFUL)) def->signature->is_stateful = 1;
  }
  return NULL;
}

static rn_status *export_function(scratch *s, const rn_graph *g, const char *name, Tf__FunctionDef **out) {
  rn_function_info f;
  RN_TRY(rn_graph_function(g, name, &f));
  Tf__FunctionDef *def = scratch_take(s, 1, sizeof *def);
  if (def == NULL) return out_of_memory();
  tf__function_def__init(def);
  *out = def;
  RN_TRY(export_signature(s, name, &f, &def->signature));
  RN_TRY(export_body(s, &f, def));
  return export_results(s, &f, def);
}

rn_status *export_library(scratch *s, const rn_graph *g, Tf__FunctionDefLibrary **out) {
  *out = NULL;
  uint32_t n = rn_graph_function_count(g);
  if (n == 0) return NULL;
  Tf__FunctionDefLibrary *l = scratch_take(s, 1, sizeof *l);
  if (l == NULL) return out_of_memory();
  tf__function_def_library__init(l);
  l->n_function = n;
  l->function = scratch_take(s, n, sizeof *l->function);
  if (l->function == NULL) return out_of_memory();
  *out = l;
  for (uint32_t i = 0; i < n; i++) {
    rn_status *e = export_function(s, g, rn_graph_function_name(g, i), &l->function[i]);
    if (e != NULL) return rn_status_wrap(e, "function '%s'", rn_graph_function_name(g, i));
  }
  return NULL;
}

static rn_status *note_ops(op_defs *d, const rn_graph *g) {
  const Tf__OpDef *def;
  for (uint32_t i = 0; i < rn_graph_node_count(g); i++) RN_TRY(op_defs_find(d, rn_graph_op(g, i), &def));
  return NULL;
}

rn_status *export_op_list(scratch *s, const rn_graph *g, Tf__OpList **out) {
  op_defs d = {rn_graph_runtime(g), s, NULL, 0, 0};
  Tf__OpList *l = scratch_take(s, 1, sizeof *l);
  if (l == NULL) return out_of_memory();
  tf__op_list__init(l);
  *out = l;
  RN_TRY(note_ops(&d, g));
  for (uint32_t i = 0; i < rn_graph_function_count(g); i++) {
    rn_function_info f;
    RN_TRY(rn_graph_function(g, rn_graph_function_name(g, i), &f));
    RN_TRY(note_ops(&d, f.body));
  }
  l->op = scratch_take(s, d.count, sizeof *l->op);
  if (l->op == NULL) return out_of_memory();
  for (uint32_t i = 0; i < d.count; i++) {
    const Tf__OpDef *def = op_defs_at(&d, i);
    if (def != NULL) l->op[l->n_op++] = (Tf__OpDef *)(uintptr_t)def;
  }
  return NULL;
}
