/* window.c - sizes of what a sliding window leaves, for convolutions and pools (plugins/ops). */
#include "ops.h"

op_layout op_layout_of(const rn_self *s) {
  op_layout nhwc = {0, 1, 2, 3}, nchw = {0, 2, 3, 1};
  return rn_bytes_equal(rn_self_string(s, "data_format"), "NCHW") ? nchw : nhwc;
}

rn_status *op_window(rn_infer *c, int64_t in, int64_t window, int64_t stride, int64_t padding, int same, int64_t *out) {
  if (stride <= 0) return op_fail(c, "a stride is %lld; it must be positive", (long long)stride);
  if (padding < 0) return op_fail(c, "a padding is %lld; it must not be negative", (long long)padding);
  *out = RN_DIM_UNKNOWN;
  if (in < 0 || (!same && window < 0)) {
    if (stride == 1 && (same || (window == 1 && padding == 0))) *out = in;
    return NULL;
  }
  if (same) {
    *out = in / stride + (in % stride != 0);
    return NULL;
  }
  int64_t whole;
  RN_TRY(op_dim_add(c, in, padding, &whole));
  if (whole < window) return op_fail(c, "a window of %lld does not fit into %lld", (long long)window, (long long)whole);
  *out = (whole - window) / stride + 1;
  return NULL;
}
