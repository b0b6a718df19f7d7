/* exec/claim_apply.c - a claim becomes one entry of the plan (core/exec).
 *
 * Inputs are the values its members read from outside, then the handles of variables; outputs are what
 * is read outside or fetched. The claim waits for its members, which wait for what they need, so who
 * goes before whom stays right whether the claim runs or its members do. */
#include "exec/claim.h"

typedef struct apply {
  exec_claiming *w;
  exec_plan *p;
  exec_claim *c;
  uint32_t node;           /* the claim's */
  uint32_t *in_value, *of; /* inputs; per old value: its new one, or EXEC_NONE */
} apply;

static int is_in(const apply *a, uint32_t node) { return node < a->node && a->w->mark[node] == EXEC_IN; }

static int is_handle(const exec_value *v) { return v->dtype >= RN_REF || v->dtype == RN_RESOURCE; }

/* The graph's own name for a value, also where another claim gives it. */
static rn_value graph_value(const exec_plan *p, uint32_t v) {
  const exec_value *x = &p->value[v];
  if (x->node != EXEC_NONE && p->node[x->node].kind == NODE_CLAIM) return p->node[x->node].claim->out[x->port];
  return x->node == EXEC_NONE ? p->feed[x->feed] : (rn_value){p->node[x->node].id, x->port};
}

static rn_status *allocate(apply *a, const exec_offer *o, uint32_t kept) {
  exec_plan *p = a->p;
  rn_arena *m = &p->memory;
  uint32_t inputs = 0, outputs = 0;
  for (uint32_t i = 0; i < p->n_node; i++) {
    if (!is_in(a, i)) continue;
    inputs += p->node[i].n_in;
    outputs += p->node[i].n_out;
  }
  exec_claim *c = rn_arena_alloc(m, sizeof *c);
  if (c == NULL) return exec_out_of_memory("claims");
  *c = (exec_claim){.def = o->def, .host = o->host, .n_nodes = 0, .priority = o->priority, .reason = o->reason};
  c->member = rn_arena_array(m, kept + (size_t)1, sizeof *c->member);
  c->nodes = rn_arena_array(m, kept + (size_t)1, sizeof *c->nodes);
  c->in = rn_arena_array(m, inputs + (size_t)1, sizeof *c->in);
  c->cells = rn_arena_array(m, inputs + (size_t)1, sizeof *c->cells);
  c->out = rn_arena_array(m, outputs + (size_t)1, sizeof *c->out);
  c->out_value = rn_arena_array(m, outputs + (size_t)1, sizeof *c->out_value);
  c->writes = rn_arena_array(m, inputs + (size_t)1, 1);
  a->in_value = rn_arena_array(m, inputs + (size_t)1, sizeof *a->in_value);
  a->of = rn_arena_array(m, p->n_value + (size_t)1, sizeof *a->of);
  if (c->member == NULL || c->nodes == NULL || c->in == NULL || c->cells == NULL || c->out == NULL ||
      c->out_value == NULL || c->writes == NULL || a->in_value == NULL || a->of == NULL)
    return exec_out_of_memory("claims");
  memset(c->writes, 0, inputs + (size_t)1);
  memset(a->of, 0xff, (p->n_value + (size_t)1) * sizeof *a->of);
  a->c = c;
  return exec_plan_grow(p, 1, outputs, inputs, kept);
}

/* ------------------------------------------------------------------------------- what goes in */
static uint32_t place_of(const uint32_t *list, uint32_t n, uint32_t v) {
  uint32_t i = 0;
  while (i < n && list[i] != v) i++;
  return i;
}

static void list_members(apply *a) {
  exec_plan *p = a->p;
  for (uint32_t i = 0; i < p->n_node; i++) {
    uint32_t node = p->order[i];
    if (!is_in(a, node)) continue;
    a->c->member[a->c->n_nodes] = node;
    a->c->nodes[a->c->n_nodes++] = p->node[node].id;
  }
}

/* Plain values first: `handles` says which pass this is. */
static void list_inputs(apply *a, int handles) {
  exec_plan *p = a->p;
  exec_claim *c = a->c;
  for (uint32_t m = 0; m < c->n_nodes; m++) {
    const exec_node *n = &p->node[c->member[m]];
    for (uint32_t k = 0; k < n->n_in; k++) {
      uint32_t v = p->input[n->in + k];
      const exec_value *x = &p->value[v];
      if (is_handle(x) != handles || (x->node != EXEC_NONE && is_in(a, x->node))) continue;
      uint32_t *list = a->in_value + (handles ? c->n_in : 0), *count = handles ? &c->n_cells : &c->n_in;
      uint32_t at = place_of(list, *count, v);
      if (at == *count) {
        list[(*count)++] = v;
        (handles ? c->cells : c->in)[at] = graph_value(p, v);
      }
    }
  }
}

/* A member writes a variable: every handle of it that goes in is written. */
static void list_writes(apply *a) {
  exec_plan *p = a->p;
  exec_claim *c = a->c;
  for (uint32_t m = 0; m < c->n_nodes; m++) {
    const exec_node *n = &p->node[c->member[m]];
    for (uint32_t k = 0; k < n->n_in; k++) {
      if (!exec_node_writes(p, n, k)) continue;
      for (uint32_t i = 0; i < c->n_cells; i++)
        if (p->value[a->in_value[c->n_in + i]].cell == p->value[p->input[n->in + k]].cell) c->writes[i] = 1;
    }
  }
}

/* ------------------------------------------------------------------------------ what comes out */
static uint32_t give_out(apply *a, uint32_t v) {
  exec_plan *p = a->p;
  exec_claim *c = a->c;
  const exec_value *x = &p->value[v];
  if (x->node == EXEC_NONE || !is_in(a, x->node)) return v;
  if (a->of[v] != EXEC_NONE) return a->of[v];
  uint32_t made = p->n_value++;
  p->value[made] = *x;
  p->value[made].node = a->node;
  p->value[made].port = c->n_out;
  c->out[c->n_out] = graph_value(p, v);
  c->out_value[c->n_out++] = v;
  return a->of[v] = made;
}

static void give_all_out(apply *a) {
  exec_plan *p = a->p;
  for (uint32_t i = 0; i < a->node; i++) {
    exec_node *n = &p->node[i];
    if (is_in(a, i)) continue;
    for (uint32_t k = 0; k < n->n_in; k++) p->input[n->in + k] = give_out(a, p->input[n->in + k]);
    for (uint32_t k = 0; k < n->n_pred; k++)
      if (is_in(a, p->pred[n->pred + k])) p->pred[n->pred + k] = a->node;
  }
  for (uint32_t i = 0; i < p->n_fetch; i++) p->fetch_value[i] = give_out(a, p->fetch_value[i]);
}

/* What the claim does not wait for, members, the claim, what waits for it. */
static rn_status *reorder(apply *a) {
  exec_plan *p = a->p;
  const exec_claiming *w = a->w;
  uint32_t *to = rn_arena_array(&p->memory, a->node + (size_t)2, sizeof *to), n = 0;
  if (to == NULL) return exec_out_of_memory("claims");
  for (uint32_t i = 0; i <= w->last; i++)
    if (w->mark[p->order[i]] == EXEC_OUT) to[n++] = p->order[i];
  for (uint32_t m = 0; m < a->c->n_nodes; m++) to[n++] = a->c->member[m];
  to[n++] = a->node;
  for (uint32_t i = 0; i <= w->last; i++)
    if (w->mark[p->order[i]] == EXEC_AFTER) to[n++] = p->order[i];
  for (uint32_t i = w->last + 1; i < a->node; i++) to[n++] = p->order[i];
  p->order = to;
  return NULL;
}

rn_status *exec_claim_apply(exec_claiming *w, const exec_offer *o, uint32_t kept) {
  exec_plan *p = w->p;
  apply a = {.w = w, .p = p, .node = p->n_node};
  RN_TRY(allocate(&a, o, kept));
  list_members(&a);
  list_inputs(&a, 0);
  list_inputs(&a, 1);
  list_writes(&a);
  uint32_t first = p->n_value;
  give_all_out(&a);
  exec_claim *c = a.c;
  exec_node *n = &p->node[a.node];
  memset(n, 0, sizeof *n);
  n->id = c->nodes[c->n_nodes - 1];
  n->kind = NODE_CLAIM;
  n->device = o->device;
  n->why = o->reason;
  n->claim = c;
  n->in = p->n_input;
  n->n_in = c->n_in + c->n_cells;
  n->out = first;
  n->n_out = c->n_out;
  n->pred = p->n_pred;
  n->n_pred = c->n_nodes;
  memcpy(p->input + p->n_input, a.in_value, n->n_in * sizeof *p->input);
  memcpy(p->pred + p->n_pred, c->member, c->n_nodes * sizeof *p->pred);
  p->n_input += n->n_in;
  p->n_pred += c->n_nodes;
  RN_TRY(reorder(&a));
  for (uint32_t m = 0; m < c->n_nodes; m++) {
    p->node[c->member[m]].kind = NODE_CLAIMED;
    p->node[c->member[m]].claim = c;
  }
  p->n_node++;
  return NULL;
}
