/* graph/gradient.c - gradients by walking back (core/graph).
 *
 * Forward from xs, backward from ys: the nodes in both sets carry gradient. They are visited once all
 * their readers in the set were (counted down, as in a topological sort backwards). Per value the
 * contributions of its readers are kept in a list and added when the value's own node is reached; a
 * contribution that comes as slices stays so unless it must be added to another. A loop made of
 * primitives is visited as a whole: it is emitted as functions, whose gradient is asked for. */
#include "graph/node.h"
#include "graph/validate.h"
#include <stdio.h>
#include "tensor/shape.h"

typedef struct walk {
  rn_graph *g;
  graph_builder b;
  const graph_gradient_request *r;
  uint32_t n_nodes, n_values;     /* before anything was emitted */
  uint8_t *forward, *back, *is_x; /* per node, per node, per value */
  uint32_t *pending;              /* per node: edges from readers not visited yet */
  rn_node_id *stack;
  graph_sums sums;
  graph_loops loops;
} walk;

/* What a gradient function is given. */
typedef struct subject {
  rn_grad pub;
  walk *w;
  rn_node_id node;
  rn_value *dy;
  rn_status *error;
} subject;

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
static int carries(const walk *w, rn_value v) {
  rn_dtype t = rn_graph_dtype(w->g, v);
  return rn_gradient_flows(t) || t == RN_RESOURCE || t == RN_VARIANT;
}

static uint32_t index_of(const walk *w, rn_value v) { return rn_node_at(w->g, v.node)->first_value + v.port; }

static const rn_op_def *def_of(const walk *w, rn_node_id n) {
  const rn_op *op = rn_node_at(w->g, n)->op;
  return op != NULL ? op->def : NULL;
}

static int stops(const walk *w, rn_node_id n) {
  const rn_op_def *def = def_of(w, n);
  return def != NULL && (def->flags & RN_OP_NO_GRADIENT) != 0;
}

/* --- which nodes */
static void mark_readers(walk *w, rn_value v, uint32_t *top) {
  rn_value at = rn_value_at(w->g, index_of(w, v))->reader;
  for (; at.node != RN_NO_NODE; at = rn_node_at(w->g, at.node)->in_next[at.port]) {
    if (at.node >= w->n_nodes || w->forward[at.node] || stops(w, at.node)) continue;
    w->forward[at.node] = 1;
    w->stack[(*top)++] = at.node;
  }
}

static void mark_forward(walk *w) {
  uint32_t top = 0;
  for (uint32_t i = 0; i < w->r->n_xs; i++) {
    w->is_x[index_of(w, w->r->xs[i])] = 1;
    mark_readers(w, w->r->xs[i], &top);
  }
  while (top > 0) {
    rn_node_id n = w->stack[--top];
    for (uint32_t i = 0; i < rn_node_at(w->g, n)->n_out; i++) {
      if (carries(w, (rn_value){n, i})) mark_readers(w, (rn_value){n, i}, &top);
    }
  }
}

static int on_path(const walk *w, rn_value v) {
  return v.node < w->n_nodes && w->forward[v.node] && rn_value_of(w->g, v) != NULL && carries(w, v);
}

/* Who stands for n in the count: its loop's leader, or itself. */
static rn_node_id unit_of(const walk *w, rn_node_id n) {
  uint32_t loop = rn_loop_of(&w->loops, n);
  return loop != RN_NO_LOOP ? w->loops.loop[loop].leader : n;
}

static void mark_back(walk *w) {
  uint32_t top = 0;
  for (uint32_t i = 0; i < w->r->n_ys; i++) {
    rn_node_id n = w->r->ys[i].node;
    if (!w->forward[n] || w->back[n]) continue;
    w->back[n] = 1;
    w->stack[top++] = n;
  }
  while (top > 0) {
    rn_node_id reader = w->stack[--top], unit = unit_of(w, reader);
    const graph_node *node = rn_node_at(w->g, reader);
    if (rn_loop_of(&w->loops, reader) != RN_NO_LOOP) w->loops.loop[w->loops.of[reader]].n_back++;
    for (uint32_t i = 0; i < node->n_in; i++) {
      if (!on_path(w, node->in[i])) continue;
      rn_node_id n = node->in[i].node;
      if (unit_of(w, n) != unit) w->pending[unit_of(w, n)]++;
      if (w->back[n]) continue;
      w->back[n] = 1;
      w->stack[top++] = n;
    }
  }
}

/* --- the api of gradient functions */
static subject *self_of(rn_grad *c) { return (subject *)(void *)c; }

static rn_value get_dy(rn_grad *c, uint32_t output) { return output < c->n_out ? self_of(c)->dy[output] : RN_NO_VALUE; }

static void fail(subject *s, rn_status *e) {
  if (s->error == NULL)
    s->error = e;
  else
    rn_status_free(e);
}

static int may_stand_for(const rn_shape *a, const rn_shape *b) {
  if (a->rank < 0 || b->rank < 0) return 1;
  if (a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dim[i] >= 0 && b->dim[i] >= 0 && a->dim[i] != b->dim[i]) return 0;
  }
  return 1;
}

static rn_status *wrong_dx(const subject *s, uint32_t input, rn_dtype dt, const rn_shape *shape, rn_dtype want_dt,
                           const rn_shape *want) {
  char text[RN_NODE_TEXT], a[RN_SHAPE_TEXT], b[RN_SHAPE_TEXT];
  (void)rn_shape_print(shape, a, sizeof a);
  (void)rn_shape_print(want, b, sizeof b);
  return rn_status_make(RN_INTERNAL, "%s: its gradient function (plugin '%s') gives %s %s for input %u, which is %s %s",
                        rn_node_text(s->w->g, s->node, text, sizeof text), rn_node_at(s->w->g, s->node)->op->plugin,
                        rn_dtype_name(dt), a, input, rn_dtype_name(want_dt), b);
}

/* Dtype and shape that a gradient of v must have; 0: not known (an opaque handle). */
static int wanted(const rn_graph *g, rn_value v, rn_dtype *dt, rn_shape *shape) {
  const graph_value *value = rn_value_of(g, v);
  *dt = rn_base_of(value->dtype);
  *shape = *value->shape;
  if (*dt != RN_RESOURCE && *dt != RN_VARIANT) return 1;
  if (value->extra == NULL || value->extra->handle_dtype == RN_INVALID) return 0;
  *dt = value->extra->handle_dtype;
  *shape = *value->extra->handle_shape;
  return 1;
}

static void put_dx(subject *s, uint32_t input, const rn_slices *v) {
  rn_graph *g = s->w->g;
  rn_dtype want_dt;
  rn_shape want;
  if (s->w->b.error != NULL || s->error != NULL || v->values.node == RN_NO_NODE) return;
  const graph_value *dx = rn_value_of(g, v->values);
  if (input >= s->pub.n_in || dx == NULL) {
    char text[RN_NODE_TEXT];
    fail(s, rn_status_make(RN_INTERNAL,
                           "%s: its gradient function sets input %u of %u to a value that does not exist or for "
                           "an input that does not",
                           rn_node_text(g, s->node, text, sizeof text), input, s->pub.n_in));
    return;
  }
  rn_value x = rn_node_at(g, s->node)->in[input];
  int wants = rn_value_of(g, x) != NULL && carries(s->w, x) && x.node < s->w->n_nodes;
  if (!wants || (!on_path(s->w, x) && !s->w->is_x[index_of(s->w, x)])) return; /* nobody asks */
  if (wanted(g, x, &want_dt, &want)) {
    int fits = rn_is_slices(v) || may_stand_for(dx->shape, &want);
    if (rn_base_of(dx->dtype) != want_dt || !fits) {
      fail(s, wrong_dx(s, input, dx->dtype, dx->shape, want_dt, &want));
      return;
    }
  }
  rn_status *failed = rn_sums_add(&s->w->sums, index_of(s->w, x), v);
  if (failed != NULL) fail(s, failed);
}

static void set_dx(rn_grad *c, uint32_t input, rn_value v) {
  rn_slices s = {v, RN_NO_VALUE, RN_NO_VALUE};
  put_dx(self_of(c), input, &s);
}

static void set_dx_slices(rn_grad *c, uint32_t input, rn_value values, rn_value indices, rn_value dense_shape) {
  rn_slices s = {values, indices, dense_shape};
  put_dx(self_of(c), input, &s);
}

static const rn_grad_api api = {sizeof api, 0, get_dy, set_dx, set_dx_slices};

/* --- the walk */
static rn_status *no_gradient(const walk *w, rn_node_id n) {
  char text[RN_NODE_TEXT];
  return rn_status_make(RN_UNIMPLEMENTED, "%s lies between xs and ys, and its op has no gradient",
                        rn_node_text(w->g, n, text, sizeof text));
}

static rn_status *call(walk *w, subject *s, const rn_op_def *def) {
  const graph_node *node = rn_node_at(w->g, s->node);
  if (!RN_HAS_FN(def, rn_op_def, gradient)) {
    if (def->role != RN_ROLE_IDENTITY) return no_gradient(w, s->node);
    for (uint32_t i = 0; i < node->n_out && i < node->n_in; i++) set_dx(&s->pub, i, s->dy[i]);
    return NULL;
  }
  size_t size_bytes = strlen(w->r->scope) + strlen(node->name) + 8;
  char *scope = rn_mem_alloc(size_bytes);
  if (scope == NULL) return rn_graph_no_memory();
  int is_ours = s->node >= w->n_nodes; /* emitted in this scope already */
  (void)snprintf(scope, size_bytes, "%s%s%s_grad/", is_ours ? "" : w->r->scope, is_ours ? "" : "/", node->name);
  const char *outer = w->b.scope;
  w->b.scope = scope;
  w->b.device = node->device;
  w->b.pub.self.id = s->node;
  w->b.pub.self.host = node->op->host;
  rn_status *failed = rn_call_gradient(def, &s->pub);
  w->b.scope = outer;
  w->b.device = NULL;
  rn_mem_free(scope);
  return failed;
}

static rn_status *pass_back(walk *w, subject *s) {
  char text[RN_NODE_TEXT];
  const rn_op_def *def = def_of(w, s->node);
  if (def == NULL) return no_gradient(w, s->node);
  rn_status *returned = call(w, s, def), *sticky = rn_builder_take_error(&w->b);
  rn_status *first = sticky != NULL ? sticky : (s->error != NULL ? s->error : returned);
  if (first != returned) rn_status_free(returned);
  if (first != s->error) rn_status_free(s->error);
  s->error = NULL;
  int is_told = returned == first && !RN_HAS_FN(def, rn_op_def, gradient);
  if (first == NULL || rn_status_code(first) == RN_INTERNAL || is_told) return first;
  return rn_status_wrap(first, "gradient of %s", rn_node_text(w->g, s->node, text, sizeof text));
}

/* Slices go through a node that only forwards, as they are. */
static int forward_slices(subject *s, uint32_t output, const rn_slices *dy) {
  const rn_op_def *def = def_of(s->w, s->node);
  if (def == NULL || def->role != RN_ROLE_IDENTITY || !rn_is_slices(dy)) return 0;
  put_dx(s, output, dy);
  return 1;
}

static rn_status *visit(walk *w, rn_node_id n) {
  const graph_node *node = rn_node_at(w->g, n);
  subject s;
  int any = 0, dense = def_of(w, n) == NULL || def_of(w, n)->role != RN_ROLE_IDENTITY;
  memset(&s, 0, sizeof s);
  s.pub = (rn_grad){(uint32_t)sizeof s.pub, node->n_in, node->n_out, 0, &api, &w->b.pub};
  s.w = w;
  s.node = n;
  s.dy = rn_mem_zero((size_t)node->n_out + 1, sizeof *s.dy);
  if (s.dy == NULL) return rn_graph_no_memory();
  for (uint32_t i = 0; i < node->n_out; i++) {
    rn_slices dy;
    s.dy[i] = RN_NO_VALUE;
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
  if (failed == NULL && any) failed = pass_back(w, &s);
  rn_mem_free(s.dy);
  return failed;
}

/* What flows into the exits flows into the outputs of the loop's node. */
static rn_status *take_exits(walk *w, const graph_raised *r, subject *s, int *any) {
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

static rn_status *pass_loop(walk *w, const graph_raised *r) {
  const graph_node *node = rn_node_at(w->g, r->node);
  subject s;
  int any = 0;
  memset(&s, 0, sizeof s);
  s.pub = (rn_grad){(uint32_t)sizeof s.pub, node->n_in, node->n_out, 0, &api, &w->b.pub};
  s.w = w;
  s.node = r->node;
  s.dy = rn_mem_zero((size_t)node->n_out + 1, sizeof *s.dy);
  if (s.dy == NULL) return rn_graph_no_memory();
  for (uint32_t i = 0; i < node->n_out; i++) s.dy[i] = RN_NO_VALUE;
  rn_status *failed = take_exits(w, r, &s, &any);
  if (failed == NULL && any) failed = pass_back(w, &s);
  rn_mem_free(s.dy);
  return failed;
}

static rn_status *visit_loop(walk *w, uint32_t loop) {
  graph_raised r;
  RN_TRY(rn_loop_raise(&w->b, &w->loops, loop, &r));
  rn_status *failed = pass_loop(w, &r);
  rn_raised_finish(&r);
  return failed;
}

/* What n read has one reader less to wait for. */
static void release_inputs(walk *w, rn_node_id n, uint32_t *top) {
  const graph_node *node = rn_node_at(w->g, n);
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (!on_path(w, node->in[i])) continue;
    rn_node_id from = unit_of(w, node->in[i].node);
    if (from != unit_of(w, n) && --w->pending[from] == 0) w->stack[(*top)++] = from;
  }
}

static rn_status *visit_unit(walk *w, rn_node_id n, uint32_t *top, uint32_t *done) {
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

static int is_on_way(const walk *w, rn_node_id n) {
  uint32_t loop = rn_loop_of(&w->loops, n);
  return loop == RN_NO_LOOP ? w->back[n] : w->loops.loop[loop].n_back > 0 && w->loops.loop[loop].leader == n;
}

/* A node is ready when all its readers on the path are done. */
static rn_status *walk_back(walk *w) {
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

static rn_status *start(walk *w) {
  char name[64];
  for (uint32_t i = 0; i < w->r->n_ys; i++) {
    rn_value y = w->r->ys[i];
    rn_slices dy = {RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE};
    if (w->r->grad_ys != NULL) dy.values = w->r->grad_ys[i];
    if (!w->forward[y.node] && !w->is_x[index_of(w, y)]) continue;
    (void)snprintf(name, sizeof name, "grad_ys_%u", i);
    if (dy.values.node == RN_NO_NODE) dy.values = rn_builder_role(&w->b, RN_ROLE_ONES_LIKE, name, &y, 1, NULL, 0);
    RN_TRY(rn_builder_take_error(&w->b));
    RN_TRY(rn_sums_add(&w->sums, index_of(w, y), &dy));
  }
  return NULL;
}

static rn_status *collect(walk *w, rn_value *out_dx, rn_slices *out_slices) {
  for (uint32_t i = 0; i < w->r->n_xs; i++) {
    rn_slices s;
    out_dx[i] = RN_NO_VALUE;
    if (out_slices != NULL) out_slices[i] = (rn_slices){RN_NO_VALUE, RN_NO_VALUE, RN_NO_VALUE};
    if (!rn_sums_take(&w->sums, &w->b, index_of(w, w->r->xs[i]), out_slices == NULL, &s)) continue;
    if (rn_is_slices(&s))
      out_slices[i] = s;
    else
      out_dx[i] = s.values;
  }
  return rn_builder_take_error(&w->b);
}

static rn_status *check_y(const walk *w, uint32_t i) {
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
  if (dy == NULL || rn_base_of(dy->dtype) != rn_base_of(value->dtype) || !may_stand_for(dy->shape, value->shape))
    return rn_status_make(RN_INVALID_ARGUMENT, "gradients: grad_ys[%u] has not the dtype and shape of ys[%u], %s", i, i,
                          text);
  return NULL;
}

static rn_status *check(const walk *w) {
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

static rn_status *check_outside(const walk *w, const char *what, uint32_t i, rn_value v) {
  char text[RN_NODE_TEXT];
  if (!rn_loops_inside(&w->loops, w->g, v)) return NULL;
  rn_bytes name = w->loops.loop[w->loops.of[v.node]].name;
  return rn_status_make(RN_INVALID_ARGUMENT, "gradients: %s[%u], %s, is inside the loop '%.*s'", what, i,
                        rn_node_text(w->g, v.node, text, sizeof text), name.size > 200 ? 200 : (int)name.size,
                        name.data);
}

static rn_status *check_loops(const walk *w) {
  for (uint32_t i = 0; i < w->r->n_ys; i++) RN_TRY(check_outside(w, "ys", i, w->r->ys[i]));
  for (uint32_t i = 0; i < w->r->n_xs; i++) RN_TRY(check_outside(w, "xs", i, w->r->xs[i]));
  return NULL;
}

static rn_status *prepare(walk *w) {
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
  return check_loops(w);
}

static void finish(walk *w) {
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

static rn_status *differentiate(walk *w, rn_value *out_dx, rn_slices *out_slices) {
  RN_TRY(prepare(w));
  mark_forward(w);
  mark_back(w);
  RN_TRY(start(w));
  RN_TRY(walk_back(w));
  return collect(w, out_dx, out_slices);
}

rn_status *rn_gradient_emit(rn_graph *g, const graph_gradient_request *r, rn_value *out_dx, rn_slices *out_slices) {
  walk w;
  memset(&w, 0, sizeof w);
  w.g = g;
  w.r = r;
  w.n_nodes = g->n_nodes;
  w.n_values = g->n_values;
  for (uint32_t i = 0; i < r->n_xs; i++) out_dx[i] = RN_NO_VALUE;
  if (r->n_ys == 0 || r->n_xs == 0) return r->n_ys == 0 && r->grad_ys == NULL ? check(&w) : NULL;
  RN_TRY(check(&w));
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
