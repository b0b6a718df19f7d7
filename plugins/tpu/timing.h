/* timing.h - how long a program takes on its machine, and what the array waited for (plugins/tpu).
 *
 * A program has no jumps, so its time depends on its text alone: it is computed once, without running it.
 * docs/tpu.md says what is modelled. */
#ifndef TPU_TIMING_H
#define TPU_TIMING_H
#include "program.h"

/* The six parts of `cycles`, which they add up to; the array does one of them at any time. */
typedef struct tpu_counters {
  uint64_t cycles;
  uint64_t active;       /* a row of the left side enters the array */
  uint64_t weight_stall; /* the tile is not there yet */
  uint64_t weight_shift; /* the tile moves into the array */
  uint64_t input_stall;  /* waits for what the host brings, or for the memory to deliver rows */
  uint64_t raw_stall;    /* waits for a result of its own to come back from the activation unit */
  uint64_t non_matrix;   /* waits for the vector unit, or has nothing left to do */
  uint64_t instructions, memory_bytes, host_bytes;
  double products, useful_share; /* products that are not with padding; their share of what active cycles could do */
  double seconds, tops;          /* 2 x products per second, in 10^12 */
} tpu_counters;

/* The program has passed tpu_verify. err RESOURCE_EXHAUSTED */
rn_status *tpu_time(const tpu_program *p, const tpu_machine *m, tpu_counters *out);
/* A table in words. */
void tpu_counters_print(const tpu_counters *c, const tpu_machine *m, tpu_text *out);
#endif
