/* plugin/type_set.c - sets of element types in signatures: names, {a, b} and TensorFlow's sets (core/plugin). */
#include <string.h>
#include "plugin/lexer.h"
#include <runnel/tensor.h>

#define MOST_TYPES 64
static const rn_dtype numbers[] = {RN_FLOAT,  RN_DOUBLE, RN_INT64,     RN_INT32,      RN_UINT8,   RN_UINT16,
                                   RN_INT16,  RN_INT8,   RN_COMPLEX64, RN_COMPLEX128, RN_QINT8,   RN_QUINT8,
                                   RN_QINT32, RN_HALF,   RN_UINT32,    RN_UINT64,     RN_BFLOAT16};
static const rn_dtype reals[] = {RN_FLOAT, RN_DOUBLE, RN_INT32, RN_INT64,  RN_UINT8,  RN_INT16,
                                 RN_INT8,  RN_UINT16, RN_HALF,  RN_UINT32, RN_UINT64, RN_BFLOAT16};
static const rn_dtype quantized[] = {RN_QINT8, RN_QUINT8, RN_QINT16, RN_QUINT16, RN_QINT32};
#define SET(a) (a), (uint32_t)(sizeof(a) / sizeof((a)[0]))
static const struct named_set {
  const char *name;
  const rn_dtype *types;
  uint32_t count;
} sets[] = {{"type", NULL, 0},
            {"numbertype", SET(numbers)},
            {"numerictype", SET(numbers)},
            {"realnumbertype", SET(reals)},
            {"realnumerictype", SET(reals)},
            {"quantizedtype", SET(quantized)}};

static rn_status *one(rn_lexer *l, rn_dtype *out) {
  rn_word w;
  size_t at = l->at;
  RN_TRY(rn_lexer_name(l, &w));
  *out = rn_dtype_parse(w.data, w.length);
  if (*out != RN_INVALID) return NULL;
  l->at = at;
  return rn_lexer_expected(l, "an element type");
}

static rn_status *listed(rn_lexer *l, rn_dtype *types, uint32_t *n) {
  do {
    if (*n == MOST_TYPES) return rn_lexer_expected(l, "at most 64 types");
    RN_TRY(one(l, &types[*n]));
    ++*n;
  } while (rn_lexer_take(l, ","));
  return rn_lexer_need(l, "}");
}

rn_status *rn_lexer_types(rn_lexer *l, const rn_dtype **out, uint32_t *out_count) {
  rn_dtype types[MOST_TYPES];
  uint32_t n = 0;
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    if (!rn_lexer_take(l, sets[i].name)) continue;
    *out = sets[i].types;
    *out_count = sets[i].count;
    return NULL;
  }
  if (rn_lexer_take(l, "{")) {
    RN_TRY(listed(l, types, &n));
  } else {
    RN_TRY(one(l, &types[n++]));
  }
  rn_dtype *copy = rn_arena_array(l->arena, n, sizeof *copy);
  if (copy == NULL) return rn_lexer_no_memory();
  memcpy(copy, types, n * sizeof *copy);
  *out = copy;
  *out_count = n;
  return NULL;
}
