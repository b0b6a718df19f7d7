/* epilogue.h - what follows a product before its result is written (plugins/vulkan, shaders/epilogue.glsl).
 *
 * A fused product asks its kernel for it by the call. A kernel that does not look gives the product alone, and what
 * follows is a dispatch of its own. */
#ifndef GPU_EPILOGUE_H
#define GPU_EPILOGUE_H
#include "kernel.h"

typedef struct gpu_epilogue { /* all 0: nothing */
  const rn_tensor_view *bias; /* a number per column, or NULL */
  const rn_tensor_view *side; /* shaped like the result, for an op with two operands; or NULL */
  uint32_t op;                /* EPILOGUE_* of numbers.h */
  float alpha;                /* the last argument of an op that has one */
  int done;                   /* set by the kernel that did it */
} gpu_epilogue;
void gpu_epilogue_ask(rn_call *c, gpu_epilogue *e);
gpu_epilogue *gpu_epilogue_asked(const rn_call *c); /* NULL: of nobody */
/* Turns a dispatch of product.comp or conv.comp, complete but for this, into the one that does it; done. */
void gpu_epilogue_take(gpu_dispatch *d, gpu_epilogue *e);
/* y[i] = epilogue(sum over s of parts[s n + i]); i % columns is the column; done. */
rn_status *gpu_epilogue_parts(const rn_call *c, const rn_mem *parts, uint32_t n, uint32_t columns, uint32_t splits,
                              const rn_tensor_view *y, gpu_epilogue *e);
#endif
