/* graph/add.c - adding a node (core/graph).
 *
 * Everything a request points at is checked and copied first; then the node is appended, and inference
 * sees it as part of the graph. Whatever fails, the mark taken at the beginning undoes it all. */
#include "graph/node.h"
#include <stdio.h>

static rn_status *find_op(rn_graph *g, const char *name, const rn_op **out) {
  if (g->last_op != NULL && strcmp(g->last_op->def->name, name) == 0) {
    *out = g->last_op;
    return NULL;
  }
  size_t length = strlen(name);
  uint32_t i = rn_map_find(&g->ops, name, length);
  if (i != RN_MAP_NONE) {
    *out = g->last_op = g->op_list[i];
    return NULL;
  }
  const rn_op *op = NULL;
  rn_status *failed = rn_registry_op(g->rt, name, length, &op);
  if (failed != NULL) {
    if (!(g->flags & RN_GRAPH_ALLOW_UNKNOWN_OPS) || rn_status_code(failed) != RN_NOT_FOUND) return failed;
    rn_status_free(failed);
    *out = NULL;
    return NULL;
  }
  void *items = (void *)g->op_list;
  failed = rn_graph_grow(&items, g->n_ops, &g->cap_ops, sizeof *g->op_list);
  g->op_list = items;
  if (failed != NULL) return failed;
  if (!rn_map_put(&g->ops, op->def->name, length, g->n_ops)) return rn_graph_no_memory();
  g->op_list[g->n_ops++] = op;
  *out = g->last_op = op;
  return NULL;
}

static rn_status *check_request(const rn_node_request *r) {
  if (r == NULL || r->struct_size < RN_SIZE_TO(rn_node_request, flags))
    return rn_status_make(RN_INVALID_ARGUMENT, "the node request is NULL or its struct_size is not set");
  if (r->op == NULL || r->op[0] == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "the node request names no op");
  if ((r->n_inputs != 0 && r->inputs == NULL) || (r->n_control != 0 && r->control == NULL) ||
      (r->n_attrs != 0 && r->attrs == NULL))
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "%.100s: %u inputs, %u control inputs and %u attributes, one list is NULL", r->op,
                          r->n_inputs, r->n_control, r->n_attrs);
  if (r->n_inputs > RN_MAX_INPUTS || r->n_control > RN_MAX_INPUTS)
    return rn_status_make(RN_INVALID_ARGUMENT, "%.100s: %u inputs and %u control inputs; at most %u are possible",
                          r->op, r->n_inputs, r->n_control, RN_MAX_INPUTS);
  return NULL;
}

static rn_status *no_such_value(const graph_draft *d, uint32_t i, rn_value v) {
  if (v.node >= d->g->n_nodes)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s '%.200s': input %u names %s %u; the graph has %u nodes", d->r->op,
                          d->name, i, v.node == RN_NO_NODE ? "no value, node" : "node", v.node, d->g->n_nodes);
  const graph_node *n = rn_node_at(d->g, v.node);
  return rn_status_make(RN_INVALID_ARGUMENT, "%s '%.200s': input %u is output %u of %s '%.100s', which has %u",
                        d->r->op, d->name, i, v.port, n->op_name, n->name, n->n_out);
}

static rn_status *check_edges(const graph_draft *d) {
  for (uint32_t i = 0; i < d->r->n_inputs; i++) {
    rn_value v = d->r->inputs[i];
    if (v.node >= d->g->n_nodes || rn_node_at(d->g, v.node)->removed) return no_such_value(d, i, v);
    if (rn_value_of(d->g, v) == NULL && (rn_node_at(d->g, v.node)->op != NULL || v.port > UINT16_MAX))
      return no_such_value(d, i, v);
  }
  for (uint32_t i = 0; i < d->r->n_control; i++) {
    if (d->r->control[i] >= d->g->n_nodes)
      return rn_status_make(RN_INVALID_ARGUMENT, "%s '%.200s': control input %u names node %u; the graph has %u nodes",
                            d->r->op, d->name, i, d->r->control[i], d->g->n_nodes);
  }
  if (d->r->colocate_with != RN_NO_NODE && d->r->colocate_with >= d->g->n_nodes)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s '%.200s': colocated with node %u; the graph has %u nodes", d->r->op,
                          d->name, d->r->colocate_with, d->g->n_nodes);
  return NULL;
}

static rn_status *copy_edges(rn_graph *g, const rn_node_request *r, graph_node *n) {
  uint32_t room = rn_edge_room(r->n_control);
  n->in = rn_graph_alloc(g, (size_t)r->n_inputs * 2, sizeof *n->in);
  n->control = rn_graph_alloc(g, room, sizeof *n->control);
  n->control_next = rn_graph_alloc(g, room, sizeof *n->control_next);
  if (n->in == NULL || n->control == NULL || n->control_next == NULL) return rn_graph_no_memory();
  n->in_next = n->in + r->n_inputs;
  n->n_in = r->n_inputs;
  n->n_control = r->n_control;
  if (r->n_inputs != 0) memcpy(n->in, r->inputs, r->n_inputs * sizeof *n->in);
  if (r->n_control != 0) memcpy(n->control, r->control, r->n_control * sizeof *n->control);
  return NULL;
}

static rn_status *copy_texts(rn_graph *g, const graph_draft *d, graph_node *n) {
  n->op_name = d->op != NULL ? d->op->def->name : rn_arena_text(&g->store->arena, d->r->op, strlen(d->r->op));
  n->device = "";
  if (d->r->device != NULL && d->r->device[0] != '\0')
    n->device = rn_arena_text(&g->store->arena, d->r->device, strlen(d->r->device));
  return n->op_name != NULL && n->device != NULL ? NULL : rn_graph_no_memory();
}

static void set_dtypes(rn_graph *g, const graph_node *n) {
  uint32_t at = n->first_value;
  for (uint32_t i = 0; n->op != NULL && i < n->op->sig->n_out; i++) {
    const rn_sig_arg *a = &n->op->sig->out[i];
    uint64_t count = rn_check_arg_count(a, n->attr);
    for (uint32_t j = 0; j < count; j++)
      rn_value_at(g, at++)->dtype = rn_check_arg_dtype(a, n->attr, j) + (a->is_ref ? RN_REF : 0);
  }
}

static rn_status *append(rn_graph *g, const graph_draft *d) {
  graph_node n;
  memset(&n, 0, sizeof n);
  n.name = d->name;
  n.op = d->op;
  n.attr = d->attr;
  n.extra = d->extra;
  n.n_extra = d->n_extra;
  n.n_out = d->n_out;
  n.first_value = g->n_values;
  n.colocate = d->r->colocate_with;
  n.waiter = RN_NO_VALUE;
  RN_TRY(copy_edges(g, d->r, &n));
  RN_TRY(copy_texts(g, d, &n));
  rn_node_id id = g->n_nodes;
  if (!rn_graph_append_values(g, n.n_out)) return rn_graph_no_memory();
  if (!rn_map_put(&g->names, n.name, strlen(n.name), id)) return rn_graph_no_memory();
  if (!rn_graph_append_node(g, &n)) {
    (void)rn_map_remove(&g->names, n.name, strlen(n.name));
    return rn_graph_no_memory();
  }
  for (uint32_t i = 0; i < n.n_in; i++) rn_edge_link(g, id, i);
  for (uint32_t i = 0; i < n.n_control; i++) rn_edge_link_control(g, id, i);
  set_dtypes(g, &n);
  return d->op != NULL ? rn_infer_added(g, id) : NULL;
}

static rn_status *add(rn_graph *g, const rn_node_request *r) {
  graph_draft d = {.g = g, .r = r, .name = r->name != NULL ? r->name : r->op};
  RN_TRY(rn_name_check(r->op, d.name));
  rn_status *failed = find_op(g, r->op, &d.op);
  if (failed != NULL) return rn_status_wrap(failed, "node '%.200s'", d.name);
  RN_TRY(rn_name_take(g, d.name, r->flags & RN_NODE_EXACT_NAME, &d.name));
  RN_TRY(check_edges(&d));
  RN_TRY(rn_check_draft(&d));
  return append(g, &d);
}

rn_status *rn_graph_add(rn_graph *g, const rn_node_request *r, rn_node_id *out) {
  if (out != NULL) *out = RN_NO_NODE;
  RN_TRY(check_request(r));
  graph_mark m = rn_undo_begin(g);
  rn_status *failed = add(g, r);
  if (failed != NULL) {
    rn_undo_rollback(g, &m);
    return failed;
  }
  rn_undo_keep(g, &m);
  g->version++;
  if (out != NULL) *out = g->n_nodes - 1;
  return NULL;
}
