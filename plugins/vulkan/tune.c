/* tune.c - measured choices, remembered per device (plugins/vulkan).
 *
 * A trial records each way into a command buffer of its own, on scratch that nobody else sees, and waits for it: no
 * queue of the host is touched, whatever it is doing. A way is run once to be compiled and then timed, the best of
 * three; a class of sizes gets 80 ms, then the best so far is taken. The file next to the pipeline cache is a list of
 * entries behind the device's identity; another device, another driver or damage, and it is made new. `tune = false`:
 * no measurements, no file, the same choices on every machine. */
#include "tune.h"

typedef struct entry {
  uint32_t family, size[4], ways, way, reserved;
} entry;
typedef struct identity {
  uint8_t device[VK_UUID_SIZE], driver[VK_UUID_SIZE];
  uint32_t vendor, driver_version, entry_bytes, version;
} identity;
struct gpu_tuned {
  pthread_mutex_t lock; /* what follows; held while a class is measured */
  entry *entries;
  uint32_t n, capacity;
  int changed;
  VkSemaphore done;
  uint64_t runs;
};
enum { MOST_ENTRIES = 4096, REPEATS = 3, VERSION = 1 };
static const uint64_t budget_ns = 80000000;

static identity identity_of(const gpu_device *d) {
  VkPhysicalDeviceVulkan11Properties v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &v11};
  identity i;
  memset(&i, 0, sizeof i);
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  memcpy(i.device, v11.deviceUUID, sizeof i.device);
  memcpy(i.driver, v11.driverUUID, sizeof i.driver);
  i.vendor = props.properties.vendorID;
  i.driver_version = props.properties.driverVersion;
  i.entry_bytes = sizeof(entry);
  i.version = VERSION;
  return i;
}

/* ------------------------------------------------------------------------------------------ remembering */
static int is_sound(const entry *e) {
  return e->ways >= 2 && e->ways <= 16 && e->way < e->ways && e->family != 0 && e->reserved == 0;
}

static void take(struct gpu_tuned *t, const entry *e) {
  rn_status *s = gpu_grow(&t->entries, t->n, &t->capacity, sizeof *e);
  if (s == NULL) t->entries[t->n++] = *e;
  gpu_host->status_free(s);
}

static void read_entries(gpu_device *d, struct gpu_tuned *t) {
  void *data;
  size_t size;
  identity mine = identity_of(d);
  gpu_cache_read(d, ".tune", &data, &size);
  if (size >= sizeof mine && (size - sizeof mine) % sizeof(entry) == 0 && memcmp(data, &mine, sizeof mine) == 0) {
    const entry *e = (const entry *)((const char *)data + sizeof mine);
    size_t n = (size - sizeof mine) / sizeof *e;
    for (size_t i = 0; i < n && i < MOST_ENTRIES; i++)
      if (is_sound(&e[i])) take(t, &e[i]);
  }
  gpu_free(data);
}

static void write_entries(gpu_device *d, const struct gpu_tuned *t) {
  identity mine = identity_of(d);
  size_t size = sizeof mine + t->n * sizeof *t->entries;
  char *data = gpu_host->alloc(gpu_host->ctx, size, 16);
  if (data == NULL) return;
  memcpy(data, &mine, sizeof mine);
  memcpy(data + sizeof mine, t->entries, t->n * sizeof *t->entries);
  gpu_cache_write(d, ".tune", data, size);
  gpu_free(data);
}

void gpu_tune_init(gpu_device *d) {
  if (gpu_setting(d->host, "tune", 1) == 0) return;
  struct gpu_tuned *t = gpu_zero(sizeof *t);
  if (t == NULL) return;
  VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
  VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
  if (d->vk->CreateSemaphore(d->handle, &info, NULL, &t->done) != VK_SUCCESS) {
    gpu_free(t);
    return;
  }
  (void)pthread_mutex_init(&t->lock, NULL);
  d->tuned = t;
  read_entries(d, t);
}

void gpu_tune_finish(gpu_device *d) {
  struct gpu_tuned *t = d->tuned;
  if (t == NULL) return;
  if (t->changed && !d->lost) write_entries(d, t);
  d->vk->DestroySemaphore(d->handle, t->done, NULL);
  (void)pthread_mutex_destroy(&t->lock);
  gpu_free(t->entries);
  gpu_free(t);
  d->tuned = NULL;
}

/* -------------------------------------------------------------------------------------------- measuring */
static rn_status *submit(gpu_device *d, struct gpu_tuned *t, const gpu_commands *c) {
  uint64_t value = ++t->runs;
  VkTimelineSemaphoreSubmitInfo values = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                          .signalSemaphoreValueCount = 1,
                                          .pSignalSemaphoreValues = &value};
  VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                       .pNext = &values,
                       .commandBufferCount = 1,
                       .pCommandBuffers = &c->buffer,
                       .signalSemaphoreCount = 1,
                       .pSignalSemaphores = &t->done};
  VkSemaphoreWaitInfo wait = {
      .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, .semaphoreCount = 1, .pSemaphores = &t->done, .pValues = &value};
  (void)pthread_mutex_lock(&d->lock);
  rn_status *s = gpu_check(d, d->vk->QueueSubmit(d->queue, 1, &info, VK_NULL_HANDLE), "vkQueueSubmit");
  (void)pthread_mutex_unlock(&d->lock);
  if (s == NULL) s = gpu_check(d, d->vk->WaitSemaphores(d->handle, &wait, UINT64_MAX), "vkWaitSemaphores");
  return s;
}

/* The time of one way: the first run also compiles it. */
static rn_status *time_way(gpu_device *d, struct gpu_tuned *t, const gpu_commands *c, uint64_t until, uint64_t *out) {
  *out = UINT64_MAX;
  for (int run = 0; run <= REPEATS; run++) {
    uint64_t begin = gpu_now_ns();
    RN_TRY(submit(d, t, c));
    uint64_t end = gpu_now_ns();
    if (run != 0 && end - begin < *out) *out = end - begin;
    if (run != 0 && end > until) break;
  }
  return NULL;
}

static rn_status *try_way(gpu_device *d, struct gpu_tuned *t, const gpu_trial *trial, uint32_t way, uint64_t until,
                          uint64_t *out) {
  gpu_commands *commands;
  RN_TRY(gpu_commands_create(d, &commands));
  rn_queue queue = {.d = d, .recording = commands};
  rn_call call = {.struct_size = (uint32_t)sizeof call, .host = gpu_host, .device = d, .queue = &queue};
  rn_status *s = gpu_commands_begin(commands, 0);
  if (s == NULL) s = trial->record(&call, trial->arg, way);
  if (s == NULL) s = gpu_commands_end(commands, 0);
  if (s == NULL) s = time_way(d, t, commands, until, out);
  gpu_commands_destroy(commands);
  return s;
}

static uint32_t measure(gpu_device *d, struct gpu_tuned *t, const gpu_trial *trial) {
  uint64_t until = gpu_now_ns() + budget_ns, best = UINT64_MAX;
  uint32_t chosen = trial->usual;
  char text[160];
  for (uint32_t i = 0; i < trial->ways; i++) {
    uint32_t way = (trial->usual + i) % trial->ways; /* the usual one first: there may be no time for more */
    uint64_t ns = UINT64_MAX;
    rn_status *s = i != 0 && gpu_now_ns() > until ? NULL : try_way(d, t, trial, way, until, &ns);
    gpu_host->status_free(s);
    if (ns >= best) continue;
    best = ns;
    chosen = way;
  }
  (void)snprintf(text, sizeof text, "tuned kernel %u for %u x %u x %u x %u: way %u of %u, %.3f ms", trial->family,
                 trial->size[0], trial->size[1], trial->size[2], trial->size[3], chosen, trial->ways,
                 (double)best * 1e-6);
  d->host->log(d->host->ctx, RN_LOG_DEBUG, text);
  return chosen;
}

static uint32_t class_of(uint32_t size) {
  uint32_t c = 0;
  while (c < 31 && (1u << c) < size) c++;
  return c;
}

static const entry *find(const struct gpu_tuned *t, const entry *wanted) {
  for (uint32_t i = 0; i < t->n; i++)
    if (t->entries[i].family == wanted->family && t->entries[i].ways == wanted->ways &&
        memcmp(t->entries[i].size, wanted->size, sizeof wanted->size) == 0)
      return &t->entries[i];
  return NULL;
}

uint32_t gpu_tune(const rn_call *c, const gpu_trial *trial) {
  gpu_device *d = c->device;
  struct gpu_tuned *t = d->tuned;
  if (t == NULL || trial->ways < 2 || d->lost) return trial->usual;
  entry e = {.family = trial->family, .ways = trial->ways};
  for (int i = 0; i < 4; i++) e.size[i] = class_of(trial->size[i]);
  (void)pthread_mutex_lock(&t->lock);
  const entry *known = find(t, &e);
  if (known == NULL && t->n < MOST_ENTRIES) {
    e.way = measure(d, t, trial);
    t->changed = 1;
    take(t, &e);
    known = &e;
  }
  uint32_t way = known != NULL ? known->way : trial->usual;
  (void)pthread_mutex_unlock(&t->lock);
  return way;
}
