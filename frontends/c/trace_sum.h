/* trace_sum.h - own times of a step, added up. For trace_table.c (frontends/c). */
#ifndef RN_C_TRACE_SUM_H
#define RN_C_TRACE_SUM_H
#include "trace_impl.h"

typedef struct trace_sum {
  const rn_trace_event *e; /* the first of them */
  uint64_t own_ns, bytes;
  uint32_t count, kernels; /* kernels: how many differ from the first one's */
} trace_sum;
typedef struct trace_sums {
  trace_sum *item; /* owned, free(); the slowest first */
  uint32_t count;
  uint64_t own_ns;
} trace_sums;
rn_status *trace_sum_nodes(rn_trace *t, trace_sums *out);
rn_status *trace_sum_ops(rn_trace *t, trace_sums *out); /* types of operation, on each device */
#endif
