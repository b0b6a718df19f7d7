/* simulator.h - runs verified programs: the numbers, and apart from them the time (plugins/tpu).
 *
 * The numbers, as exactly as a machine would be built. bf16: factors are rounded to bfloat16 (to nearest, ties to
 * even); a tile's products are added in float from its first row to its last, each product and each sum rounded
 * once; the accumulator then takes or adds that sum. int8: 32-bit integers, which wrap. Both modes below give the
 * same bits. */
#ifndef TPU_SIMULATOR_H
#define TPU_SIMULATOR_H
#include "program.h"

/* What one run needs beside the program; made once, used again. */
typedef struct tpu_run {
  const tpu_program *p;
  const tpu_machine *m;
  uint8_t *buffer, *memory;
  float *acc;                       /* rows of `lane` elements; int32_t on machines of integers */
  float *tile;                      /* the tiles of the queue: fifo_tiles x array_rows x lane */
  uint32_t lane;                    /* array_columns, rounded up to the width of the loops */
  uint32_t queue_at, queued, cells; /* cells: cell by cell */
  void *const *io;
  const tpu_ins *window[TPU_N_WINDOWS];
  float *array; /* cells: the registers of the array */
} tpu_run;
/* The program has passed tpu_verify with these needs. err RESOURCE_EXHAUSTED; finish it also then. */
rn_status *tpu_run_init(tpu_run *r, const tpu_program *p, const tpu_machine *m, const tpu_needs *needs, int cells);
void tpu_run_finish(tpu_run *r);
/* io: the address of each tensor, as large as the program says. stop: asked now and then, or NULL. err CANCELLED */
rn_status *tpu_run_program(tpu_run *r, void *const *io, int (*stop)(void *arg), void *arg);

/* -------------------------------------------------------------------------------- the parts */
static inline float tpu_bits_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
static inline uint32_t tpu_float_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
/* To nearest, ties to even; a NaN stays one. */
static inline float tpu_to_bf16(float x) {
  uint32_t bits = tpu_float_bits(x), nan = (bits & 0x7fffffffu) > 0x7f800000u;
  uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1)) & 0xffff0000u;
  return tpu_bits_float(nan ? bits | 0x00400000u : rounded);
}
uint8_t *tpu_run_at(const tpu_run *r, const tpu_place *p);
void tpu_run_load(tpu_run *r, const tpu_ins *i);
void tpu_run_matmul(tpu_run *r, const tpu_ins *i);
void tpu_run_store(const tpu_run *r, const tpu_ins *i);
void tpu_run_vector(const tpu_run *r, const tpu_ins *i);
void tpu_run_reduce(const tpu_run *r, const tpu_ins *i);
void tpu_run_pool(const tpu_run *r, const tpu_ins *i);
void tpu_run_onehot(const tpu_run *r, const tpu_ins *i);
void tpu_run_convert(const tpu_run *r, const tpu_ins *i);
void tpu_run_lookup(const tpu_run *r, const tpu_ins *i);
void tpu_run_combine(const tpu_run *r, const tpu_ins *i);
/* Rows [lo, hi) of the product's left side, k of each, as the array sees them; ld elements apart. */
void tpu_gather(const tpu_run *r, const tpu_ins *i, uint64_t lo, uint64_t hi, float *to, uint32_t ld);
/* The same product with every register of the array moved every cycle. */
void tpu_cells(const tpu_run *r, const tpu_ins *i, const float *tile);

/* y[4][lane] = (keep ? y : 0) + x[4][k] tile[k][lane], cols a multiple of 32. One per instruction set. */
typedef void (*tpu_product)(const float *x, uint32_t ldx, uint32_t k, const float *tile, float *y, uint32_t lane,
                            uint32_t cols, int keep);
typedef struct tpu_products {
  tpu_product real, whole; /* floats; 32-bit integers in the same places */
} tpu_products;
extern const tpu_products tpu_products_v1, tpu_products_v3, tpu_products_v4;
void tpu_choose_products(uint64_t cpu_features);
const tpu_products *tpu_products_now(void);
#endif
