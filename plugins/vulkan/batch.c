/* batch.c - what is submitted together, and what happens when it is done (plugins/vulkan).
 *
 * A batch goes to the VkQueue when it was flushed and every point it waits for has been submitted or
 * signalled: from then on the queue's own order holds. Done batches hand their bytes to the host, and their
 * command buffers are used again. All of it under the device's lock. */
#include "vulkan.h"

rn_status *gpu_batch_last(rn_queue *q, int fresh, gpu_batch **out) {
  gpu_device *d = q->d;
  gpu_batch *b = q->last;
  if (b == NULL || fresh || b->ready || b->n_readback != 0 || b->n_signal >= MOST_SIGNALS) {
    if (b != NULL) RN_TRY(gpu_batch_close(b));
    b = d->spare_batches;
    if (b != NULL)
      d->spare_batches = b->next;
    else if ((b = gpu_zero(sizeof *b)) == NULL)
      return gpu_no_memory("a batch");
    b->next = NULL;
    b->queue = q;
    b->ready = 0;
    b->open = NULL;
    b->n_buffer = b->n_oneshot = b->n_wait = b->n_signal = b->n_readback = 0;
    *(q->last != NULL ? &q->last->next : &q->first) = b;
    q->last = b;
  }
  *out = b;
  return NULL;
}

rn_status *gpu_batch_add(gpu_batch *b, VkCommandBuffer buffer) {
  RN_TRY(gpu_grow(&b->buffer, b->n_buffer, &b->cap_buffer, sizeof buffer));
  b->buffer[b->n_buffer++] = buffer;
  return NULL;
}

rn_status *gpu_batch_close(gpu_batch *b) {
  gpu_commands *c = b->open;
  gpu_device *d = b->queue->d;
  if (c == NULL) return NULL;
  b->open = NULL;
  d->counts.dispatches += c->dispatches;
  d->counts.barriers += c->barriers;
  d->counts.copies += c->copies;
  return gpu_commands_end(c, b->n_readback != 0);
}

/* The batch is over, done or not: everything it holds is given back. */
void gpu_batch_drop(gpu_device *d, gpu_batch *b) {
  for (uint32_t k = 0; k < b->n_oneshot; k++) {
    rn_status *s = gpu_commands_reset(b->oneshot[k]);
    if (s != NULL) {
      gpu_host->status_free(s);
      gpu_commands_destroy(b->oneshot[k]);
      continue;
    }
    b->oneshot[k]->next = d->spare;
    d->spare = b->oneshot[k];
  }
  b->n_oneshot = 0;
  b->next = d->spare_batches;
  d->spare_batches = b;
}

/* -------------------------------------------------------------------------------------------- submit */
static int may_go(const gpu_batch *b) {
  if (!b->ready) return 0;
  for (uint32_t k = 0; k < b->n_wait; k++)
    if (b->wait[k].timeline->submitted < b->wait[k].value) return 0;
  return 1;
}

/* In-place readbacks read the memory itself: it must not change before they are done. */
static rn_status *settle_readbacks(gpu_device *d, const rn_queue *q) {
  for (const gpu_batch *b = d->flying; b != NULL; b = b->next) {
    if (b->queue != q || b->n_readback == 0) continue;
    VkSemaphoreWaitInfo wait = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                .semaphoreCount = 1,
                                .pSemaphores = &d->progress,
                                .pValues = &b->serial};
    RN_TRY(gpu_check(d, d->vk->WaitSemaphores(d->handle, &wait, UINT64_MAX), "vkWaitSemaphores"));
    return gpu_retire(d);
  }
  return NULL;
}

static VkResult queue_submit(gpu_device *d, const gpu_batch *b) {
  VkSemaphore semaphore[MOST_SIGNALS + 1];
  uint64_t value[MOST_SIGNALS + 1];
  uint32_t n = 0;
  for (uint32_t k = 0; k < b->n_signal; k++) {
    semaphore[n] = b->signal[k].timeline->semaphore;
    value[n++] = b->signal[k].value;
  }
  semaphore[n] = d->progress;
  value[n++] = d->submitted + 1;
  VkTimelineSemaphoreSubmitInfo timeline = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                            .signalSemaphoreValueCount = n,
                                            .pSignalSemaphoreValues = value};
  VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                       .pNext = &timeline,
                       .commandBufferCount = b->n_buffer,
                       .pCommandBuffers = b->buffer,
                       .signalSemaphoreCount = n,
                       .pSignalSemaphores = semaphore};
  if (d->lose_after != 0 && d->submitted + 1 >= d->lose_after) return VK_ERROR_DEVICE_LOST;
  return d->vk->QueueSubmit(d->queue, 1, &info, VK_NULL_HANDLE);
}

static rn_status *submit(gpu_device *d, gpu_batch *b) {
  rn_queue *q = b->queue;
  RN_TRY(settle_readbacks(d, q));
  RN_TRY(gpu_batch_close(b));
  rn_status *s = gpu_check(d, queue_submit(d, b), "vkQueueSubmit");
  q->first = b->next;
  if (q->first == NULL) q->last = NULL;
  b->next = NULL;
  if (s != NULL) {
    gpu_batch_drop(d, b);
    (void)pthread_cond_broadcast(&d->moved);
    return s;
  }
  d->counts.submissions++;
  b->serial = q->serial = ++d->submitted;
  for (uint32_t k = 0; k < b->n_signal; k++)
    if (b->signal[k].timeline->submitted < b->signal[k].value) b->signal[k].timeline->submitted = b->signal[k].value;
  *(d->flying_last != NULL ? &d->flying_last->next : &d->flying) = b;
  d->flying_last = b;
  (void)pthread_cond_broadcast(&d->moved);
  return NULL;
}

rn_status *gpu_submit_ready(gpu_device *d) {
  for (int went = 1; went;) {
    went = 0;
    for (rn_queue *q = d->queues; q != NULL; q = q->next)
      while (q->first != NULL && may_go(q->first)) {
        if (d->lost) return gpu_lost(d);
        RN_TRY(submit(d, q->first));
        went = 1;
      }
  }
  return NULL;
}

/* -------------------------------------------------------------------------------------------- retire */
rn_status *gpu_retire(gpu_device *d) {
  if (d->flying == NULL) return NULL;
  RN_TRY(gpu_check(d, d->vk->GetSemaphoreCounterValue(d->handle, d->progress, &d->done), "a semaphore's value"));
  while (d->flying != NULL && d->flying->serial <= d->done) {
    gpu_batch *b = d->flying;
    d->flying = b->next;
    if (d->flying == NULL) d->flying_last = NULL;
    for (uint32_t k = 0; k < b->n_readback; k++) memcpy(b->readback[k].to, b->readback[k].from, b->readback[k].size);
    gpu_batch_drop(d, b);
  }
  return NULL;
}
