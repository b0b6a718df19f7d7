/* exec/validate_queue.c - queues, timelines, recordings and launches of a checked device (core/exec). */
#include <stdio.h>
#include "exec/validate_device.h"

#define LAUNCHES 1024u

typedef struct launched {
  void (*work)(void *arg);
  void *arg;
  rn_validator *plugin;
  char what[220];
  _Atomic uint32_t calls;
} launched;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static launched *ring[LAUNCHES];
static size_t next_launch;

static void enter(const device_watch *w, rn_scope *s, const char *what) { rn_scope_enter(s, w->plugin, what, NULL); }
static void leave(rn_scope *s) { rn_status_free(rn_scope_leave(s, NULL)); }

/* ------------------------------------------------------------------------- queues and timelines */
static rn_status *queue_create(void *device, rn_queue **out) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  *out = NULL;
  enter(w, &scope, "queue_create");
  rn_status *s = w->real->queue_create(device, out);
  if (s == NULL && *out == NULL) device_say(w, "queue_create succeeded and returned nothing", NULL);
  if (s == NULL && *out != NULL) (void)device_hold(w, &w->queues, *out);
  return rn_scope_leave(&scope, s);
}

static void see_value(device_watch *w, const rn_timeline *t, uint64_t value) {
  device_held *h = device_find(w, &w->timelines, t);
  if (h != NULL && value < h->seen)
    rn_violation_here(w->plugin, "device %s: a timeline went back from %llu to %llu", w->name,
                      (unsigned long long)h->seen, (unsigned long long)value);
  if (h != NULL && value > h->seen) h->seen = value;
}

static void queue_destroy(void *device, rn_queue *q) {
  rn_scope scope;
  uint64_t now;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "queue_destroy");
  const device_held *h = device_find(w, &w->queues, q);
  int asks = h != NULL && h->last.timeline != NULL && w->real->timeline_query != NULL &&
             device_find(w, &w->timelines, h->last.timeline) != NULL;
  rn_status *s = asks ? w->real->timeline_query(device, h->last.timeline, &now) : NULL;
  if (asks && s == NULL && now < h->last.value) device_say(w, "the host destroys a queue that is at work", q);
  rn_status_free(s);
  (void)device_take(w, &w->queues, q);
  w->real->queue_destroy(device, q);
  leave(&scope);
}

static rn_status *timeline_create(void *device, rn_timeline **out) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  *out = NULL;
  enter(w, &scope, "timeline_create");
  rn_status *s = w->real->timeline_create(device, out);
  if (s == NULL && *out == NULL) device_say(w, "timeline_create succeeded and returned nothing", NULL);
  if (s == NULL && *out != NULL) (void)device_hold(w, &w->timelines, *out);
  return rn_scope_leave(&scope, s);
}

static void timeline_destroy(void *device, rn_timeline *t) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "timeline_destroy");
  (void)device_take(w, &w->timelines, t);
  w->real->timeline_destroy(device, t);
  leave(&scope);
}

static rn_status *timeline_query(void *device, rn_timeline *t, uint64_t *out) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "timeline_query");
  rn_status *s = w->real->timeline_query(device, t, out);
  if (s == NULL) see_value(w, t, *out);
  return rn_scope_leave(&scope, s);
}

static rn_status *timeline_wait(void *device, rn_point p, uint64_t timeout_ns) {
  rn_scope scope;
  uint64_t now = 0;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "timeline_wait");
  rn_status *s = w->real->timeline_wait(device, p, timeout_ns);
  if (s == NULL && w->real->timeline_query != NULL) {
    rn_status *failed = w->real->timeline_query(device, p.timeline, &now);
    if (failed == NULL) see_value(w, p.timeline, now);
    if (failed == NULL && now < p.value)
      rn_violation_here(w->plugin, "device %s: timeline_wait for %llu succeeded, but the timeline is at %llu", w->name,
                        (unsigned long long)p.value, (unsigned long long)now);
    rn_status_free(failed);
  }
  return rn_scope_leave(&scope, s);
}

/* ------------------------------------------------------------------------ recordings, launches */
static rn_status *record_end(void *device, rn_queue *q, rn_recording **out) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  *out = NULL;
  enter(w, &scope, "record_end");
  rn_status *s = w->real->record_end(device, q, out);
  if (s == NULL && *out == NULL) device_say(w, "record_end succeeded and returned nothing", NULL);
  if (s == NULL && *out != NULL) (void)device_hold(w, &w->recordings, *out);
  return rn_scope_leave(&scope, s);
}

static rn_status *replay(void *device, rn_queue *q, rn_recording *r, rn_points wait, rn_points signal) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "replay");
  rn_status *s = w->real->replay(device, q, r, wait, signal);
  if (s == NULL) device_note_signals(w, q, signal);
  return rn_scope_leave(&scope, s);
}

static void recording_destroy(void *device, rn_recording *r) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  enter(w, &scope, "recording_destroy");
  if (!device_take(w, &w->recordings, r)) device_say(w, "the host destroys a recording that is not there", r);
  w->real->recording_destroy(device, r);
  leave(&scope);
}

static void work_once(void *arg) {
  launched *l = arg;
  if (atomic_fetch_add(&l->calls, 1) == 0)
    l->work(l->arg);
  else
    rn_violation(l->plugin, l->what, NULL, "launch calls the work it was given a second time");
}

/* Kept for a while after it was called, for the second call. */
static launched *new_launch(const device_watch *w, const char *name, void (*work)(void *arg), void *arg) {
  launched *l = rn_mem_zero(1, sizeof *l);
  if (l == NULL) return NULL;
  l->work = work;
  l->arg = arg;
  l->plugin = w->plugin;
  (void)snprintf(l->what, sizeof l->what, "device %s, node '%.60s'", w->name, name);
  (void)pthread_mutex_lock(&guard);
  launched **at = &ring[next_launch++ % LAUNCHES];
  launched *old = *at;
  int keeps = old != NULL && atomic_load(&old->calls) == 0; /* still to come: it stays, unwatched */
  *at = l;
  (void)pthread_mutex_unlock(&guard);
  if (!keeps) rn_mem_free(old);
  return l;
}

static rn_status *launch(void *device, rn_queue *q, rn_points wait, rn_points signal, const char *name,
                         void (*work)(void *arg), void *arg) {
  rn_scope scope;
  device_watch *w = device_watch_of(device);
  launched *l = new_launch(w, name, work, arg);
  if (l == NULL) return exec_out_of_memory("a checked launch");
  enter(w, &scope, "launch");
  rn_status *s = w->real->launch(device, q, wait, signal, name, work_once, l);
  if (s == NULL) device_note_signals(w, q, signal);
  if (s != NULL) atomic_store(&l->calls, 1);
  return rn_scope_leave(&scope, s);
}

void device_watch_queues(rn_device_def *d) {
  if (d->queue_create != NULL) d->queue_create = queue_create;
  if (d->queue_destroy != NULL) d->queue_destroy = queue_destroy;
  if (d->timeline_create != NULL) d->timeline_create = timeline_create;
  if (d->timeline_destroy != NULL) d->timeline_destroy = timeline_destroy;
  if (d->timeline_query != NULL) d->timeline_query = timeline_query;
  if (d->timeline_wait != NULL) d->timeline_wait = timeline_wait;
  if (d->record_end != NULL) d->record_end = record_end;
  if (d->replay != NULL) d->replay = replay;
  if (d->recording_destroy != NULL) d->recording_destroy = recording_destroy;
  if (d->launch != NULL) d->launch = launch;
}
