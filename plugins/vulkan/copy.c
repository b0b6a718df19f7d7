/* copy.c - copies between the host and the device, and on the device (plugins/vulkan).
 *
 * Bytes from the host are read at once: into the memory itself when it is mapped and nothing of the queue is
 * under way, else into staging memory that the batch copies from. Bytes for the host arrive when the batch
 * is done (batch.c), straight from mapped memory or from staging. */
#include "vulkan.h"

static uint64_t end_of(const rn_copy *c, int of_source) {
  uint64_t end = 0;
  for (uint32_t k = 0; k < c->region_count; k++) {
    const rn_region *r = &c->regions[k];
    uint64_t at = (of_source ? r->src_offset_bytes : r->dst_offset_bytes) + r->size_bytes;
    if (at > end) end = at;
  }
  return end;
}

static rn_status *check_bounds(const rn_copy *c) {
  for (int from = 0; from < 2; from++) {
    const rn_mem *m = from ? c->src : c->dst;
    uint64_t end = end_of(c, from);
    if (m != NULL && end > m->size)
      return rn_error(gpu_host, RN_OUT_OF_RANGE, "a copy %s byte %llu of a memory of %llu bytes",
                      from ? "reads up to" : "writes up to", (unsigned long long)end, (unsigned long long)m->size);
  }
  return NULL;
}

static void record_copy(gpu_commands *t, const rn_mem *dst, uint64_t dst_at, const rn_mem *src, uint64_t src_at,
                        uint64_t size) {
  gpu_range range[2] = {{gpu_memory_buffer(src), src->offset + src_at, src->offset + src_at + size, 0},
                        {gpu_memory_buffer(dst), dst->offset + dst_at, dst->offset + dst_at + size, 1}};
  VkBufferCopy copy = {range[0].lo, range[1].lo, size};
  gpu_commands_order(t, range, 2);
  t->d->vk->CmdCopyBuffer(t->buffer, range[0].buffer, range[1].buffer, 1, &copy);
  t->copies++;
}

static rn_status *on_device(rn_queue *q, const rn_copy *c) {
  gpu_commands *t;
  RN_TRY(gpu_target(q, &t));
  for (uint32_t k = 0; k < c->region_count; k++) {
    const rn_region *r = &c->regions[k];
    if (r->size_bytes != 0) record_copy(t, c->dst, r->dst_offset_bytes, c->src, r->src_offset_bytes, r->size_bytes);
  }
  return NULL;
}

static rn_status *upload_staged(rn_queue *q, const rn_copy *c) {
  gpu_commands *t;
  RN_TRY(gpu_target(q, &t));
  for (uint32_t k = 0; k < c->region_count; k++) {
    const rn_region *r = &c->regions[k];
    rn_mem *staging;
    if (r->size_bytes == 0) continue;
    RN_TRY(gpu_commands_hold(t, r->size_bytes, GPU_HELD_STAGING, &staging));
    memcpy(gpu_memory_address(staging), (const char *)c->host + r->src_offset_bytes, r->size_bytes);
    record_copy(t, c->dst, r->dst_offset_bytes, staging, 0, r->size_bytes);
  }
  return NULL;
}

static rn_status *add_readback(gpu_batch *b, const char *from, char *to, uint64_t size) {
  RN_TRY(gpu_grow(&b->readback, b->n_readback, &b->cap_readback, sizeof *b->readback));
  b->readback[b->n_readback++] = (gpu_readback){from, to, size};
  return NULL;
}

/* A command buffer in any case: it carries the barrier that shows the bytes to the host. */
static rn_status *download(rn_queue *q, const rn_copy *c) {
  gpu_commands *t;
  RN_TRY(gpu_target(q, &t));
  for (uint32_t k = 0; k < c->region_count; k++) {
    const rn_region *r = &c->regions[k];
    const char *from = gpu_memory_address(c->src);
    rn_mem *staging;
    if (r->size_bytes == 0) continue;
    if (from != NULL) {
      from += r->src_offset_bytes;
    } else {
      RN_TRY(gpu_commands_hold(t, r->size_bytes, GPU_HELD_STAGING, &staging));
      record_copy(t, staging, 0, c->src, r->src_offset_bytes, r->size_bytes);
      from = gpu_memory_address(staging);
    }
    RN_TRY(add_readback(q->last, from, (char *)c->host + r->dst_offset_bytes, r->size_bytes));
  }
  return NULL;
}

/* Nothing of this queue is pending or under way, and all waits are over: the memory is at rest. */
static int is_idle(gpu_device *d, const rn_queue *q, rn_points wait, rn_points signal) {
  uint64_t at;
  rn_status *s = gpu_retire(d);
  gpu_host->status_free(s);
  if (s != NULL || q->first != NULL || q->serial > d->done) return 0;
  for (uint32_t k = 0; k < wait.count + signal.count; k++) {
    const rn_point *p = k < wait.count ? &wait.items[k] : &signal.items[k - wait.count];
    uint64_t reached = k < wait.count ? p->value : p->timeline->submitted;
    if (d->vk->GetSemaphoreCounterValue(d->handle, p->timeline->semaphore, &at) != VK_SUCCESS || at < reached) return 0;
  }
  return 1;
}

static rn_status *upload_in_place(gpu_device *d, rn_points signal, const rn_copy *c) {
  for (uint32_t k = 0; k < c->region_count; k++) {
    const rn_region *r = &c->regions[k];
    if (r->size_bytes != 0)
      memcpy(gpu_memory_address(c->dst) + r->dst_offset_bytes, (const char *)c->host + r->src_offset_bytes,
             r->size_bytes);
  }
  for (uint32_t k = 0; k < signal.count; k++)
    RN_TRY(gpu_timeline_signal(d, signal.items[k].timeline, signal.items[k].value));
  return NULL;
}

rn_status *gpu_copy(void *device, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  gpu_device *d = device;
  RN_TRY(check_bounds(c));
  if (q->recording != NULL) return on_device(q, c);
  if (c->src == NULL && gpu_memory_address(c->dst) != NULL) {
    (void)pthread_mutex_lock(&d->lock);
    int idle = !d->lost && is_idle(d, q, wait, signal);
    d->counts.host_copies += (uint64_t)idle;
    (void)pthread_mutex_unlock(&d->lock);
    if (idle) return upload_in_place(d, signal, c);
  }
  RN_TRY(gpu_begin(q, wait));
  if (c->src != NULL && c->dst != NULL)
    RN_TRY(on_device(q, c));
  else
    RN_TRY(c->src == NULL ? upload_staged(q, c) : download(q, c));
  return gpu_finish(q, signal);
}
