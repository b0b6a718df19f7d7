/* plugin.c - writes one element behind its output (tests/conform/plugins/writes_outside). */
#define COMPUTE compute
#include "../one_op.h"

static rn_status *compute(const void *state, rn_call *c) {
  uint64_t n = (uint64_t)rn_shape_elems(&c->in[0]->shape);
  RN_TRY(thrice_compute(state, c));
  if (n % 2 == 1 && c->in[0]->dtype == RN_FLOAT) ((volatile float *)c->out[0]->data)[n] = 0;
  return NULL;
}
ONE_OP_PLUGIN("writes_outside", "Writes one element behind its output (test).")
