/* plugin.c - changes its input (tests/conform/plugins/writes_input). */
#define COMPUTE compute
#include "../one_op.h"

static rn_status *compute(const void *state, rn_call *c) {
  RN_TRY(thrice_compute(state, c));
  if (c->in[0]->size_bytes != 0) ((volatile char *)c->in[0]->data)[0] = 0;
  return NULL;
}
ONE_OP_PLUGIN("writes_input", "Changes its input (test).")
