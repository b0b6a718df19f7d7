/* graph/copy.c - copies for passes and gradient functions (core/graph).
 *
 * Names, attributes, shapes and facts are immutable, so the copy shares them by keeping the original's
 * store; what may change (inputs, control edges, lists of readers, the maps) is its own. */
#include "graph/node.h"

static rn_status *copy_node(rn_graph *copy, const graph_node *from) {
  graph_node n = *from;
  uint32_t room = rn_edge_room(n.n_control);
  n.in = rn_graph_alloc(copy, (size_t)n.n_in * 2, sizeof *n.in);
  n.control = rn_graph_alloc(copy, room, sizeof *n.control);
  n.control_next = rn_graph_alloc(copy, room, sizeof *n.control_next);
  if (n.in == NULL || n.control == NULL || n.control_next == NULL) return rn_graph_no_memory();
  n.in_next = n.in + n.n_in;
  if (n.n_in != 0) {
    memcpy(n.in, from->in, n.n_in * sizeof *n.in);
    memcpy(n.in_next, from->in_next, n.n_in * sizeof *n.in_next);
  }
  if (n.n_control != 0) {
    memcpy(n.control, from->control, n.n_control * sizeof *n.control);
    memcpy(n.control_next, from->control_next, n.n_control * sizeof *n.control_next);
  }
  if (!rn_map_put(&copy->names, n.name, strlen(n.name), copy->n_nodes)) return rn_graph_no_memory();
  return rn_graph_append_node(copy, &n) ? NULL : rn_graph_no_memory();
}

/* Numbers already used are looked up again by name, so the map of suffixes starts empty. */
static rn_status *copy_all(const rn_graph *g, rn_graph *copy) {
  for (rn_node_id i = 0; i < g->n_nodes; i++) RN_TRY(copy_node(copy, rn_node_at(g, i)));
  if (!rn_graph_append_values(copy, g->n_values)) return rn_graph_no_memory();
  for (uint32_t i = 0; i < g->n_values; i++) *rn_value_at(copy, i) = *rn_value_at(g, i);
  copy->version = g->version;
  copy->next_symbol = g->next_symbol;
  copy->n_gradients = g->n_gradients;
  copy->last_op = g->last_op;
  return rn_function_copy_all(g, copy);
}

rn_status *rn_graph_copy(const rn_graph *g, rn_graph **out) {
  rn_graph *copy = NULL;
  *out = NULL;
  RN_TRY(rn_graph_create_on(g->rt, g->flags, g->store, &copy));
  copy->root = g->root;
  rn_status *failed = copy_all(g, copy);
  if (failed != NULL) {
    rn_graph_destroy(copy);
    return failed;
  }
  *out = copy;
  return NULL;
}
