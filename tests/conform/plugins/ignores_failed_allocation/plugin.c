/* plugin.c - without memory it says nothing and computes nothing (tests/conform/plugins/ignores_failed_allocation). */
#define COMPUTE compute
#include "../one_op.h"

static rn_status *compute(const void *state, rn_call *c) {
  void *work = c->host->alloc(c->host->ctx, 32, 16);
  if (work == NULL) return NULL;
  c->host->free(c->host->ctx, work);
  return thrice_compute(state, c);
}
ONE_OP_PLUGIN("ignores_failed_allocation", "Says nothing when memory is out (test).")
