/* cast.h - tensors in another element type (plugins/vulkan). */
#ifndef GPU_CAST_H
#define GPU_CAST_H
#include "kernel.h"

/* All elements of `from` as the type of `to`. err INTERNAL for types without a cast */
rn_status *gpu_cast(const rn_call *c, const rn_tensor_view *from, const rn_tensor_view *to);
#endif
