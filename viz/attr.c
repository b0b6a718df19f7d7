/* attr.c - attributes as text (viz). */
#include "attr.h"
#include <inttypes.h>

enum { MOST_ITEMS = 8, MOST_BYTES = 200 };

static void write_bytes(FILE *to, rn_bytes b) {
  size_t n = b.size < MOST_BYTES ? b.size : MOST_BYTES;
  fwrite(b.data, 1, n, to);
  if (n < b.size) fputs("...", to);
}

static void write_shape(FILE *to, const rn_shape *s) {
  char text[128] = "";
  if (s != NULL) rn_shape_print(s, text, sizeof text);
  fputs(s == NULL || s->rank < 0 ? "any shape" : text, to);
}

int attr_write_numbers(FILE *to, const rn_tensor *t, int64_t most) {
  rn_dtype type = rn_tensor_dtype(t);
  int64_t n = rn_tensor_count(t);
  if (n > most || n == 0 || (type != RN_INT32 && type != RN_INT64 && type != RN_FLOAT)) return 0;
  const void *data = rn_tensor_data((rn_tensor *)(uintptr_t)t);
  for (int64_t i = 0; i < n; i++) {
    if (i > 0) fputs(", ", to);
    if (type == RN_INT32)
      fprintf(to, "%" PRId32, ((const int32_t *)data)[i]);
    else if (type == RN_INT64)
      fprintf(to, "%" PRId64, ((const int64_t *)data)[i]);
    else
      fprintf(to, "%g", (double)((const float *)data)[i]);
  }
  return 1;
}

static void write_tensor(FILE *to, const rn_tensor *t) {
  if (t == NULL) {
    fputs("none", to);
    return;
  }
  fputs(rn_dtype_name(rn_tensor_dtype(t)), to);
  write_shape(to, rn_tensor_shape(t));
  fputc(' ', to);
  attr_write_numbers(to, t, MOST_ITEMS);
}

static void write_item(FILE *to, const rn_attr_value *v, uint32_t i) {
  const void *list = v->u.list;
  switch (v->type & ~(uint32_t)RN_ATTR_LIST) {
    case RN_ATTR_INT:
      fprintf(to, "%" PRId64, ((const int64_t *)list)[i]);
      break;
    case RN_ATTR_FLOAT:
      fprintf(to, "%g", (double)((const float *)list)[i]);
      break;
    case RN_ATTR_BOOL:
      fputs(((const uint8_t *)list)[i] ? "true" : "false", to);
      break;
    case RN_ATTR_TYPE:
      fputs(rn_dtype_name(((const rn_dtype *)list)[i]), to);
      break;
    case RN_ATTR_SHAPE:
      write_shape(to, &((const rn_shape *)list)[i]);
      break;
    case RN_ATTR_TENSOR:
      write_tensor(to, ((rn_tensor *const *)list)[i]);
      break;
    default:
      write_bytes(to, ((const rn_bytes *)list)[i]);
      break;
  }
}

static void write_list(FILE *to, const rn_attr_value *v) {
  fputc('[', to);
  for (uint32_t i = 0; i < v->count && i < MOST_ITEMS; i++) {
    if (i > 0) fputs(", ", to);
    write_item(to, v, i);
  }
  if (v->count > MOST_ITEMS) fprintf(to, ", ... %u in all", v->count);
  fputc(']', to);
}

void attr_write(FILE *to, const rn_attr_value *v) {
  if (v->type & RN_ATTR_LIST) {
    write_list(to, v);
    return;
  }
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
      write_bytes(to, v->u.bytes);
      break;
  }
}
