/* cells.c - the array as it is built, cell by cell and cycle by cycle (plugins/tpu).
 *
 * Cell (y, x) keeps the weight tile[y][x]. Each cycle it takes a factor from its left and a sum from above, and
 * hands the factor to its right and sum + factor * weight below. Row `row` of the left side enters array row y at
 * cycle row + y, so its sums leave column x at the bottom at cycle row + array_rows - 1 + x. */
#include "simulator.h"

typedef struct array {
  const tpu_run *r;
  const tpu_ins *i;
  const float *tile;
  float *factor, *sum; /* registers of each cell, as the last cycle left them */
} array;

static float factor_in(const array *a, uint64_t cycle, uint32_t y) {
  float k[TPU_MAX_ARRAY];
  if (cycle < y || cycle - y >= a->i->n[M_ROWS] || y >= a->i->n[M_K]) return 0.0f;
  tpu_ins one = *a->i; /* only element y of this row */
  one.n[M_K] = y + 1;
  tpu_gather(a->r, &one, cycle - y, cycle - y + 1, k, TPU_MAX_ARRAY);
  return k[y];
}

static float step(const array *a, float sum, float factor, float weight) {
  if (a->r->m->arithmetic == TPU_BF16) return sum + factor * weight;
  return tpu_bits_float(tpu_float_bits(sum) + tpu_float_bits(factor) * tpu_float_bits(weight));
}

/* From the last cell to the first, so that each reads what its neighbours held before. */
static void tick(array *a, uint64_t cycle) {
  uint32_t rows = a->r->m->array_rows, cols = a->r->m->array_columns;
  for (uint32_t y = rows; y-- > 0;)
    for (uint32_t x = cols; x-- > 0;) {
      size_t at = (size_t)y * cols + x;
      float above = y > 0 ? a->sum[at - cols] : 0.0f;
      float factor = x > 0 ? a->factor[at - 1] : factor_in(a, cycle, y);
      a->factor[at] = factor;
      a->sum[at] = step(a, above, factor, a->tile[(size_t)y * a->r->lane + x]);
    }
}

static void collect(const array *a, uint64_t cycle) {
  uint32_t rows = a->r->m->array_rows, cols = a->r->m->array_columns;
  int keep = (a->i->flags & TPU_ACCUMULATE) != 0, whole = a->r->m->arithmetic == TPU_INT8;
  for (uint32_t x = 0; x < cols; x++) {
    if (cycle + 1 < (uint64_t)rows + x) continue;
    uint64_t row = cycle + 1 - rows - x;
    if (row >= a->i->n[M_ROWS]) continue;
    float *to = a->r->acc + (a->i->n[M_ACC] + row) * a->r->lane + x, sum = a->sum[(size_t)(rows - 1) * cols + x];
    if (!keep)
      *to = sum;
    else
      *to = whole ? tpu_bits_float(tpu_float_bits(*to) + tpu_float_bits(sum)) : *to + sum;
  }
}

void tpu_cells(const tpu_run *r, const tpu_ins *i, const float *tile) {
  uint64_t cells = (uint64_t)r->m->array_rows * r->m->array_columns;
  array a = {r, i, tile, r->array, r->array + cells};
  uint64_t cycles = (uint64_t)i->n[M_ROWS] + r->m->array_rows + r->m->array_columns - 1;
  memset(r->array, 0, 2 * cells * sizeof(float));
  for (uint64_t cycle = 0; cycle < cycles; cycle++) {
    tick(&a, cycle);
    collect(&a, cycle);
  }
}
