/* queue.c - the host's queues: recordings, replays and what runs once (plugins/vulkan).
 *
 * Nothing is submitted before a flush, so a step's uploads, its replayed recording and the kernels beside
 * it are one vkQueueSubmit. A wait for what this queue itself has pending costs nothing: order does it. */
#include "vulkan.h"

rn_status *gpu_queue_create(void *device, rn_queue **out) {
  gpu_device *d = device;
  rn_queue *q = gpu_zero(sizeof *q);
  if (q == NULL) return gpu_no_memory("a queue");
  q->d = d;
  (void)pthread_mutex_lock(&d->lock);
  q->next = d->queues;
  d->queues = q;
  (void)pthread_mutex_unlock(&d->lock);
  *out = q;
  return NULL;
}

void gpu_queue_destroy(void *device, rn_queue *q) {
  gpu_device *d = device;
  if (q == NULL) return;
  (void)pthread_mutex_lock(&d->lock);
  for (rn_queue **at = &d->queues; *at != NULL; at = &(*at)->next)
    if (*at == q) {
      *at = q->next;
      break;
    }
  while (q->first != NULL) { /* never flushed: nobody waits for it */
    gpu_batch *b = q->first;
    q->first = b->next;
    if (b->open != NULL) gpu_host->status_free(gpu_batch_close(b));
    gpu_batch_drop(d, b);
  }
  for (gpu_batch *b = d->flying; b != NULL; b = b->next)
    if (b->queue == q) b->queue = NULL;
  (void)pthread_mutex_unlock(&d->lock);
  gpu_commands_destroy(q->recording);
  gpu_trace_drop(q);
  gpu_free(q);
}

rn_status *gpu_flush(void *device, rn_queue *q) {
  gpu_device *d = device;
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&d->lock);
  for (gpu_batch *b = q->first; b != NULL; b = b->next) b->ready = 1;
  if (d->lost) s = gpu_lost(d);
  if (s == NULL) s = gpu_submit_ready(d);
  (void)pthread_mutex_unlock(&d->lock);
  return s;
}

/* ------------------------------------------------------------------------------- filling the last batch */
static int is_open_wait(const rn_queue *q, const rn_point *p) {
  const rn_timeline *t = p->timeline;
  return t->submitted < p->value && !(t->owner == q && t->pending >= p->value);
}

static rn_status *begin(rn_queue *q, rn_points wait) {
  gpu_batch *b;
  int open = 0;
  if (q->d->lost) return gpu_lost(q->d);
  for (uint32_t k = 0; k < wait.count; k++) open |= is_open_wait(q, &wait.items[k]);
  RN_TRY(gpu_batch_last(q, open && q->last != NULL && q->last->n_buffer != 0, &b));
  for (uint32_t k = 0; k < wait.count && open; k++) {
    RN_TRY(gpu_grow(&b->wait, b->n_wait, &b->cap_wait, sizeof *b->wait));
    b->wait[b->n_wait++] = wait.items[k];
  }
  return NULL;
}

static rn_status *add_signal(gpu_batch *b, const rn_point *p) {
  p->timeline->owner = b->queue;
  p->timeline->pending = p->value;
  for (uint32_t k = 0; k < b->n_signal; k++)
    if (b->signal[k].timeline == p->timeline) {
      if (b->signal[k].value < p->value) b->signal[k].value = p->value;
      return NULL;
    }
  if (b->n_signal == MOST_SIGNALS)
    return rn_error(gpu_host, RN_INVALID_ARGUMENT, "one operation signals more than %d timelines", MOST_SIGNALS);
  RN_TRY(gpu_grow(&b->signal, b->n_signal, &b->cap_signal, sizeof *b->signal));
  b->signal[b->n_signal++] = *p;
  return NULL;
}

static rn_status *finish(rn_queue *q, rn_points signal) {
  for (uint32_t k = 0; k < signal.count; k++) RN_TRY(add_signal(q->last, &signal.items[k]));
  return NULL;
}

rn_status *gpu_begin(rn_queue *q, rn_points wait) {
  if (q->recording != NULL) return NULL;
  (void)pthread_mutex_lock(&q->d->lock);
  rn_status *s = begin(q, wait);
  (void)pthread_mutex_unlock(&q->d->lock);
  return s;
}

rn_status *gpu_finish(rn_queue *q, rn_points signal) {
  if (q->recording != NULL) return NULL;
  (void)pthread_mutex_lock(&q->d->lock);
  rn_status *s = finish(q, signal);
  (void)pthread_mutex_unlock(&q->d->lock);
  return s;
}

static rn_status *new_oneshot(gpu_device *d, gpu_batch *b) {
  gpu_commands *c = d->spare;
  RN_TRY(gpu_grow(&b->oneshot, b->n_oneshot, &b->cap_oneshot, sizeof(gpu_commands *)));
  if (c == NULL) {
    RN_TRY(gpu_retire(d));
    c = d->spare;
  }
  if (c != NULL)
    d->spare = c->next;
  else
    RN_TRY(gpu_commands_create(d, &c));
  b->oneshot[b->n_oneshot++] = c;
  RN_TRY(gpu_commands_begin(c, 1));
  b->open = c;
  return gpu_batch_add(b, c->buffer);
}

rn_status *gpu_target(rn_queue *q, gpu_commands **out) {
  rn_status *s = NULL;
  *out = q->recording;
  if (*out == NULL) {
    (void)pthread_mutex_lock(&q->d->lock);
    if (q->last->open == NULL) s = new_oneshot(q->d, q->last);
    *out = q->last->open;
    (void)pthread_mutex_unlock(&q->d->lock);
  }
  return s == NULL && q->trace != NULL ? gpu_trace_enter(q->trace, *out) : s;
}

/* ----------------------------------------------------------------------------------------- recordings */
rn_status *gpu_record_begin(void *device, rn_queue *q) {
  gpu_device *d = device;
  if (d->lost) return gpu_lost(d);
  if (q->recording != NULL) return gpu_host->status(RN_FAILED_PRECONDITION, "the queue is recording already");
  RN_TRY(gpu_commands_create(d, &q->recording));
  return gpu_commands_begin(q->recording, 0);
}

rn_status *gpu_record_end(void *device, rn_queue *q, rn_recording **out) {
  gpu_device *d = device;
  gpu_commands *c = q->recording;
  q->recording = NULL;
  if (c == NULL) return gpu_host->status(RN_FAILED_PRECONDITION, "the queue is not recording");
  rn_status *s = gpu_commands_end(c, 0);
  rn_recording *r = s == NULL ? gpu_zero(sizeof *r) : NULL;
  if (s == NULL && r == NULL) s = gpu_no_memory("a recording");
  if (s != NULL) {
    gpu_commands_destroy(c);
    return s;
  }
  r->commands = c;
  (void)pthread_mutex_lock(&d->lock);
  d->counts.recordings++;
  (void)pthread_mutex_unlock(&d->lock);
  *out = r;
  return NULL;
}

static rn_status *replay(gpu_device *d, rn_queue *q, const gpu_commands *c, rn_points wait, rn_points signal) {
  RN_TRY(begin(q, wait));
  RN_TRY(gpu_batch_close(q->last));
  RN_TRY(gpu_batch_add(q->last, c->buffer));
  d->counts.replays++;
  d->counts.dispatches += c->dispatches;
  d->counts.barriers += c->barriers;
  d->counts.copies += c->copies;
  return finish(q, signal);
}

rn_status *gpu_replay(void *device, rn_queue *q, rn_recording *r, rn_points wait, rn_points signal) {
  gpu_device *d = device;
  (void)pthread_mutex_lock(&d->lock);
  rn_status *s = replay(d, q, r->commands, wait, signal);
  (void)pthread_mutex_unlock(&d->lock);
  return s;
}

void gpu_recording_destroy(void *device, rn_recording *r) {
  (void)device;
  if (r == NULL) return;
  gpu_commands_destroy(r->commands);
  gpu_free(r);
}
