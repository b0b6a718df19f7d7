/* proto.h - walking protobuf bytes without trusting them (viz). For event.c and its tests. */
#ifndef RN_VIZ_PROTO_H
#define RN_VIZ_PROTO_H
#include <stdint.h>
#include <string.h>

typedef struct proto_span {
  const uint8_t *at, *end;
} proto_span;
typedef struct proto_field {
  uint32_t number, wire; /* wire 0 varint, 1 eight bytes, 2 body, 5 four bytes */
  uint64_t value;
  proto_span body;
} proto_field;

static inline int proto_varint(proto_span *s, uint64_t *out) {
  *out = 0;
  for (unsigned shift = 0; shift < 64 && s->at < s->end; shift += 7) {
    uint8_t b = *s->at++;
    *out |= (uint64_t)(b & 127) << shift;
    if (b < 128) return 1;
  }
  return 0;
}

static inline int proto_fixed(proto_span *s, unsigned n, uint64_t *out) {
  if ((size_t)(s->end - s->at) < n) return 0;
  *out = 0;
  for (unsigned i = 0; i < n; i++) *out |= (uint64_t)s->at[i] << (8 * i);
  s->at += n;
  return 1;
}

/* 0: the bytes are not protobuf from here on. */
static inline int proto_next(proto_span *s, proto_field *f) {
  uint64_t tag, n;
  memset(f, 0, sizeof *f);
  if (!proto_varint(s, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return 0;
  f->number = (uint32_t)(tag >> 3);
  f->wire = (uint32_t)(tag & 7);
  if (f->wire == 0) return proto_varint(s, &f->value);
  if (f->wire == 1 || f->wire == 5) return proto_fixed(s, f->wire == 1 ? 8 : 4, &f->value);
  if (f->wire != 2 || !proto_varint(s, &n) || n > (uint64_t)(s->end - s->at)) return 0;
  f->body.at = s->at;
  f->body.end = s->at = s->at + n;
  return 1;
}

static inline double proto_double(const proto_field *f) {
  double d;
  float v;
  uint32_t bits = (uint32_t)f->value;
  memcpy(&d, &f->value, sizeof d);
  memcpy(&v, &bits, sizeof v);
  return f->wire == 5 ? (double)v : d;
}
#endif
