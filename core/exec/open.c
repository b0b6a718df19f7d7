/* exec/open.c - nodes whose shapes no layout will know (core/exec).
 *
 * A layout knows the shapes of feeds and variables, never what is in them. So this is a layout on trial,
 * before there are shapes: what a step will bring gets made-up sizes, inference goes through the plan, and a shape
 * that stays unknown hangs on data. Where made-up ranks do not fit together others are tried; integers that nobody
 * knows are looked at once more in another number, for one of them may be the rest. Where nothing fits the answer
 * counts as known. Asked for only when a device may be used that needs shapes before the step runs. */
#include "exec/exec.h"

enum { RANKS = 5 };

typedef struct outlook {
  exec_plan *p;
  rn_fact *fact;     /* per value */
  uint8_t *moves;    /* per value: names a variable that the step writes */
  uint8_t *by_host;  /* per value: made by an op that runs on the host only */
  uint8_t *any_rank; /* per value: its rank is made up too */
  rn_arena memory;
} outlook;

/* Sizes of one agree with the most: they broadcast, and flatten into each other. */
static void make_up(rn_shape *s, int32_t rank) {
  if (s->rank < 0) s->rank = rank;
  for (int32_t i = 0; i < s->rank; i++)
    if (s->dim[i] < 0) s->dim[i] = 1;
}

static void make_up_fact(outlook *w, uint32_t v) {
  rn_fact *f = &w->fact[v];
  w->any_rank[v] = f->shape.rank < 0;
  make_up(&f->shape, 2);
  if (f->handle_dtype != RN_INVALID) make_up(&f->handle_shape, 2);
}

static void expect_fed(outlook *w, uint32_t v) {
  rn_fact *f = &w->fact[v];
  rn_graph_fact(w->p->graph, w->p->feed[v], f);
  make_up_fact(w, v);
  f->n_value = -1;
  f->constant = NULL;
}

/* What the graph says, and made-up sizes unless the answer hangs on data. */
static void expect_said(outlook *w, const exec_node *n, int open) {
  static const int64_t one = 1;
  for (uint32_t v = n->out; v < n->out + n->n_out; v++) {
    rn_fact *f = &w->fact[v];
    rn_dtype t = w->p->value[v].dtype;
    rn_graph_fact(w->p->graph, (rn_value){n->id, v - n->out}, f);
    if (open || w->moves[v]) continue;
    make_up_fact(w, v);
    if ((t != RN_INT32 && t != RN_INT64) || f->n_value >= 0 || f->shape.rank > 1) continue;
    f->n_value = f->shape.rank == 0 || f->shape.dim[0] == 1 ? 1 : -1;
    f->value = &one;
  }
}

static void narrow(const outlook *w, const exec_node *n) {
  for (uint32_t o = 0; !w->p->is_body && o < n->n_out; o++) {
    rn_shape *s = &w->fact[n->out + o].shape;
    const rn_shape *declared = rn_graph_shape(w->p->graph, (rn_value){n->id, o});
    if (!rn_shape_known(s) && declared != NULL && rn_shape_known(declared)) *s = *declared;
  }
}

static const rn_shape *said_of(const exec_plan *p, uint32_t v) {
  rn_value x = v < p->n_feed ? p->feed[v] : (rn_value){p->node[p->value[v].node].id, p->value[v].port};
  return rn_graph_shape(p->graph, x);
}

/* Integers that no layout knows, in a number that the graph does not say. */
static int is_hidden(const outlook *w, uint32_t v) {
  rn_dtype t = w->p->value[v].dtype;
  const rn_shape *said = said_of(w->p, v);
  return (t == RN_INT32 || t == RN_INT64) && w->fact[v].n_value < 0 && rn_shape_known(&w->fact[v].shape) &&
         (said == NULL || !rn_shape_known(said));
}

/* Two where one was made up. */
static void widen(const outlook *w, uint32_t v, rn_shape *s) {
  const rn_shape *said = said_of(w->p, v);
  for (int32_t i = 0; i < s->rank; i++)
    if (said == NULL || said->rank != s->rank || said->dim[i] < 0) s->dim[i] = 2;
}

/* Inputs that may have any rank get those that attempt stands for, one digit each; 0: as they are. */
static rn_status *ask(outlook *w, const exec_node *n, uint32_t attempt, int wide, rn_fact *out) {
  static const int32_t ranks[RANKS] = {2, 1, 0, 3, 4};
  const exec_plan *p = w->p;
  rn_fact few[8], *in = few;
  if (n->n_in > 8 && (in = rn_arena_array(&w->memory, n->n_in, sizeof *in)) == NULL)
    return exec_out_of_memory("placement");
  for (uint32_t i = 0, left = attempt; i < n->n_in; i++) {
    uint32_t v = p->input[n->in + i];
    in[i] = w->fact[v];
    if (attempt != 0 && w->any_rank[v]) {
      in[i].shape.rank = -1;
      make_up(&in[i].shape, ranks[left % RANKS]);
      left /= RANKS;
    }
    if (wide && is_hidden(w, v)) widen(w, v, &in[i].shape);
  }
  return rn_infer_node(p->graph, n->id, in, out, &w->memory);
}

/* What is unknown with another number of integers hangs on them. */
static rn_status *ask_again(outlook *w, const exec_node *n, uint32_t attempt) {
  uint32_t hidden = 0;
  for (uint32_t i = 0; i < n->n_in; i++) hidden += is_hidden(w, w->p->input[n->in + i]) != 0;
  if (hidden == 0) return NULL;
  rn_fact *other = rn_arena_array(&w->memory, n->n_out, sizeof *other);
  if (other == NULL) return exec_out_of_memory("placement");
  rn_status *s = ask(w, n, attempt, 1, other);
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  for (uint32_t o = 0; s == NULL && o < n->n_out; o++)
    if (!rn_shape_known(&other[o].shape)) w->fact[n->out + o].shape = other[o].shape;
  rn_status_free(s);
  return NULL;
}

/* A rank that came of a made-up one. */
static void pass_on(outlook *w, const exec_node *n) {
  for (uint32_t v = n->out; v < n->out + n->n_out; v++) {
    const rn_shape *said = said_of(w->p, v);
    w->any_rank[v] = rn_shape_known(&w->fact[v].shape) && (said == NULL || said->rank < 0);
  }
}

static uint32_t attempts(const outlook *w, const exec_node *n, int *out_hidden) {
  uint32_t any = 0;
  *out_hidden = 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    uint32_t v = w->p->input[n->in + i];
    any += w->any_rank[v];
    *out_hidden |= w->any_rank[v] && is_hidden(w, v);
  }
  return any == 0 ? 1 : any == 1 ? RANKS : any == 2 ? RANKS * RANKS : RANKS * RANKS * RANKS;
}

static rn_status *expect_node(outlook *w, const exec_node *n, int open) {
  if (n->kind == NODE_CONSTANT || n->kind == NODE_RESOURCE) expect_said(w, n, 0);
  if (n->kind == NODE_CONSTANT || n->kind == NODE_RESOURCE || n->n_out == 0) return NULL;
  int hidden;
  uint32_t k = 0, tries = attempts(w, n, &hidden);
  rn_status *s = ask(w, n, 0, 0, &w->fact[n->out]);
  while (s != NULL && rn_status_code(s) != RN_RESOURCE_EXHAUSTED && ++k < tries) {
    rn_status_free(s);
    s = ask(w, n, k, 0, &w->fact[n->out]);
  }
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  if (s != NULL) expect_said(w, n, open || hidden);
  if (s == NULL) RN_TRY(ask_again(w, n, k));
  if (s == NULL) pass_on(w, n);
  rn_status_free(s);
  narrow(w, n);
  return NULL;
}

static int is_open(const outlook *w, uint32_t v) {
  return w->p->value[v].dtype != RN_RESOURCE && !rn_shape_known(&w->fact[v].shape);
}

static rn_status *look_at(outlook *w, exec_node *n) {
  const exec_plan *p = w->p;
  int open = 0, by_host = 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    uint32_t v = p->input[n->in + i];
    open |= is_open(w, v);
    by_host |= is_open(w, v) && w->by_host[v];
  }
  RN_TRY(expect_node(w, n, open));
  if (exec_plan_is_open(p, n->id))
    for (uint32_t o = 0; o < n->n_out; o++) w->fact[n->out + o].shape = rn_shape_unknown();
  for (uint32_t o = 0; o < n->n_out; o++) open |= is_open(w, n->out + o);
  if (n->kind == NODE_COMPUTE) n->placing |= (uint8_t)((open ? PLACE_OPEN : 0) | (by_host ? PLACE_AFTER_HOST : 0));
  return NULL;
}

static void mark_values(outlook *w) {
  const exec_plan *p = w->p;
  for (uint32_t k = 0; k < p->n_node; k++) {
    const exec_node *n = &p->node[k];
    if (n->op == NULL) continue;
    for (uint32_t i = 0; i < n->n_in && i < 64; i++)
      w->moves[p->input[n->in + i]] |= (uint8_t)(n->op->def->writes >> i & 1);
    for (uint32_t o = 0; o < n->n_out; o++) w->by_host[n->out + o] = (n->op->def->flags & RN_OP_HOST_ONLY) != 0;
  }
}

static rn_status *look(outlook *w) {
  exec_plan *p = w->p;
  w->fact = rn_arena_array(&w->memory, p->n_value + (size_t)1, sizeof *w->fact);
  w->moves = rn_arena_array(&w->memory, p->n_value + (size_t)1, 3);
  if (w->fact == NULL || w->moves == NULL) return exec_out_of_memory("placement");
  memset(w->moves, 0, 3 * (p->n_value + (size_t)1));
  w->by_host = w->moves + p->n_value + 1;
  w->any_rank = w->by_host + p->n_value + 1;
  mark_values(w);
  for (uint32_t v = 0; v < p->n_feed; v++) expect_fed(w, v);
  for (uint32_t k = 0; k < p->n_node; k++) RN_TRY(look_at(w, &p->node[k]));
  return NULL;
}

rn_status *exec_find_open(exec_plan *p) {
  outlook w = {.p = p};
  if (p->has_tokens) return NULL; /* loops: all of it is on the host anyway */
  rn_arena_init(&w.memory, 4096);
  rn_status *s = look(&w);
  rn_arena_finish(&w.memory);
  return s;
}
