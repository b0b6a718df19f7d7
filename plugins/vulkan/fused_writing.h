/* fused_writing.h - a fused program's module while it is written: seen by fused.c and fused_read.c alone
 * (plugins/vulkan). Members are numbers of the module. */
#ifndef GPU_FUSED_WRITING_H
#define GPU_FUSED_WRITING_H
#include "fused.h"
#include "spirv.h"

enum { GPU_FUSED_MOST_PER = 4 };

typedef struct gpu_writing {
  gpu_spirv m;
  const gpu_fused *f;
  uint32_t per;
  uint32_t t_void, t_bool, t_int, t_uint, t_float, t_vec2, p_word, p_buffer, p_push, p_in;
  uint32_t zero, one, word_zero; /* word_zero: the int that picks a struct's first member */
  uint32_t push, size, last, units, step;
  uint32_t dim[RN_MAX_RANK], stride[FUSED_MAX_IN][RN_MAX_RANK];
  uint32_t buffer[FUSED_MAX_IN], result[FUSED_MAX_OUT];
  uint32_t value[GPU_FUSED_MOST_PER][FUSED_MAX_IN + FUSED_MAX_OPS];
  uint8_t stands[FUSED_MAX_IN + FUSED_MAX_OPS]; /* per value: the same for all elements */
} gpu_writing;
uint32_t gpu_fused_per_word(uint32_t dtype); /* elements */
void gpu_fused_declare(gpu_writing *w);
uint32_t gpu_fused_constant(gpu_writing *w, uint32_t value);
uint32_t gpu_fused_built_in(gpu_writing *w, uint32_t which);
/* Sizes, strides and all that does not move. */
void gpu_fused_before_loop(gpu_writing *w);
/* What moves, for element i of the result, the e-th of its unit. */
void gpu_fused_read(gpu_writing *w, uint32_t e, uint32_t i);
#endif
