/* elf_fuzz.c - hostile shared objects, inspected without loading them (tests/fuzz). */
#include <stdlib.h>
#include <string.h>
#include "memory_file.h"
#include "plugin/elf.h"

static int count(void *arg, const char *name) {
  *(size_t *)arg += strlen(name);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memory_file f;
  rn_elf e;
  size_t bytes = 0;
  if (!memory_file_open(&f, data, size)) return 0;
  rn_status *s = rn_elf_open(f.path, &e);
  if (s == NULL) {
    rn_elf_symbols(&e, 0, count, &bytes);
    rn_elf_symbols(&e, 1, count, &bytes);
    rn_elf_needed(&e, count, &bytes);
    bytes += strlen(e.build_id) + (rn_elf_segments_hash(&e) & 1u);
    rn_elf_close(&e);
    if (bytes == (size_t)-1) abort();
  }
  rn_status_free(s);
  memory_file_close(&f);
  return 0;
}
