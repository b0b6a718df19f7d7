/* number.c - one element of a tensor of any numeric type, as a double (plugins/summaries). */
#include "summaries.h"
#include <math.h>

static double half(uint16_t h) {
  int exponent = h >> 10 & 31;
  double mantissa = h & 1023, v;
  if (exponent == 31)
    v = mantissa > 0 ? (double)NAN : (double)INFINITY;
  else
    v = exponent == 0 ? ldexp(mantissa, -24) : ldexp(mantissa + 1024, exponent - 25);
  return h & 0x8000 ? -v : v;
}

static double bfloat(uint16_t h) {
  uint32_t bits = (uint32_t)h << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return (double)f;
}

#define AS(T) ((double)((const T *)v->data)[i])
double sum_number(const rn_tensor_view *v, uint64_t i) {
  switch (v->dtype) {
    case RN_FLOAT:
      return AS(float);
    case RN_DOUBLE:
      return AS(double);
    case RN_INT64:
      return AS(int64_t);
    case RN_INT32:
      return AS(int32_t);
    case RN_INT16:
      return AS(int16_t);
    case RN_INT8:
      return AS(int8_t);
    case RN_UINT64:
      return AS(uint64_t);
    case RN_UINT32:
      return AS(uint32_t);
    case RN_UINT16:
      return AS(uint16_t);
    case RN_HALF:
      return half(((const uint16_t *)v->data)[i]);
    case RN_BFLOAT16:
      return bfloat(((const uint16_t *)v->data)[i]);
    default:
      return AS(uint8_t);
  }
}
