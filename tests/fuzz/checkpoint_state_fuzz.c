/* checkpoint_state_fuzz.c - any bytes as the text file that names checkpoints (tests/fuzz). */
#include <runnel/graphdef.h>
#include <stdlib.h>
#include <string.h>
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  memory_file f;
  rn_checkpoint_state state;
  char *latest = NULL;
  if (!memory_file_open(&f, data, size)) return 0;
  rn_status *s = rn_checkpoint_state_read(f.path, &state);
  if (s == NULL) {
    if (state.current == NULL) abort();
    for (uint32_t i = 0; i < state.n_all; i++)
      if (strlen(state.all[i]) > size) abort();
    rn_checkpoint_state_finish(&state);
  }
  rn_status_free(s);
  rn_status_free(rn_checkpoint_latest(f.path, &latest));
  free(latest);
  memory_file_close(&f);
  return 0;
}
