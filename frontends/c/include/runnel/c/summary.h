/* runnel/c/summary.h - what a run says about itself: summaries and event files (frontends/c).
 *
 * For programs that want to look at a run while it goes on and afterwards: `runnel` and TensorBoard read the
 * event files. The plugin `summaries` makes and writes them; this is its short form. */
#ifndef RUNNEL_C_SUMMARY_H
#define RUNNEL_C_SUMMARY_H
#include <runnel/c/scope.h>
#include <runnel/c/trace.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Nodes that give a serialised Summary, tagged with the scope's prefix and name and put into the collection
 * "summaries". values: any numeric dtype; scalar: rank 0. images: [batch, height, width, 1, 3 or 4], float,
 * half, double or uint8; at most `most` of them are kept. */
RN_API rn_value rn_summary_scalar(rn_scope *s, const char *name, rn_value value);
RN_API rn_value rn_summary_histogram(rn_scope *s, const char *name, rn_value values);
RN_API rn_value rn_summary_image(rn_scope *s, const char *name, rn_value images, int64_t most);
/* All of the collection as one: what a program fetches. RN_NO_VALUE when there is none. */
RN_API rn_value rn_summaries_merge(rn_scope *s);

/* One event file, LOGDIR/events.out.tfevents.SECONDS.HOST; the folder is made if it is missing. Events are on
 * disk after a second, a flush or destroy.
 * thread: one at a time. */
typedef struct rn_events rn_events;
/* own: owned, destroyed before the runtime. err NOT_FOUND (no plugin has the ops), PERMISSION_DENIED */
RN_API rn_status *rn_events_create(rn_runtime *rt, const char *logdir, rn_events **out);
RN_API void rn_events_destroy(rn_events *e); /* NULL is accepted */
/* The graph, for viewers that draw it. */
RN_API rn_status *rn_events_add_graph(rn_events *e, const rn_graph *g);
/* summary: a string scalar, as a fetched summary is. own: borrowed */
RN_API rn_status *rn_events_add_summary(rn_events *e, int64_t step, rn_tensor *summary);
/* A number that the program worked out itself. */
RN_API rn_status *rn_events_add_scalar(rn_events *e, int64_t step, const char *tag, double value);
/* What a step did and when: compute time and memory of nodes in TensorBoard's graph, the timeline of `runnel report`.
 * tag: the name of the step there, like "step_100". */
RN_API rn_status *rn_events_add_run_metadata(rn_events *e, int64_t step, const char *tag, rn_trace *t);
RN_API rn_status *rn_events_flush(rn_events *e);
#ifdef __cplusplus
}
#endif
#endif
