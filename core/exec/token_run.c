/* exec/token_run.c - the token executor: what each primitive does with its tokens (core/exec).
 *
 * A node is ready in a frame and round when every edge into it has brought a token; a merge, when a live
 * one came or all its data inputs are dead. A node with a dead input does not run and passes death on.
 * A frame ends when nothing in it can happen any more; exits that never fired then pass death to the
 * frame around. This is the reference; the straight path never comes here. */
#include "exec/token.h"

typedef struct ready {
  uint32_t node;
  token_frame *frame;
  token_round *round;
} ready;

/* A node's call, made at its first execution and kept for the run. */
typedef struct site {
  exec_call call; /* first */
  rn_tensor_view *view;
  const rn_tensor_view **in;
  rn_tensor_view **out;
  rn_resource **resource, **made_resource;
  rn_tensor **held;
  token *made;
} site;

typedef struct machine {
  exec_plan *p;
  exec_run *r;
  const exec_args *a;
  token_plan t;
  token_frame *root, *frames; /* frames: all that run, but for the root */
  ready *queue;               /* a ring */
  uint32_t head, count, capacity;
  site **sites;
  token *fetched; /* per value */
  rn_resource **cell;
} machine;

/* ------------------------------------------------------------------------------------- the queue */
static rn_status *push(machine *m, uint32_t node, token_frame *f, token_round *r) {
  if (m->count == m->capacity) {
    uint32_t capacity = m->capacity != 0 ? m->capacity * 2 : 256;
    ready *grown = rn_mem_zero(capacity, sizeof *grown);
    if (grown == NULL) return exec_out_of_memory("control flow");
    for (uint32_t i = 0; i < m->count; i++) grown[i] = m->queue[(m->head + i) % m->capacity];
    rn_mem_free(m->queue);
    m->queue = grown;
    m->head = 0;
    m->capacity = capacity;
  }
  m->queue[(m->head + m->count++) % m->capacity] = (ready){node, f, r};
  f->outstanding++;
  r->outstanding++;
  return NULL;
}

/* ------------------------------------------------------------------------------- tokens arriving */
/* Data inputs a merge can still get in this round: all but loop inputs at first, those afterwards. */
static uint32_t expected_inputs(const machine *m, uint32_t node, const token_round *r) {
  uint32_t loop = 0, n = m->p->node[node].n_in;
  for (uint32_t i = 0; i < n; i++) loop += (uint32_t)token_is_loop_input(m->p, node, i);
  return loop == 0 ? n : r->number == 0 ? n - loop : loop;
}

static rn_status *consider_merge(machine *m, uint32_t node, token_frame *f, token_round *r) {
  uint32_t local = m->t.local[node];
  const token *slot = r->slot + m->t.slot[node];
  if ((r->flags[local] & ROUND_FIRED) != 0 || r->needs[local] > 0) return NULL;
  int live = 0;
  for (uint32_t i = 0; i < m->p->node[node].n_in; i++) live |= slot[i].state == TOKEN_LIVE;
  if (!live && r->dead_data[local] < expected_inputs(m, node, r)) return NULL;
  r->flags[local] |= (uint8_t)(live ? ROUND_FIRED : ROUND_FIRED | ROUND_DEAD);
  return push(m, node, f, r);
}

static rn_status *arrive(machine *m, token_edge e, token_frame *f, token_round *r, const token *with, int dead) {
  uint32_t local = m->t.local[e.node];
  int is_merge = token_role(m->p, e.node) == RN_ROLE_MERGE;
  if (m->t.frame_of[e.node] != f->plan) return NULL;
  if (e.input != EXEC_NONE) {
    token *slot = &r->slot[m->t.slot[e.node] + e.input];
    token_clear(slot);
    if (dead)
      slot->state = TOKEN_DEAD;
    else
      *slot = token_share(with);
    if (is_merge) {
      r->dead_data[local] += (uint32_t)dead;
      return consider_merge(m, e.node, f, r);
    }
  }
  r->needs[local]--;
  if (is_merge) return consider_merge(m, e.node, f, r);
  if (dead) r->flags[local] |= ROUND_DEAD;
  return r->needs[local] == 0 ? push(m, e.node, f, r) : NULL;
}

static rn_status *send_value(machine *m, uint32_t v, token_frame *f, token_round *r, const token *with, int dead) {
  if (f->plan == 0 && m->t.is_fetched[v] && !dead) {
    token_clear(&m->fetched[v]);
    m->fetched[v] = token_share(with);
  }
  for (uint32_t i = m->t.reader_at[v]; i < m->t.reader_at[v + 1]; i++)
    RN_TRY(arrive(m, m->t.reader[i], f, r, with, dead));
  return NULL;
}

static rn_status *send_control(machine *m, uint32_t node, token_frame *f, token_round *r, int dead) {
  for (uint32_t i = m->t.control_at[node]; i < m->t.control_at[node + 1]; i++)
    RN_TRY(arrive(m, m->t.control[i], f, r, NULL, dead));
  return NULL;
}

/* All outputs of node, then its control edges. made may be NULL when dead. */
static rn_status *send_all(machine *m, uint32_t node, token_frame *f, token_round *r, const token *made, int dead) {
  const exec_node *n = &m->p->node[node];
  for (uint32_t i = 0; i < n->n_out; i++) {
    int this_dead = dead || made[i].state != TOKEN_LIVE;
    RN_TRY(send_value(m, n->out + i, f, r, this_dead ? NULL : &made[i], this_dead));
  }
  return send_control(m, node, f, r, dead);
}

/* --------------------------------------------------------------------------------- reading inputs */
/* A feed is an input that is always there. */
static token input_of(const machine *m, uint32_t node, uint32_t i, const token_round *r) {
  const exec_value *v = &m->p->value[m->p->input[m->p->node[node].in + i]];
  if (v->node != EXEC_NONE) return r->slot[m->t.slot[node] + i];
  rn_resource *resource = m->a->resources != NULL ? m->a->resources[v->feed] : NULL;
  return (token){m->a->feeds[v->feed], resource, TOKEN_LIVE};
}

static rn_status *read_bool(const machine *m, uint32_t node, uint32_t i, const token_round *r, int *out) {
  token t = input_of(m, node, i, r);
  if (t.tensor == NULL || rn_tensor_dtype(t.tensor) != RN_BOOL || rn_tensor_count(t.tensor) != 1)
    return exec_wrap_failure(m->p, node, rn_status_make(RN_INVALID_ARGUMENT, "input %u is not a boolean scalar", i));
  *out = *(const uint8_t *)rn_tensor_data(t.tensor) != 0;
  return NULL;
}

/* ------------------------------------------------------------------------------------- primitives */
static rn_status *run_switch(machine *m, const ready *x, int dead) {
  int taken = 0;
  token made[2] = {{0}};
  if (!dead) {
    RN_TRY(read_bool(m, x->node, 1, x->round, &taken));
    made[taken] = input_of(m, x->node, 0, x->round);
  }
  return send_all(m, x->node, x->frame, x->round, made, dead);
}

static rn_status *run_merge(machine *m, const ready *x, int dead) {
  const exec_node *n = &m->p->node[x->node];
  token made[2] = {{0}};
  int32_t taken = -1;
  for (uint32_t i = 0; i < n->n_in && taken < 0; i++)
    if (input_of(m, x->node, i, x->round).state == TOKEN_LIVE) taken = (int32_t)i;
  if (dead || taken < 0) return send_all(m, x->node, x->frame, x->round, NULL, 1);
  rn_shape scalar = rn_shape_scalar();
  rn_tensor *index;
  RN_TRY(rn_tensor_from(RN_INT32, &scalar, &taken, &index));
  made[0] = input_of(m, x->node, (uint32_t)taken, x->round);
  made[1] = (token){index, NULL, TOKEN_LIVE};
  rn_status *s = send_all(m, x->node, x->frame, x->round, made, 0);
  rn_tensor_release(index);
  return s;
}

static rn_status *begin_round(machine *m, token_frame *f, uint32_t number, token_round **out) {
  int is_new;
  RN_TRY(token_frame_round(&m->t, f, number, out, &is_new));
  if (!is_new || f->constant == NULL) return NULL;
  for (uint32_t i = 0; i < m->p->n_node; i++)
    if (f->constant[i].state != TOKEN_EMPTY)
      RN_TRY(send_all(m, i, f, *out, &f->constant[i], f->constant[i].state == TOKEN_DEAD));
  return NULL;
}

static rn_status *child_frame(machine *m, const ready *x, token_frame **out) {
  uint32_t plan = EXEC_NONE;
  const token_frame_plan *all = m->t.frame;
  rn_attr_value name;
  RN_TRY(rn_graph_attr(m->p->graph, m->p->node[x->node].id, "frame_name", RN_ATTR_STRING, &name));
  for (uint32_t i = 1; i < m->t.n_frames && plan == EXEC_NONE; i++)
    if (all[i].parent == x->frame->plan && all[i].name.size == name.u.bytes.size &&
        memcmp(all[i].name.data, name.u.bytes.data, name.u.bytes.size) == 0)
      plan = i;
  for (token_frame *f = m->frames; f != NULL; f = f->next) {
    if (f->plan != plan || f->parent != x->frame || f->parent_round != x->round) continue;
    *out = f;
    return NULL;
  }
  RN_TRY(token_frame_create(&m->t, plan, x->frame, x->round, out));
  (*out)->next = m->frames;
  m->frames = *out;
  x->frame->n_children++;
  x->round->n_children++;
  return NULL;
}

static rn_status *settle(machine *m, token_frame *f);

static rn_status *run_enter(machine *m, const ready *x, int dead) {
  token_frame *f;
  token_round *first;
  rn_attr_value constant;
  token in = dead ? (token){NULL, NULL, TOKEN_DEAD} : input_of(m, x->node, 0, x->round);
  RN_TRY(child_frame(m, x, &f));
  RN_TRY(begin_round(m, f, 0, &first));
  RN_TRY(rn_graph_attr(m->p->graph, m->p->node[x->node].id, "is_constant", RN_ATTR_BOOL, &constant));
  f->enters_left--;
  if (constant.u.b != 0) {
    if (f->constant == NULL) f->constant = rn_mem_zero((size_t)m->p->n_node + 1, sizeof *f->constant);
    if (f->constant == NULL) return exec_out_of_memory("a loop");
    f->constant[x->node] = token_share(&in);
  }
  for (token_round *r = first; r != NULL; r = constant.u.b != 0 ? r->next : NULL)
    RN_TRY(send_all(m, x->node, f, r, &in, dead));
  return settle(m, f);
}

static rn_status *run_exit(machine *m, const ready *x, int dead) {
  if (dead) return NULL; /* the frame's end will tell */
  token in = input_of(m, x->node, 0, x->round);
  x->frame->exited[m->t.local[x->node]] = 1;
  return send_all(m, x->node, x->frame->parent, x->frame->parent_round, &in, 0);
}

static rn_status *run_next_iteration(machine *m, const ready *x, int dead) {
  token_round *next;
  if (dead) return NULL;
  token in = input_of(m, x->node, 0, x->round);
  RN_TRY(begin_round(m, x->frame, x->round->number + 1, &next));
  return send_all(m, x->node, x->frame, next, &in, 0);
}

static rn_status *run_primitive(machine *m, const ready *x, int dead) {
  token in;
  switch (token_role(m->p, x->node)) {
    case RN_ROLE_SWITCH:
      return run_switch(m, x, dead);
    case RN_ROLE_MERGE:
      return run_merge(m, x, dead);
    case RN_ROLE_ENTER:
      return run_enter(m, x, dead);
    case RN_ROLE_EXIT:
      return run_exit(m, x, dead);
    case RN_ROLE_NEXT_ITERATION:
      return run_next_iteration(m, x, dead);
    default:
      in = dead ? (token){0} : input_of(m, x->node, 0, x->round);
      return send_all(m, x->node, x->frame, x->round, &in, dead);
  }
}

/* --------------------------------------------------------------------------------- ordinary nodes */
static rn_status *make_site(machine *m, uint32_t node, site **out) {
  const exec_node *n = &m->p->node[node];
  size_t values = (size_t)n->n_in + n->n_out;
  site *s = rn_mem_zero(1, sizeof *s + values * (sizeof(rn_tensor_view) + 2 * sizeof(void *)) +
                               n->n_out * (sizeof(token) + 2 * sizeof(void *)));
  if (s == NULL) return exec_out_of_memory("control flow");
  s->view = (rn_tensor_view *)(void *)(s + 1);
  s->made = (token *)(void *)(s->view + values);
  s->in = (const rn_tensor_view **)(void *)(s->made + n->n_out);
  s->out = (rn_tensor_view **)(void *)(s->in + n->n_in);
  s->resource = (rn_resource **)(void *)(s->out + n->n_out);
  s->made_resource = s->resource + n->n_in;
  s->held = (rn_tensor **)(void *)(s->made_resource + n->n_out);
  for (uint32_t i = 0; i < n->n_in; i++) s->in[i] = &s->view[i];
  for (uint32_t i = 0; i < n->n_out; i++) s->out[i] = &s->view[n->n_in + i];
  s->call.pub = (rn_call){.struct_size = (uint32_t)sizeof s->call.pub,
                          .n_in = n->n_in,
                          .n_out = n->n_out,
                          .in = s->in,
                          .out = s->out,
                          .resource = s->resource,
                          .correlation = m->r->correlation | node,
                          .api = &exec_call_api,
                          .device = n->device != NULL ? n->device->handle : NULL,
                          .host = n->kernel != NULL ? n->kernel->host : NULL};
  s->call.plan = m->p;
  s->call.run = m->r;
  s->call.made = s->made_resource;
  s->call.held = s->held;
  s->call.node = node;
  *out = m->sites[node] = s;
  return NULL;
}

static rn_status *fill_input(machine *m, uint32_t node, uint32_t i, const token_round *r, site *s) {
  token t = input_of(m, node, i, r);
  rn_tensor_view *v = &s->view[i];
  memset(v, 0, sizeof *v);
  v->struct_size = (uint32_t)sizeof *v;
  s->resource[i] = t.resource;
  if (t.tensor != NULL) {
    exec_view_tensor(t.tensor, v);
    return NULL;
  }
  const exec_node *n = &m->p->node[node];
  v->dtype = rn_dtype_base(m->p->value[m->p->input[n->in + i]].dtype);
  if (t.resource == NULL || !rn_resource_is_cell(t.resource) || v->dtype == RN_RESOURCE) return NULL;
  if (rn_cell_initialized(t.resource) || (n->op->def->flags & RN_OP_UNINITIALIZED_OK) == 0)
    return rn_cell_view(t.resource, v);
  v->shape = *rn_cell_shape(t.resource);
  return NULL;
}

/* Variables that the node wrote have a new version; a Ref output stands for the input it forwards. */
static void forward_refs(const machine *m, uint32_t node, site *s) {
  const exec_node *n = &m->p->node[node];
  for (uint32_t i = 0; i < n->n_in; i++)
    if (s->resource[i] != NULL && rn_resource_is_cell(s->resource[i]) && exec_node_writes(m->p, n, i))
      rn_cell_touch(s->resource[i]);
  int32_t from = n->op->def->ref_forward;
  if (n->n_out > 0 && from > 0 && (uint32_t)from <= n->n_in) s->made[0].resource = s->resource[from - 1];
}

static void lock_all(const exec_plan *p, int take, int alone) {
  for (uint32_t i = 0; i < p->n_lock; i++) {
    const exec_lock *l = &p->lock[take ? i : p->n_lock - 1 - i];
    if (take)
      rn_resource_lock(l->resource, l->exclusive | alone);
    else
      rn_resource_unlock(l->resource, l->exclusive | alone);
  }
}

/* Alone where a variable may have to come home: the first device may join while the locks are waited for. */
static int take_all(const exec_plan *p) {
  for (;;) {
    int alone = p->session->has_homes;
    lock_all(p, 1, alone);
    if (alone == p->session->has_homes) return alone;
    lock_all(p, 0, alone);
  }
}

static rn_status *compute(machine *m, const ready *x, site *s) {
  const exec_node *n = &m->p->node[x->node];
  for (uint32_t i = 0; i < n->n_in; i++) {
    rn_status *failed = fill_input(m, x->node, i, x->round, s);
    if (failed != NULL) return exec_wrap_failure(m->p, x->node, failed);
  }
  if (n->kernel != NULL && (n->kernel->def->flags & RN_KERNEL_ASYNC) != 0)
    return exec_wrap_failure(
        m->p, x->node,
        rn_status_make(RN_UNIMPLEMENTED, "an asynchronous kernel cannot run beside control-flow primitives"));
  for (uint32_t i = 0; i < n->n_out; i++) {
    s->held[i] = NULL;
    s->made_resource[i] = NULL;
    *s->out[i] = (rn_tensor_view){.struct_size = (uint32_t)sizeof *s->out[i],
                                  .dtype = rn_dtype_base(m->p->value[n->out + i].dtype),
                                  .shape = rn_shape_unknown()};
  }
  uint64_t begin = exec_trace_now(m->r);
  int locks = m->p->locks_per_op && (n->op->def->flags & RN_OP_BLOCKING) == 0;
  int alone = locks ? take_all(m->p) : 0;
  rn_status *failed = exec_node_run_dynamic(&s->call);
  if (locks) lock_all(m->p, 0, alone);
  if (begin != 0) exec_trace_node(&s->call, begin);
  if (failed == NULL && (m->r->flags & RN_RUN_CHECK_NUMERICS) != 0)
    failed = exec_check_numbers(m->p, x->node, s->call.pub.out);
  for (uint32_t i = 0; i < n->n_out; i++) s->made[i] = (token){s->held[i], s->made_resource[i], TOKEN_LIVE};
  if (failed != NULL) return exec_wrap_failure(m->p, x->node, failed);
  forward_refs(m, x->node, s);
  return NULL;
}

/* Copies what a Ref stands for, for a fetch. */
static rn_status *snapshot(machine *m, const ready *x, token *made) {
  token t = input_of(m, x->node, 0, x->round);
  made->state = TOKEN_LIVE;
  if (t.tensor != NULL) {
    made->tensor = rn_tensor_retain(t.tensor);
    return NULL;
  }
  if (t.resource == NULL || !rn_resource_is_cell(t.resource)) return rn_status_make(RN_INTERNAL, "nothing to fetch");
  return rn_cell_read(t.resource, &made->tensor);
}

static rn_status *identity(machine *m, const ready *x, site *s) {
  const exec_node *n = &m->p->node[x->node];
  for (uint32_t i = 0; i < n->n_out; i++) {
    token in = input_of(m, x->node, i, x->round);
    int wants_value = m->p->value[n->out + i].dtype < RN_REF && m->p->value[n->out + i].dtype != RN_RESOURCE;
    if (in.tensor == NULL && wants_value)
      RN_TRY(rn_cell_read(in.resource, &s->made[i].tensor));
    else
      s->made[i] = token_share(&in);
    s->made[i].state = TOKEN_LIVE;
  }
  return NULL;
}

static rn_status *constant(machine *m, const ready *x, token *made) {
  const exec_node *n = &m->p->node[x->node];
  rn_tensor *t = rn_graph_constant(m->p->graph, (rn_value){n->id, 0});
  if (t == NULL) return exec_wrap_failure(m->p, x->node, rn_status_make(RN_INTERNAL, "has no value"));
  *made = (token){rn_tensor_retain(t), NULL, TOKEN_LIVE};
  return NULL;
}

static rn_status *run_ordinary(machine *m, const ready *x) {
  const exec_node *n = &m->p->node[x->node];
  site *s = m->sites[x->node];
  rn_status *failed = NULL;
  if (s == NULL) RN_TRY(make_site(m, x->node, &s));
  switch (n->kind) {
    case NODE_CONSTANT:
      failed = constant(m, x, s->made);
      break;
    case NODE_IDENTITY:
      failed = identity(m, x, s);
      break;
    case NODE_SNAPSHOT:
      failed = snapshot(m, x, s->made);
      break;
    case NODE_RESOURCE:
      s->made[0] = (token){NULL, m->cell[m->p->value[n->out].cell], TOKEN_LIVE};
      break;
    case NODE_NOTHING:
      break;
    default:
      failed = compute(m, x, s);
      break;
  }
  if (failed == NULL) failed = send_all(m, x->node, x->frame, x->round, s->made, 0);
  for (uint32_t i = 0; i < n->n_out; i++) token_clear(&s->made[i]);
  return failed;
}

/* ------------------------------------------------------------------------------- the end of things */
/* Exits that never fired tell the frame around that nothing comes. */
static rn_status *end_frame(machine *m, token_frame *f) {
  const token_frame_plan *plan = &m->t.frame[f->plan];
  token_frame **at = &m->frames;
  for (uint32_t i = 0; i < plan->n_nodes; i++)
    if (token_role(m->p, plan->nodes[i]) == RN_ROLE_EXIT && !f->exited[i])
      RN_TRY(send_all(m, plan->nodes[i], f->parent, f->parent_round, NULL, 1));
  while (*at != f) at = &(*at)->next;
  *at = f->next;
  f->parent->n_children--;
  f->parent_round->n_children--;
  token_frame_destroy(&m->t, f);
  return NULL;
}

/* Lets rounds go that are over, and frames, outwards. */
static rn_status *settle(machine *m, token_frame *f) {
  while (f != m->root) {
    while (f->enters_left == 0 && f->rounds != NULL && f->rounds->next != NULL && f->rounds->outstanding == 0 &&
           f->rounds->n_children == 0)
      token_frame_drop_round(&m->t, f);
    if (f->outstanding > 0 || f->enters_left > 0 || f->n_children > 0) return NULL;
    token_frame *parent = f->parent;
    RN_TRY(end_frame(m, f));
    f = parent;
  }
  return NULL;
}

static rn_status *step(machine *m) {
  ready x = m->queue[m->head];
  m->head = (m->head + 1) % m->capacity;
  m->count--;
  int dead = (x.round->flags[m->t.local[x.node]] & ROUND_DEAD) != 0;
  if (m->p->node[x.node].kind == NODE_TOKEN)
    RN_TRY(run_primitive(m, &x, dead));
  else if (dead)
    RN_TRY(send_all(m, x.node, x.frame, x.round, NULL, 1));
  else
    RN_TRY(run_ordinary(m, &x));
  x.round->outstanding--;
  x.frame->outstanding--;
  return settle(m, x.frame);
}

static rn_status *drain(machine *m) {
  token_round *first;
  int is_new;
  RN_TRY(token_frame_create(&m->t, 0, NULL, NULL, &m->root));
  RN_TRY(token_frame_round(&m->t, m->root, 0, &first, &is_new));
  for (uint32_t i = 0; i < m->p->n_node; i++)
    if (m->t.frame_of[i] == 0 && m->t.needs[i] == 0 && token_role(m->p, i) != RN_ROLE_MERGE)
      RN_TRY(push(m, i, m->root, first));
  for (uint32_t turn = 0; m->count > 0; turn++) {
    if (turn % 64 == 0) RN_TRY(exec_run_check(m->r));
    RN_TRY(step(m));
  }
  return NULL;
}

/* Into the caller's tensor when there is one. */
static rn_status *hand_over(const exec_plan *p, uint32_t fetch, rn_tensor *got, rn_tensor **out) {
  if (*out == NULL) {
    *out = rn_tensor_retain(got);
    return NULL;
  }
  if (rn_tensor_dtype(*out) != rn_tensor_dtype(got) || !rn_shape_equal(rn_tensor_shape(*out), rn_tensor_shape(got)) ||
      rn_tensor_data(got) == NULL)
    return rn_status_make(RN_INVALID_ARGUMENT, "fetch '%s:%u': the tensor given for it has another dtype or shape",
                          rn_graph_name(p->graph, p->fetch[fetch].node), p->fetch[fetch].port);
  memcpy(rn_tensor_data(*out), rn_tensor_data(got), rn_tensor_size_bytes(got));
  return NULL;
}

static rn_status *deliver(machine *m) {
  const exec_plan *p = m->p;
  for (uint32_t i = 0; i < p->n_fetch; i++) {
    uint32_t v = p->fetch_value[i];
    rn_tensor *got = p->value[v].node == EXEC_NONE ? m->a->feeds[p->value[v].feed] : m->fetched[v].tensor;
    if (got == NULL)
      return rn_status_make(RN_INVALID_ARGUMENT,
                            "'%s:%u' was fetched but has no value: it lies on a branch not taken, or inside a loop",
                            rn_graph_name(p->graph, p->fetch[i].node), p->fetch[i].port);
    RN_TRY(hand_over(p, i, got, &m->a->fetches[i]));
  }
  return NULL;
}

static void destroy_frames(machine *m) {
  while (m->frames != NULL) {
    token_frame *next = m->frames->next;
    token_frame_destroy(&m->t, m->frames);
    m->frames = next;
  }
  if (m->root != NULL) token_frame_destroy(&m->t, m->root);
}

static void finish(machine *m) {
  destroy_frames(m);
  for (uint32_t i = 0; m->sites != NULL && i < m->p->n_node; i++) {
    if (m->sites[i] != NULL) exec_call_finish(&m->sites[i]->call);
    rn_mem_free(m->sites[i]);
  }
  for (uint32_t i = 0; m->fetched != NULL && i < m->p->n_value; i++) token_clear(&m->fetched[i]);
  rn_mem_free(m->sites);
  rn_mem_free(m->fetched);
  rn_mem_free(m->cell);
  rn_mem_free(m->queue);
  token_plan_finish(&m->t);
}

static rn_status *run_all(machine *m) {
  m->sites = rn_mem_zero((size_t)m->p->n_node + 1, sizeof(site *));
  m->fetched = rn_mem_zero((size_t)m->p->n_value + 1, sizeof *m->fetched);
  m->cell = rn_mem_zero((size_t)m->p->n_cell + 1, sizeof(rn_resource *));
  if (m->sites == NULL || m->fetched == NULL || m->cell == NULL) return exec_out_of_memory("control flow");
  RN_TRY(exec_bind_cells(m->r, m->p, m->a, m->cell));
  RN_TRY(drain(m));
  return deliver(m);
}

rn_status *exec_token_run(exec_plan *p, exec_run *r, const exec_args *a) {
  machine m;
  memset(&m, 0, sizeof m);
  m.p = p;
  m.r = r;
  m.a = a;
  RN_TRY(token_plan_init(&m.t, p));
  int alone = take_all(p);
  rn_status *s = alone && !p->is_body ? exec_cells_go_home(p, p->fixed_cell, r) : NULL;
  if (p->locks_per_op) lock_all(p, 0, alone);
  if (s == NULL) s = run_all(&m);
  if (!p->locks_per_op) lock_all(p, 0, alone);
  finish(&m);
  return s;
}
