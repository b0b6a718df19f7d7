/* walk.h - how inputs are walked in the order of an output they broadcast to (plugins/vulkan). */
#ifndef GPU_WALK_H
#define GPU_WALK_H
#include "kernel.h"

/* Adjacent dimensions that all inputs walk alike are one. Innermost first; strides in elements, 0: repeated. */
typedef struct gpu_walk {
  uint32_t n, rank, inputs;
  uint32_t dim[RN_MAX_RANK], stride[3][RN_MAX_RANK];
} gpu_walk;
void gpu_walk_inputs(gpu_walk *w, const rn_call *c, uint32_t inputs);
void gpu_walk_shapes(gpu_walk *w, const rn_shape *y, const rn_shape *const *x, uint32_t inputs);
/* WALK_SAME, WALK_LEFT, WALK_RIGHT (numbers.h) for two inputs where nothing else is needed, else WALK_ANY. */
uint32_t gpu_walk_mode(const gpu_walk *w);
/* rank, dim[8], then stride[8] of each input */
void gpu_walk_push(const gpu_walk *w, gpu_dispatch *d, uint32_t inputs);
#endif
