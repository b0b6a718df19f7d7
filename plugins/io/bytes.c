/* bytes.c - varints, fixed numbers and protobuf fields (plugins/io). */
#include "bytes.h"
#include <stdlib.h>
#include <string.h>

int io_take_varint(io_span *s, uint64_t *out) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 70 && s->p < s->end; shift += 7) {
    uint8_t b = *s->p++;
    if (shift < 64) v |= (uint64_t)(b & 127) << shift;
    if (b >= 128) continue;
    *out = v;
    return 1;
  }
  return 0;
}

int io_take_fixed(io_span *s, unsigned size, uint64_t *out) {
  if ((size_t)(s->end - s->p) < size) return 0;
  *out = 0;
  for (unsigned i = 0; i < size; i++) *out |= (uint64_t)s->p[i] << (8 * i);
  s->p += size;
  return 1;
}

int io_take_bytes(io_span *s, uint64_t size, io_span *out) {
  if (size > (uint64_t)(s->end - s->p)) return 0;
  out->p = s->p;
  out->end = s->p = s->p + size;
  return 1;
}

int io_take_field(io_span *s, io_field *out) {
  uint64_t tag, n;
  memset(out, 0, sizeof *out);
  if (!io_take_varint(s, &tag) || tag > UINT32_MAX || tag >> 3 == 0) return 0;
  out->number = (uint32_t)(tag >> 3);
  out->wire = (uint32_t)(tag & 7);
  switch (out->wire) {
    case 0:
      return io_take_varint(s, &out->value);
    case 1:
      return io_take_fixed(s, 8, &out->value);
    case 2:
      return io_take_varint(s, &n) && io_take_bytes(s, n, &out->body);
    case 5:
      return io_take_fixed(s, 4, &out->value);
    default:
      return 0;
  }
}

void io_put(io_buffer *b, const void *p, size_t n) {
  if (b->failed || n == 0) return;
  if (b->cap - b->size < n) {
    size_t cap = b->cap * 2 > b->size + n ? b->cap * 2 : b->size + n + 64;
    uint8_t *more = realloc(b->data, cap);
    if (more == NULL) {
      b->failed = 1;
      return;
    }
    b->data = more;
    b->cap = cap;
  }
  memcpy(b->data + b->size, p, n);
  b->size += n;
}

void io_put_varint(io_buffer *b, uint64_t v) {
  uint8_t bytes[10];
  size_t n = 0;
  for (; v >= 128; v >>= 7) bytes[n++] = (uint8_t)(v | 128);
  bytes[n++] = (uint8_t)v;
  io_put(b, bytes, n);
}

void io_put_fixed(io_buffer *b, unsigned size, uint64_t v) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < size; i++) bytes[i] = (uint8_t)(v >> (8 * i));
  io_put(b, bytes, size);
}

void io_put_field(io_buffer *b, uint32_t number, uint64_t v) {
  if (v == 0) return;
  io_put_varint(b, (uint64_t)number << 3);
  io_put_varint(b, v);
}

void io_put_body(io_buffer *b, uint32_t number, const void *p, size_t n) {
  io_put_varint(b, ((uint64_t)number << 3) | 2);
  io_put_varint(b, n);
  io_put(b, p, n);
}

void io_drop(io_buffer *b) {
  free(b->data);
  memset(b, 0, sizeof *b);
}
