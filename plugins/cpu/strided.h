/* strided.h - moving elements between two strided layouts: what most array ops are (plugins/cpu). */
#ifndef CPU_STRIDED_H
#define CPU_STRIDED_H
#include "cpu.h"

#define CPU_STRIDED_RANK (2 * RN_MAX_RANK)
/* Element (i0, i1, ...) of x, at x + sum i_k sx_k, goes to y + sum i_k sy_k. Strides in bytes, of any
 * sign; 0 repeats. */
typedef struct cpu_strided {
  int32_t rank;
  uint32_t elem_bytes;
  int64_t dim[CPU_STRIDED_RANK], sx[CPU_STRIDED_RANK], sy[CPU_STRIDED_RANK];
} cpu_strided;
/* Starts a dense description of shape s on both sides. */
void cpu_strided_init(cpu_strided *w, const rn_shape *s, uint64_t elem_bytes);
void cpu_strided_copy(const cpu_strided *w, const void *x, void *y);
/* y[i] = the element, n times */
void cpu_fill(void *y, const void *elem, uint64_t elem_bytes, int64_t n);
#endif
