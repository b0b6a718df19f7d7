/* draw.h - what a sample is drawn from: random numbers that repeat, shapes in letters (frontends/conform);
 * for sample*.c.
 *
 * Letters become dimensions by the size of the plan, so that one structure comes in many sizes. Structure and
 * values are drawn from two streams: as many numbers are taken from the first whatever the size. */
#ifndef CONFORM_DRAW_H
#define CONFORM_DRAW_H
#include "sample.h"

typedef struct draw {
  const kit_op *op;
  const sample_plan *plan;
  uint64_t structure, value; /* states */
  rn_dtype type[SIG_ATTRS];  /* of type attributes */
  rn_dtype list[SIG_ATTRS][4];
  uint32_t count[SIG_ATTRS]; /* of list(type), and N */
  int scheme;
  int32_t rank;                          /* of the first input */
  rn_shape first, image, filter, result; /* the last three: of a convolution; rank 0 otherwise */
  uint32_t n_in;
  uint32_t arg[SAMPLE_IN], place[SAMPLE_IN]; /* flat input: its argument, its place in it */
  rn_dtype dtype[SAMPLE_IN];
  rn_shape shape[SAMPLE_IN];
  int integer[SAMPLE_IN]; /* an integer that steers: axis, shape, index */
} draw;

uint64_t draw_next(uint64_t *state);
/* 0 .. n-1 */
static inline uint32_t draw_below(uint64_t *state, uint32_t n) {
  return n == 0 ? 0 : (uint32_t)(draw_next(state) >> 33) % n;
}
static inline int draw_chance(uint64_t *state, uint32_t percent) { return draw_below(state, 100) < percent; }
int64_t draw_dim(const draw *d, uint32_t letter);

void draw_shapes(draw *d); /* sample_shape.c: shape[] of inputs that carry data */
/* The tensor of input i, for an integer that steers its shape too. */
rn_status *draw_tensor(draw *d, uint32_t i, rn_tensor **out); /* sample_value.c */
/* Attributes that are neither inferred nor left at their default. Memory of values: `keep`. */
typedef struct attr_memory {
  rn_shape shape[4];
  int64_t ints[8][8];
  float floats[4][4];
  rn_dtype types[4][4];
  rn_bytes words[4][4];
  rn_tensor *tensor;
  uint32_t n_shape, n_ints, n_floats, n_types, n_words;
} attr_memory;
uint32_t draw_attrs(draw *d, rn_attr *out, attr_memory *keep); /* sample_attr.c */
#endif
