/* plugin.c - a shape function that does not survive rank 8 (tests/conform/plugins/crashes_in_infer). */
#define INFER infer
#include "../one_op.h"

static rn_status *infer(rn_infer *c) {
  const rn_shape *s = c->api->shape(c, 0);
  static volatile uintptr_t nowhere = 16; /* not a constant to the compiler, which would refuse */
  if (s->rank == 8) *(volatile int *)nowhere = 1;
  return thrice_infer(c);
}
ONE_OP_PLUGIN("crashes_in_infer", "A shape function that crashes for rank 8 (test).")
