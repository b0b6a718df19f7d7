/* device_queue_case.c - a device's timelines, recordings and launches: order (frontends/conform). */
#include <time.h>
#include "device.h"

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

/* Without timeline_query the timeline is believed to be where it should be. */
static verdict query(device_opened *o, rn_timeline *t, uint64_t believed, uint64_t *out) {
  *out = believed;
  return o->d->timeline_query == NULL ? PASSED
                                      : fail_status(o->k, "timeline_query", o->d->timeline_query(o->handle, t, out));
}

static verdict check_timeline(device_opened *o, rn_timeline *t) {
  uint64_t value = 99;
  const rn_device_def *d = o->d;
  verdict v = query(o, t, 0, &value);
  if (v == PASSED && value != 0) v = fail(o->k, "a new timeline is at %llu, not at 0", (unsigned long long)value);
  if (v != PASSED) return v;
  uint64_t from = now_ns();
  doing(o->k, "timeline_wait for a value that does not come, 20 ms, on device '%s'", d->type);
  rn_status *s = d->timeline_wait(o->handle, (rn_point){t, 1}, 20000000);
  uint64_t took = now_ns() - from;
  if (s == NULL) v = fail(o->k, "waiting for a value that was not signalled succeeds");
  if (s != NULL && rn_status_code(s) != RN_DEADLINE_EXCEEDED)
    v = fail(o->k, "a wait that times out says %s (%s), not DEADLINE_EXCEEDED", rn_status_code_name(rn_status_code(s)),
             rn_status_message(s));
  rn_status_free(s);
  if (v == PASSED && took > 3 * SECOND_NS) v = fail(o->k, "a wait of 20 ms took %.1f s", (double)took / 1e9);
  if (v != PASSED || d->timeline_signal == NULL) return v;
  for (uint64_t i = 1; i <= 5 && v == PASSED; i += 2) {
    doing(o->k, "timeline_signal on device '%s'", d->type);
    v = fail_status(o->k, "timeline_signal", d->timeline_signal(o->handle, t, i));
    if (v == PASSED)
      v = fail_status(o->k, "timeline_wait for a value that was signalled",
                      d->timeline_wait(o->handle, (rn_point){t, i}, SECOND_NS));
    if (v == PASSED) v = query(o, t, i, &value);
    if (v == PASSED && value != i)
      v = fail(o->k, "after signal %llu the timeline is at %llu", (unsigned long long)i, (unsigned long long)value);
  }
  return v;
}

/* A copy that waits for what the host signals later. */
static verdict check_order(device_opened *o) {
  const rn_device_def *d = o->d;
  rn_timeline *gate = NULL, *end = NULL;
  rn_mem *m = NULL;
  unsigned char bytes[64], back[64] = {0};
  rn_region r = {0, 0, sizeof bytes};
  verdict v = fail_status(o->k, "alloc", d->alloc(o->handle, sizeof bytes, &m));
  if (v == PASSED) v = fail_status(o->k, "timeline_create", d->timeline_create(o->handle, &gate));
  if (v == PASSED) v = fail_status(o->k, "timeline_create", d->timeline_create(o->handle, &end));
  rn_point at_gate = {gate, 1}, at_end = {end, 1};
  rn_points wait = {&at_gate, 1, 0}, signal = {&at_end, 1, 0};
  rn_copy c = {(uint32_t)sizeof c, 1, m, NULL, bytes, &r};
  device_pattern(bytes, sizeof bytes, 3);
  doing(o->k, "a copy that waits for a point the host signals, on device '%s'", d->type);
  if (v == PASSED) v = fail_status(o->k, "a copy that waits", d->copy(o->handle, o->queue, wait, signal, &c));
  if (v == PASSED && d->flush != NULL) v = fail_status(o->k, "flush", d->flush(o->handle, o->queue));
  if (v == PASSED) {
    rn_status *s = d->timeline_wait(o->handle, at_end, 20000000);
    if (s == NULL) v = fail(o->k, "a copy did not wait for its point");
    rn_status_free(s);
  }
  if (gate != NULL) {
    verdict opened_ = fail_status(o->k, "timeline_signal", d->timeline_signal(o->handle, gate, 1));
    if (v == PASSED) v = opened_;
  }
  if (v == PASSED)
    v = fail_status(o->k, "a copy whose point was signalled does not end",
                    d->timeline_wait(o->handle, at_end, 5 * SECOND_NS));
  if (v == PASSED) v = fail_status(o->k, "a copy", device_copy(o, NULL, m, back, &r, 1));
  if (v == PASSED && memcmp(bytes, back, sizeof bytes) != 0) v = fail(o->k, "a copy that waited gave other bytes");
  if (gate != NULL) d->timeline_destroy(o->handle, gate);
  if (end != NULL) d->timeline_destroy(o->handle, end);
  if (m != NULL) d->release(o->handle, m);
  return v;
}

verdict device_timelines(kit *k, const kit_case *c) {
  device_opened o;
  rn_timeline *t = NULL;
  verdict v = device_begin(k, c, &o);
  if (v == PASSED && o.queue == NULL) v = skip(k, "it is synchronous");
  if (v == PASSED) v = fail_status(k, "timeline_create", o.d->timeline_create(o.handle, &t));
  if (v == PASSED) v = check_timeline(&o, t);
  if (t != NULL) o.d->timeline_destroy(o.handle, t);
  if (v == PASSED && o.d->timeline_signal != NULL) v = check_order(&o);
  return device_end(&o, v);
}

/* ------------------------------------------------------------------------------- recording, launching */
/* What is recorded is up to the kernels, which sessions try; here a recording of nothing, replayed. */
static rn_status *record_nothing(device_opened *o, rn_recording **out) {
  RN_TRY(o->d->record_begin(o->handle, o->queue));
  return o->d->record_end(o->handle, o->queue, out);
}

static verdict replay(device_opened *o, rn_recording *r, rn_timeline *t, uint64_t value) {
  rn_point before = {t, value - 1}, at = {t, value};
  rn_points wait = {&before, value > 1, 0}, signal = {&at, 1, 0};
  doing(o->k, "replay number %llu on device '%s'", (unsigned long long)value, o->d->type);
  verdict v = fail_status(o->k, "replay", o->d->replay(o->handle, o->queue, r, wait, signal));
  if (v == PASSED && o->d->flush != NULL) v = fail_status(o->k, "flush", o->d->flush(o->handle, o->queue));
  if (v == PASSED)
    v = fail_status(o->k, "a replay does not signal its point", o->d->timeline_wait(o->handle, at, 5 * SECOND_NS));
  return v;
}

verdict device_recording(kit *k, const kit_case *c) {
  device_opened o;
  rn_timeline *t = NULL;
  rn_recording *r = NULL;
  verdict v = device_begin(k, c, &o);
  if (v == PASSED && (o.info.features & RN_DEVICE_RECORDS) == 0) v = skip(k, "it does not record");
  if (v == PASSED) v = fail_status(k, "timeline_create", o.d->timeline_create(o.handle, &t));
  doing(k, "record_begin and record_end");
  if (v == PASSED) v = fail_status(k, "recording nothing", record_nothing(&o, &r));
  for (uint64_t i = 1; i <= 3 && v == PASSED; i++) v = replay(&o, r, t, i);
  if (r != NULL) o.d->recording_destroy(o.handle, r);
  if (t != NULL) o.d->timeline_destroy(o.handle, t);
  return device_end(&o, v);
}

typedef struct work {
  _Atomic uint32_t *count;
  uint32_t seen;
} work;
static void do_work(void *arg) {
  work *w = arg;
  w->seen = ++*w->count;
}

/* What is launched on one queue runs once, in order, before its point. */
verdict device_launches(kit *k, const kit_case *c) {
  enum { N = 16 };
  device_opened o;
  _Atomic uint32_t count = 0;
  work w[N];
  rn_timeline *t = NULL;
  verdict v = device_begin(k, c, &o);
  if (v == PASSED && o.d->launch == NULL) v = skip(k, "it has no launch");
  if (v == PASSED && o.queue == NULL) v = skip(k, "it is synchronous");
  if (v == PASSED) v = fail_status(k, "timeline_create", o.d->timeline_create(o.handle, &t));
  for (uint32_t i = 0; i < N && v == PASSED; i++) {
    rn_point at = {t, i + 1};
    rn_points signal = {&at, 1, 0}, none = {NULL, 0, 0};
    w[i] = (work){&count, 0};
    doing(k, "launch number %u on device '%s'", i + 1, o.d->type);
    v = fail_status(k, "launch", o.d->launch(o.handle, o.queue, none, signal, "node", do_work, &w[i]));
  }
  if (v == PASSED && o.d->flush != NULL) v = fail_status(k, "flush", o.d->flush(o.handle, o.queue));
  if (v == PASSED)
    v = fail_status(k, "what was launched does not end", o.d->timeline_wait(o.handle, (rn_point){t, N}, 5 * SECOND_NS));
  for (uint32_t i = 0; i < N && v == PASSED; i++)
    if (w[i].seen != i + 1) v = fail(k, "launch %u ran as number %u, or not at all", i + 1, w[i].seen);
  if (v == PASSED && count != N) v = fail(k, "%u launches ran %u times", N, count);
  if (o.is_open && o.d->drain != NULL) rn_status_free(o.d->drain(o.handle, SECOND_NS));
  if (t != NULL) o.d->timeline_destroy(o.handle, t);
  return device_end(&o, v);
}
