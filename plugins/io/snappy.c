/* snappy.c - unpacking of Snappy blocks (plugins/io).
 *
 * Source: the published format description. An element is a literal or a copy of earlier output, told
 * apart by the low two bits of its tag. Copies may overlap what they write. */
#include "snappy.h"

static int take_literal(io_span *in, uint8_t tag, uint64_t left, io_buffer *out) {
  uint64_t n = tag >> 2;
  io_span bytes;
  if (n >= 60 && !io_take_fixed(in, (unsigned)(n - 59), &n)) return 0;
  n++;
  if (n > left || !io_take_bytes(in, n, &bytes)) return 0;
  io_put(out, bytes.p, (size_t)n);
  return !out->failed;
}

static int take_copy(io_span *in, uint8_t tag, uint64_t done, uint64_t left, io_buffer *out) {
  uint64_t offset, n = (uint64_t)(tag >> 2) + 1;
  if ((tag & 3) == 1) {
    if (!io_take_fixed(in, 1, &offset)) return 0;
    n = ((tag >> 2) & 7) + 4;
    offset |= (uint64_t)(tag >> 5) << 8;
  } else if (!io_take_fixed(in, (tag & 3) == 2 ? 2 : 4, &offset)) {
    return 0;
  }
  if (offset == 0 || offset > done || n > left) return 0;
  for (uint64_t i = 0; i < n && !out->failed; i++) {
    uint8_t byte = out->data[out->size - offset];
    io_put(out, &byte, 1);
  }
  return !out->failed;
}

int io_snappy_unpack(io_span in, size_t most, io_buffer *out) {
  uint64_t total, tag;
  size_t begin = out->size;
  if (!io_take_varint(&in, &total) || total > most) return 0;
  while (in.p < in.end) {
    uint64_t done = out->size - begin;
    if (!io_take_fixed(&in, 1, &tag)) return 0;
    int ok = (tag & 3) == 0 ? take_literal(&in, (uint8_t)tag, total - done, out)
                            : take_copy(&in, (uint8_t)tag, done, total - done, out);
    if (!ok) return 0;
  }
  return out->size - begin == total;
}
