/* graph/undo.c - taking an edit back (core/graph).
 *
 * A mark remembers how long everything was; what changed older parts is noted in a log while an edit is
 * open. Rolling back replays the log, drops the nodes newest first and rewinds the arena last, since
 * names and lists live in it. */
#include "graph/node.h"

static rn_graph *root_of(rn_graph *g) { return g->root != NULL ? g->root : g; }

graph_mark rn_undo_begin(rn_graph *g) {
  g->open_edits++;
  return (graph_mark){g->n_nodes,
                      g->n_values,
                      g->store->n_tensors,
                      g->n_undo,
                      root_of(g)->n_functions,
                      g->version,
                      g->n_gradients,
                      g->next_symbol,
                      rn_arena_get_mark(&g->store->arena)};
}

void rn_undo_keep(rn_graph *g, const graph_mark *m) {
  (void)m;
  if (--g->open_edits == 0) g->n_undo = 0;
}

rn_status *rn_undo_note(rn_graph *g, const graph_undo *u) {
  void *items = g->undo;
  rn_status *failed = rn_graph_grow(&items, g->n_undo, &g->cap_undo, sizeof *g->undo);
  g->undo = items;
  if (failed != NULL) return failed;
  g->undo[g->n_undo++] = *u;
  return NULL;
}

static void restore_suffix(rn_graph *g, const graph_undo *u) {
  size_t length = strlen(u->key);
  if (u->old_suffix == RN_MAP_NONE)
    (void)rn_map_remove(&g->suffixes, u->key, length);
  else
    (void)rn_map_put(&g->suffixes, u->key, length, u->old_suffix); /* replaces: allocates nothing */
}

static void link_all(rn_graph *g, rn_node_id id) {
  const graph_node *n = rn_node_at(g, id);
  for (uint32_t i = 0; i < n->n_in; i++) rn_edge_link(g, id, i);
  for (uint32_t i = 0; i < n->n_control; i++) rn_edge_link_control(g, id, i);
}

static void restore(rn_graph *g, const graph_undo *u) {
  graph_node *n = u->kind != RN_UNDO_SUFFIX ? rn_node_at(g, u->node) : NULL;
  switch (u->kind) {
    case RN_UNDO_SUFFIX:
      restore_suffix(g, u);
      break;
    case RN_UNDO_INPUT:
      rn_edge_unlink(g, u->node, u->index);
      n->in[u->index] = u->old;
      rn_edge_link(g, u->node, u->index);
      break;
    case RN_UNDO_CONTROL:
      rn_edge_unlink_control(g, u->node, u->index);
      n->control[u->index] = u->old.node;
      rn_edge_link_control(g, u->node, u->index);
      break;
    default:
      n->removed = 0;
      link_all(g, u->node);
      break;
  }
}

static void drop_newest(rn_graph *g) {
  rn_node_id id = g->n_nodes - 1;
  const graph_node *n = rn_node_at(g, id);
  for (uint32_t i = n->n_control; i-- > 0 && !n->removed;) rn_edge_unlink_control(g, id, i);
  for (uint32_t i = n->n_in; i-- > 0 && !n->removed;) rn_edge_unlink(g, id, i);
  if (rn_map_find(&g->names, n->name, strlen(n->name)) == id) (void)rn_map_remove(&g->names, n->name, strlen(n->name));
  g->n_nodes--;
}

void rn_undo_rollback(rn_graph *g, const graph_mark *m) {
  while (g->n_undo > m->n_undo) restore(g, &g->undo[--g->n_undo]);
  while (g->n_nodes > m->n_nodes) drop_newest(g);
  g->n_values = m->n_values;
  graph_store *s = g->store;
  rn_function_truncate(root_of(g), m->n_functions);
  while (s->n_tensors > m->n_tensors) rn_tensor_release(s->tensors[--s->n_tensors]);
  rn_arena_rewind(&s->arena, m->arena);
  g->version = m->version;
  g->n_gradients = m->n_gradients;
  g->next_symbol = m->next_symbol;
  if (--g->open_edits == 0) g->n_undo = 0;
}
