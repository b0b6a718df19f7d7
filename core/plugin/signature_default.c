/* plugin/signature_default.c - default values of attributes, checked against what is allowed (core/plugin). */
#include <string.h>
#include <runnel/tensor.h>
#include "base/text.h"
#include "plugin/lexer.h"

#define MOST_ITEMS 256

static rn_status *back(rn_lexer *l, size_t at, const char *what) {
  l->at = at;
  return rn_lexer_expected(l, what);
}

static rn_status *parse_int(rn_lexer *l, int64_t *out) {
  rn_word w;
  size_t at = l->at;
  RN_TRY(rn_lexer_number(l, &w));
  return rn_parse_i64(w.data, w.length, out) ? NULL : back(l, at, "a whole number");
}

static rn_status *parse_float(rn_lexer *l, float *out) {
  rn_word w;
  double v;
  size_t at = l->at;
  RN_TRY(rn_lexer_number(l, &w));
  if (!rn_parse_f64(w.data, w.length, &v)) return back(l, at, "a number");
  *out = (float)v;
  return NULL;
}

static rn_status *parse_bool(rn_lexer *l, uint8_t *out) {
  *out = (uint8_t)rn_lexer_take(l, "true");
  return *out || rn_lexer_take(l, "false") ? NULL : rn_lexer_expected(l, "true or false");
}

static rn_status *parse_dtype(rn_lexer *l, const rn_sig_attr *a, rn_dtype *out) {
  rn_word w;
  size_t at = l->at;
  RN_TRY(rn_lexer_name(l, &w));
  *out = rn_dtype_parse(w.data, w.length);
  if (*out == RN_INVALID) return back(l, at, "an element type");
  for (uint32_t i = 0; i < a->n_types; i++) {
    if (a->types[i] == *out) return NULL;
  }
  return a->n_types == 0 ? NULL : back(l, at, "one of the allowed types");
}

static rn_status *parse_string(rn_lexer *l, const rn_sig_attr *a, rn_bytes *out) {
  size_t at = l->at;
  RN_TRY(rn_lexer_string(l, out));
  for (uint32_t i = 0; i < a->n_strings; i++) {
    if (a->strings[i].size == out->size && memcmp(a->strings[i].data, out->data, out->size) == 0) return NULL;
  }
  return a->n_strings == 0 ? NULL : back(l, at, "one of the allowed strings");
}

static rn_status *parse_dim(rn_lexer *l, int64_t *out) {
  size_t at = l->at;
  *out = RN_DIM_UNKNOWN;
  if (rn_lexer_take(l, "?")) return NULL;
  RN_TRY(parse_int(l, out));
  return *out >= RN_DIM_UNKNOWN ? NULL : back(l, at, "a dimension");
}

static rn_status *parse_shape(rn_lexer *l, rn_shape *out) {
  memset(out, 0, sizeof *out);
  out->rank = -1;
  if (rn_lexer_take(l, "<unknown>")) return NULL;
  RN_TRY(rn_lexer_need(l, "["));
  out->rank = 0;
  if (rn_lexer_take(l, "]")) return NULL;
  do {
    if (out->rank == RN_MAX_RANK) return rn_lexer_expected(l, "at most 8 dimensions");
    RN_TRY(parse_dim(l, &out->dim[out->rank++]));
  } while (rn_lexer_take(l, ","));
  return rn_lexer_need(l, "]");
}

/* Reads one element into the place for one element. */
static rn_status *parse_item(rn_lexer *l, const rn_sig_attr *a, void *to) {
  switch (a->type & 0xff) {
    case RN_ATTR_INT:
      return parse_int(l, to);
    case RN_ATTR_FLOAT:
      return parse_float(l, to);
    case RN_ATTR_BOOL:
      return parse_bool(l, to);
    case RN_ATTR_STRING:
      return parse_string(l, a, to);
    case RN_ATTR_TYPE:
      return parse_dtype(l, a, to);
    case RN_ATTR_SHAPE:
      return parse_shape(l, to);
    default:
      return rn_lexer_expected(l, "no element");
  }
}

static size_t item_bytes(uint32_t type) {
  switch (type & 0xff) {
    case RN_ATTR_INT:
      return sizeof(int64_t);
    case RN_ATTR_FLOAT:
      return sizeof(float);
    case RN_ATTR_BOOL:
      return sizeof(uint8_t);
    case RN_ATTR_STRING:
      return sizeof(rn_bytes);
    case RN_ATTR_TYPE:
      return sizeof(rn_dtype);
    case RN_ATTR_SHAPE:
      return sizeof(rn_shape);
    default:
      return sizeof(void *);
  }
}

static rn_status *parse_list(rn_lexer *l, rn_sig_attr *a) {
  size_t bytes = item_bytes(a->type);
  RN_TRY(rn_lexer_need(l, "["));
  a->def = (rn_attr_value){a->type, 0, {.list = NULL}};
  if (rn_lexer_take(l, "]")) return NULL;
  char *items = rn_arena_array(l->arena, MOST_ITEMS, bytes);
  if (items == NULL) return rn_lexer_no_memory();
  do {
    if (a->def.count == MOST_ITEMS) return rn_lexer_expected(l, "at most 256 elements");
    RN_TRY(parse_item(l, a, items + bytes * a->def.count++));
  } while (rn_lexer_take(l, ","));
  a->def.u.list = items;
  return rn_lexer_need(l, "]");
}

static rn_status *parse_single(rn_lexer *l, rn_sig_attr *a) {
  a->def = (rn_attr_value){a->type, 1, {.i = 0}};
  if (a->type == RN_ATTR_TENSOR || a->type == RN_ATTR_FUNC) {
    a->def.count = 0;
    if (rn_lexer_take(l, "\"\"")) return NULL;
    RN_TRY(rn_lexer_need(l, "{"));
    return rn_lexer_need(l, "}");
  }
  if (a->type != RN_ATTR_SHAPE) return parse_item(l, a, &a->def.u);
  rn_shape *s = rn_arena_alloc(l->arena, sizeof *s);
  if (s == NULL) return rn_lexer_no_memory();
  a->def.u.shape = s;
  return parse_shape(l, s);
}

rn_status *rn_signature_default_parse(rn_lexer *l, rn_sig_attr *a) {
  size_t at = l->at;
  int is_list = (a->type & RN_ATTR_LIST) != 0;
  RN_TRY(is_list ? parse_list(l, a) : parse_single(l, a));
  int64_t measure = is_list ? (int64_t)a->def.count : a->def.u.i;
  if (!a->has_min || measure >= a->min) return NULL;
  return back(l, at, "a default that is at least the minimum");
}
