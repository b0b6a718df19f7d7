/* trace.c - keeping what a step tells about itself (frontends/c). */
#include <stdlib.h>
#include <string.h>
#include "trace_impl.h"

enum { CHUNK_BYTES = 1 << 16 };
struct trace_texts {
  trace_texts *next;
  size_t used, size;
  char bytes[];
};

rn_status *rn_trace_create(rn_trace **out) {
  *out = calloc(1, sizeof **out);
  return *out != NULL ? NULL : rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a trace");
}

static void forget(rn_trace *t) {
  for (trace_texts *c = t->texts; c != NULL;) {
    trace_texts *next = c->next;
    free(c);
    c = next;
  }
  free(t->own_ns);
  t->own_ns = NULL;
  t->texts = NULL;
  t->count = 0;
  t->failed = 0;
}

void rn_trace_destroy(rn_trace *t) {
  if (t == NULL) return;
  forget(t);
  free(t->event);
  free(t);
}

static void *keep(rn_trace *t, const void *from, size_t size) {
  size_t room = (size + 15) & ~(size_t)15;
  trace_texts *c = t->texts;
  if (c == NULL || c->size - c->used < room) {
    size_t wanted = room > CHUNK_BYTES ? room : CHUNK_BYTES;
    c = malloc(sizeof *c + wanted);
    if (c == NULL) return NULL;
    *c = (trace_texts){t->texts, 0, wanted};
    t->texts = c;
  }
  void *to = c->bytes + c->used;
  c->used += room;
  if (size != 0) memcpy(to, from, size);
  return to;
}

/* A copy; that of the event before where they are the same, as in loops. */
static int keep_text(rn_trace *t, const char **text, const char *before) {
  if (before != NULL && strcmp(*text, before) == 0)
    *text = before;
  else
    *text = keep(t, *text, strlen(*text) + 1);
  return *text != NULL;
}

static int keep_covers(rn_trace *t, rn_trace_event *e) {
  const char **name = keep(t, e->covers, e->n_covers * sizeof *name);
  int ok = name != NULL;
  for (uint32_t i = 0; ok && i < e->n_covers; i++) ok = keep_text(t, &name[i], NULL);
  e->covers = name;
  return ok;
}

static int keep_all(rn_trace *t, rn_trace_event *e, const rn_trace_event *before) {
  const rn_trace_event none = {0}, *b = before != NULL ? before : &none;
  return keep_text(t, &e->node, b->node) && keep_text(t, &e->op, b->op) && keep_text(t, &e->device, b->device) &&
         keep_text(t, &e->kernel, b->kernel) && keep_text(t, &e->plugin, b->plugin) &&
         keep_text(t, &e->track, b->track) && keep_text(t, &e->scope, b->scope) && keep_text(t, &e->shape, b->shape) &&
         keep_covers(t, e);
}

static int has_room(rn_trace *t) {
  if (t->count < t->capacity) return 1;
  uint32_t wanted = t->capacity != 0 ? t->capacity * 2 : 256;
  rn_trace_event *grown = realloc(t->event, wanted * sizeof *grown);
  if (grown == NULL) return 0;
  t->event = grown;
  t->capacity = wanted;
  return 1;
}

static void add(void *arg, const rn_trace_event *e) {
  rn_trace *t = arg;
  if (e->kind == RN_TRACE_STEP) forget(t); /* it comes first */
  rn_trace_event kept = *e;
  if (t->failed || !has_room(t) || !keep_all(t, &kept, t->count != 0 ? &t->event[t->count - 1] : NULL))
    t->failed = 1;
  else
    t->event[t->count++] = kept;
}

void rn_trace_watch(rn_trace *t, rn_run_options *o) {
  o->flags |= RN_RUN_TRACE_ALL;
  o->trace = add;
  o->trace_arg = t;
}

/* ------------------------------------------------------------------------------------- own times */
static int is_work(const rn_trace_event *e) { return e->kind <= RN_TRACE_DOWNLOAD && e->track[0] == '\0'; }

static int by_number(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

/* Work that a device took the time of counts there alone. */
static rn_status *drop_doubles(rn_trace *t) {
  uint64_t *timed = malloc((t->count + (size_t)1) * sizeof *timed);
  size_t n = 0;
  if (timed == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a trace");
  for (uint32_t i = 0; i < t->count; i++)
    if (t->event[i].queue != 0 && is_work(&t->event[i])) timed[n++] = t->event[i].correlation;
  qsort(timed, n, sizeof *timed, by_number);
  for (uint32_t i = 0; i < t->count; i++) {
    const rn_trace_event *e = &t->event[i];
    if (e->queue == 0 && e->correlation != 0 && bsearch(&e->correlation, timed, n, sizeof *timed, by_number) != NULL)
      t->own_ns[i] = 0;
  }
  free(timed);
  return NULL;
}

/* What lies within an event of the same thread is not its own. open: per thread, the innermost event; before: per
 * event, the one around it. Both count from 1. */
static rn_status *drop_nested(rn_trace *t) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < t->count; i++) most = t->event[i].thread > most ? t->event[i].thread : most;
  uint32_t *open = calloc(most + (size_t)t->count + 1, sizeof *open), *around = open + most + 1;
  if (open == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a trace");
  for (uint32_t i = 0; i < t->count; i++) {
    const rn_trace_event *e = &t->event[i];
    uint32_t *top = &open[e->thread];
    if (e->queue != 0) continue;
    while (*top != 0 && t->event[*top - 1].end_ns <= e->begin_ns) *top = around[*top - 1];
    if (*top != 0) {
      uint64_t length = e->end_ns - e->begin_ns, *own = &t->own_ns[*top - 1];
      *own -= length < *own ? length : *own;
    }
    around[i] = *top;
    *top = i + 1;
  }
  free(open);
  return NULL;
}

rn_status *trace_settle(rn_trace *t) {
  if (t->failed) return rn_status_make(RN_RESOURCE_EXHAUSTED, "there was no memory for the trace of the step");
  if (t->count == 0) return rn_status_make(RN_FAILED_PRECONDITION, "no step was traced");
  if (t->own_ns != NULL) return NULL;
  t->own_ns = calloc(t->count, sizeof *t->own_ns);
  if (t->own_ns == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a trace");
  for (uint32_t i = 0; i < t->count; i++)
    if (is_work(&t->event[i])) t->own_ns[i] = t->event[i].end_ns - t->event[i].begin_ns;
  rn_status *s = drop_nested(t);
  return s != NULL ? s : drop_doubles(t);
}

uint32_t rn_trace_count(rn_trace *t) {
  rn_status *s = trace_settle(t);
  rn_status_free(s);
  return s == NULL ? t->count : 0;
}

const rn_trace_event *rn_trace_get(rn_trace *t, uint32_t i, uint64_t *out_own_ns) {
  if (i >= rn_trace_count(t)) return NULL;
  if (out_own_ns != NULL) *out_own_ns = t->own_ns[i];
  return &t->event[i];
}

/* ------------------------------------------------------------------------------------------ words */
const char *trace_kind(uint32_t kind) {
  static const char *const word[] = {"kernel", "claim", "call", "copy to device", "copy to host", "submit",
                                     "record", "wait",  "feed", "fetch",          "plan",         "step"};
  return kind < sizeof word / sizeof word[0] ? word[kind] : "other";
}

const char *trace_device(const rn_trace_event *e) {
  static const char prefix[] = "/device:";
  if (e->device[0] == '\0') return "host";
  return strncmp(e->device, prefix, sizeof prefix - 1) == 0 ? e->device + sizeof prefix - 1 : e->device;
}

size_t trace_utf8(const unsigned char *s) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
  uint32_t c = n < 2 ? s[0] : (uint32_t)s[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((s[i] & 0xc0) != 0x80) return 0;
    c = c << 6 | (s[i] & 0x3f);
  }
  return n > 1 && (c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff) ? 0 : n;
}
