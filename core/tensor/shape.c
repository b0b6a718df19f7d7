/* tensor/shape.c - shapes, known and partly known (core/tensor). */
#include <runnel/tensor.h>
#include <stdio.h>
#include "tensor/shape.h"

typedef struct out_text {
  char *buf;
  size_t size_bytes, length;
} out_text;

static void put(out_text *o, const char *s) {
  size_t n = strlen(s);
  if (o->length < o->size_bytes) (void)snprintf(o->buf + o->length, o->size_bytes - o->length, "%s", s);
  o->length += n;
}

int rn_shape_print(const rn_shape *s, char *buf, size_t size_bytes) {
  out_text o = {buf, size_bytes, 0};
  char number[32];
  if (s->rank < 0 || s->rank > RN_MAX_RANK) {
    put(&o, "<unknown>");
    return (int)o.length;
  }
  put(&o, "[");
  for (int32_t i = 0; i < s->rank; i++) {
    if (i > 0) put(&o, ",");
    (void)snprintf(number, sizeof number, "%lld", (long long)s->dim[i]);
    put(&o, s->dim[i] >= 0 ? number : "?");
  }
  put(&o, "]");
  return (int)o.length;
}

rn_status *rn_shape_count(const rn_shape *s, int64_t *out_count) {
  char text[RN_SHAPE_TEXT];
  if (s->rank > RN_MAX_RANK)
    return rn_status_make(RN_INVALID_ARGUMENT, "shape has rank %d; at most %d is supported", s->rank, RN_MAX_RANK);
  if (s->rank < 0) return rn_status_make(RN_INVALID_ARGUMENT, "shape <unknown> has no number of elements");
  int64_t count = 1;
  int empty = 0, overflow = 0;
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dim[i] < 0) {
      (void)rn_shape_print(s, text, sizeof text);
      return rn_status_make(RN_INVALID_ARGUMENT, "shape %s: dimension %d is unknown", text, i);
    }
    if (s->dim[i] == 0)
      empty = 1;
    else
      overflow |= __builtin_mul_overflow(count, s->dim[i], &count);
  }
  if (overflow) {
    (void)rn_shape_print(s, text, sizeof text);
    return rn_status_make(RN_INVALID_ARGUMENT, "shape %s: the number of elements overflows", text);
  }
  *out_count = empty ? 0 : count;
  return NULL;
}

int rn_shape_equal(const rn_shape *a, const rn_shape *b) {
  if (a->rank < 0 || b->rank < 0) return a->rank < 0 && b->rank < 0;
  if (a->rank != b->rank || a->rank > RN_MAX_RANK) return 0;
  for (int32_t i = 0; i < a->rank; i++) {
    if (a->dim[i] != b->dim[i]) return 0;
  }
  return 1;
}

int rn_shape_matches(const rn_shape *pattern, const rn_shape *known) {
  if (pattern->rank < 0) return 1;
  if (pattern->rank != known->rank || known->rank > RN_MAX_RANK) return 0;
  for (int32_t i = 0; i < known->rank; i++) {
    int64_t want = pattern->dim[i], got = known->dim[i];
    if (want >= 0 && got != want) return 0;
    if (want > RN_DIM_SYMBOL_MAX) continue;
    for (int32_t j = 0; j < i; j++) { /* the same symbol stands for the same number */
      if (pattern->dim[j] == want && known->dim[j] != got) return 0;
    }
  }
  return 1;
}
