/* device.c - a device that breaks one rule, named by the setting plugin.offender.device (tests/plugins/offender).
 *
 * Its memory is the host's, it runs the host's kernels at once when they are launched, and it is not there
 * unless the setting asks for it. */
#include "offender.h"

struct rn_mem {
  char *bytes;
};
struct rn_queue {
  int unused;
};
struct rn_timeline {
  uint64_t value, asked;
};
static char the_device;
static char shared_bytes[1 << 16] __attribute__((aligned(64)));

static int is_mode(const char *mode) {
  const char *set = offender_host->config(offender_host->ctx, "device");
  return set != NULL && strcmp(set, mode) == 0;
}

static rn_status *enumerate(const rn_host_api *h, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg) {
  rn_device_info info;
  if (h->config(h->ctx, "device") == NULL) return NULL;
  memset(&info, 0, sizeof info);
  info.struct_size = sizeof info;
  info.features = RN_DEVICE_HOST_MEMORY;
  info.align_bytes = 64;
  snprintf(info.name, sizeof info.name, "test offender");
  return put(arg, &info);
}
static rn_status *device_open(const rn_host_api *h, uint32_t index, void **out) {
  (void)h;
  (void)index;
  *out = &the_device;
  return NULL;
}
static void device_close(void *d) { (void)d; }

static void mem_release(void *d, rn_mem *m) {
  (void)d;
  if (m->bytes != shared_bytes) offender_host->free(offender_host->ctx, m->bytes);
  offender_host->free(offender_host->ctx, m);
}
static rn_status *mem_alloc(void *d, uint64_t size_bytes, rn_mem **out) {
  (void)d;
  if (is_mode("nothing")) return NULL;
  rn_mem *m = offender_host->alloc(offender_host->ctx, sizeof *m, 16);
  if (m == NULL) return offender_host->status(RN_RESOURCE_EXHAUSTED, "offender: out of memory");
  m->bytes = is_mode("overlap") ? shared_bytes : offender_host->alloc(offender_host->ctx, size_bytes + 64, 64);
  *out = m;
  return NULL;
}
static void *mem_address(void *d, rn_mem *m) {
  (void)d;
  return m->bytes + (is_mode("misaligned") ? 8 : 0);
}

static void reach(rn_points signal) {
  for (uint32_t i = 0; i < signal.count; i++) signal.items[i].timeline->value = signal.items[i].value;
}
static rn_status *mem_copy(void *d, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  (void)q;
  (void)wait;
  for (uint32_t i = 0; i < c->region_count; i++) {
    const rn_region *r = &c->regions[i];
    const char *from = c->src != NULL ? mem_address(d, c->src) : c->host;
    char *to = c->dst != NULL ? mem_address(d, c->dst) : c->host;
    memcpy(to + r->dst_offset_bytes, from + r->src_offset_bytes, r->size_bytes);
  }
  reach(signal);
  return NULL;
}
static rn_status *queue_create(void *d, rn_queue **out) {
  (void)d;
  *out = offender_host->alloc(offender_host->ctx, sizeof **out, 16);
  return *out != NULL ? NULL : offender_host->status(RN_RESOURCE_EXHAUSTED, "offender: out of memory");
}
static void queue_destroy(void *d, rn_queue *q) {
  (void)d;
  offender_host->free(offender_host->ctx, q);
}
static rn_status *timeline_create(void *d, rn_timeline **out) {
  (void)d;
  *out = offender_host->alloc(offender_host->ctx, sizeof **out, 16);
  if (*out == NULL) return offender_host->status(RN_RESOURCE_EXHAUSTED, "offender: out of memory");
  **out = (rn_timeline){0, 0};
  return NULL;
}
static void timeline_destroy(void *d, rn_timeline *t) {
  (void)d;
  offender_host->free(offender_host->ctx, t);
}
static rn_status *timeline_query(void *d, rn_timeline *t, uint64_t *out) {
  (void)d;
  *out = t->value;
  if (is_mode("backwards")) *out = t->value + 100 - 10 * t->asked++;
  if (is_mode("early")) *out = 0;
  return NULL;
}
static rn_status *timeline_wait(void *d, rn_point p, uint64_t timeout_ns) {
  (void)d;
  (void)timeout_ns;
  if (p.timeline->value >= p.value) return NULL;
  return offender_host->status(RN_DEADLINE_EXCEEDED, "offender: nothing will signal this");
}
static rn_status *launch(void *d, rn_queue *q, rn_points wait, rn_points signal, const char *name,
                         void (*work)(void *arg), void *arg) {
  (void)d;
  (void)q;
  (void)wait;
  (void)name;
  work(arg);
  if (is_mode("launched twice")) work(arg);
  reach(signal);
  return NULL;
}

static const rn_device_def devices[] = {{
    .struct_size = sizeof(rn_device_def),
    .type = "offender",
    .doc = "Breaks a rule of devices (test).",
    .enumerate = enumerate,
    .open = device_open,
    .close = device_close,
    .alloc = mem_alloc,
    .release = mem_release,
    .address = mem_address,
    .copy = mem_copy,
    .queue_create = queue_create,
    .queue_destroy = queue_destroy,
    .timeline_create = timeline_create,
    .timeline_destroy = timeline_destroy,
    .timeline_query = timeline_query,
    .timeline_wait = timeline_wait,
    .kernels_of = "cpu",
    .launch = launch,
}};
const rn_group offender_device_group = {.struct_size = sizeof(rn_group), .devices = RN_TABLE(devices)};
