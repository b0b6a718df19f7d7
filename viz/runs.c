/* runs.c - scalars of runs, gathered from event files (viz). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <runnel/runs.h>
#include "utf8.h"

typedef struct gathered {
  rn_series shown;
  char *run, *tag;
  uint32_t room;
} gathered;
struct rn_runs {
  gathered *item;
  uint32_t count, room;
  const char *run; /* being read */
  char warning[512];
};

static rn_status *no_memory(void) {
  return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for the numbers of a run");
}

static char *clean(rn_bytes b) {
  const size_t most = 1000; /* bytes of a name that anybody reads */
  size_t size = b.size < most ? (size_t)b.size : most, at = 0;
  char *out = malloc(size + 1);
  if (out == NULL) return NULL;
  const unsigned char *p = (const unsigned char *)b.data;
  for (size_t i = 0; i < size;) {
    size_t n = utf8_length(p + i, size - i);
    if (p[i] < 32 || p[i] == 127) n = 0;
    if (n == 0) out[at++] = '?';
    if (n != 0) memcpy(out + at, p + i, n);
    at += n;
    i += n != 0 ? n : 1;
  }
  out[at] = '\0';
  return out;
}

static rn_status *find(rn_runs *r, rn_bytes raw, gathered **out) {
  char *tag = clean(raw);
  if (tag == NULL) return no_memory();
  for (uint32_t i = 0; i < r->count; i++) {
    *out = &r->item[i];
    if (strcmp((*out)->tag, tag) != 0 || strcmp((*out)->run, r->run) != 0) continue;
    free(tag);
    return NULL;
  }
  if (r->count == r->room) {
    uint32_t room = 2 * r->room + 16;
    gathered *more = realloc(r->item, room * sizeof *more);
    if (more != NULL) r->item = more;
    if (more != NULL) r->room = room;
  }
  char *run = r->count < r->room ? strdup(r->run) : NULL;
  if (run == NULL) {
    free(tag);
    return no_memory();
  }
  *out = &r->item[r->count++];
  **out = (gathered){.run = run, .tag = tag};
  (*out)->shown.run = run;
  (*out)->shown.tag = tag;
  return NULL;
}

static int grow(double **list, uint32_t room) {
  double *more = realloc(*list, room * sizeof *more);
  if (more != NULL) *list = more;
  return more != NULL;
}

static rn_status *add(void *arg, const rn_event *e) {
  rn_runs *r = arg;
  gathered *g = NULL;
  if (e->kind != RN_EVENT_SCALAR) return NULL;
  RN_TRY(find(r, e->tag, &g));
  rn_series *s = &g->shown;
  while (s->count > 0 && s->step[s->count - 1] >= (double)e->step) s->count--; /* begun again */
  if (s->count == g->room) {
    uint32_t room = 2 * g->room + 64;
    if (!grow(&s->step, room) || !grow(&s->value, room) || !grow(&s->wall_time, room)) return no_memory();
    g->room = room;
  }
  s->step[s->count] = (double)e->step;
  s->value[s->count] = e->number;
  s->wall_time[s->count++] = e->wall_time;
  return NULL;
}

static rn_status *read_file(void *arg, const char *path, const char *run) {
  rn_runs *r = arg;
  rn_event_file *f = NULL;
  r->run = run;
  RN_TRY(rn_event_file_open(path, &f));
  rn_status *s = rn_event_file_read(f, add, r);
  rn_event_file_close(f);
  if (rn_status_code(s) != RN_DATA_LOSS) return s;
  strncpy(r->warning, rn_status_message(s), sizeof r->warning - 1);
  rn_status_free(s);
  return NULL;
}

static int by_name(const void *x, const void *y) {
  const gathered *a = x, *b = y;
  int run = strcmp(a->run, b->run);
  return run != 0 ? run : strcmp(a->tag, b->tag);
}

rn_status *rn_runs_read(const char *folder, rn_runs **out) {
  rn_runs *r = calloc(1, sizeof *r);
  if (r == NULL) return no_memory();
  rn_status *s = rn_event_files_find(folder, read_file, r);
  if (s != NULL) {
    rn_runs_destroy(r);
    return s;
  }
  if (r->count > 1) qsort(r->item, r->count, sizeof *r->item, by_name);
  *out = r;
  return NULL;
}

void rn_runs_destroy(rn_runs *r) {
  if (r == NULL) return;
  for (uint32_t i = 0; i < r->count; i++) {
    gathered *g = &r->item[i];
    free(g->run);
    free(g->tag);
    free(g->shown.step);
    free(g->shown.value);
    free(g->shown.wall_time);
  }
  free(r->item);
  free(r);
}

uint32_t rn_runs_count(const rn_runs *r) { return r->count; }
const rn_series *rn_runs_get(const rn_runs *r, uint32_t i) { return &r->item[i].shown; }
const char *rn_runs_warning(const rn_runs *r) { return r->warning; }
