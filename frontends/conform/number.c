/* number.c - elements of tensors as numbers, and how alike two tensors are (frontends/conform). */
#include "number.h"
#include <math.h>
#include <stdio.h>

int dtype_is_float(rn_dtype t) { return t == RN_FLOAT || t == RN_DOUBLE || t == RN_HALF || t == RN_BFLOAT16; }
int dtype_is_complex(rn_dtype t) { return t == RN_COMPLEX64 || t == RN_COMPLEX128; }
int dtype_is_integer(rn_dtype t) {
  return t == RN_INT32 || t == RN_INT64 || t == RN_UINT8 || t == RN_INT8 || t == RN_INT16 || t == RN_UINT16 ||
         t == RN_UINT32 || t == RN_UINT64;
}
int64_t number_count(rn_dtype t, int64_t elements) { return dtype_is_complex(t) ? 2 * elements : elements; }

static float from_bits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
static double half_to_double(uint16_t h) {
  int exponent = (h >> 10) & 31, mantissa = h & 1023;
  double v = exponent == 31  ? (mantissa ? (double)NAN : (double)INFINITY)
             : exponent == 0 ? ldexp(mantissa, -24)
                             : ldexp(mantissa + 1024, exponent - 25);
  return h & 0x8000 ? -v : v;
}
/* Ties to even, as lrint does. */
static uint16_t double_to_half(double v) {
  uint16_t sign = signbit(v) ? 0x8000 : 0;
  if (isnan(v)) return 0x7e00;
  double m = fabs(v);
  if (m >= 65520) return (uint16_t)(sign | 0x7c00);
  if (m < ldexp(1, -14)) return (uint16_t)(sign | (uint16_t)lrint(ldexp(m, 24)));
  int exponent;
  double f = frexp(m, &exponent);
  return (uint16_t)(sign + ((exponent + 13) << 10) + (int)lrint(ldexp(f, 11)));
}
static uint16_t double_to_bfloat16(double v) {
  float f = (float)v;
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  if (isnan(v)) return 0x7fc0;
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

#define AS(type) ((const type *)data)[i]
double number_get(rn_dtype t, const void *data, int64_t i) {
  switch (t) {
    case RN_FLOAT:
    case RN_COMPLEX64:
      return (double)AS(float);
    case RN_DOUBLE:
    case RN_COMPLEX128:
      return AS(double);
    case RN_HALF:
      return half_to_double(AS(uint16_t));
    case RN_BFLOAT16:
      return (double)from_bits((uint32_t)AS(uint16_t) << 16);
    case RN_INT8:
    case RN_QINT8:
      return AS(int8_t);
    case RN_INT16:
    case RN_QINT16:
      return AS(int16_t);
    case RN_UINT16:
    case RN_QUINT16:
      return AS(uint16_t);
    case RN_INT32:
    case RN_QINT32:
      return AS(int32_t);
    case RN_UINT32:
      return AS(uint32_t);
    case RN_INT64:
      return (double)AS(int64_t);
    case RN_UINT64:
      return (double)AS(uint64_t);
    default:
      return AS(uint8_t);
  }
}

static double bound(double v, double low, double high) { return v < low ? low : v > high ? high : v; }
#define PUT(type, v) (((type *)data)[i] = (type)(v))
void number_put(rn_dtype t, void *data, int64_t i, double v) {
  int whole = !dtype_is_float(t) && !dtype_is_complex(t);
  if (whole && isnan(v)) v = 0;
  switch (t) {
    case RN_FLOAT:
    case RN_COMPLEX64:
      PUT(float, v);
      break;
    case RN_DOUBLE:
    case RN_COMPLEX128:
      PUT(double, v);
      break;
    case RN_HALF:
      PUT(uint16_t, double_to_half(v));
      break;
    case RN_BFLOAT16:
      PUT(uint16_t, double_to_bfloat16(v));
      break;
    case RN_INT8:
    case RN_QINT8:
      PUT(int8_t, bound(v, INT8_MIN, INT8_MAX));
      break;
    case RN_INT16:
    case RN_QINT16:
      PUT(int16_t, bound(v, INT16_MIN, INT16_MAX));
      break;
    case RN_UINT16:
    case RN_QUINT16:
      PUT(uint16_t, bound(v, 0, UINT16_MAX));
      break;
    case RN_INT32:
    case RN_QINT32:
      PUT(int32_t, bound(v, INT32_MIN, INT32_MAX));
      break;
    case RN_UINT32:
      PUT(uint32_t, bound(v, 0, UINT32_MAX));
      break;
    case RN_INT64:
      PUT(int64_t, bound(v, -9e18, 9e18));
      break;
    case RN_UINT64:
      PUT(uint64_t, bound(v, 0, 9e18));
      break;
    case RN_BOOL:
      PUT(uint8_t, v != 0);
      break;
    default:
      PUT(uint8_t, bound(v, 0, UINT8_MAX));
      break;
  }
}

double dtype_largest(rn_dtype t) {
  switch (t) {
    case RN_HALF:
      return 65504;
    case RN_BFLOAT16:
      return 3.3895313892515355e38;
    case RN_FLOAT:
    case RN_COMPLEX64:
      return 3.4028234663852886e38;
    default:
      return 1.7976931348623157e308;
  }
}

double dtype_tolerance(rn_dtype t) {
  switch (t) {
    case RN_HALF:
      return 1e-2;
    case RN_BFLOAT16:
      return 6e-2;
    case RN_FLOAT:
    case RN_COMPLEX64:
      return 1e-4;
    case RN_DOUBLE:
    case RN_COMPLEX128:
      return 1e-9;
    default:
      return 0;
  }
}

/* ------------------------------------------------------------------------------------- comparison */
static double largest_of(const rn_tensor *t) {
  double most = 0;
  int64_t n = number_count(rn_tensor_dtype(t), rn_tensor_count(t));
  for (int64_t i = 0; i < n; i++) {
    double v = fabs(number_get(rn_tensor_dtype(t), rn_tensor_data(t), i));
    if (isfinite(v) && v > most) most = v;
  }
  return most;
}

static int near(double a, double b, double tolerance, double scale, double top) {
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (a == b) return 1;
  if (tolerance == 0) return 0;
  if (isinf(a) || isinf(b)) /* one overflows, the other nearly does */
    return (a > 0) == (b > 0) && fabs(a) >= top * 0.98 && fabs(b) >= top * 0.98;
  double larger = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
  return fabs(a - b) <= tolerance * (larger + 0.2 * (scale > 0.05 ? scale : 0.05)); /* sums cancel */
}

static int strings_alike(const rn_tensor *got, const rn_tensor *want, const char *other, char *why, size_t room) {
  for (int64_t i = 0; i < rn_tensor_count(got); i++) {
    rn_bytes a = rn_tensor_string(got, i), b = rn_tensor_string(want, i);
    if (a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0)) continue;
    snprintf(why, room, "element %lld is '%.*s', %s has '%.*s'", (long long)i, (int)(a.size < 40 ? a.size : 40), a.data,
             other, (int)(b.size < 40 ? b.size : 40), b.data);
    return 0;
  }
  return 1;
}

int tensors_alike(const rn_tensor *got, const rn_tensor *want, double tolerance, const char *other, char *why,
                  size_t room) {
  char shape[160], wanted[160];
  rn_dtype a = rn_tensor_dtype(got), b = rn_tensor_dtype(want);
  rn_shape_print(rn_tensor_shape(got), shape, sizeof shape);
  rn_shape_print(rn_tensor_shape(want), wanted, sizeof wanted);
  if (!rn_shape_equal(rn_tensor_shape(got), rn_tensor_shape(want))) {
    snprintf(why, room, "the shape is %s, %s has %s", shape, other, wanted);
    return 0;
  }
  if (a == RN_STRING) return strings_alike(got, want, other, why, room);
  int64_t n = number_count(a, rn_tensor_count(got));
  const void *x = rn_tensor_data(got), *y = rn_tensor_data(want);
  if (a == b && n > 0 && memcmp(x, y, rn_tensor_size_bytes(got)) == 0) return 1;
  double scale = largest_of(want), top = dtype_largest(a), other_top = dtype_largest(b);
  if (other_top < top) top = other_top;
  for (int64_t i = 0; i < n; i++) {
    double u = number_get(a, x, i), v = number_get(b, y, i);
    if (near(u, v, tolerance, scale, top)) continue;
    snprintf(why, room, "element %lld of %s is %.9g, %s has %.9g", (long long)(dtype_is_complex(a) ? i / 2 : i), shape,
             u, other, v);
    return 0;
  }
  return 1;
}
