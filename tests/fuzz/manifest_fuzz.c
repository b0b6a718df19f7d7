/* manifest_fuzz.c - hostile manifests (tests/fuzz). The text is bound by a hash, which would keep a fuzzer
 * out: each input is read as it is, and once more with the right hash behind it. */
#include <runnel/status.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/map.h"
#include "plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const rn_manifest *m) {
  uint32_t n = 0;
  size_t bytes = 0;
  for (uint32_t i = 0; i < RN_ROW_KINDS; i++) n += m->count[i];
  if (n != m->n_rows) abort();
  for (uint32_t i = 0; i < m->n_rows; i++) {
    if (m->rows[i].kind >= RN_ROW_KINDS) abort();
    bytes += strlen(m->rows[i].name) + strlen(m->rows[i].device);
  }
  bytes += strlen(m->id) + strlen(m->version) + strlen(m->license) + strlen(m->doc) + strlen(m->build_id);
  if (bytes > ((size_t)1 << 40)) abort();
}

static void parse(const char *text, size_t size) {
  rn_arena arena;
  rn_manifest m;
  rn_arena_init(&arena, 1024);
  rn_status *s = rn_manifest_parse(text, size, "fuzz.manifest", &arena, &m);
  if (!s) walk(&m);
  rn_status_free(s);
  rn_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 33);
  if (!text) return 0;
  memcpy(text, data, size);
  parse(text, size);
  if (size && text[size - 1] != '\n') text[size++] = '\n';
  int n = snprintf(text + size, 32, "end %016llx\n", (unsigned long long)rn_hash_bytes(text, size, 0));
  parse(text, size + (size_t)n);
  free(text);
  return 0;
}
