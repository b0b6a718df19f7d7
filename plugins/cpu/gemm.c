/* gemm.c - products through OpenBLAS, one of its threads per call (plugins/cpu).
 *
 * The host owns the threads: large products are cut along m or n and each piece is one serial BLAS
 * call. The library is opened at the first product, because loading it costs 2 ms and starts threads;
 * graphs without products never pay. Where it is missing the plain loops do the work. */
#include "gemm.h"
#include <dlfcn.h>
#include <pthread.h>

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 }; /* cblas.h */
typedef void (*sgemm_fn)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *,
                         int);
typedef void (*dgemm_fn)(int, int, int, int, int, int, double, const double *, int, const double *, int, double,
                         double *, int);
typedef void (*sgemv_fn)(int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void (*dgemv_fn)(int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
static struct blas {
  sgemm_fn sgemm;
  dgemm_fn dgemm;
  sgemv_fn sgemv;
  dgemv_fn dgemv;
} blas;
static pthread_once_t opened = PTHREAD_ONCE_INIT;

static void open_blas(void) {
#ifdef CPU_OPENBLAS
  void *l = dlopen(CPU_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
  if (!l) {
    cpu_host->log(cpu_host->ctx, RN_LOG_WARNING, "cpu: " CPU_OPENBLAS " cannot be opened; products run as plain loops");
    return;
  }
  void *threads = dlsym(l, "openblas_set_num_threads");
  void *f[4] = {dlsym(l, "cblas_sgemm"), dlsym(l, "cblas_dgemm"), dlsym(l, "cblas_sgemv"), dlsym(l, "cblas_dgemv")};
  if (!threads || !f[0] || !f[1] || !f[2] || !f[3]) return;
  void (*set_threads)(int);
  memcpy(&set_threads, &threads, sizeof set_threads);
  set_threads(1);
  memcpy(&blas, f, sizeof blas);
#endif
}

#define LOOPS(T, name, S)                                                                           \
  static void loops_##name(const cpu_gemm *g) {                                                     \
    const T *a = g->a, *b = g->b;                                                                   \
    T *c = g->c;                                                                                    \
    for (int64_t i = 0; i < g->m; i++) {                                                            \
      T *row = c + i * g->ldc;                                                                      \
      if (!g->beta) memset(row, 0, (uint64_t)g->n * sizeof(T));                                     \
      for (int64_t l = 0; l < g->k; l++) {                                                          \
        T x = g->ta ? a[l * g->lda + i] : a[i * g->lda + l];                                        \
        if (g->tb)                                                                                  \
          for (int64_t j = 0; j < g->n; j++) row[j] = (T)((S)row[j] + (S)x * (S)b[j * g->ldb + l]); \
        else                                                                                        \
          for (int64_t j = 0; j < g->n; j++) row[j] = (T)((S)row[j] + (S)x * (S)b[l * g->ldb + j]); \
      }                                                                                             \
    }                                                                                               \
  }
LOOPS(float, f32, float)
LOOPS(double, f64, double)
LOOPS(int32_t, i32, uint32_t)
LOOPS(int64_t, i64, uint64_t)

void cpu_gemm_reference(rn_dtype dt, const cpu_gemm *g) {
  if (g->m == 0 || g->n == 0) return;
  if (dt == RN_FLOAT)
    loops_f32(g);
  else if (dt == RN_DOUBLE)
    loops_f64(g);
  else if (dt == RN_INT32)
    loops_i32(g);
  else
    loops_i64(g);
}

/* One row of A times B, where a general product would be slow; A's row is dense or a column of lda 1. */
static int vector_product(rn_dtype dt, const cpu_gemm *g) {
  if (g->m != 1 || (g->ta && g->lda != 1)) return 0;
  int trans = g->tb ? NO_TRANS : TRANS;
  int rows = (int)(g->tb ? g->n : g->k), cols = (int)(g->tb ? g->k : g->n);
  if (dt == RN_FLOAT)
    blas.sgemv(ROW_MAJOR, trans, rows, cols, 1, g->b, (int)g->ldb, g->a, 1, (float)g->beta, g->c, 1);
  else
    blas.dgemv(ROW_MAJOR, trans, rows, cols, 1, g->b, (int)g->ldb, g->a, 1, g->beta, g->c, 1);
  return 1;
}

void cpu_gemm_run(rn_dtype dt, const cpu_gemm *g) {
  pthread_once(&opened, open_blas);
  if (g->m == 0 || g->n == 0) return;
  int fits = g->m < INT32_MAX && g->n < INT32_MAX && g->k < INT32_MAX && g->lda < INT32_MAX && g->ldb < INT32_MAX &&
             g->ldc < INT32_MAX;
  if (!blas.sgemm || !fits || g->k == 0) {
    cpu_gemm_reference(dt, g);
    return;
  }
  if (vector_product(dt, g)) return;
  int ta = g->ta ? TRANS : NO_TRANS, tb = g->tb ? TRANS : NO_TRANS, m = (int)g->m, n = (int)g->n, k = (int)g->k;
  int lda = (int)g->lda, ldb = (int)g->ldb, ldc = (int)g->ldc;
  if (dt == RN_FLOAT)
    blas.sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, g->a, lda, g->b, ldb, (float)g->beta, g->c, ldc);
  else
    blas.dgemm(ROW_MAJOR, ta, tb, m, n, k, 1, g->a, lda, g->b, ldb, g->beta, g->c, ldc);
}

typedef struct job {
  const cpu_gemm *g;
  rn_dtype dt;
  int by_rows;
} job;
static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  cpu_gemm g = *j->g;
  uint64_t bytes = cpu_dtype_bytes(j->dt), at = lo * bytes;
  if (j->by_rows) {
    g.m = (int64_t)(hi - lo);
    g.a = (const char *)g.a + at * (g.ta ? 1u : (uint64_t)g.lda);
    g.c = (char *)g.c + at * (uint64_t)g.ldc;
  } else {
    g.n = (int64_t)(hi - lo);
    g.b = (const char *)g.b + at * (g.tb ? (uint64_t)g.ldb : 1u);
    g.c = (char *)g.c + at;
  }
  cpu_gemm_run(j->dt, &g);
}

/* Measured: a piece of 300 thousand operations outweighs handing it over, and products of that size keep
 * the helpers awake until the next large one. Long pieces: every call packs its operands anew. */
void cpu_gemm_parallel(rn_dtype dt, const cpu_gemm *g) {
  const double piece_flops = 3e5;
  double flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
  if (flops < 2 * piece_flops) {
    cpu_gemm_run(dt, g);
    return;
  }
  job j = {g, dt, g->m >= g->n};
  int64_t length = CPU_MAX(g->m, g->n), threads = CPU_MAX(cpu_host->threads(cpu_host->ctx), 1);
  int64_t least = CPU_MAX((int64_t)(piece_flops / (flops / (double)length)), 16);
  cpu_parallel((uint64_t)length, (uint64_t)CPU_MAX(least, length / threads), piece, &j);
}
