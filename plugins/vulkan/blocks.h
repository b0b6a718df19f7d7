/* blocks.h - blocks of a product that are multiplied by cooperative matrices (plugins/vulkan, shaders/matrix.glsl). */
#ifndef GPU_BLOCKS_H
#define GPU_BLOCKS_H
#include "product.h"

enum { GPU_MATRIX_BLOCKS = 2 };
extern const uint32_t gpu_matrix_sides[GPU_MATRIX_BLOCKS]; /* results of a block in each direction, rising */
typedef struct gpu_matrix_block {
  uint32_t side;
  uint32_t down, across;  /* subgroups of a workgroup */
  uint32_t rows, columns; /* matrices of sums that each of them keeps */
  uint32_t shared_fours;  /* of words */
} gpu_matrix_block;
/* How the device's subgroups share a block of gpu_matrix_sides[which] for a product of this form: 0 where it has no
 * matrices, or too few invocations or too little shared memory in a workgroup. */
int gpu_matrix_block_fit(const gpu_limits *l, uint32_t which, uint32_t form, gpu_matrix_block *out);
/* Starts the dispatch: constants up to the form, groups. Then, behind the form, those of matrices. */
gpu_dispatch gpu_matrix_begin(const rn_call *c, const gpu_product_plan *p, uint32_t shader, const gpu_matrix_block *b);
void gpu_matrix_specs(gpu_dispatch *d, const gpu_limits *l, const gpu_matrix_block *b);
#endif
