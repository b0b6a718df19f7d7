/* graph/gradient_call.c - calling an op's gradient function (core/graph).
 *
 * What it emits goes into a scope of the node's name. What it sets is checked against what it stands for: a
 * plugin's mistake is reported with the plugin's name where it is made. */
#include "graph/gradient.h"
#include <stdio.h>
#include "graph/validate.h"
#include "tensor/shape.h"

static gradient_subject *self_of(rn_grad *c) { return (gradient_subject *)(void *)c; }

static rn_value get_dy(rn_grad *c, uint32_t output) { return output < c->n_out ? self_of(c)->dy[output] : RN_NO_VALUE; }

static void fail(gradient_subject *s, rn_status *e) {
  if (s->error == NULL)
    s->error = e;
  else
    rn_status_free(e);
}

static rn_status *wrong_dx(const gradient_subject *s, uint32_t input, rn_dtype dt, const rn_shape *shape,
                           rn_dtype want_dt, const rn_shape *want) {
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

void gradient_put(gradient_subject *s, uint32_t input, const rn_slices *v) {
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
  int wants = rn_value_of(g, x) != NULL && gradient_carries(s->w, x) && x.node < s->w->n_nodes;
  if (!wants || (!gradient_on_path(s->w, x) && !s->w->is_x[gradient_index(s->w, x)])) return; /* nobody asks */
  if (wanted(g, x, &want_dt, &want)) {
    int fits = rn_is_slices(v) || gradient_shapes_meet(dx->shape, &want);
    if (rn_base_of(dx->dtype) != want_dt || !fits) {
      fail(s, wrong_dx(s, input, dx->dtype, dx->shape, want_dt, &want));
      return;
    }
  }
  rn_status *failed = rn_sums_add(&s->w->sums, gradient_index(s->w, x), v);
  if (failed != NULL) fail(s, failed);
}

static void set_dx(rn_grad *c, uint32_t input, rn_value v) {
  rn_slices s = {v, RN_NO_VALUE, RN_NO_VALUE};
  gradient_put(self_of(c), input, &s);
}

static void set_dx_slices(rn_grad *c, uint32_t input, rn_value values, rn_value indices, rn_value dense_shape) {
  rn_slices s = {values, indices, dense_shape};
  gradient_put(self_of(c), input, &s);
}

static const rn_grad_api api = {sizeof api, 0, get_dy, set_dx, set_dx_slices};

rn_status *gradient_subject_init(gradient_walk *w, rn_node_id n, gradient_subject *out) {
  const graph_node *node = rn_node_at(w->g, n);
  memset(out, 0, sizeof *out);
  out->pub = (rn_grad){(uint32_t)sizeof out->pub, node->n_in, node->n_out, 0, &api, &w->b.pub};
  out->w = w;
  out->node = n;
  out->dy = rn_mem_zero((size_t)node->n_out + 1, sizeof *out->dy);
  if (out->dy == NULL) return rn_graph_no_memory();
  for (uint32_t i = 0; i < node->n_out; i++) out->dy[i] = RN_NO_VALUE;
  return NULL;
}

static rn_status *no_gradient(const gradient_walk *w, rn_node_id n) {
  char text[RN_NODE_TEXT];
  return rn_status_make(RN_UNIMPLEMENTED, "%s lies between xs and ys, and its op has no gradient",
                        rn_node_text(w->g, n, text, sizeof text));
}

static rn_status *call(gradient_walk *w, gradient_subject *s, const rn_op_def *def) {
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

rn_status *gradient_pass_back(gradient_subject *s) {
  char text[RN_NODE_TEXT];
  gradient_walk *w = s->w;
  const rn_op_def *def = gradient_def(w, s->node);
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
