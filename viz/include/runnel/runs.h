/* runnel/runs.h - the numbers of one or several runs, gathered from their event files (viz).
 *
 * For programs that compare runs. thread: one reader from one thread at a time. */
#ifndef RUNNEL_RUNS_H
#define RUNNEL_RUNS_H
#include <runnel/events.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A scalar of one run over its steps. Where a run was begun again at an earlier step, what it then wrote stands for
 * what was there before. */
typedef struct rn_series {
  const char *run, *tag; /* tag: bytes below 32 and not UTF-8 are shown as '?' */
  double *step, *value, *wall_time;
  uint32_t count;
} rn_series;
typedef struct rn_runs rn_runs;
/* Reads all event files of a folder (rn_event_files_find). own: owned. A damaged file gives what stands before the
 * damage; rn_runs_warning says so. err NOT_FOUND, RESOURCE_EXHAUSTED */
RN_API rn_status *rn_runs_read(const char *folder, rn_runs **out);
RN_API void rn_runs_destroy(rn_runs *r); /* NULL is accepted */
/* By run, then tag. own: borrowed until destroy */
RN_API uint32_t rn_runs_count(const rn_runs *r);
RN_API const rn_series *rn_runs_get(const rn_runs *r, uint32_t i);
RN_API const char *rn_runs_warning(const rn_runs *r); /* "" when all was well */
#ifdef __cplusplus
}
#endif
#endif
