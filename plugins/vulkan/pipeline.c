/* pipeline.c - compute pipelines, made at first use (plugins/vulkan).
 *
 * All shaders share one shape: n storage buffers in set 0 (the first of them texel buffers, in a few), 128 bytes of
 * push constants, and specialisation constants 0, 1, 2, ... of which 0 is the workgroup's size. */
#include "fused.h"

static rn_status *create_layout(gpu_device *d, uint32_t n, uint32_t texels, VkDescriptorSetLayout *out_set,
                                VkPipelineLayout *out) {
  VkDescriptorSetLayoutBinding binding[GPU_MAX_BIND];
  for (uint32_t k = 0; k < n; k++)
    binding[k] = (VkDescriptorSetLayoutBinding){
        .binding = k,
        .descriptorType = k < texels ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        .descriptorCount = 1,
        .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
  VkDescriptorSetLayoutCreateInfo set = {
      .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = n, .pBindings = binding};
  RN_TRY(gpu_check(d, d->vk->CreateDescriptorSetLayout(d->handle, &set, NULL, out_set), "a set layout"));
  VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, GPU_MAX_PUSH * 4};
  VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                     .setLayoutCount = 1,
                                     .pSetLayouts = out_set,
                                     .pushConstantRangeCount = 1,
                                     .pPushConstantRanges = &push};
  return gpu_check(d, d->vk->CreatePipelineLayout(d->handle, &info, NULL, out), "a pipeline layout");
}

static rn_status *create_layouts(gpu_device *d) {
  for (uint32_t n = 1; n <= GPU_MAX_BIND; n++) RN_TRY(create_layout(d, n, 0, &d->set_layout[n], &d->layout[n]));
  for (uint32_t t = 1; t <= GPU_MAX_TEXELS && d->limits.max_texels != 0; t++)
    for (uint32_t n = t + 1; n <= GPU_TEXEL_BIND; n++)
      RN_TRY(create_layout(d, n, t, &d->texel_set_layout[t][n], &d->texel_layout[t][n]));
  return NULL;
}

static void destroy_layout(gpu_device *d, VkDescriptorSetLayout set, VkPipelineLayout layout) {
  if (layout != VK_NULL_HANDLE) d->vk->DestroyPipelineLayout(d->handle, layout, NULL);
  if (set != VK_NULL_HANDLE) d->vk->DestroyDescriptorSetLayout(d->handle, set, NULL);
}

VkPipelineLayout gpu_pipeline_layout(const gpu_device *d, uint32_t n_bind, uint32_t n_texels) {
  return n_texels == 0 ? d->layout[n_bind] : d->texel_layout[n_texels][n_bind];
}
VkDescriptorSetLayout gpu_set_layout(const gpu_device *d, uint32_t n_bind, uint32_t n_texels) {
  return n_texels == 0 ? d->set_layout[n_bind] : d->texel_set_layout[n_texels][n_bind];
}

rn_status *gpu_pipelines_init(gpu_device *d) {
  void *data;
  size_t size;
  RN_TRY(create_layouts(d));
  gpu_cache_read(d, "", &data, &size);
  VkPipelineCacheCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, .initialDataSize = size, .pInitialData = data};
  rn_status *s = gpu_check(d, d->vk->CreatePipelineCache(d->handle, &info, NULL, &d->cache), "vkCreatePipelineCache");
  gpu_free(data);
  return s;
}

static void save_cache(const gpu_device *d) {
  size_t size = 0;
  if (d->counts.pipelines == 0 || d->lost) return;
  if (d->vk->GetPipelineCacheData(d->handle, d->cache, &size, NULL) != VK_SUCCESS || size == 0) return;
  void *data = gpu_host->alloc(gpu_host->ctx, size, 16);
  if (data != NULL && d->vk->GetPipelineCacheData(d->handle, d->cache, &size, data) == VK_SUCCESS)
    gpu_cache_write(d, "", data, size);
  gpu_free(data);
}

void gpu_pipelines_finish(gpu_device *d) {
  if (d->cache != VK_NULL_HANDLE) {
    save_cache(d);
    d->vk->DestroyPipelineCache(d->handle, d->cache, NULL);
  }
  gpu_fused_finish(d);
  while (d->pipelines != NULL) {
    gpu_pipeline *p = d->pipelines;
    d->pipelines = p->next;
    d->vk->DestroyPipeline(d->handle, p->handle, NULL);
    gpu_free(p);
  }
  for (uint32_t n = 1; n <= GPU_MAX_BIND; n++) destroy_layout(d, d->set_layout[n], d->layout[n]);
  for (uint32_t t = 1; t <= GPU_MAX_TEXELS; t++)
    for (uint32_t n = 1; n <= GPU_TEXEL_BIND; n++) destroy_layout(d, d->texel_set_layout[t][n], d->texel_layout[t][n]);
}

/* Subgroups that multiply matrices are counted on (matrices.c). */
static VkPipelineShaderStageCreateFlags flags_of(const gpu_shader *code) {
  int full = code == &gpu_shaders[SHADER_product_matrix] || code == &gpu_shaders[SHADER_conv_matrix];
  return full ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0;
}

static rn_status *create(gpu_device *d, gpu_pipeline *p) {
  const gpu_shader *code = p->code;
  VkSpecializationMapEntry entry[GPU_MAX_SPEC];
  for (uint32_t k = 0; k < p->n_spec; k++) entry[k] = (VkSpecializationMapEntry){k, k * 4, 4};
  VkSpecializationInfo spec = {p->n_spec, entry, p->n_spec * 4, p->spec};
  VkShaderModuleCreateInfo module = {
      .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = code->bytes, .pCode = code->words};
  VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                      .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                .flags = flags_of(code),
                                                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                .pName = "main",
                                                .pSpecializationInfo = &spec},
                                      .layout = gpu_pipeline_layout(d, p->n_bind, p->n_texels)};
  RN_TRY(gpu_check(d, d->vk->CreateShaderModule(d->handle, &module, NULL, &info.stage.module), code->name));
  VkResult r = d->vk->CreateComputePipelines(d->handle, d->cache, 1, &info, NULL, &p->handle);
  d->vk->DestroyShaderModule(d->handle, info.stage.module, NULL);
  return gpu_check(d, r, code->name);
}

static rn_status *add(gpu_device *d, const gpu_pipeline *wanted, VkPipeline *out) {
  gpu_pipeline *p = gpu_zero(sizeof *p);
  if (p == NULL) return gpu_no_memory("a pipeline");
  *p = *wanted;
  rn_status *s = create(d, p);
  if (s != NULL) {
    gpu_free(p);
    return s;
  }
  p->next = d->pipelines;
  d->pipelines = p;
  d->counts.pipelines++;
  *out = p->handle;
  return NULL;
}

rn_status *gpu_pipeline_get(gpu_device *d, const gpu_shader *code, uint32_t n_bind, uint32_t n_texels,
                            const uint32_t *spec, uint32_t n_spec, VkPipeline *out) {
  gpu_pipeline wanted = {.code = code, .n_bind = n_bind, .n_texels = n_texels, .n_spec = n_spec};
  memcpy(wanted.spec, spec, n_spec * sizeof *spec);
  *out = VK_NULL_HANDLE;
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&d->pipeline_lock);
  for (const gpu_pipeline *p = d->pipelines; p != NULL && *out == VK_NULL_HANDLE; p = p->next)
    if (p->code == code && p->n_bind == n_bind && p->n_texels == n_texels && p->n_spec == n_spec &&
        memcmp(p->spec, wanted.spec, sizeof p->spec) == 0)
      *out = p->handle;
  if (*out == VK_NULL_HANDLE) s = add(d, &wanted, out);
  (void)pthread_mutex_unlock(&d->pipeline_lock);
  return s;
}
