/* trace.c - the simulated time of programs, for traces (plugins/tpu).
 *
 * Where the simulator ran a program the host knows how long that took; here is how long the machine would have
 * taken. It stands in a row of its own, from when the program began, for it is another clock. Several steps may be
 * traced at once: each gets all spans, and knows its own by their numbers. */
#include "trace.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t tpu_trace_now(const tpu_device *d) {
  struct timespec t;
  if (d == NULL || atomic_load_explicit(&d->traced, memory_order_relaxed) == 0) return 0;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int make_room(tpu_device *d) {
  if (d->n_ran < d->cap_ran) return 1;
  uint32_t wanted = d->cap_ran * 2 + 64;
  tpu_ran *more = d->host->alloc(d->host->ctx, wanted * sizeof *more, 16);
  if (more == NULL) return 0;
  if (d->n_ran != 0) memcpy(more, d->ran, d->n_ran * sizeof *more);
  if (d->ran != NULL) d->host->free(d->host->ctx, d->ran);
  d->ran = more;
  d->cap_ran = wanted;
  return 1;
}

void tpu_trace_add(tpu_device *d, uint64_t begin_ns, uint64_t correlation, const tpu_counters *c) {
  if (begin_ns == 0) return;
  tpu_ran r = {correlation, begin_ns, begin_ns + (uint64_t)(c->seconds * 1e9), ""};
  double active = c->cycles != 0 ? 100.0 * (double)c->active / (double)c->cycles : 0;
  (void)snprintf(r.name, sizeof r.name, "%llu cycles, array active %.0f %%", (unsigned long long)c->cycles, active);
  (void)pthread_mutex_lock(&d->guard);
  if (atomic_load(&d->traced) != 0 && make_room(d)) d->ran[d->n_ran++] = r;
  (void)pthread_mutex_unlock(&d->guard);
}

static rn_status *begin(void *device, rn_queue *q) {
  tpu_device *d = device;
  (void)q;
  (void)atomic_fetch_add(&d->traced, 1);
  return NULL;
}

static void forget(tpu_device *d) {
  if (d->ran != NULL) d->host->free(d->host->ctx, d->ran);
  d->ran = NULL;
  d->n_ran = d->cap_ran = 0;
}

static rn_status *end(void *device, rn_queue *q, void (*put)(void *arg, const rn_device_span *s), void *arg) {
  tpu_device *d = device;
  (void)q;
  (void)pthread_mutex_lock(&d->guard);
  for (uint32_t i = 0; i < d->n_ran; i++) {
    const tpu_ran *r = &d->ran[i];
    rn_device_span s = {(uint32_t)sizeof s, 0, r->correlation, r->begin_ns, r->end_ns, r->name, "simulated machine"};
    put(arg, &s);
  }
  if (atomic_fetch_sub(&d->traced, 1) == 1) forget(d);
  (void)pthread_mutex_unlock(&d->guard);
  return NULL;
}

const rn_device_trace tpu_trace = {.struct_size = (uint32_t)sizeof(rn_device_trace), .begin = begin, .end = end};
