/* exec/order.c - reads before writes (core/exec).
 *
 * Whatever touches a cell that the step writes gets a place: a read that is not ordered after a write
 * goes before it, writes go one after the other. Who is after whom is found 64 writers at a time: one
 * walk in order carries a bit per writer. Where a reader of an alias is after the write although the
 * alias was taken before it, the identity that took it copies (a snapshot). If the edges of several
 * cells together close a ring, all identities copy; what is left then follows the order of nodes. */
#include "exec/exec.h"

typedef struct edge {
  uint32_t from, to, reader;
} edge;
typedef struct ordering {
  exec_plan *p;
  uint64_t *mask; /* per node: which writers of this group go before it */
  uint32_t *at;   /* accesses of cell c: by[at[c] .. at[c+1]) */
  uint32_t *by;
  uint32_t *writers; /* accesses that write, cell by cell */
  uint32_t n_writers;
  edge *edges;
  uint32_t n_edges, capacity;
} ordering;

static rn_status *no_memory(void) { return exec_out_of_memory("the order on variables"); }

static rn_status *add_edge(ordering *w, uint32_t from, uint32_t to, uint32_t reader) {
  if (from == to) return NULL;
  if (w->n_edges == w->capacity) {
    uint32_t wanted = w->capacity * 2 + 64;
    edge *grown = rn_mem_grow(w->edges, wanted, sizeof *grown);
    if (grown == NULL) return no_memory();
    w->edges = grown;
    w->capacity = wanted;
  }
  w->edges[w->n_edges++] = (edge){from, to, reader};
  return NULL;
}

static rn_status *index_accesses(ordering *w) {
  exec_plan *p = w->p;
  w->at = rn_mem_zero(p->n_cell + (size_t)2, sizeof *w->at);
  w->by = rn_mem_alloc((p->n_access + (size_t)1) * sizeof *w->by);
  w->writers = rn_mem_alloc((p->n_access + (size_t)1) * sizeof *w->writers);
  if (w->at == NULL || w->by == NULL || w->writers == NULL) return no_memory();
  for (uint32_t i = 0; i < p->n_access; i++) w->at[p->access[i].cell + 2]++;
  for (uint32_t c = 2; c < p->n_cell + 2; c++) w->at[c] += w->at[c - 1];
  for (uint32_t i = 0; i < p->n_access; i++) w->by[w->at[p->access[i].cell + 1]++] = i;
  for (uint32_t c = 0; c < p->n_cell; c++)
    for (uint32_t k = w->at[c]; k < w->at[c + 1]; k++)
      if (p->access[w->by[k]].writes) w->writers[w->n_writers++] = w->by[k];
  return NULL;
}

static void spread(ordering *w, uint32_t first, uint32_t count) {
  exec_plan *p = w->p;
  memset(w->mask, 0, p->n_node * sizeof *w->mask);
  for (uint32_t j = 0; j < count; j++) w->mask[p->access[w->writers[first + j]].node] |= (uint64_t)1 << j;
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    for (uint32_t k = 0; k < n->n_pred; k++) w->mask[i] |= w->mask[p->pred[n->pred + k]];
  }
}

/* All that is to be said about the writer behind bit j. */
static rn_status *relate(ordering *w, const exec_access *write, uint64_t bit) {
  exec_plan *p = w->p;
  for (uint32_t k = w->at[write->cell]; k < w->at[write->cell + 1]; k++) {
    const exec_access *a = &p->access[w->by[k]];
    if (a->node == write->node && !a->fetched) continue;
    int after = (w->mask[a->node] & bit) != 0;
    if (a->writes) {
      if (!after && a->node > write->node) RN_TRY(add_edge(w, write->node, a->node, EXEC_NONE));
      continue;
    }
    int taken_before = a->reader != EXEC_NONE && (w->mask[a->reader] & bit) == 0;
    if (taken_before && (after || a->fetched || a->node == write->node))
      p->node[a->reader].snapshot = 1;
    else if (!after && !a->fetched)
      RN_TRY(add_edge(w, a->node, write->node, a->reader));
  }
  return NULL;
}

/* Reads that meet no write before them need the cell initialised when the step starts. */
static void note_first_readers(ordering *w, const uint8_t *covered) {
  exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_access; i++) {
    const exec_access *a = &p->access[i];
    exec_cell *c = &p->cell[a->cell];
    if (a->needs && !a->initializes && !covered[i] && c->first_reader == EXEC_NONE)
      c->first_reader = a->reader != EXEC_NONE ? a->reader : a->node;
  }
}

static void cover(ordering *w, const exec_access *write, uint64_t bit, uint8_t *covered) {
  exec_plan *p = w->p;
  for (uint32_t k = w->at[write->cell]; write->initializes && k < w->at[write->cell + 1]; k++) {
    const exec_access *a = &p->access[w->by[k]];
    uint32_t node = a->reader != EXEC_NONE ? a->reader : a->node;
    if ((w->mask[node] & bit) != 0 && a != write) covered[w->by[k]] = 1;
  }
}

static rn_status *relate_all(ordering *w) {
  exec_plan *p = w->p;
  rn_status *s = NULL;
  uint8_t *covered = rn_mem_zero(p->n_access + (size_t)1, 1);
  w->mask = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *w->mask);
  if (covered == NULL || w->mask == NULL) s = no_memory();
  for (uint32_t first = 0; s == NULL && first < w->n_writers; first += 64) {
    uint32_t count = w->n_writers - first < 64 ? w->n_writers - first : 64;
    spread(w, first, count);
    for (uint32_t j = 0; s == NULL && j < count; j++) {
      const exec_access *write = &p->access[w->writers[first + j]];
      cover(w, write, (uint64_t)1 << j, covered);
      s = relate(w, write, (uint64_t)1 << j);
    }
  }
  if (s == NULL) note_first_readers(w, covered);
  rn_mem_free(covered);
  return s;
}

/* --------------------------------------------------------------------------- adding and sorting */
enum { ALL_EDGES, READ_POINTS_ONLY, FORWARD_ONLY };

static int kept(const ordering *w, const edge *e, int mode) {
  const exec_plan *p = w->p;
  if (e->reader != EXEC_NONE && (p->node[e->reader].snapshot || mode != ALL_EDGES)) return 0;
  return mode != FORWARD_ONLY || e->from < e->to;
}

/* preds with the edges that count in this mode. */
static rn_status *merge_edges(ordering *w, int mode, uint32_t **out_at, uint32_t **out_pred) {
  exec_plan *p = w->p;
  uint32_t *at = rn_mem_zero(p->n_node + (size_t)2, sizeof *at);
  uint32_t *pred = rn_mem_alloc((p->n_pred + w->n_edges + (size_t)1) * sizeof *pred);
  *out_at = at;
  *out_pred = pred;
  if (at == NULL || pred == NULL) return no_memory();
  for (uint32_t i = 0; i < p->n_node; i++) at[i + 2] = p->node[i].n_pred;
  for (uint32_t e = 0; e < w->n_edges; e++) at[w->edges[e].to + 2] += (uint32_t)kept(w, &w->edges[e], mode);
  for (uint32_t i = 2; i < p->n_node + 2; i++) at[i] += at[i - 1];
  for (uint32_t i = 0; i < p->n_node; i++) {
    if (p->node[i].n_pred > 0) memcpy(pred + at[i + 1], p->pred + p->node[i].pred, p->node[i].n_pred * sizeof *pred);
    at[i + 1] += p->node[i].n_pred;
  }
  for (uint32_t e = 0; e < w->n_edges; e++)
    if (kept(w, &w->edges[e], mode)) pred[at[w->edges[e].to + 1]++] = w->edges[e].from;
  return NULL;
}

/* Depth first in order of numbers: what need not move stays where it was. Less than n_node: a ring.
 * at_now[i] is the next edge to look at; a node is open while it is on the stack. */
static uint32_t sort(const exec_plan *p, const uint32_t *at, const uint32_t *pred, uint32_t *at_now, uint32_t *stack,
                     uint8_t *open, uint32_t *order) {
  uint32_t count = 0, depth = 0;
  memcpy(at_now, at, p->n_node * sizeof *at_now);
  for (uint32_t i = 0; i < p->n_node; i++) {
    if (at_now[i] == EXEC_NONE) continue;
    open[i] = 1;
    for (stack[depth++] = i; depth > 0;) {
      uint32_t n = stack[depth - 1];
      if (at_now[n] == at[n + 1]) {
        at_now[n] = EXEC_NONE;
        open[n] = 0;
        order[count++] = n;
        depth--;
        continue;
      }
      uint32_t next = pred[at_now[n]++];
      if (at_now[next] == EXEC_NONE) continue;
      if (open[next]) return count;
      open[next] = 1;
      stack[depth++] = next;
    }
  }
  return count;
}

static rn_status *settle(ordering *w, int mode, int *out_done) {
  exec_plan *p = w->p;
  uint32_t *at = NULL, *pred = NULL, count = 0;
  uint32_t *state = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *state);
  uint32_t *stack = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *stack);
  uint8_t *open = rn_mem_zero(p->n_node + (size_t)1, 1);
  rn_status *s = state == NULL || stack == NULL || open == NULL ? no_memory() : merge_edges(w, mode, &at, &pred);
  if (s == NULL) count = sort(p, at, pred, state, stack, open, p->order);
  if (s == NULL && count == p->n_node) {
    *out_done = 1;
    uint32_t *kept_pred = rn_arena_array(&p->memory, at[p->n_node] + (size_t)1, sizeof *kept_pred);
    if (kept_pred == NULL)
      s = no_memory();
    else if (at[p->n_node] > 0)
      memcpy(kept_pred, pred, at[p->n_node] * sizeof *pred);
    for (uint32_t i = 0; s == NULL && i < p->n_node; i++) {
      p->node[i].pred = at[i];
      p->node[i].n_pred = at[i + 1] - at[i];
    }
    if (s == NULL) {
      p->pred = kept_pred;
      p->n_pred = at[p->n_node];
    }
  }
  rn_mem_free(at);
  rn_mem_free(pred);
  rn_mem_free(state);
  rn_mem_free(stack);
  rn_mem_free(open);
  return s;
}

static void snapshot_all(exec_plan *p) {
  for (uint32_t i = 0; i < p->n_access; i++)
    if (p->access[i].reader != EXEC_NONE && (p->locks_per_op || p->cell[p->access[i].cell].writes))
      p->node[p->access[i].reader].snapshot = 1;
}

/* What a snapshot gives is a value like any other. */
static void forget_aliases(exec_plan *p) {
  for (uint32_t v = 0; v < p->n_value; v++) {
    exec_value *x = &p->value[v];
    if (x->reader == EXEC_NONE || !p->node[x->reader].snapshot) continue;
    x->cell = x->reader = EXEC_NONE;
  }
}

static rn_status *order_cells(ordering *w) {
  exec_plan *p = w->p;
  int done = 0;
  RN_TRY(index_accesses(w));
  RN_TRY(relate_all(w));
  if (p->locks_per_op) snapshot_all(p);
  for (int mode = ALL_EDGES; !done && mode <= FORWARD_ONLY; mode++) {
    if (mode == READ_POINTS_ONLY) snapshot_all(p);
    RN_TRY(settle(w, mode, &done));
  }
  forget_aliases(p);
  return NULL;
}

rn_status *exec_order(exec_plan *p) {
  ordering w = {.p = p};
  p->order = rn_arena_array(&p->memory, p->n_node + (size_t)1, sizeof *p->order);
  if (p->order == NULL) return no_memory();
  for (uint32_t i = 0; i < p->n_node; i++) p->order[i] = i;
  if (p->n_access == 0) return NULL;
  rn_status *s = order_cells(&w);
  rn_mem_free(w.mask);
  rn_mem_free(w.at);
  rn_mem_free(w.by);
  rn_mem_free(w.writers);
  rn_mem_free(w.edges);
  return s;
}
