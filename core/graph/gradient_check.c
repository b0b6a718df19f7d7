/* graph/gradient_check.c - what was asked for, checked before anything is emitted (core/graph). */
#include "graph/gradient.h"

static rn_status *check_y(const gradient_walk *w, uint32_t i) {
  char text[RN_NODE_TEXT];
  rn_value y = w->r->ys[i];
  const graph_value *value = rn_value_of(w->g, y);
  if (value == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "gradients: ys[%u] is output %u of node %u, which does not exist", i,
                          y.port, y.node);
  (void)rn_node_text(w->g, y.node, text, sizeof text);
  if (!rn_gradient_flows(value->dtype))
    return rn_status_make(RN_INVALID_ARGUMENT, "gradients: ys[%u], %s, is %s; only floating point has a gradient", i,
                          text, rn_dtype_name(value->dtype));
  if (w->r->grad_ys == NULL || w->r->grad_ys[i].node == RN_NO_NODE) return NULL;
  const graph_value *dy = rn_value_of(w->g, w->r->grad_ys[i]);
  if (dy == NULL || rn_base_of(dy->dtype) != rn_base_of(value->dtype) || !gradient_shapes_meet(dy->shape, value->shape))
    return rn_status_make(RN_INVALID_ARGUMENT, "gradients: grad_ys[%u] has not the dtype and shape of ys[%u], %s", i, i,
                          text);
  return NULL;
}

rn_status *gradient_check(const gradient_walk *w) {
  if ((w->r->n_ys != 0 && w->r->ys == NULL) || (w->r->n_xs != 0 && w->r->xs == NULL) || w->r->n_ys == 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "gradients of %u ys with respect to %u xs: a list is empty or NULL",
                          w->r->n_ys, w->r->n_xs);
  for (uint32_t i = 0; i < w->r->n_ys; i++) RN_TRY(check_y(w, i));
  for (uint32_t i = 0; i < w->r->n_xs; i++) {
    rn_value x = w->r->xs[i];
    if (rn_value_of(w->g, x) == NULL)
      return rn_status_make(RN_INVALID_ARGUMENT, "gradients: xs[%u] is output %u of node %u, which does not exist", i,
                            x.port, x.node);
  }
  return NULL;
}

static rn_status *check_outside(const gradient_walk *w, const char *what, uint32_t i, rn_value v) {
  char text[RN_NODE_TEXT];
  if (!rn_loops_inside(&w->loops, w->g, v)) return NULL;
  rn_bytes name = w->loops.loop[w->loops.of[v.node]].name;
  return rn_status_make(RN_INVALID_ARGUMENT, "gradients: %s[%u], %s, is inside the loop '%.*s'", what, i,
                        rn_node_text(w->g, v.node, text, sizeof text), name.size > 200 ? 200 : (int)name.size,
                        name.data);
}

rn_status *gradient_check_loops(const gradient_walk *w) {
  for (uint32_t i = 0; i < w->r->n_ys; i++) RN_TRY(check_outside(w, "ys", i, w->r->ys[i]));
  for (uint32_t i = 0; i < w->r->n_xs; i++) RN_TRY(check_outside(w, "xs", i, w->r->xs[i]));
  return NULL;
}
