/* loader.c - the Vulkan loader, opened when a Vulkan device is first asked for (plugins/vulkan).
 *
 * The plugin links to nothing: on a machine without Vulkan it loads, and says what is missing. The loader is
 * never closed, since drivers keep threads and exit handlers that would point into nothing. */
#include <dlfcn.h>
#include "vulkan.h"

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static void *library;

static rn_status *open_library(void) {
  rn_status *s = NULL;
  (void)pthread_mutex_lock(&opening);
  if (library == NULL) library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL)
    s = rn_error(gpu_host, RN_UNAVAILABLE, "the Vulkan loader cannot be opened: %s (Debian: libvulkan1)", dlerror());
  (void)pthread_mutex_unlock(&opening);
  return s;
}

static rn_status *missing(const char *name) {
  return rn_error(gpu_host, RN_UNAVAILABLE, "the Vulkan loader or driver has no function %s (Vulkan 1.2 is needed)",
                  name);
}

#define FROM_INSTANCE(name)                                               \
  vk->name = (PFN_vk##name)vk->GetInstanceProcAddr(instance, "vk" #name); \
  if (vk->name == NULL) return missing("vk" #name);
rn_status *gpu_load(gpu_api *vk) {
  VkInstance instance = NULL;
  memset(vk, 0, sizeof *vk);
  RN_TRY(open_library());
  void *symbol = dlsym(library, "vkGetInstanceProcAddr");
  if (symbol == NULL) return missing("vkGetInstanceProcAddr");
  memcpy(&vk->GetInstanceProcAddr, &symbol, sizeof symbol);
  GPU_GLOBAL(FROM_INSTANCE)
  return NULL;
}

rn_status *gpu_load_instance(gpu_api *vk, VkInstance instance) {
  GPU_INSTANCE(FROM_INSTANCE)
  return NULL;
}

#define ROW(name) {"vk" #name, offsetof(gpu_api, name)},
rn_status *gpu_load_device(gpu_api *vk, VkDevice device) {
  static const struct {
    const char *name;
    size_t at;
  } rows[] = {GPU_DEVICE(ROW)};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    PFN_vkVoidFunction f = vk->GetDeviceProcAddr(device, rows[i].name);
    if (f == NULL) return missing(rows[i].name);
    memcpy((char *)vk + rows[i].at, &f, sizeof f);
  }
  return NULL;
}
