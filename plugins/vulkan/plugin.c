/* plugin.c - the Vulkan device and its kernels, listed by subject (plugins/vulkan). */
#include "narrow.h"

const rn_host_api *gpu_host;

static const rn_device_def devices[] = {{
    .struct_size = (uint32_t)sizeof(rn_device_def),
    .type = "vulkan",
    .doc = "Any GPU with a Vulkan 1.2 driver: training and inference.",
    .enumerate = gpu_enumerate,
    .open = gpu_open,
    .drain = gpu_drain,
    .close = gpu_close,
    .alloc = gpu_alloc,
    .release = gpu_release,
    .address = gpu_address,
    .copy = gpu_copy,
    .queue_create = gpu_queue_create,
    .queue_destroy = gpu_queue_destroy,
    .timeline_create = gpu_timeline_create,
    .timeline_destroy = gpu_timeline_destroy,
    .timeline_query = gpu_timeline_query,
    .timeline_wait = gpu_timeline_wait,
    .timeline_signal = gpu_timeline_signal,
    .flush = gpu_flush,
    .record_begin = gpu_record_begin,
    .record_end = gpu_record_end,
    .replay = gpu_replay,
    .recording_destroy = gpu_recording_destroy,
    .trace = &gpu_trace_table,
}};
static const rn_group device_group = {.struct_size = (uint32_t)sizeof(rn_group), .devices = RN_TABLE(devices)};

extern const rn_group gpu_unary, gpu_binary, gpu_state_kernels, gpu_apply_kernels, gpu_shape_kernels, gpu_array_kernels,
    gpu_select_kernels, gpu_reduce_kernels, gpu_softmax_kernels, gpu_bias_kernels, gpu_product_kernels,
    gpu_random_kernels, gpu_conv_kernels, gpu_pool_kernels, gpu_gather_kernels, gpu_arg_kernels, gpu_counts_group,
    gpu_slice_kernels, gpu_norm_kernels, gpu_depthwise_kernels, gpu_cast_kernels, gpu_fuse_compilers;
static const rn_group *const groups[] = {
    &device_group,          &gpu_unary,           &gpu_binary,         &gpu_state_kernels,  &gpu_apply_kernels,
    &gpu_shape_kernels,     &gpu_array_kernels,   &gpu_select_kernels, &gpu_reduce_kernels, &gpu_softmax_kernels,
    &gpu_bias_kernels,      &gpu_product_kernels, &gpu_random_kernels, &gpu_conv_kernels,   &gpu_pool_kernels,
    &gpu_gather_kernels,    &gpu_arg_kernels,     &gpu_counts_group,   &gpu_slice_kernels,  &gpu_norm_kernels,
    &gpu_depthwise_kernels, &gpu_cast_kernels,    &gpu_narrow_kernels, &gpu_fuse_compilers,
};

static rn_status *init(const rn_host_api *host) {
  gpu_host = host;
  return NULL;
}

static const rn_plugin_desc desc = {
    .struct_size = (uint32_t)sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "vulkan",
    .version = RN_VERSION,
    .license = "Apache-2.0",
    .doc = "Vulkan devices and their kernels.",
    .groups = groups,
    .group_count = (uint32_t)(sizeof groups / sizeof groups[0]),
    .init = init,
};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void fill(void) { gpu_narrow_fill(groups, (uint32_t)(sizeof groups / sizeof groups[0])); }
const rn_plugin_desc *RN_PLUGIN_ENTRY(vulkan)(void) {
  (void)pthread_once(&once, fill);
  return &desc;
}
