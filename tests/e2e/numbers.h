/* numbers.h - elements of tensors of any type as doubles, and out of text (tests/e2e). */
#ifndef RN_TESTS_NUMBERS_H
#define RN_TESTS_NUMBERS_H
#include <math.h>
#include <runnel/tensor.h>
#include <stdlib.h>
#include <string.h>

static inline int is_complex(rn_dtype t) { return t == RN_COMPLEX64 || t == RN_COMPLEX128; }

static inline float half_to_float(uint16_t h) {
  int exponent = (h >> 10) & 31, mantissa = h & 1023;
  float v = exponent == 31  ? (mantissa ? NAN : INFINITY)
            : exponent == 0 ? ldexpf((float)mantissa, -24)
                            : ldexpf((float)(mantissa + 1024), exponent - 25);
  return (h & 0x8000) ? -v : v;
}
static inline float bfloat16_to_float(uint16_t b) {
  uint32_t bits = (uint32_t)b << 16;
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}
/* The nearest half or bfloat16. */
static inline uint16_t half_from_float(float f) {
  int exponent;
  float size = fabsf(f), part = frexpf(size, &exponent); /* size = part * 2^exponent, part in [0.5, 1) */
  uint16_t sign = signbit(f) ? 0x8000 : 0;
  if (isnan(f)) return 0x7e00;
  if (size == 0) return sign;
  if (size >= 65520) return (uint16_t)(sign | 0x7c00);
  if (exponent < -13) return (uint16_t)(sign | (uint16_t)lrintf(ldexpf(size, 24)));
  return (uint16_t)(sign + ((exponent + 13) << 10) + (int)lrintf(ldexpf(part, 11)));
}
static inline uint16_t bfloat16_from_float(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* Number i of the tensor; complex elements have two each. */
static inline double number_at(const rn_tensor *t, int64_t i) {
  const void *p = rn_tensor_data(t);
  switch (rn_tensor_dtype(t)) {
    case RN_FLOAT:
    case RN_COMPLEX64:
      return (double)((const float *)p)[i];
    case RN_DOUBLE:
    case RN_COMPLEX128:
      return ((const double *)p)[i];
    case RN_HALF:
      return (double)half_to_float(((const uint16_t *)p)[i]);
    case RN_BFLOAT16:
      return (double)bfloat16_to_float(((const uint16_t *)p)[i]);
    case RN_INT32:
      return ((const int32_t *)p)[i];
    case RN_INT64:
      return (double)((const int64_t *)p)[i];
    case RN_INT16:
      return ((const int16_t *)p)[i];
    case RN_UINT16:
      return ((const uint16_t *)p)[i];
    case RN_INT8:
      return ((const int8_t *)p)[i];
    case RN_UINT32:
      return ((const uint32_t *)p)[i];
    case RN_UINT64:
      return (double)((const uint64_t *)p)[i];
    default:
      return ((const uint8_t *)p)[i];
  }
}

static inline int number_is_true(const char *word) {
  return strncmp(word, "true", 4) == 0 || strncmp(word, "True", 4) == 0 || strtod(word, NULL) != 0;
}
/* The other way, from a number in text. */
static inline void number_store(rn_tensor *t, int64_t i, const char *word) {
  void *p = rn_tensor_data(t);
  switch (rn_tensor_dtype(t)) {
    case RN_FLOAT:
    case RN_COMPLEX64:
      ((float *)p)[i] = strtof(word, NULL);
      break;
    case RN_DOUBLE:
    case RN_COMPLEX128:
      ((double *)p)[i] = strtod(word, NULL);
      break;
    case RN_HALF:
      ((uint16_t *)p)[i] = half_from_float(strtof(word, NULL));
      break;
    case RN_BFLOAT16:
      ((uint16_t *)p)[i] = bfloat16_from_float(strtof(word, NULL));
      break;
    case RN_INT32:
      ((int32_t *)p)[i] = (int32_t)strtoll(word, NULL, 10);
      break;
    case RN_INT64:
      ((int64_t *)p)[i] = strtoll(word, NULL, 10);
      break;
    case RN_INT16:
      ((int16_t *)p)[i] = (int16_t)strtoll(word, NULL, 10);
      break;
    case RN_UINT16:
      ((uint16_t *)p)[i] = (uint16_t)strtoll(word, NULL, 10);
      break;
    case RN_UINT32:
      ((uint32_t *)p)[i] = (uint32_t)strtoll(word, NULL, 10);
      break;
    case RN_UINT64:
      ((uint64_t *)p)[i] = strtoull(word, NULL, 10);
      break;
    case RN_BOOL:
      ((uint8_t *)p)[i] = (uint8_t)number_is_true(word);
      break;
    default:
      ((uint8_t *)p)[i] = (uint8_t)strtoll(word, NULL, 10);
      break;
  }
}
#endif
