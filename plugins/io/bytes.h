/* bytes.h - bounded reading and growing writing of bytes, varints and protobuf fields (plugins/io). */
#ifndef RN_IO_BYTES_H
#define RN_IO_BYTES_H
#include <stddef.h>
#include <stdint.h>

/* What is left to read. Nothing here reads past end; 0 means the bytes are damaged. */
typedef struct io_span {
  const uint8_t *p, *end;
} io_span;
int io_take_varint(io_span *s, uint64_t *out);
int io_take_fixed(io_span *s, unsigned size, uint64_t *out); /* little-endian, size <= 8 */
int io_take_bytes(io_span *s, uint64_t size, io_span *out);
/* One protobuf field: its value for varints and fixed numbers, its body when length-delimited. */
typedef struct io_field {
  uint32_t number, wire;
  uint64_t value;
  io_span body;
} io_field;
int io_take_field(io_span *s, io_field *out);

/* Grows; the first failure (out of memory) sticks in `failed`. Starts zeroed; data is freed by drop. */
typedef struct io_buffer {
  uint8_t *data;
  size_t size, cap;
  int failed;
} io_buffer;
void io_put(io_buffer *b, const void *p, size_t n);
void io_put_varint(io_buffer *b, uint64_t v);
void io_put_fixed(io_buffer *b, unsigned size, uint64_t v);
void io_put_field(io_buffer *b, uint32_t number, uint64_t v); /* varint; left out when 0 */
void io_put_body(io_buffer *b, uint32_t number, const void *p, size_t n);
void io_drop(io_buffer *b);
/* What it holds; an empty buffer may have no memory. */
static inline io_span io_held(const io_buffer *b) { return (io_span){b->data, b->size ? b->data + b->size : b->data}; }
#endif
