/* exec/group.c - nodes that have to stand together (core/exec).
 *
 * Colocation, a Ref edge or a resource handle joins nodes into a group, which goes to one device. What holds a group on
 * the host is noted in its root, the smallest member. */
#include "exec/placing.h"

uint32_t exec_group_of(exec_placing *w, uint32_t i) {
  uint32_t *parent = w->parent;
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

static void join(exec_placing *w, uint32_t a, uint32_t b) {
  a = exec_group_of(w, a);
  b = exec_group_of(w, b);
  if (a < b)
    w->parent[b] = a;
  else
    w->parent[a] = b;
}

static void join_handles(exec_placing *w, uint32_t i) {
  const exec_plan *p = w->p;
  const exec_node *n = &p->node[i];
  if (exec_is_host_only(n)) return;
  for (uint32_t k = 0; k < n->n_in; k++) {
    const exec_value *v = &p->value[p->input[n->in + k]];
    if (v->node == EXEC_NONE || (v->dtype < RN_REF && v->dtype != RN_RESOURCE)) continue;
    if (v->dtype != RN_RESOURCE && !n->op->sig->in[rn_node_input_arg(p->graph, n->id, k)].is_ref) continue;
    join(w, i, v->node);
  }
}

/* "_class" names another node: those that name the same one stand together, planned or not. */
static rn_status *join_classes(exec_placing *w) {
  const exec_plan *p = w->p;
  uint32_t *first = NULL, i = 0, n_graph = rn_graph_node_count(p->graph);
  while (i < p->n_node && rn_node_colocation(p->graph, p->node[i].id) == RN_NO_NODE) i++;
  if (i == p->n_node) return NULL;
  first = rn_mem_alloc(((size_t)n_graph + 1) * sizeof *first);
  if (first == NULL) return exec_out_of_memory("placement");
  memset(first, 0xff, ((size_t)n_graph + 1) * sizeof *first);
  for (uint32_t k = 0; k < p->n_node; k++) first[p->node[k].id] = k;
  for (; i < p->n_node; i++) {
    rn_node_id with = rn_node_colocation(p->graph, p->node[i].id);
    if (with == RN_NO_NODE || exec_is_host_only(&p->node[i])) continue;
    if (first[with] == EXEC_NONE) first[with] = i;
    join(w, i, first[with]);
  }
  rn_mem_free(first);
  return NULL;
}

/* Nodes that stay on the host and hold a variable's handle keep its group there; in a function all do. */
static void hold_on_host(exec_placing *w) {
  const exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    if (!exec_needs_kernel(n)) continue;
    int calls = (n->op->def->flags & RN_OP_CALLS) != 0;
    int looks_only = (n->op->def->flags & RN_OP_UNINITIALIZED_OK) != 0 && n->op->def->writes == 0 && !calls;
    if (looks_only || !(p->is_body || calls || exec_is_host_only(n))) continue;
    for (uint32_t k = 0; k < n->n_in; k++) {
      const exec_value *v = &p->value[p->input[n->in + k]];
      int handle = v->dtype == RN_RESOURCE ||
                   (v->dtype >= RN_REF && n->op->sig->in[rn_node_input_arg(p->graph, n->id, k)].is_ref);
      if (!handle) continue;
      p->node[exec_group_of(w, i)].placing |= PLACE_HELD;
      if (v->node != EXEC_NONE) p->node[exec_group_of(w, v->node)].placing |= PLACE_HELD;
    }
  }
}

/* The root is its group's smallest member: it stays first. */
static void list_members(exec_placing *w) {
  uint32_t n = w->p->n_node;
  memset(w->next, 0xff, n * sizeof *w->next);
  for (uint32_t i = n; i-- > 0;) {
    uint32_t root = exec_group_of(w, i);
    if (root == i) continue;
    w->next[i] = w->next[root];
    w->next[root] = i;
  }
}

rn_status *exec_group_all(exec_placing *w) {
  const exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_node; i++) w->parent[i] = i;
  RN_TRY(join_classes(w));
  for (uint32_t i = 0; i < p->n_node; i++)
    if (p->node[i].op != NULL && p->node[i].kind != NODE_TOKEN) join_handles(w, i);
  list_members(w);
  hold_on_host(w);
  return NULL;
}

/* After placement: held back is the whole group. */
rn_status *exec_group_keep(exec_placing *w) {
  exec_plan *p = w->p;
  p->group = rn_arena_array(&p->memory, p->n_node + (size_t)1, sizeof *p->group);
  if (p->group == NULL) return exec_out_of_memory("placement");
  for (uint32_t i = 0; i < p->n_node; i++) {
    uint32_t root = exec_group_of(w, i);
    p->group[i] = w->next[i] != EXEC_NONE ? w->next[i] : root;
    p->node[i].placing |= p->node[root].placing & (PLACE_HELD | PLACE_OPEN);
  }
  return NULL;
}
