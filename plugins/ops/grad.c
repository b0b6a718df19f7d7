/* grad.c - the gradients that many ops share, broadcasting first of all (plugins/ops). */
#include "ops.h"

rn_status *op_dx(rn_grad *c, uint32_t input, rn_value v) {
  if (op_is_value(v)) c->api->set_dx(c, input, v);
  return NULL;
}

rn_value op_dy_or_zeros(rn_grad *c, uint32_t output) {
  rn_value dy = c->api->dy(c, output);
  return op_is_value(dy) ? dy : rn_op1(GRAD_B, "ZerosLike", GRAD_Y(output));
}

rn_status *op_grad_fail(rn_grad *c, const char *fmt, ...) {
  char text[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  return c->b->self.host->status(RN_UNIMPLEMENTED, text);
}

rn_status *op_grad_pass(rn_grad *c) { return op_dx(c, 0, GRAD_DY); }
rn_status *op_grad_each(rn_grad *c) {
  for (uint32_t i = 0; i < c->n_in && i < c->n_out; i++) op_dx(c, i, c->api->dy(c, i));
  return NULL;
}
rn_status *op_grad_to_all(rn_grad *c) {
  for (uint32_t i = 0; i < c->n_in; i++) op_dx(c, i, GRAD_DY);
  return NULL;
}

/* Shapes that are the same in every step: known, or the same symbols. */
static int certainly_equal(const rn_shape *a, const rn_shape *b) {
  if (a->rank < 0 || a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i] || a->dim[i] == RN_DIM_UNKNOWN) return 0;
  return 1;
}

static void reduce_to(rn_grad *c, uint32_t input, rn_value v, rn_value axes, rn_value shape) {
  if (op_is_value(v)) op_dx(c, input, rn_op2(GRAD_B, "Reshape", op_sum(GRAD_B, v, axes, 0), shape));
}

rn_status *op_dx_broadcast(rn_grad *c, rn_value dx, rn_value dy) {
  rn_shape sx = *op_shape(GRAD_B, GRAD_X(0)), sy = *op_shape(GRAD_B, GRAD_X(1));
  if (certainly_equal(&sx, &sy)) {
    op_dx(c, 0, dx);
    return op_dx(c, 1, dy);
  }
  rn_value x = rn_op1(GRAD_B, "Shape", GRAD_X(0)), y = rn_op1(GRAD_B, "Shape", GRAD_X(1));
  rn_value axes = rn_op2(GRAD_B, "BroadcastGradientArgs", x, y);
  reduce_to(c, 0, dx, rn_port(axes, 0), x);
  reduce_to(c, 1, dy, rn_port(axes, 1), y);
  return NULL;
}
