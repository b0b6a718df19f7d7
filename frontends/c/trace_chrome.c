/* trace_chrome.c - a step in Chrome's trace format (frontends/c).
 *
 * Source: "Trace Event Format" (Chromium). Process 1 is the host, a row each of its threads; every other device is a
 * process with a row for each queue, for copies that the host timed, and for rows of the device's own. Arrows lead from
 * where the host hands work over to where it runs, and from a node to the copy of its value. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trace_impl.h"

enum { HOST = 1, FIRST_DEVICE = 2, COPIES = 1000, FIRST_TRACK = 2000, MOST_ROWS = 4096, BACK = 4096 };
typedef struct row {
  uint32_t process, number;
} row;
typedef struct writer {
  FILE *to;
  rn_trace *t;
  const char *device[64], *track[64];
  uint32_t n_device, n_track, n_rows, n_written;
  row rows[MOST_ROWS]; /* that have a name */
} writer;

/* ------------------------------------------------------------------------------------------- text */
static void put_text(writer *w, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  fputc('"', w->to);
  while (*s != '\0') {
    size_t n = trace_utf8(s);
    if (n == 0)
      fputs("\xef\xbf\xbd", w->to);
    else if (*s == '"' || *s == '\\')
      fprintf(w->to, "\\%c", *s);
    else if (*s < 0x20 || *s == 0x7f)
      fprintf(w->to, "\\u%04x", *s);
    else
      (void)fwrite(s, 1, n, w->to);
    s += n != 0 ? n : 1;
  }
  fputc('"', w->to);
}

static void put_member(writer *w, const char *name, const char *text) {
  if (text[0] == '\0') return;
  fprintf(w->to, ",\"%s\":", name);
  put_text(w, text);
}

/* Microseconds, whatever the locale's comma is. */
static void put_us(writer *w, const char *name, uint64_t ns) {
  fprintf(w->to, ",\"%s\":%" PRIu64 ".%03u", name, ns / 1000, (unsigned)(ns % 1000));
}

static void begin(writer *w, char phase, row at) {
  fprintf(w->to, "%s\n{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u", w->n_written++ != 0 ? "," : "", phase, at.process,
          at.number);
}

/* ------------------------------------------------------------------------------------------- rows */
/* The place of text in the list, put there when it is new; the last one where the list is full. */
static uint32_t number_of(const char **list, uint32_t *n, const char *text) {
  uint32_t i = 0;
  while (i < *n && strcmp(list[i], text) != 0) i++;
  if (i == 64) return 63;
  if (i == *n) list[(*n)++] = text;
  return i;
}

/* A copy that nobody but the host has the time of. */
static int is_host_copy(const writer *w, const rn_trace_event *e) {
  int is_copy = e->kind == RN_TRACE_UPLOAD || e->kind == RN_TRACE_DOWNLOAD;
  return e->queue == 0 && is_copy && e->device[0] != '\0' && w->t->own_ns[e - w->t->event] != 0;
}

static row row_of(writer *w, const rn_trace_event *e) {
  if (e->queue == 0 && !is_host_copy(w, e)) return (row){HOST, e->thread};
  uint32_t process = FIRST_DEVICE + number_of(w->device, &w->n_device, trace_device(e));
  if (e->track[0] != '\0') return (row){process, FIRST_TRACK + number_of(w->track, &w->n_track, e->track)};
  return (row){process, e->queue != 0 ? e->queue : COPIES};
}

static void name_row(writer *w, const char *what, row at, const char *name, uint32_t number) {
  char text[256];
  (void)snprintf(text, sizeof text, number != 0 ? "%.200s %u" : "%.200s", name, number);
  begin(w, 'M', at);
  fprintf(w->to, ",\"name\":\"%s\",\"args\":{\"name\":", what);
  put_text(w, text);
  fputs("}}", w->to);
}

static void name_once(writer *w, const rn_trace_event *e, row at) {
  int known = 0;
  for (uint32_t i = 0; i < w->n_rows; i++) {
    if (w->rows[i].process == at.process && w->rows[i].number == at.number) return;
    known |= w->rows[i].process == at.process;
  }
  if (w->n_rows == MOST_ROWS) return;
  w->rows[w->n_rows++] = at;
  if (!known) name_row(w, "process_name", at, at.process == HOST ? "host" : trace_device(e), 0);
  if (at.process == HOST)
    name_row(w, "thread_name", at, "thread", at.number);
  else if (at.number >= FIRST_TRACK)
    name_row(w, "thread_name", at, e->track, 0);
  else if (at.number == COPIES)
    name_row(w, "thread_name", at, "copies, by the host's clock", 0);
  else
    name_row(w, "thread_name", at, "queue", at.number);
}

/* ----------------------------------------------------------------------------------------- events */
static uint64_t since(const writer *w, uint64_t ns) { return ns - w->t->event[0].begin_ns; }

static void put_args(writer *w, const rn_trace_event *e, uint64_t own_ns) {
  fprintf(w->to, ",\"args\":{\"kind\":%u", e->kind);
  put_member(w, "node", e->node);
  put_member(w, "op", e->op);
  put_member(w, "device", e->device);
  put_member(w, "kernel", e->kernel);
  put_member(w, "plugin", e->plugin);
  put_member(w, "scope", e->scope);
  put_member(w, "shape", e->shape);
  if (e->bytes != 0) fprintf(w->to, ",\"bytes\":%" PRIu64, e->bytes);
  if (e->memory_bytes != 0) fprintf(w->to, ",\"memory_bytes\":%" PRIu64, e->memory_bytes);
  if (own_ns != 0) put_us(w, "own_us", own_ns);
  if (e->lost != 0) fprintf(w->to, ",\"lost\":%" PRIu64, e->lost);
  for (uint32_t i = 0; i < e->n_covers; i++) {
    fputs(i == 0 ? ",\"covers\":[" : ",", w->to);
    put_text(w, e->covers[i]);
  }
  fputs(e->n_covers != 0 ? "]}}" : "}}", w->to);
}

static void put_name(writer *w, const rn_trace_event *e) {
  char text[64];
  if (e->kind == RN_TRACE_SUBMIT && e->n_covers > 1) {
    (void)snprintf(text, sizeof text, "submit %u nodes", e->n_covers);
    put_member(w, "name", text);
  } else if (e->kind == RN_TRACE_CLAIM && e->n_covers > 1) {
    (void)snprintf(text, sizeof text, "%u nodes, %.40s", e->n_covers, e->kernel);
    put_member(w, "name", text);
  } else {
    put_member(w, "name", e->node[0] != '\0' ? e->node : trace_kind(e->kind));
  }
}

static void put_event(writer *w, uint32_t i) {
  const rn_trace_event *e = &w->t->event[i];
  row at = row_of(w, e);
  name_once(w, e, at);
  begin(w, 'X', at);
  put_name(w, e);
  put_member(w, "cat", trace_kind(e->kind));
  put_us(w, "ts", since(w, e->begin_ns));
  put_us(w, "dur", e->end_ns - e->begin_ns);
  put_args(w, e, w->t->own_ns[i]);
}

static void put_memory(writer *w, const rn_trace_event *e) {
  if (e->memory_bytes == 0 || e->track[0] != '\0') return;
  uint32_t process = FIRST_DEVICE + number_of(w->device, &w->n_device, trace_device(e));
  char text[128];
  (void)snprintf(text, sizeof text, "memory of %.100s", trace_device(e));
  begin(w, 'C', (row){e->queue == 0 && !is_host_copy(w, e) ? HOST : process, 0});
  put_member(w, "name", text);
  put_us(w, "ts", since(w, e->begin_ns));
  fprintf(w->to, ",\"args\":{\"bytes\":%" PRIu64 "}}", e->memory_bytes);
}

static void put_arrow(writer *w, const rn_trace_event *from, const rn_trace_event *to, uint32_t id, const char *name) {
  uint64_t at = from->end_ns - 1 < to->begin_ns ? from->end_ns - 1 : from->begin_ns;
  begin(w, 's', row_of(w, from));
  fprintf(w->to, ",\"id\":%u,\"cat\":\"flow\",\"name\":\"%s\"", id, name);
  put_us(w, "ts", since(w, at > from->begin_ns ? at : from->begin_ns));
  fputs("}", w->to);
  begin(w, 'f', row_of(w, to));
  fprintf(w->to, ",\"bp\":\"e\",\"id\":%u,\"cat\":\"flow\",\"name\":\"%s\"", id, name);
  put_us(w, "ts", since(w, to->begin_ns));
  fputs("}", w->to);
}

/* Not far back: what is handed over runs soon, and a value is copied soon after it is there. */
static void put_arrows(writer *w, uint32_t i) {
  const rn_trace_event *e = &w->t->event[i];
  int is_copy = e->kind == RN_TRACE_UPLOAD || e->kind == RN_TRACE_DOWNLOAD, handed = 0, made = 0;
  for (uint32_t k = i; k-- > 0 && i - k < BACK && (!handed || !made);) {
    const rn_trace_event *f = &w->t->event[k];
    if (!handed && e->queue != 0 && f->queue == 0 && f->correlation == e->correlation && e->track[0] == '\0') {
      put_arrow(w, f, e, 2 * i, "handed over");
      handed = 1;
    }
    if (!made && is_copy && f->kind <= RN_TRACE_CALL && f->track[0] == '\0' && e->node[0] != '\0' &&
        strcmp(f->node, e->node) == 0) {
      put_arrow(w, f, e, 2 * i + 1, "value");
      made = 1;
    }
  }
}

static void put_all(writer *w) {
  fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"producer\":\"runnel\"},\"traceEvents\":[", w->to);
  for (uint32_t i = 0; i < w->t->count; i++) {
    put_event(w, i);
    put_memory(w, &w->t->event[i]);
    if (w->t->event[i].queue != 0 || is_host_copy(w, &w->t->event[i])) put_arrows(w, i);
  }
  fputs("\n]}\n", w->to);
}

static rn_status *failure(const char *path, const char *what) {
  int code = errno == EACCES || errno == EPERM ? RN_PERMISSION_DENIED : errno == ENOENT ? RN_NOT_FOUND : RN_UNAVAILABLE;
  return rn_status_make(code, "'%s' cannot be %s: %s", path, what, strerror(errno));
}

rn_status *rn_trace_write(rn_trace *t, const char *path) {
  RN_TRY(trace_settle(t));
  writer *w = calloc(1, sizeof *w);
  if (w == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to write a trace");
  w->t = t;
  w->to = fopen(path, "w");
  if (w->to == NULL) {
    free(w);
    return failure(path, "opened");
  }
  put_all(w);
  int broken = ferror(w->to);
  broken |= fclose(w->to) != 0;
  free(w);
  return broken ? failure(path, "written") : NULL;
}
