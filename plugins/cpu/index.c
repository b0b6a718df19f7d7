/* index.c - indices that come from outside (plugins/cpu).
 *
 * Each is checked, and a wrong one is named with its bound. */
#include "index.h"

rn_status *cpu_bad_index(const char *op, int64_t i, int64_t index, int64_t bound) {
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: indices[%lld] = %lld is not in [0, %lld)", op, (long long)i,
                  (long long)index, (long long)bound);
}

int64_t cpu_tuple_offset(const rn_tensor_view *index, int64_t i, int64_t k, const rn_shape *s, const int64_t *strides) {
  int64_t at = 0;
  for (int64_t j = 0; j < k; j++) {
    int64_t v = cpu_int_at(index, i * k + j);
    if (v < 0 || v >= s->dim[j]) return -1;
    at += v * strides[j];
  }
  return at;
}
rn_status *cpu_bad_tuple(const char *op, int64_t i, const rn_shape *s) {
  char text[160];
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: indices[%lld] does not lie in shape %s", op, (long long)i,
                  cpu_shape_text(s, text));
}
