/* convert.c - Cast, Bitcast and the narrow floats (plugins/cpu).
 *
 * half and bfloat16 are widened to float exactly and narrowed to nearest, ties to even. Any pair of
 * number types is one loop; pairs with a narrow float go through float in blocks. */
#include "cpu.h"

static float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, rest = h & 0x7fffu, bits;
  float y;
  if (rest >= 0x7c00u) {
    bits = 0x7f800000u | (rest & 0x3ffu) << 13;
  } else if (rest >= 0x400u) {
    bits = (rest << 13) + ((127u - 15u) << 23);
  } else {
    y = (float)rest * 0x1p-24f;
    memcpy(&bits, &y, 4);
  }
  bits |= sign;
  memcpy(&y, &bits, 4);
  return y;
}

static uint16_t float_to_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t sign = bits >> 16 & 0x8000u;
  bits &= 0x7fffffffu;
  if (bits >= 0x47800000u) return (uint16_t)(sign | (bits > 0x7f800000u ? 0x7e00u : 0x7c00u));
  if (bits < 0x38800000u) { /* subnormal: adding 0.5 leaves the rounded value in the last bits */
    float a;
    memcpy(&a, &bits, 4);
    a += 0.5f;
    memcpy(&bits, &a, 4);
    return (uint16_t)(sign | (bits - 0x3f000000u));
  }
  bits += 0xc8000fffu + (bits >> 13 & 1u);
  return (uint16_t)(sign | bits >> 13);
}

static float bfloat_to_float(uint16_t h) {
  uint32_t bits = (uint32_t)h << 16;
  float y;
  memcpy(&y, &bits, 4);
  return y;
}
static uint16_t float_to_bfloat(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if (x != x) return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

void cpu_widen(rn_dtype from, const void *x, float *y, int64_t n) {
  const uint16_t *h = x;
  if (from == RN_HALF)
    for (int64_t i = 0; i < n; i++) y[i] = half_to_float(h[i]);
  else
    for (int64_t i = 0; i < n; i++) y[i] = bfloat_to_float(h[i]);
}
void cpu_narrow(rn_dtype to, const float *x, void *y, int64_t n) {
  uint16_t *h = y;
  if (to == RN_HALF)
    for (int64_t i = 0; i < n; i++) h[i] = float_to_half(x[i]);
  else
    for (int64_t i = 0; i < n; i++) h[i] = float_to_bfloat(x[i]);
}

#define TYPES(X, ...)                      \
  X(RN_FLOAT, float, f32, __VA_ARGS__)     \
  X(RN_DOUBLE, double, f64, __VA_ARGS__)   \
  X(RN_INT32, int32_t, i32, __VA_ARGS__)   \
  X(RN_INT64, int64_t, i64, __VA_ARGS__)   \
  X(RN_UINT8, uint8_t, u8, __VA_ARGS__)    \
  X(RN_INT8, int8_t, i8, __VA_ARGS__)      \
  X(RN_INT16, int16_t, i16, __VA_ARGS__)   \
  X(RN_UINT16, uint16_t, u16, __VA_ARGS__) \
  X(RN_UINT32, uint32_t, u32, __VA_ARGS__) X(RN_UINT64, uint64_t, u64, __VA_ARGS__)
#define TYPES_AGAIN(X, ...)                \
  X(RN_FLOAT, float, f32, __VA_ARGS__)     \
  X(RN_DOUBLE, double, f64, __VA_ARGS__)   \
  X(RN_INT32, int32_t, i32, __VA_ARGS__)   \
  X(RN_INT64, int64_t, i64, __VA_ARGS__)   \
  X(RN_UINT8, uint8_t, u8, __VA_ARGS__)    \
  X(RN_INT8, int8_t, i8, __VA_ARGS__)      \
  X(RN_INT16, int16_t, i16, __VA_ARGS__)   \
  X(RN_UINT16, uint16_t, u16, __VA_ARGS__) \
  X(RN_UINT32, uint32_t, u32, __VA_ARGS__) X(RN_UINT64, uint64_t, u64, __VA_ARGS__)

#define TO(code, T, name, From)                          \
  case code: {                                           \
    T *to_ = y;                                          \
    for (int64_t i = 0; i < n; i++) to_[i] = (T)from[i]; \
    return;                                              \
  }
#define FROM(code, T, name, ...)                                            \
  static void from_##name(const T *from, rn_dtype to, void *y, int64_t n) { \
    switch (to) {                                                           \
      TYPES_AGAIN(TO, T)                                                    \
      case RN_BOOL: {                                                       \
        uint8_t *b = y;                                                     \
        for (int64_t i = 0; i < n; i++) b[i] = (uint8_t)(from[i] != (T)0);  \
        return;                                                             \
      }                                                                     \
      default:                                                              \
        return;                                                             \
    }                                                                       \
  }
TYPES(FROM, )

static void convert_plain(rn_dtype from, const void *x, rn_dtype to, void *y, int64_t n) {
  switch (from) {
#define CASE(code, T, name, ...) \
  case code:                     \
    from_##name(x, to, y, n);    \
    return;
    TYPES(CASE, )
    case RN_BOOL:
      from_u8(x, to, y, n);
      return;
    default:
      return;
  }
}

void cpu_convert(rn_dtype from, const void *x, rn_dtype to, void *y, int64_t n) {
  int narrow_in = from == RN_HALF || from == RN_BFLOAT16, narrow_out = to == RN_HALF || to == RN_BFLOAT16;
  if (from == to) {
    if (x != y) memmove(y, x, (uint64_t)n * cpu_dtype_bytes(from));
    return;
  }
  if (!narrow_in && !narrow_out) {
    convert_plain(from, x, to, y, n);
    return;
  }
  float block[256];
  uint64_t bx = cpu_dtype_bytes(from), by = cpu_dtype_bytes(to);
  for (int64_t i = 0; i < n; i += 256) {
    int64_t m = CPU_MIN(n - i, 256);
    const char *xi = (const char *)x + (uint64_t)i * bx;
    char *yi = (char *)y + (uint64_t)i * by;
    if (narrow_in)
      cpu_widen(from, xi, block, m);
    else
      convert_plain(from, xi, RN_FLOAT, block, m);
    if (narrow_out)
      cpu_narrow(to, block, yi, m);
    else
      convert_plain(RN_FLOAT, block, to, yi, m);
  }
}

static rn_status *cast(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  RN_TRY(cpu_output(c, 0, &x->shape));
  cpu_convert(x->dtype, x->data, c->out[0]->dtype, c->out[0]->data, rn_shape_elems(&x->shape));
  return NULL;
}

/* A narrower result gains a last dimension, a wider one loses it. */
static rn_status *bitcast(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  uint64_t from = cpu_dtype_bytes(x->dtype), to = cpu_dtype_bytes(c->out[0]->dtype);
  rn_shape s = x->shape;
  if (from > to) {
    if (s.rank == RN_MAX_RANK)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Bitcast: the result would have rank %d", s.rank + 1);
    s.dim[s.rank++] = (int64_t)(from / to);
  } else if (from < to) {
    if (s.rank == 0 || (uint64_t)s.dim[s.rank - 1] * from != to)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Bitcast: the last dimension must be %d, found %lld",
                      (int)(to / from), s.rank ? (long long)s.dim[s.rank - 1] : 0LL);
    s.rank--;
  }
  RN_TRY(cpu_output(c, 0, &s));
  if (x->size_bytes && c->out[0]->data != x->data) memmove(c->out[0]->data, x->data, x->size_bytes);
  return NULL;
}

#define CASTABLE                                                                                                  \
  "SrcT: {float, double, int32, int64, uint8, int8, int16, uint16, uint32, uint64, bool, half, bfloat16}; DstT: " \
  "{float, double, int32, int64, uint8, int8, int16, uint16, uint32, uint64, bool, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("Cast", CASTABLE, cast),
    CPU_K("Bitcast", CPU_POD("T"), bitcast),
};
CPU_GROUP(cpu_convert_kernels, kernels);
