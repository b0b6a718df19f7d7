/* heat_file.c - the times of a step, read from a trace or from event files (frontends/cli). */
#include <runnel/events.h>
#include <runnel/timeline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli.h"
#include "heat.h"

enum { MOST_BYTES = 1 << 30 };

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"); }

/* ---- event files: the last step that any of them has */
typedef struct latest {
  double wall_time;
  char *bytes;
  size_t size;
} latest;

static rn_status *see_event(void *arg, const rn_event *e) {
  latest *l = arg;
  if (e->kind != RN_EVENT_RUN_METADATA || (l->bytes && e->wall_time < l->wall_time)) return NULL;
  char *copy = malloc(e->bytes.size + 1);
  if (!copy) return no_memory();
  if (e->bytes.size != 0) memcpy(copy, e->bytes.data, e->bytes.size);
  free(l->bytes);
  *l = (latest){e->wall_time, copy, e->bytes.size};
  return NULL;
}

static rn_status *see_file(void *arg, const char *path, const char *run) {
  rn_event_file *f = NULL;
  (void)run;
  RN_TRY(rn_event_file_open(path, &f));
  rn_status *s = rn_event_file_read(f, see_event, arg);
  rn_event_file_close(f);
  return s ? rn_status_wrap(s, "%s", path) : NULL;
}

static rn_status *see_span(void *arg, const rn_span *s) {
  heat_span h = {.kind = s->kind,
                 .node = s->node,
                 .scope = s->scope,
                 .device = s->device,
                 .kernel = s->kernel,
                 .plugin = s->plugin,
                 .own_ns = s->own_us * 1e3,
                 .bytes = s->bytes,
                 .memory_bytes = s->memory_bytes,
                 .n_covers = s->n_covers,
                 .covers = s->covers};
  return heat_add(arg, &h);
}

static rn_status *read_folder(heat *h, const char *path) {
  latest l = {0};
  rn_status *s = rn_event_files_find(path, see_file, &l);
  if (!s && !l.bytes)
    s = rn_status_make(
        RN_NOT_FOUND,
        "the event files in '%s' hold no times of a step (runnel run --logdir, or a lab's --trace, writes "
        "them)",
        path);
  if (!s) s = rn_timeline_read(l.bytes, l.size, see_span, h);
  free(l.bytes);
  return s;
}

/* ---- a trace in Chrome's format, as `runnel run` writes it */
static rn_bytes text_of(const cJSON *args, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(args, name));
  return text ? (rn_bytes){text, strlen(text)} : (rn_bytes){"", 0};
}

static double number_of(const cJSON *args, const char *name) {
  const cJSON *n = cJSON_GetObjectItemCaseSensitive(args, name);
  return cJSON_IsNumber(n) && n->valuedouble > 0 ? n->valuedouble : 0;
}

static rn_status *see_json(heat *h, const cJSON *args) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(args, "covers"), *name;
  uint32_t n = 0;
  rn_bytes *covers = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *covers);
  if (!covers) return no_memory();
  cJSON_ArrayForEach(name, list) {
    const char *text = cJSON_GetStringValue(name);
    if (text) covers[n++] = (rn_bytes){text, strlen(text)};
  }
  double kind = number_of(args, "kind");
  heat_span s = {.kind = kind < 256 ? (uint32_t)kind : 255,
                 .node = text_of(args, "node"),
                 .scope = text_of(args, "scope"),
                 .device = text_of(args, "device"),
                 .kernel = text_of(args, "kernel"),
                 .plugin = text_of(args, "plugin"),
                 .own_ns = number_of(args, "own_us") * 1e3,
                 .bytes = (uint64_t)number_of(args, "bytes"),
                 .memory_bytes = (uint64_t)number_of(args, "memory_bytes"),
                 .n_covers = n,
                 .covers = covers};
  rn_status *failed = heat_add(h, &s);
  free(covers);
  return failed;
}

static rn_status *read_bytes(const char *path, char **out, size_t *size) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  if (!f) return rn_status_make(RN_NOT_FOUND, "'%s' cannot be opened", path);
  int ok = fstat(fileno(f), &st) == 0 && st.st_size >= 0 && st.st_size < MOST_BYTES;
  *out = ok ? malloc((size_t)st.st_size + 1) : NULL;
  *size = *out ? fread(*out, 1, (size_t)st.st_size, f) : 0;
  int whole = *out && *size == (size_t)st.st_size;
  (void)fclose(f);
  if (whole) return NULL;
  free(*out);
  return rn_status_make(RN_UNAVAILABLE, "'%s' cannot be read", path);
}

static rn_status *read_trace(heat *h, const char *path) {
  char *text;
  size_t size;
  const cJSON *event;
  RN_TRY(read_bytes(path, &text, &size));
  cJSON *all = cJSON_ParseWithLength(text, size);
  free(text);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(all, "traceEvents");
  rn_status *s = NULL;
  if (!cJSON_IsArray(list))
    s = rn_status_make(RN_DATA_LOSS, "'%s' is no trace: 'runnel run GRAPH ... --trace FILE' writes one", path);
  cJSON_ArrayForEach(event, list) {
    const cJSON *args = cJSON_GetObjectItemCaseSensitive(event, "args");
    if (!s && cJSON_GetObjectItemCaseSensitive(args, "kind")) s = see_json(h, args);
  }
  cJSON_Delete(all);
  return s;
}

rn_status *heat_read(heat *h, const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) return rn_status_make(RN_NOT_FOUND, "there is no '%s'", path);
  return S_ISDIR(st.st_mode) ? read_folder(h, path) : read_trace(h, path);
}
