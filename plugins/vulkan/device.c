/* device.c - a device is opened, its limits probed; errors; closing (plugins/vulkan). */
#include <stdlib.h>
#include <time.h>
#include "matrices.h"
#include "tune.h"

uint64_t gpu_setting(const rn_host_api *host, const char *key, uint64_t fallback) {
  const char *text = host->config(host->ctx, key);
  if (text == NULL || text[0] == '\0') return fallback;
  if (strcmp(text, "true") == 0 || strcmp(text, "on") == 0) return 1;
  if (strcmp(text, "false") == 0 || strcmp(text, "off") == 0) return 0;
  char *end;
  unsigned long long v = strtoull(text, &end, 10);
  return *end == '\0' ? v : fallback;
}

uint64_t gpu_now_ns(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void *gpu_zero(size_t bytes) {
  void *p = gpu_host->alloc(gpu_host->ctx, bytes != 0 ? bytes : 1, 16);
  if (p != NULL) memset(p, 0, bytes);
  return p;
}
void gpu_free(void *p) { gpu_host->free(gpu_host->ctx, p); }

rn_status *gpu_no_memory(const char *what) {
  return rn_error(gpu_host, RN_RESOURCE_EXHAUSTED, "no memory for %s", what);
}

rn_status *gpu_grow(void *array, uint32_t n, uint32_t *capacity, size_t item_bytes) {
  void **at = array;
  if (n < *capacity) return NULL;
  uint32_t wanted = *capacity != 0 ? *capacity * 2 : 8;
  void *grown = gpu_host->alloc(gpu_host->ctx, wanted * item_bytes, 16);
  if (grown == NULL) return gpu_no_memory("a list of commands");
  if (n != 0) memcpy(grown, *at, n * item_bytes);
  gpu_free(*at);
  *at = grown;
  *capacity = wanted;
  return NULL;
}

rn_status *gpu_lost(gpu_device *d) {
  return rn_error(gpu_host, RN_UNAVAILABLE,
                  "the device '%s' is lost: it does no more work in this process, and what its memory held is gone "
                  "(restore variables from a checkpoint)",
                  d->name);
}

rn_status *gpu_check(gpu_device *d, VkResult r, const char *what) {
  if (r == VK_SUCCESS) return NULL;
  if (r == VK_ERROR_DEVICE_LOST) {
    d->lost = 1;
    return gpu_lost(d);
  }
  if (r == VK_ERROR_OUT_OF_DEVICE_MEMORY || r == VK_ERROR_OUT_OF_HOST_MEMORY)
    return rn_error(gpu_host, RN_RESOURCE_EXHAUSTED, "%s: the driver is out of %s memory", what,
                    r == VK_ERROR_OUT_OF_HOST_MEMORY ? "host" : "device");
  return rn_error(gpu_host, RN_INTERNAL, "%s failed on '%s': VkResult %d", what, d->name, (int)r);
}

static rn_status *find_family(gpu_device *d) {
  VkQueueFamilyProperties all[32];
  uint32_t n = 32;
  d->vk->GetPhysicalDeviceQueueFamilyProperties(d->physical, &n, all);
  for (int plain = 1; plain >= 0; plain--) /* one for compute alone first */
    for (uint32_t k = 0; k < n; k++) {
      if ((all[k].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0 || all[k].queueCount == 0) continue;
      if (plain && (all[k].queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0) continue;
      d->family = k;
      return NULL;
    }
  return rn_error(gpu_host, RN_UNAVAILABLE, "'%s' has no queue for compute", d->name);
}

static int is_unified(const gpu_device *d) {
  const VkMemoryPropertyFlags all = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                    VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  for (uint32_t k = 0; k < d->memory.memoryTypeCount; k++)
    if ((d->memory.memoryTypes[k].propertyFlags & all) == all) return 1;
  return 0;
}

/* Lanes that can hand values to each other. */
static uint32_t probe_subgroup(const gpu_device *d) {
  VkPhysicalDeviceSubgroupProperties g = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &g};
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  int fits = g.subgroupSize == 4 || g.subgroupSize == 8 || g.subgroupSize == 16 || g.subgroupSize == 32;
  int broadcasts = (g.supportedOperations & VK_SUBGROUP_FEATURE_BALLOT_BIT) != 0;
  return fits && broadcasts && (g.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 ? g.subgroupSize : 0;
}

/* Drivers on the CPU read texel buffers as vectors (panels.c): lanes by eights that shuffle. */
static uint64_t probe_texels(const gpu_device *d, const VkPhysicalDeviceLimits *l) {
  VkPhysicalDeviceSubgroupProperties g = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &g};
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  int shuffles = (g.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0 &&
                 (g.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 && g.subgroupSize >= 8;
  return shuffles && d->limits.align % l->minTexelBufferOffsetAlignment == 0 ? l->maxTexelBufferElements : 0;
}

/* llvmpipe counts the iterations of an invocation's loops down from 65535 and then leaves them, without a word. What
 * the compiler makes of early returns counts too, so a round of ours may be several. */
static uint64_t probe_rounds(const gpu_device *d) {
  VkPhysicalDeviceVulkan12Properties v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &v12};
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  return v12.driverID == VK_DRIVER_ID_MESA_LLVMPIPE ? 12000 : 0;
}

static void probe(gpu_device *d, const rn_device_info *info) {
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  const VkPhysicalDeviceLimits *l = &props.properties.limits;
  uint32_t most = l->maxComputeWorkGroupInvocations;
  if (most > l->maxComputeWorkGroupSize[0]) most = l->maxComputeWorkGroupSize[0];
  uint64_t wanted = gpu_setting(d->host, "workgroup", 256);
  d->limits.workgroup = 64;
  while (d->limits.workgroup * 2 <= most && d->limits.workgroup * 2 <= wanted && d->limits.workgroup < 256)
    d->limits.workgroup *= 2;
  d->limits.shared_bytes = l->maxComputeSharedMemorySize;
  d->limits.max_groups = 65535; /* every device grants so many in each direction */
  d->limits.max_alloc = info->max_alloc_bytes;
  d->limits.max_binding = info->max_binding_bytes;
  d->limits.align = info->align_bytes;
  d->limits.scalar_threads = props.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  d->limits.tile = (uint32_t)gpu_setting(d->host, "tile", 0);
  d->limits.max_rounds = probe_rounds(d);
  if (d->limits.scalar_threads && gpu_setting(d->host, "subgroups", 1) != 0) {
    d->limits.subgroup = probe_subgroup(d);
    if (gpu_setting(d->host, "texels", 1) != 0) d->limits.max_texels = probe_texels(d, l);
  }
  gpu_matrices_probe(d);
  d->limits.unified = (uint8_t)(is_unified(d) && gpu_setting(d->host, "unified", 1) != 0);
}

static rn_status *create_device(gpu_device *d) {
  float priority = 1;
  VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                   .queueFamilyIndex = d->family,
                                   .queueCount = 1,
                                   .pQueuePriorities = &priority};
  VkPhysicalDeviceVulkan12Features v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                          .timelineSemaphore = VK_TRUE};
  const char *extensions[3];
  uint32_t n = 0;
  gpu_matrices_wanted matrices;
  d->calibrates = gpu_trace_calibrates(d);
  if (d->calibrates) extensions[n++] = VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME;
  gpu_matrices_want(d, &matrices, &v12, extensions, &n);
  VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                             .pNext = &v12,
                             .queueCreateInfoCount = 1,
                             .pQueueCreateInfos = &queue,
                             .enabledExtensionCount = n,
                             .ppEnabledExtensionNames = extensions};
  RN_TRY(gpu_check(d, d->vk->CreateDevice(d->physical, &info, NULL, &d->handle), "vkCreateDevice"));
  RN_TRY(gpu_load_device(d->vk, d->handle));
  d->vk->GetDeviceQueue(d->handle, d->family, 0, &d->queue);
  VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
  VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
  return gpu_check(d, d->vk->CreateSemaphore(d->handle, &semaphore, NULL, &d->progress), "vkCreateSemaphore");
}

static rn_status *start(gpu_device *d, uint32_t index) {
  rn_device_info info;
  RN_TRY(gpu_instance_open(d->host, &d->instance));
  d->vk = &d->instance.vk;
  if (index >= d->instance.count)
    return rn_error(gpu_host, RN_NOT_FOUND, "there is no Vulkan device %u, only %u", index, d->instance.count);
  d->physical = d->instance.physical[index];
  gpu_describe(&d->instance, d->physical, &info);
  (void)snprintf(d->name, sizeof d->name, "%s", info.name);
  d->vk->GetPhysicalDeviceMemoryProperties(d->physical, &d->memory);
  probe(d, &info);
  RN_TRY(gpu_pretend(d->host, &d->limits));
  d->lose_after = gpu_setting(d->host, "lose_after", 0);
  d->profile = gpu_setting(d->host, "profile", 0) != 0;
  d->limit = gpu_setting(d->host, "memory_limit_mb", 0) << 20;
  d->block_bytes = gpu_setting(d->host, "block_mb", 64) << 20;
  RN_TRY(find_family(d));
  RN_TRY(create_device(d));
  RN_TRY(gpu_pipelines_init(d));
  gpu_tune_init(d);
  return NULL;
}

rn_status *gpu_open(const rn_host_api *host, uint32_t index, void **out) {
  gpu_device *d = gpu_zero(sizeof *d);
  if (d == NULL) return gpu_no_memory("a device");
  d->host = host;
  (void)pthread_mutex_init(&d->lock, NULL);
  (void)pthread_mutex_init(&d->memory_lock, NULL);
  (void)pthread_mutex_init(&d->pipeline_lock, NULL);
  pthread_condattr_t monotonic;
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&d->moved, &monotonic);
  (void)pthread_condattr_destroy(&monotonic);
  d->index = index;
  rn_status *s = start(d, index);
  if (s != NULL) {
    gpu_close(d);
  } else {
    gpu_counts_add(d);
    *out = d;
  }
  return s;
}

rn_status *gpu_drain(void *device, uint64_t timeout_ns) {
  gpu_device *d = device;
  (void)pthread_mutex_lock(&d->lock);
  rn_status *s = gpu_submit_ready(d);
  uint64_t last = d->submitted;
  int lost = d->lost;
  (void)pthread_mutex_unlock(&d->lock);
  if (s != NULL || lost) return s;
  VkSemaphoreWaitInfo wait = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                              .semaphoreCount = 1,
                              .pSemaphores = &d->progress,
                              .pValues = &last};
  VkResult r = d->vk->WaitSemaphores(d->handle, &wait, timeout_ns);
  (void)pthread_mutex_lock(&d->lock);
  if (r == VK_TIMEOUT)
    s = rn_error(gpu_host, RN_DEADLINE_EXCEEDED, "'%s' is still busy with submission %llu", d->name,
                 (unsigned long long)last);
  else
    s = gpu_check(d, r, "vkWaitSemaphores");
  if (s == NULL) s = gpu_retire(d);
  (void)pthread_mutex_unlock(&d->lock);
  return s;
}

static void report(const gpu_device *d) {
  const gpu_counts *c = &d->counts;
  char text[320];
  (void)snprintf(text, sizeof text,
                 "'%s' closes: %llu submissions, %llu recordings, %llu replays, %llu dispatches, %llu barriers, %llu "
                 "copies, %llu in place, %llu pipelines, %u validation messages",
                 d->name, (unsigned long long)c->submissions, (unsigned long long)c->recordings,
                 (unsigned long long)c->replays, (unsigned long long)c->dispatches, (unsigned long long)c->barriers,
                 (unsigned long long)c->copies, (unsigned long long)c->host_copies, (unsigned long long)c->pipelines,
                 d->instance.messages);
  d->host->log(d->host->ctx, RN_LOG_DEBUG, text);
}

static void drop_spares(gpu_device *d) {
  while (d->flying != NULL) {
    gpu_batch *b = d->flying;
    d->flying = b->next;
    gpu_batch_drop(d, b);
  }
  while (d->spare_batches != NULL) {
    gpu_batch *b = d->spare_batches;
    d->spare_batches = b->next;
    gpu_free(b->buffer);
    gpu_free(b->oneshot);
    gpu_free(b->wait);
    gpu_free(b->signal);
    gpu_free(b->readback);
    gpu_free(b);
  }
  while (d->spare != NULL) {
    gpu_commands *c = d->spare;
    d->spare = c->next;
    gpu_commands_destroy(c);
  }
}

void gpu_close(void *device) {
  gpu_device *d = device;
  if (d == NULL) return;
  gpu_counts_remove(d);
  if (d->handle != NULL && d->vk->DestroyDevice != NULL) {
    (void)d->vk->DeviceWaitIdle(d->handle);
    report(d);
    drop_spares(d);
    gpu_tune_finish(d);
    gpu_pipelines_finish(d);
    gpu_memory_finish(d);
    if (d->progress != VK_NULL_HANDLE) d->vk->DestroySemaphore(d->handle, d->progress, NULL);
    d->vk->DestroyDevice(d->handle, NULL);
  }
  gpu_instance_close(&d->instance);
  (void)pthread_mutex_destroy(&d->lock);
  (void)pthread_mutex_destroy(&d->memory_lock);
  (void)pthread_mutex_destroy(&d->pipeline_lock);
  (void)pthread_cond_destroy(&d->moved);
  gpu_free(d);
}
