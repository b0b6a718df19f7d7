/* grid.h - which integers stand for a value: scale, zero point, limits; what FakeQuant says of them (plugins/tpu). */
#ifndef TPU_GRID_H
#define TPU_GRID_H
#include "ranges.h"

/* real = scale (q - zero), low <= q <= high, all int8. */
typedef struct tpu_grid {
  tpu_scale scale;
  int32_t low, high;
} tpu_grid;
tpu_grid tpu_grid_of_range(const tpu_range *r);
int tpu_grid_equal(const tpu_grid *a, const tpu_grid *b);
/* r on the grid: to nearest, ties to even; NaN is 0. */
int8_t tpu_grid_round(const tpu_grid *g, double r);
/* A grid that needs no measuring: of what a sigmoid or a tanh makes. 0: op is neither. */
int tpu_grid_of_op(const char *op, tpu_grid *out);

/* A FakeQuant node whose ranges are known before the step: constants, or its attributes. */
typedef struct tpu_fake {
  uint32_t bottom, top;   /* its integers */
  int64_t channels;       /* ranges: 1, or one per element of the last dimension */
  const float *min, *max; /* NULL: low and high, of the attributes, which are rounded to in another way */
  float low, high;
} tpu_fake;
int tpu_is_fake_quant(const char *op);
/* NULL, or why its ranges are not known. Borrowed from the graph. */
const char *tpu_fake_of(const rn_host_api *host, const rn_graph_view_api *v, const rn_graph *g, rn_node_id n,
                        tpu_fake *out);
/* As an activation's grid. NULL, or why not. */
const char *tpu_fake_grid(const tpu_fake *f, tpu_grid *out);
/* As a weight's: how many int8 are added for one of its steps, 1 or 2. NULL, or why not. */
const char *tpu_fake_parts(const tpu_fake *f, uint32_t *out);

/* What TensorFlow makes of a range: w becomes scale step, step = floor((clip(w) - low) inverse - zero + 1/2). */
typedef struct tpu_steps {
  float low, high, scale, inverse, zero;
} tpu_steps;
tpu_steps tpu_fake_steps(uint32_t bottom, uint32_t top, float min, float max, int of_attributes);
/* Within -255 and 255; NaN is 0. */
int32_t tpu_fake_step(const tpu_steps *s, float w);
#endif
