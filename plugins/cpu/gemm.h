/* gemm.h - dense products for the kernels of this plugin (plugins/cpu).
 *
 * C[m, n] = op(A) op(B) + beta C, row-major, op(X) = X or its transpose. beta is 0 or 1. */
#ifndef CPU_GEMM_H
#define CPU_GEMM_H
#include "cpu.h"

typedef struct cpu_gemm {
  int ta, tb;
  int64_t m, n, k, lda, ldb, ldc;
  const void *a, *b;
  void *c;
  int beta;
} cpu_gemm;
/* On this thread. dt: RN_FLOAT or RN_DOUBLE. */
void cpu_gemm_run(rn_dtype dt, const cpu_gemm *g);
/* Over the host's threads when it is large. */
void cpu_gemm_parallel(rn_dtype dt, const cpu_gemm *g);
/* Plain loops: also RN_INT32, RN_INT64. */
void cpu_gemm_reference(rn_dtype dt, const cpu_gemm *g);
#endif
