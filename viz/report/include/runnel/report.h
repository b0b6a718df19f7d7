/* runnel/report.h - all that a log folder tells about its runs, as one page (viz/report).
 *
 * For programs that show runs: `runnel report` writes the page into a file, `runnel board` serves it. A report reads
 * event files, graphs and checkpoints below a folder; it may be asked to look again while they grow. What it reads is
 * not trusted: names are cut and escaped, damage is told on the page. The page needs no network.
 * thread: one report from one thread at a time. */
#ifndef RUNNEL_REPORT_H
#define RUNNEL_REPORT_H
#include <runnel/runtime.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_report rn_report;
/* Reads the folder once. rt: borrowed until destroy. own: owned. err NOT_FOUND (no such folder), PERMISSION_DENIED,
 * RESOURCE_EXHAUSTED. A folder with nothing in it is a report about nothing (rn_report_is_empty). */
RN_API rn_status *rn_report_open(rn_runtime *rt, const char *folder, rn_report **out);
RN_API void rn_report_destroy(rn_report *r); /* NULL is accepted */
/* Reads what was added since: to event files, new ones, new runs, new checkpoints. */
RN_API rn_status *rn_report_update(rn_report *r);
/* Rises with every change; begins at 1. */
RN_API uint64_t rn_report_version(const rn_report *r);
RN_API int rn_report_is_empty(const rn_report *r); /* neither event files nor checkpoints */
/* What was damaged or left out, a line each; "": nothing. own: borrowed until the next call */
RN_API const char *rn_report_notes(const rn_report *r);

/* JSON of what changed after version `since` (0: all). own: *out_text owned, rn_report_free */
RN_API rn_status *rn_report_print_data(const rn_report *r, uint64_t since, char **out_text, size_t *out_size_bytes);
enum { RN_REPORT_LIVE = 1u }; /* the page asks its server's /data for what changes */
/* The page with all data in it. own: *out_text owned, rn_report_free */
RN_API rn_status *rn_report_print_page(const rn_report *r, uint32_t flags, char **out_text, size_t *out_size_bytes);
/* What the page may do, for its server's Content-Security-Policy. own: *out_text owned, rn_report_free */
RN_API rn_status *rn_report_print_policy(uint32_t flags, char **out_text);
RN_API void rn_report_free(char *text);
#ifdef __cplusplus
}
#endif
#endif
