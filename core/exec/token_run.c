/* exec/token_run.c - the token executor: a step from first token to fetches (core/exec).
 *
 * A node with a dead input does not run and passes death on. A frame ends when nothing in it can happen
 * any more; exits that never fired then pass death to the frame around. This is the reference; the
 * straight path never comes here. */
#include "exec/token_run.h"

/* Exits that never fired tell the frame around that nothing comes. */
static rn_status *end_frame(token_machine *m, token_frame *f) {
  const token_frame_plan *plan = &m->t.frame[f->plan];
  token_frame **at = &m->frames;
  for (uint32_t i = 0; i < plan->n_nodes; i++)
    if (token_role(m->p, plan->nodes[i]) == RN_ROLE_EXIT && !f->exited[i])
      RN_TRY(token_send_all(m, plan->nodes[i], f->parent, f->parent_round, NULL, 1));
  while (*at != f) at = &(*at)->next;
  *at = f->next;
  f->parent->n_children--;
  f->parent_round->n_children--;
  token_frame_destroy(&m->t, f);
  return NULL;
}

/* Lets rounds go that are over, and frames, outwards. */
rn_status *token_settle(token_machine *m, token_frame *f) {
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

static rn_status *step(token_machine *m) {
  token_ready x = m->queue[m->head];
  m->head = (m->head + 1) % m->capacity;
  m->count--;
  int dead = (x.round->flags[m->t.local[x.node]] & ROUND_DEAD) != 0;
  if (m->p->node[x.node].kind == NODE_TOKEN)
    RN_TRY(token_flow_run(m, &x, dead));
  else if (dead)
    RN_TRY(token_send_all(m, x.node, x.frame, x.round, NULL, 1));
  else
    RN_TRY(token_node_run(m, &x));
  x.round->outstanding--;
  x.frame->outstanding--;
  return token_settle(m, x.frame);
}

static rn_status *drain(token_machine *m) {
  token_round *first;
  int is_new;
  RN_TRY(token_frame_create(&m->t, 0, NULL, NULL, &m->root));
  RN_TRY(token_frame_round(&m->t, m->root, 0, &first, &is_new));
  for (uint32_t i = 0; i < m->p->n_node; i++)
    if (m->t.frame_of[i] == 0 && m->t.needs[i] == 0 && token_role(m->p, i) != RN_ROLE_MERGE)
      RN_TRY(token_push(m, i, m->root, first));
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

static rn_status *deliver(token_machine *m) {
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

static void destroy_frames(token_machine *m) {
  while (m->frames != NULL) {
    token_frame *next = m->frames->next;
    token_frame_destroy(&m->t, m->frames);
    m->frames = next;
  }
  if (m->root != NULL) token_frame_destroy(&m->t, m->root);
}

static void finish(token_machine *m) {
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

static rn_status *run_all(token_machine *m) {
  m->sites = rn_mem_zero((size_t)m->p->n_node + 1, sizeof(token_site *));
  m->fetched = rn_mem_zero((size_t)m->p->n_value + 1, sizeof *m->fetched);
  m->cell = rn_mem_zero((size_t)m->p->n_cell + 1, sizeof(rn_resource *));
  if (m->sites == NULL || m->fetched == NULL || m->cell == NULL) return exec_out_of_memory("control flow");
  RN_TRY(exec_bind_cells(m->r, m->p, m->a, m->cell));
  RN_TRY(drain(m));
  return deliver(m);
}

rn_status *exec_token_run(exec_plan *p, exec_run *r, const exec_args *a) {
  token_machine m;
  memset(&m, 0, sizeof m);
  m.p = p;
  m.r = r;
  m.a = a;
  RN_TRY(token_plan_init(&m.t, p));
  int alone = token_take_all(p);
  rn_status *s = alone && !p->is_body ? exec_cells_go_home(p, p->fixed_cell, r) : NULL;
  if (p->locks_per_op) token_lock_all(p, 0, alone);
  if (s == NULL) s = run_all(&m);
  if (!p->locks_per_op) token_lock_all(p, 0, alone);
  finish(&m);
  return s;
}
