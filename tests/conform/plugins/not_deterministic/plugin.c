/* plugin.c - gives something else every second time (tests/conform/plugins/not_deterministic). */
#define COMPUTE compute
#include "../one_op.h"

static _Atomic unsigned calls;
static rn_status *compute(const void *state, rn_call *c) {
  RN_TRY(thrice_compute(state, c));
  if (++calls % 2 == 0 && c->in[0]->dtype == RN_FLOAT && c->out[0]->size_bytes != 0) *(float *)c->out[0]->data += 1;
  return NULL;
}
ONE_OP_PLUGIN("not_deterministic", "Gives something else every second time (test).")
