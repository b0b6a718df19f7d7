/* exec/token_frame.c - running loops: frames, their rounds, and the tokens in them (core/exec). */
#include "exec/token.h"

void token_clear(token *t) {
  rn_tensor_release(t->tensor);
  *t = (token){NULL, NULL, TOKEN_EMPTY};
}

token token_share(const token *t) {
  token copy = *t;
  if (copy.tensor != NULL) (void)rn_tensor_retain(copy.tensor);
  return copy;
}

static void round_clear(const token_frame_plan *f, token_round *r) {
  for (uint32_t i = 0; i < f->n_slots; i++) token_clear(&r->slot[i]);
}

static void round_destroy(const token_frame_plan *f, token_round *r) {
  if (r->slot != NULL) round_clear(f, r);
  rn_mem_free(r->slot);
  rn_mem_free(r->needs);
  rn_mem_free(r->dead_data);
  rn_mem_free(r->flags);
  rn_mem_free(r);
}

static rn_status *round_create(const token_frame_plan *f, token_round **out) {
  token_round *r = rn_mem_zero(1, sizeof *r);
  if (r == NULL) return exec_out_of_memory("a loop's round");
  r->slot = rn_mem_zero((size_t)f->n_slots + 1, sizeof *r->slot);
  r->needs = rn_mem_zero((size_t)f->n_nodes + 1, sizeof *r->needs);
  r->dead_data = rn_mem_zero((size_t)f->n_nodes + 1, sizeof *r->dead_data);
  r->flags = rn_mem_zero((size_t)f->n_nodes + 1, 1);
  if (r->slot == NULL || r->needs == NULL || r->dead_data == NULL || r->flags == NULL) {
    round_destroy(f, r);
    return exec_out_of_memory("a loop's round");
  }
  *out = r;
  return NULL;
}

static void round_begin(const token_plan *t, const token_frame_plan *f, token_round *r, uint32_t number) {
  r->next = NULL;
  r->number = number;
  r->outstanding = r->n_children = 0;
  for (uint32_t i = 0; i < f->n_nodes; i++) {
    r->needs[i] = t->needs[f->nodes[i]];
    r->dead_data[i] = 0;
    r->flags[i] = 0;
  }
}

rn_status *token_frame_round(const token_plan *t, token_frame *f, uint32_t number, token_round **out, int *out_is_new) {
  const token_frame_plan *plan = &t->frame[f->plan];
  token_round **end = &f->rounds;
  *out_is_new = 0;
  for (; *end != NULL; end = &(*end)->next) {
    if ((*end)->number != number) continue;
    *out = *end;
    return NULL;
  }
  token_round *r = f->spare;
  if (r != NULL)
    f->spare = r->next;
  else
    RN_TRY(round_create(plan, &r));
  round_begin(t, plan, r, number);
  *end = r;
  *out = r;
  *out_is_new = 1;
  return NULL;
}

void token_frame_drop_round(const token_plan *t, token_frame *f) {
  token_round *r = f->rounds;
  f->rounds = r->next;
  round_clear(&t->frame[f->plan], r);
  r->next = f->spare;
  f->spare = r;
}

rn_status *token_frame_create(const token_plan *t, uint32_t plan, token_frame *parent, token_round *parent_round,
                              token_frame **out) {
  token_frame *f = rn_mem_zero(1, sizeof *f);
  if (f == NULL) return exec_out_of_memory("a loop");
  f->plan = plan;
  f->parent = parent;
  f->parent_round = parent_round;
  f->enters_left = t->frame[plan].n_enters;
  f->exited = rn_mem_zero((size_t)t->frame[plan].n_nodes + 1, 1);
  if (f->exited == NULL) {
    rn_mem_free(f);
    return exec_out_of_memory("a loop");
  }
  *out = f;
  return NULL;
}

static void destroy_rounds(const token_frame_plan *plan, token_round *r) {
  while (r != NULL) {
    token_round *next = r->next;
    round_destroy(plan, r);
    r = next;
  }
}

void token_frame_destroy(const token_plan *t, token_frame *f) {
  const token_frame_plan *plan = &t->frame[f->plan];
  destroy_rounds(plan, f->rounds);
  destroy_rounds(plan, f->spare);
  if (f->constant != NULL)
    for (uint32_t i = 0; i < t->plan->n_node; i++) token_clear(&f->constant[i]);
  rn_mem_free(f->constant);
  rn_mem_free(f->exited);
  rn_mem_free(f);
}
