/* graph/repeat.c - may a function run again and give the same? (core/graph)
 *
 * Gradients of functions compute the forward part a second time. That is right only where nothing that
 * is needed is stateful: random numbers would be others, a variable would be written twice. What a
 * function reads from variables counts as the same, and a stateful op without outputs (an assertion) may
 * look twice. */
#include "graph/node.h"

#define MAX_DEPTH 32 /* of functions that call functions */

typedef struct visit {
  const rn_graph *g;
  rn_node_id limit;
  uint8_t *seen;
  rn_node_id *stack;
  uint32_t top, depth;
} visit;

static rn_status *look(const rn_graph *body, rn_node_id limit, const rn_value *values, uint32_t n_values,
                       const rn_node_id *controls, uint32_t n_controls, uint32_t depth);

static rn_status *look_at_function(const rn_graph *g, rn_bytes name, uint32_t depth) {
  char text[512];
  if (name.size >= sizeof text) return NULL; /* no function can be called so: it fails when it runs */
  memcpy(text, name.data, name.size);
  text[name.size] = '\0';
  const graph_function *f = rn_function_find(g, text);
  if (f == NULL) return NULL;
  if (depth >= MAX_DEPTH)
    return rn_status_make(RN_UNIMPLEMENTED, "functions call each other more than %d deep", MAX_DEPTH);
  rn_status *failed =
      look(f->body, RN_NO_NODE, f->outputs, f->n_outputs, f->control_outputs, f->n_control_outputs, depth + 1);
  return failed != NULL ? rn_status_wrap(failed, "in function '%.100s'", text) : NULL;
}

static rn_status *look_at_calls(const rn_graph *g, const graph_node *n, uint32_t depth) {
  for (uint32_t i = 0; i < n->op->sig->n_attr; i++) {
    const rn_attr_value *v = &n->attr[i];
    if ((v->type & ~(uint32_t)RN_ATTR_LIST) != RN_ATTR_FUNC) continue;
    const rn_bytes *names = (v->type & RN_ATTR_LIST) != 0 ? v->u.list : &v->u.bytes;
    for (uint32_t k = 0; k < v->count; k++) RN_TRY(look_at_function(g, names[k], depth));
  }
  return NULL;
}

static rn_status *look_at_node(const visit *w, rn_node_id id) {
  char text[RN_NODE_TEXT];
  const graph_node *n = rn_node_at(w->g, id);
  if (n->op == NULL || id >= w->limit) return NULL;
  const rn_op_def *def = n->op->def;
  if ((def->flags & RN_OP_CALLS) != 0) return look_at_calls(w->g, n, w->depth);
  if (def->writes != 0)
    return rn_status_make(RN_UNIMPLEMENTED, "%s writes, so what it is part of cannot be run again for a gradient",
                          rn_node_text(w->g, id, text, sizeof text));
  if ((def->flags & RN_OP_STATEFUL) == 0 || n->n_out == 0 || def->reads != 0 || def->role != RN_ROLE_NONE) return NULL;
  return rn_status_make(RN_UNIMPLEMENTED,
                        "%s is stateful: what it is part of cannot be run again for a gradient and give the same",
                        rn_node_text(w->g, id, text, sizeof text));
}

static void push(visit *w, rn_node_id n) {
  if (n >= w->g->n_nodes || w->seen[n]) return;
  w->seen[n] = 1;
  w->stack[w->top++] = n;
}

static rn_status *walk(visit *w, const rn_value *values, uint32_t n_values, const rn_node_id *controls,
                       uint32_t n_controls) {
  for (uint32_t i = 0; i < n_values; i++) push(w, values[i].node);
  for (uint32_t i = 0; i < n_controls; i++) push(w, controls[i]);
  while (w->top > 0) {
    rn_node_id id = w->stack[--w->top];
    RN_TRY(look_at_node(w, id));
    const graph_node *n = rn_node_at(w->g, id);
    for (uint32_t i = 0; i < n->n_in; i++) push(w, n->in[i].node);
    for (uint32_t i = 0; i < n->n_control; i++) push(w, n->control[i]);
  }
  return NULL;
}

static rn_status *look(const rn_graph *body, rn_node_id limit, const rn_value *values, uint32_t n_values,
                       const rn_node_id *controls, uint32_t n_controls, uint32_t depth) {
  visit w = {body, limit, rn_mem_zero((size_t)body->n_nodes + 1, 1), NULL, 0, depth};
  w.stack = rn_mem_alloc(((size_t)body->n_nodes + 1) * sizeof *w.stack);
  rn_status *s =
      w.seen != NULL && w.stack != NULL ? walk(&w, values, n_values, controls, n_controls) : rn_graph_no_memory();
  rn_mem_free(w.seen);
  rn_mem_free(w.stack);
  return s;
}

rn_status *rn_graph_repeats(const rn_graph *body, rn_node_id limit, const rn_value *values, uint32_t n_values,
                            const rn_node_id *controls, uint32_t n_controls) {
  return look(body, limit, values, n_values, controls, n_controls, 0);
}

rn_status *rn_function_repeats(const rn_graph *g, const char *name) {
  if (name == NULL || rn_function_find(g, name) == NULL)
    return rn_status_make(RN_NOT_FOUND, "no function '%.100s'", name != NULL ? name : "");
  return look_at_function(g, (rn_bytes){name, strlen(name)}, 0);
}
