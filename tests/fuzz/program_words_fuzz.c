/* program_words_fuzz.c - any text as the description of a kept program (tests/fuzz). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "exec/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const rn_program_value *v, uint32_t n) {
  size_t sum = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (v[i].name[0] == '\0' || v[i].shape.rank < 0 || v[i].shape.rank > RN_MAX_RANK) abort();
    sum += strlen(v[i].name) + (exec_program_value_bytes(&v[i]) != 0);
  }
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rn_arena memory;
  rn_program_info info;
  rn_arena_init(&memory, 256);
  rn_status *s = exec_program_read((const char *)data, size, &memory, &info);
  if (s == NULL) {
    size_t sum = walk(info.in, info.n_in) + walk(info.cells, info.n_cells) + walk(info.out, info.n_out);
    for (uint32_t i = 0; i < info.n_nodes; i++) sum += strlen(info.nodes[i]);
    sum +=
        strlen(info.device) + strlen(info.machine) + strlen(info.compiler) + strlen(info.plugin) + strlen(info.version);
    if (sum > 4 * size + 16) abort();
  }
  rn_status_free(s);
  rn_arena_finish(&memory);
  return 0;
}
