/* call.c - outputs, arguments and memory of a kernel call (plugins/cpu). */
#include "cpu.h"

uint64_t cpu_dtype_bytes(rn_dtype dt) {
  static const uint8_t bytes[24] = {
      [RN_FLOAT] = 4,  [RN_DOUBLE] = 8,      [RN_INT32] = 4,    [RN_UINT8] = 1,  [RN_INT16] = 2,
      [RN_INT8] = 1,   [RN_COMPLEX64] = 8,   [RN_INT64] = 8,    [RN_BOOL] = 1,   [RN_QINT8] = 1,
      [RN_QUINT8] = 1, [RN_QINT32] = 4,      [RN_BFLOAT16] = 2, [RN_QINT16] = 2, [RN_QUINT16] = 2,
      [RN_UINT16] = 2, [RN_COMPLEX128] = 16, [RN_HALF] = 2,     [RN_UINT32] = 4, [RN_UINT64] = 8};
  return dt > 0 && dt < 24 ? bytes[dt] : 0;
}

int cpu_shape_equal(const rn_shape *a, const rn_shape *b) {
  if (a->rank != b->rank) return 0;
  for (int32_t i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i]) return 0;
  return 1;
}

const char *cpu_shape_text(const rn_shape *s, char text[160]) {
  size_t at = 0;
  text[at++] = '[';
  for (int32_t i = 0; i < s->rank && at < 130; i++)
    at += (size_t)snprintf(text + at, 160 - at, i ? ",%lld" : "%lld", (long long)s->dim[i]);
  text[at++] = ']';
  text[at] = 0;
  return text;
}

rn_status *cpu_output(rn_call *c, uint32_t i, const rn_shape *s) {
  const rn_tensor_view *v = c->out[i];
  if (cpu_shape_equal(&v->shape, s) && (v->data || rn_shape_elems(s) == 0)) return NULL;
  if (v->data == NULL || !rn_shape_known(&v->shape)) return c->api->set_output(c, i, s);
  char have[160], want[160];
  return rn_error(c->host, RN_INTERNAL, "output %u was planned as %s and is %s", i, cpu_shape_text(&v->shape, have),
                  cpu_shape_text(s, want));
}

int64_t cpu_int_at(const rn_tensor_view *v, int64_t i) {
  switch (v->dtype) {
    case RN_INT32:
      return ((const int32_t *)v->data)[i];
    case RN_INT64:
      return ((const int64_t *)v->data)[i];
    case RN_UINT8:
      return ((const uint8_t *)v->data)[i];
    case RN_BOOL:
      return ((const uint8_t *)v->data)[i];
    case RN_INT8:
      return ((const int8_t *)v->data)[i];
    case RN_INT16:
      return ((const int16_t *)v->data)[i];
    case RN_UINT16:
      return ((const uint16_t *)v->data)[i];
    default:
      return 0;
  }
}

double cpu_real_at(const rn_tensor_view *v, int64_t i) {
  double y = 0;
  cpu_convert(v->dtype, (const char *)v->data + (uint64_t)i * cpu_dtype_bytes(v->dtype), RN_DOUBLE, &y, 1);
  return y;
}

rn_status *cpu_shape_input(rn_call *c, uint32_t input, rn_shape *out) {
  const rn_tensor_view *v = c->in[input];
  int64_t n = rn_shape_elems(&v->shape), elems = 1;
  if (v->shape.rank > 1 || n > RN_MAX_RANK)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "input %u is no shape: rank %d with %lld elements (at most %d)",
                    input, v->shape.rank, (long long)n, RN_MAX_RANK);
  *out = rn_shape_scalar();
  out->rank = (int32_t)n;
  for (int64_t i = 0; i < n; i++) {
    int64_t d = cpu_int_at(v, i);
    if (d < 0 || __builtin_mul_overflow(elems, d, &elems))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "input %u is no shape: dimension %lld is %lld", input, (long long)i,
                      (long long)d);
    out->dim[i] = d;
  }
  return NULL;
}

rn_status *cpu_axis(const char *op, int64_t axis, int32_t rank, int32_t *out) {
  if (axis < -rank || axis >= rank)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: axis %lld is not in [%d, %d)", op, (long long)axis, -rank,
                    rank);
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return NULL;
}

void cpu_strides(const rn_shape *s, int64_t *out) {
  int64_t step = 1;
  for (int32_t i = s->rank - 1; i >= 0; i--) {
    out[i] = step;
    step *= s->dim[i];
  }
}

int64_t cpu_product(const int64_t *dims, int32_t n) {
  int64_t p = 1;
  for (int32_t i = 0; i < n; i++) p *= dims[i];
  return p;
}

void cpu_parallel(uint64_t n, uint64_t grain, void (*fn)(void *, uint64_t, uint64_t, uint32_t), void *arg) {
  if (n == 0) return;
  if (n <= grain)
    fn(arg, 0, n, 0);
  else
    cpu_host->parallel_for(cpu_host->ctx, n, grain ? grain : 1, fn, arg);
}

rn_status *cpu_alloc(size_t bytes, void **out) {
  *out = cpu_host->alloc(cpu_host->ctx, bytes ? bytes : 1, 64);
  return *out ? NULL : rn_error(cpu_host, RN_RESOURCE_EXHAUSTED, "cpu: out of memory for %zu bytes", bytes);
}
void cpu_free(void *p) {
  if (p) cpu_host->free(cpu_host->ctx, p);
}

rn_status *cpu_state(rn_prepared *out, size_t bytes, void **state) {
  RN_TRY(cpu_alloc(bytes, state));
  memset(*state, 0, bytes);
  out->state = *state;
  out->destroy = cpu_free;
  return NULL;
}

const void *cpu_attr_list(const rn_self *s, const char *name, uint32_t type, uint32_t *count) {
  rn_attr_value v;
  *count = 0;
  if (!rn_self_attr(s, name, RN_ATTR_LIST | type, &v)) return NULL;
  *count = v.count;
  return v.u.list;
}
