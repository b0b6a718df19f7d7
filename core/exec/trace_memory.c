/* exec/trace_memory.c - how much memory a step needs at each of its places (core/exec).
 *
 * From the layout, not from what the allocator says: a value counts from the node that makes it to the last that reads
 * it, along the order. So the curve of a step tells which nodes its arena is as large as it is for. */
#include "exec/trace.h"

typedef struct span {
  uint32_t first, last;
} span;

static int is_counted(const exec_layout *l, uint32_t v) {
  return l->slot[v].root == v && (l->slot[v].kind == SLOT_ARENA || l->slot[v].kind == SLOT_HEAP);
}

static void see(const exec_layout *l, span *of, uint32_t v, uint32_t position) {
  span *s = &of[l->slot[v].root];
  if (s->first == EXEC_NONE) s->first = position;
  s->last = position;
}

static void find_spans(const exec_layout *l, span *of) {
  const exec_plan *p = l->plan;
  for (uint32_t v = 0; v < p->n_value; v++) of[v] = (span){EXEC_NONE, 0};
  for (uint32_t i = 0; i < l->n_order; i++) {
    const exec_node *n = &p->node[l->order[i]];
    for (uint32_t k = 0; k < n->n_in; k++) see(l, of, p->input[n->in + k], i);
    for (uint32_t k = 0; k < n->n_out; k++) see(l, of, n->out + k, i);
  }
  for (uint32_t f = 0; f < p->n_fetch && l->n_order != 0; f++) see(l, of, p->fetch_value[f], l->n_order - 1);
}

/* home NULL: the host. change: one more than there are positions. */
static void count(const exec_layout *l, const span *of, const exec_device *home, int64_t *change, uint64_t *alive) {
  const exec_plan *p = l->plan;
  int64_t now = 0;
  memset(change, 0, (l->n_order + (size_t)1) * sizeof *change);
  for (uint32_t v = 0; v < p->n_value; v++) {
    if (!is_counted(l, v) || p->value[v].home != home || of[v].first == EXEC_NONE) continue;
    change[of[v].first] += (int64_t)l->proto[v].size_bytes;
    change[of[v].last + 1] -= (int64_t)l->proto[v].size_bytes;
  }
  for (uint32_t i = 0; i < l->n_order; i++) {
    const exec_device *d = p->node[l->order[i]].device;
    const exec_device *on = d == NULL || exec_device_is_host(d) ? NULL : d;
    now += change[i];
    if (on == home) alive[i] = (uint64_t)now;
  }
}

static uint64_t *known(exec_trace *t, const exec_layout *l) {
  (void)pthread_mutex_lock(&t->lock);
  const trace_alive *a = t->alive;
  while (a != NULL && (a->layout != l || a->n_order != l->n_order)) a = a->next;
  (void)pthread_mutex_unlock(&t->lock);
  return a != NULL ? a->bytes : NULL;
}

static void remember(exec_trace *t, const exec_layout *l, uint64_t *bytes) {
  (void)pthread_mutex_lock(&t->lock);
  trace_alive *a = rn_arena_alloc(&t->memory, sizeof *a);
  if (a != NULL) {
    *a = (trace_alive){t->alive, l, l->n_order, bytes};
    t->alive = a;
  }
  (void)pthread_mutex_unlock(&t->lock);
}

void exec_trace_alive(exec_instance *x) {
  const exec_layout *l = x->layout;
  exec_trace *t = x->run->trace;
  x->alive = known(t, l);
  if (x->alive != NULL) return;
  uint64_t *alive = exec_trace_alloc(t, l->n_order, sizeof *alive);
  span *of = rn_mem_zero(l->plan->n_value + (size_t)1, sizeof *of);
  int64_t *change = rn_mem_zero(l->n_order + (size_t)1, sizeof *change);
  if (alive != NULL && of != NULL && change != NULL) {
    find_spans(l, of);
    count(l, of, NULL, change, alive);
    for (uint32_t i = 0; i < l->plan->n_lane; i++) count(l, of, l->plan->lane[i], change, alive);
    remember(t, l, alive);
    x->alive = alive;
  }
  rn_mem_free(of);
  rn_mem_free(change);
}
