/* graph/edge.c - who reads what (core/graph).
 *
 * A list per value and one per node, threaded through the readers' inputs, newest reader first: adding
 * is O(1), and what is taken back was added last, so it stands at the head. */
#include "graph/node.h"

static int same(rn_value a, rn_value b) { return a.node == b.node && a.port == b.port; }

void rn_edge_link(rn_graph *g, rn_node_id n, uint32_t input) {
  graph_node *reader = rn_node_at(g, n);
  graph_value *v = rn_value_of(g, reader->in[input]);
  reader->in_next[input] = RN_NO_VALUE;
  if (v == NULL) return; /* the output of an unknown op */
  reader->in_next[input] = v->reader;
  v->reader = (rn_value){n, input};
}

void rn_edge_unlink(rn_graph *g, rn_node_id n, uint32_t input) {
  graph_node *reader = rn_node_at(g, n);
  graph_value *v = rn_value_of(g, reader->in[input]);
  if (v == NULL) return;
  rn_value *link = &v->reader;
  while (link->node != RN_NO_NODE && !same(*link, (rn_value){n, input}))
    link = &rn_node_at(g, link->node)->in_next[link->port];
  if (link->node != RN_NO_NODE) *link = reader->in_next[input];
}

void rn_edge_link_control(rn_graph *g, rn_node_id n, uint32_t i) {
  graph_node *waiter = rn_node_at(g, n);
  graph_node *before = rn_node_at(g, waiter->control[i]);
  waiter->control_next[i] = before->waiter;
  before->waiter = (rn_value){n, i};
}

void rn_edge_unlink_control(rn_graph *g, rn_node_id n, uint32_t i) {
  graph_node *waiter = rn_node_at(g, n);
  rn_value *link = &rn_node_at(g, waiter->control[i])->waiter;
  while (link->node != RN_NO_NODE && !same(*link, (rn_value){n, i}))
    link = &rn_node_at(g, link->node)->control_next[link->port];
  if (link->node != RN_NO_NODE) *link = waiter->control_next[i];
}

uint32_t rn_edge_room(uint32_t n_control) {
  uint32_t room = 1;
  while (room < n_control) room *= 2;
  return n_control == 0 ? 0 : room;
}

static uint32_t list(const rn_graph *g, rn_value at, int control, rn_value *out, uint32_t cap) {
  uint32_t count = 0;
  for (rn_value v = at; v.node != RN_NO_NODE; count++) {
    const graph_node *n = rn_node_at(g, v.node);
    v = control ? n->control_next[v.port] : n->in_next[v.port];
  }
  uint32_t position = count;
  for (rn_value v = at; v.node != RN_NO_NODE;) { /* oldest reader first */
    if (--position < cap) out[position] = v;
    const graph_node *n = rn_node_at(g, v.node);
    v = control ? n->control_next[v.port] : n->in_next[v.port];
  }
  return count;
}

uint32_t rn_graph_consumers(const rn_graph *g, rn_value v, rn_value *out, uint32_t cap) {
  if (v.node >= g->n_nodes) return 0;
  if (out == NULL) cap = 0;
  if (v.port == RN_CONTROL) return list(g, rn_node_at(g, v.node)->waiter, 1, out, cap);
  const graph_value *value = rn_value_of(g, v);
  return value != NULL ? list(g, value->reader, 0, out, cap) : 0;
}

rn_status *rn_graph_add_control(rn_graph *g, rn_node_id n, rn_node_id before) {
  if (n >= g->n_nodes || before >= g->n_nodes || n == before)
    return rn_status_make(RN_INVALID_ARGUMENT, "control edge from node %u to node %u: the graph has %u nodes%s", before,
                          n, g->n_nodes, n == before ? ", and none waits for itself" : "");
  graph_node *node = rn_node_at(g, n);
  for (rn_value v = rn_node_at(g, before)->waiter; v.node != RN_NO_NODE && node->n_control < 64;
       v = rn_node_at(g, v.node)->control_next[v.port]) {
    if (v.node == n) return NULL;
  }
  uint32_t room = rn_edge_room(node->n_control);
  if (node->n_control == room) {
    uint32_t wanted = rn_edge_room(room + 1);
    rn_node_id *control = rn_graph_alloc(g, wanted, sizeof *control);
    rn_value *next = control != NULL ? rn_graph_alloc(g, wanted, sizeof *next) : NULL;
    if (next == NULL) return rn_graph_no_memory();
    if (room != 0) {
      memcpy(control, node->control, room * sizeof *control);
      memcpy(next, node->control_next, room * sizeof *next);
    }
    node->control = control;
    node->control_next = next;
  }
  node->control[node->n_control++] = before;
  rn_edge_link_control(g, n, node->n_control - 1);
  g->version++;
  return NULL;
}
