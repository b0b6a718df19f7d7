/* report_fuzz.c - any bytes as the event file of a run, and, with checksums made good, as one Event: the data of a
 * report stay JSON that cannot leave a script (tests/fuzz). */
#include <cjson/cJSON.h>
#include <runnel/report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "crc32c.h"

static char folder[64], path[96];
static rn_runtime *runtime;

static int begin(void) {
  if (runtime != NULL) return 1;
  snprintf(folder, sizeof folder, "%s/report_fuzz_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  if (mkdtemp(folder) == NULL) return 0;
  snprintf(path, sizeof path, "%s/events.out.tfevents.1.fuzz", folder);
  rn_status_free(rn_runtime_create(NULL, &runtime));
  return runtime != NULL;
}
__attribute__((destructor)) static void end(void) {
  if (folder[0] == '\0') return;
  unlink(path);
  rmdir(folder);
  rn_runtime_destroy(runtime);
}

/* The checks are the fuzzer's own: what they find is a bug of ours. */
static void look(const rn_report *r) {
  char *text = NULL;
  size_t size = 0;
  rn_status *s = rn_report_print_data(r, 0, &text, &size);
  if (s != NULL) {
    rn_status_free(s);
    return;
  }
  cJSON *data = cJSON_ParseWithLength(text, size);
  if (data == NULL || memchr(text, '<', size) != NULL || memchr(text, '\0', size) != NULL) abort();
  cJSON_Delete(data);
  rn_report_free(text);
}

static void read_all(const uint8_t *bytes, size_t size) {
  rn_report *r = NULL;
  FILE *f = fopen(path, "wb");
  if (f == NULL) return;
  fwrite(bytes, 1, size, f);
  fclose(f);
  rn_status *s = rn_report_open(runtime, folder, &r);
  if (s == NULL) look(r);
  rn_status_free(s);
  rn_report_destroy(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!begin()) return 0;
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
