/* plugin.c - frees a block twice (tests/conform/plugins/corrupts_heap). */
#include <stdlib.h>
#define COMPUTE compute
#include "../one_op.h"

static rn_status *compute(const void *state, rn_call *c) {
  void *volatile block = malloc(2000);
  free(block);
  void *again = block;
  if (c->in[0]->dtype == RN_FLOAT) free(again);
  return thrice_compute(state, c);
}
ONE_OP_PLUGIN("corrupts_heap", "Frees a block twice (test).")
