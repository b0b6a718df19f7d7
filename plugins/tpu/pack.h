/* pack.h - weights on their way into an integer machine's memory (plugins/tpu). */
#ifndef TPU_PACK_H
#define TPU_PACK_H
#include "ranges.h"

enum { TPU_MAX_PACKS = 128, TPU_COLUMN_BYTES = 16 };
/* One product's weights: k x n floats of input `weights`, a bias of n of input `bias` (UINT32_MAX: none), and what
 * the values before and after it are scaled by. */
typedef struct tpu_pack {
  uint32_t weights, bias, weights_at, table_at; /* inputs; offsets in the memory */
  uint64_t k, n;
  tpu_scale in, out;
} tpu_pack;
/* Column c is rounded to integers of the scale max |w[][c]| / 127. Each column's line of the table has the bias, less
 * what the zero point of the input adds, the multiplier and the shift to the output's scale, and its real scale. */
void tpu_pack_weights(const tpu_pack *p, const float *weights, const float *bias, uint8_t *memory);
#endif
