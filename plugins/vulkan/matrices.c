/* matrices.c - cooperative matrices: the probe, and what a device is created with to have them (plugins/vulkan).
 *
 * Products of half use them (tile.c, shaders/matrix.glsl). A subgroup has the size that the device reports: pipelines
 * do not allow another one, and ask for full subgroups, so that the number of subgroups in a workgroup is known. */
#include "matrices.h"

static const char *missing_extension(const gpu_device *d) {
  static const char *const names[] = {VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME,
                                      VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (!gpu_has_extension(d, names[i])) return names[i];
  return NULL;
}

static const char *missing_feature(const gpu_device *d) {
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT subgroups = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT};
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .pNext = &subgroups};
  VkPhysicalDeviceVulkan12Features v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                          .pNext = &matrices};
  VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &v12};
  d->vk->GetPhysicalDeviceFeatures2(d->physical, &features);
  if (!matrices.cooperativeMatrix) return "cooperativeMatrix";
  if (!v12.shaderFloat16) return "shaderFloat16";
  if (!v12.vulkanMemoryModel) return "vulkanMemoryModel";
  return subgroups.subgroupSizeControl && subgroups.computeFullSubgroups ? NULL : "computeFullSubgroups";
}

/* Tiles are read by eights and cut into powers of two. */
static int is_cut(uint32_t size, uint32_t most) { return size >= 8 && size <= most && (size & (size - 1)) == 0; }

static int is_fit(const VkCooperativeMatrixPropertiesKHR *p) {
  return p->AType == VK_COMPONENT_TYPE_FLOAT16_KHR && p->BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
         p->CType == VK_COMPONENT_TYPE_FLOAT32_KHR && p->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
         p->scope == VK_SCOPE_SUBGROUP_KHR && !p->saturatingAccumulation && is_cut(p->MSize, 32) &&
         is_cut(p->NSize, 32) && is_cut(p->KSize, 32);
}

/* The largest one. */
static void choose(const gpu_device *d, gpu_matrix *out) {
  enum { MOST = 256 };
  PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get;
  PFN_vkVoidFunction f =
      d->vk->GetInstanceProcAddr(d->instance.handle, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  VkCooperativeMatrixPropertiesKHR all[MOST];
  uint32_t n = MOST;
  if (f == NULL) return;
  memcpy(&get, &f, sizeof f);
  memset(all, 0, sizeof all);
  for (uint32_t k = 0; k < MOST; k++) all[k].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  if (get(d->physical, &n, all) < 0) return;
  for (uint32_t k = 0; k < n; k++)
    if (is_fit(&all[k]) && all[k].MSize * all[k].NSize * all[k].KSize > out->m * out->n * out->k) {
      out->m = all[k].MSize;
      out->n = all[k].NSize;
      out->k = all[k].KSize;
    }
}

/* NULL: it has what is needed, but for a size that fits. */
static const char *missing(const gpu_device *d) {
  const char *name = missing_extension(d);
  if (gpu_setting(d->host, "matrices", 1) == 0) return "a setting that allows them";
  return name != NULL ? name : missing_feature(d);
}

void gpu_matrices_probe(gpu_device *d) {
  VkPhysicalDeviceSubgroupProperties g = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &g};
  gpu_matrix *m = &d->limits.matrix;
  const char *without = missing(d);
  char text[256];
  d->vk->GetPhysicalDeviceProperties2(d->physical, &props);
  m->subgroup = g.subgroupSize;
  if (without == NULL && (g.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0) choose(d, m);
  if (m->m != 0)
    (void)snprintf(text, sizeof text, "'%s' has cooperative matrices of %u x %u x %u halves, %u invocations each",
                   d->name, m->m, m->n, m->k, m->subgroup);
  else
    (void)snprintf(text, sizeof text, "'%s' has no cooperative matrices: without %s", d->name,
                   without != NULL ? without : "a size of half that sums in float and fits");
  d->host->log(d->host->ctx, RN_LOG_DEBUG, text);
}

void gpu_matrices_want(const gpu_device *d, gpu_matrices_wanted *w, VkPhysicalDeviceVulkan12Features *v12,
                       const char **extensions, uint32_t *n) {
  if (d->limits.matrix.m == 0) return;
  w->subgroups = (VkPhysicalDeviceSubgroupSizeControlFeaturesEXT){
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT,
      .subgroupSizeControl = VK_TRUE,
      .computeFullSubgroups = VK_TRUE};
  w->matrices = (VkPhysicalDeviceCooperativeMatrixFeaturesKHR){
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
      .pNext = &w->subgroups,
      .cooperativeMatrix = VK_TRUE};
  v12->pNext = &w->matrices;
  v12->shaderFloat16 = VK_TRUE;
  v12->vulkanMemoryModel = VK_TRUE;
  extensions[(*n)++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
  extensions[(*n)++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
}
