/* graph/loop.c - which nodes make up a loop of control-flow primitives (core/graph).
 *
 * Ids grow along edges, but for those that close a loop, so one pass settles how many loops are around
 * each node. Only the outermost loop is told apart: what is nested in it is its business. */
#include "graph/node.h"

static uint32_t role_of(const rn_graph *g, rn_node_id n) {
  const rn_op *op = rn_node_at(g, n)->op;
  return op != NULL ? op->def->role : RN_ROLE_NONE;
}

/* Loops around what n gives. */
static uint32_t depth_after(const graph_loops *l, const rn_graph *g, rn_node_id n) {
  uint32_t role = role_of(g, n), depth = l->depth[n];
  if (role == RN_ROLE_ENTER) return depth + 1;
  return role == RN_ROLE_EXIT && depth > 0 ? depth - 1 : depth;
}

static rn_status *loop_named(graph_loops *l, rn_bytes name, rn_node_id leader, uint32_t *out) {
  for (uint32_t i = l->n_loops; i-- > 0;) {
    if (l->loop[i].name.size != name.size || memcmp(l->loop[i].name.data, name.data, name.size) != 0) continue;
    *out = i;
    return NULL;
  }
  void *items = l->loop;
  rn_status *failed = rn_graph_grow(&items, l->n_loops, &l->cap_loops, sizeof *l->loop);
  l->loop = items;
  if (failed != NULL) return failed;
  *out = l->n_loops;
  l->loop[l->n_loops++] = (graph_loop){name, 0, 0, leader};
  return NULL;
}

static void join(graph_loops *l, const rn_graph *g, rn_node_id n, rn_node_id from) {
  if (from >= n) return; /* closes a loop */
  uint32_t depth = depth_after(l, g, from);
  if (depth <= l->depth[n]) return;
  l->depth[n] = depth;
  l->of[n] = l->of[from];
}

static rn_status *place(graph_loops *l, const rn_graph *g, rn_node_id n) {
  const graph_node *node = rn_node_at(g, n);
  rn_attr_value name;
  l->of[n] = RN_NO_LOOP;
  for (uint32_t i = 0; i < node->n_in; i++) join(l, g, n, node->in[i].node);
  for (uint32_t i = 0; i < node->n_control; i++) join(l, g, n, node->control[i]);
  if (role_of(g, n) == RN_ROLE_ENTER && l->depth[n] == 0) {
    RN_TRY(rn_graph_attr(g, n, "frame_name", RN_ATTR_STRING, &name));
    RN_TRY(loop_named(l, name.u.bytes, n, &l->of[n]));
  }
  if (l->of[n] != RN_NO_LOOP) l->loop[l->of[n]].n_nodes++;
  return NULL;
}

static int has_loops(const rn_graph *g) {
  for (rn_node_id n = 0; n < g->n_nodes; n++) {
    if (role_of(g, n) == RN_ROLE_ENTER) return 1;
  }
  return 0;
}

rn_status *rn_loops_find(const rn_graph *g, graph_loops *out) {
  rn_status *failed = NULL;
  memset(out, 0, sizeof *out);
  if (!has_loops(g)) return NULL;
  out->of = rn_mem_zero((size_t)g->n_nodes + 1, sizeof *out->of);
  out->depth = rn_mem_zero((size_t)g->n_nodes + 1, sizeof *out->depth);
  if (out->of == NULL || out->depth == NULL) failed = rn_graph_no_memory();
  out->n_nodes = g->n_nodes;
  for (rn_node_id n = 0; n < g->n_nodes && failed == NULL; n++) failed = place(out, g, n);
  if (failed != NULL) rn_loops_finish(out);
  return failed;
}

void rn_loops_finish(graph_loops *l) {
  rn_mem_free(l->loop);
  rn_mem_free(l->of);
  rn_mem_free(l->depth);
  memset(l, 0, sizeof *l);
}

int rn_loops_inside(const graph_loops *l, const rn_graph *g, rn_value v) {
  return rn_loop_of(l, v.node) != RN_NO_LOOP && depth_after(l, g, v.node) > 0;
}
