/* product.h - a product y[m, n] = sum over k of a[m, k] b[k, n] in tiles, and what follows it (plugins/vulkan). */
#ifndef GPU_PRODUCT_H
#define GPU_PRODUCT_H
#include "kernel.h"

/* The same product, compiled for tiles of 8 x 8 and of 4 x 4 sums an invocation, for subgroups on a CPU, and by
 * cooperative matrices. */
typedef struct gpu_product_code {
  uint32_t large, small, direct, matrix;
} gpu_product_code;
typedef struct gpu_product_plan {
  uint32_t m, n, k, batches;
  uint32_t form; /* PRODUCT_*: which index runs densely, what is read and written by fours */
  uint32_t type; /* of operands and result: CAST_FLOAT, CAST_HALF or CAST_BFLOAT16 */
  int whole;     /* no splits: the parts could not be finished together */
  /* filled by gpu_product_begin */
  uint32_t splits;
} gpu_product_plan;
/* Chooses tiles and splits of k, starts the dispatch (all constants of a product; pushes m, n, k, chunk, splits), sets
 * groups. */
gpu_dispatch gpu_product_begin(const rn_call *c, gpu_product_plan *p, const gpu_product_code *code);
/* Binds y, or scratch for parts and for sums in float, as the last operand; runs; adds parts, rounds, does the epilogue
 * that is asked for. */
rn_status *gpu_product_end(const rn_call *c, const gpu_product_plan *p, gpu_dispatch *d, const rn_tensor_view *y);
#endif
