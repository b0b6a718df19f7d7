/* exec/callee.c - the variables that called functions touch (core/exec).
 *
 * A node that calls functions touches what is handed to it and what the bodies name, through functions
 * they call in turn; all of it is written if any op in any of the bodies writes. So a step takes every
 * lock before it starts, and inference from many threads shares them. */
#include "exec/cells.h"

static int was_seen(exec_resolve *w, const rn_graph *body) {
  for (uint32_t i = 0; i < w->n_seen; i++)
    if (w->seen[i] == body) return 1;
  return 0;
}

static rn_status *look_through(exec_resolve *w, const rn_graph *g, rn_node_id id, int *writes);

static rn_status *look_at_body(exec_resolve *w, const rn_graph *g, rn_bytes name, int *writes) {
  char text[256];
  rn_function_info f;
  if (name.size == 0 || name.size >= sizeof text) return NULL;
  memcpy(text, name.data, name.size);
  text[name.size] = '\0';
  rn_status *missing = rn_graph_function(rn_graph_root(g), text, &f);
  if (missing != NULL) {
    rn_status_free(missing); /* said when it is called */
    return NULL;
  }
  if (was_seen(w, f.body)) return NULL;
  const rn_graph **grown = rn_mem_grow(w->seen, w->n_seen + 1, sizeof *grown);
  if (grown == NULL) return exec_out_of_memory("the plan's variables");
  w->seen = grown;
  w->seen[w->n_seen++] = f.body;
  uint32_t n = rn_graph_node_count(f.body);
  for (uint32_t i = 0; i < n; i++) {
    const rn_op *op = rn_node_op(f.body, i);
    if (op == NULL) continue;
    if (op->def->writes != 0) *writes = 1;
    if ((op->def->flags & RN_OP_CALLS) != 0 && w->n_seen < EXEC_MAX_DEPTH) RN_TRY(look_through(w, f.body, i, writes));
  }
  return NULL;
}

static rn_status *look_through(exec_resolve *w, const rn_graph *g, rn_node_id id, int *writes) {
  const rn_op *op = rn_node_op(g, id);
  for (uint32_t a = 0; a < op->sig->n_attr; a++) {
    const rn_attr_value *v = rn_node_sig_attr(g, id, a);
    if (v == NULL || (v->type & ~(uint32_t)RN_ATTR_LIST) != RN_ATTR_FUNC) continue;
    const rn_bytes *names = (v->type & RN_ATTR_LIST) != 0 ? v->u.list : &v->u.bytes;
    uint32_t n = (v->type & RN_ATTR_LIST) != 0 ? v->count : 1;
    for (uint32_t i = 0; i < n; i++) RN_TRY(look_at_body(w, g, names[i], writes));
  }
  return NULL;
}

/* Variables named inside the bodies, and those handed in. */
rn_status *exec_resolve_calls(exec_resolve *w, uint32_t node) {
  exec_plan *p = w->p;
  const exec_node *n = &p->node[node];
  int writes = 0;
  uint32_t cell;
  w->n_seen = 0;
  p->has_calls = 1;
  RN_TRY(look_through(w, p->graph, n->id, &writes));
  for (uint32_t i = 0; i < n->n_in; i++) {
    const exec_value *v = &p->value[p->input[n->in + i]];
    if (v->cell != EXEC_NONE && v->dtype == RN_RESOURCE)
      RN_TRY(exec_add_access(w, (exec_access){v->cell, node, EXEC_NONE, (uint8_t)writes, 0, 1, 0}));
  }
  for (uint32_t b = 0; b < w->n_seen; b++) {
    uint32_t count = rn_graph_node_count(w->seen[b]);
    for (uint32_t i = 0; i < count; i++) {
      const rn_op *op = rn_node_op(w->seen[b], i);
      if (op == NULL || op->def->role != RN_ROLE_RESOURCE) continue;
      RN_TRY(exec_open_cell(w, w->seen[b], i, op, EXEC_NONE, &cell));
      RN_TRY(exec_add_access(w, (exec_access){cell, node, EXEC_NONE, (uint8_t)writes, 0, 1, 0}));
    }
  }
  return NULL;
}
