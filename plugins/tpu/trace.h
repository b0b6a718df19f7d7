/* trace.h - the simulated time of programs, for traces; for compiler.c and device.c (plugins/tpu). */
#ifndef TPU_TRACE_H
#define TPU_TRACE_H
#include "timing.h"
#include "tpu.h"

extern const rn_device_trace tpu_trace;
uint64_t tpu_trace_now(const tpu_device *d); /* 0: no step is traced */
/* A program ran, since begin_ns. Nothing is kept when that is 0. */
void tpu_trace_add(tpu_device *d, uint64_t begin_ns, uint64_t correlation, const tpu_counters *c);
#endif
