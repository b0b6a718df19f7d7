/* signature_fuzz.c - any text as the signature of an op (tests/fuzz). What is accepted is whole. */
#include <runnel/tensor.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "plugin/registry.h"

static void walk_args(const rn_signature *s, const rn_sig_arg *a, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (strlen(a[i].name) == 0) abort();
    if (a[i].type_attr >= (int32_t)s->n_attr || a[i].list_attr >= (int32_t)s->n_attr) abort();
    if (a[i].number_attr >= (int32_t)s->n_attr) abort();
    if (a[i].type == RN_INVALID && a[i].type_attr < 0 && a[i].list_attr < 0) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rn_arena arena;
  rn_signature *out = NULL;
  char *text = malloc(size + 1);
  if (text == NULL) return 0;
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  rn_arena_init(&arena, 1024);
  rn_status *s = rn_signature_parse(text, &arena, &out);
  if (s == NULL) {
    walk_args(out, out->in, out->n_in);
    walk_args(out, out->out, out->n_out);
    for (uint32_t i = 0; i < out->n_attr; i++)
      if (rn_signature_find_attr(out, out->attr[i].name, strlen(out->attr[i].name)) != (int32_t)i) abort();
  } else if (*rn_status_message(s) == '\0') {
    abort();
  }
  rn_status_free(s);
  rn_arena_finish(&arena);
  free(text);
  return 0;
}
