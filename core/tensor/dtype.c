/* tensor/dtype.c - element types: one table row each (core/tensor). */
#include <runnel/tensor.h>

#define N_DTYPES 24
typedef struct dtype_row {
  const char *name, *ref_name, *alias; /* alias: the spelling with the width, or NULL */
  const char *enum_name;               /* after "DT_" */
  size_t size_bytes;
} dtype_row;

static const dtype_row rows[N_DTYPES] = {
    [RN_FLOAT] = {"float", "float_ref", "float32", "FLOAT", 4},
    [RN_DOUBLE] = {"double", "double_ref", "float64", "DOUBLE", 8},
    [RN_INT32] = {"int32", "int32_ref", NULL, "INT32", 4},
    [RN_UINT8] = {"uint8", "uint8_ref", NULL, "UINT8", 1},
    [RN_INT16] = {"int16", "int16_ref", NULL, "INT16", 2},
    [RN_INT8] = {"int8", "int8_ref", NULL, "INT8", 1},
    [RN_STRING] = {"string", "string_ref", NULL, "STRING", 0},
    [RN_COMPLEX64] = {"complex64", "complex64_ref", NULL, "COMPLEX64", 8},
    [RN_INT64] = {"int64", "int64_ref", NULL, "INT64", 8},
    [RN_BOOL] = {"bool", "bool_ref", NULL, "BOOL", 1},
    [RN_QINT8] = {"qint8", "qint8_ref", NULL, "QINT8", 1},
    [RN_QUINT8] = {"quint8", "quint8_ref", NULL, "QUINT8", 1},
    [RN_QINT32] = {"qint32", "qint32_ref", NULL, "QINT32", 4},
    [RN_BFLOAT16] = {"bfloat16", "bfloat16_ref", NULL, "BFLOAT16", 2},
    [RN_QINT16] = {"qint16", "qint16_ref", NULL, "QINT16", 2},
    [RN_QUINT16] = {"quint16", "quint16_ref", NULL, "QUINT16", 2},
    [RN_UINT16] = {"uint16", "uint16_ref", NULL, "UINT16", 2},
    [RN_COMPLEX128] = {"complex128", "complex128_ref", NULL, "COMPLEX128", 16},
    [RN_HALF] = {"half", "half_ref", "float16", "HALF", 2},
    [RN_RESOURCE] = {"resource", "resource_ref", NULL, "RESOURCE", 0},
    [RN_VARIANT] = {"variant", "variant_ref", NULL, "VARIANT", 0},
    [RN_UINT32] = {"uint32", "uint32_ref", NULL, "UINT32", 4},
    [RN_UINT64] = {"uint64", "uint64_ref", NULL, "UINT64", 8},
};

rn_dtype rn_dtype_base(rn_dtype t) { return t > RN_REF ? t - RN_REF : t; }

static const dtype_row *find_row(rn_dtype t) {
  rn_dtype base = rn_dtype_base(t);
  return base > RN_INVALID && base < N_DTYPES ? &rows[base] : NULL;
}

size_t rn_dtype_size(rn_dtype t) {
  const dtype_row *row = find_row(t);
  return row != NULL ? row->size_bytes : 0;
}

const char *rn_dtype_name(rn_dtype t) {
  const dtype_row *row = find_row(t);
  if (row == NULL) return "invalid";
  return t > RN_REF ? row->ref_name : row->name;
}

static int equals(const char *word, const char *name, size_t length) {
  return word != NULL && strlen(word) == length && memcmp(word, name, length) == 0;
}

static int ends_with(const char *name, size_t length, const char *suffix) {
  size_t n = strlen(suffix);
  return length > n && memcmp(name + length - n, suffix, n) == 0;
}

rn_dtype rn_dtype_parse(const char *name, size_t length) {
  int is_enum = length > 3 && memcmp(name, "DT_", 3) == 0;
  rn_dtype add = ends_with(name, length, is_enum ? "_REF" : "_ref") ? RN_REF : 0;
  if (add != 0) length -= 4;
  for (rn_dtype t = 1; t < N_DTYPES; t++) {
    int hit = is_enum ? equals(rows[t].enum_name, name + 3, length - 3)
                      : equals(rows[t].name, name, length) || equals(rows[t].alias, name, length);
    if (hit) return t + add;
  }
  return RN_INVALID;
}
