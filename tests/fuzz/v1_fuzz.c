/* v1_fuzz.c - any bytes as a V1 checkpoint (tests/fuzz), with good checksums; each name in it is restored as
 * the type that the first byte says. */
#include <stdlib.h>
#include <string.h>
#include "memory_file.h"
#include "table_repair.h"
#include "v1.h"

typedef struct place_room {
  void *data;
  rn_bytes *items;
  int64_t n;
} place_room;

static rn_status *place(void *arg, const rn_shape *shape, void **out_data, rn_bytes **out_items) {
  place_room *r = arg;
  int64_t n = rn_shape_elems(shape);
  if (n < 0 || n > (1 << 16)) return fuzz_status(RN_RESOURCE_EXHAUSTED, "large");
  if (r->data != NULL || r->items != NULL) abort();
  r->n = n;
  r->data = calloc((size_t)n + 1, 16);
  r->items = calloc((size_t)n + 1, sizeof *r->items);
  *out_data = r->data;
  *out_items = r->items;
  return r->data && r->items ? NULL : fuzz_status(RN_RESOURCE_EXHAUSTED, "");
}

static void restore(const char *path, const char *name, rn_dtype t, int has_slice) {
  place_room room = {0};
  io_v1_request r = {.name = {name, strlen(name)}, .dtype = t, .place = place, .arg = &room};
  if (has_slice && io_slice_parse(&fuzz_host, (rn_bytes){"2 3 0,1:-", 9}, &r.has_slice, &r.full, &r.slice)) abort();
  (void)io_v1_restore(&fuzz_host, path, &r);
  for (int64_t i = 0; i < room.n; i++) free((void *)(uintptr_t)room.items[i].data);
  free(room.items);
  free(room.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memory_file f;
  if (size < 1) return 0;
  uint8_t *copy = malloc(size);
  if (copy == NULL) return 0;
  memcpy(copy, data + 1, size - 1);
  table_repair(copy, size - 1);
  if (memory_file_open(&f, copy, size - 1)) {
    restore(f.path, "a", (rn_dtype)(data[0] & 31), data[0] >> 7);
    restore(f.path, "w", (rn_dtype)(data[0] & 31), data[0] >> 7);
    memory_file_close(&f);
  }
  free(copy);
  return 0;
}
