/* exec/claim.c - parts of a plan for compilers (core/exec).
 *
 * After the order is settled the compilers of each device in use see its nodes and name what they
 * want. Of claims that overlap the one of higher priority wins, then the larger. A claim keeps only
 * nodes that need nothing from what itself feeds, and it must hold all nodes that touch a variable by its
 * handle or none. What it gives to others gets new values; its members stay in the plan, right before
 * it, for layouts in which it cannot be compiled. */
#include <stdlib.h>
#include "exec/claim.h"

/* ------------------------------------------------------------------------------------- asking */
static uint32_t offered(const exec_claiming *w, rn_node_id id) {
  uint32_t node = id < w->n_graph ? w->of_id[id] : EXEC_NONE;
  return node != EXEC_NONE && w->candidate[node] == w->round ? node : EXEC_NONE;
}

static rn_status *not_offered(const char *verb) {
  return rn_status_make(RN_INTERNAL, "it %s a node that it was not offered", verb);
}

static rn_status *put_left(exec_claiming *w, const rn_claim *c) {
  for (uint32_t i = 0; i < c->n_left; i++) {
    uint32_t node = offered(w, c->left[i]);
    if (node == EXEC_NONE) return not_offered("leaves");
    exec_claim_leave(w->p, w->def, node, c->reason != NULL ? c->reason : "no reason given", "");
  }
  return NULL;
}

static rn_status *put(void *arg, const rn_claim *given) {
  exec_claiming *w = arg;
  exec_plan *p = w->p;
  rn_claim claim = {0}, *c = &claim; /* as much as the plugin's own header knows of it */
  memcpy(c, given, given->struct_size < sizeof claim ? given->struct_size : sizeof claim);
  if (c->count == 0) return put_left(w, c);
  exec_offer *grown = rn_mem_grow(w->offer, w->n_offer + 1, sizeof *grown);
  if (grown == NULL) return exec_out_of_memory("claims");
  w->offer = grown;
  exec_offer o = {w->def, w->host, w->device, NULL, c->count, c->priority, w->n_offer, NULL};
  o.node = rn_arena_array(&p->memory, c->count + (size_t)1, sizeof *o.node);
  o.reason = c->reason != NULL ? rn_arena_text(&p->memory, c->reason, strlen(c->reason)) : "";
  if (o.node == NULL || o.reason == NULL) return exec_out_of_memory("claims");
  for (uint32_t i = 0; i < c->count; i++) {
    o.node[i] = offered(w, c->nodes[i]);
    if (o.node[i] == EXEC_NONE) return not_offered("claims");
  }
  w->offer[w->n_offer++] = o;
  return NULL;
}

static int is_candidate(const exec_node *n, const exec_device *d) {
  return n->kind == NODE_COMPUTE && n->device == d && (n->op->def->flags & (RN_OP_CALLS | RN_OP_BLOCKING)) == 0;
}

static rn_status *ask_one(exec_claiming *w, rn_node_id *ids, uint32_t n) {
  uint32_t before = w->n_offer;
  rn_status *s = w->def->claim(w->host, w->device->handle, rn_graph_view(), w->p->graph, ids, n, put, w);
  if (s == NULL) return NULL;
  w->n_offer = before;
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  rn_text_printf(&w->notes, "compiler '%s' claims nothing: %s\n", w->def->name, rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

static rn_status *ask(exec_claiming *w, exec_device *d, rn_node_id *ids) {
  exec_plan *p = w->p;
  const rn_compiler_def *const *defs;
  const rn_host_api *const *hosts;
  uint32_t n_defs, n = 0;
  RN_TRY(rn_registry_compilers(p->session->rt, d->type->def->type, &defs, &hosts, &n_defs));
  if (n_defs == 0) return NULL;
  w->round++;
  w->device = d;
  for (uint32_t i = 0; i < p->n_node; i++) {
    uint32_t node = p->order[i];
    if (!is_candidate(&p->node[node], d)) continue;
    w->candidate[node] = w->round;
    ids[n++] = p->node[node].id;
  }
  for (uint32_t k = 0; k < n_defs; k++) {
    w->def = defs[k];
    w->host = hosts[k];
    if (n > 0 && defs[k]->claim != NULL && defs[k]->compile != NULL && defs[k]->execute != NULL)
      RN_TRY(ask_one(w, ids, n));
  }
  return NULL;
}

static rn_status *ask_all(exec_claiming *w) {
  exec_plan *p = w->p;
  const rn_session *s = p->session;
  rn_status *failed = NULL;
  rn_node_id *ids = rn_mem_alloc((p->n_node + (size_t)1) * sizeof *ids);
  if (ids == NULL) return exec_out_of_memory("claims");
  for (uint32_t d = 0; d < s->n_order && failed == NULL; d++) {
    int used = 0;
    for (uint32_t i = 0; i < p->n_node && !used; i++) used = is_candidate(&p->node[i], s->order[d]);
    if (used) failed = ask(w, s->order[d], ids);
  }
  rn_mem_free(ids);
  return failed;
}

/* ----------------------------------------------------------------------------------- choosing */
static int by_rank(const void *a, const void *b) {
  const exec_offer *x = a, *y = b;
  if (x->priority != y->priority) return x->priority > y->priority ? -1 : 1;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return x->number < y->number ? -1 : 1;
}

static void drop(exec_claiming *w, const exec_offer *o, const char *why, const char *name) {
  exec_claim_leave_all(w->p, o, why, name);
  rn_text_printf(&w->notes, "claim of %u nodes by compiler '%s' is dropped: %s%s\n", o->count, o->def->name, why, name);
}

/* Marks members; those that need something the claim itself feeds fall out. Gives how many stay. */
static uint32_t shrink(exec_claiming *w, const exec_offer *o) {
  const exec_plan *p = w->p;
  uint32_t kept = 0;
  memset(w->mark, 0, p->n_node);
  for (uint32_t i = 0; i < o->count; i++) w->mark[o->node[i]] = EXEC_IN;
  w->first = p->n_node;
  for (uint32_t i = 0; i < p->n_node; i++) {
    uint32_t node = p->order[i];
    const exec_node *n = &p->node[node];
    int inside = 0, after = 0;
    for (uint32_t k = 0; k < n->n_pred; k++) {
      inside |= w->mark[p->pred[n->pred + k]] == EXEC_IN;
      after |= w->mark[p->pred[n->pred + k]] == EXEC_AFTER;
    }
    if (w->mark[node] == EXEC_IN && !after) {
      if (kept++ == 0) w->first = i;
      w->last = i;
    } else {
      w->mark[node] = inside || after ? EXEC_AFTER : EXEC_OUT;
    }
  }
  return kept;
}

static int is_handle(rn_dtype t) { return t >= RN_REF || t == RN_RESOURCE; }

/* Input k takes the content of what it is given the handle of. */
static int looks_only(const exec_plan *p, const exec_node *n, uint32_t k) {
  if (n->op == NULL || exec_node_writes(p, n, k)) return 0;
  if (p->value[p->input[n->in + k]].dtype == RN_RESOURCE) return k < 64 && (n->op->def->reads >> k & 1) != 0;
  return !n->op->sig->in[rn_node_input_arg(p->graph, n->id, k)].is_ref;
}

/* A variable that a member and a node outside both hold by its handle; EXEC_NONE: there is none. That others look at
 * it is no matter: they come before or after the claim, as the order says. */
static uint32_t split_cell(const exec_claiming *w) {
  const exec_plan *p = w->p;
  for (uint32_t c = 0; c < p->n_cell; c++) {
    int inside = 0, outside = 0;
    for (uint32_t i = 0; i < p->n_node; i++) {
      const exec_node *n = &p->node[i];
      if (n->kind != NODE_COMPUTE && n->kind != NODE_CLAIM) continue;
      for (uint32_t k = 0; k < n->n_in; k++) {
        const exec_value *v = &p->value[p->input[n->in + k]];
        if (v->cell != c || v->reader != EXEC_NONE || !is_handle(v->dtype)) continue;
        inside |= w->mark[i] == EXEC_IN;
        outside |= w->mark[i] != EXEC_IN && !looks_only(p, n, k);
      }
    }
    if (inside && outside) return c;
  }
  return EXEC_NONE;
}

static int holds_unknown(const exec_claiming *w, const exec_offer *o) {
  const exec_plan *p = w->p;
  for (uint32_t i = 0; i < o->count; i++) {
    const exec_node *n = &p->node[o->node[i]];
    for (uint32_t k = 0; k < n->n_in; k++) {
      const exec_value *v = &p->value[p->input[n->in + k]];
      if (v->dtype == RN_RESOURCE && v->cell == EXEC_NONE) return 1;
    }
  }
  return 0;
}

static rn_status *settle(exec_claiming *w, const exec_offer *o) {
  const exec_plan *p = w->p;
  for (uint32_t i = 0; i < o->count; i++) {
    if (p->node[o->node[i]].kind == NODE_COMPUTE) continue;
    drop(w, o, "a claim that goes first has some of them", "");
    return NULL;
  }
  uint32_t kept = shrink(w, o);
  uint32_t cell = split_cell(w);
  if (cell != EXEC_NONE) {
    const rn_resource *r = p->cell[cell].resource;
    drop(w, o, "it would take a variable from a node outside: ", r != NULL ? rn_resource_name(r) : "(of the step)");
    return NULL;
  }
  if (holds_unknown(w, o)) {
    drop(w, o, "it holds a resource that is known only while the step runs", "");
    return NULL;
  }
  if (kept == 0) {
    drop(w, o, "each of its nodes needs another", "");
    return NULL;
  }
  RN_TRY(exec_claim_apply(w, o, kept));
  if (kept == o->count) return NULL;
  rn_text_printf(&w->notes, "claim of %u nodes by compiler '%s' keeps %u: the others need what it feeds\n", o->count,
                 o->def->name, kept);
  exec_claim_leave_all(w->p, o, "it needs what the rest of its claim feeds", "");
  return NULL;
}

static rn_status *claim_all(exec_claiming *w) {
  exec_plan *p = w->p;
  for (uint32_t i = 0; i < p->n_node; i++)
    if (p->node[i].kind == NODE_COMPUTE) w->of_id[p->node[i].id] = i;
  RN_TRY(ask_all(w));
  if (w->n_offer > 1) qsort(w->offer, w->n_offer, sizeof *w->offer, by_rank);
  for (uint32_t i = 0; i < w->n_offer; i++) RN_TRY(settle(w, &w->offer[i]));
  if (w->notes.length > 0) p->notes = rn_arena_text(&p->memory, w->notes.data, w->notes.length);
  return NULL;
}

static int has_compilers(const exec_plan *p) {
  const rn_session *s = p->session;
  const rn_compiler_def *const *defs;
  const rn_host_api *const *hosts;
  uint32_t n = 0;
  for (uint32_t d = 0; d < s->n_order && n == 0; d++)
    rn_status_free(rn_registry_compilers(s->rt, s->order[d]->type->def->type, &defs, &hosts, &n));
  return n > 0;
}

rn_status *exec_claim_nodes(exec_plan *p) {
  if (p->n_node == 0 || !has_compilers(p)) return NULL;
  if (p->has_tokens || p->locks_per_op) return exec_claim_fallen(p);
  exec_claiming w = {.p = p, .n_graph = rn_graph_node_count(p->graph)};
  rn_text_init(&w.notes);
  w.of_id = rn_mem_alloc((w.n_graph + (size_t)1) * sizeof *w.of_id);
  w.candidate = rn_mem_zero(p->n_node + (size_t)1, sizeof *w.candidate);
  w.mark = rn_mem_zero((size_t)p->n_node * 2 + 1, 1); /* each claim adds a node */
  rn_status *s = w.of_id == NULL || w.candidate == NULL || w.mark == NULL ? exec_out_of_memory("claims") : NULL;
  if (s == NULL) {
    memset(w.of_id, 0xff, (w.n_graph + (size_t)1) * sizeof *w.of_id);
    s = claim_all(&w);
  }
  rn_text_finish(&w.notes);
  rn_mem_free(w.of_id);
  rn_mem_free(w.candidate);
  rn_mem_free(w.mark);
  rn_mem_free(w.offer);
  return s != NULL ? s : exec_claim_fallen(p);
}
