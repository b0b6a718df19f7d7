/* trace.c - when a queue's work ran, by the device's clock (plugins/vulkan).
 *
 * A mark that commands follow gets a pair of timestamps, both at the bottom of the pipe: a span begins when what was
 * before it is done, so spans do not overlap. Queries are reset by the commands that use a pool first. The device's
 * clock is brought to the host's with VK_EXT_calibrated_timestamps, else by a submission of its own, whose middle
 * counts. */
#include "vulkan.h"

enum { PAIRS = 256 }; /* per pool */
typedef struct mark {
  uint64_t correlation;
  int ended;
} mark;
struct gpu_trace {
  VkQueryPool *pool;
  mark *mark; /* k has queries 2k and 2k + 1, counted over the pools */
  uint32_t n_pool, cap_pool, n_mark, cap_mark;
  uint64_t current; /* 0: what comes is nobody's */
  gpu_commands *in; /* they hold the beginning of the last mark, and not its end; NULL: none do */
  uint64_t base_ticks, base_ns, valid;
  double tick_ns;
};

/* ------------------------------------------------------------------------------------- two clocks */
static int has_domains(const gpu_device *d) {
  PFN_vkGetPhysicalDeviceCalibrateableTimeDomainsEXT get;
  PFN_vkVoidFunction f =
      d->vk->GetInstanceProcAddr(d->instance.handle, "vkGetPhysicalDeviceCalibrateableTimeDomainsEXT");
  VkTimeDomainEXT domain[16];
  uint32_t n = 16, found = 0;
  if (f == NULL) return 0;
  memcpy(&get, &f, sizeof f);
  if (get(d->physical, &n, domain) < 0) return 0;
  for (uint32_t k = 0; k < n; k++)
    found |= domain[k] == VK_TIME_DOMAIN_DEVICE_EXT ? 1u : domain[k] == VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT ? 2u : 0;
  return found == 3;
}

int gpu_trace_calibrates(const gpu_device *d) {
  return gpu_setting(d->host, "calibrated", 1) != 0 &&
         gpu_has_extension(d, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME) && has_domains(d);
}

static int calibrate(const gpu_device *d, gpu_trace *t) {
  PFN_vkGetCalibratedTimestampsEXT get;
  PFN_vkVoidFunction f = d->calibrates ? d->vk->GetDeviceProcAddr(d->handle, "vkGetCalibratedTimestampsEXT") : NULL;
  const VkCalibratedTimestampInfoEXT clock[2] = {
      {.sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT, .timeDomain = VK_TIME_DOMAIN_DEVICE_EXT},
      {.sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT, .timeDomain = VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT}};
  uint64_t now[2], deviation;
  if (f == NULL) return 0;
  memcpy(&get, &f, sizeof f);
  if (get(d->handle, 2, clock, now, &deviation) != VK_SUCCESS) return 0;
  t->base_ticks = now[0];
  t->base_ns = now[1];
  return 1;
}

/* ----------------------------------------------------------------------------------- timestamps */
static void write_at(const gpu_trace *t, const gpu_commands *c, uint32_t query) {
  c->d->vk->CmdWriteTimestamp(c->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, t->pool[query / (2 * PAIRS)],
                              query % (2 * PAIRS));
}

static rn_status *new_mark(gpu_trace *t, gpu_commands *c) {
  gpu_device *d = c->d;
  RN_TRY(gpu_grow(&t->mark, t->n_mark, &t->cap_mark, sizeof *t->mark));
  if (t->n_mark == t->n_pool * PAIRS) {
    VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                  .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                  .queryCount = 2 * PAIRS};
    RN_TRY(gpu_grow(&t->pool, t->n_pool, &t->cap_pool, sizeof *t->pool));
    RN_TRY(gpu_check(d, d->vk->CreateQueryPool(d->handle, &info, NULL, &t->pool[t->n_pool]), "vkCreateQueryPool"));
    d->vk->CmdResetQueryPool(c->buffer, t->pool[t->n_pool++], 0, 2 * PAIRS);
  }
  t->mark[t->n_mark] = (mark){t->current, 0};
  write_at(t, c, 2 * t->n_mark++);
  return NULL;
}

rn_status *gpu_trace_enter(gpu_trace *t, gpu_commands *c) {
  if (t->current == 0) return NULL;
  if (t->in == NULL) RN_TRY(new_mark(t, c));
  t->in = c;
  return NULL;
}

/* Commands that were submitted meanwhile take no end: the mark goes without. */
static void end_mark(const rn_queue *q, gpu_trace *t) {
  const gpu_commands *now = q->recording != NULL ? q->recording : q->last != NULL ? q->last->open : NULL;
  if (t->in == NULL) return;
  if (t->in == now) {
    write_at(t, now, 2 * (t->n_mark - 1) + 1);
    t->mark[t->n_mark - 1].ended = 1;
  }
  t->in = NULL;
}

static rn_status *set_mark(void *device, rn_queue *q, uint64_t correlation) {
  gpu_device *d = device;
  if (q->trace == NULL) return NULL;
  (void)pthread_mutex_lock(&d->lock);
  end_mark(q, q->trace);
  q->trace->current = correlation;
  (void)pthread_mutex_unlock(&d->lock);
  return NULL;
}

/* ---------------------------------------------------------------------------------------- reading */
/* *out_there 0: it was never submitted. */
static rn_status *read_pair(gpu_device *d, const gpu_trace *t, uint32_t k, uint64_t out[2], int *out_there) {
  VkResult r = d->vk->GetQueryPoolResults(d->handle, t->pool[k / PAIRS], 2 * (k % PAIRS), 2, 2 * sizeof *out, out,
                                          sizeof *out, VK_QUERY_RESULT_64_BIT);
  *out_there = r == VK_SUCCESS;
  return r == VK_NOT_READY ? NULL : gpu_check(d, r, "vkGetQueryPoolResults");
}

static uint64_t to_ns(const gpu_trace *t, uint64_t ticks) {
  uint64_t after = (ticks - t->base_ticks) & t->valid, before = (t->base_ticks - ticks) & t->valid;
  if (before < after) return t->base_ns - (uint64_t)((double)before * t->tick_ns);
  return t->base_ns + (uint64_t)((double)after * t->tick_ns);
}

static rn_status *report(gpu_device *d, const gpu_trace *t, void (*put)(void *arg, const rn_device_span *s),
                         void *arg) {
  uint64_t at[2];
  int there;
  for (uint32_t k = 0; k < t->n_mark; k++) {
    if (!t->mark[k].ended) continue;
    RN_TRY(read_pair(d, t, k, at, &there));
    if (!there) continue;
    rn_device_span s = {.struct_size = (uint32_t)sizeof s,
                        .correlation = t->mark[k].correlation,
                        .begin_ns = to_ns(t, at[0]),
                        .end_ns = to_ns(t, at[1])};
    put(arg, &s);
  }
  return NULL;
}

static rn_status *take(void *device, rn_queue *q, void (*put)(void *arg, const rn_device_span *s), void *arg) {
  rn_status *s = q->trace != NULL ? report(device, q->trace, put, arg) : NULL;
  gpu_trace_drop(q);
  return s;
}

void gpu_trace_drop(rn_queue *q) {
  gpu_trace *t = q->trace;
  const gpu_device *d = q->d;
  if (t == NULL) return;
  for (uint32_t k = 0; k < t->n_pool; k++) d->vk->DestroyQueryPool(d->handle, t->pool[k], NULL);
  gpu_free(t->pool);
  gpu_free(t->mark);
  gpu_free(t);
  q->trace = NULL;
}

/* -------------------------------------------------------------------------------------- beginning */
/* A mark around nothing, submitted and waited for. */
static rn_status *calibrate_by_hand(gpu_device *d, rn_queue *q) {
  const rn_points none = {NULL, 0, 0};
  gpu_commands *c;
  uint64_t at[2];
  int there;
  gpu_trace *t = q->trace;
  RN_TRY(gpu_drain(d, UINT64_MAX));
  t->current = 1;
  RN_TRY(gpu_begin(q, none));
  RN_TRY(gpu_target(q, &c));
  RN_TRY(set_mark(d, q, 0));
  uint64_t before = gpu_now_ns();
  RN_TRY(gpu_flush(d, q));
  RN_TRY(gpu_drain(d, UINT64_MAX));
  uint64_t after = gpu_now_ns();
  RN_TRY(read_pair(d, t, 0, at, &there));
  if (!there) return gpu_host->status(RN_UNAVAILABLE, "a timestamp was not written");
  t->mark[0].ended = 0; /* nobody's */
  t->base_ticks = at[1];
  t->base_ns = before + (after - before) / 2;
  return NULL;
}

static rn_status *clocks(gpu_device *d, rn_queue *q) {
  VkQueueFamilyProperties family[32];
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  uint32_t n = 32;
  gpu_trace *t = q->trace;
  d->vk->GetPhysicalDeviceQueueFamilyProperties(d->physical, &n, family);
  uint32_t bits = d->family < n ? family[d->family].timestampValidBits : 0;
  if (bits == 0) return rn_error(gpu_host, RN_UNIMPLEMENTED, "'%s' has no clock", d->name);
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  t->valid = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
  t->tick_ns = (double)props.properties.limits.timestampPeriod;
  return calibrate(d, t) ? NULL : calibrate_by_hand(d, q);
}

static rn_status *begin(void *device, rn_queue *q) {
  gpu_device *d = device;
  if (q->trace != NULL) return gpu_host->status(RN_FAILED_PRECONDITION, "the queue is traced already");
  q->trace = gpu_zero(sizeof *q->trace);
  if (q->trace == NULL) return gpu_no_memory("a trace");
  rn_status *s = clocks(d, q);
  if (s != NULL) gpu_trace_drop(q);
  return s;
}

const rn_device_trace gpu_trace_table = {
    .struct_size = (uint32_t)sizeof(rn_device_trace), .begin = begin, .mark = set_mark, .end = take};
