/* plugin.c - what a run says about itself: summaries and event files (plugins/summaries). */
#include "summaries.h"

static const rn_group *const groups[] = {
    &sum_scalar_group, &sum_histogram_group, &sum_image_group,  &sum_audio_group,
    &sum_tensor_group, &sum_merge_group,     &sum_writer_group, &sum_write_group,
};

static const rn_plugin_desc desc = {.struct_size = sizeof desc,
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "summaries",
                                    .version = RN_VERSION,
                                    .license = "Apache-2.0",
                                    .doc = "Summaries and event files, as TensorBoard reads them",
                                    .groups = groups,
                                    .group_count = sizeof groups / sizeof *groups};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(summaries)(void) { return &desc; }
