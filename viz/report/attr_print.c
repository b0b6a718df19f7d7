/* attr_print.c - a node's attributes as JSON (viz/report). Every value is a text; of long ones the beginning. */
#include "attr_print.h"
#include <inttypes.h>
#include <stdio.h>

enum { MOST_ITEMS = 12, MOST_ATTRS = 64, ITEM_BYTES = 160 };

typedef struct line {
  char text[2048];
  size_t size;
} line;
static void put(line *l, const char *text, size_t size) {
  if (size > sizeof l->text - l->size) size = sizeof l->text - l->size;
  memcpy(l->text + l->size, text, size);
  l->size += size;
}
static void put_text(line *l, const char *text) { put(l, text, strlen(text)); }

/* ---- values of a constant: its first elements */
static int element(const rn_tensor *t, int64_t i, char *buf) {
  const void *data = rn_tensor_data(t);
  switch (rn_tensor_dtype(t)) {
    case RN_FLOAT:
      return snprintf(buf, ITEM_BYTES, "%.6g", (double)((const float *)data)[i]);
    case RN_DOUBLE:
      return snprintf(buf, ITEM_BYTES, "%.9g", ((const double *)data)[i]);
    case RN_INT32:
      return snprintf(buf, ITEM_BYTES, "%" PRId32, ((const int32_t *)data)[i]);
    case RN_INT64:
      return snprintf(buf, ITEM_BYTES, "%" PRId64, ((const int64_t *)data)[i]);
    case RN_UINT8:
      return snprintf(buf, ITEM_BYTES, "%u", ((const uint8_t *)data)[i]);
    case RN_BOOL:
      return snprintf(buf, ITEM_BYTES, "%s", ((const uint8_t *)data)[i] ? "true" : "false");
    default:
      return 0;
  }
}

static void put_element(line *l, const rn_tensor *t, int64_t i) {
  char buf[ITEM_BYTES] = "";
  if (rn_tensor_dtype(t) == RN_STRING) {
    rn_bytes b = rn_tensor_string(t, i);
    put_text(l, "\"");
    put(l, b.data, b.size < 60 ? (size_t)b.size : 60);
    put_text(l, b.size < 60 ? "\"" : "\xe2\x80\xa6\"");
    return;
  }
  int n = element(t, i, buf);
  put(l, buf, n > 0 ? (size_t)n : 0);
}

static void put_tensor(line *l, const rn_tensor *t) {
  char shape[128] = "";
  if (t == NULL) return;
  int64_t count = rn_tensor_count(t), shown = count < MOST_ITEMS ? count : MOST_ITEMS;
  rn_shape_print(rn_tensor_shape(t), shape, sizeof shape);
  put_text(l, rn_dtype_name(rn_tensor_dtype(t)));
  put_text(l, shape);
  if (shown > 0) put_text(l, " = ");
  for (int64_t i = 0; i < shown; i++) {
    if (i > 0) put_text(l, ", ");
    put_element(l, t, i);
  }
  if (shown < count) put_text(l, ", \xe2\x80\xa6");
}

/* ---- */
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

static void put_value(line *l, const rn_attr_value *v) {
  char buf[ITEM_BYTES] = "";
  switch (v->type) {
    case RN_ATTR_INT:
      snprintf(buf, sizeof buf, "%" PRId64, v->u.i);
      break;
    case RN_ATTR_FLOAT:
      snprintf(buf, sizeof buf, "%g", (double)v->u.f);
      break;
    case RN_ATTR_BOOL:
      snprintf(buf, sizeof buf, "%s", v->u.b ? "true" : "false");
      break;
    case RN_ATTR_TYPE:
      snprintf(buf, sizeof buf, "%s", rn_dtype_name(v->u.type));
      break;
    case RN_ATTR_SHAPE:
      if (v->u.shape != NULL) rn_shape_print(v->u.shape, buf, sizeof buf);
      break;
    case RN_ATTR_TENSOR:
      put_tensor(l, v->u.tensor);
      break;
    default:
      put(l, v->u.bytes.data, (size_t)v->u.bytes.size);
      break;
  }
  put_text(l, buf);
}

static void put_list(line *l, const rn_attr_value *v) {
  put_text(l, "[");
  for (uint32_t i = 0; i < v->count && i < MOST_ITEMS; i++) {
    rn_attr_value item = item_of(v, i);
    if (i > 0) put_text(l, ", ");
    put_value(l, &item);
  }
  put_text(l, v->count > MOST_ITEMS ? ", \xe2\x80\xa6]" : "]");
}

static void print_attr(const char *name, const rn_attr_value *v, json *j) {
  line l = {.size = 0};
  if (v->type & RN_ATTR_LIST)
    put_list(&l, v);
  else
    put_value(&l, v);
  json_text(j, NULL, json_bytes(name), MOST_NAME_BYTES);
  json_text(j, NULL, (rn_bytes){l.text, l.size}, sizeof l.text);
}

void attrs_print(const rn_graph *g, rn_node_id n, json *j) {
  uint32_t count = rn_graph_attr_count(g, n);
  if (count == 0) return;
  json_begin(j, "a", '[');
  for (uint32_t i = 0; i < count && i < MOST_ATTRS; i++) {
    rn_attr_value v;
    const char *name = rn_graph_attr_name(g, n, i);
    rn_status *missing = rn_graph_attr(g, n, name, 0, &v);
    if (missing == NULL) print_attr(name, &v, j);
    rn_status_free(missing);
  }
  json_end(j, ']');
}
