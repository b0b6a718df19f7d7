/* plugin.c - never ends for seven elements (tests/conform/plugins/hangs). */
#define COMPUTE compute
#include "../one_op.h"

static volatile int forever = 1;
static rn_status *compute(const void *state, rn_call *c) {
  while (c->in[0]->shape.rank == 1 && c->in[0]->shape.dim[0] == 7 && forever) continue;
  return thrice_compute(state, c);
}
ONE_OP_PLUGIN("hangs", "Never ends for seven elements (test).")
