/* scratch.c - a chunked allocator for one read or write (frontends/graphdef). */
#include "scratch.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scratch_chunk {
  struct scratch_chunk *next;
  size_t used, cap;
  _Alignas(16) char data[];
};
struct scratch_tensor {
  struct scratch_tensor *next;
  rn_tensor *tensor;
};

void *scratch_take(scratch *s, size_t count, size_t size) {
  if (size != 0 && count > (SIZE_MAX / 4) / size) return NULL;
  size_t n = (count * size + 15) & ~(size_t)15;
  struct scratch_chunk *c = s->chunks;
  if (c == NULL || c->cap - c->used < n) {
    size_t cap = n > 32000 ? n : 32000;
    c = calloc(1, sizeof *c + cap);
    if (c == NULL) return NULL;
    c->cap = cap;
    c->next = s->chunks;
    s->chunks = c;
  }
  void *p = c->data + c->used;
  c->used += n;
  return p;
}

char *scratch_text(scratch *s, const char *text, size_t length) {
  char *p = scratch_take(s, length + 1, 1);
  if (p != NULL && length) memcpy(p, text, length);
  return p;
}

char *scratch_print(scratch *s, const char *format, ...) {
  va_list ap, again;
  va_start(ap, format);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, format, ap);
  va_end(ap);
  char *p = n < 0 ? NULL : scratch_take(s, (size_t)n + 1, 1);
  if (p != NULL) vsnprintf(p, (size_t)n + 1, format, again);
  va_end(again);
  return p;
}

int scratch_own(scratch *s, rn_tensor *t) {
  struct scratch_tensor *link = scratch_take(s, 1, sizeof *link);
  if (link == NULL) {
    rn_tensor_release(t);
    return 0;
  }
  link->tensor = t;
  link->next = s->tensors;
  s->tensors = link;
  return 1;
}

void scratch_finish(scratch *s) {
  for (struct scratch_tensor *t = s->tensors; t != NULL; t = t->next) rn_tensor_release(t->tensor);
  while (s->chunks != NULL) {
    struct scratch_chunk *next = s->chunks->next;
    free(s->chunks);
    s->chunks = next;
  }
  s->tensors = NULL;
}
