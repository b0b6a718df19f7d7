/* exec/branch.c - which nodes wait for which, and whether branches are worth several threads (core/exec).
 *
 * What can run beside the longest path must cost more than starting and joining tasks does. A kernel
 * that is parallel by itself gains nothing from company and counts as nothing. The guesses for kernels
 * that name no cost: 20 GFLOP/s, 10 GB/s. */
#include "exec/exec.h"

#define WORTH_NS 40000.0
#define MOST_NODES 2048u
#define NS_PER_FLOP 0.05
#define NS_PER_BYTE 0.1

typedef struct work {
  exec_layout *l;
  uint32_t *position; /* per node: place in order, or EXEC_NONE */
  uint32_t *stamp, *stack;
  uint32_t *from, *to; /* edges between positions */
  uint32_t n_edges, capacity;
} work;

/* ------------------------------------------------------------------------------------- the cost */
/* A call refreshes the views of all cells that the step writes: nothing may read them beside it. */
static int calls_and_writes(const exec_plan *p) {
  int writes = 0;
  for (uint32_t c = 0; c < p->n_cell && p->has_calls; c++) writes |= p->cell[c].writes;
  return writes;
}

static double default_cost(const exec_layout *l, const exec_node *n) {
  double bytes = 0;
  for (uint32_t i = 0; i < n->n_in; i++) bytes += (double)l->proto[l->plan->input[n->in + i]].size_bytes;
  for (uint32_t o = 0; o < n->n_out; o++) bytes += (double)l->proto[n->out + o].size_bytes;
  return bytes * NS_PER_BYTE;
}

static double op_cost(const exec_layout *l, const exec_node *n) {
  rn_shape in[16], out[16];
  rn_cost cost = {0, 0};
  if (n->op == NULL || !RN_HAS_FN(n->op->def, rn_op_def, cost) || n->n_in > 16 || n->n_out > 16)
    return default_cost(l, n);
  for (uint32_t i = 0; i < n->n_in; i++) in[i] = l->proto[l->plan->input[n->in + i]].shape;
  for (uint32_t o = 0; o < n->n_out; o++) out[o] = l->proto[n->out + o].shape;
  for (uint32_t i = 0; i < n->n_in; i++)
    if (!rn_shape_known(&in[i])) return 0;
  for (uint32_t o = 0; o < n->n_out; o++)
    if (!rn_shape_known(&out[o])) return 0;
  rn_infer c = {
      (uint32_t)sizeof c, n->n_in, n->n_out, 0, NULL, {n->op->host, rn_graph_view(), l->plan->graph, n->id, 0}};
  n->op->def->cost(&c, in, out, &cost);
  double ns = cost.flops * NS_PER_FLOP;
  return ns > cost.bytes * NS_PER_BYTE ? ns : cost.bytes * NS_PER_BYTE;
}

/* A kernel that is parallel by itself gains nothing from company. */
static double cost_of(const exec_layout *l, uint32_t position) {
  const exec_node *n = &l->plan->node[l->order[position]];
  double prepared = l->step[l->order[position]].prep.cost_ns;
  if (n->kernel != NULL && (n->kernel->def->flags & (RN_KERNEL_PARALLEL | RN_KERNEL_EXCLUSIVE)) != 0) return 0;
  return prepared > 0 ? prepared : op_cost(l, n);
}

static rn_status *pays(const exec_layout *l, int *out) {
  double total = 0, longest = 0;
  double *path = rn_mem_zero(l->n_order + (size_t)1, sizeof *path);
  if (path == NULL) return exec_out_of_memory("a layout");
  for (uint32_t i = 0; i < l->n_order; i++) {
    double cost = cost_of(l, i);
    total += cost;
    path[i] += cost;
    if (path[i] > longest) longest = path[i];
    for (uint32_t k = l->after_at[i]; k < l->after_at[i + 1]; k++)
      if (path[l->after[k]] < path[i]) path[l->after[k]] = path[i];
  }
  *out = total - longest > WORTH_NS;
  rn_mem_free(path);
  return NULL;
}

/* ------------------------------------------------------------------------------------- the edges */
static rn_status *add_edge(work *w, uint32_t from, uint32_t to) {
  if (w->n_edges == w->capacity) {
    uint32_t wanted = w->capacity * 2 + 256;
    uint32_t *a = rn_mem_grow(w->from, wanted, sizeof *a);
    if (a != NULL) w->from = a;
    uint32_t *b = a != NULL ? rn_mem_grow(w->to, wanted, sizeof *b) : NULL;
    if (b == NULL) return exec_out_of_memory("a layout");
    w->to = b;
    w->capacity = wanted;
  }
  w->from[w->n_edges] = from;
  w->to[w->n_edges++] = to;
  return NULL;
}

/* Who must go before position: through nodes that execute nothing. */
static rn_status *find_edges(work *w, uint32_t position) {
  const exec_plan *p = w->l->plan;
  uint32_t depth = 0;
  w->stack[depth++] = w->l->order[position];
  while (depth > 0) {
    const exec_node *n = &p->node[w->stack[--depth]];
    for (uint32_t k = 0; k < n->n_pred; k++) {
      uint32_t pred = p->pred[n->pred + k];
      if (w->stamp[pred] == position) continue;
      w->stamp[pred] = position;
      if (w->position[pred] != EXEC_NONE)
        RN_TRY(add_edge(w, w->position[pred], position));
      else
        w->stack[depth++] = pred;
    }
  }
  return NULL;
}

static rn_status *store_edges(work *w) {
  exec_layout *l = w->l;
  l->waits = rn_arena_array(&l->memory, l->n_order + (size_t)1, sizeof *l->waits);
  l->after_at = rn_arena_array(&l->memory, l->n_order + (size_t)2, sizeof *l->after_at);
  l->after = rn_arena_array(&l->memory, w->n_edges + (size_t)1, sizeof *l->after);
  if (l->waits == NULL || l->after_at == NULL || l->after == NULL) return exec_out_of_memory("a layout");
  memset(l->waits, 0, l->n_order * sizeof *l->waits);
  memset(l->after_at, 0, (l->n_order + (size_t)2) * sizeof *l->after_at);
  for (uint32_t e = 0; e < w->n_edges; e++) {
    l->waits[w->to[e]]++;
    l->after_at[w->from[e] + 1]++;
  }
  for (uint32_t i = 0; i < l->n_order; i++) l->after_at[i + 1] += l->after_at[i];
  for (uint32_t e = w->n_edges; e-- > 0;) l->after[--l->after_at[w->from[e] + 1]] = w->to[e];
  /* each after_at[i + 1] has moved down to where i's list starts */
  for (uint32_t i = 0; i < l->n_order; i++) l->after_at[i] = l->after_at[i + 1];
  l->after_at[l->n_order] = w->n_edges;
  return NULL;
}

static rn_status *build(work *w) {
  const exec_plan *p = w->l->plan;
  w->position = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w->position);
  w->stamp = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w->stamp);
  w->stack = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w->stack);
  if (w->position == NULL || w->stamp == NULL || w->stack == NULL) return exec_out_of_memory("a layout");
  memset(w->position, 0xff, p->n_node * sizeof *w->position);
  memset(w->stamp, 0xff, p->n_node * sizeof *w->stamp);
  for (uint32_t i = 0; i < w->l->n_order; i++) w->position[w->l->order[i]] = i;
  uint32_t lane = EXEC_NONE; /* what goes through lanes keeps its order */
  for (uint32_t i = 0; i < w->l->n_order; i++) {
    RN_TRY(find_edges(w, i));
    const exec_step *step = &w->l->step[w->l->order[i]];
    if (step->mode != STEP_DEVICE && !step->after_lanes) continue;
    if (lane != EXEC_NONE) RN_TRY(add_edge(w, lane, i));
    lane = i;
  }
  return store_edges(w);
}

rn_status *exec_layout_parallel(exec_layout *l) {
  const exec_plan *p = l->plan;
  const rn_session *session = p->session;
  work w = {.l = l};
  int yes = p->has_async;
  int may = !p->is_body && p->n_lane == 0 && session->threads > 1 && session->interop && l->n_order > 1 &&
            l->n_order <= MOST_NODES && !calls_and_writes(p);
  if (!yes && !may) return NULL;
  rn_status *s = build(&w);
  if (s == NULL && !yes) s = pays(l, &yes);
  l->parallel = yes != 0;
  rn_mem_free(w.position);
  rn_mem_free(w.stamp);
  rn_mem_free(w.stack);
  rn_mem_free(w.from);
  rn_mem_free(w.to);
  return s;
}
