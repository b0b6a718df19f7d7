/* marks_fuzz.c - hostile lists of marks of plugins (tests/fuzz). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "memory_file.h"
#include "plugin/marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memory_file f;
  rn_arena arena;
  rn_marks m;
  size_t bytes = 0;
  if (!memory_file_open(&f, data, size)) return 0;
  rn_arena_init(&arena, 1024);
  rn_status *s = rn_marks_read(&arena, f.path, &m);
  for (uint32_t i = 0; i < m.count; i++) {
    const rn_mark *k = &m.items[i];
    bytes += strlen(k->word) + strlen(k->id) + strlen(k->build) + strlen(k->text);
    if (k->kind != 0 && rn_marks_find(&m, k->kind, k->id, k->build) == NULL) abort();
  }
  if ((s != NULL && m.count != 0) || bytes > size) abort();
  rn_status_free(s);
  rn_arena_finish(&arena);
  memory_file_close(&f);
  return 0;
}
