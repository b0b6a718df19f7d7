/* base/status.c - errors as values (core/base).
 *
 * A status owns its whole text, outer sentence first: wrapping builds the joined text at once, so that
 * reading it needs no memory and no lock. When memory is out, making gives the static status and
 * wrapping gives the cause back unwrapped, which still tells the truth. */
#include <runnel/status.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include "base/mem.h"
#include "base/status_watch.h"

struct rn_status {
  int32_t code;
  char message[];
};

/* A flexible array member cannot be initialised in C17, so the static status has a twin layout. */
static const struct {
  int32_t code;
  char message[16];
} out_of_memory = {RN_RESOURCE_EXHAUSTED, "out of memory"};

static const char *const code_names[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS"};

static const rn_status_watch *_Atomic watch; /* NULL: nobody asks */

void rn_status_set_watch(const rn_status_watch *w) { atomic_store(&watch, w); }
int rn_status_is_static(const rn_status *s) { return (const void *)s == (const void *)&out_of_memory; }

static rn_status *static_status(void) {
  union {
    const void *from;
    rn_status *to;
  } cast = {.from = &out_of_memory};
  return cast.to;
}

/* "sentence" or "sentence: inner"; NULL when memory is out. */
static rn_status *build(int32_t code, const char *inner, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int printed = vsnprintf(NULL, 0, format, again);
  va_end(again);
  size_t head = printed < 0 ? 0 : (size_t)printed;
  size_t tail = inner != NULL ? strlen(inner) + 2 : 0;
  rn_status *s = rn_mem_alloc(sizeof *s + head + tail + 1);
  if (s == NULL) return NULL;
  s->code = code;
  s->message[0] = '\0';
  if (printed >= 0) (void)vsnprintf(s->message, head + 1, format, args);
  if (inner != NULL) (void)snprintf(s->message + head, tail + 1, ": %s", inner);
  const rn_status_watch *w = atomic_load_explicit(&watch, memory_order_relaxed);
  if (w != NULL) w->made(s);
  return s;
}

rn_status *rn_status_make(int32_t code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  rn_status *s = build(code, NULL, format, args);
  va_end(args);
  return s != NULL ? s : static_status();
}

rn_status *rn_status_wrap(rn_status *cause, const char *format, ...) {
  if (cause == NULL) return NULL;
  va_list args;
  va_start(args, format);
  rn_status *s = build(cause->code, rn_status_message(cause), format, args);
  va_end(args);
  if (s == NULL) return cause;
  rn_status_free(cause);
  return s;
}

int32_t rn_status_code(const rn_status *s) { return s != NULL ? s->code : RN_OK; }

const char *rn_status_message(const rn_status *s) { return s != NULL ? s->message : ""; }

const char *rn_status_code_name(int32_t code) {
  if (code < 0 || (size_t)code >= sizeof code_names / sizeof code_names[0]) return "UNKNOWN_CODE";
  return code_names[code];
}

void rn_status_free(rn_status *s) {
  if (s == NULL || rn_status_is_static(s)) return;
  const rn_status_watch *w = atomic_load_explicit(&watch, memory_order_relaxed);
  if (w == NULL || !w->freed(s)) rn_mem_free(s);
}
