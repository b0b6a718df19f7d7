/* cast.h - tensors in another element type (plugins/vulkan). */
#ifndef GPU_CAST_H
#define GPU_CAST_H
#include "kernel.h"

/* CAST_* of a type that casts know; else of float. */
uint32_t gpu_cast_number(rn_dtype t);
/* All elements of `from` as the type of `to`. err INTERNAL for types without a cast */
rn_status *gpu_cast(const rn_call *c, const rn_tensor_view *from, const rn_tensor_view *to);
#endif
