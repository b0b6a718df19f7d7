/* unique.c - the different elements of a vector (plugins/ops). */
#include "ops.h"

static rn_status *infer_unique(rn_infer *c) {
  rn_shape x, found = rn_shape_vector(c->api->new_symbol(c));
  RN_TRY(op_want_rank(c, 0, 1, &x));
  c->api->set_shape(c, 0, &found);
  c->api->set_shape(c, 1, &x);
  if (c->n_out > 2) c->api->set_shape(c, 2, &found);
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Unique", "(x: T) -> (y: T, idx: out_idx); T: type; out_idx: {int32, int64} = int32",
       "The different elements in the order of their first appearance, and for each element where it is among them.",
       infer_unique, NULL, .flags = RN_OP_NO_GRADIENT),
    OP("UniqueWithCounts", "(x: T) -> (y: T, idx: out_idx, count: out_idx); T: type; out_idx: {int32, int64} = int32",
       "As Unique, and how often each appears.", infer_unique, NULL, .flags = RN_OP_NO_GRADIENT),
};
OPS_GROUP(ops_unique, ops);
