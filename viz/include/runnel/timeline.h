/* runnel/timeline.h - what a step did and when, read from run metadata (viz).
 *
 * For programs that show runs. Run metadata is in event files (RN_EVENT_RUN_METADATA) and may be TensorFlow's; what
 * only Runnel writes is empty or 0 there. Writing it is the business of runnel/c/trace.h.
 * thread: any. */
#ifndef RUNNEL_TIMELINE_H
#define RUNNEL_TIMELINE_H
#include <runnel/status.h>
#ifdef __cplusplus
extern "C" {
#endif

/* One stretch of time. A row of a timeline is a thread of the host where queue is 0; else a queue of the device, or a
 * track of the device's own. Texts may hold any bytes. */
typedef struct rn_span {
  uint32_t struct_size, kind; /* RN_TRACE_* of runnel/session.h */
  uint32_t thread, queue, n_covers, reserved;
  rn_bytes node, op, device, kernel, plugin, track, scope, shape;
  double begin_us, end_us; /* since the step began */
  double own_us; /* of the node alone; 0: not a node's work, or another span has the better time of the same work */
  uint64_t bytes, memory_bytes;
  const rn_bytes *covers; /* nodes that a claim, or what was recorded together, stands for */
} rn_span;

/* Calls visit for each span, by begin. own: borrowed for the call. visit's failure ends the reading and is returned.
 * err DATA_LOSS: not run metadata */
RN_API rn_status *rn_timeline_read(const void *run_metadata, size_t size,
                                   rn_status *(*visit)(void *arg, const rn_span *s), void *arg);
RN_API const char *rn_timeline_kind(uint32_t kind); /* "copy to device"; static */
#ifdef __cplusplus
}
#endif
#endif
