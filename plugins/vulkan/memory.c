/* memory.c - device memory: blocks from the driver, pieces for tensors (plugins/vulkan).
 *
 * A block is one VkDeviceMemory with one VkBuffer over all of it; its pieces lie side by side in a list,
 * free ones merged. A request takes the smallest free piece it fits, else a new block. Two pools: values
 * (and scratch) in the device's memory, staging where the host writes. Empty blocks go back to the driver
 * but for one per pool, kept for the next step. */
#include "vulkan.h"

struct gpu_block {
  gpu_block *next;
  VkDeviceMemory memory;
  VkBuffer buffer;
  uint64_t size;
  char *address;
  rn_mem *first;
  uint32_t used; /* pieces in use */
  uint8_t staging;
};

static const VkMemoryPropertyFlags wishes[2][4] = {
    /* values: unified memory is asked for in find_type; then local memory the host does not see */
    {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT |
         VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
     VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0, 0},
    /* staging: cached for reading back */
    {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
     VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 0, 0}};

static int find_type(const gpu_device *d, uint32_t allowed, int staging) {
  for (int w = !staging && !d->limits.unified ? 1 : 0; w < 3; w++)
    for (uint32_t k = 0; k < d->memory.memoryTypeCount; k++) {
      VkMemoryPropertyFlags has = d->memory.memoryTypes[k].propertyFlags, want = wishes[staging][w];
      if ((allowed >> k & 1) != 0 && (has & want) == want && (!staging || w < 2)) return (int)k;
    }
  return -1;
}

/* ------------------------------------------------------------------------------------------- blocks */
static void destroy_block(const gpu_device *d, gpu_block *b) {
  for (rn_mem *m = b->first; m != NULL;) {
    rn_mem *after = m->after;
    gpu_free(m);
    m = after;
  }
  if (b->buffer != VK_NULL_HANDLE) d->vk->DestroyBuffer(d->handle, b->buffer, NULL);
  if (b->memory != VK_NULL_HANDLE) d->vk->FreeMemory(d->handle, b->memory, NULL);
  gpu_free(b);
}

static rn_status *fill_block(gpu_device *d, gpu_block *b) {
  VkBufferCreateInfo buffer = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .size = b->size,
                               .usage = (d->limits.max_texels != 0 ? VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT : 0) |
                                        VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_DST_BIT};
  VkMemoryRequirements need;
  RN_TRY(gpu_check(d, d->vk->CreateBuffer(d->handle, &buffer, NULL, &b->buffer), "vkCreateBuffer"));
  d->vk->GetBufferMemoryRequirements(d->handle, b->buffer, &need);
  int type = find_type(d, need.memoryTypeBits, b->staging);
  if (type < 0) return rn_error(gpu_host, RN_UNAVAILABLE, "'%s' has no memory of the kind needed", d->name);
  VkMemoryAllocateInfo info = {
      .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = need.size, .memoryTypeIndex = (uint32_t)type};
  RN_TRY(gpu_check(d, d->vk->AllocateMemory(d->handle, &info, NULL, &b->memory), "vkAllocateMemory"));
  RN_TRY(gpu_check(d, d->vk->BindBufferMemory(d->handle, b->buffer, b->memory, 0), "vkBindBufferMemory"));
  if (!b->staging && !d->limits.unified) return NULL;
  void *at = NULL;
  RN_TRY(gpu_check(d, d->vk->MapMemory(d->handle, b->memory, 0, VK_WHOLE_SIZE, 0, &at), "vkMapMemory"));
  b->address = at;
  return NULL;
}

/* Who holds it: kinds and the largest pieces, for a person who has to make room. */
static rn_status *exhausted(const gpu_device *d, uint64_t size, rn_status *cause) {
  uint64_t largest[3] = {0, 0, 0};
  uint32_t count = 0;
  char text[400];
  for (const gpu_block *b = d->blocks; b != NULL; b = b->next)
    for (const rn_mem *m = b->first; m != NULL; m = m->after) {
      uint64_t n = m->used ? m->size : 0;
      count += m->used;
      for (int k = 0; k < 3; k++)
        if (n > largest[k]) {
          uint64_t kept = largest[k];
          largest[k] = n;
          n = kept;
        }
    }
  (void)snprintf(text, sizeof text,
                 "'%s' has no room for %.1f MiB: %.1f MiB are reserved%s, by %u values and buffers: %.1f MiB values, "
                 "%.1f MiB scratch, %.1f MiB staging; the largest hold %.1f, %.1f and %.1f MiB",
                 d->name, (double)size / 1048576, (double)d->reserved / 1048576,
                 d->limit != 0 ? " (memory_limit_mb is set)" : "", count, (double)d->held[0] / 1048576,
                 (double)d->held[1] / 1048576, (double)d->held[2] / 1048576, (double)largest[0] / 1048576,
                 (double)largest[1] / 1048576, (double)largest[2] / 1048576);
  if (cause != NULL) return gpu_host->status_wrap(cause, text);
  return gpu_host->status(RN_RESOURCE_EXHAUSTED, text);
}

static rn_status *add_block(gpu_device *d, uint64_t size, int staging, gpu_block **out) {
  uint64_t bytes = size > d->block_bytes ? size : d->block_bytes;
  if (bytes > d->limits.max_alloc) bytes = size;
  if (d->limit != 0 && d->reserved + bytes > d->limit) bytes = size; /* a snug one may still fit */
  if (d->limit != 0 && d->reserved + bytes > d->limit) return exhausted(d, size, NULL);
  gpu_block *b = gpu_zero(sizeof *b);
  rn_mem *all = gpu_zero(sizeof *all);
  if (b == NULL || all == NULL) {
    gpu_free(b);
    gpu_free(all);
    return gpu_no_memory("a block of device memory");
  }
  b->size = bytes;
  b->staging = (uint8_t)staging;
  b->first = all;
  *all = (rn_mem){.block = b, .size = bytes};
  rn_status *s = fill_block(d, b);
  if (s != NULL) {
    destroy_block(d, b);
    return gpu_host->status_code(s) == RN_RESOURCE_EXHAUSTED ? exhausted(d, size, s) : s;
  }
  b->next = d->blocks;
  d->blocks = b;
  d->reserved += bytes;
  *out = b;
  return NULL;
}

/* ------------------------------------------------------------------------------------------- pieces */
static rn_mem *best_piece(const gpu_device *d, uint64_t size, int staging) {
  rn_mem *best = NULL;
  for (const gpu_block *b = d->blocks; b != NULL; b = b->next)
    for (rn_mem *m = b->staging == staging ? b->first : NULL; m != NULL; m = m->after)
      if (!m->used && m->size >= size && (best == NULL || m->size < best->size)) best = m;
  return best;
}

static rn_status *take(rn_mem *m, uint64_t size) {
  if (m->size > size) {
    rn_mem *rest = gpu_zero(sizeof *rest);
    if (rest == NULL) return gpu_no_memory("a piece of device memory");
    *rest = (rn_mem){m->block, m->offset + size, m->size - size, m, m->after, 0, 0};
    if (m->after != NULL) m->after->before = rest;
    m->after = rest;
    m->size = size;
  }
  m->used = 1;
  m->block->used++;
  return NULL;
}

static rn_status *alloc_locked(gpu_device *d, uint64_t size, int kind, rn_mem **out) {
  int staging = kind == GPU_HELD_STAGING;
  rn_mem *m = best_piece(d, size, staging);
  if (m == NULL) {
    gpu_block *b = NULL;
    RN_TRY(add_block(d, size, staging, &b));
    m = b->first;
  }
  RN_TRY(take(m, size));
  m->kind = (uint8_t)kind;
  d->held[kind] += size;
  *out = m;
  return NULL;
}

rn_status *gpu_memory_alloc(gpu_device *d, uint64_t size_bytes, int kind, rn_mem **out) {
  uint64_t align = d->limits.align > 256 ? d->limits.align : 256;
  if (d->lost) return gpu_lost(d);
  if (size_bytes > d->limits.max_alloc - align)
    return rn_error(gpu_host, RN_RESOURCE_EXHAUSTED, "'%s' allocates at most %llu bytes at once, asked for %llu",
                    d->name, (unsigned long long)d->limits.max_alloc, (unsigned long long)size_bytes);
  uint64_t size = size_bytes == 0 ? align : (size_bytes + align - 1) / align * align;
  (void)pthread_mutex_lock(&d->memory_lock);
  rn_status *s = alloc_locked(d, size, kind, out);
  (void)pthread_mutex_unlock(&d->memory_lock);
  return s;
}

static void merge_after(rn_mem *m) {
  rn_mem *gone = m->after;
  if (gone == NULL || gone->used || m->used) return;
  m->size += gone->size;
  m->after = gone->after;
  if (m->after != NULL) m->after->before = m;
  gpu_free(gone);
}

/* The last empty block of a pool stays. */
static void drop_empty(gpu_device *d, const gpu_block *empty) {
  int another = empty->size > d->block_bytes;
  for (const gpu_block *b = d->blocks; b != NULL; b = b->next)
    another |= b != empty && b->used == 0 && b->staging == empty->staging;
  for (gpu_block **at = &d->blocks; another && *at != NULL; at = &(*at)->next) {
    if (*at != empty) continue;
    gpu_block *b = *at;
    *at = b->next;
    d->reserved -= b->size;
    destroy_block(d, b);
    return;
  }
}

void gpu_memory_release(gpu_device *d, rn_mem *m) {
  if (m == NULL) return;
  (void)pthread_mutex_lock(&d->memory_lock);
  gpu_block *b = m->block;
  d->held[m->kind] -= m->size;
  m->used = 0;
  b->used--;
  rn_mem *before = m->before;
  merge_after(m);
  if (before != NULL) merge_after(before);
  if (b->used == 0) drop_empty(d, b);
  (void)pthread_mutex_unlock(&d->memory_lock);
}

void gpu_memory_finish(gpu_device *d) {
  while (d->blocks != NULL) {
    gpu_block *b = d->blocks;
    d->blocks = b->next;
    destroy_block(d, b);
  }
}

VkBuffer gpu_memory_buffer(const rn_mem *m) { return m->block->buffer; }
char *gpu_memory_address(const rn_mem *m) { return m->block->address != NULL ? m->block->address + m->offset : NULL; }

rn_status *gpu_alloc(void *device, uint64_t size_bytes, rn_mem **out) {
  return gpu_memory_alloc(device, size_bytes, GPU_HELD_VALUE, out);
}
void gpu_release(void *device, rn_mem *m) { gpu_memory_release(device, m); }
/* The host never writes past the queues: even mapped memory is reached through copies. */
void *gpu_address(void *device, rn_mem *m) {
  (void)device;
  (void)m;
  return NULL;
}
