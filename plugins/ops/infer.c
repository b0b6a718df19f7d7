/* infer.c - the shape functions that many ops share (plugins/ops). */
#include "ops.h"

rn_status *op_infer_same(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
rn_status *op_infer_same_ints(rn_infer *c) {
  op_forward_ints(c, 0, 0);
  return op_infer_same(c);
}
rn_status *op_infer_last(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, c->n_in - 1));
  return NULL;
}
rn_status *op_infer_each(rn_infer *c) {
  for (uint32_t i = 0; i < c->n_out && i < c->n_in; i++) {
    c->api->set_shape(c, i, c->api->shape(c, i));
    op_forward_ints(c, i, i);
  }
  return NULL;
}
rn_status *op_infer_scalar(rn_infer *c) {
  rn_shape s = rn_shape_scalar();
  for (uint32_t i = 0; i < c->n_out; i++) c->api->set_shape(c, i, &s);
  return NULL;
}
rn_status *op_infer_merged(rn_infer *c) {
  rn_shape s = rn_shape_unknown();
  for (uint32_t i = 0; i < c->n_in; i++) RN_TRY(op_merge(c, &s, c->api->shape(c, i), &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}
rn_status *op_infer_binary(rn_infer *c) {
  rn_shape s;
  RN_TRY(op_broadcast(c, c->api->shape(c, 0), c->api->shape(c, 1), &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}
