/* report.c - a log folder read, and read again (viz/report). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "gather.h"

rn_status *report_no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a report"); }

void report_changed(rn_report *r, section s) { r->stamp[s] = r->changing; }

void report_note(rn_report *r, const char *format, ...) {
  char line[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  for (char *c = line; *c != '\0'; c++) /* it is for terminals too */
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
  for (uint32_t i = 0; i < r->n_notes; i++)
    if (strcmp(r->notes[i], line) == 0) return;
  char *copy = r->n_notes < MOST_NOTES ? strdup(line) : NULL;
  if (copy == NULL) return;
  r->notes[r->n_notes++] = copy;
  report_changed(r, SECTION_NOTES);
}

/* ---- which files there are */
static rn_status *find_run(rn_report *r, const char *name, uint32_t *out) {
  for (*out = 0; *out < r->n_runs; ++*out)
    if (strcmp(r->runs[*out].name, name) == 0) return NULL;
  if (r->n_runs == MOST_RUNS) {
    report_note(r, "There are more than %d runs; the others are left out.", MOST_RUNS);
    *out = UINT32_MAX;
    return NULL;
  }
  report_run *more = realloc(r->runs, (r->n_runs + 1u) * sizeof *more);
  if (more == NULL) return report_no_memory();
  r->runs = more;
  char *copy = strdup(name);
  if (copy == NULL) return report_no_memory();
  r->runs[r->n_runs++] = (report_run){.name = copy, .last_step = -1};
  report_changed(r, SECTION_RUNS);
  return NULL;
}

static rn_status *add_source(rn_report *r, const char *path, uint32_t run) {
  report_source *more = realloc(r->sources, (r->n_sources + 1u) * sizeof *more);
  if (more == NULL) return report_no_memory();
  r->sources = more;
  char *copy = strdup(path);
  if (copy == NULL) return report_no_memory();
  r->sources[r->n_sources++] = (report_source){.path = copy, .run = run};
  r->runs[run].n_files++;
  report_changed(r, SECTION_RUNS);
  return NULL;
}

static rn_status *found(void *arg, const char *path, const char *run) {
  rn_report *r = arg;
  uint32_t number = 0;
  for (uint32_t i = 0; i < r->n_sources; i++)
    if (strcmp(r->sources[i].path, path) == 0) return NULL;
  if (r->n_sources == MOST_SOURCES) {
    report_note(r, "There are more than %d event files; the others are left out.", MOST_SOURCES);
    return NULL;
  }
  RN_TRY(find_run(r, run, &number));
  return number != UINT32_MAX ? add_source(r, path, number) : NULL;
}

/* ---- what is in them */
typedef struct reading {
  rn_report *report;
  uint32_t run;
} reading;
static rn_status *visit(void *arg, const rn_event *e) {
  const reading *now = arg;
  return report_gather(now->report, now->run, e);
}

/* A later file of the same run: this one grows no more. */
static int is_left_behind(const rn_report *r, uint32_t source) {
  for (uint32_t i = source + 1; i < r->n_sources; i++)
    if (r->sources[i].run == r->sources[source].run) return 1;
  return 0;
}

static void close_source(report_source *s) {
  rn_event_file_close(s->file);
  s->file = NULL;
  s->over = 1;
}

/* What cannot be read is told on the page; only want of memory ends the reading. */
static rn_status *forgive(rn_report *r, report_source *s, rn_status *failed) {
  if (failed == NULL || rn_status_code(failed) == RN_RESOURCE_EXHAUSTED) return failed;
  report_note(r, "%s", rn_status_message(failed));
  rn_status_free(failed);
  close_source(s);
  return NULL;
}

static rn_status *read_source(rn_report *r, uint32_t i) {
  report_source *s = &r->sources[i];
  reading now = {r, s->run};
  if (s->over) return NULL;
  if (s->file == NULL) RN_TRY(forgive(r, s, rn_event_file_open(s->path, &s->file)));
  if (s->file != NULL) RN_TRY(forgive(r, s, rn_event_file_read(s->file, visit, &now)));
  if (s->file != NULL && is_left_behind(r, i)) {
    if (rn_event_file_rest(s->file) != 0)
      report_note(r, "'%s' ends in the middle of a record: whoever wrote it was stopped.", s->path);
    close_source(s);
  }
  return NULL;
}

/* NOT_FOUND of event files is no failure: there may be checkpoints, and runs may begin. */
static rn_status *find_sources(rn_report *r) {
  struct stat st;
  rn_status *s = rn_event_files_find(r->folder, found, r);
  if (rn_status_code(s) != RN_NOT_FOUND || stat(r->folder, &st) != 0) return s;
  rn_status_free(s);
  return NULL;
}

rn_status *rn_report_update(rn_report *r) {
  uint64_t before = r->version;
  r->changing = before + 1;
  RN_TRY(find_sources(r));
  for (uint32_t i = 0; i < r->n_sources; i++) RN_TRY(read_source(r, i));
  RN_TRY(checkpoints_update(r));
  for (int s = 0; s < N_SECTIONS; s++)
    if (r->stamp[s] == r->changing) r->version = r->changing;
  return NULL;
}

rn_status *rn_report_open(rn_runtime *rt, const char *folder, rn_report **out) {
  rn_report *r = calloc(1, sizeof *r);
  if (r == NULL) return report_no_memory();
  r->rt = rt;
  r->folder = strdup(folder);
  rn_status *s = r->folder != NULL ? rn_report_update(r) : report_no_memory();
  if (s != NULL) {
    rn_report_destroy(r);
    return s;
  }
  r->version = 1;
  if (rt != NULL) machine_print(rt, &r->machine);
  *out = r;
  return NULL;
}

void rn_report_destroy(rn_report *r) {
  if (r == NULL) return;
  report_gather_finish(r);
  for (uint32_t i = 0; i < r->n_runs; i++) free(r->runs[i].name);
  for (uint32_t i = 0; i < r->n_sources; i++) {
    rn_event_file_close(r->sources[i].file);
    free(r->sources[i].path);
  }
  for (uint32_t i = 0; i < r->n_notes; i++) free(r->notes[i]);
  json_drop(&r->checkpoints);
  json_drop(&r->machine);
  free(r->runs);
  free(r->sources);
  free(r->all_notes);
  free(r->folder);
  free(r);
}

uint64_t rn_report_version(const rn_report *r) { return r->version; }
int rn_report_is_empty(const rn_report *r) { return r->n_sources == 0 && r->n_checkpoints == 0; }

const char *rn_report_notes(const rn_report *r) {
  rn_report *own = (rn_report *)(uintptr_t)r; /* the text is put together when it is asked for */
  json all = {0};
  for (uint32_t i = 0; i < r->n_notes; i++) {
    json_put(&all, r->notes[i], strlen(r->notes[i]));
    json_put(&all, "\n", 1);
  }
  free(own->all_notes);
  own->all_notes = all.text;
  return all.text != NULL && !all.failed ? all.text : "";
}
