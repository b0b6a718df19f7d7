/* graph/raise.c - a loop of primitives as one node that calls functions (core/graph).
 *
 * As TensorFlow 1 writes a loop: each variable enters into a merge, a switch lets it into the body or out
 * through an exit, and what the body makes of it goes through a next-iteration back to the merge. All
 * switches of the loop read one condition. What deviates is refused by name. */
#include "graph/raise.h"
#include <stdio.h>

static uint32_t role_of(const rn_graph *g, rn_node_id n) {
  const rn_op *op = n < g->n_nodes ? rn_node_at(g, n)->op : NULL;
  return op != NULL ? op->def->role : RN_ROLE_NONE;
}

rn_status *rn_loop_unfit(const loop_parts *p, rn_node_id n, const char *why) {
  char text[RN_NODE_TEXT];
  rn_bytes name = p->loops->loop[p->loop].name;
  return rn_status_make(RN_UNIMPLEMENTED, "the loop '%.*s' has no gradient: %s %s",
                        name.size > 200 ? 200 : (int)name.size, name.data, rn_node_text(p->g, n, text, sizeof text),
                        why);
}

int rn_loop_is_gate(const loop_parts *p, rn_node_id n) {
  return n < p->n_nodes && role_of(p->g, n) == RN_ROLE_SWITCH && p->loops->depth[n] == 1 &&
         rn_node_at(p->g, n)->in[1].node == p->cond;
}

uint32_t rn_loop_var_of(const loop_parts *p, rn_node_id merge) {
  for (uint32_t i = 0; i < p->n_vars; i++) {
    if (p->merge[i] == merge) return i;
  }
  return UINT32_MAX;
}

/* --- reading */
static rn_status *see_enter(loop_parts *p, rn_node_id n) {
  const graph_node *node = rn_node_at(p->g, n);
  rn_attr_value constant;
  if (rn_value_at(p->g, node->first_value)->dtype > RN_REF) return rn_loop_unfit(p, n, "takes a variable inside");
  RN_TRY(rn_graph_attr(p->g, n, "is_constant", RN_ATTR_BOOL, &constant));
  if (constant.u.b != 0) p->constant[p->n_constants++] = n;
  return NULL;
}

static rn_status *see_merge(loop_parts *p, rn_node_id n) {
  const graph_node *node = rn_node_at(p->g, n);
  uint32_t back = UINT32_MAX;
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (role_of(p->g, node->in[i].node) == RN_ROLE_NEXT_ITERATION) back = i;
  }
  if (back == UINT32_MAX) return NULL; /* of a condition in the body */
  rn_node_id enter = node->n_in == 2 ? node->in[1 - back].node : RN_NO_NODE;
  if (role_of(p->g, enter) != RN_ROLE_ENTER) return rn_loop_unfit(p, n, "merges more than an enter and a next round");
  p->enter[p->n_vars] = enter;
  p->merge[p->n_vars] = n;
  p->next[p->n_vars++] = rn_node_at(p->g, node->in[back].node)->in[0];
  return NULL;
}

static rn_status *see_outside(loop_parts *p, rn_node_id n) {
  const graph_node *node = rn_node_at(p->g, n);
  for (uint32_t i = 0; i < node->n_in; i++) {
    rn_value v = node->in[i];
    uint32_t k = 0;
    if (rn_loop_of(p->loops, v.node) == p->loop || role_of(p->g, v.node) == RN_ROLE_CONSTANT) continue;
    while (k < p->n_outside && (p->outside[k].node != v.node || p->outside[k].port != v.port)) k++;
    if (k < p->n_outside) continue;
    rn_value *grown = rn_mem_grow(p->outside, (size_t)k + 1, sizeof *grown);
    if (grown == NULL) return rn_graph_no_memory();
    p->outside = grown;
    p->outside[p->n_outside++] = v;
  }
  return NULL;
}

static rn_status *see(loop_parts *p, rn_node_id n) {
  uint32_t role = role_of(p->g, n), depth = p->loops->depth[n];
  if (depth == 0) return see_enter(p, n);
  if (depth == 1 && role == RN_ROLE_MERGE) RN_TRY(see_merge(p, n));
  if (depth == 1 && role == RN_ROLE_EXIT) p->exit[p->n_exits++] = n;
  if (depth == 1 && role == RN_ROLE_LOOP_COND) {
    if (p->cond != RN_NO_NODE) return rn_loop_unfit(p, n, "is a second condition");
    p->cond = n;
  }
  return see_outside(p, n);
}

rn_status *rn_loop_parts(const rn_graph *g, const graph_loops *loops, uint32_t loop, loop_parts *p) {
  size_t n = (size_t)loops->loop[loop].n_nodes + 1;
  memset(p, 0, sizeof *p);
  p->g = g;
  p->loops = loops;
  p->loop = loop;
  p->n_nodes = loops->n_nodes;
  p->cond = RN_NO_NODE;
  p->enter = rn_mem_zero(4 * n, sizeof *p->enter);
  p->next = rn_mem_zero(n, sizeof *p->next);
  if (p->enter == NULL || p->next == NULL) return rn_graph_no_memory();
  p->merge = p->enter + n;
  p->constant = p->enter + 2 * n;
  p->exit = p->enter + 3 * n;
  for (rn_node_id i = loops->loop[loop].leader; i < p->n_nodes; i++) {
    if (loops->of[i] == loop) RN_TRY(see(p, i));
  }
  return p->cond != RN_NO_NODE ? NULL
                               : rn_loop_unfit(p, loops->loop[loop].leader, "enters it, and no condition is in it");
}

void rn_loop_parts_finish(loop_parts *p) {
  rn_mem_free(p->enter);
  rn_mem_free(p->next);
  rn_mem_free(p->outside);
}

/* --- emitting */
typedef struct emission {
  graph_builder *b;
  const loop_parts *p;
  rn_value *in, *fed; /* the node's inputs; the functions' */
  rn_value *out;      /* of a function */
  rn_shape *shape;
  const char *cond, *body; /* names of the functions */
} emission;

static void list_inputs(emission *e) {
  const loop_parts *p = e->p;
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->n_vars; i++) {
    e->in[n] = rn_node_at(p->g, p->enter[i])->in[0];
    e->shape[n++] = *rn_graph_shape(p->g, (rn_value){p->merge[i], 0});
  }
  for (uint32_t i = 0; i < p->n_constants; i++) e->in[n++] = rn_node_at(p->g, p->constant[i])->in[0];
  for (uint32_t i = 0; i < p->n_outside; i++) e->in[n++] = p->outside[i];
  for (uint32_t i = p->n_vars; i < n; i++) e->shape[i] = *rn_graph_shape(p->g, e->in[i]);
  for (uint32_t i = 0; i < n; i++) {
    for (int32_t k = 0; k < e->shape[i].rank; k++)
      if (e->shape[i].dim[k] < 0) e->shape[i].dim[k] = RN_DIM_UNKNOWN; /* a symbol of now is none of a later round */
  }
}

/* Adds the function under a name of its own. */
static rn_status *add_function(const emission *e, const char *base, rn_graph *body, uint32_t n_out, const char **out) {
  char name[512];
  rn_graph *root = e->b->g->root != NULL ? e->b->g->root : e->b->g;
  rn_function_name(root, base, name, sizeof name);
  body->root = NULL;
  RN_TRY(rn_graph_add_function(root, name, body, e->fed, rn_loop_inputs(e->p), e->out, n_out, NULL, 0));
  *out = rn_function_find(root, name)->name;
  return NULL;
}

static rn_status *make_functions(emission *e, const char *base) {
  char name[480];
  const loop_parts *p = e->p;
  rn_graph *body;
  (void)snprintf(name, sizeof name, "%s_cond", base);
  RN_TRY(rn_loop_function(p, &rn_node_at(p->g, p->cond)->in[0], 1, &body, e->fed, e->out));
  RN_TRY(add_function(e, name, body, 1, &e->cond));
  (void)snprintf(name, sizeof name, "%s_body", base);
  RN_TRY(rn_loop_function(p, p->next, p->n_vars, &body, e->fed, e->out));
  for (uint32_t i = p->n_vars; i < rn_loop_inputs(p); i++) e->out[i] = e->fed[i];
  return add_function(e, name, body, rn_loop_inputs(p), &e->body);
}

/* "while/Enter_1" is entered by the loop "while". */
static void name_of(const loop_parts *p, char *out, size_t size_bytes) {
  (void)snprintf(out, size_bytes, "%s", rn_graph_name(p->g, p->loops->loop[p->loop].leader));
  char *slash = strrchr(out, '/');
  if (slash != NULL && slash != out) *slash = '\0';
}

static rn_status *emit(emission *e, graph_raised *out) {
  char name[400];
  name_of(e->p, name, sizeof name);
  list_inputs(e);
  RN_TRY(make_functions(e, name));
  uint32_t n = rn_loop_inputs(e->p);
  rn_attr attrs[] = {RN_AFUNC("cond", e->cond, strlen(e->cond)),
                     RN_AFUNC("body", e->body, strlen(e->body)),
                     {"output_shapes", {RN_ATTR_LIST | RN_ATTR_SHAPE, n, {.list = e->shape}}}};
  out->node = rn_builder_role(e->b, RN_ROLE_LOOP, name, e->in, n, attrs, 3).node;
  return rn_builder_take_error(e->b);
}

/* Which variable each exit gives. */
static rn_status *list_exits(const loop_parts *p, graph_raised *out) {
  out->exit = rn_mem_zero((size_t)p->n_exits + 1, sizeof *out->exit);
  out->var_of = rn_mem_zero((size_t)p->n_exits + 1, sizeof *out->var_of);
  if (out->exit == NULL || out->var_of == NULL) return rn_graph_no_memory();
  for (uint32_t i = 0; i < p->n_exits; i++) {
    rn_value from = rn_node_at(p->g, p->exit[i])->in[0];
    uint32_t var = UINT32_MAX;
    if (rn_loop_is_gate(p, from.node) && from.port == 0)
      var = rn_loop_var_of(p, rn_node_at(p->g, from.node)->in[0].node);
    if (var == UINT32_MAX) return rn_loop_unfit(p, p->exit[i], "gives what is no variable of the loop");
    out->exit[i] = p->exit[i];
    out->var_of[i] = var;
  }
  out->n_exits = p->n_exits;
  return NULL;
}

static rn_status *raise_parts(graph_builder *b, const loop_parts *p, graph_raised *out) {
  size_t n = (size_t)rn_loop_inputs(p) + 1;
  emission e = {b, p, rn_mem_zero(3 * n, sizeof *e.in), NULL, NULL, rn_mem_zero(n, sizeof *e.shape), NULL, NULL};
  rn_status *failed = NULL;
  if (e.in != NULL && e.shape != NULL) {
    e.fed = e.in + n;
    e.out = e.in + 2 * n;
    failed = list_exits(p, out);
    if (failed == NULL) failed = emit(&e, out);
  } else
    failed = rn_graph_no_memory();
  rn_mem_free(e.in);
  rn_mem_free(e.shape);
  return failed;
}

rn_status *rn_loop_raise(graph_builder *b, const graph_loops *loops, uint32_t loop, graph_raised *out) {
  loop_parts p;
  memset(out, 0, sizeof *out);
  rn_status *failed = rn_loop_parts(b->g, loops, loop, &p);
  if (failed == NULL) failed = raise_parts(b, &p, out);
  rn_loop_parts_finish(&p);
  if (failed != NULL) rn_raised_finish(out);
  return failed;
}

void rn_raised_finish(graph_raised *r) {
  rn_mem_free(r->exit);
  rn_mem_free(r->var_of);
  memset(r, 0, sizeof *r);
}
