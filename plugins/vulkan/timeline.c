/* timeline.c - timelines are timeline semaphores (plugins/vulkan).
 *
 * A value counts as reached when the semaphore has it and the bytes that go back to the host are there. */
#include <time.h>
#include "vulkan.h"

rn_status *gpu_timeline_create(void *device, rn_timeline **out) {
  gpu_device *d = device;
  rn_timeline *t = gpu_zero(sizeof *t);
  if (t == NULL) return gpu_no_memory("a timeline");
  VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
  VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
  rn_status *s = gpu_check(d, d->vk->CreateSemaphore(d->handle, &info, NULL, &t->semaphore), "vkCreateSemaphore");
  if (s != NULL)
    gpu_free(t);
  else
    *out = t;
  return s;
}

static rn_status *wait_semaphore(gpu_device *d, VkSemaphore semaphore, uint64_t value, uint64_t timeout_ns) {
  VkSemaphoreWaitInfo wait = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                              .semaphoreCount = 1,
                              .pSemaphores = &semaphore,
                              .pValues = &value};
  VkResult r = d->vk->WaitSemaphores(d->handle, &wait, timeout_ns);
  if (r == VK_TIMEOUT)
    return rn_error(gpu_host, RN_DEADLINE_EXCEEDED, "value %llu is not reached yet", (unsigned long long)value);
  return gpu_check(d, r, "vkWaitSemaphores");
}

/* The last submission that signals a value of at least `least`, 0: none is under way. d->lock is held. */
static uint64_t submission_of(const gpu_device *d, const rn_timeline *t, uint64_t least, int any) {
  uint64_t serial = 0;
  for (const gpu_batch *b = d->flying; b != NULL; b = b->next)
    for (uint32_t k = 0; k < b->n_signal; k++) {
      if (b->signal[k].timeline != t || b->signal[k].value < least) continue;
      serial = b->serial;
      if (any) return serial;
    }
  return serial;
}

/* Submissions that signal it may still run. */
void gpu_timeline_destroy(void *device, rn_timeline *t) {
  gpu_device *d = device;
  if (t == NULL) return;
  (void)pthread_mutex_lock(&d->lock);
  uint64_t last = submission_of(d, t, 0, 0);
  (void)pthread_mutex_unlock(&d->lock);
  if (last != 0 && !d->lost) gpu_host->status_free(wait_semaphore(d, d->progress, last, 10000000000u));
  (void)pthread_mutex_lock(&d->lock);
  gpu_host->status_free(gpu_retire(d));
  (void)pthread_mutex_unlock(&d->lock);
  d->vk->DestroySemaphore(d->handle, t->semaphore, NULL);
  gpu_free(t);
}

rn_status *gpu_timeline_query(void *device, rn_timeline *t, uint64_t *out) {
  gpu_device *d = device;
  (void)pthread_mutex_lock(&d->lock);
  rn_status *s = d->lost ? gpu_lost(d) : NULL;
  if (s == NULL) s = gpu_check(d, d->vk->GetSemaphoreCounterValue(d->handle, t->semaphore, out), "a semaphore's value");
  if (s == NULL) s = gpu_retire(d);
  for (const gpu_batch *b = d->flying; b != NULL && s == NULL; b = b->next)
    for (uint32_t k = 0; k < b->n_signal; k++)
      if (b->signal[k].timeline == t && b->signal[k].value <= *out) *out = b->signal[k].value - 1;
  (void)pthread_mutex_unlock(&d->lock);
  return s;
}

static struct timespec deadline_in(uint64_t timeout_ns) {
  struct timespec at;
  (void)clock_gettime(CLOCK_MONOTONIC, &at);
  if (timeout_ns > 1000000000000000u) timeout_ns = 1000000000000000u; /* ten days */
  uint64_t ns = (uint64_t)at.tv_nsec + timeout_ns;
  at.tv_sec += (time_t)(ns / 1000000000u);
  at.tv_nsec = (long)(ns % 1000000000u);
  return at;
}

/* Until somebody has submitted what signals the value. d->lock is held. */
static rn_status *wait_submitted(gpu_device *d, const rn_point *p, const struct timespec *deadline) {
  while (p->timeline->submitted < p->value) {
    if (d->lost) return gpu_lost(d);
    if (pthread_cond_timedwait(&d->moved, &d->lock, deadline) != 0 && p->timeline->submitted < p->value)
      return rn_error(gpu_host, RN_DEADLINE_EXCEEDED, "value %llu is not submitted yet", (unsigned long long)p->value);
  }
  return d->lost ? gpu_lost(d) : NULL;
}

rn_status *gpu_timeline_wait(void *device, rn_point p, uint64_t timeout_ns) {
  gpu_device *d = device;
  struct timespec deadline = deadline_in(timeout_ns), now;
  (void)pthread_mutex_lock(&d->lock);
  rn_status *s = wait_submitted(d, &p, &deadline);
  uint64_t submission = submission_of(d, p.timeline, p.value, 1);
  (void)pthread_mutex_unlock(&d->lock);
  if (s != NULL) return s;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t left = (int64_t)(deadline.tv_sec - now.tv_sec) * 1000000000 + (deadline.tv_nsec - now.tv_nsec);
  uint64_t rest = left > 0 ? (uint64_t)left : 0;
  if (submission != 0) /* done as a whole, so that retire sees it */
    RN_TRY(wait_semaphore(d, d->progress, submission, rest));
  else
    RN_TRY(wait_semaphore(d, p.timeline->semaphore, p.value, rest));
  (void)pthread_mutex_lock(&d->lock);
  s = gpu_retire(d);
  (void)pthread_mutex_unlock(&d->lock);
  return s;
}

rn_status *gpu_timeline_signal(void *device, rn_timeline *t, uint64_t value) {
  gpu_device *d = device;
  VkSemaphoreSignalInfo info = {
      .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = t->semaphore, .value = value};
  (void)pthread_mutex_lock(&d->lock);
  rn_status *s = d->lost ? gpu_lost(d) : NULL;
  if (s == NULL) s = gpu_check(d, d->vk->SignalSemaphore(d->handle, &info), "vkSignalSemaphore");
  if (s == NULL && t->submitted < value) t->submitted = value;
  if (s == NULL) s = gpu_submit_ready(d);
  (void)pthread_cond_broadcast(&d->moved);
  (void)pthread_mutex_unlock(&d->lock);
  return s;
}
