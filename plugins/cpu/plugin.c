/* plugin.c - the CPU device and its kernels, listed by subject (plugins/cpu). */
#include "cpu.h"

const rn_host_api *cpu_host;
int cpu_level;

extern const rn_group cpu_device, cpu_convert_kernels, cpu_unary, cpu_binary, cpu_compare, cpu_sum, cpu_array_alias,
    cpu_array_shape, cpu_array_join, cpu_array_slice, cpu_array_order, cpu_array_pad, cpu_gather, cpu_scatter,
    cpu_select, cpu_reduce, cpu_arg, cpu_top_k, cpu_unique, cpu_matmul, cpu_conv_kernels, cpu_depthwise, cpu_pool,
    cpu_bias, cpu_softmax, cpu_batch_norm, cpu_nn, cpu_random, cpu_state_kernels, cpu_function, cpu_loop_gradient,
    cpu_check, cpu_fake_quant;
static const rn_group *const groups[] = {
    &cpu_device,        &cpu_convert_kernels, &cpu_unary,        &cpu_binary,      &cpu_compare,       &cpu_sum,
    &cpu_array_alias,   &cpu_array_shape,     &cpu_array_join,   &cpu_array_slice, &cpu_array_order,   &cpu_array_pad,
    &cpu_gather,        &cpu_scatter,         &cpu_select,       &cpu_reduce,      &cpu_arg,           &cpu_top_k,
    &cpu_unique,        &cpu_matmul,          &cpu_conv_kernels, &cpu_depthwise,   &cpu_pool,          &cpu_bias,
    &cpu_softmax,       &cpu_batch_norm,      &cpu_nn,           &cpu_random,      &cpu_state_kernels, &cpu_function,
    &cpu_loop_gradient, &cpu_check,           &cpu_fake_quant,
};

static rn_status *init(const rn_host_api *host) {
  uint64_t features = host->cpu_features();
  cpu_host = host;
  cpu_level = features & RN_CPU_AVX512 ? 2 : features & RN_CPU_AVX2 ? 1 : 0;
  return NULL;
}
static void fini(void) { cpu_host = NULL; }

static const rn_plugin_desc desc = {
    .struct_size = (uint32_t)sizeof(rn_plugin_desc),
    .abi_major = RN_ABI_MAJOR,
    .abi_minor = RN_ABI_MINOR,
    .build_flags = RN_BUILD_FLAGS,
    .id = "cpu",
    .version = RN_VERSION,
    .license = "Apache-2.0",
    .doc = "The CPU device and its kernels.",
    .groups = groups,
    .group_count = (uint32_t)(sizeof groups / sizeof groups[0]),
    .init = init,
    .fini = fini,
};
const rn_plugin_desc *RN_PLUGIN_ENTRY(cpu)(void) { return &desc; }
