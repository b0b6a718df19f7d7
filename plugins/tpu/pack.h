/* pack.h - weights on their way into an integer machine's memory (plugins/tpu). */
#ifndef TPU_PACK_H
#define TPU_PACK_H
#include "grid.h"

enum { TPU_MAX_PACKS = 128, TPU_COLUMN_BYTES = 16 };
/* One product's weights: k x n floats of input `weights`, a bias of n of input `bias` (UINT32_MAX: none), and what
 * the values before and after it are scaled by. */
typedef struct tpu_pack {
  uint32_t weights, bias, weights_at, table_at; /* inputs; offsets in the memory */
  uint64_t k, n;
  tpu_scale in, out;
  /* FakeQuant of the weights; top 0: none. The range is in inputs min and max, n of each if per_channel, or, if min is
   * UINT32_MAX, from low to high. */
  uint32_t min, max, bottom, top, per_channel;
  uint32_t parts; /* the integers are sums of so many int8: k rows of the first, then of the second */
  float low, high;
} tpu_pack;
/* What the call's inputs hold; min and max are NULL where the pack does not name them. */
typedef struct tpu_pack_inputs {
  const float *weights, *bias, *min, *max;
} tpu_pack_inputs;
/* Column c is rounded to integers of the scale max |w[][c]| / 127, or to FakeQuant's. Each column's line of the table
 * has the bias, less what the zero point of the input adds, the multiplier and the shift to the output's scale, and
 * its real scale. */
void tpu_pack_weights(const tpu_pack *p, const tpu_pack_inputs *from, uint8_t *memory);
#endif
