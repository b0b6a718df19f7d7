/* exec/trace.c - who ran when (core/exec).
 *
 * Events are gathered under a lock while the step runs and handed to the listener after it, by begin.
 * When memory is out events are lost, never the step. */
#include <stdlib.h>
#include "exec/exec.h"

struct exec_trace {
  pthread_mutex_t lock;
  rn_trace_event *events;
  uint32_t count, capacity;
};

static uint32_t thread_number(void) {
  static _Atomic uint32_t last;
  static _Thread_local uint32_t mine;
  if (mine == 0) mine = atomic_fetch_add(&last, 1) + 1;
  return mine;
}

rn_status *exec_trace_begin(exec_run *r) {
  r->trace = rn_mem_zero(1, sizeof *r->trace);
  if (r->trace == NULL) return exec_out_of_memory("a trace");
  (void)pthread_mutex_init(&r->trace->lock, NULL);
  return NULL;
}

static int has_room(exec_trace *t) {
  if (t->count < t->capacity) return 1;
  uint32_t wanted = t->capacity * 2 + 256;
  rn_trace_event *grown = rn_mem_grow(t->events, wanted, sizeof *grown);
  if (grown == NULL) return 0;
  t->events = grown;
  t->capacity = wanted;
  return 1;
}

void exec_trace_add(exec_run *r, const exec_plan *p, uint32_t node, uint64_t begin_ns, uint64_t end_ns) {
  const exec_node *n = &p->node[node];
  exec_trace *t = r->trace;
  rn_trace_event e = {rn_graph_name(p->graph, n->id),
                      rn_graph_op(p->graph, n->id),
                      n->device != NULL ? n->device->full_name : "",
                      n->kernel != NULL && n->kernel->def->label != NULL ? n->kernel->def->label : "",
                      begin_ns,
                      end_ns,
                      r->correlation | node,
                      thread_number()};
  (void)pthread_mutex_lock(&t->lock);
  if (has_room(t)) t->events[t->count++] = e;
  (void)pthread_mutex_unlock(&t->lock);
}

static int by_begin(const void *a, const void *b) {
  const rn_trace_event *x = a, *y = b;
  if (x->begin_ns != y->begin_ns) return x->begin_ns < y->begin_ns ? -1 : 1;
  return x->correlation < y->correlation ? -1 : x->correlation > y->correlation;
}

void exec_trace_end(exec_run *r) {
  exec_trace *t = r->trace;
  if (t == NULL) return;
  if (t->count > 1) qsort(t->events, t->count, sizeof *t->events, by_begin);
  for (uint32_t i = 0; i < t->count; i++) r->options->trace(r->options->trace_arg, &t->events[i]);
  (void)pthread_mutex_destroy(&t->lock);
  rn_mem_free(t->events);
  rn_mem_free(t);
  r->trace = NULL;
}
