/* graph/gradient.c - gradients by walking back (core/graph).
 *
 * Forward from xs, backward from ys: the nodes in both sets carry gradient. They are visited once all
 * their readers in the set were (counted down, as in a topological sort backwards). Per value the
 * contributions of its readers are kept in a list and added when the value's own node is reached; a
 * contribution that comes as slices stays so unless it must be added to another. A loop made of
 * primitives is visited as a whole: it is emitted as functions, whose gradient is asked for. */
#include "graph/gradient.h"
#include <stdio.h>

/* Slices go through a node that only forwards, as they are. */
static int forward_slices(gradient_subject *s, uint32_t output, const rn_slices *dy) {
  const rn_op_def *def = gradient_def(s->w, s->node);
  if (def == NULL || def->role != RN_ROLE_IDENTITY || !rn_is_slices(dy)) return 0;
  gradient_put(s, output, dy);
  return 1;
}

static rn_status *visit(gradient_walk *w, rn_node_id n) {
  const graph_node *node = rn_node_at(w->g, n);
  gradient_subject s;
  int any = 0, dense = gradient_def(w, n) == NULL || gradient_def(w, n)->role != RN_ROLE_IDENTITY;
  RN_TRY(gradient_subject_init(w, n, &s));
  for (uint32_t i = 0; i < node->n_out; i++) {
    rn_slices dy;
    if (!rn_sums_take(&w->sums, &w->b, node->first_value + i, dense, &dy) || forward_slices(&s, i, &dy)) continue;
    s.dy[i] = dy.values;
    any = 1;
  }
  rn_status *failed = rn_builder_take_error(&w->b);
  if (failed == NULL)
    failed = s.error;
  else
    rn_status_free(s.error);
  s.error = NULL;
  if (failed == NULL && any) failed = gradient_pass_back(&s);
  rn_mem_free(s.dy);
  return failed;
}

/* What flows into the exits flows into the outputs of the loop's node. */
static rn_status *take_exits(gradient_walk *w, const graph_raised *r, gradient_subject *s, int *any) {
  for (uint32_t i = 0; i < r->n_exits; i++) {
    rn_slices dy;
    rn_value *sum = &s->dy[r->var_of[i]];
    if (!rn_sums_take(&w->sums, &w->b, rn_node_at(w->g, r->exit[i])->first_value, 1, &dy)) continue;
    rn_value both[2] = {*sum, dy.values};
    *sum = sum->node == RN_NO_NODE ? dy.values : rn_builder_role(&w->b, RN_ROLE_SUM, NULL, both, 2, NULL, 0);
    *any = 1;
  }
  return rn_builder_take_error(&w->b);
}

static rn_status *pass_loop(gradient_walk *w, const graph_raised *r) {
  gradient_subject s;
  int any = 0;
  RN_TRY(gradient_subject_init(w, r->node, &s));
  rn_status *failed = take_exits(w, r, &s, &any);
  if (failed == NULL && any) failed = gradient_pass_back(&s);
  rn_mem_free(s.dy);
  return failed;
}

static rn_status *visit_loop(gradient_walk *w, uint32_t loop) {
  graph_raised r;
  RN_TRY(rn_loop_raise(&w->b, &w->loops, loop, &r));
  rn_status *failed = pass_loop(w, &r);
  rn_raised_finish(&r);
  return failed;
}

/* What n read has one reader less to wait for. */
static void release_inputs(gradient_walk *w, rn_node_id n, uint32_t *top) {
  const graph_node *node = rn_node_at(w->g, n);
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (!gradient_on_path(w, node->in[i])) continue;
    rn_node_id from = gradient_unit(w, node->in[i].node);
    if (from != gradient_unit(w, n) && --w->pending[from] == 0) w->stack[(*top)++] = from;
  }
}

static rn_status *visit_unit(gradient_walk *w, rn_node_id n, uint32_t *top, uint32_t *done) {
  uint32_t loop = rn_loop_of(&w->loops, n);
  rn_node_id end = loop != RN_NO_LOOP ? w->n_nodes : n + 1;
  RN_TRY(loop != RN_NO_LOOP ? visit_loop(w, loop) : visit(w, n));
  for (rn_node_id i = n; i < end; i++) {
    if (!w->back[i] || rn_loop_of(&w->loops, i) != loop) continue;
    w->back[i] = 2;
    ++*done;
    release_inputs(w, i, top);
  }
  return NULL;
}

static int is_on_way(const gradient_walk *w, rn_node_id n) {
  uint32_t loop = rn_loop_of(&w->loops, n);
  return loop == RN_NO_LOOP ? w->back[n] : w->loops.loop[loop].n_back > 0 && w->loops.loop[loop].leader == n;
}

/* A node is ready when all its readers on the path are done. */
static rn_status *walk_back(gradient_walk *w) {
  char text[RN_NODE_TEXT];
  uint32_t top = 0, done = 0, all = 0;
  rn_node_id stuck = RN_NO_NODE;
  for (rn_node_id n = 0; n < w->n_nodes; n++) {
    all += w->back[n];
    if (is_on_way(w, n) && w->pending[n] == 0) w->stack[top++] = n;
  }
  while (top > 0) {
    rn_node_id n = w->stack[--top];
    RN_TRY(visit_unit(w, n, &top, &done));
  }
  if (done == all) return NULL;
  for (rn_node_id n = 0; n < w->n_nodes && stuck == RN_NO_NODE; n++) {
    if (w->back[n] == 1) stuck = n;
  }
  return rn_status_make(RN_UNIMPLEMENTED, "%s is part of a loop; the gradient of such loops is not supported",
                        rn_node_text(w->g, stuck, text, sizeof text));
}

static rn_status *start(gradient_walk *w) {
  char name[64];
  for (uint32_t i = 0; i < w->r->n_ys; i++) {
    rn_value y = w->r->ys[i];
    rn_slices dy = {RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE};
    if (w->r->grad_ys != NULL) dy.values = w->r->grad_ys[i];
    if (!w->forward[y.node] && !w->is_x[gradient_index(w, y)]) continue;
    (void)snprintf(name, sizeof name, "grad_ys_%u", i);
    if (dy.values.node == RN_NO_NODE) dy.values = rn_builder_role(&w->b, RN_ROLE_ONES_LIKE, name, &y, 1, NULL, 0);
    RN_TRY(rn_builder_take_error(&w->b));
    RN_TRY(rn_sums_add(&w->sums, gradient_index(w, y), &dy));
  }
  return NULL;
}

static rn_status *collect(gradient_walk *w, rn_value *out_dx, rn_slices *out_slices) {
  for (uint32_t i = 0; i < w->r->n_xs; i++) {
    rn_slices s;
    out_dx[i] = RN_NO_VALUE;
    if (out_slices != NULL) out_slices[i] = (rn_slices){RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE};
    if (!rn_sums_take(&w->sums, &w->b, gradient_index(w, w->r->xs[i]), out_slices == NULL, &s)) continue;
    if (rn_is_slices(&s))
      out_slices[i] = s;
    else
      out_dx[i] = s.values;
  }
  return rn_builder_take_error(&w->b);
}
static rn_status *prepare(gradient_walk *w) {
  w->forward = rn_mem_zero((size_t)w->n_nodes, 1);
  w->back = rn_mem_zero((size_t)w->n_nodes, 1);
  w->is_x = rn_mem_zero((size_t)w->n_values, 1);
  w->pending = rn_mem_zero((size_t)w->n_nodes, sizeof *w->pending);
  w->sums.head = rn_mem_alloc((size_t)w->n_values * sizeof *w->sums.head);
  w->stack = rn_mem_alloc((size_t)w->n_nodes * sizeof *w->stack);
  if (w->forward == NULL || w->back == NULL || w->is_x == NULL || w->pending == NULL || w->sums.head == NULL ||
      w->stack == NULL)
    return rn_graph_no_memory();
  memset(w->sums.head, 0xff, (size_t)w->n_values * sizeof *w->sums.head);
  RN_TRY(rn_loops_find(w->g, &w->loops));
  return gradient_check_loops(w);
}

static void finish(gradient_walk *w) {
  rn_loops_finish(&w->loops);
  rn_mem_free(w->forward);
  rn_mem_free(w->back);
  rn_mem_free(w->is_x);
  rn_mem_free(w->pending);
  rn_mem_free(w->sums.head);
  rn_mem_free(w->stack);
  rn_mem_free(w->sums.items);
  rn_status_free(rn_builder_take_error(&w->b));
}

static rn_status *differentiate(gradient_walk *w, rn_value *out_dx, rn_slices *out_slices) {
  RN_TRY(prepare(w));
  gradient_mark(w);
  RN_TRY(start(w));
  RN_TRY(walk_back(w));
  return collect(w, out_dx, out_slices);
}

rn_status *rn_gradient_emit(rn_graph *g, const graph_gradient_request *r, rn_value *out_dx, rn_slices *out_slices) {
  gradient_walk w;
  memset(&w, 0, sizeof w);
  w.g = g;
  w.r = r;
  w.n_nodes = g->n_nodes;
  w.n_values = g->n_values;
  for (uint32_t i = 0; i < r->n_xs; i++) out_dx[i] = RN_NO_VALUE;
  if (r->n_ys == 0 || r->n_xs == 0) return r->n_ys == 0 && r->grad_ys == NULL ? gradient_check(&w) : NULL;
  RN_TRY(gradient_check(&w));
  rn_builder_init(&w.b, g, NULL);
  size_t size_bytes = strlen(r->scope) + 2;
  char *scope = rn_mem_alloc(size_bytes);
  if (scope == NULL) return rn_graph_no_memory();
  (void)snprintf(scope, size_bytes, "%s/", r->scope);
  w.b.scope = scope;
  rn_status *failed = differentiate(&w, out_dx, out_slices);
  finish(&w);
  rn_mem_free(scope);
  return failed;
}

rn_status *rn_graph_gradients(rn_graph *g, const rn_value *ys, uint32_t n_ys, const rn_value *xs, uint32_t n_xs,
                              const rn_value *grad_ys, rn_value *out_dx, rn_slices *out_slices) {
  char scope[32] = "gradients";
  if (g->n_gradients != 0) (void)snprintf(scope, sizeof scope, "gradients_%u", g->n_gradients);
  graph_gradient_request r = {ys, xs, grad_ys, n_ys, n_xs, scope};
  graph_mark m = rn_undo_begin(g);
  rn_status *failed = rn_gradient_emit(g, &r, out_dx, out_slices);
  if (failed == NULL) {
    g->n_gradients++;
    rn_undo_keep(g, &m);
    return NULL;
  }
  rn_undo_rollback(g, &m);
  for (uint32_t i = 0; i < n_xs; i++) out_dx[i] = RN_NO_VALUE;
  return failed;
}
