/* graph/builder.c - open edits (core/graph): how gradient functions, optimizers and passes add nodes.
 *
 * The first failure sticks; whoever opened the edit takes it and rolls back. replace and remove are for
 * passes, which work on a plan's private copy of the graph. */
#include "graph/node.h"
#include "graph/validate.h"
#include <stdio.h>

static graph_builder *self_of(rn_builder *b) { return (graph_builder *)(void *)b; }

static void stick(graph_builder *b, rn_status *s) {
  if (b->error == NULL)
    b->error = s;
  else
    rn_status_free(s);
}

/* scope + name, or NULL (failure sticks). own: owned */
static char *scoped(graph_builder *b, const char *name) {
  size_t n = strlen(b->scope), m = strlen(name);
  char *whole = rn_mem_alloc(n + m + 1);
  if (whole == NULL) {
    stick(b, rn_graph_no_memory());
    return NULL;
  }
  memcpy(whole, b->scope, n);
  memcpy(whole + n, name, m + 1);
  return whole;
}

static rn_node_id add(rn_builder *pub, const rn_node_request *r) {
  graph_builder *b = self_of(pub);
  rn_node_id id = RN_NO_NODE;
  if (b->error != NULL) return RN_NO_NODE;
  if (r == NULL || r->op == NULL || r->struct_size < RN_SIZE_TO(rn_node_request, flags)) {
    stick(b, rn_status_make(RN_INVALID_ARGUMENT, "the node request is NULL or incomplete"));
    return RN_NO_NODE;
  }
  rn_node_request scoped_request;
  memset(&scoped_request, 0, sizeof scoped_request);
  memcpy(&scoped_request, r, sizeof scoped_request < r->struct_size ? sizeof scoped_request : r->struct_size);
  scoped_request.struct_size = (uint32_t)sizeof scoped_request;
  char *name = b->scope[0] != '\0' ? scoped(b, r->name != NULL ? r->name : r->op) : NULL;
  if (b->error != NULL) return RN_NO_NODE;
  if (name != NULL) scoped_request.name = name;
  if ((r->device == NULL || r->device[0] == '\0') && b->device != NULL) scoped_request.device = b->device;
  rn_status *failed = rn_graph_add(b->g, &scoped_request, &id);
  rn_mem_free(name);
  if (failed != NULL) stick(b, failed);
  return id;
}

rn_value rn_builder_role(graph_builder *b, uint32_t role, const char *name, const rn_value *in, uint32_t n_in,
                         const rn_attr *attrs, uint32_t n_attrs) {
  const rn_op *op = NULL;
  if (b->error != NULL) return RN_NO_VALUE;
  rn_status *failed = rn_registry_op_by_role(b->g->rt, role, &op);
  if (failed != NULL) {
    stick(b, failed);
    return RN_NO_VALUE;
  }
  rn_node_request r = rn_node_request_for(op->def->name, name);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  return (rn_value){add(&b->pub, &r), 0};
}

static rn_value constant(rn_builder *pub, const char *name, rn_tensor *t) {
  graph_builder *b = self_of(pub);
  if (t == NULL) {
    stick(b, rn_status_make(RN_INVALID_ARGUMENT, "constant '%.100s': a NULL tensor", name != NULL ? name : ""));
    return RN_NO_VALUE;
  }
  rn_attr attrs[] = {RN_AT("dtype", rn_tensor_dtype(t)), RN_ATENSOR("value", t)};
  return rn_builder_role(b, RN_ROLE_CONSTANT, name, NULL, 0, attrs, 2);
}

static void fail(rn_builder *pub, rn_status *s) {
  if (s != NULL) stick(self_of(pub), s);
}
static uint8_t failed(const rn_builder *pub) { return ((const graph_builder *)(const void *)pub)->error != NULL; }

static int in_pass(graph_builder *b, const char *what) {
  if (b->error != NULL) return 0;
  if (!b->is_pass)
    stick(b, rn_status_make(RN_FAILED_PRECONDITION, "%s: only a pass may do that; this edit adds nodes only", what));
  return b->error == NULL;
}

static int note(graph_builder *b, const graph_undo *u) {
  rn_status *s = rn_undo_note(b->g, u);
  if (s != NULL) stick(b, s);
  return s == NULL;
}

static void replace_control(graph_builder *b, rn_node_id from, rn_node_id to) {
  rn_graph *g = b->g;
  rn_value next;
  for (rn_value at = rn_node_at(g, from)->waiter; at.node != RN_NO_NODE; at = next) {
    graph_node *waiter = rn_node_at(g, at.node);
    next = waiter->control_next[at.port];
    graph_undo u = {RN_UNDO_CONTROL, at.node, at.port, 0, {from, RN_CONTROL}, NULL};
    if (at.node == to) continue;
    if (!note(b, &u)) return;
    rn_edge_unlink_control(g, at.node, at.port);
    waiter->control[at.port] = to;
    rn_edge_link_control(g, at.node, at.port);
  }
}

static void replace_value(graph_builder *b, rn_value from, rn_value to) {
  rn_graph *g = b->g;
  rn_value next;
  for (rn_value at = rn_value_of(g, from)->reader; at.node != RN_NO_NODE; at = next) {
    graph_node *reader = rn_node_at(g, at.node);
    next = reader->in_next[at.port];
    graph_undo u = {RN_UNDO_INPUT, at.node, at.port, 0, from, NULL};
    if (at.node == to.node) continue; /* what replaces a value may read it */
    if (!note(b, &u)) return;
    rn_edge_unlink(g, at.node, at.port);
    reader->in[at.port] = to;
    rn_edge_link(g, at.node, at.port);
  }
}

static void replace(rn_builder *pub, rn_value from, rn_value to) {
  graph_builder *b = self_of(pub);
  rn_graph *g = b->g;
  if (!in_pass(b, "replace") || (from.node == to.node && from.port == to.port)) return;
  int control = from.port == RN_CONTROL && to.port == RN_CONTROL;
  rn_dtype a = rn_graph_dtype(g, from), c = rn_graph_dtype(g, to);
  if (from.node >= g->n_nodes || to.node >= g->n_nodes || rn_node_at(g, to.node)->removed ||
      (!control &&
       (a == RN_INVALID || c == RN_INVALID || rn_base_of(a) != rn_base_of(c) || (a > RN_REF && c < RN_REF)))) {
    stick(b, rn_status_make(RN_INVALID_ARGUMENT, "replace: '%.100s':%u (%s) by '%.100s':%u (%s)",
                            rn_graph_name(g, from.node), from.port, rn_dtype_name(a), rn_graph_name(g, to.node),
                            to.port, rn_dtype_name(c)));
    return;
  }
  if (control)
    replace_control(b, from.node, to.node);
  else
    replace_value(b, from, to);
  g->version++;
}

static int is_read(const rn_graph *g, const graph_node *n) {
  if (n->waiter.node != RN_NO_NODE) return 1;
  for (uint32_t i = 0; i < n->n_out; i++) {
    if (rn_value_at(g, n->first_value + i)->reader.node != RN_NO_NODE) return 1;
  }
  return 0;
}

static void remove_node(rn_builder *pub, rn_node_id n) {
  graph_builder *b = self_of(pub);
  rn_graph *g = b->g;
  char text[RN_NODE_TEXT];
  if (!in_pass(b, "remove") || rn_node_removed(g, n)) return;
  if (n >= g->n_nodes || is_read(g, rn_node_at(g, n))) {
    stick(b, rn_status_make(RN_FAILED_PRECONDITION, "remove: %s is not there or is still read",
                            rn_node_text(g, n, text, sizeof text)));
    return;
  }
  graph_undo u = {RN_UNDO_REMOVE, n, 0, 0, RN_NO_VALUE, NULL};
  if (!note(b, &u)) return;
  graph_node *node = rn_node_at(g, n);
  for (uint32_t i = node->n_control; i-- > 0;) rn_edge_unlink_control(g, n, i);
  for (uint32_t i = node->n_in; i-- > 0;) rn_edge_unlink(g, n, i);
  node->removed = 1;
  g->version++;
}

static rn_status *gradient_function(rn_builder *pub, const char *name, const char **out_name) {
  graph_builder *b = self_of(pub);
  *out_name = NULL;
  if (b->error != NULL) return rn_status_make(RN_FAILED_PRECONDITION, "the edit has failed already");
  return rn_function_gradient(b->g, name, out_name);
}

static rn_status *function_repeats(rn_builder *pub, const char *name) {
  return rn_function_repeats(self_of(pub)->g, name);
}

static uint32_t gradient_outputs(const rn_builder *pub, const char *name, uint32_t *out_inputs, rn_dtype *out_types,
                                 uint32_t cap) {
  const graph_function *f = rn_function_find(((const graph_builder *)(const void *)pub)->g, name);
  if (f == NULL || !f->is_gradient) return 0;
  for (uint32_t i = 0; i < f->n_outputs && i < cap; i++) {
    out_inputs[i] = f->dx_of[i];
    out_types[i] = rn_base_of(rn_graph_dtype(f->body, f->outputs[i]));
  }
  return f->n_outputs;
}

static const rn_builder_api api = {.struct_size = sizeof api,
                                   .add = add,
                                   .constant = constant,
                                   .fail = fail,
                                   .failed = failed,
                                   .replace = replace,
                                   .remove = remove_node,
                                   .gradient_function = gradient_function,
                                   .function_repeats = function_repeats,
                                   .gradient_outputs = gradient_outputs};

void rn_builder_init(graph_builder *b, rn_graph *g, const rn_host_api *host) {
  memset(b, 0, sizeof *b);
  b->pub.struct_size = (uint32_t)sizeof b->pub;
  b->pub.api = &api;
  b->pub.self = (rn_self){host, rn_graph_view(), g, RN_NO_NODE, 0};
  b->g = g;
  b->scope = "";
}

rn_status *rn_builder_take_error(graph_builder *b) {
  rn_status *s = b->error;
  b->error = NULL;
  return s;
}

/* A returned failure and a sticky one: the sticky one came first. */
static rn_status *finish(graph_builder *b, const graph_mark *m, rn_status *returned) {
  rn_status *sticky = rn_builder_take_error(b);
  if (sticky != NULL) {
    rn_status_free(returned);
    returned = sticky;
  }
  if (returned != NULL)
    rn_undo_rollback(b->g, m);
  else
    rn_undo_keep(b->g, m);
  return returned;
}

/* Any table will do for who edits from outside a plugin: that of the graph's newest op, or of constants. */
static const rn_host_api *some_host(const rn_graph *g) {
  const rn_op *op = g->last_op;
  if (op == NULL) rn_status_free(rn_registry_op_by_role(g->rt, RN_ROLE_CONSTANT, &op));
  return op != NULL ? op->host : NULL;
}

rn_status *rn_graph_edit(rn_graph *g, rn_status *(*body)(void *arg, rn_builder *b), void *arg) {
  graph_builder b;
  if (body == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "an edit without a body");
  rn_builder_init(&b, g, some_host(g));
  graph_mark m = rn_undo_begin(g);
  return finish(&b, &m, body(arg, &b.pub));
}

rn_status *rn_graph_run_pass(rn_graph *copy, const rn_pass_def *p, const rn_host_api *host, uint32_t *out_changes) {
  graph_builder b;
  uint32_t changes = 0;
  rn_builder_init(&b, copy, host);
  b.is_pass = 1;
  graph_mark m = rn_undo_begin(copy);
  rn_status *failed_pass = finish(&b, &m, rn_call_pass(p, &b.pub, &changes));
  if (out_changes != NULL) *out_changes = failed_pass == NULL ? changes : 0;
  return failed_pass != NULL ? rn_status_wrap(failed_pass, "pass '%s'", p->name) : NULL;
}
