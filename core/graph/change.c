/* graph/change.c - what may change of a node after it was added (core/graph). */
#include "graph/node.h"
#include "tensor/shape.h"

static rn_status *no_such_node(const rn_graph *g, rn_node_id n) {
  return rn_status_make(RN_INVALID_ARGUMENT, "node %u: the graph has %u nodes", n, g->n_nodes);
}

static rn_status *check_back_edge(const rn_graph *g, rn_node_id n, uint32_t i, rn_value v) {
  char text[RN_NODE_TEXT];
  if (n >= g->n_nodes) return no_such_node(g, n);
  const graph_node *node = rn_node_at(g, n);
  (void)rn_node_text(g, n, text, sizeof text);
  if (i >= node->n_in)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s has %u inputs; number %u was named", text, node->n_in, i);
  const graph_value *value = rn_value_of(g, v);
  int of_unknown = v.node < g->n_nodes && rn_node_at(g, v.node)->op == NULL && v.port <= UINT16_MAX;
  if (value == NULL && !of_unknown)
    return rn_status_make(RN_INVALID_ARGUMENT, "%s: input %u: node %u has no output %u", text, i, v.node, v.port);
  if (node->op == NULL || value == NULL) return NULL;
  uint32_t arg = rn_node_input_arg(g, n, i), first = i;
  while (first > 0 && rn_node_input_arg(g, n, first - 1) == arg) first--;
  const rn_sig_arg *a = &node->op->sig->in[arg];
  rn_dtype want = rn_check_arg_dtype(a, node->attr, i - first);
  if (rn_base_of(value->dtype) != want || (a->is_ref && value->dtype < RN_REF))
    return rn_status_make(RN_INVALID_ARGUMENT, "%s: input %u (%s) would be %s, but %s%s is wanted", text, i, a->name,
                          rn_dtype_name(value->dtype), rn_dtype_name(want), a->is_ref ? "_ref" : "");
  return NULL;
}

/* What two shapes have in common; dimensions that contradict become unknown. */
static rn_status *widen(rn_graph *g, graph_value *out, const rn_shape *other) {
  const rn_shape *s = out->shape;
  if (s->rank < 0 || rn_shape_equal(s, other)) return NULL;
  if (other->rank != s->rank) {
    out->shape = &rn_graph_shape_unknown;
    return NULL;
  }
  rn_shape *common = rn_graph_alloc(g, 1, sizeof *common);
  if (common == NULL) return rn_graph_no_memory();
  *common = *s;
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dim[i] != other->dim[i]) common->dim[i] = RN_DIM_UNKNOWN;
  }
  out->shape = common;
  return NULL;
}

rn_status *rn_graph_set_input(rn_graph *g, rn_node_id n, uint32_t i, rn_value v) {
  RN_TRY(check_back_edge(g, n, i, v));
  graph_node *node = rn_node_at(g, n);
  uint32_t role = node->op != NULL ? node->op->def->role : RN_ROLE_NONE;
  const graph_value *value = rn_value_of(g, v);
  if ((role == RN_ROLE_MERGE && node->n_out > 0) || (role == RN_ROLE_IDENTITY && i < node->n_out)) {
    graph_value *out = rn_value_at(g, node->first_value + (role == RN_ROLE_IDENTITY ? i : 0));
    RN_TRY(widen(g, out, value != NULL ? value->shape : &rn_graph_shape_unknown));
    out->extra = NULL; /* the value is not the first input's any more */
  }
  rn_edge_unlink(g, n, i);
  node->in[i] = v;
  rn_edge_link(g, n, i);
  g->version++;
  return NULL;
}

rn_status *rn_graph_set_device(rn_graph *g, rn_node_id n, const char *device) {
  if (n >= g->n_nodes) return no_such_node(g, n);
  const char *copy = "";
  if (device != NULL && device[0] != '\0') copy = rn_arena_text(&g->store->arena, device, strlen(device));
  if (copy == NULL) return rn_graph_no_memory();
  rn_node_at(g, n)->device = copy;
  g->version++;
  return NULL;
}

static rn_status *contradiction(const rn_graph *g, rn_value v, const rn_shape *have, const rn_shape *s) {
  char text[RN_NODE_TEXT], a[RN_SHAPE_TEXT], b[RN_SHAPE_TEXT];
  (void)rn_shape_print(have, a, sizeof a);
  (void)rn_shape_print(s, b, sizeof b);
  return rn_status_make(RN_INVALID_ARGUMENT, "%s: output %u has shape %s; it cannot be %s",
                        rn_node_text(g, v.node, text, sizeof text), v.port, a, b);
}

rn_status *rn_graph_set_shape(rn_graph *g, rn_value v, const rn_shape *s) {
  graph_value *value = rn_value_of(g, v);
  if (value == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "no output %u of node %u to give a shape to", v.port, v.node);
  if (s == NULL || s->rank > RN_MAX_RANK || s->rank < -1)
    return rn_status_make(RN_INVALID_ARGUMENT, "a shape of rank %d; at most %d is supported", s != NULL ? s->rank : -1,
                          RN_MAX_RANK);
  if (s->rank < 0) return NULL;
  const rn_shape *have = value->shape;
  if (have->rank >= 0 && have->rank != s->rank) return contradiction(g, v, have, s);
  rn_shape narrow = *s;
  for (int32_t i = 0; i < s->rank; i++) {
    int64_t known = have->rank >= 0 ? have->dim[i] : g->next_symbol--;
    if (known >= 0 && s->dim[i] >= 0 && known != s->dim[i]) return contradiction(g, v, have, s);
    narrow.dim[i] = s->dim[i] >= 0 && known < 0 ? s->dim[i] : known;
  }
  rn_shape *copy = rn_graph_alloc(g, 1, sizeof *copy);
  if (copy == NULL) return rn_graph_no_memory();
  *copy = narrow;
  value->shape = copy;
  g->version++;
  return NULL;
}
