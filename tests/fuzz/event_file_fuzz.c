/* event_file_fuzz.c - any bytes as an event file, and, with checksums made good, as one Event (tests/fuzz). */
#include <runnel/events.h>
#include <stdlib.h>
#include <string.h>
#include "crc32c.h"
#include "memory_file.h"

static rn_status *touch(void *arg, const rn_event *e) {
  uint64_t *sum = arg;
  for (uint64_t i = 0; i < e->tag.size; i++) *sum += (unsigned char)e->tag.data[i];
  for (uint64_t i = 0; i < e->bytes.size; i++) *sum += (unsigned char)e->bytes.data[i];
  for (uint32_t i = 0; e->histogram != NULL && i < e->histogram->n_buckets; i++)
    *sum += e->histogram->limit[i] > e->histogram->bucket[i];
  return NULL;
}

static void read_all(const uint8_t *data, size_t size) {
  memory_file m;
  rn_event_file *f = NULL;
  uint64_t sum = 0;
  if (!memory_file_open(&m, data, size)) return;
  rn_status *s = rn_event_file_open(m.path, &f);
  if (s == NULL) s = rn_event_file_read(f, touch, &sum);
  rn_status_free(s);
  rn_event_file_close(f);
  memory_file_close(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  read_all(data, size);
  uint8_t *record = malloc(size + 16);
  if (record == NULL) return 0;
  for (int i = 0; i < 8; i++) record[i] = (uint8_t)((uint64_t)size >> (8 * i));
  uint32_t sums[2] = {io_crc_mask(io_crc32c(0, record, 8)), io_crc_mask(io_crc32c(0, data, size))};
  memcpy(record + 8, &sums[0], 4);
  if (size != 0) memcpy(record + 12, data, size);
  memcpy(record + 12 + size, &sums[1], 4);
  read_all(record, size + 16);
  free(record);
  return 0;
}
