/* fused.h - a fused program as data: what it reads, the formulas in order, what it writes (plugins/vulkan).
 *
 * Values are numbered: inputs first, then one per formula. All formulas are computed for each element of one shape,
 * seen as `rank` dimensions, innermost first; an input stands still in the dimensions that its mask leaves out. Sizes
 * travel as push constants, so the data is the same for all sizes: equal data, one module. */
#ifndef GPU_FUSED_H
#define GPU_FUSED_H
#include "kernel.h"

enum {
  FUSED_MAX_IN = 24,
  FUSED_MAX_OPS = 48,
  FUSED_MAX_OUT = 8,
  FUSED_MAX_ARGS = 3,
  FUSED_PUSH_NUMBERS = 1 + RN_MAX_RANK, /* push constants: elements, the dimensions, then numbers */
  FUSED_MAX_NUMBERS = GPU_MAX_PUSH - FUSED_PUSH_NUMBERS
};
typedef struct gpu_fused_input {
  uint8_t dtype, is_number; /* is_number: a push constant, the k-th of them; else the k-th binding */
  uint8_t mask;             /* bit d: it moves in dimension d */
  uint8_t reserved;
} gpu_fused_input;
typedef struct gpu_fused_op {
  int16_t function; /* of the library; -1: its argument as it is */
  uint8_t n_args, dtype;
  uint16_t arg[FUSED_MAX_ARGS];
  uint16_t reserved;
} gpu_fused_op;
typedef struct gpu_fused {
  uint16_t n_in, n_ops, n_out, rank;
  gpu_fused_input in[FUSED_MAX_IN];
  gpu_fused_op op[FUSED_MAX_OPS];
  uint16_t out[FUSED_MAX_OUT]; /* values, bound after the inputs */
} gpu_fused;

/* Float, half, int32 and bool. */
int gpu_fused_type(rn_dtype t);
/* "f1;" for a float or half: how the library names a function's argument. */
const char *gpu_fused_letter(rn_dtype t);
/* Elements of a shape that one invocation computes: it writes whole words. */
uint32_t gpu_fused_per_invocation(const gpu_fused *f);
/* The module for this data. own: words owned by the caller (gpu_free). */
rn_status *gpu_fused_write(const gpu_fused *f, uint32_t **words, size_t *bytes);
/* The device's own copy of it, written at first use. own: borrowed until the device is closed. host: whose settings. */
rn_status *gpu_fused_module(const rn_host_api *host, gpu_device *d, const gpu_fused *f, const gpu_shader **out);
void gpu_fused_finish(gpu_device *d);
#endif
