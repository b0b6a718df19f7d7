/* exec/token_flow.c - the token executor: what each control-flow primitive does with its tokens (core/exec). */
#include "exec/token_run.h"

static rn_status *read_bool(const token_machine *m, uint32_t node, uint32_t i, const token_round *r, int *out) {
  token t = token_input(m, node, i, r);
  if (t.tensor == NULL || rn_tensor_dtype(t.tensor) != RN_BOOL || rn_tensor_count(t.tensor) != 1)
    return exec_wrap_failure(m->p, node, rn_status_make(RN_INVALID_ARGUMENT, "input %u is not a boolean scalar", i));
  *out = *(const uint8_t *)rn_tensor_data(t.tensor) != 0;
  return NULL;
}

static rn_status *run_switch(token_machine *m, const token_ready *x, int dead) {
  int taken = 0;
  token made[2] = {{0}};
  if (!dead) {
    RN_TRY(read_bool(m, x->node, 1, x->round, &taken));
    made[taken] = token_input(m, x->node, 0, x->round);
  }
  return token_send_all(m, x->node, x->frame, x->round, made, dead);
}

static rn_status *run_merge(token_machine *m, const token_ready *x, int dead) {
  const exec_node *n = &m->p->node[x->node];
  token made[2] = {{0}};
  int32_t taken = -1;
  for (uint32_t i = 0; i < n->n_in && taken < 0; i++)
    if (token_input(m, x->node, i, x->round).state == TOKEN_LIVE) taken = (int32_t)i;
  if (dead || taken < 0) return token_send_all(m, x->node, x->frame, x->round, NULL, 1);
  rn_shape scalar = rn_shape_scalar();
  rn_tensor *index;
  RN_TRY(rn_tensor_from(RN_INT32, &scalar, &taken, &index));
  made[0] = token_input(m, x->node, (uint32_t)taken, x->round);
  made[1] = (token){index, NULL, TOKEN_LIVE};
  rn_status *s = token_send_all(m, x->node, x->frame, x->round, made, 0);
  rn_tensor_release(index);
  return s;
}

static rn_status *begin_round(token_machine *m, token_frame *f, uint32_t number, token_round **out) {
  int is_new;
  RN_TRY(token_frame_round(&m->t, f, number, out, &is_new));
  if (!is_new || f->constant == NULL) return NULL;
  for (uint32_t i = 0; i < m->p->n_node; i++)
    if (f->constant[i].state != TOKEN_EMPTY)
      RN_TRY(token_send_all(m, i, f, *out, &f->constant[i], f->constant[i].state == TOKEN_DEAD));
  return NULL;
}

static rn_status *child_frame(token_machine *m, const token_ready *x, token_frame **out) {
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

static rn_status *run_enter(token_machine *m, const token_ready *x, int dead) {
  token_frame *f;
  token_round *first;
  rn_attr_value constant;
  token in = dead ? (token){NULL, NULL, TOKEN_DEAD} : token_input(m, x->node, 0, x->round);
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
    RN_TRY(token_send_all(m, x->node, f, r, &in, dead));
  return token_settle(m, f);
}

static rn_status *run_exit(token_machine *m, const token_ready *x, int dead) {
  if (dead) return NULL; /* the frame's end will tell */
  token in = token_input(m, x->node, 0, x->round);
  x->frame->exited[m->t.local[x->node]] = 1;
  return token_send_all(m, x->node, x->frame->parent, x->frame->parent_round, &in, 0);
}

static rn_status *run_next_iteration(token_machine *m, const token_ready *x, int dead) {
  token_round *next;
  if (dead) return NULL;
  token in = token_input(m, x->node, 0, x->round);
  RN_TRY(begin_round(m, x->frame, x->round->number + 1, &next));
  return token_send_all(m, x->node, x->frame, next, &in, 0);
}

rn_status *token_flow_run(token_machine *m, const token_ready *x, int dead) {
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
      in = dead ? (token){0} : token_input(m, x->node, 0, x->round);
      return token_send_all(m, x->node, x->frame, x->round, &in, dead);
  }
}
