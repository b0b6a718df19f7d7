/* conv.h - one convolution at work, between the files that do it (plugins/cpu). */
#ifndef CPU_CONV_H
#define CPU_CONV_H
#include "window.h"

enum { CPU_CONV_FORWARD, CPU_CONV_TO_INPUT, CPU_CONV_TO_FILTER };

/* x image, f filter, y result; `what` says which of them is written. */
typedef struct cpu_conv {
  cpu_window g;
  rn_dtype dt; /* RN_FLOAT or RN_DOUBLE */
  int what;
  char *x, *f, *y;
  /* filled by cpu_conv_plan */
  uint64_t bytes, tile_bytes;
  int64_t patch, tile, chunks; /* elements of a patch, rows of results per tile, partial filters */
  char *tiles, *partial;       /* one tile per worker; TO_FILTER: a filter per chunk */
} cpu_conv;

/* Sizes of tiles for so many threads. Returns the bytes of scratch that cpu_conv_products needs. */
uint64_t cpu_conv_plan(cpu_conv *w, uint32_t threads);
/* Over patches and matrix products. scratch: 64-byte aligned. */
void cpu_conv_products(cpu_conv *w, void *scratch);
/* The formula, loop by loop. */
void cpu_conv_loops(cpu_conv *w);

/* The geometry of a convolution with this filter, the depthwise kind or the full one. */
rn_status *cpu_conv_geometry(const char *op, const cpu_window_attrs *a, const rn_shape *x, const rn_shape *f,
                             int depthwise, cpu_window *g);
/* err INVALID_ARGUMENT: dy has not the result's shape */
rn_status *cpu_conv_check_dy(const char *op, const cpu_window_attrs *a, const cpu_window *g, const rn_shape *dy);
#endif
