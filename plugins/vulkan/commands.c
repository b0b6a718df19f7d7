/* commands.c - a command buffer with its descriptor sets, scratch and barriers (plugins/vulkan).
 *
 * Each has a pool of its own, so that it may be destroyed by any thread. It starts with a barrier against
 * all that was submitted before; inside, a barrier stands only where a range of bytes is touched again in
 * conflict. Sets come from small pools that are reset together. */
#include "vulkan.h"

enum { SETS_PER_POOL = 64 };

rn_status *gpu_commands_create(gpu_device *d, gpu_commands **out) {
  gpu_commands *c = gpu_zero(sizeof *c);
  if (c == NULL) return gpu_no_memory("a command buffer");
  c->d = d;
  VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = d->family};
  rn_status *s = gpu_check(d, d->vk->CreateCommandPool(d->handle, &pool, NULL, &c->pool), "vkCreateCommandPool");
  VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                      .commandPool = c->pool,
                                      .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                      .commandBufferCount = 1};
  if (s == NULL) s = gpu_check(d, d->vk->AllocateCommandBuffers(d->handle, &info, &c->buffer), "a command buffer");
  if (s != NULL)
    gpu_commands_destroy(c);
  else
    *out = c;
  return s;
}

static void release_held(gpu_commands *c) {
  for (uint32_t k = 0; k < c->n_held; k++) gpu_memory_release(c->d, c->held[k]);
  c->n_held = 0;
  for (uint32_t k = 0; k < c->n_views; k++) c->d->vk->DestroyBufferView(c->d->handle, c->views[k], NULL);
  c->n_views = 0;
  c->shared[0] = c->shared[1] = NULL;
}

void gpu_commands_destroy(gpu_commands *c) {
  if (c == NULL) return;
  gpu_device *d = c->d;
  release_held(c);
  for (uint32_t k = 0; k < c->n_sets; k++) d->vk->DestroyDescriptorPool(d->handle, c->sets[k], NULL);
  if (c->pool != VK_NULL_HANDLE) d->vk->DestroyCommandPool(d->handle, c->pool, NULL);
  gpu_free(c->sets);
  gpu_free(c->held);
  gpu_free(c->views);
  gpu_free(c);
}

static void barrier(gpu_commands *c, VkPipelineStageFlags to, VkAccessFlags access) {
  const VkPipelineStageFlags work = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  VkMemoryBarrier b = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                       .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                       .dstAccessMask = access};
  c->d->vk->CmdPipelineBarrier(c->buffer, work, to, 0, 1, &b, 0, NULL, 0, NULL);
  c->n_seen = 0;
}

static void barrier_to_work(gpu_commands *c) {
  barrier(c, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
          VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
              VK_ACCESS_TRANSFER_WRITE_BIT);
}

rn_status *gpu_commands_begin(gpu_commands *c, int once) {
  VkCommandBufferBeginInfo info = {
      .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
      .flags = once ? VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT : VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
  c->dispatches = c->barriers = c->copies = 0;
  RN_TRY(gpu_check(c->d, c->d->vk->BeginCommandBuffer(c->buffer, &info), "vkBeginCommandBuffer"));
  barrier_to_work(c);
  return NULL;
}

rn_status *gpu_commands_end(gpu_commands *c, int to_host) {
  if (to_host) barrier(c, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  return gpu_check(c->d, c->d->vk->EndCommandBuffer(c->buffer), "vkEndCommandBuffer");
}

rn_status *gpu_commands_reset(gpu_commands *c) {
  gpu_device *d = c->d;
  release_held(c);
  for (uint32_t k = 0; k < c->n_sets; k++) (void)d->vk->ResetDescriptorPool(d->handle, c->sets[k], 0);
  c->set_pool = 0;
  c->sets_left = c->n_sets != 0 ? SETS_PER_POOL : 0;
  return gpu_check(d, d->vk->ResetCommandPool(d->handle, c->pool, 0), "vkResetCommandPool");
}

rn_status *gpu_commands_hold(gpu_commands *c, uint64_t size_bytes, int kind, rn_mem **out) {
  RN_TRY(gpu_grow(&c->held, c->n_held, &c->cap_held, sizeof(rn_mem *)));
  RN_TRY(gpu_memory_alloc(c->d, size_bytes, kind, out));
  c->held[c->n_held++] = *out;
  return NULL;
}

rn_status *gpu_commands_view(gpu_commands *c, const gpu_range *range, uint32_t words, VkBufferView *out) {
  VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                                 .buffer = range->buffer,
                                 .format = words == 4 ? VK_FORMAT_R32G32B32A32_UINT : VK_FORMAT_R32_UINT,
                                 .offset = range->lo,
                                 .range = range->hi - range->lo};
  RN_TRY(gpu_grow(&c->views, c->n_views, &c->cap_views, sizeof(VkBufferView)));
  RN_TRY(gpu_check(c->d, c->d->vk->CreateBufferView(c->d->handle, &info, NULL, out), "vkCreateBufferView"));
  c->views[c->n_views++] = *out;
  return NULL;
}

/* ------------------------------------------------------------------------------------------ barriers */
static int conflicts(const gpu_commands *c, const gpu_range *r) {
  for (uint32_t k = 0; k < c->n_seen; k++) {
    const gpu_range *s = &c->seen[k];
    if (s->buffer == r->buffer && s->lo < r->hi && r->lo < s->hi && (s->writes || r->writes)) return 1;
  }
  return 0;
}

void gpu_commands_order(gpu_commands *c, const gpu_range *range, uint32_t n) {
  int needed = c->n_seen + n > GPU_SEEN;
  for (uint32_t k = 0; k < n && !needed; k++) needed = conflicts(c, &range[k]);
  if (needed) {
    barrier_to_work(c);
    c->barriers++;
  }
  for (uint32_t k = 0; k < n; k++) c->seen[c->n_seen++] = range[k];
}

/* ---------------------------------------------------------------------------------- descriptor sets */
static rn_status *add_pool(gpu_commands *c) {
  RN_TRY(gpu_grow(&c->sets, c->n_sets, &c->cap_sets, sizeof(VkDescriptorPool)));
  VkDescriptorPoolSize size[2] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, SETS_PER_POOL * GPU_MAX_BIND},
                                  {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, SETS_PER_POOL * GPU_MAX_TEXELS}};
  VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                     .maxSets = SETS_PER_POOL,
                                     .poolSizeCount = c->d->limits.max_texels != 0 ? 2 : 1,
                                     .pPoolSizes = size};
  RN_TRY(gpu_check(c->d, c->d->vk->CreateDescriptorPool(c->d->handle, &info, NULL, &c->sets[c->n_sets]),
                   "vkCreateDescriptorPool"));
  c->set_pool = c->n_sets++;
  c->sets_left = SETS_PER_POOL;
  return NULL;
}

rn_status *gpu_commands_set(gpu_commands *c, VkDescriptorSetLayout layout, VkDescriptorSet *out) {
  if (c->sets_left == 0 && c->set_pool + 1 < c->n_sets) {
    c->set_pool++;
    c->sets_left = SETS_PER_POOL;
  }
  if (c->sets_left == 0) RN_TRY(add_pool(c));
  VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                      .descriptorPool = c->sets[c->set_pool],
                                      .descriptorSetCount = 1,
                                      .pSetLayouts = &layout};
  RN_TRY(gpu_check(c->d, c->d->vk->AllocateDescriptorSets(c->d->handle, &info, out), "a descriptor set"));
  c->sets_left--;
  return NULL;
}
