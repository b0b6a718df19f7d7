/* narrow.h - kernels for half and bfloat16, made of those for float (plugins/vulkan). */
#ifndef GPU_NARROW_H
#define GPU_NARROW_H
#include "kernel.h"

extern rn_group gpu_narrow_kernels;
/* Fills the group from the kernels of these groups. Before anybody reads the description; once. */
void gpu_narrow_fill(const rn_group *const *groups, uint32_t n_groups);
#endif
