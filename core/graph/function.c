/* graph/function.c - the function library, and gradients of functions (core/graph).
 *
 * Bodies are graphs of their own that point at the root, which holds the library. A gradient function
 * is a copy of the forward body with the nodes that carry dy back, so the forward part is computed
 * again where it is called. */
#include "graph/node.h"
#include <stdio.h>

#define MAX_DEPTH 32 /* of functions that call functions, while their gradients are made */

static rn_graph *root_of(rn_graph *g) { return g->root != NULL ? g->root : g; }

const graph_function *rn_function_find(const rn_graph *g, const char *name) {
  const rn_graph *root = rn_graph_root(g);
  uint32_t i = rn_map_find(&root->function_names, name, strlen(name));
  return i != RN_MAP_NONE ? &root->functions[i] : NULL;
}

static void free_function(graph_function *f) {
  rn_graph_destroy(f->body);
  rn_mem_free(f->inputs);
  rn_mem_free(f->outputs);
  rn_mem_free(f->control_outputs);
  rn_mem_free(f->dx_of);
  rn_mem_free((void *)(uintptr_t)f->name);
}

void rn_function_name(const rn_graph *g, const char *wanted, char *out, size_t size_bytes) {
  (void)snprintf(out, size_bytes, "%s", wanted);
  for (uint32_t i = 1; rn_function_find(g, out) != NULL; i++) (void)snprintf(out, size_bytes, "%.400s_%u", wanted, i);
}

void rn_function_truncate(rn_graph *root, uint32_t count) {
  while (root->n_functions > count) {
    graph_function *f = &root->functions[--root->n_functions];
    (void)rn_map_remove(&root->function_names, f->name, strlen(f->name));
    free_function(f);
  }
}

void rn_function_destroy_all(rn_graph *g) {
  rn_function_truncate(g, 0);
  rn_mem_free(g->functions);
  rn_map_finish(&g->function_names);
}

static rn_status *check_values(const char *name, const char *what, const rn_graph *body, const rn_value *v,
                               uint32_t n) {
  if (n != 0 && v == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "function '%.100s': the %ss are NULL", name, what);
  for (uint32_t i = 0; i < n; i++) {
    if (rn_value_of(body, v[i]) == NULL && (v[i].node >= body->n_nodes || rn_node_at(body, v[i].node)->op != NULL))
      return rn_status_make(RN_INVALID_ARGUMENT,
                            "function '%.100s': %s %u is output %u of node %u, which is not in the body", name, what, i,
                            v[i].port, v[i].node);
  }
  return NULL;
}

static rn_status *check_function(const rn_graph *root, const char *name, const rn_graph *body,
                                 const graph_function *f) {
  if (name == NULL || name[0] == '\0') return rn_status_make(RN_INVALID_ARGUMENT, "a function needs a name");
  if (rn_function_find(root, name) != NULL)
    return rn_status_make(RN_ALREADY_EXISTS, "a function named '%.100s' is there already", name);
  if (body->n_functions != 0 || body->root != NULL || body == root || body->rt != root->rt)
    return rn_status_make(RN_INVALID_ARGUMENT,
                          "function '%.100s': the body must be a graph of its own, without functions, "
                          "of the same runtime",
                          name);
  RN_TRY(check_values(name, "input", body, f->inputs, f->n_inputs));
  RN_TRY(check_values(name, "output", body, f->outputs, f->n_outputs));
  for (uint32_t i = 0; i < f->n_control_outputs; i++) {
    if (f->control_outputs == NULL || f->control_outputs[i] >= body->n_nodes)
      return rn_status_make(RN_INVALID_ARGUMENT, "function '%.100s': control output %u is not in the body", name, i);
  }
  return NULL;
}

static void *copy_items(const void *items, uint32_t count, size_t size_bytes, int *ok) {
  void *copy = rn_mem_zero((size_t)count + 1, size_bytes);
  if (copy == NULL)
    *ok = 0;
  else if (count != 0)
    memcpy(copy, items, count * size_bytes);
  return copy;
}

/* own: body given */
static rn_status *append(rn_graph *root, const char *name, const graph_function *from, rn_graph *body) {
  int ok = 1;
  graph_function f = *from;
  f.body = body;
  f.name = rn_mem_copy_text(name);
  f.inputs = copy_items(from->inputs, f.n_inputs, sizeof *f.inputs, &ok);
  f.outputs = copy_items(from->outputs, f.n_outputs, sizeof *f.outputs, &ok);
  f.control_outputs = copy_items(from->control_outputs, f.n_control_outputs, sizeof *f.control_outputs, &ok);
  f.dx_of = copy_items(from->dx_of, from->dx_of != NULL ? f.n_outputs : 0, sizeof *f.dx_of, &ok);
  void *items = root->functions;
  rn_status *failed = rn_graph_grow(&items, root->n_functions, &root->cap_functions, sizeof *root->functions);
  root->functions = items;
  if (failed == NULL &&
      (!ok || f.name == NULL || !rn_map_put(&root->function_names, f.name, strlen(f.name), root->n_functions)))
    failed = rn_graph_no_memory();
  if (failed != NULL) {
    free_function(&f);
    return failed;
  }
  body->root = root;
  root->functions[root->n_functions++] = f;
  root->version++;
  return NULL;
}

rn_status *rn_graph_add_function(rn_graph *g, const char *name, rn_graph *body, const rn_value *inputs,
                                 uint32_t n_inputs, const rn_value *outputs, uint32_t n_outputs,
                                 const rn_node_id *control_outputs, uint32_t n_control_outputs) {
  union { /* the description only reads the caller's lists */
    const rn_value *from;
    rn_value *to;
  } in = {inputs}, out = {outputs};
  union {
    const rn_node_id *from;
    rn_node_id *to;
  } control = {control_outputs};
  if (body == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "function '%.100s' has no body", name != NULL ? name : "");
  graph_function f = {name, body, in.to, out.to, control.to, n_inputs, n_outputs, n_control_outputs, 0, NULL};
  rn_status *failed = check_function(root_of(g), name, body, &f);
  if (failed == NULL) return append(root_of(g), name, &f, body);
  if (body->root == NULL && body != root_of(g)) rn_graph_destroy(body); /* else a library owns it */
  return failed;
}

uint32_t rn_graph_function_count(const rn_graph *g) { return rn_graph_root(g)->n_functions; }

const char *rn_graph_function_name(const rn_graph *g, uint32_t i) {
  const rn_graph *root = rn_graph_root(g);
  return i < root->n_functions ? root->functions[i].name : NULL;
}

rn_status *rn_graph_function(const rn_graph *g, const char *name, rn_function_info *out) {
  const graph_function *f = name != NULL ? rn_function_find(g, name) : NULL;
  if (f == NULL)
    return rn_status_make(RN_NOT_FOUND, "no function '%.100s' among the graph's %u", name != NULL ? name : "",
                          rn_graph_function_count(g));
  *out = (rn_function_info){f->body,     f->inputs,    f->outputs,          f->control_outputs,
                            f->n_inputs, f->n_outputs, f->n_control_outputs};
  return NULL;
}

rn_status *rn_function_copy_all(const rn_graph *g, rn_graph *copy) {
  for (uint32_t i = 0; i < g->n_functions; i++) {
    rn_graph *body = NULL;
    RN_TRY(rn_graph_copy(g->functions[i].body, &body));
    RN_TRY(append(copy, g->functions[i].name, &g->functions[i], body));
  }
  return NULL;
}

/* A gradient in the making: the body's copy and its growing lists. */
typedef struct making {
  rn_graph *body;
  graph_builder b;
  rn_value *inputs, *outputs, *ys, *dys, *xs;
  uint32_t *dx_of; /* per x: the input it is; then per output */
  uint32_t n_inputs, n_outputs, n_ys, n_xs;
} making;

static rn_value add_dy(making *m, rn_value y, uint32_t i) {
  char name[32];
  rn_dtype dt = rn_base_of(rn_graph_dtype(m->body, y));
  rn_shape shape = *rn_graph_shape(m->body, y);
  rn_attr attrs[] = {RN_AT("dtype", dt), RN_ASHAPE("shape", &shape)};
  const rn_op *op = NULL;
  rn_status *failed = rn_registry_op_by_role(m->body->rt, RN_ROLE_PLACEHOLDER, &op);
  int has_shape = failed == NULL && rn_signature_find_attr(op->sig, "shape", 5) >= 0;
  rn_status_free(failed);
  (void)snprintf(name, sizeof name, "dy_%u", i);
  return rn_builder_role(&m->b, RN_ROLE_PLACEHOLDER, name, NULL, 0, attrs, has_shape ? 2 : 1);
}

/* A handle carries the gradient of the variable behind it. */
static int may_have_gradient(const rn_graph *body, rn_value v) {
  rn_dtype t = rn_graph_dtype(body, v);
  return rn_gradient_flows(t) || t == RN_RESOURCE;
}

static rn_status *fill_lists(making *m, const graph_function *f) {
  for (uint32_t i = 0; i < f->n_inputs; i++) {
    m->inputs[m->n_inputs++] = f->inputs[i];
    if (!may_have_gradient(m->body, f->inputs[i])) continue;
    m->dx_of[m->n_xs] = i;
    m->xs[m->n_xs++] = f->inputs[i];
  }
  for (uint32_t i = 0; i < f->n_outputs; i++) {
    if (!rn_gradient_flows(rn_graph_dtype(m->body, f->outputs[i]))) continue;
    rn_value dy = add_dy(m, f->outputs[i], i);
    m->inputs[m->n_inputs++] = dy;
    m->ys[m->n_ys] = f->outputs[i];
    m->dys[m->n_ys++] = dy;
  }
  return rn_builder_take_error(&m->b);
}

static rn_status *make_body(making *m, const graph_function *f) {
  rn_node_id n_forward = m->body->n_nodes;
  RN_TRY(fill_lists(m, f));
  graph_gradient_request r = {m->ys, m->xs, m->dys, m->n_ys, m->n_xs, "gradients"};
  RN_TRY(rn_gradient_emit(m->body, &r, m->outputs, NULL));
  for (uint32_t i = 0; i < m->n_xs; i++) {
    rn_value dx = m->outputs[i];
    if (dx.node == RN_NO_NODE && !rn_gradient_flows(rn_graph_dtype(m->body, m->xs[i]))) continue;
    if (dx.node == RN_NO_NODE)
      dx = rn_builder_role(&m->b, RN_ROLE_ZEROS_LIKE, "gradients/zeros", &m->xs[i], 1, NULL, 0);
    m->dx_of[m->n_outputs] = m->dx_of[i];
    m->outputs[m->n_outputs++] = dx;
  }
  RN_TRY(rn_builder_take_error(&m->b));
  return rn_graph_repeats(m->body, n_forward, m->outputs, m->n_outputs, NULL, 0);
}

static rn_status *make_lists(making *m, const graph_function *f) {
  size_t n = (size_t)f->n_inputs + f->n_outputs;
  rn_value *all = rn_mem_zero(5 * (n + 1), sizeof *all);
  m->inputs = all;
  m->dx_of = rn_mem_zero(n + 1, sizeof *m->dx_of);
  if (all == NULL || m->dx_of == NULL) return rn_graph_no_memory();
  m->outputs = all + (n + 1);
  m->ys = all + 2 * (n + 1);
  m->dys = all + 3 * (n + 1);
  m->xs = all + 4 * (n + 1);
  return NULL;
}

static rn_status *make_gradient(rn_graph *root, const graph_function *f, const char *name) {
  making m;
  memset(&m, 0, sizeof m);
  graph_function forward = *f; /* the library may move while nested gradients are added */
  RN_TRY(rn_graph_copy(f->body, &m.body));
  rn_builder_init(&m.b, m.body, m.body->last_op != NULL ? m.body->last_op->host : NULL);
  rn_status *failed = make_lists(&m, &forward);
  if (failed == NULL) failed = make_body(&m, &forward);
  if (failed == NULL) {
    m.body->root = NULL;
    graph_function made = {name, m.body, m.inputs, m.outputs, NULL, m.n_inputs, m.n_outputs, 0, 1, m.dx_of};
    failed = append(root, name, &made, m.body);
  } else
    rn_graph_destroy(m.body);
  rn_mem_free(m.inputs);
  rn_mem_free(m.dx_of);
  return failed;
}

rn_status *rn_function_gradient(rn_graph *g, const char *name, const char **out_name) {
  rn_graph *root = root_of(g);
  const graph_function *f = name != NULL ? rn_function_find(g, name) : NULL;
  char gradient[512];
  if (f == NULL)
    return rn_status_make(RN_NOT_FOUND, "gradient of function '%.100s': no such function", name != NULL ? name : "");
  if (strlen(name) > sizeof gradient - 24)
    return rn_status_make(RN_INVALID_ARGUMENT, "gradient of function '%.100s...': the name is too long", name);
  (void)snprintf(gradient, sizeof gradient, "%s_grad", name);
  const graph_function *made = rn_function_find(g, gradient);
  for (uint32_t i = 1; made != NULL && !made->is_gradient; i++) {
    (void)snprintf(gradient, sizeof gradient, "%s_grad_%u", name, i);
    made = rn_function_find(g, gradient);
  }
  if (made == NULL) {
    if (root->function_depth >= MAX_DEPTH)
      return rn_status_make(RN_UNIMPLEMENTED,
                            "gradient of function '%.100s': functions call each other more than %d deep", name,
                            MAX_DEPTH);
    root->function_depth++;
    rn_status *failed = make_gradient(root, f, gradient);
    root->function_depth--;
    if (failed != NULL) return rn_status_wrap(failed, "gradient of function '%.100s'", name);
    made = rn_function_find(g, gradient);
  }
  *out_name = made->name;
  return NULL;
}
