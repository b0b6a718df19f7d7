/* print.c - tensors as text and JSON (frontends/cli). */
#include "print.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDGE_ITEMS 3
#define SHORT_TENSOR 1000

static float half_to_float(uint16_t h) {
  int exponent = h >> 10 & 31;
  float mantissa = (float)(h & 1023);
  float v = exponent == 0    ? ldexpf(mantissa, -24)
            : exponent == 31 ? (mantissa > 0 ? NAN : INFINITY)
                             : ldexpf(mantissa + 1024, exponent - 25);
  return h & 0x8000 ? -v : v;
}

static float bfloat16_to_float(uint16_t b) {
  uint32_t bits = (uint32_t)b << 16;
  float v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

/* The shortest decimal that reads back as v, as float or double; a whole number up to 1e15 as people write it. */
static const char *print_real(double v, int is_float, char *buf, size_t size_bytes) {
  if (v > -1e15 && v < 1e15 && v == (double)(int64_t)v && !(v == 0 && signbit(v))) {
    snprintf(buf, size_bytes, "%lld", (long long)v);
    return buf;
  }
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(buf, size_bytes, "%.*g", digits, v);
    double back = strtod(buf, NULL);
    if (is_float ? (float)back == (float)v : back == v) break;
  }
  return buf;
}

static double real_at(const rn_tensor *t, int64_t i) {
  const void *p = rn_tensor_data(t);
  switch (rn_tensor_dtype(t)) {
    case RN_FLOAT:
      return (double)((const float *)p)[i];
    case RN_DOUBLE:
      return ((const double *)p)[i];
    case RN_HALF:
      return (double)half_to_float(((const uint16_t *)p)[i]);
    default:
      return (double)bfloat16_to_float(((const uint16_t *)p)[i]);
  }
}

static int is_real(rn_dtype t) { return t == RN_FLOAT || t == RN_DOUBLE || t == RN_HALF || t == RN_BFLOAT16; }

static int64_t integer_at(const rn_tensor *t, int64_t i) {
  const void *p = rn_tensor_data(t);
  switch (rn_tensor_dtype(t)) {
    case RN_INT64:
      return ((const int64_t *)p)[i];
    case RN_INT32:
      return ((const int32_t *)p)[i];
    case RN_INT16:
      return ((const int16_t *)p)[i];
    case RN_UINT16:
      return ((const uint16_t *)p)[i];
    case RN_UINT32:
      return ((const uint32_t *)p)[i];
    case RN_INT8:
      return ((const int8_t *)p)[i];
    default:
      return ((const uint8_t *)p)[i];
  }
}

static const char *print_string(rn_bytes s, char *buf, size_t size_bytes) {
  size_t at = 0;
  buf[at++] = '"';
  for (uint64_t i = 0; i < s.size && at + 8 < size_bytes; i++) {
    unsigned char ch = (unsigned char)s.data[i];
    if (ch == '"' || ch == '\\')
      at += (size_t)snprintf(buf + at, size_bytes - at, "\\%c", ch);
    else if (ch < 0x20 || ch >= 0x7f)
      at += (size_t)snprintf(buf + at, size_bytes - at, "\\x%02x", ch);
    else
      buf[at++] = (char)ch;
  }
  buf[at++] = '"';
  buf[at] = '\0';
  return buf;
}

const char *print_element(const rn_tensor *t, int64_t index, char *buf, size_t size_bytes) {
  rn_dtype dtype = rn_tensor_dtype(t);
  if (dtype == RN_STRING) return print_string(rn_tensor_string(t, index), buf, size_bytes);
  if (is_real(dtype)) return print_real(real_at(t, index), dtype != RN_DOUBLE, buf, size_bytes);
  if (dtype == RN_BOOL)
    snprintf(buf, size_bytes, "%s", ((const uint8_t *)rn_tensor_data(t))[index] ? "true" : "false");
  else if (dtype == RN_UINT64)
    snprintf(buf, size_bytes, "%" PRIu64, ((const uint64_t *)rn_tensor_data(t))[index]);
  else
    snprintf(buf, size_bytes, "%" PRId64, integer_at(t, index));
  return buf;
}

static void print_level(const rn_tensor *t, int32_t axis, int64_t first, int cut) {
  const rn_shape *s = rn_tensor_shape(t);
  char buf[1024];
  if (axis == s->rank) {
    fputs(print_element(t, first, buf, sizeof buf), stdout);
    return;
  }
  int64_t stride = 1;
  for (int32_t i = axis + 1; i < s->rank; i++) stride *= s->dim[i];
  putchar('[');
  for (int64_t i = 0; i < s->dim[axis]; i++) {
    int inner = axis + 1 == s->rank;
    if (i > 0) printf(inner ? ", " : ",\n%*s", inner ? 0 : axis + 1, "");
    if (cut && i == EDGE_ITEMS && s->dim[axis] > 2 * EDGE_ITEMS) {
      printf("...%s", inner ? ", " : "");
      if (!inner) printf("\n%*s", axis + 1, "");
      i = s->dim[axis] - EDGE_ITEMS;
    }
    print_level(t, axis + 1, first + i * stride, cut);
  }
  putchar(']');
}

void print_tensor(const char *name, const rn_tensor *t) {
  char shape[160];
  rn_shape_print(rn_tensor_shape(t), shape, sizeof shape);
  printf("%s = %s%s\n", name, rn_dtype_name(rn_tensor_dtype(t)), shape);
  print_level(t, 0, 0, rn_tensor_count(t) > SHORT_TENSOR);
  putchar('\n');
}

static cJSON *json_element(const rn_tensor *t, int64_t i) {
  char buf[1024];
  rn_dtype dtype = rn_tensor_dtype(t);
  if (dtype == RN_BOOL) return cJSON_CreateBool(((const uint8_t *)rn_tensor_data(t))[i]);
  if (dtype == RN_STRING) {
    rn_bytes s = rn_tensor_string(t, i);
    char *copy = calloc(1, s.size + 1);
    if (copy) memcpy(copy, s.data, s.size);
    cJSON *o = cJSON_CreateString(copy ? copy : "");
    free(copy);
    return o;
  }
  print_element(t, i, buf, sizeof buf);
  /* NaN and infinities have no JSON number: they travel as strings. */
  if (is_real(dtype) && !isfinite(real_at(t, i))) return cJSON_CreateString(buf);
  return cJSON_CreateRaw(buf);
}

static cJSON *json_level(const rn_tensor *t, int32_t axis, int64_t first) {
  const rn_shape *s = rn_tensor_shape(t);
  if (axis == s->rank) return json_element(t, first);
  int64_t stride = 1;
  for (int32_t i = axis + 1; i < s->rank; i++) stride *= s->dim[i];
  cJSON *array = cJSON_CreateArray();
  for (int64_t i = 0; i < s->dim[axis]; i++) cJSON_AddItemToArray(array, json_level(t, axis + 1, first + i * stride));
  return array;
}

cJSON *json_tensor(const char *name, const rn_tensor *t) {
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "name", name);
  cJSON_AddStringToObject(o, "dtype", rn_dtype_name(rn_tensor_dtype(t)));
  cJSON *shape = cJSON_AddArrayToObject(o, "shape");
  const rn_shape *s = rn_tensor_shape(t);
  for (int32_t i = 0; i < s->rank; i++) cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)s->dim[i]));
  cJSON_AddItemToObject(o, "data", json_level(t, 0, 0));
  return o;
}
