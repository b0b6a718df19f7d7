/* tpu_kept_fuzz.c - any bytes as a compiled program that was kept: what is taken runs within its tensors (tests/fuzz).
 */
#include "kept_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const rn_group tpu_compilers_group;

enum { HEAD = 24, PRINT_AT = 40, PACK = 80 };

/* The print of the machine's shape is made right, or nothing would ever be taken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const rn_compiler_def *compiler = tpu_compilers_group.compilers.items;
  rn_host_api h = kept_host();
  uint8_t *own = malloc(size + 1);
  if (own == NULL) abort();
  if (size > 0) memcpy(own, data, size);
  for (uint32_t arithmetic = TPU_BF16; arithmetic <= TPU_INT8; arithmetic++) {
    tpu_device d = {.host = &h, .machine = small_machine(arithmetic)};
    void *program = NULL;
    size_t at = size > HEAD ? HEAD + PRINT_AT + (size_t)own[HEAD - 4] * PACK : size;
    uint64_t print = tpu_machine_print(&d.machine);
    if (at + sizeof print <= size) memcpy(own + at, &print, sizeof print);
    rn_status *s = tpu_deserialize(&h, &d, NULL, own, size, &program);
    host_free_status(s);
    if (s != NULL) continue;
    if (kept_is_small(program)) host_free_status(kept_execute(program, compiler->execute, &h));
    tpu_compiled_release(program);
  }
  free(own);
  (void)chance(1);
  return 0;
}
