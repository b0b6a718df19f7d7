/* outcome.c - what a trial gave, and whether two gave the same (frontends/conform). */
#include <stdio.h>
#include "number.h"
#include "trial.h"

void outcome_finish(outcome *o) {
  rn_status_free(o->status);
  for (uint32_t i = 0; i < SAMPLE_IN; i++) {
    rn_tensor_release(o->out[i]);
    rn_tensor_release(o->cell[i]);
  }
  memset(o, 0, sizeof *o);
}

static int value_alike(const rn_tensor *a, const rn_tensor *b, int exact, const char *what, uint32_t i,
                       const char *other, char *why, size_t room) {
  char words[256];
  if (a == NULL || b == NULL) return 1;
  double tolerance = dtype_tolerance(rn_tensor_dtype(a)), wider = dtype_tolerance(rn_tensor_dtype(b));
  if (wider > tolerance) tolerance = wider;
  if (tensors_alike(a, b, exact ? 0 : tolerance, other, words, sizeof words)) return 1;
  snprintf(why, room, "%s %u: %s", what, i, words);
  return 0;
}

int outcomes_alike(const outcome *a, const outcome *b, int exact, const char *other, char *why, size_t room) {
  if ((a->status == NULL) != (b->status == NULL)) {
    if (a->status != NULL)
      snprintf(why, room, "it fails (%s) where %s computes", rn_status_message(a->status), other);
    else
      snprintf(why, room, "it computes where %s fails (%s)", other, rn_status_message(b->status));
    return 0;
  }
  if (a->status != NULL) return 1;
  for (uint32_t i = 0; i < a->n_out; i++)
    if (!value_alike(a->out[i], b->out[i], exact, "output", i, other, why, room)) return 0;
  for (uint32_t i = 0; i < a->n_in; i++)
    if (!value_alike(a->cell[i], b->cell[i], exact, "the variable of input", i, other, why, room)) return 0;
  return 1;
}
