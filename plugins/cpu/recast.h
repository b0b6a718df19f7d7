/* recast.h - kernels run on tensors of another type (plugins/cpu). */
#ifndef CPU_RECAST_H
#define CPU_RECAST_H
#include "cpu.h"

/* Calls the kernel with half and bfloat16 tensors seen as float. */
rn_status *cpu_call_in_float(rn_compute_fn fn, const void *state, rn_call *c);
/* Calls the kernel with string tensors seen as int64, a number per string; 0 is the empty string. So
 * every kernel that only moves elements moves strings. */
rn_status *cpu_call_in_numbers(rn_compute_fn fn, const void *state, rn_call *c);

#define CPU_IN_FLOAT(fn) \
  static rn_status *fn##_in_float(const void *state, rn_call *c) { return cpu_call_in_float(fn, state, c); }
#define CPU_IN_NUMBERS(fn) \
  static rn_status *fn##_in_numbers(const void *state, rn_call *c) { return cpu_call_in_numbers(fn, state, c); }
#endif
