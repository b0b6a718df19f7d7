/* reduce.h - sums over parts, for kernels that split their work (plugins/vulkan). */
#ifndef GPU_REDUCE_H
#define GPU_REDUCE_H
#include "kernel.h"

/* y[i] = sum over s of parts[s n + i] */
rn_status *gpu_reduce_parts(const rn_call *c, const rn_mem *parts, uint32_t n, uint32_t splits,
                            const rn_tensor_view *y);
/* How many parts give a device with so many independent results enough to do, each of at least `least` steps. */
uint32_t gpu_reduce_splits(const rn_call *c, uint64_t results, uint64_t steps, uint64_t least);
/* Float sums of x seen as [outer, n, inner] over outer and inner: what bias gradients are. */
rn_status *gpu_reduce_channels(const rn_call *c, const rn_tensor_view *x, const int64_t sizes[3],
                               const rn_tensor_view *y);
#endif
