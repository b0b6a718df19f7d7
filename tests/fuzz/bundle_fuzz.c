/* bundle_fuzz.c - any bytes as the index of a V2 checkpoint (tests/fuzz): as they are, and with good checksums.
 * What is accepted is written and read again. */
#include <stdlib.h>
#include <string.h>
#include "bundle.h"
#include "table_repair.h"

static void parse(io_span all) {
  io_buffer again = {0};
  io_bundle b, copy;
  rn_status *s = io_bundle_parse(&fuzz_host, "fuzz", all, &b);
  if (s == NULL && io_bundle_print(&b, &again) == NULL) {
    if (io_bundle_parse(&fuzz_host, "fuzz", (io_span){again.data, again.data + again.size}, &copy) != NULL) abort();
    if (copy.n_entries != b.n_entries) abort();
    io_bundle_close(&copy);
  }
  for (uint32_t i = 0; s == NULL && i < b.n_entries; i++)
    if (io_bundle_find(&b, b.entries[i].key) == NULL) abort();
  if (s == NULL) (void)io_bundle_missing(&b, (rn_bytes){"layer/weights", 13});
  io_drop(&again);
  io_bundle_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size ? size : 1);
  if (copy == NULL) return 0;
  if (size) memcpy(copy, data, size);
  parse((io_span){copy, copy + size});
  table_repair(copy, size);
  parse((io_span){copy, copy + size});
  free(copy);
  return 0;
}
