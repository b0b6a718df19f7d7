/* strided.h - moving elements between two strided layouts (plugins/vulkan). */
#ifndef GPU_STRIDED_H
#define GPU_STRIDED_H
#include "kernel.h"

enum { GPU_STRIDED_RANK = 2 * RN_MAX_RANK };
/* Outermost first; strides and offsets in elements. */
typedef struct gpu_strided {
  int32_t rank;
  int64_t dim[GPU_STRIDED_RANK], sx[GPU_STRIDED_RANK], sy[GPU_STRIDED_RANK], x0, y0;
} gpu_strided;
/* Every dimension of s, dense on both sides. */
void gpu_strided_init(gpu_strided *w, const rn_shape *s);
void gpu_strides(const rn_shape *s, int64_t *out);
/* elem_bytes: 4 or 8. err UNIMPLEMENTED: more than eight dimensions are left after merging */
rn_status *gpu_strided_run(const gpu_strided *w, const rn_call *c, const rn_tensor_view *x, const rn_tensor_view *y);
/* All of y is the single element of x. */
rn_status *gpu_strided_fill(const rn_call *c, const rn_tensor_view *x, const rn_tensor_view *y);
#define GPU_WORDS(attr) attr ": {float, int32, uint32, int64, uint64, double, complex64}"
#endif
