/* array_pad.c - Pad, MirrorPad and its gradient: borders of tensors (plugins/cpu). */
#include "recast.h"
#include "strided.h"

static rn_status *padded_shape(rn_call *c, const char *op, int64_t *before, rn_shape *s) {
  const rn_tensor_view *p = c->in[1];
  *s = c->in[0]->shape;
  if (rn_shape_elems(&p->shape) != 2 * s->rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: paddings need %d rows of 2", op, s->rank);
  for (int32_t i = 0; i < s->rank; i++) {
    int64_t after = cpu_int_at(p, 2 * i + 1);
    before[i] = cpu_int_at(p, 2 * i);
    if (before[i] < 0 || after < 0 || __builtin_add_overflow(s->dim[i], before[i], &s->dim[i]) ||
        __builtin_add_overflow(s->dim[i], after, &s->dim[i]))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: paddings %lld and %lld of dimension %d", op,
                      (long long)before[i], (long long)after, i);
  }
  return NULL;
}
static rn_status *pad(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  static const char zero[16];
  int64_t before[RN_MAX_RANK];
  rn_shape s;
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  RN_TRY(padded_shape(c, "Pad", before, &s));
  RN_TRY(cpu_output(c, 0, &s));
  cpu_fill(c->out[0]->data, c->n_in > 2 ? c->in[2]->data : zero, bytes, rn_shape_elems(&s));
  cpu_strided w, whole;
  char *to = c->out[0]->data;
  cpu_strided_init(&w, &x->shape, bytes);
  cpu_strided_init(&whole, &s, bytes);
  for (int32_t i = 0; i < s.rank; i++) {
    w.sy[i] = whole.sy[i];
    to += before[i] * whole.sy[i];
  }
  cpu_strided_copy(&w, x->data, to);
  return NULL;
}

/* Index by index: a border is narrow. */
static rn_status *mirror_pad(const void *state, rn_call *c) {
  const int64_t skip = *(const int64_t *)state; /* 1: REFLECT leaves the edge out */
  const rn_tensor_view *x = c->in[0];
  int64_t before[RN_MAX_RANK], at[RN_MAX_RANK] = {0}, sx[RN_MAX_RANK];
  rn_shape s;
  RN_TRY(padded_shape(c, "MirrorPad", before, &s));
  for (int32_t i = 0; i < s.rank; i++) {
    int64_t after = s.dim[i] - before[i] - x->shape.dim[i], most = x->shape.dim[i] - skip;
    if (before[i] > most || after > most)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "MirrorPad: paddings %lld and %lld of dimension %d exceed %lld",
                      (long long)before[i], (long long)after, i, (long long)most);
  }
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strides(&x->shape, sx);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  int64_t n = rn_shape_elems(&s);
  char *y = c->out[0]->data;
  for (int64_t e = 0; e < n; e++, y += bytes) {
    int64_t from = 0;
    for (int32_t i = 0; i < s.rank; i++) {
      int64_t k = at[i] - before[i], d = x->shape.dim[i];
      if (k < 0)
        k = -k - 1 + skip;
      else if (k >= d)
        k = 2 * d - 1 - skip - k;
      from += k * sx[i];
    }
    memcpy(y, (const char *)x->data + (uint64_t)from * bytes, bytes);
    for (int32_t i = s.rank - 1; i >= 0 && ++at[i] == s.dim[i]; i--) at[i] = 0;
  }
  return NULL;
}
/* Every element of the padded tensor is added to the one that it mirrors. */
#define MIRROR_ADD(T, name)                                                         \
  static void mirror_add_##name(const void *x, void *y, int64_t from, int64_t to) { \
    ((T *)y)[to] = (T)(((T *)y)[to] + ((const T *)x)[from]);                        \
  }
MIRROR_ADD(float, f32)
MIRROR_ADD(double, f64)
MIRROR_ADD(int32_t, i32)
MIRROR_ADD(int64_t, i64)
static rn_status *mirror_pad_grad(const void *state, rn_call *c) {
  const int64_t skip = *(const int64_t *)state;
  const rn_tensor_view *x = c->in[0];
  rn_shape s = x->shape;
  int64_t before[RN_MAX_RANK], at[RN_MAX_RANK] = {0}, sy[RN_MAX_RANK], n = rn_shape_elems(&x->shape);
  if (rn_shape_elems(&c->in[1]->shape) != 2 * s.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "MirrorPadGrad: paddings need shape [%d,2]", s.rank);
  for (int32_t i = 0; i < s.rank; i++) {
    int64_t after = cpu_int_at(c->in[1], 2 * i + 1), d = s.dim[i];
    before[i] = cpu_int_at(c->in[1], 2 * i);
    if (before[i] < 0 || after < 0 || before[i] > d || after > d - before[i])
      d = -1;
    else
      d -= before[i] + after;
    if (d < 0 || before[i] > d - skip || after > d - skip)
      return rn_error(c->host, RN_INVALID_ARGUMENT,
                      "MirrorPadGrad: paddings %lld and %lld do not fit dimension %d of %lld", (long long)before[i],
                      (long long)after, i, (long long)s.dim[i]);
    s.dim[i] = d;
  }
  void (*add)(const void *, void *, int64_t, int64_t) = x->dtype == RN_FLOAT    ? mirror_add_f32
                                                        : x->dtype == RN_DOUBLE ? mirror_add_f64
                                                        : x->dtype == RN_INT32  ? mirror_add_i32
                                                                                : mirror_add_i64;
  RN_TRY(cpu_output(c, 0, &s));
  if (rn_shape_elems(&s)) memset(c->out[0]->data, 0, (uint64_t)rn_shape_elems(&s) * cpu_dtype_bytes(x->dtype));
  cpu_strides(&s, sy);
  for (int64_t e = 0; e < n; e++) {
    int64_t to = 0;
    for (int32_t i = 0; i < s.rank; i++) {
      int64_t k = at[i] - before[i], d = s.dim[i];
      if (k < 0)
        k = -k - 1 + skip;
      else if (k >= d)
        k = 2 * d - 1 - skip - k;
      to += k * sy[i];
    }
    add(x->data, c->out[0]->data, e, to);
    for (int32_t i = s.rank - 1; i >= 0 && ++at[i] == x->shape.dim[i]; i--) at[i] = 0;
  }
  return NULL;
}
static rn_status *mirror_prepare(const rn_prepare *p, rn_prepared *out) {
  int64_t *skip;
  RN_TRY(cpu_state(out, sizeof *skip, (void **)&skip));
  *skip = rn_bytes_equal(rn_self_string(&p->self, "mode"), "REFLECT");
  return NULL;
}

static const rn_kernel_def kernels[] = {
    CPU_K("Pad", CPU_POD("T"), pad),
    CPU_K("PadV2", CPU_POD("T"), pad),
    CPU_K("MirrorPad", CPU_POD("T"), mirror_pad, .prepare = mirror_prepare),
    CPU_K("MirrorPadGrad", "T: {float, double, int32, int64}", mirror_pad_grad, .prepare = mirror_prepare),
};
CPU_GROUP(cpu_array_pad, kernels);
