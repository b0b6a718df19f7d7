/* plugin.c - what this plugin offers (plugins/optimizers). */
#include "apply.h"

static rn_status *init(const rn_host_api *host) {
  apply_choose(host->cpu_features());
  return NULL;
}

static const rn_group *const groups[] = {&apply_ops_group, &apply_group, &rules_group};
static const rn_plugin_desc plugin = {
    .struct_size = (uint32_t)sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "optimizers",
    .version = RN_VERSION,
    .license = "Apache-2.0",
    .doc = "Gradient descent and its relatives: update ops, their kernels for the CPU, the rules that emit them.",
    .groups = groups,
    .group_count = (uint32_t)(sizeof groups / sizeof groups[0]),
    .init = init,
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(optimizers)(void) { return &plugin; }
