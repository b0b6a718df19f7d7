/* plugin.c - says that the slope of 3 x is 2 (tests/conform/plugins/wrong_gradient). */
#define GRADIENT gradient
#include "../one_op.h"

static rn_status *gradient(rn_grad *c) {
  rn_value dy = c->api->dy(c, 0);
  c->api->set_dx(c, 0, rn_op2(c->b, "Add", dy, dy));
  return NULL;
}
ONE_OP_PLUGIN("wrong_gradient", "A gradient that is too small (test).")
