/* random.c - random numbers (plugins/ops). Each node has a generator of its own, seeded by seed and seed2. */
#include "ops.h"

static rn_status *infer_random(rn_infer *c) {
  rn_shape s;
  RN_TRY(op_want_rank(c, 0, 1, &s));
  RN_TRY(op_shape_input(c, 0, &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_random_int(rn_infer *c) {
  rn_shape scalar;
  op_int low = op_scalar(c, 1), high = op_scalar(c, 2);
  RN_TRY(op_want_rank(c, 1, 0, &scalar));
  RN_TRY(op_want_rank(c, 2, 0, &scalar));
  if (low.known && high.known && low.v >= high.v)
    return op_fail(c, "minval %lld is not below maxval %lld", (long long)low.v, (long long)high.v);
  return infer_random(c);
}

#define RANDOM .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT
static const rn_op_def ops[] = {
    OP("RandomUniform",
       "(shape: T) -> (output: dtype); seed: int = 0; seed2: int = 0; dtype: {half, bfloat16, float, double}; T: "
       "{int32, int64}",
       "Numbers evenly spread over [0, 1).", infer_random, NULL, RANDOM),
    OP("RandomUniformInt",
       "(shape: T, minval: Tout, maxval: Tout) -> (output: Tout); seed: int = 0; seed2: int = 0; Tout: {int32, int64}; "
       "T: {int32, int64}",
       "Integers evenly spread over [minval, maxval).", infer_random_int, NULL, RANDOM),
    OP("RandomStandardNormal",
       "(shape: T) -> (output: dtype); seed: int = 0; seed2: int = 0; dtype: {half, bfloat16, float, double}; T: "
       "{int32, int64}",
       "Normal numbers of mean 0 and deviation 1.", infer_random, NULL, RANDOM),
    OP("TruncatedNormal",
       "(shape: T) -> (output: dtype); seed: int = 0; seed2: int = 0; dtype: {half, bfloat16, float, double}; T: "
       "{int32, int64}",
       "Normal numbers, drawn again when beyond two deviations.", infer_random, NULL, RANDOM),
    OP("RandomShuffle", "(value: T) -> (output: T); seed: int = 0; seed2: int = 0; T: type",
       "The rows in random order.", op_infer_same, NULL, .flags = RN_OP_STATEFUL),
};
OPS_GROUP(ops_random, ops);
