/* node.c - one NodeDef into the graph (frontends/graphdef).
 *
 * Attributes that the op does not have are an error, as in TensorFlow, unless the file was written by a
 * TensorFlow that may be newer than ours, or does not say which wrote it: then they are left out. A Placeholder of an
 * old producer with an empty shape means an unknown one. A call written as a node whose op is the function's name
 * becomes a PartitionedCall. */
#include <string.h>
#include "import.h"

/* Up to this producer, Placeholder's shape attribute said nothing when empty. */
#define PLACEHOLDER_SHAPE_SINCE 22
/* Producer versions up to TensorFlow 1.14 are numbered by hand; the ops here are those of 1.15. */
#define PRODUCER_LAST_NUMBERED 27

static rn_status *want_of(const import *m, const Tf__NodeDef *n, const Tf__OpDef *def, const char *key, uint32_t *out,
                          int *out_skip) {
  const Tf__OpDef__AttrDef *a = def ? op_def_attr(def, key) : NULL;
  *out = a ? op_def_attr_type(a) : 0;
  *out_skip = 0;
  if (def == NULL || a != NULL || key[0] == '_') return NULL;
  *out_skip = m->producer > PRODUCER_LAST_NUMBERED || m->producer == 0;
  if (*out_skip) return NULL;
  return rn_status_make(RN_INVALID_ARGUMENT, "%s '%s': the op has no attribute '%s'", n->op, n->name, key);
}

static void loosen_old_placeholder(const import *m, const Tf__NodeDef *n, rn_attr *a) {
  if (m->in_function || m->producer >= PLACEHOLDER_SHAPE_SINCE || strcmp(n->op, "Placeholder") != 0) return;
  if (strcmp(a->name, "shape") != 0 || a->value.type != RN_ATTR_SHAPE || a->value.u.shape->rank != 0) return;
  ((rn_shape *)(uintptr_t)a->value.u.shape)->rank = -1;
}

static rn_status *read_attrs(import *m, const Tf__NodeDef *n, const Tf__OpDef *def, rn_node_request *r) {
  rn_attr *attrs = scratch_take(m->memory, n->n_attr + 3, sizeof *attrs); /* room for a call's three */
  if (attrs == NULL) return out_of_memory();
  r->attrs = attrs;
  for (size_t i = 0; i < n->n_attr; i++) {
    const char *key = n->attr[i]->key;
    const Tf__AttrValue *value = n->attr[i]->value;
    uint32_t want;
    int skip;
    RN_TRY(want_of(m, n, def, key, &want, &skip));
    if (skip || value == NULL || value->value_case == TF__ATTR_VALUE__VALUE__NOT_SET) continue;
    rn_attr *a = &attrs[r->n_attrs];
    a->name = key;
    rn_status *s = attr_from_proto(m->memory, value, want, &a->value);
    if (s != NULL && key[0] == '_') { /* a remark that cannot be read is no reason to refuse the graph */
      rn_status_free(s);
      continue;
    }
    if (s != NULL) return rn_status_wrap(s, "%s '%s', attribute '%s'", n->op, n->name, key);
    loosen_old_placeholder(m, n, a);
    r->n_attrs++;
  }
  return NULL;
}

static rn_status *types_of(import *m, Tf__OpDef__ArgDef **args, size_t n, rn_attr *out, const char *name) {
  rn_dtype *types = scratch_take(m->memory, n, sizeof *types);
  if (types == NULL) return out_of_memory();
  for (size_t i = 0; i < n; i++) types[i] = (rn_dtype)args[i]->type;
  *out = (rn_attr)RN_ATLIST(name, types, (uint32_t)n);
  return NULL;
}

/* op = a function's name */
static rn_status *make_call(import *m, const Tf__NodeDef *n, const Tf__OpDef *f, rn_node_request *r) {
  rn_attr *attrs = (rn_attr *)(uintptr_t)r->attrs;
  uint32_t k = 0;
  for (uint32_t i = 0; i < r->n_attrs; i++)
    if (attrs[i].name[0] == '_') attrs[k++] = attrs[i];
  r->op = f->is_stateful ? "StatefulPartitionedCall" : "PartitionedCall";
  attrs[k++] = (rn_attr)RN_AFUNC("f", n->op, strlen(n->op));
  RN_TRY(types_of(m, f->input_arg, f->n_input_arg, &attrs[k++], "Tin"));
  RN_TRY(types_of(m, f->output_arg, f->n_output_arg, &attrs[k++], "Tout"));
  r->n_attrs = k;
  return NULL;
}

static rn_status *port_of(const import *m, const import_ref *r, rn_value *out) {
  out->node = m->ids[r->node];
  out->port = r->position;
  if (r->arg == NULL || !rn_graph_op_known(m->g, out->node, NULL, NULL)) return NULL;
  return rn_graph_output_index(m->g, out->node, r->arg, r->position, &out->port);
}

/* A loop's back edge is not there yet: until its node is added, the first other input stands for it. */
static rn_status *stand_in(const Tf__NodeDef *n, rn_value *inputs, const import_ref *refs) {
  rn_value first = RN_NO_VALUE;
  uint32_t k = 0;
  for (size_t i = 0; i < n->n_input; i++) {
    if (refs[i].is_control) continue;
    if (!refs[i].is_back && first.node == RN_NO_NODE) first = inputs[k];
    k++;
  }
  if (first.node == RN_NO_NODE)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s '%s' has no input from outside its loop", n->op, n->name);
  k = 0;
  for (size_t i = 0; i < n->n_input; i++) {
    if (refs[i].is_control) continue;
    if (refs[i].is_back) inputs[k] = first;
    k++;
  }
  return NULL;
}

static rn_status *read_inputs(import *m, uint32_t i, rn_node_request *r) {
  const Tf__NodeDef *n = m->nodes[i];
  const import_ref *refs = m->refs[i];
  rn_value *inputs = scratch_take(m->memory, n->n_input, sizeof *inputs);
  rn_node_id *control = scratch_take(m->memory, n->n_input, sizeof *control);
  int loops = 0;
  if (inputs == NULL || control == NULL) return out_of_memory();
  r->inputs = inputs;
  r->control = control;
  for (size_t k = 0; k < n->n_input; k++) {
    loops |= refs[k].is_back != 0;
    if (refs[k].is_control)
      control[r->n_control++] = m->ids[refs[k].node];
    else if (refs[k].is_back)
      inputs[r->n_inputs++] = RN_NO_VALUE;
    else
      RN_TRY(port_of(m, &refs[k], &inputs[r->n_inputs++]));
  }
  return loops ? stand_in(n, inputs, refs) : NULL;
}

/* "_class" says loc:@node; the first one that is in the graph already counts. */
static rn_node_id colocation_of(const import *m, const rn_node_request *r) {
  for (uint32_t i = 0; i < r->n_attrs; i++) {
    const rn_attr_value *v = &r->attrs[i].value;
    if (strcmp(r->attrs[i].name, "_class") != 0 || v->type != (RN_ATTR_LIST | RN_ATTR_STRING)) continue;
    for (uint32_t k = 0; k < v->count; k++) {
      rn_bytes b = ((const rn_bytes *)v->u.list)[k];
      if (b.size < 6 || memcmp(b.data, "loc:@", 5) != 0) continue;
      uint32_t at = names_find(&m->names, b.data + 5, b.size - 5);
      if (at != NAMES_NONE && m->ids[at] != RN_NO_NODE) return m->ids[at];
    }
  }
  return RN_NO_NODE;
}

rn_status *import_node(import *m, uint32_t i) {
  const Tf__NodeDef *n = m->nodes[i];
  const Tf__OpDef *def = NULL, *call = library_find(m->library, n->op);
  rn_node_request r = rn_node_request_for(n->op, n->name);
  if (n->name[0] == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "a %s node has no name", n->op);
  if (call == NULL) RN_TRY(op_defs_find(m->ops, n->op, &def));
  r.device = n->device;
  r.flags = RN_NODE_EXACT_NAME;
  RN_TRY(read_attrs(m, n, def, &r));
  if (call != NULL) RN_TRY(make_call(m, n, call, &r));
  rn_status *s = read_inputs(m, i, &r);
  if (s != NULL) return rn_status_wrap(s, "%s '%s'", n->op, n->name);
  if (def != NULL) RN_TRY(import_thaw(m, i, def, (rn_value *)(uintptr_t)r.inputs, r.n_inputs));
  r.colocate_with = colocation_of(m, &r);
  return rn_graph_add(m->g, &r, &m->ids[i]);
}
