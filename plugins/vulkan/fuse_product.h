/* fuse_product.h - a product at the head of a claim, with what its own kernel does of the nodes behind it
 * (plugins/vulkan). */
#ifndef GPU_FUSE_PRODUCT_H
#define GPU_FUSE_PRODUCT_H
#include "fuse.h"

typedef struct gpu_fused_product {
  void *state; /* the kernel's; begins with a gpu_op */
  void (*destroy)(void *state);
  uint32_t n_in, in[3], out; /* operands of the claim: the node's inputs; where the result goes */
  uint32_t bias, side, op;   /* the tail as an epilogue: operands, UINT32_MAX: none; EPILOGUE_* */
  float alpha;
  uint8_t has_tail, fits; /* fits: all of it is one */
} gpu_fused_product;
void gpu_fused_product_finish(gpu_fused_product *p);
/* The product is s->nodes[0]; `tail` nodes follow it into the memory of the last of them. */
rn_status *gpu_fused_product_make(const gpu_graph *g, const rn_subgraph *s, uint32_t tail, gpu_fused_product *out);
/* out_done: the tail too. */
rn_status *gpu_fused_product_record(const gpu_fused_product *p, rn_call *c, int *out_done);
#endif
