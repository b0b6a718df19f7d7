/* base/text.c - growing text (core/base). */
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include "base/mem.h"

void rn_text_init(rn_text *t) { *t = (rn_text){NULL, 0, 0, 0}; }

void rn_text_finish(rn_text *t) {
  rn_mem_free(t->data);
  rn_text_init(t);
}

/* Room for n more bytes and the NUL. */
static int reserve(rn_text *t, size_t n) {
  if (t->failed) return 0;
  if (n < t->capacity - t->length) return 1;
  size_t capacity = t->capacity < 64 ? 64 : t->capacity;
  while (capacity - t->length <= n && capacity <= SIZE_MAX / 2) capacity *= 2;
  char *data = capacity - t->length > n ? rn_mem_grow(t->data, capacity, 1) : NULL;
  if (data == NULL) {
    t->failed = 1;
    return 0;
  }
  t->data = data;
  t->capacity = capacity;
  return 1;
}

void rn_text_add_bytes(rn_text *t, const char *s, size_t n) {
  if (!reserve(t, n)) return;
  if (n != 0) memcpy(t->data + t->length, s, n);
  t->length += n;
  t->data[t->length] = '\0';
}

void rn_text_add(rn_text *t, const char *s) { rn_text_add_bytes(t, s, strlen(s)); }

void rn_text_printf(rn_text *t, const char *format, ...) {
  va_list args, again;
  if (!reserve(t, 1)) return;
  va_start(args, format);
  va_copy(again, args);
  int printed = vsnprintf(t->data + t->length, t->capacity - t->length, format, args);
  t->data[t->length] = '\0';
  if (printed < 0) t->failed = 1;
  if (printed > 0 && reserve(t, (size_t)printed)) {
    (void)vsnprintf(t->data + t->length, t->capacity - t->length, format, again);
    t->length += (size_t)printed;
  }
  va_end(again);
  va_end(args);
}

char *rn_text_take(rn_text *t) {
  if (!t->failed && t->data == NULL) rn_text_add_bytes(t, "", 0);
  char *taken = t->failed ? NULL : t->data;
  if (t->failed) rn_mem_free(t->data);
  rn_text_init(t);
  return taken;
}
