/* graph/validate_builder.c - the tables of gradient functions and builders, checking (core/graph).
 *
 * What the plain builder refuses by itself (a node that does not exist, an op that is unknown) is its own
 * to say; here is what it cannot see or would leave unsaid. */
#include <stddef.h>
#include "graph/node.h"
#include "graph/validate.h"

static graph_subject *of(const rn_builder *b) {
  return (graph_subject *)(void *)((char *)(uintptr_t)b - offsetof(graph_subject, builder));
}
static graph_subject *of_grad(rn_grad *c) {
  return (graph_subject *)(void *)((char *)c - offsetof(graph_subject, grad));
}

static int is_open(const rn_builder *b, const char *function) {
  const graph_subject *s = of(b);
  if (s->real_builder != NULL) return 1;
  rn_violation(s->plugin, s->what, NULL, "%s is called after the function returned", function);
  return 0;
}
static const rn_builder_api *api(const rn_builder *b) { return of(b)->real_builder->api; }

static int is_request(const graph_subject *s, const rn_node_request *r) {
  if (r == NULL || r->op == NULL) {
    rn_violation_here(s->plugin, "add: %s is NULL", r == NULL ? "the request" : "the op");
    return 0;
  }
  if ((r->n_inputs != 0 && r->inputs == NULL) || (r->n_attrs != 0 && r->attrs == NULL)) {
    rn_violation_here(s->plugin, "add: '%s' with %u inputs and %u attributes, of which a list is NULL", r->op,
                      r->n_inputs, r->n_attrs);
    return 0;
  }
  const rn_graph *g = s->real_builder->self.graph;
  for (uint32_t i = 0; i < r->n_inputs; i++) {
    if (r->inputs[i].node == RN_NO_NODE || rn_value_of(g, r->inputs[i]) != NULL) continue;
    rn_violation_here(s->plugin, "add: '%s': input %u is output %u of node %u, which is not of this graph (%u nodes)",
                      r->op, i, r->inputs[i].port, r->inputs[i].node, g->n_nodes);
    return 0;
  }
  return 1;
}

static rn_node_id add(rn_builder *b, const rn_node_request *r) {
  if (!is_open(b, "add") || !is_request(of(b), r)) return RN_NO_NODE;
  return api(b)->add(of(b)->real_builder, r);
}

static rn_value constant(rn_builder *b, const char *name, rn_tensor *t) {
  if (!is_open(b, "constant")) return RN_NO_VALUE;
  if (t != NULL && rn_tensor_is_alive(of(b)->plugin, t, "constant takes"))
    return api(b)->constant(of(b)->real_builder, name, t);
  if (t == NULL) rn_violation_here(of(b)->plugin, "constant: the tensor is NULL");
  return RN_NO_VALUE;
}

static void fail(rn_builder *b, rn_status *s) {
  if (!is_open(b, "fail")) return;
  if (s == NULL)
    rn_violation_here(of(b)->plugin, "fail: the status is NULL");
  else if (rn_status_is_alive(of(b)->plugin, s, "fail takes"))
    api(b)->fail(of(b)->real_builder, s);
}

static uint8_t failed(const rn_builder *b) { return is_open(b, "failed") ? api(b)->failed(of(b)->real_builder) : 1; }
static void replace(rn_builder *b, rn_value from, rn_value to) {
  if (is_open(b, "replace")) api(b)->replace(of(b)->real_builder, from, to);
}
static void remove_node(rn_builder *b, rn_node_id n) {
  if (is_open(b, "remove")) api(b)->remove(of(b)->real_builder, n);
}

static rn_status *gradient_function(rn_builder *b, const char *name, const char **out_name) {
  if (!is_open(b, "gradient_function")) return rn_status_make(RN_INTERNAL, "the function has returned");
  return api(b)->gradient_function(of(b)->real_builder, name, out_name);
}
static rn_status *function_repeats(rn_builder *b, const char *name) {
  if (!is_open(b, "function_repeats")) return rn_status_make(RN_INTERNAL, "the function has returned");
  return api(b)->function_repeats(of(b)->real_builder, name);
}
static uint32_t gradient_outputs(const rn_builder *b, const char *gradient, uint32_t *out_inputs, rn_dtype *out_types,
                                 uint32_t cap) {
  if (!is_open(b, "gradient_outputs")) return 0;
  return api(b)->gradient_outputs(of(b)->real_builder, gradient, out_inputs, out_types, cap);
}

const rn_builder_api rn_checking_builder = {.struct_size = sizeof(rn_builder_api),
                                            .add = add,
                                            .constant = constant,
                                            .fail = fail,
                                            .failed = failed,
                                            .replace = replace,
                                            .remove = remove_node,
                                            .gradient_function = gradient_function,
                                            .function_repeats = function_repeats,
                                            .gradient_outputs = gradient_outputs};

/* ----------------------------------------------------------------------------------- gradients */
static int grad_open(rn_grad *c, const char *function) {
  const graph_subject *s = of_grad(c);
  if (s->real_grad != NULL) return 1;
  rn_violation(s->plugin, s->what, NULL, "%s is called after the gradient function returned", function);
  return 0;
}

static rn_value get_dy(rn_grad *c, uint32_t o) {
  const graph_subject *s = of_grad(c);
  if (!grad_open(c, "dy")) return RN_NO_VALUE;
  if (o < s->real_grad->n_out) return s->real_grad->api->dy(s->real_grad, o);
  rn_violation_here(s->plugin, "dy: output %u of %u", o, s->real_grad->n_out);
  return RN_NO_VALUE;
}

static int is_value(const graph_subject *s, const char *function, rn_value v) {
  const rn_graph *g = s->real_builder->self.graph;
  if (rn_value_of(g, v) != NULL || v.node == RN_NO_NODE) return 1;
  rn_violation_here(s->plugin, "%s: output %u of node %u, which is not of this graph (%u nodes)", function, v.port,
                    v.node, g->n_nodes);
  return 0;
}

static int has_input(rn_grad *c, const char *function, uint32_t i) {
  const graph_subject *s = of_grad(c);
  if (!grad_open(c, function)) return 0;
  if (i < s->real_grad->n_in) return 1;
  rn_violation_here(s->plugin, "%s: input %u of %u", function, i, s->real_grad->n_in);
  return 0;
}

static void set_dx(rn_grad *c, uint32_t i, rn_value v) {
  const graph_subject *s = of_grad(c);
  if (has_input(c, "set_dx", i) && is_value(s, "set_dx", v)) s->real_grad->api->set_dx(s->real_grad, i, v);
}

static void set_dx_slices(rn_grad *c, uint32_t i, rn_value values, rn_value indices, rn_value dense_shape) {
  const graph_subject *s = of_grad(c);
  if (has_input(c, "set_dx_slices", i) && is_value(s, "set_dx_slices", values) &&
      is_value(s, "set_dx_slices", indices) && is_value(s, "set_dx_slices", dense_shape))
    s->real_grad->api->set_dx_slices(s->real_grad, i, values, indices, dense_shape);
}

const rn_grad_api rn_checking_grad = {
    .struct_size = sizeof(rn_grad_api), .dy = get_dy, .set_dx = set_dx, .set_dx_slices = set_dx_slices};
