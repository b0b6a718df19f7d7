/* ordered_code.c - keys of slices: numbers and strings whose bytes sort as they do (plugins/io).
 *
 * A number is a count of significant bytes, then these, big end first. A string has 00 and ff escaped
 * and ends in 00 01. A signed number of L bytes has its top L bits inverted, L as small as can be. */
#include "slice.h"

static void put_number(io_buffer *out, uint64_t v) {
  uint8_t n = 0, bytes[9];
  for (uint64_t rest = v; rest != 0; rest >>= 8) n++;
  bytes[0] = n;
  for (unsigned i = 0; i < n; i++) bytes[1 + i] = (uint8_t)(v >> (8 * (n - 1u - i)));
  io_put(out, bytes, (size_t)n + 1);
}

static void put_string(io_buffer *out, rn_bytes s) {
  for (uint64_t i = 0; i < s.size; i++) {
    uint8_t c = (uint8_t)s.data[i], pair[2] = {c, c == 0 ? 0xff : 0};
    io_put(out, pair, c == 0 || c == 0xff ? 2 : 1);
  }
  io_put(out, "\0\1", 2);
}

/* 64 bits need 10 bytes of 7; the bytes above the eighth are the sign's. */
static void put_signed(io_buffer *out, int64_t v) {
  uint64_t magnitude = v < 0 ? ~(uint64_t)v : (uint64_t)v;
  unsigned bits = 0, length = 1;
  while (bits < 64 && magnitude >> bits != 0) bits++;
  while (7 * length - 1 < bits) length++;
  uint8_t bytes[10], sign = v < 0 ? 0xff : 0;
  for (unsigned i = 0; i < length; i++) {
    unsigned from_end = length - 1 - i;
    uint64_t rest = from_end < 8 ? (uint64_t)v >> (8 * from_end) : sign;
    bytes[i] = (uint8_t)(rest & 0xff);
  }
  for (unsigned i = 0; i < length; i++) {
    unsigned flipped = bytes[i / 8] ^ (0x80u >> (i % 8));
    bytes[i / 8] = (uint8_t)flipped;
  }
  io_put(out, bytes, length);
}

void io_slice_key(rn_bytes name, const io_slice *s, io_buffer *out) {
  put_number(out, 0);
  put_string(out, name);
  put_number(out, (uint64_t)s->rank);
  for (int32_t i = 0; i < s->rank; i++) {
    put_signed(out, s->start[i]);
    put_signed(out, s->length[i]);
  }
}
