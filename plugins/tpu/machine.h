/* machine.h - the description of a matrix machine (plugins/tpu).
 *
 * A description is a text file of `key = value` lines; `;` and `#` begin comments. Two are built in. All numbers
 * that the simulator, the verifier and the compiler know of a machine stand here. */
#ifndef TPU_MACHINE_H
#define TPU_MACHINE_H
#include <runnel/plugin.h>

enum { TPU_BF16 = 1, TPU_INT8 = 2 };
enum { TPU_MAX_ARRAY = 512 };

typedef struct tpu_machine {
  char name[32];
  uint32_t arithmetic;                 /* TPU_BF16 or TPU_INT8 */
  uint32_t array_rows, array_columns;  /* the array: a product sums array_rows terms */
  uint32_t fifo_tiles;                 /* weight tiles that wait before the array */
  uint32_t accumulator_rows;           /* of array_columns elements of 32 bits */
  uint32_t activation_lanes;           /* elements per cycle on the way out of the accumulators */
  uint32_t vector_lanes;               /* elements per cycle of what is done element by element, and of pools */
  uint32_t whole_tiles;                /* 1: a tile is fetched whole, however little of it is used */
  uint64_t buffer_bytes, memory_bytes; /* on the chip; beside it */
  double clock_mhz, memory_gb_per_second, host_gb_per_second;
} tpu_machine;

/* Reads a description. err INVALID_ARGUMENT: `from` (for messages), the line, and what is wrong with it. */
rn_status *tpu_machine_parse(const rn_host_api *host, const char *from, const char *text, tpu_machine *out);
/* The text of a built-in machine, or NULL. */
const char *tpu_machine_text(const char *name);
/* A built-in machine by its name, or a description by its path. err NOT_FOUND */
rn_status *tpu_machine_find(const rn_host_api *host, const char *name, tpu_machine *out);
/* Tells machines apart whose programs are not the same. */
uint64_t tpu_machine_print(const tpu_machine *m);
/* 2 x products per second that the array can do. */
double tpu_machine_peak(const tpu_machine *m);
#endif
