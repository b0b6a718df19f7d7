/* exec/numbers.c - looks for NaN and infinity in what a node made (core/exec).
 *
 * An exponent of all ones is either; so the bits are looked at, whatever the float type. */
#include "exec/exec.h"

static int64_t first_bad16(const uint16_t *x, uint64_t n, uint16_t exponent) {
  for (uint64_t i = 0; i < n; i++)
    if ((x[i] & exponent) == exponent) return (int64_t)i;
  return -1;
}
static int64_t first_bad32(const uint32_t *x, uint64_t n) {
  for (uint64_t i = 0; i < n; i++)
    if ((x[i] & 0x7f800000u) == 0x7f800000u) return (int64_t)i;
  return -1;
}
static int64_t first_bad64(const uint64_t *x, uint64_t n) {
  for (uint64_t i = 0; i < n; i++)
    if ((x[i] & 0x7ff0000000000000u) == 0x7ff0000000000000u) return (int64_t)i;
  return -1;
}

static int64_t first_bad(const rn_tensor_view *v) {
  if (v->data == NULL) return -1;
  switch (rn_dtype_base(v->dtype)) {
    case RN_FLOAT:
    case RN_COMPLEX64:
      return first_bad32(v->data, v->size_bytes / 4);
    case RN_DOUBLE:
    case RN_COMPLEX128:
      return first_bad64(v->data, v->size_bytes / 8);
    case RN_HALF:
      return first_bad16(v->data, v->size_bytes / 2, 0x7c00);
    case RN_BFLOAT16:
      return first_bad16(v->data, v->size_bytes / 2, 0x7f80);
    default:
      return -1;
  }
}

rn_status *exec_check_numbers(const exec_plan *p, uint32_t node, rn_tensor_view *const *out) {
  for (uint32_t i = 0; i < p->node[node].n_out; i++) {
    int64_t at = first_bad(out[i]);
    if (at >= 0)
      return rn_status_make(RN_INVALID_ARGUMENT, "output %u holds NaN or infinity (at %lld)", i, (long long)at);
  }
  return NULL;
}
