/* graph/clone.c - part of a loop as a function's body (core/graph).
 *
 * What is wanted is followed back to the loop's inputs, which become placeholders; the nodes on the way are
 * added again under their names. Inside the function there is one round: a variable is its placeholder,
 * and the switches that decide about going on have decided so. Loops nested in it stay what they are, so
 * merges get their last input when all else is there. */
#include "graph/raise.h"
#include <stdio.h>

#define NONE UINT32_MAX
enum { OPEN = 1, DONE = 2 };

typedef struct back_edge {
  rn_node_id node;
  uint32_t input;
} back_edge;
typedef struct cloning {
  const loop_parts *p;
  rn_graph *body;
  graph_builder b;
  const rn_value *fed; /* placeholders */
  rn_node_id *made;    /* per node of the graph */
  uint8_t *state;
  rn_node_id *stack;
  uint32_t top, cap;
  back_edge *back;
  uint32_t n_back, cap_back;
} cloning;

static const graph_node *at(const cloning *c, rn_node_id n) { return rn_node_at(c->p->g, n); }

static uint32_t role_of(const cloning *c, rn_node_id n) {
  const rn_op *op = at(c, n)->op;
  return op != NULL ? op->def->role : RN_ROLE_NONE;
}

static uint32_t find_constant(const loop_parts *p, rn_node_id enter) {
  for (uint32_t i = 0; i < p->n_constants; i++) {
    if (p->constant[i] == enter) return i;
  }
  return NONE;
}

static uint32_t find_outside(const loop_parts *p, rn_value v) {
  for (uint32_t i = 0; i < p->n_outside; i++) {
    if (p->outside[i].node == v.node && p->outside[i].port == v.port) return i;
  }
  return NONE;
}

/* Past the switches of the loop, and its condition. */
static rn_status *past_gates(const cloning *c, rn_value *v) {
  while (rn_loop_has(c->p, v->node)) {
    int is_gate = rn_loop_is_gate(c->p, v->node);
    if (!is_gate && v->node != c->p->cond) break;
    if (is_gate && v->port == 0) return rn_loop_unfit(c->p, v->node, "is read where the loop has ended");
    *v = at(c, v->node)->in[0];
  }
  return NULL;
}

/* What v is in the body. out->node RN_NO_NODE: not there yet, *need is the node that makes it. */
static rn_status *resolve(const cloning *c, rn_value v, rn_value *out, rn_node_id *need) {
  const loop_parts *p = c->p;
  uint32_t i;
  *out = RN_NO_VALUE;
  RN_TRY(past_gates(c, &v));
  *need = v.node;
  if (!rn_loop_has(p, v.node)) {
    if (rn_loop_of(p->loops, v.node) == p->loop && p->loops->depth[v.node] == 0) {
      i = find_constant(p, v.node);
      if (i == NONE) return rn_loop_unfit(p, v.node, "enters it, but into no variable");
      *out = c->fed[p->n_vars + i];
      return NULL;
    }
    i = find_outside(p, v);
    if (i != NONE) *out = c->fed[p->n_vars + p->n_constants + i];
    if (i != NONE || role_of(c, v.node) != RN_ROLE_CONSTANT) return NULL;
  } else if ((i = rn_loop_var_of(p, v.node)) != NONE) {
    if (v.port != 0) return rn_loop_unfit(p, v.node, "tells the first round from the others");
    *out = c->fed[i];
    return NULL;
  }
  if (c->state[v.node] == DONE) *out = (rn_value){c->made[v.node], v.port};
  return NULL;
}

static rn_status *push(cloning *c, rn_node_id n) {
  void *items = c->stack;
  rn_status *failed = rn_graph_grow(&items, c->top, &c->cap, sizeof *c->stack);
  c->stack = items;
  if (failed != NULL) return failed;
  c->stack[c->top++] = n;
  return NULL;
}

/* The input of a nested loop's merge that closes it. */
static int is_back(const cloning *c, rn_node_id n, uint32_t input) {
  rn_node_id from = at(c, n)->in[input].node;
  return role_of(c, n) == RN_ROLE_MERGE && (from >= n || role_of(c, from) == RN_ROLE_NEXT_ITERATION);
}

static int waits_for(const cloning *c, rn_node_id control) {
  return rn_loop_has(c->p, control) && !rn_loop_is_gate(c->p, control) && control != c->p->cond &&
         rn_loop_var_of(c->p, control) == NONE && role_of(c, control) != RN_ROLE_NEXT_ITERATION;
}

static rn_status *need_node(cloning *c, rn_node_id n, rn_node_id by) {
  if (c->state[n] == DONE) return NULL;
  if (c->state[n] == OPEN) return rn_loop_unfit(c->p, by, "depends on itself");
  return push(c, n);
}

/* Puts what n needs on the stack. */
static rn_status *open_node(cloning *c, rn_node_id n) {
  const graph_node *node = at(c, n);
  rn_value found;
  rn_node_id need;
  c->state[n] = OPEN;
  if (node->op == NULL) return rn_loop_unfit(c->p, n, "is an op that is not known");
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (is_back(c, n, i)) continue;
    RN_TRY(resolve(c, node->in[i], &found, &need));
    if (found.node == RN_NO_NODE) RN_TRY(need_node(c, need, n));
  }
  for (uint32_t i = 0; i < node->n_control; i++) {
    if (waits_for(c, node->control[i])) RN_TRY(need_node(c, node->control[i], n));
  }
  return NULL;
}

static rn_status *note_back(cloning *c, rn_node_id n, uint32_t input) {
  void *items = c->back;
  rn_status *failed = rn_graph_grow(&items, c->n_back, &c->cap_back, sizeof *c->back);
  c->back = items;
  if (failed != NULL) return failed;
  c->back[c->n_back++] = (back_edge){n, input};
  return NULL;
}

static rn_status *list_inputs(cloning *c, rn_node_id n, rn_value *in) {
  const graph_node *node = at(c, n);
  rn_value first = RN_NO_VALUE;
  rn_node_id need;
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (is_back(c, n, i)) continue;
    RN_TRY(resolve(c, node->in[i], &in[i], &need));
    if (first.node == RN_NO_NODE) first = in[i];
  }
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (!is_back(c, n, i)) continue;
    in[i] = first; /* until all is there */
    RN_TRY(note_back(c, n, i));
  }
  return NULL;
}

static rn_status *add_copy(cloning *c, rn_node_id n, rn_value *in, rn_node_id *control) {
  const graph_node *node = at(c, n);
  rn_attr attrs[RN_MAX_SIG];
  const rn_signature *sig = node->op->sig;
  rn_node_request r = rn_node_request_for(node->op_name, node->name);
  RN_TRY(list_inputs(c, n, in));
  for (uint32_t i = 0; i < sig->n_attr && i < RN_MAX_SIG; i++)
    if (node->attr[i].type != 0) attrs[r.n_attrs++] = (rn_attr){sig->attr[i].name, node->attr[i]};
  for (uint32_t i = 0; i < node->n_control; i++)
    if (waits_for(c, node->control[i])) control[r.n_control++] = c->made[node->control[i]];
  r.inputs = in;
  r.n_inputs = node->n_in;
  r.control = control;
  r.attrs = attrs;
  r.device = node->device;
  RN_TRY(rn_graph_add(c->body, &r, &c->made[n]));
  c->state[n] = DONE;
  return NULL;
}

static rn_status *copy_node(cloning *c, rn_node_id n) {
  const graph_node *node = at(c, n);
  rn_value *in = rn_mem_zero((size_t)node->n_in + 1, sizeof *in);
  rn_node_id *control = rn_mem_zero((size_t)node->n_control + 1, sizeof *control);
  rn_status *failed = in != NULL && control != NULL ? add_copy(c, n, in, control) : rn_graph_no_memory();
  rn_mem_free(in);
  rn_mem_free(control);
  return failed;
}

static rn_status *make(cloning *c, rn_value v, rn_value *out) {
  rn_node_id need;
  RN_TRY(resolve(c, v, out, &need));
  if (out->node != RN_NO_NODE) return NULL;
  RN_TRY(push(c, need));
  while (c->top > 0) {
    rn_node_id n = c->stack[c->top - 1];
    uint32_t before = c->top;
    if (c->state[n] == 0) RN_TRY(open_node(c, n));
    if (c->top != before) continue;
    c->top--;
    if (c->state[n] == OPEN) RN_TRY(copy_node(c, n));
  }
  return resolve(c, v, out, &need);
}

static rn_status *close_loops(cloning *c) {
  rn_value v;
  for (uint32_t i = 0; i < c->n_back; i++) { /* grows meanwhile */
    back_edge e = c->back[i];
    RN_TRY(make(c, at(c, e.node)->in[e.input], &v));
    RN_TRY(rn_graph_set_input(c->body, c->made[e.node], e.input, v));
  }
  return NULL;
}

static rn_value feed(cloning *c, rn_value like, const char *kind, uint32_t i) {
  char name[48];
  const rn_graph *g = c->p->g;
  rn_shape s = *rn_graph_shape(g, like);
  rn_attr attrs[] = {RN_AT("dtype", rn_base_of(rn_graph_dtype(g, like))), RN_ASHAPE("shape", &s)};
  for (int32_t k = 0; k < s.rank; k++)
    if (s.dim[k] < 0) s.dim[k] = RN_DIM_UNKNOWN;
  (void)snprintf(name, sizeof name, "%s_%u", kind, i);
  return rn_builder_role(&c->b, RN_ROLE_PLACEHOLDER, name, NULL, 0, attrs, 2);
}

static rn_status *add_feeds(cloning *c, rn_value *fed) {
  const loop_parts *p = c->p;
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->n_vars; i++) fed[n++] = feed(c, (rn_value){p->merge[i], 0}, "variable", i);
  for (uint32_t i = 0; i < p->n_constants; i++) fed[n++] = feed(c, at(c, p->constant[i])->in[0], "constant", i);
  for (uint32_t i = 0; i < p->n_outside; i++) fed[n++] = feed(c, p->outside[i], "outside", i);
  c->fed = fed;
  return rn_builder_take_error(&c->b);
}

static rn_status *fill(cloning *c, const rn_value *want, uint32_t n_want, rn_value *fed, rn_value *out) {
  if (c->made == NULL || c->state == NULL) return rn_graph_no_memory();
  RN_TRY(add_feeds(c, fed));
  for (uint32_t i = 0; i < n_want; i++) RN_TRY(make(c, want[i], &out[i]));
  return close_loops(c);
}

rn_status *rn_loop_function(const loop_parts *p, const rn_value *want, uint32_t n_want, rn_graph **out_body,
                            rn_value *inputs, rn_value *out) {
  cloning c;
  memset(&c, 0, sizeof c);
  c.p = p;
  RN_TRY(rn_graph_create(p->g->rt, 0, &c.body));
  c.body->root = p->g->root != NULL ? p->g->root : (rn_graph *)(uintptr_t)p->g; /* for functions that it calls */
  rn_builder_init(&c.b, c.body, NULL);
  c.made = rn_mem_zero((size_t)p->n_nodes + 1, sizeof *c.made);
  c.state = rn_mem_zero((size_t)p->n_nodes + 1, 1);
  rn_status *failed = fill(&c, want, n_want, inputs, out);
  rn_mem_free(c.made);
  rn_mem_free(c.state);
  rn_mem_free(c.stack);
  rn_mem_free(c.back);
  *out_body = c.body;
  if (failed == NULL) return NULL;
  rn_status_free(rn_builder_take_error(&c.b));
  rn_graph_destroy(c.body);
  *out_body = NULL;
  return failed;
}
