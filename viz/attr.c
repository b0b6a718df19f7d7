/* attr.c - attributes as text (viz). */
#include "attr.h"
#include <inttypes.h>

enum { MOST_ITEMS = 12, MOST_BYTES = 200, MOST_TEXT = 60 };
#define CUT "\xe2\x80\xa6" /* an ellipsis */

static void write_bytes(FILE *to, rn_bytes b, size_t most) {
  size_t n = b.size < most ? (size_t)b.size : most;
  for (int i = 0; i < 3 && n < b.size && n > 0 && ((unsigned char)b.data[n] & 0xc0) == 0x80; i++)
    n--; /* whole characters */
  fwrite(b.data, 1, n, to);
  if (n < b.size) fputs(CUT, to);
}

static void write_shape(FILE *to, const rn_shape *s) {
  char text[128] = "";
  if (s != NULL) rn_shape_print(s, text, sizeof text);
  fputs(s == NULL || s->rank < 0 ? "any shape" : text, to);
}

static int has_numbers(rn_dtype t) {
  return t == RN_FLOAT || t == RN_DOUBLE || t == RN_INT32 || t == RN_INT64 || t == RN_UINT8 || t == RN_BOOL;
}

static void write_number(FILE *to, const rn_tensor *t, int64_t i) {
  const void *data = rn_tensor_data(t);
  switch (rn_tensor_dtype(t)) {
    case RN_FLOAT:
      fprintf(to, "%g", (double)((const float *)data)[i]);
      break;
    case RN_DOUBLE:
      fprintf(to, "%.9g", ((const double *)data)[i]);
      break;
    case RN_INT32:
      fprintf(to, "%" PRId32, ((const int32_t *)data)[i]);
      break;
    case RN_INT64:
      fprintf(to, "%" PRId64, ((const int64_t *)data)[i]);
      break;
    case RN_UINT8:
      fprintf(to, "%u", ((const uint8_t *)data)[i]);
      break;
    default:
      fputs(((const uint8_t *)data)[i] ? "true" : "false", to);
      break;
  }
}

static void write_text(FILE *to, const rn_tensor *t, int64_t i) {
  fputc('"', to);
  write_bytes(to, rn_tensor_string(t, i), MOST_TEXT);
  fputc('"', to);
}

int attr_write_numbers(FILE *to, const rn_tensor *t, int64_t most) {
  int64_t n = rn_tensor_count(t);
  if (n > most || n == 0 || !has_numbers(rn_tensor_dtype(t))) return 0;
  for (int64_t i = 0; i < n; i++) {
    if (i > 0) fputs(", ", to);
    write_number(to, t, i);
  }
  return 1;
}

static void write_tensor(FILE *to, const rn_tensor *t) {
  if (t == NULL) {
    fputs("none", to);
    return;
  }
  rn_dtype type = rn_tensor_dtype(t);
  int64_t n = rn_tensor_count(t), shown = n < MOST_ITEMS ? n : MOST_ITEMS;
  fputs(rn_dtype_name(type), to);
  write_shape(to, rn_tensor_shape(t));
  if (type != RN_STRING && !has_numbers(type)) return;
  for (int64_t i = 0; i < shown; i++) {
    fputs(i == 0 ? " = " : ", ", to);
    if (type == RN_STRING)
      write_text(to, t, i);
    else
      write_number(to, t, i);
  }
  if (shown < n) fputs(", " CUT, to);
}

static rn_attr_value item_of(const rn_attr_value *list, uint32_t i) {
  rn_attr_value v = {.type = list->type & ~(uint32_t)RN_ATTR_LIST, .count = 1};
  switch (v.type) {
    case RN_ATTR_INT:
      v.u.i = ((const int64_t *)list->u.list)[i];
      break;
    case RN_ATTR_FLOAT:
      v.u.f = ((const float *)list->u.list)[i];
      break;
    case RN_ATTR_BOOL:
      v.u.b = ((const uint8_t *)list->u.list)[i];
      break;
    case RN_ATTR_TYPE:
      v.u.type = ((const rn_dtype *)list->u.list)[i];
      break;
    case RN_ATTR_SHAPE:
      v.u.shape = (const rn_shape *)list->u.list + i;
      break;
    case RN_ATTR_TENSOR:
      v.u.tensor = ((rn_tensor *const *)list->u.list)[i];
      break;
    default:
      v.u.bytes = ((const rn_bytes *)list->u.list)[i];
      break;
  }
  return v;
}

static void write_one(FILE *to, const rn_attr_value *v) {
  switch (v->type) {
    case RN_ATTR_INT:
      fprintf(to, "%" PRId64, v->u.i);
      break;
    case RN_ATTR_FLOAT:
      fprintf(to, "%g", (double)v->u.f);
      break;
    case RN_ATTR_BOOL:
      fputs(v->u.b ? "true" : "false", to);
      break;
    case RN_ATTR_TYPE:
      fputs(rn_dtype_name(v->u.type), to);
      break;
    case RN_ATTR_SHAPE:
      write_shape(to, v->u.shape);
      break;
    case RN_ATTR_TENSOR:
      write_tensor(to, v->u.tensor);
      break;
    default:
      write_bytes(to, v->u.bytes, MOST_BYTES);
      break;
  }
}

void attr_write(FILE *to, const rn_attr_value *v) {
  if ((v->type & RN_ATTR_LIST) == 0) {
    write_one(to, v);
    return;
  }
  fputc('[', to);
  for (uint32_t i = 0; i < v->count && i < MOST_ITEMS; i++) {
    rn_attr_value item = item_of(v, i);
    if (i > 0) fputs(", ", to);
    write_one(to, &item);
  }
  if (v->count > MOST_ITEMS) fprintf(to, ", " CUT " %u in all", v->count);
  fputc(']', to);
}
