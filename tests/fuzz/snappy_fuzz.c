/* snappy_fuzz.c - any bytes as a packed block, and as the text of a slice (tests/fuzz). */
#include <stdlib.h>
#include "slice.h"
#include "snappy.h"
#include "table_repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  io_buffer room = {0};
  int has_slice;
  rn_shape full;
  io_slice slice, settled;
  if (io_snappy_unpack((io_span){data, data + size}, 1 << 20, &room) && room.size > (1 << 20)) abort();
  io_drop(&room);
  rn_bytes text = {(const char *)data, size};
  if (io_slice_parse(&fuzz_host, text, &has_slice, &full, &slice) == NULL && has_slice) {
    if (!io_slice_settle(&slice, &full, &settled)) abort();
    (void)io_slice_is_full(&slice, &full);
  }
  return 0;
}
