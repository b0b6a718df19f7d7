/* text_print.c - any message as protobuf text, by its descriptor (frontends/graphdef).
 *
 * The form TensorFlow's own printer uses: two spaces a level, floats as short as they read back equal,
 * bytes C-escaped, so files compare with diff. */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "message.h"

/* Grows; the first failure sticks in `failed`. */
typedef struct text {
  char *p;
  size_t n, cap;
  int failed;
} text;

static void put(text *t, const char *s, size_t n) {
  if (t->failed) return;
  if (t->cap - t->n <= n) {
    size_t cap = (t->cap + n + 1) * 2;
    char *p = realloc(t->p, cap);
    if (p == NULL) {
      t->failed = 1;
      return;
    }
    t->p = p;
    t->cap = cap;
  }
  memcpy(t->p + t->n, s, n);
  t->n += n;
  t->p[t->n] = '\0';
}

static void put_text(text *t, const char *s) { put(t, s, strlen(s)); }

static void indent(text *t, int depth) {
  for (int i = 0; i < depth; i++) put(t, "  ", 2);
}

static void put_bytes(text *t, const uint8_t *p, size_t n) {
  put(t, "\"", 1);
  for (size_t i = 0; i < n; i++) {
    char b[8];
    const char *special = p[i] ? strchr("\n\r\t\"'\\", p[i]) : NULL;
    int k;
    if (special != NULL)
      k = snprintf(b, sizeof b, "\\%c", "nrt\"'\\"[special - "\n\r\t\"'\\"]);
    else
      k = snprintf(b, sizeof b, p[i] < 32 || p[i] >= 127 ? "\\%03o" : "%c", p[i]);
    put(t, b, (size_t)k);
  }
  put(t, "\"", 1);
}

static void put_real(text *t, double v, int is_float) {
  char b[40];
  int digits = is_float ? FLT_DIG : DBL_DIG, most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
  if (isnan(v)) {
    put_text(t, "nan");
    return;
  }
  for (; digits <= most; digits++) {
    snprintf(b, sizeof b, "%.*g", digits, v);
    if (is_float ? strtof(b, NULL) == (float)v : strtod(b, NULL) == v) break;
  }
  put_text(t, b);
}

static void put_number(text *t, const char *format, ...) {
  char b[40];
  va_list ap;
  va_start(ap, format);
  vsnprintf(b, sizeof b, format, ap);
  va_end(ap);
  put_text(t, b);
}

static void put_enum(text *t, const ProtobufCFieldDescriptor *f, int v) {
  const ProtobufCEnumValue *e = protobuf_c_enum_descriptor_get_value(f->descriptor, v);
  if (e != NULL)
    put_text(t, e->name);
  else
    put_number(t, "%d", v);
}

static void put_scalar(text *t, const ProtobufCFieldDescriptor *f, const void *p) {
  const ProtobufCBinaryData *data = p;
  const char *s;
  switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
      put_number(t, "%" PRId32, *(const int32_t *)p);
      break;
    case PROTOBUF_C_TYPE_INT64:
      put_number(t, "%" PRId64, *(const int64_t *)p);
      break;
    case PROTOBUF_C_TYPE_UINT32:
      put_number(t, "%" PRIu32, *(const uint32_t *)p);
      break;
    case PROTOBUF_C_TYPE_UINT64:
      put_number(t, "%" PRIu64, *(const uint64_t *)p);
      break;
    case PROTOBUF_C_TYPE_FLOAT:
      put_real(t, (double)*(const float *)p, 1);
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      put_real(t, *(const double *)p, 0);
      break;
    case PROTOBUF_C_TYPE_BOOL:
      put_text(t, *(const protobuf_c_boolean *)p ? "true" : "false");
      break;
    case PROTOBUF_C_TYPE_ENUM:
      put_enum(t, f, *(const int *)p);
      break;
    case PROTOBUF_C_TYPE_STRING:
      s = *(char *const *)p;
      put_bytes(t, (const uint8_t *)(s ? s : ""), s ? strlen(s) : 0);
      break;
    default:
      put_bytes(t, data->data, data->len);
      break;
  }
}

/* proto3: a plain field that holds its default is not there. */
static int is_set(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f) {
  const char *p = (const char *)m + f->offset;
  static const char zero[16];
  if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
    return *(const uint32_t *)(const void *)((const char *)m + f->quantifier_offset) == f->id;
  if (f->type == PROTOBUF_C_TYPE_MESSAGE) return *(void *const *)(const void *)p != NULL;
  if (f->type == PROTOBUF_C_TYPE_STRING) {
    const char *s = *(char *const *)(const void *)p;
    return s != NULL && *s != '\0';
  }
  if (f->type == PROTOBUF_C_TYPE_BYTES) return ((const ProtobufCBinaryData *)(const void *)p)->len > 0;
  return memcmp(p, zero, message_element_size(f->type)) != 0;
}

static void put_message(text *t, const ProtobufCMessage *m, int depth);

static void put_field(text *t, const ProtobufCFieldDescriptor *f, const void *p, int depth) {
  indent(t, depth);
  put_text(t, f->name);
  if (f->type != PROTOBUF_C_TYPE_MESSAGE) {
    put(t, ": ", 2);
    put_scalar(t, f, p);
    put(t, "\n", 1);
    return;
  }
  put(t, " {\n", 3);
  put_message(t, *(ProtobufCMessage *const *)p, depth + 1);
  indent(t, depth);
  put(t, "}\n", 2);
}

static void put_message(text *t, const ProtobufCMessage *m, int depth) {
  if (depth > MAX_NESTING) return;
  for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = m->descriptor->fields + i;
    const char *p = (const char *)m + f->offset;
    if (f->label != PROTOBUF_C_LABEL_REPEATED) {
      if (is_set(m, f)) put_field(t, f, p, depth);
      continue;
    }
    size_t n = *(const size_t *)(const void *)((const char *)m + f->quantifier_offset);
    const char *items = *(char *const *)(const void *)p;
    for (size_t k = 0; k < n; k++) put_field(t, f, items + k * message_element_size(f->type), depth);
  }
}

rn_status *text_print(const ProtobufCMessage *m, void **out_data, size_t *out_size_bytes) {
  locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  if (c == (locale_t)0) return out_of_memory();
  locale_t before = uselocale(c);
  text t = {NULL, 0, 0, 0};
  put(&t, "", 0);
  put_message(&t, m, 0);
  uselocale(before);
  freelocale(c);
  if (t.failed) {
    free(t.p);
    return out_of_memory();
  }
  *out_data = t.p;
  *out_size_bytes = t.n;
  return NULL;
}
