/* tpu_machine_fuzz.c - any text as a machine's description (tests/fuzz). */
#include "host.h"
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = calloc(1, size + 1);
  tpu_machine m;
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, data, size);
  rn_status *s = tpu_machine_parse(&host, "fuzz", text, &m);
  if (s == NULL && (m.array_rows == 0 || m.array_rows > TPU_MAX_ARRAY || m.clock_mhz <= 0)) abort();
  (void)chance(1);
  host_free_status(s);
  free(text);
  return 0;
}
