/* plugin.c - tpu: matrix machines that run whole parts of a graph as one program (plugins/tpu). */
#include "simulator.h"
#include "tpu.h"

static const rn_group *const groups[] = {&tpu_devices_group, &tpu_compilers_group};

static rn_status *init(const rn_host_api *host) {
  tpu_choose_products(host->cpu_features());
  return NULL;
}

static const rn_plugin_desc desc = {
    .struct_size = (uint32_t)sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "tpu",
    .version = "0.1",
    .license = "Apache-2.0",
    .doc = "A simulated matrix machine that claims, compiles and runs whole parts of a graph.",
    .groups = groups,
    .group_count = sizeof groups / sizeof groups[0],
    .init = init,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(tpu)(void) { return &desc; }
