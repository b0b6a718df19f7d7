/* table_repair.h - hostile tables with good checksums (tests/fuzz).
 *
 * Every block of a table is bound by a checksum, which would keep a fuzzer out: here they are made right,
 * that of the index first, then of each block the index names. */
#ifndef RN_FUZZ_TABLE_REPAIR_H
#define RN_FUZZ_TABLE_REPAIR_H
#include <runnel/plugin.h>
#include <stdlib.h>
#include "crc32c.h"
#include "table.h"

/* Makes the checksum of the block at a handle right; *out is its content. 0: there is no such block. */
static inline int repair_block(uint8_t *file, size_t size, io_span *handle, io_span *out) {
  uint64_t offset, n;
  if (!io_take_varint(handle, &offset) || !io_take_varint(handle, &n)) return 0;
  if (offset > size || n > size - offset || size - offset - n < 5) return 0;
  uint32_t crc = io_crc_mask(io_crc32c(0, file + offset, (size_t)n + 1));
  for (unsigned i = 0; i < 4; i++) file[offset + n + 1 + i] = (uint8_t)(crc >> (8 * i));
  *out = (io_span){file + offset, file + offset + n};
  return 1;
}

static inline void table_repair(uint8_t *file, size_t size) {
  uint64_t shared, fresh, length;
  io_span index, body, value, skipped;
  if (size < 48) return;
  for (unsigned i = 0; i < 8; i++) file[size - 8 + i] = (uint8_t)(0xdb4775248b80fb57u >> (8 * i));
  io_span handles = {file + size - 48, file + size - 8};
  if (!repair_block(file, size, &handles, &body) || !repair_block(file, size, &handles, &index)) return;
  while (index.p < index.end) {
    if (!io_take_varint(&index, &shared) || !io_take_varint(&index, &fresh) || !io_take_varint(&index, &length)) return;
    if (!io_take_bytes(&index, fresh, &skipped) || !io_take_bytes(&index, length, &value)) return;
    if (!repair_block(file, size, &value, &body)) return;
  }
}

static rn_status *fuzz_status(int32_t code, const char *message) {
  static char any;
  (void)code;
  (void)message;
  return (rn_status *)(void *)&any;
}
static const rn_host_api fuzz_host = {.struct_size = sizeof fuzz_host, .status = fuzz_status};
#endif
