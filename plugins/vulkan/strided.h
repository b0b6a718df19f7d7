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
/* Elements of any size. err UNIMPLEMENTED: more than eight dimensions are left after merging */
rn_status *gpu_strided_run(const gpu_strided *w, const rn_call *c, const rn_tensor_view *x, const rn_tensor_view *y);
/* All of y is the single element of x. */
rn_status *gpu_strided_fill(const rn_call *c, const rn_tensor_view *x, const rn_tensor_view *y);
/* What is moved of an element: so many words, or a share of one. v is not empty. */
typedef struct gpu_units {
  uint32_t per_elem, per_word;
} gpu_units;
gpu_units gpu_units_of(const rn_tensor_view *v);
/* Whatever a tensor on the device may hold. */
#define GPU_ANY_TYPE                                                                                            \
  "{float, double, half, bfloat16, int32, int64, uint8, int8, int16, uint16, uint32, uint64, bool, complex64, " \
  "complex128, qint8, quint8, qint32}"
#define GPU_ANY(attr) attr ": " GPU_ANY_TYPE
#endif
