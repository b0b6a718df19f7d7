/* kernel_values.c - is what a kernel gives right? (frontends/conform)
 *
 * In many sizes: against the oracle, again, cut into pieces, over an input; then with special values. */
#include <stdio.h>
#include "kernel_check.h"

static void in_place(check *c, const sample *s, const trial_prepared *p, const outcome *base) {
  for (uint32_t i = 0; i < s->n_in && i < 32 && c->v == PASSED; i++) {
    const sample_input *in = &s->in[i];
    if ((p->p.inplace >> i & 1) == 0 || in->kind != INPUT_FED || base->out[0] == NULL) continue;
    if (rn_tensor_dtype(base->out[0]) == RN_STRING ||
        rn_tensor_size_bytes(base->out[0]) != rn_tensor_size_bytes(in->tensor))
      continue;
    kernel_check_against(c, s, p, base, (int)i, ONE_PIECE, 1, "output 0 over an input", "with memory of its own it");
  }
}

static void one_size(check *c, uint32_t plan, sample_size size) {
  sample s;
  trial_prepared p;
  outcome base;
  char why[512];
  if (!kernel_check_again(c, plan, size, VALUES_PLAIN, &s, &p, &base)) return;
  kernel_check_against(c, &s, &p, &base, -1, ONE_PIECE, 1, "the same again", "the first time it");
  kernel_check_against(c, &s, &p, &base, -1, MANY_PIECES, 0, "in pieces", "in one piece it");
  in_place(c, &s, &p, &base);
  if (c->v == PASSED && !c->random &&
      !oracle_agrees(&c->o, &s, &c->plan[plan], size, VALUES_PLAIN, &base, why, sizeof why))
    c->v = fail(c->k, "%s (%s)", why, s.text);
  kernel_check_put_away(&s, &p, &base);
}

void kernel_check_values(check *c) {
  for (uint32_t i = 0; i < c->n_plans; i++)
    for (int size = 0; size < N_SIZES && c->v == PASSED; size++) {
      if (size == SIZE_LARGE && i >= 3) continue;
      one_size(c, i, (sample_size)size);
    }
}

/* NaN, infinities, the smallest and the largest: no crash, the same twice, and what the reference gives. */
void kernel_check_special(check *c) {
  for (uint32_t i = 0; i < c->n_plans; i++)
    for (int size = SIZE_BASIC; size <= SIZE_33 && c->v == PASSED; size += (int)SIZE_33) {
      sample s;
      trial_prepared p;
      outcome base;
      char why[512];
      if (!kernel_check_again(c, i, (sample_size)size, VALUES_SPECIAL, &s, &p, &base)) continue;
      kernel_check_against(c, &s, &p, &base, -1, ONE_PIECE, 1, "special values again", "the first time it");
      if (c->v == PASSED && !c->random &&
          !oracle_agrees(&c->o, &s, &c->plan[i], (sample_size)size, VALUES_SPECIAL, &base, why, sizeof why))
        c->v = fail(c->k, "with NaN, infinities and extremes: %s (%s)", why, s.text);
      kernel_check_put_away(&s, &p, &base);
    }
}
