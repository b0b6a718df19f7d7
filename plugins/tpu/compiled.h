/* compiled.h - a claim's program as the host holds it; for compiler.c, keep.c and words.c (plugins/tpu). */
#ifndef TPU_COMPILED_H
#define TPU_COMPILED_H
#include <pthread.h>
#include "lower.h"
#include "simulator.h"
#include "timing.h"
#include "tpu.h"

typedef struct tpu_idle {
  struct tpu_idle *next;
  tpu_run run;
  void **io;
  uint64_t packed[TPU_MAX_PACKS][2]; /* versions of weights and bias in the memory; 0: none */
} tpu_idle;
/* What changes while a program is in use. The rest of it is the same in all runs. */
typedef struct tpu_pool {
  pthread_mutex_t guard;
  tpu_idle *idle;
  tpu_ranges seen; /* calibrating */
} tpu_pool;
typedef struct tpu_compiled {
  const rn_host_api *host;
  tpu_machine machine;
  tpu_lowered made;
  tpu_needs needs;
  tpu_counters counters;
  uint32_t n_in, n_out, n_cells, cells;
  char calibrate[1024]; /* where what was seen goes at the end; "": nowhere */
  tpu_pool *pool;
} tpu_compiled;

/* For `device`, without a program yet. own: owned, tpu_compiled_release. err RESOURCE_EXHAUSTED */
rn_status *tpu_compiled_create(const rn_host_api *host, void *device, tpu_compiled **out);
void tpu_compiled_release(void *program);
/* keep.c */
uint64_t tpu_fingerprint(const rn_host_api *host, void *device);
rn_status *tpu_serialize(const void *program, rn_status *(*write)(void *arg, const void *bytes, size_t n), void *arg);
rn_status *tpu_deserialize(const rn_host_api *host, void *device, const rn_subgraph *s, const void *bytes, size_t n,
                           void **out);
/* words.c */
rn_status *tpu_print(const void *program, uint32_t what, rn_status *(*write)(void *arg, const void *bytes, size_t n),
                     void *arg);
#endif
