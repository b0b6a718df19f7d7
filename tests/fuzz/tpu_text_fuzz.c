/* tpu_text_fuzz.c - any text as a program: what is read prints to a text that reads the same (tests/fuzz). */
#include "random_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = calloc(1, size + 1);
  tpu_program p, q;
  tpu_text first = {&host, NULL, 0, 0, 0}, second = first;
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, data, size);
  rn_status *s = tpu_assemble(&host, text, &p), *again = NULL;
  if (s == NULL && tpu_disassemble(&p, &first) == NULL) {
    again = tpu_assemble(&host, first.chars, &q);
    if (again != NULL) abort();
    if (tpu_disassemble(&q, &second) == NULL && strcmp(first.chars, second.chars) != 0) abort();
    tpu_program_finish(&q);
  }
  host_free_status(s);
  tpu_program_finish(&p);
  tpu_text_finish(&first);
  tpu_text_finish(&second);
  free(text);
  return 0;
}
