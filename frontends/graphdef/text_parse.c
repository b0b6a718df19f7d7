/* text_parse.c - protobuf text into any message, by its descriptor (frontends/graphdef).
 *
 * Takes what the format allows in practice: `name: value`, `name { }`, `name < >`, `name: [a, b]`,
 * comments, adjacent strings, separators. A field that may stand once and stands twice, an unknown
 * name or a value of the wrong kind is an error with line and column. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "message.h"

typedef struct reader {
  const char *begin, *p, *end, *origin;
} reader;

static rn_status *wrong(const reader *r, const char *what) {
  int line = 1, column = 1;
  for (const char *q = r->begin; q < r->p; q++) {
    column++;
    if (*q == '\n') {
      line++;
      column = 1;
    }
  }
  return rn_status_make(RN_DATA_LOSS, "%s:%d:%d: %s", r->origin, line, column, what);
}

static int is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static void skip_space(reader *r) {
  while (r->p < r->end) {
    if (*r->p == '#')
      while (r->p < r->end && *r->p != '\n') r->p++;
    else if (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')
      r->p++;
    else
      return;
  }
}

static int next_is(reader *r, char c) {
  skip_space(r);
  if (r->p == r->end || *r->p != c) return 0;
  r->p++;
  return 1;
}

/* A name or number into buf, cut to its size. Returns the whole length. */
static size_t take_word(reader *r, char *buf, size_t cap) {
  skip_space(r);
  const char *start = r->p;
  if (r->p < r->end && *r->p == '-') r->p++;
  skip_space(r);
  size_t n = 0;
  if (r->p > start) buf[n++] = '-';
  const char *body = r->p;
  while (r->p < r->end &&
         (is_word(*r->p) || ((*r->p == '-' || *r->p == '+') && r->p > body && (r->p[-1] == 'e' || r->p[-1] == 'E'))))
    r->p++;
  size_t length = (size_t)(r->p - body), kept = length < cap - 2 ? length : cap - 2;
  memcpy(buf + n, body, kept);
  buf[n + kept] = '\0';
  return length ? n + length : 0;
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/* The value of an escape; r->p stands after the backslash. -1: not an escape. */
static int take_escape(reader *r) {
  static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
  char c = *r->p++;
  const char *at = c ? strchr(from, c) : NULL;
  if (at != NULL) return (unsigned char)to[at - from];
  int base = c == 'x' || c == 'X' ? 16 : 8, v = 0, most = base == 16 ? 2 : 3, n = 0;
  if (base == 8) r->p--;
  while (n < most && r->p < r->end && digit(*r->p) < base) {
    v = v * base + digit(*r->p++);
    n++;
  }
  return n == 0 || v > 255 ? -1 : v;
}

/* Adjacent quoted strings, joined. The buffer is as long as the rest of the strings at most. */
static rn_status *take_string(reader *r, uint8_t **out, size_t *out_n) {
  size_t n = 0, cap = 0;
  uint8_t *buf = NULL;
  rn_status *s = NULL;
  skip_space(r);
  if (r->p == r->end || (*r->p != '"' && *r->p != '\'')) return wrong(r, "a quoted string is expected");
  while (s == NULL && r->p < r->end && (*r->p == '"' || *r->p == '\'')) {
    char quote = *r->p++;
    while (s == NULL) {
      if (r->p == r->end || *r->p == '\n') {
        s = wrong(r, "the string does not end");
        break;
      }
      int c = (unsigned char)*r->p++;
      if (c == quote) break;
      if (c == '\\') c = r->p == r->end ? -1 : take_escape(r);
      if (c < 0) s = wrong(r, "not an escape");
      if (s == NULL && n + 1 >= cap) {
        uint8_t *more = realloc(buf, cap = cap * 2 + 32);
        if (more == NULL) s = out_of_memory();
        if (more != NULL) buf = more;
      }
      if (s == NULL) buf[n++] = (uint8_t)c;
    }
    skip_space(r);
  }
  if (s == NULL && buf == NULL && (buf = malloc(1)) == NULL) s = out_of_memory();
  if (s != NULL) {
    free(buf);
    return s;
  }
  buf[n] = 0;
  *out = buf;
  *out_n = n;
  return NULL;
}

static rn_status *take_text(reader *r, ProtobufCType type, void *p) {
  uint8_t *bytes;
  size_t n;
  RN_TRY(take_string(r, &bytes, &n));
  if (type == PROTOBUF_C_TYPE_STRING)
    *(char **)p = (char *)bytes;
  else
    *(ProtobufCBinaryData *)p = (ProtobufCBinaryData){n, bytes};
  return NULL;
}

static rn_status *take_integer(reader *r, const char *word, ProtobufCType type, void *p) {
  char *end;
  errno = 0;
  int is_signed = type == PROTOBUF_C_TYPE_INT32 || type == PROTOBUF_C_TYPE_INT64;
  if (!is_signed && word[0] == '-') return wrong(r, "a number without sign is expected");
  long long i = is_signed ? strtoll(word, &end, 0) : 0;
  unsigned long long u = is_signed ? 0 : strtoull(word, &end, 0);
  if (*end != '\0' || errno != 0) return wrong(r, "a whole number is expected");
  if ((type == PROTOBUF_C_TYPE_INT32 && i != (int32_t)i) || (type == PROTOBUF_C_TYPE_UINT32 && u > UINT32_MAX))
    return wrong(r, "the number does not fit in 32 bits");
  if (type == PROTOBUF_C_TYPE_INT32) *(int32_t *)p = (int32_t)i;
  if (type == PROTOBUF_C_TYPE_INT64) *(int64_t *)p = i;
  if (type == PROTOBUF_C_TYPE_UINT32) *(uint32_t *)p = (uint32_t)u;
  if (type == PROTOBUF_C_TYPE_UINT64) *(uint64_t *)p = u;
  return NULL;
}

static rn_status *take_real(reader *r, char *word, size_t n, ProtobufCType type, void *p) {
  char *end;
  double v = type == PROTOBUF_C_TYPE_FLOAT ? (double)strtof(word, &end) : strtod(word, &end);
  if (end == word || (*end != '\0' && !(end == word + n - 1 && (*end == 'f' || *end == 'F'))))
    return wrong(r, "a number is expected");
  if (type == PROTOBUF_C_TYPE_FLOAT)
    *(float *)p = (float)v;
  else
    *(double *)p = v;
  return NULL;
}

static rn_status *take_bool(reader *r, const char *word, void *p) {
  int yes = strcmp(word, "true") == 0 || strcmp(word, "True") == 0 || strcmp(word, "t") == 0 || strcmp(word, "1") == 0;
  int no = strcmp(word, "false") == 0 || strcmp(word, "False") == 0 || strcmp(word, "f") == 0 || strcmp(word, "0") == 0;
  if (!yes && !no) return wrong(r, "true or false is expected");
  *(protobuf_c_boolean *)p = yes;
  return NULL;
}

static rn_status *take_enum(reader *r, const char *word, const ProtobufCFieldDescriptor *f, void *p) {
  const ProtobufCEnumValue *e = protobuf_c_enum_descriptor_get_value_by_name(f->descriptor, word);
  int32_t v = 0;
  if (e == NULL) RN_TRY(take_integer(r, word, PROTOBUF_C_TYPE_INT32, &v));
  *(int *)p = e ? e->value : v;
  return NULL;
}

static rn_status *take_scalar(reader *r, const ProtobufCFieldDescriptor *f, void *p) {
  if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_BYTES) return take_text(r, f->type, p);
  char word[128];
  size_t n = take_word(r, word, sizeof word);
  if (n == 0 || n > sizeof word - 2) return wrong(r, "a value is expected");
  switch (f->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
      return take_real(r, word, n, f->type, p);
    case PROTOBUF_C_TYPE_BOOL:
      return take_bool(r, word, p);
    case PROTOBUF_C_TYPE_ENUM:
      return take_enum(r, word, f, p);
    default:
      return take_integer(r, word, f->type, p);
  }
}

static rn_status *take_fields(reader *r, ProtobufCMessage *m, char close, int depth);

static rn_status *take_message(reader *r, message_type type, ProtobufCMessage **out, int depth) {
  char close = '}';
  if (!next_is(r, '{')) {
    if (!next_is(r, '<')) return wrong(r, "'{' is expected");
    close = '>';
  }
  if (depth >= MAX_NESTING) return wrong(r, "messages nest too deep");
  ProtobufCMessage *m = calloc(1, type->sizeof_message);
  if (m == NULL) return out_of_memory();
  protobuf_c_message_init(type, m);
  *out = m;
  return take_fields(r, m, close, depth + 1);
}

/* A zeroed place for one more element. The array's capacity is the next power of two. */
static void *one_more(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f) {
  size_t *n = (size_t *)(void *)((char *)m + f->quantifier_offset), size = message_element_size(f->type);
  char **items = (char **)(void *)((char *)m + f->offset);
  if ((*n & (*n - 1)) == 0) {
    char *more = realloc(*items, (*n ? *n * 2 : 1) * size);
    if (more == NULL) return NULL;
    *items = more;
  }
  return memset(*items + *n * size, 0, size);
}

static rn_status *take_value(reader *r, const ProtobufCFieldDescriptor *f, void *p, int depth) {
  if (f->type == PROTOBUF_C_TYPE_MESSAGE) return take_message(r, f->descriptor, p, depth);
  return take_scalar(r, f, p);
}

static rn_status *take_element(reader *r, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, int depth) {
  void *p = one_more(m, f);
  if (p == NULL) return out_of_memory();
  rn_status *s = take_value(r, f, p, depth);
  /* a half-read message counts, so that it is freed with the rest; a scalar has nothing to free */
  if (s == NULL || (f->type == PROTOBUF_C_TYPE_MESSAGE && *(void **)p != NULL))
    ++*(size_t *)(void *)((char *)m + f->quantifier_offset);
  return s;
}

static rn_status *take_list(reader *r, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, int depth) {
  if (next_is(r, ']')) return NULL;
  do RN_TRY(take_element(r, m, f, depth));
  while (next_is(r, ','));
  return next_is(r, ']') ? NULL : wrong(r, "',' or ']' is expected");
}

static rn_status *take_single(reader *r, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, int depth) {
  char *p = (char *)m + f->offset;
  if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    uint32_t *which = (uint32_t *)(void *)((char *)m + f->quantifier_offset);
    if (*which != 0) return wrong(r, "another field of this choice is set already");
    rn_status *s = take_value(r, f, p, depth);
    if (s == NULL || (f->type == PROTOBUF_C_TYPE_MESSAGE && *(void **)(void *)p != NULL)) *which = f->id;
    return s;
  }
  int pointer = f->type == PROTOBUF_C_TYPE_MESSAGE || f->type == PROTOBUF_C_TYPE_STRING;
  const void *held = pointer ? *(void **)(void *)p : NULL;
  if (f->type == PROTOBUF_C_TYPE_BYTES) held = ((ProtobufCBinaryData *)(void *)p)->data;
  if (held != NULL && held != f->default_value && held != protobuf_c_empty_string)
    return wrong(r, "the field stands twice");
  return take_value(r, f, p, depth);
}

static rn_status *take_field(reader *r, ProtobufCMessage *m, int depth) {
  char name[128], message[224];
  size_t n = take_word(r, name, sizeof name);
  if (n == 0) return wrong(r, "a field's name is expected");
  const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
  if (f == NULL) {
    snprintf(message, sizeof message, "%s has no field '%.100s'", m->descriptor->short_name, name);
    return wrong(r, message);
  }
  int colon = next_is(r, ':');
  if (!colon && f->type != PROTOBUF_C_TYPE_MESSAGE) return wrong(r, "':' is expected");
  if (f->label != PROTOBUF_C_LABEL_REPEATED) return take_single(r, m, f, depth);
  if (next_is(r, '[')) return take_list(r, m, f, depth);
  return take_element(r, m, f, depth);
}

static rn_status *take_fields(reader *r, ProtobufCMessage *m, char close, int depth) {
  for (;;) {
    skip_space(r);
    if (r->p == r->end) return close ? wrong(r, "the message does not end") : NULL;
    if (close && next_is(r, close)) return NULL;
    RN_TRY(take_field(r, m, depth));
    if (!next_is(r, ',')) next_is(r, ';');
  }
}

rn_status *text_parse(message_type type, const char *data, size_t size_bytes, const char *origin,
                      ProtobufCMessage **out) {
  locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  ProtobufCMessage *m = c ? calloc(1, type->sizeof_message) : NULL;
  if (m == NULL) {
    if (c) freelocale(c);
    return out_of_memory();
  }
  locale_t before = uselocale(c);
  protobuf_c_message_init(type, m);
  if (size_bytes == 0) data = "";
  reader r = {data, data, data + size_bytes, origin};
  rn_status *s = take_fields(&r, m, 0, 0);
  uselocale(before);
  freelocale(c);
  if (s != NULL)
    protobuf_c_message_free_unpacked(m, NULL);
  else
    *out = m;
  return s;
}
