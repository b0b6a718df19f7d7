/* tune.h - which of several ways to do the same is fastest here, measured once (plugins/vulkan). */
#ifndef GPU_TUNE_H
#define GPU_TUNE_H
#include "kernel.h"

/* Ways of one kernel for one size. Sizes are put into classes by powers of two; a class is measured at its first use
 * and remembered on disk, per device and driver. */
typedef struct gpu_trial {
  uint32_t family;      /* GPU_TUNE_* */
  uint32_t size[4];     /* what its time depends on */
  uint32_t ways, usual; /* how many; which one without a measurement */
  const void *arg;      /* for record */
  /* Records way number `way` on operands of its own: the call has no inputs and outputs. */
  rn_status *(*record)(const rn_call *c, const void *arg, uint32_t way);
} gpu_trial;
enum { GPU_TUNE_TILES = 1, GPU_TUNE_PANELS = 2, GPU_TUNE_HALF = 3, GPU_TUNE_BFLOAT16 = 4 };

/* The way to go. Measures at most once per class, in submissions of its own, so it may be called while a queue records.
 * Whatever goes wrong leaves the usual way. thread: any */
uint32_t gpu_tune(const rn_call *c, const gpu_trial *t);
void gpu_tune_init(gpu_device *d); /* reads what is remembered, if the setting `tune` is on */
void gpu_tune_finish(gpu_device *d);
#endif
