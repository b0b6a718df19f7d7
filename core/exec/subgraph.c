/* exec/subgraph.c - a claimed part as its compiler sees it, in one layout (core/exec).
 *
 * Values are asked for by their names in the graph; those of members and of what goes in are known here. A
 * value that the host folded has bytes already; one that inference knows gets them when it is asked for. */
#include "exec/subgraph.h"

static uint32_t input_of(const exec_subgraph *x, rn_value v) {
  const exec_claim *c = x->node->claim;
  const uint32_t *input = x->layout->plan->input + x->node->in;
  for (uint32_t i = 0; i < c->n_in; i++)
    if (c->in[i].node == v.node && c->in[i].port == v.port) return input[i];
  for (uint32_t i = 0; i < c->n_cells; i++)
    if (c->cells[i].node == v.node && c->cells[i].port == v.port) return input[c->n_in + i];
  return EXEC_NONE;
}

/* The plan's number of a value; EXEC_NONE: the part does not have it. */
static uint32_t find(const exec_subgraph *x, rn_value v) {
  const exec_plan *p = x->layout->plan;
  uint32_t member = v.node < x->n_ids ? x->member_of[v.node] : EXEC_NONE;
  if (member == EXEC_NONE) return input_of(x, v);
  return v.port < p->node[member].n_out ? p->node[member].out + v.port : EXEC_NONE;
}

static const rn_shape *shape_of(const rn_subgraph *s, rn_value v) {
  const exec_subgraph *x = (const exec_subgraph *)(const void *)s;
  const exec_layout *l = x->layout;
  uint32_t value = find(x, v);
  if (value == EXEC_NONE) return NULL;
  const rn_shape *shape = l->proto[value].dtype == RN_RESOURCE ? &l->fact[value].handle_shape : &l->proto[value].shape;
  return rn_shape_known(shape) ? shape : NULL;
}

/* Before it was copied to a device. */
static uint32_t origin(const exec_layout *l, uint32_t v) {
  const exec_plan *p = l->plan;
  while (p->value[v].node != EXEC_NONE && p->node[p->value[v].node].kind == NODE_COPY)
    v = p->input[p->node[p->value[v].node].in + p->value[v].port];
  return v;
}

static const rn_tensor_view *view_of(exec_subgraph *x, rn_tensor *t /* borrowed */) {
  rn_tensor_view *view = rn_arena_alloc(&x->memory, sizeof *view);
  if (view == NULL) return NULL;
  memset(view, 0, sizeof *view);
  view->struct_size = (uint32_t)sizeof *view;
  exec_view_tensor(t, view);
  view->flags = RN_VIEW_CONSTANT;
  view->version = 1;
  return view;
}

static const rn_tensor_view *view_of_fact(exec_subgraph *x, uint32_t v) {
  const rn_fact *f = &x->layout->fact[v];
  rn_tensor_view *view = rn_arena_alloc(&x->memory, sizeof *view);
  void *data = rn_arena_array(&x->memory, (size_t)f->n_value + 1, sizeof(int64_t));
  if (view == NULL || data == NULL) return NULL;
  *view = x->layout->proto[v];
  for (int32_t i = 0; i < f->n_value; i++) {
    if (view->dtype == RN_INT32)
      ((int32_t *)data)[i] = (int32_t)f->value[i];
    else
      ((int64_t *)data)[i] = f->value[i];
  }
  view->data = data;
  view->flags = RN_VIEW_CONSTANT;
  view->version = 1;
  return view;
}

static const rn_tensor_view *value_of(const rn_subgraph *s, rn_value v) {
  exec_subgraph *x = (exec_subgraph *)(uintptr_t)s;
  const exec_layout *l = x->layout;
  uint32_t value = find(x, v);
  if (value == EXEC_NONE) return NULL;
  value = origin(l, value);
  if (l->plan->value[value].cell != EXEC_NONE) return NULL;
  rn_tensor *t = l->slot[value].kind == SLOT_CONST ? l->constant[l->slot[value].root] : l->fact[value].constant;
  if (t != NULL) return view_of(x, t);
  return exec_value_is_known(l, value) ? view_of_fact(x, value) : NULL;
}

/* ------------------------------------------------------------------------------------- outputs */
static int is_read(exec_subgraph *x, uint32_t v) {
  const exec_plan *p = x->layout->plan;
  for (uint32_t i = 0; i < p->n_fetch; i++)
    if (p->fetch_value[i] == v) return 1;
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    for (uint32_t k = 0; k < n->n_in; k++)
      if (p->input[n->in + k] == v && !exec_will_fold(x->layout, n, &x->memory)) return 1;
  }
  return 0;
}

rn_status *exec_subgraph_init(exec_subgraph *x, const exec_layout *l, const exec_node *n) {
  const exec_plan *p = l->plan;
  const exec_claim *c = n->claim;
  memset(x, 0, sizeof *x);
  rn_arena_init(&x->memory, 4096);
  x->layout = l;
  x->node = n;
  x->n_ids = rn_graph_node_count(p->graph);
  x->member_of = rn_arena_array(&x->memory, x->n_ids + (size_t)1, sizeof *x->member_of);
  rn_shape *shape = rn_arena_array(&x->memory, (size_t)c->n_in + c->n_out + 1, sizeof *shape);
  uint8_t *unread = rn_arena_array(&x->memory, c->n_out + (size_t)1, 1);
  if (x->member_of == NULL || shape == NULL || unread == NULL) {
    exec_subgraph_finish(x);
    return exec_out_of_memory("a claim");
  }
  memset(x->member_of, 0xff, (x->n_ids + (size_t)1) * sizeof *x->member_of);
  for (uint32_t m = 0; m < c->n_nodes; m++) x->member_of[c->nodes[m]] = c->member[m];
  for (uint32_t i = 0; i < c->n_in; i++) shape[i] = l->proto[p->input[n->in + i]].shape;
  for (uint32_t o = 0; o < c->n_out; o++) shape[c->n_in + o] = l->proto[n->out + o].shape;
  for (uint32_t o = 0; o < c->n_out; o++) unread[o] = (uint8_t)!is_read(x, n->out + o);
  x->pub = (rn_subgraph){.struct_size = (uint32_t)sizeof x->pub,
                         .n_nodes = c->n_nodes,
                         .n_in = c->n_in,
                         .n_out = c->n_out,
                         .n_cells = c->n_cells,
                         .graph = p->graph,
                         .view = rn_graph_view(),
                         .nodes = c->nodes,
                         .in = c->in,
                         .out = c->out,
                         .cells = c->cells,
                         .in_shape = shape,
                         .out_shape = shape + c->n_in,
                         .shape_of = shape_of,
                         .value_of = value_of,
                         .out_unread = unread};
  return NULL;
}

void exec_subgraph_finish(exec_subgraph *x) { rn_arena_finish(&x->memory); }
