/* narrow.h - kernels for half and bfloat16, made of those for float (plugins/vulkan). */
#ifndef GPU_NARROW_H
#define GPU_NARROW_H
#include "kernel.h"

/* v as float, in scratch memory of its own that nothing has been written to; what is not narrow stays. */
rn_status *gpu_widen(const rn_call *c, const rn_tensor_view *v, rn_tensor_view *out);
/* Records a kernel for float on a call whose operands are narrow: casts before and behind it. */
rn_status *gpu_in_float(const gpu_op *wide, const rn_call *c);
extern rn_group gpu_narrow_kernels;
/* Fills the group from the kernels of these groups. Before anybody reads the description; once. */
void gpu_narrow_fill(const rn_group *const *groups, uint32_t n_groups);
#endif
