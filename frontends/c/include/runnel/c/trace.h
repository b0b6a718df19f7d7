/* runnel/c/trace.h - what a step did and when: kept, written, counted up (frontends/c).
 *
 * For programs that want to know where the time goes. Keep a step with rn_trace_watch, then write it for a viewer
 * (Perfetto, chrome://tracing), print the slowest nodes, or put it into an event file (rn_events_add_run_metadata in
 * runnel/c/summary.h), where TensorBoard finds compute time and memory. */
#ifndef RUNNEL_C_TRACE_H
#define RUNNEL_C_TRACE_H
#include <runnel/session.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_trace rn_trace;
RN_API rn_status *rn_trace_create(rn_trace **out); /* own: owned */
RN_API void rn_trace_destroy(rn_trace *t);         /* NULL is accepted */
/* The steps that run with these options are kept in t, each in place of the one before. One step at a time. */
RN_API void rn_trace_watch(rn_trace *t, rn_run_options *o);

/* The events of the step that is kept, by begin; the first is the step itself. 0: none ran. */
RN_API uint32_t rn_trace_count(rn_trace *t);
/* out_own_ns (may be NULL): the time that is this node's alone, without what lies within it; 0 where another event has
 * the better time of the same work (a device's of what the host handed over) and for all that is not a node's work. So
 * the sum is what was computed and copied. own: borrowed until the next step, or destroy */
RN_API const rn_trace_event *rn_trace_get(rn_trace *t, uint32_t i, uint64_t *out_own_ns);

/* Chrome's trace format, which Perfetto opens. err PERMISSION_DENIED, FAILED_PRECONDITION: no step was kept */
RN_API rn_status *rn_trace_write(rn_trace *t, const char *path);
/* A table of the slowest nodes and the slowest types of operation, `rows` of each. own: owned, free() */
RN_API rn_status *rn_trace_table(rn_trace *t, uint32_t rows, char **out_text);
/* A serialised RunMetadata of TensorFlow. own: owned, free() */
RN_API rn_status *rn_trace_metadata(rn_trace *t, void **out_data, size_t *out_size);
#ifdef __cplusplus
}
#endif
#endif
