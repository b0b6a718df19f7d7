/* plugin.c - what the ops plugin exports (plugins/ops). */
#include "ops.h"

#define OPS_FILE(group) extern const rn_group group;
#include "groups.h"
#undef OPS_FILE

#define OPS_FILE(group) &group,
static const rn_group *const groups[] = {
#include "groups.h"
};
#undef OPS_FILE

static const rn_plugin_desc desc = {
    .struct_size = (uint32_t)sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "ops",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .doc = "TensorFlow's ops: signatures, shape functions, gradients.",
    .groups = groups,
    .group_count = (uint32_t)(sizeof groups / sizeof groups[0]),
};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(ops)(void) { return &desc; }
