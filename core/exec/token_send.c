/* exec/token_send.c - the token executor: tokens go along edges and make nodes ready (core/exec).
 *
 * A node is ready in a frame and round when every edge into it has brought a token; a merge, when a live
 * one came or all its data inputs are dead. */
#include "exec/token_run.h"

rn_status *token_push(token_machine *m, uint32_t node, token_frame *f, token_round *r) {
  if (m->count == m->capacity) {
    uint32_t capacity = m->capacity != 0 ? m->capacity * 2 : 256;
    token_ready *grown = rn_mem_zero(capacity, sizeof *grown);
    if (grown == NULL) return exec_out_of_memory("control flow");
    for (uint32_t i = 0; i < m->count; i++) grown[i] = m->queue[(m->head + i) % m->capacity];
    rn_mem_free(m->queue);
    m->queue = grown;
    m->head = 0;
    m->capacity = capacity;
  }
  m->queue[(m->head + m->count++) % m->capacity] = (token_ready){node, f, r};
  f->outstanding++;
  r->outstanding++;
  return NULL;
}

/* Data inputs a merge can still get in this round: all but loop inputs at first, those afterwards. */
static uint32_t expected_inputs(const token_machine *m, uint32_t node, const token_round *r) {
  uint32_t loop = 0, n = m->p->node[node].n_in;
  for (uint32_t i = 0; i < n; i++) loop += (uint32_t)token_is_loop_input(m->p, node, i);
  return loop == 0 ? n : r->number == 0 ? n - loop : loop;
}

static rn_status *consider_merge(token_machine *m, uint32_t node, token_frame *f, token_round *r) {
  uint32_t local = m->t.local[node];
  const token *slot = r->slot + m->t.slot[node];
  if ((r->flags[local] & ROUND_FIRED) != 0 || r->needs[local] > 0) return NULL;
  int live = 0;
  for (uint32_t i = 0; i < m->p->node[node].n_in; i++) live |= slot[i].state == TOKEN_LIVE;
  if (!live && r->dead_data[local] < expected_inputs(m, node, r)) return NULL;
  r->flags[local] |= (uint8_t)(live ? ROUND_FIRED : ROUND_FIRED | ROUND_DEAD);
  return token_push(m, node, f, r);
}

static rn_status *arrive(token_machine *m, token_edge e, token_frame *f, token_round *r, const token *with, int dead) {
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
  return r->needs[local] == 0 ? token_push(m, e.node, f, r) : NULL;
}

static rn_status *send_value(token_machine *m, uint32_t v, token_frame *f, token_round *r, const token *with,
                             int dead) {
  if (f->plan == 0 && m->t.is_fetched[v] && !dead) {
    token_clear(&m->fetched[v]);
    m->fetched[v] = token_share(with);
  }
  for (uint32_t i = m->t.reader_at[v]; i < m->t.reader_at[v + 1]; i++)
    RN_TRY(arrive(m, m->t.reader[i], f, r, with, dead));
  return NULL;
}

static rn_status *send_control(token_machine *m, uint32_t node, token_frame *f, token_round *r, int dead) {
  for (uint32_t i = m->t.control_at[node]; i < m->t.control_at[node + 1]; i++)
    RN_TRY(arrive(m, m->t.control[i], f, r, NULL, dead));
  return NULL;
}

/* All outputs of node, then its control edges. made may be NULL when dead. */
rn_status *token_send_all(token_machine *m, uint32_t node, token_frame *f, token_round *r, const token *made,
                          int dead) {
  const exec_node *n = &m->p->node[node];
  for (uint32_t i = 0; i < n->n_out; i++) {
    int this_dead = dead || made[i].state != TOKEN_LIVE;
    RN_TRY(send_value(m, n->out + i, f, r, this_dead ? NULL : &made[i], this_dead));
  }
  return send_control(m, node, f, r, dead);
}
