/* product.h - sizes and tiles of a product y[m, n] = sum a[m, k] b[k, n] (plugins/vulkan). */
#ifndef GPU_PRODUCT_H
#define GPU_PRODUCT_H
#include "kernel.h"

typedef struct gpu_product_plan {
  uint32_t m, n, k, batches;
  int a_inner_k, b_inner_k; /* which index runs densely: how a tile is read */
  /* filled by gpu_product_begin */
  uint32_t tx, ty, splits;
} gpu_product_plan;
/* Chooses tiles and splits of k, starts the dispatch (constants; pushes m, n, k, chunk, splits), sets groups.
 * tile, direct: the two compiled forms of the same shader. */
gpu_dispatch gpu_product_begin(const rn_call *c, gpu_product_plan *p, uint32_t tile, uint32_t direct);
/* Binds y, or scratch for the parts, as the last operand; runs; adds the parts. */
rn_status *gpu_product_end(const rn_call *c, const gpu_product_plan *p, gpu_dispatch *d, const rn_tensor_view *y);
#endif
