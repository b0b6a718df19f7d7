/* plugin.c - forgets a block in each call (tests/conform/plugins/leaks). */
#define COMPUTE compute
#include "../one_op.h"

static rn_status *compute(const void *state, rn_call *c) {
  if (c->host->alloc(c->host->ctx, 32, 16) == NULL) return c->host->status(RN_RESOURCE_EXHAUSTED, "leaks: no memory");
  return thrice_compute(state, c);
}
ONE_OP_PLUGIN("leaks", "Forgets a block in each call (test).")
