/* instance.c - the Vulkan instance and its devices, without a logical device (plugins/vulkan).
 *
 * With the setting `validation` the Khronos validation layer watches, synchronisation included; what it says
 * is logged as warnings and counted. */
#include "vulkan.h"

static VKAPI_ATTR VkBool32 VKAPI_CALL heard(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                            VkDebugUtilsMessageTypeFlagsEXT types,
                                            const VkDebugUtilsMessengerCallbackDataEXT *data, void *arg) {
  gpu_instance *i = arg;
  char text[1024];
  (void)types;
  if (severity < VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT) return VK_FALSE;
  i->messages++;
  (void)snprintf(text, sizeof text, "validation: %s", data->pMessage);
  i->host->log(i->host->ctx, RN_LOG_WARNING, text);
  return VK_FALSE;
}

static int has_layer(const gpu_api *vk, const char *name) {
  VkLayerProperties all[64];
  uint32_t n = 64;
  if (vk->EnumerateInstanceLayerProperties(&n, all) < 0) return 0;
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(all[i].layerName, name) == 0) return 1;
  return 0;
}

static const char *const layer = "VK_LAYER_KHRONOS_validation";
static const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};

static rn_status *create(gpu_instance *i, int watched) {
  static const VkValidationFeatureEnableEXT enabled[] = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkValidationFeaturesEXT validation = {.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
                                        .enabledValidationFeatureCount = 1,
                                        .pEnabledValidationFeatures = enabled};
  VkApplicationInfo app = {
      .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pEngineName = "runnel", .apiVersion = VK_API_VERSION_1_2};
  VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app};
  if (watched) {
    info.pNext = &validation;
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &layer;
    info.enabledExtensionCount = 2;
    info.ppEnabledExtensionNames = extensions;
  }
  VkResult r = i->vk.CreateInstance(&info, NULL, &i->handle);
  if (r == VK_ERROR_INCOMPATIBLE_DRIVER)
    return rn_error(gpu_host, RN_UNAVAILABLE, "no Vulkan driver is installed (Debian: mesa-vulkan-drivers)");
  if (r != VK_SUCCESS) return rn_error(gpu_host, RN_UNAVAILABLE, "vkCreateInstance failed: VkResult %d", (int)r);
  return gpu_load_instance(&i->vk, i->handle);
}

static void listen(gpu_instance *i) {
  VkDebugUtilsMessengerCreateInfoEXT info = {
      .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
      .messageSeverity =
          VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
      .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
      .pfnUserCallback = heard,
      .pUserData = i};
  PFN_vkCreateDebugUtilsMessengerEXT make =
      (PFN_vkCreateDebugUtilsMessengerEXT)i->vk.GetInstanceProcAddr(i->handle, "vkCreateDebugUtilsMessengerEXT");
  if (make != NULL) (void)make(i->handle, &info, NULL, &i->messenger);
}

/* Vulkan 1.2 with a compute queue, timelines, and as many storage buffers as our shaders bind. */
static int is_fit(const gpu_api *vk, VkPhysicalDevice p, const char **why) {
  VkPhysicalDeviceVulkan12Features v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &v12};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  vk->GetPhysicalDeviceProperties2(p, &props);
  *why = "it offers no Vulkan 1.2";
  if (props.properties.apiVersion < VK_API_VERSION_1_2) return 0;
  vk->GetPhysicalDeviceFeatures2(p, &features);
  *why = "it has no timeline semaphores";
  if (!v12.timelineSemaphore) return 0;
  *why = "its shaders bind too few storage buffers";
  return props.properties.limits.maxPerStageDescriptorStorageBuffers >= GPU_MAX_BIND;
}

static rn_status *find_devices(gpu_instance *i) {
  uint32_t n = 0;
  if (i->vk.EnumeratePhysicalDevices(i->handle, &n, NULL) != VK_SUCCESS) n = 0;
  if (n == 0) return rn_error(gpu_host, RN_UNAVAILABLE, "the Vulkan loader finds no driver with a device");
  i->physical = gpu_zero(n * sizeof *i->physical);
  if (i->physical == NULL) return gpu_no_memory("the list of devices");
  if (i->vk.EnumeratePhysicalDevices(i->handle, &n, i->physical) != VK_SUCCESS)
    return rn_error(gpu_host, RN_UNAVAILABLE, "vkEnumeratePhysicalDevices failed");
  for (uint32_t k = 0; k < n; k++) {
    const char *why;
    if (is_fit(&i->vk, i->physical[k], &why)) {
      i->physical[i->count++] = i->physical[k];
      continue;
    }
    rn_device_info info;
    char text[256];
    gpu_describe(i, i->physical[k], &info);
    (void)snprintf(text, sizeof text, "'%s' is left out: %s", info.name, why);
    i->host->log(i->host->ctx, RN_LOG_INFO, text);
  }
  return NULL;
}

rn_status *gpu_instance_open(const rn_host_api *host, gpu_instance *i) {
  memset(i, 0, sizeof *i);
  i->host = host;
  RN_TRY(gpu_load(&i->vk));
  int watched = gpu_setting(host, "validation", 0) != 0;
  if (watched && !has_layer(&i->vk, layer))
    return rn_error(gpu_host, RN_UNAVAILABLE, "validation is on, but there is no %s (Debian: vulkan-validationlayers)",
                    layer);
  rn_status *s = create(i, watched);
  if (s == NULL && watched) listen(i);
  if (s == NULL) s = find_devices(i);
  if (s != NULL) gpu_instance_close(i);
  return s;
}

void gpu_instance_close(gpu_instance *i) {
  PFN_vkDestroyDebugUtilsMessengerEXT destroy = NULL;
  if (i->messenger != VK_NULL_HANDLE)
    destroy =
        (PFN_vkDestroyDebugUtilsMessengerEXT)i->vk.GetInstanceProcAddr(i->handle, "vkDestroyDebugUtilsMessengerEXT");
  if (destroy != NULL) destroy(i->handle, i->messenger, NULL);
  if (i->handle != NULL && i->vk.DestroyInstance != NULL) i->vk.DestroyInstance(i->handle, NULL);
  gpu_free(i->physical);
  memset(i, 0, sizeof *i);
}

static const char *vendor_name(uint32_t id) {
  switch (id) {
    case 0x1002:
      return "AMD";
    case 0x1010:
      return "Imagination";
    case 0x10DE:
      return "NVIDIA";
    case 0x13B5:
      return "ARM";
    case 0x5143:
      return "Qualcomm";
    case 0x8086:
      return "Intel";
    case VK_VENDOR_ID_MESA:
      return "Mesa";
    default:
      return "";
  }
}

static uint64_t device_bytes(const gpu_api *vk, VkPhysicalDevice p) {
  VkPhysicalDeviceMemoryProperties m;
  uint64_t most = 0;
  vk->GetPhysicalDeviceMemoryProperties(p, &m);
  for (uint32_t k = 0; k < m.memoryHeapCount; k++)
    if ((m.memoryHeaps[k].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0 && m.memoryHeaps[k].size > most)
      most = m.memoryHeaps[k].size;
  return most;
}

void gpu_describe(const gpu_instance *i, VkPhysicalDevice p, rn_device_info *out) {
  const gpu_api *vk = &i->vk;
  VkPhysicalDeviceVulkan12Properties v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
  VkPhysicalDeviceVulkan11Properties v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES,
                                            .pNext = &v12};
  VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &v11};
  vk->GetPhysicalDeviceProperties2(p, &props);
  const VkPhysicalDeviceLimits *l = &props.properties.limits;
  memset(out, 0, sizeof *out);
  out->struct_size = (uint32_t)sizeof *out;
  memcpy(out->uuid, v11.deviceUUID, sizeof out->uuid);
  (void)snprintf(out->name, sizeof out->name, "%.127s", props.properties.deviceName);
  (void)snprintf(out->vendor, sizeof out->vendor, "%s", vendor_name(props.properties.vendorID));
  (void)snprintf(out->driver, sizeof out->driver, "%.24s %.38s", v12.driverName, v12.driverInfo);
  out->memory_bytes = device_bytes(vk, p);
  out->max_alloc_bytes = v11.maxMemoryAllocationSize;
  out->max_binding_bytes = l->maxStorageBufferRange;
  uint64_t align = l->minStorageBufferOffsetAlignment;
  if (align < l->nonCoherentAtomSize) align = l->nonCoherentAtomSize;
  out->align_bytes = align < 64 ? 64u : (uint32_t)align;
  out->features = gpu_setting(i->host, "profile", 0) != 0 ? 0 : RN_DEVICE_RECORDS;
}

int gpu_has_extension(const gpu_device *d, const char *name) {
  VkExtensionProperties all[512];
  uint32_t n = 512;
  if (d->vk->EnumerateDeviceExtensionProperties(d->physical, NULL, &n, all) < 0)
    return 0; /* more than that is no failure */
  for (uint32_t k = 0; k < n; k++)
    if (strcmp(all[k].extensionName, name) == 0) return 1;
  return 0;
}

rn_status *gpu_enumerate(const rn_host_api *host, rn_status *(*put)(void *arg, const rn_device_info *i), void *arg) {
  gpu_instance i;
  rn_status *s = NULL;
  RN_TRY(gpu_instance_open(host, &i));
  for (uint32_t k = 0; k < i.count && s == NULL; k++) {
    rn_device_info info;
    gpu_describe(&i, i.physical[k], &info);
    info.index = k;
    s = put(arg, &info);
  }
  gpu_instance_close(&i);
  return s;
}
