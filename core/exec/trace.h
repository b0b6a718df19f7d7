/* exec/trace.h - what the files on traces share (core/exec).
 *
 * Events are gathered under a lock while the step runs, and handed to the listener after it, by begin. When there is no
 * room events are lost, never the step. Nothing here is called without a run's `trace`. */
#ifndef RN_EXEC_TRACE_H
#define RN_EXEC_TRACE_H
#include "exec/exec.h"

enum { TRACE_MOST = 1u << 20 }; /* events of a step: a loop may run for ever */

typedef struct traced {
  rn_trace_event e;
  rn_dtype dtype; /* of output 0; RN_INVALID: there is none */
  rn_shape shape;
} traced;
typedef struct trace_scope {
  struct trace_scope *next;
  const char *outer, *node, *text;
} trace_scope;
typedef struct trace_alive { /* of a layout: functions are called again and again */
  struct trace_alive *next;
  const exec_layout *layout;
  uint32_t n_order;
  uint64_t *bytes; /* per position */
} trace_alive;
struct exec_trace {
  pthread_mutex_t lock;
  rn_arena memory;
  traced *event;
  uint32_t count, capacity;
  uint64_t lost, begin_ns;
  int all; /* RN_RUN_TRACE_ALL */
  trace_scope *scopes;
  trace_alive *alive;
  _Atomic uint32_t queues; /* numbered so far */
};

/* The event of a node: all but its times. on_device: as its device sees it, not the host that hands it over. */
traced exec_trace_describe(const exec_call *c, int on_device);
void exec_trace_put(exec_trace *t, const traced *e);
void *exec_trace_alloc(exec_trace *t, size_t count, size_t size_bytes); /* until the step is over; NULL: no memory */
const char *exec_trace_keep(exec_trace *t, const char *text);           /* "" without memory */
/* trace_memory.c: per position, the bytes of all values on its node's device that must be kept while it runs. */
void exec_trace_alive(exec_instance *x);
#endif
