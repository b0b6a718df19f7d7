/* exec/carry.c - whose memory each value is in, and the copies between (core/exec).
 *
 * Last part of planning. A variable is at home where the nodes that hold its handle run, else where it is
 * read; what a node makes is on its device. Where a value is read on another side the planner puts a
 * copy: towards a device right after the value exists, so that device nodes stay together; towards the
 * host right before the first who reads it there. Between two devices it goes through the host. */
#include "exec/exec.h"

typedef struct copy {
  uint32_t from, next; /* value; the next copy of the same value, or EXEC_NONE */
  exec_device *to;     /* NULL: the host */
  uint32_t only_for;   /* a node whose reading must not move, or EXEC_NONE */
  uint8_t placed;
} copy;
typedef struct carry {
  exec_plan *p;
  uint32_t *first; /* per old value: its first copy */
  copy *copies;
  uint32_t n_copies, capacity, n_node, n_value; /* before */
  uint32_t *order, n_order;
} carry;

static exec_device *lane_device(exec_device *d) { return d == NULL || exec_device_is_host(d) ? NULL : d; }

uint32_t exec_plan_lane(const exec_plan *p, const exec_device *d) {
  for (uint32_t i = 0; i < p->n_lane; i++)
    if (p->lane[i] == d) return i;
  return EXEC_NONE;
}

/* ------------------------------------------------------------------------------------ variables */
static int holds(const exec_plan *p, const exec_node *n, uint32_t i) {
  const exec_value *v = &p->value[p->input[n->in + i]];
  if (n->kind == NODE_CLAIM) return i >= n->claim->n_in;
  if (n->kind != NODE_COMPUTE && n->kind != NODE_CLAIMED) return v->dtype >= RN_REF || v->dtype == RN_RESOURCE;
  return v->dtype == RN_RESOURCE ||
         (v->dtype >= RN_REF && n->op->sig->in[rn_node_input_arg(p->graph, n->id, i)].is_ref);
}

static rn_status *settle_cell(exec_plan *p, uint32_t node, uint32_t cell) {
  exec_cell *c = &p->cell[cell];
  exec_device *d = lane_device(p->node[node].device);
  char text[256];
  if (!c->settled) c->home = d;
  c->settled = 1;
  if (c->home == d) return NULL;
  return rn_status_make(RN_UNIMPLEMENTED, "%s runs on %s, but its variable '%s' is at home on %s in this step",
                        exec_node_text(p, node, text, sizeof text), d != NULL ? d->full_name : "the host",
                        c->resource != NULL ? rn_resource_name(c->resource) : "of the step",
                        c->home != NULL ? c->home->full_name : "the host");
}

/* First those that hold it, then those that read it, a device before the host. */
static rn_status *settle_cells(exec_plan *p) {
  for (uint32_t i = 0; i < p->n_node; i++) {
    const exec_node *n = &p->node[i];
    int tolerant = n->op != NULL && (n->op->def->flags & RN_OP_UNINITIALIZED_OK) != 0 && n->op->def->writes == 0;
    if (n->device == NULL || n->kind == NODE_RESOURCE || tolerant) continue;
    for (uint32_t k = 0; k < n->n_in; k++) {
      uint32_t cell = p->value[p->input[n->in + k]].cell;
      if (cell != EXEC_NONE && holds(p, n, k)) RN_TRY(settle_cell(p, i, cell));
    }
  }
  for (uint32_t i = 0; i < p->n_access; i++) { /* functions name variables too */
    const exec_access *a = &p->access[i];
    const exec_node *n = &p->node[a->node];
    if (n->op != NULL && (n->op->def->flags & RN_OP_CALLS) != 0) RN_TRY(settle_cell(p, a->node, a->cell));
  }
  for (int devices = 1; devices >= 0; devices--)
    for (uint32_t i = 0; i < p->n_node; i++) {
      const exec_node *n = &p->node[i];
      int reads = n->kind == NODE_COMPUTE || n->kind == NODE_CLAIMED || (n->kind == NODE_IDENTITY && n->snapshot);
      for (uint32_t k = 0; reads && k < n->n_in; k++) {
        uint32_t cell = p->value[p->input[n->in + k]].cell;
        if (cell == EXEC_NONE || p->cell[cell].settled) continue;
        exec_device *d = n->device == NULL || exec_kernel_host_input(p, n, k) ? NULL : lane_device(n->device);
        if (devices && d == NULL) continue;
        p->cell[cell].home = d;
        p->cell[cell].settled = 1;
      }
    }
  return NULL;
}

/* --------------------------------------------------------------------------------------- values */
static exec_device *made_on(const exec_plan *p, const exec_node *n, uint32_t o) {
  const exec_value *v = &p->value[n->out + o];
  if (v->cell != EXEC_NONE) return p->cell[v->cell].home;
  if (v->dtype >= RN_REF || v->dtype == RN_RESOURCE || v->dtype == RN_STRING || v->dtype == RN_VARIANT) return NULL;
  if (n->kind == NODE_IDENTITY) return p->value[p->input[n->in + o]].home;
  if (n->kind == NODE_CLAIM) return p->value[n->claim->out_value[o]].home;
  if (n->kind != NODE_COMPUTE && n->kind != NODE_CLAIMED) return NULL;
  return exec_kernel_host_output(p, n, o) ? NULL : n->device;
}

static int wants_on_host(const exec_plan *p, const exec_node *n, uint32_t i) {
  if (n->kind != NODE_CLAIM) return exec_kernel_host_input(p, n, i);
  for (uint32_t m = 0; m < n->claim->n_nodes; m++) {
    const exec_node *member = &p->node[n->claim->member[m]];
    for (uint32_t k = 0; k < member->n_in; k++)
      if (p->input[member->in + k] == p->input[n->in + i] && !exec_kernel_host_input(p, member, k)) return 0;
  }
  return 1;
}

static uint32_t find_copy(carry *w, uint32_t v, exec_device *to, uint32_t only_for) {
  for (uint32_t c = w->first[v]; c != EXEC_NONE; c = w->copies[c].next)
    if (w->copies[c].to == to && w->copies[c].only_for == only_for) return w->n_value + c;
  return EXEC_NONE;
}

static rn_status *add_copy(carry *w, uint32_t v, exec_device *to, uint32_t only_for, uint32_t *out) {
  *out = v < w->n_value ? find_copy(w, v, to, only_for) : EXEC_NONE;
  if (*out != EXEC_NONE) return NULL;
  if (w->n_copies == w->capacity) {
    copy *grown = rn_mem_grow(w->copies, w->capacity * 2 + (size_t)32, sizeof *grown);
    if (grown == NULL) return exec_out_of_memory("a plan");
    w->copies = grown;
    w->capacity = w->capacity * 2 + 32;
  }
  uint32_t next = v < w->n_value ? w->first[v] : EXEC_NONE;
  w->copies[w->n_copies] = (copy){v, next, to, only_for, 0};
  if (v < w->n_value) w->first[v] = w->n_copies;
  *out = w->n_value + w->n_copies++;
  return NULL;
}

/* The value as node reads it at home on `to`; a variable that the step writes is read at the node's place. */
static rn_status *bring(carry *w, uint32_t v, exec_device *to, uint32_t node, uint32_t *out) {
  const exec_value *x = &w->p->value[v];
  *out = v;
  if (x->home == to) return NULL;
  uint32_t only_for = x->dtype >= RN_REF && x->cell != EXEC_NONE && w->p->cell[x->cell].writes ? node : EXEC_NONE;
  if (x->home == NULL) return add_copy(w, v, to, only_for, out);
  uint32_t staged;
  RN_TRY(add_copy(w, v, NULL, only_for, &staged));
  *out = staged;
  if (to == NULL) return NULL;
  for (uint32_t c = 0; c < w->n_copies; c++) {
    if (w->copies[c].from != staged || w->copies[c].to != to) continue;
    *out = w->n_value + c;
    return NULL;
  }
  return add_copy(w, staged, to, only_for, out);
}

static rn_status *bring_inputs(carry *w, uint32_t node) {
  exec_plan *p = w->p;
  const exec_node *n = &p->node[node];
  if (n->kind != NODE_COMPUTE && n->kind != NODE_CLAIMED && n->kind != NODE_CLAIM) return NULL;
  for (uint32_t i = 0; i < n->n_in; i++) {
    if (holds(p, n, i)) continue;
    exec_device *to = wants_on_host(p, n, i) ? NULL : lane_device(n->device);
    RN_TRY(bring(w, p->input[n->in + i], to, node, &p->input[n->in + i]));
  }
  return NULL;
}

static rn_status *find_copies(carry *w) {
  exec_plan *p = w->p;
  for (uint32_t k = 0; k < p->n_node; k++) {
    exec_node *n = &p->node[p->order[k]];
    for (uint32_t o = 0; o < n->n_out; o++) p->value[n->out + o].home = made_on(p, n, o);
  }
  for (uint32_t k = p->n_node; k-- > 0;) /* a claim asks what its members read: before theirs are changed */
    RN_TRY(bring_inputs(w, p->order[k]));
  for (uint32_t i = 0; i < p->n_fetch; i++) {
    const exec_value *x = &p->value[p->fetch_value[i]];
    if (x->home != NULL && x->cell == EXEC_NONE)
      RN_TRY(bring(w, p->fetch_value[i], NULL, EXEC_NONE, &p->fetch_value[i]));
  }
  return NULL;
}

/* ---------------------------------------------------------------------------------------- nodes */
static void make_nodes(carry *w) {
  exec_plan *p = w->p;
  for (uint32_t c = 0; c < w->n_copies; c++) {
    const copy *k = &w->copies[c];
    const exec_value *from = &p->value[k->from];
    exec_node *n = &p->node[p->n_node];
    uint32_t source = from->node;
    memset(n, 0, sizeof *n);
    n->kind = NODE_COPY;
    n->id = source != EXEC_NONE ? p->node[source].id : p->feed[from->feed].node;
    n->device = k->to != NULL ? k->to : from->home;
    n->in = p->n_input;
    n->out = p->n_value;
    n->n_in = n->n_out = 1;
    p->input[p->n_input++] = k->from;
    p->value[p->n_value++] =
        (exec_value){p->n_node++, 0, rn_dtype_base(from->dtype), EXEC_NONE, EXEC_NONE, EXEC_NONE, k->to};
  }
}

static void add_pred(exec_plan *p, exec_node *n, uint32_t pred) {
  if (pred == EXEC_NONE) return;
  p->pred[p->n_pred++] = pred;
  n->n_pred++;
}

/* All preds anew: what was there, and the copies that a node reads. */
static void make_preds(carry *w, const uint32_t *old) {
  exec_plan *p = w->p;
  p->n_pred = 0;
  for (uint32_t i = 0; i < p->n_node; i++) {
    exec_node *n = &p->node[i];
    uint32_t from = n->pred, count = n->n_pred;
    n->pred = p->n_pred;
    n->n_pred = 0;
    for (uint32_t k = 0; k < count; k++) add_pred(p, n, old[from + k]);
    for (uint32_t k = 0; k < n->n_in; k++)
      if (i >= w->n_node || p->input[n->in + k] >= w->n_value) add_pred(p, n, p->value[p->input[n->in + k]].node);
    uint32_t only_for = i >= w->n_node ? w->copies[i - w->n_node].only_for : EXEC_NONE;
    const exec_node *reader = only_for != EXEC_NONE ? &p->node[only_for] : NULL; /* an old one: already done */
    for (uint32_t k = 0; reader != NULL && k < reader->n_pred; k++)
      if (p->pred[reader->pred + k] < w->n_node) add_pred(p, n, p->pred[reader->pred + k]);
  }
}

static void place(carry *w, uint32_t c) {
  if (w->copies[c].placed) return;
  if (w->copies[c].from >= w->n_value) place(w, w->copies[c].from - w->n_value); /* staged: one deep */
  w->copies[c].placed = 1;
  w->order[w->n_order++] = w->n_node + c;
}

static void place_uploads(carry *w, uint32_t v) {
  for (uint32_t c = w->first[v]; c != EXEC_NONE; c = w->copies[c].next)
    if (w->copies[c].to != NULL && w->copies[c].only_for == EXEC_NONE) place(w, c);
}

static void make_order(carry *w) {
  exec_plan *p = w->p;
  for (uint32_t v = 0; v < p->n_feed; v++) place_uploads(w, v);
  for (uint32_t k = 0; k < w->n_node; k++) {
    const exec_node *n = &p->node[p->order[k]];
    for (uint32_t i = 0; i < n->n_in; i++)
      if (p->input[n->in + i] >= w->n_value) place(w, p->input[n->in + i] - w->n_value);
    w->order[w->n_order++] = p->order[k];
    for (uint32_t o = 0; o < n->n_out; o++) place_uploads(w, n->out + o);
  }
  for (uint32_t c = 0; c < w->n_copies; c++) place(w, c);
  p->order = w->order;
}

static rn_status *list_lanes(exec_plan *p) {
  p->lane = rn_arena_array(&p->memory, p->session->n_order + (size_t)1, sizeof(exec_device *));
  if (p->lane == NULL) return exec_out_of_memory("a plan");
  for (uint32_t i = 0; i < p->n_node; i++) {
    exec_node *n = &p->node[i];
    int copies = n->kind == NODE_SNAPSHOT || (n->kind == NODE_IDENTITY && n->snapshot);
    if (copies) n->device = p->value[p->input[n->in]].home; /* the copy goes through its lane */
    if (lane_device(n->device) != NULL && exec_plan_lane(p, n->device) == EXEC_NONE) p->lane[p->n_lane++] = n->device;
  }
  return NULL;
}

static rn_status *carry_all(carry *w) {
  exec_plan *p = w->p;
  w->first = rn_mem_alloc((p->n_value + (size_t)1) * sizeof *w->first);
  if (w->first == NULL) return exec_out_of_memory("a plan");
  memset(w->first, 0xff, (p->n_value + (size_t)1) * sizeof *w->first);
  RN_TRY(find_copies(w));
  if (w->n_copies > 0) {
    uint64_t preds = (uint64_t)w->n_copies + p->n_input;
    for (uint32_t c = 0; c < w->n_copies; c++)
      if (w->copies[c].only_for != EXEC_NONE) preds += p->node[w->copies[c].only_for].n_pred;
    const uint32_t *old = p->pred;
    RN_TRY(exec_plan_grow(p, w->n_copies, w->n_copies, w->n_copies, (uint32_t)(preds + w->n_copies)));
    w->order = rn_arena_array(&p->memory, p->n_node + (size_t)w->n_copies + 1, sizeof *w->order);
    if (w->order == NULL) return exec_out_of_memory("a plan");
    make_nodes(w);
    make_preds(w, old);
    make_order(w);
  }
  return list_lanes(p);
}

rn_status *exec_carry(exec_plan *p) {
  int used = 0;
  carry w = {.p = p, .n_node = p->n_node, .n_value = p->n_value};
  RN_TRY(settle_cells(p));
  for (uint32_t i = 0; i < p->n_node; i++) used |= lane_device(p->node[i].device) != NULL;
  if (!used) return NULL;
  rn_status *s = carry_all(&w);
  rn_mem_free(w.first);
  rn_mem_free(w.copies);
  return s;
}
