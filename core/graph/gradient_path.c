/* graph/gradient_path.c - which nodes carry gradient (core/graph).
 *
 * Those that are reached forward from xs and backward from ys. A loop made of primitives counts as one. */
#include "graph/gradient.h"

int rn_gradient_flows(rn_dtype t) {
  switch (rn_base_of(t)) {
    case RN_FLOAT:
    case RN_DOUBLE:
    case RN_HALF:
    case RN_BFLOAT16:
    case RN_COMPLEX64:
    case RN_COMPLEX128:
      return 1;
    default:
      return 0;
  }
}

/* Handles carry the gradient of the variable behind them. */
int gradient_carries(const gradient_walk *w, rn_value v) {
  rn_dtype t = rn_graph_dtype(w->g, v);
  return rn_gradient_flows(t) || t == RN_RESOURCE || t == RN_VARIANT;
}

uint32_t gradient_index(const gradient_walk *w, rn_value v) { return rn_node_at(w->g, v.node)->first_value + v.port; }

const rn_op_def *gradient_def(const gradient_walk *w, rn_node_id n) {
  const rn_op *op = rn_node_at(w->g, n)->op;
  return op != NULL ? op->def : NULL;
}

static int stops(const gradient_walk *w, rn_node_id n) {
  const rn_op_def *def = gradient_def(w, n);
  return def != NULL && (def->flags & RN_OP_NO_GRADIENT) != 0;
}

int gradient_shapes_meet(const rn_shape *a, const rn_shape *b) {
  if (a->rank < 0 || b->rank < 0) return 1;
  if (a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dim[i] >= 0 && b->dim[i] >= 0 && a->dim[i] != b->dim[i]) return 0;
  }
  return 1;
}

static void mark_readers(gradient_walk *w, rn_value v, uint32_t *top) {
  rn_value at = rn_value_at(w->g, gradient_index(w, v))->reader;
  for (; at.node != RN_NO_NODE; at = rn_node_at(w->g, at.node)->in_next[at.port]) {
    if (at.node >= w->n_nodes || w->forward[at.node] || stops(w, at.node)) continue;
    w->forward[at.node] = 1;
    w->stack[(*top)++] = at.node;
  }
}

static void mark_forward(gradient_walk *w) {
  uint32_t top = 0;
  for (uint32_t i = 0; i < w->r->n_xs; i++) {
    w->is_x[gradient_index(w, w->r->xs[i])] = 1;
    mark_readers(w, w->r->xs[i], &top);
  }
  while (top > 0) {
    rn_node_id n = w->stack[--top];
    for (uint32_t i = 0; i < rn_node_at(w->g, n)->n_out; i++) {
      if (gradient_carries(w, (rn_value){n, i})) mark_readers(w, (rn_value){n, i}, &top);
    }
  }
}

int gradient_on_path(const gradient_walk *w, rn_value v) {
  return v.node < w->n_nodes && w->forward[v.node] && rn_value_of(w->g, v) != NULL && gradient_carries(w, v);
}

/* Who stands for n in the count: its loop's leader, or itself. */
rn_node_id gradient_unit(const gradient_walk *w, rn_node_id n) {
  uint32_t loop = rn_loop_of(&w->loops, n);
  return loop != RN_NO_LOOP ? w->loops.loop[loop].leader : n;
}

static void mark_back(gradient_walk *w) {
  uint32_t top = 0;
  for (uint32_t i = 0; i < w->r->n_ys; i++) {
    rn_node_id n = w->r->ys[i].node;
    if (!w->forward[n] || w->back[n]) continue;
    w->back[n] = 1;
    w->stack[top++] = n;
  }
  while (top > 0) {
    rn_node_id reader = w->stack[--top], unit = gradient_unit(w, reader);
    const graph_node *node = rn_node_at(w->g, reader);
    if (rn_loop_of(&w->loops, reader) != RN_NO_LOOP) w->loops.loop[w->loops.of[reader]].n_back++;
    for (uint32_t i = 0; i < node->n_in; i++) {
      if (!gradient_on_path(w, node->in[i])) continue;
      rn_node_id n = node->in[i].node;
      if (gradient_unit(w, n) != unit) w->pending[gradient_unit(w, n)]++;
      if (w->back[n]) continue;
      w->back[n] = 1;
      w->stack[top++] = n;
    }
  }
}

void gradient_mark(gradient_walk *w) {
  mark_forward(w);
  mark_back(w);
}
