/* range.c - sequences of numbers (plugins/ops). */
#include "ops.h"

/* Elements from start to limit; one more when the last step is not whole. */
static int64_t range_length(int64_t start, int64_t limit, int64_t delta) {
  __int128 span = delta > 0 ? (__int128)limit - start : (__int128)start - limit;
  __int128 step = delta > 0 ? (__int128)delta : -(__int128)delta;
  __int128 n = span <= 0 ? 0 : (span + step - 1) / step;
  return n > INT64_MAX ? -1 : (int64_t)n;
}

static rn_status *infer_range(rn_infer *c) {
  rn_shape s;
  op_int a = op_scalar(c, 0), z = op_scalar(c, 1), d = op_scalar(c, 2), v[RN_MAX_VALUE];
  for (uint32_t i = 0; i < 3; i++) RN_TRY(op_want_rank(c, i, 0, &s));
  if (d.known && d.v == 0) return op_fail(c, "delta is zero");
  int known = a.known && z.known && d.known;
  int64_t n = known ? range_length(a.v, z.v, d.v) : RN_DIM_UNKNOWN;
  if (known && n < 0) return op_fail(c, "the range has too many elements");
  if (a.known && a.v == 0 && d.known && d.v == 1 && !z.known) n = z.v;
  s = rn_shape_vector(n);
  c->api->set_shape(c, 0, &s);
  if (!known || n > RN_MAX_VALUE) return NULL;
  for (int64_t i = 0; i < n; i++) v[i] = op_int_known(a.v + i * d.v);
  op_set_ints(c, 0, v, (int32_t)n);
  return NULL;
}

static rn_status *infer_linspace(rn_infer *c) {
  rn_shape s;
  op_int n = op_scalar(c, 2);
  for (uint32_t i = 0; i < 3; i++) RN_TRY(op_want_rank(c, i, 0, &s));
  if (n.known && n.v <= 0) return op_fail(c, "num is %lld; it must be positive", (long long)n.v);
  s = rn_shape_vector(n.v);
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Range",
       "(start: Tidx, limit: Tidx, delta: Tidx) -> (output: Tidx); Tidx: {bfloat16, float, double, int32, int64} = "
       "int32",
       "start, start + delta, ... below limit.", infer_range, NULL, NO_GRADIENT),
    OP("LinSpace",
       "(start: T, stop: T, num: Tidx) -> (output: T); T: {bfloat16, float, double}; Tidx: {int32, int64} = int32",
       "num numbers, evenly spaced from start to stop.", infer_linspace, NULL, NO_GRADIENT),
};
OPS_GROUP(ops_range, ops);
