/* gather.c - where each event of a run goes (viz/report). */
#include <stdlib.h>
#include "gather.h"

enum { NEWEST_IMAGES = 12, NEWEST_TIMELINES = 8 };

static int is_too_many(rn_report *r, uint32_t name) {
  if (name == NO_NAME) report_note(r, "There are more than %d names of one kind; the others are left out.", MOST_NAMES);
  return name == NO_NAME;
}

static rn_status *gather_scalar(rn_report *r, uint32_t run, const rn_event *e) {
  uint32_t at = names_find_or_add(&r->curve_names, run, e->tag);
  if (is_too_many(r, at)) return NULL;
  if (r->curves[at] == NULL) r->curves[at] = calloc(1, sizeof(curve));
  curve_point p = {(double)e->step, e->number, e->wall_time};
  if (r->curves[at] == NULL || !curve_add(r->curves[at], p)) return report_no_memory();
  report_changed(r, SECTION_SCALARS);
  return NULL;
}

/* *out NULL: there are too many. */
static rn_status *album_of(rn_report *r, names *n, uint32_t run, rn_bytes tag, album **albums, album **out) {
  uint32_t at = names_find_or_add(n, run, tag);
  *out = NULL;
  if (is_too_many(r, at)) return NULL;
  if (albums[at] == NULL) albums[at] = calloc(1, sizeof(album));
  *out = albums[at];
  return *out != NULL ? NULL : report_no_memory();
}

static rn_status *gather_histogram(rn_report *r, uint32_t run, const rn_event *e) {
  album *a = NULL;
  RN_TRY(album_of(r, &r->histogram_names, run, e->tag, r->histograms, &a));
  if (a == NULL || !album_is_next_wanted(a, (double)e->step)) return NULL;
  json page = {0};
  histogram_print(e, &page);
  album_add_spread(a, (double)e->step, page);
  report_changed(r, SECTION_HISTOGRAMS);
  return page.failed ? report_no_memory() : NULL;
}

static rn_status *gather_image(rn_report *r, uint32_t run, const rn_event *e) {
  album *a = NULL;
  if (!image_is_shown(e->bytes)) {
    report_note(r, "Some pictures are no PNG or larger than 2 MB; they are left out.");
    return NULL;
  }
  RN_TRY(album_of(r, &r->image_names, run, e->tag, r->images, &a));
  if (a == NULL) return NULL;
  json page = {0};
  image_print(e, &page);
  album_add_newest(a, (double)e->step, page, NEWEST_IMAGES);
  report_changed(r, SECTION_IMAGES);
  return page.failed ? report_no_memory() : NULL;
}

/* All timelines of a run are one album. */
static rn_status *gather_timeline(rn_report *r, uint32_t run, const rn_event *e) {
  album *a = NULL;
  json page = {0};
  rn_status *s = timeline_print(e, &page);
  if (s == NULL && page.failed) s = report_no_memory();
  if (s == NULL) s = album_of(r, &r->timeline_names, run, (rn_bytes){"", 0}, r->timelines, &a);
  if (s == NULL && a != NULL) {
    album_add_newest(a, (double)e->step, page, NEWEST_TIMELINES);
    report_changed(r, SECTION_TIMELINES);
    return NULL;
  }
  json_drop(&page);
  if (s == NULL || rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  report_note(r, "The timeline of step %lld cannot be read: %s", (long long)e->step, rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

static uint64_t hash(rn_bytes b) {
  uint64_t h = 1469598103934665603u;
  for (uint64_t i = 0; i < b.size; i++) h = (h ^ (unsigned char)b.data[i]) * 1099511628211u;
  return h;
}

static rn_status *add_graph(rn_report *r, rn_bytes graph_def, uint64_t h) {
  report_graph *more = realloc(r->graphs, (r->n_graphs + 1u) * sizeof *more);
  if (more == NULL) return report_no_memory();
  r->graphs = more;
  json text = {0};
  rn_status *s = graph_print(r->rt, graph_def, &text);
  if (s == NULL && text.failed) s = report_no_memory();
  if (s == NULL)
    r->graphs[r->n_graphs++] = (report_graph){h, graph_def.size, text};
  else
    json_drop(&text);
  return s;
}

static rn_status *gather_graph(rn_report *r, uint32_t run, const rn_event *e) {
  uint64_t h = hash(e->bytes);
  uint32_t i = 0;
  if (r->rt == NULL) return NULL;
  while (i < r->n_graphs && (r->graphs[i].hash != h || r->graphs[i].size != e->bytes.size)) i++;
  rn_status *s = i == r->n_graphs ? add_graph(r, e->bytes, h) : NULL;
  if (rn_status_code(s) == RN_RESOURCE_EXHAUSTED) return s;
  if (s == NULL) {
    if (r->runs[run].graph != i + 1) report_changed(r, SECTION_GRAPHS);
    r->runs[run].graph = i + 1;
    return NULL;
  }
  report_note(r, "The graph of run '%.200s' cannot be shown: %s", r->runs[run].name, rn_status_message(s));
  rn_status_free(s);
  return NULL;
}

rn_status *report_gather(rn_report *r, uint32_t run, const rn_event *e) {
  report_run *of = &r->runs[run];
  if (of->first_time == 0 || e->wall_time < of->first_time) of->first_time = e->wall_time;
  if (e->wall_time > of->last_time) of->last_time = e->wall_time;
  of->last_step = (double)e->step > of->last_step || e->kind == RN_EVENT_SCALAR ? (double)e->step : of->last_step;
  report_changed(r, SECTION_RUNS);
  switch (e->kind) {
    case RN_EVENT_SCALAR:
      return gather_scalar(r, run, e);
    case RN_EVENT_HISTOGRAM:
      return gather_histogram(r, run, e);
    case RN_EVENT_IMAGE:
      return gather_image(r, run, e);
    case RN_EVENT_GRAPH:
      return gather_graph(r, run, e);
    case RN_EVENT_RUN_METADATA:
      return gather_timeline(r, run, e);
    default:
      return NULL;
  }
}

static void finish_albums(album **albums, names *n) {
  for (uint32_t i = 0; i < n->count; i++) {
    if (albums[i] != NULL) album_finish(albums[i]);
    free(albums[i]);
  }
  names_finish(n);
}

void report_gather_finish(rn_report *r) {
  for (uint32_t i = 0; i < r->curve_names.count; i++) {
    if (r->curves[i] != NULL) curve_finish(r->curves[i]);
    free(r->curves[i]);
  }
  names_finish(&r->curve_names);
  finish_albums(r->histograms, &r->histogram_names);
  finish_albums(r->images, &r->image_names);
  finish_albums(r->timelines, &r->timeline_names);
  for (uint32_t i = 0; i < r->n_graphs; i++) json_drop(&r->graphs[i].text);
  free(r->graphs);
}
