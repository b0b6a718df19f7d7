/* bundle_fuzz.c - any bytes as the index of a V2 checkpoint and as a packed block.
 *
 * The plugin's readers are compiled into this file: a plugin exports nothing to link to. */
#include <stdlib.h>
#include "../../plugins/io/bundle_data.c"
#include "../../plugins/io/bundle_index.c"
#include "../../plugins/io/bytes.c"
#include "../../plugins/io/crc32c.c"
#include "../../plugins/io/file.c"
#include "../../plugins/io/ordered_code.c"
#include "../../plugins/io/shape.c"
#include "../../plugins/io/slice.c"
#include "../../plugins/io/snappy.c"
#include "../../plugins/io/table_read.c"
#include "../../plugins/io/table_write.c"

static rn_status *fuzz_status(int32_t code, const char *message) {
  static char any;
  (void)code;
  (void)message;
  return (rn_status *)(void *)&any;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const rn_host_api host = {.struct_size = sizeof host, .status = fuzz_status};
  io_span all = {data, data + size};
  io_buffer room = {0}, again = {0};
  io_bundle b;
  io_snappy_unpack(all, 1 << 20, &room);
  io_drop(&room);
  if (io_bundle_parse(&host, "fuzz", all, &b) == NULL && io_bundle_print(&b, &again) == NULL) {
    io_bundle copy;
    if (io_bundle_parse(&host, "fuzz", (io_span){again.data, again.data + again.size}, &copy) != NULL) __builtin_trap();
    io_bundle_close(&copy);
  }
  io_drop(&again);
  io_bundle_close(&b);
  return 0;
}
