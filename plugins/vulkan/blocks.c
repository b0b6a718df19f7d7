/* blocks.c - how the subgroups of a workgroup share a block of a product by cooperative matrices (plugins/vulkan).
 *
 * A block of 64 x 64 is for 128 invocations, one of 128 x 128 for 256: 32 or 64 sums each, as in tiles. Its subgroups
 * lie in a grid as square as it goes, so that what they read of both operands is little. */
#include "blocks.h"

enum { MOST_SUMS = 64 };
const uint32_t gpu_matrix_sides[GPU_MATRIX_BLOCKS] = {64, 128};

/* Doubles the grid of subgroups while there are invocations and matrices for them. */
static void spread(const gpu_matrix *m, uint32_t invocations, gpu_matrix_block *b) {
  b->down = b->across = 1;
  while (b->down * b->across * m->subgroup * 2 <= invocations) {
    int may_across = b->side / b->across >= 2 * m->n, may_down = b->side / b->down >= 2 * m->m;
    if (!may_across && !may_down) return;
    if (may_across && (b->across <= b->down || !may_down))
      b->across *= 2;
    else
      b->down *= 2;
  }
}

/* Words by fours: tiles of both operands with a spare eight of halves in each line, later a matrix of sums a subgroup.
 */
static uint32_t shared_of(const gpu_matrix *m, uint32_t form, const gpu_matrix_block *b) {
  uint32_t by_k = b->side * (PRODUCT_MATRIX_STEP / 8 + 1), by_index = PRODUCT_MATRIX_STEP * (b->side / 8 + 1);
  uint32_t tiles =
      ((form & PRODUCT_A_INNER_K) != 0 ? by_k : by_index) + ((form & PRODUCT_B_INNER_K) != 0 ? by_k : by_index);
  uint32_t sums = b->down * b->across * m->m * m->n / 4;
  return GPU_MAX(tiles, sums);
}

int gpu_matrix_block_fit(const gpu_limits *l, uint32_t which, uint32_t form, gpu_matrix_block *out) {
  const gpu_matrix *m = &l->matrix;
  uint32_t wanted = which == 0 ? 128 : 256;
  *out = (gpu_matrix_block){.side = gpu_matrix_sides[which]};
  if (m->m == 0) return 0;
  spread(m, GPU_MIN(wanted, l->workgroup), out);
  out->rows = out->side / out->down / m->m;
  out->columns = out->side / out->across / m->n;
  out->shared_fours = shared_of(m, form, out);
  uint32_t invocations = out->down * out->across * m->subgroup;
  return invocations <= l->workgroup && out->side * out->side <= MOST_SUMS * invocations &&
         out->shared_fours * 16 <= l->shared_bytes;
}

gpu_dispatch gpu_matrix_begin(const rn_call *c, const gpu_product_plan *p, uint32_t shader, const gpu_matrix_block *b) {
  const gpu_matrix *m = &((const gpu_device *)c->device)->limits.matrix;
  gpu_dispatch d = gpu_dispatch_of(c, shader);
  d.spec[0] = b->down * b->across * m->subgroup;
  gpu_spec(&d, m->m);
  gpu_spec(&d, m->n);
  d.groups[0] = GPU_CEIL(p->n, b->side);
  d.groups[1] = GPU_CEIL(p->m, b->side);
  return d;
}

void gpu_matrix_specs(gpu_dispatch *d, const gpu_limits *l, const gpu_matrix_block *b) {
  gpu_spec(d, l->matrix.k);
  gpu_spec(d, b->down);
  gpu_spec(d, b->across);
  gpu_spec(d, b->rows);
  gpu_spec(d, b->columns);
  gpu_spec(d, b->shared_fours);
}
