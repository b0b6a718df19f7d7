/* gather.h - what a report holds, and who adds to it (viz/report). */
#ifndef RN_REPORT_GATHER_H
#define RN_REPORT_GATHER_H
#include <runnel/events.h>
#include <runnel/report.h>
#include "album.h"
#include "curve.h"
#include "names.h"

/* The parts of a page that change for themselves. */
typedef enum section {
  SECTION_RUNS,
  SECTION_SCALARS,
  SECTION_HISTOGRAMS,
  SECTION_IMAGES,
  SECTION_GRAPHS,
  SECTION_TIMELINES,
  SECTION_CHECKPOINTS,
  SECTION_NOTES,
  N_SECTIONS
} section;

typedef struct report_run {
  char *name; /* "." for the folder itself */
  double first_time, last_time, last_step;
  uint32_t n_files, graph; /* graph: number + 1; 0: none */
} report_run;
/* Runs of one program have one graph: it stands in the page once. */
typedef struct report_graph {
  uint64_t hash, size;
  json text;
} report_graph;
typedef struct report_source {
  char *path;
  uint32_t run;
  rn_event_file *file; /* NULL: not open (yet), or read to its end with a newer one behind it */
  int over;
} report_source;
enum { MOST_RUNS = 200, MOST_SOURCES = 4000, MOST_NOTES = 20 };
struct rn_report {
  rn_runtime *rt; /* NULL: no graphs, no machine (fuzzing) */
  char *folder;
  report_run *runs;
  report_source *sources;
  report_graph *graphs;
  uint32_t n_runs, n_sources, n_graphs;
  names curve_names, histogram_names, image_names, timeline_names;
  curve *curves[MOST_NAMES]; /* by the names' numbers */
  album *histograms[MOST_NAMES], *images[MOST_NAMES], *timelines[MOST_NAMES];
  json checkpoints, machine;
  uint64_t checkpoint_hash;
  uint32_t n_checkpoints;
  char *notes[MOST_NOTES], *all_notes;
  uint32_t n_notes;
  uint64_t version, stamp[N_SECTIONS];
  uint64_t changing; /* the version that this update will be */
};

rn_status *report_no_memory(void);
void report_changed(rn_report *r, section s);
/* A line for the page's notes; the same line once. */
void report_note(rn_report *r, const char *format, ...) RN_FORMAT(2, 3);
/* gather.c: one event of one run. err RESOURCE_EXHAUSTED */
rn_status *report_gather(rn_report *r, uint32_t run, const rn_event *e);
void report_gather_finish(rn_report *r);

/* Each writes one JSON value. */
void histogram_print(const rn_event *e, json *j);
int image_is_shown(rn_bytes b); /* a PNG of a size that a page can hold */
void image_print(const rn_event *e, json *j);
rn_status *graph_print(rn_runtime *rt, rn_bytes graph_def, json *j);
rn_status *timeline_print(const rn_event *e, json *j); /* err DATA_LOSS, RESOURCE_EXHAUSTED */
void machine_print(rn_runtime *rt, json *j);
/* checkpoints.c: looks whether there are new ones. */
rn_status *checkpoints_update(rn_report *r);
#endif
