/* products.c - the matrix products of the MLP training step alone: the limit the step is judged
 * against (tests/bench).
 *
 * usage: products THREADS openblas|tiled. Prints the median nanoseconds of one step's products:
 * 784-128-32-10 at batch 100, forward, weight gradients, and input gradients of the upper layers. */
#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 100, REPEATS = 2000, WARM = 50 };
typedef struct product {
  CBLAS_TRANSPOSE ta, tb;
  int m, n, k;
} product;
static const product products[] = {
    {CblasNoTrans, CblasNoTrans, BATCH, 128, 784}, {CblasNoTrans, CblasNoTrans, BATCH, 32, 128},
    {CblasNoTrans, CblasNoTrans, BATCH, 10, 32},   {CblasTrans, CblasNoTrans, 32, 10, BATCH},
    {CblasNoTrans, CblasTrans, BATCH, 32, 10},     {CblasTrans, CblasNoTrans, 128, 32, BATCH},
    {CblasNoTrans, CblasTrans, BATCH, 128, 32},    {CblasTrans, CblasNoTrans, 784, 128, BATCH},
};
#define N_PRODUCTS ((int)(sizeof products / sizeof products[0]))

static float *a, *b, *c;
static int threads;
static atomic_int round_number, finished;

/* Rows [lo, hi) of the product. */
static void part(const product *p, int lo, int hi) {
  int lda = p->ta == CblasNoTrans ? p->k : p->m, ldb = p->tb == CblasNoTrans ? p->n : p->k;
  const float *rows = p->ta == CblasNoTrans ? a + (size_t)lo * (size_t)p->k : a + lo;
  cblas_sgemm(CblasRowMajor, p->ta, p->tb, hi - lo, p->n, p->k, 1.0f, rows, lda, b, ldb, 0.0f,
              c + (size_t)lo * (size_t)p->n, p->n);
}

static int worth_splitting(const product *p) { return threads > 1 && (double)p->m * p->n * p->k > 500e3; }

static void *worker(void *arg) {
  (void)arg;
  for (int seen = 0;;) {
    int now;
    while ((now = atomic_load(&round_number)) == seen) __builtin_ia32_pause();
    if (now < 0) return NULL;
    seen = now;
    const product *p = &products[now % N_PRODUCTS];
    part(p, p->m / 2, p->m);
    atomic_store(&finished, now);
  }
}

static void tiled_step(int *next) {
  for (int i = 0; i < N_PRODUCTS; i++) {
    const product *p = &products[i];
    if (!worth_splitting(p)) {
      part(p, 0, p->m);
      continue;
    }
    int ticket = *next + (i - *next % N_PRODUCTS + N_PRODUCTS) % N_PRODUCTS + N_PRODUCTS;
    *next = ticket;
    atomic_store(&round_number, ticket);
    part(p, 0, p->m / 2);
    while (atomic_load(&finished) != ticket) __builtin_ia32_pause();
  }
}

static int ascending(const void *x, const void *y) {
  double u = *(const double *)x, v = *(const double *)y;
  return (u > v) - (u < v);
}

int main(int argc, char **argv) {
  threads = argc > 1 ? atoi(argv[1]) : 1;
  int tiled = argc > 2 && strcmp(argv[2], "tiled") == 0;
  a = calloc(1 << 17, sizeof *a);
  b = calloc(1 << 17, sizeof *b);
  c = calloc(1 << 17, sizeof *c);
  static double times[REPEATS];
  if (!a || !b || !c) return 1;
  for (int i = 0; i < 1 << 17; i++) a[i] = b[i] = (float)(i % 17) * 0.1f;
  openblas_set_num_threads(tiled ? 1 : threads);
  pthread_t t;
  int helped = tiled && threads > 1 && pthread_create(&t, NULL, worker, NULL) == 0, next = 0;
  if (tiled && threads > 1 && !helped) return 1;
  for (int r = -WARM; r < REPEATS; r++) {
    struct timespec x, y;
    clock_gettime(CLOCK_MONOTONIC, &x);
    if (tiled)
      tiled_step(&next);
    else
      for (int i = 0; i < N_PRODUCTS; i++) part(&products[i], 0, products[i].m);
    clock_gettime(CLOCK_MONOTONIC, &y);
    if (r >= 0) times[r] = (double)(y.tv_sec - x.tv_sec) * 1e9 + (double)(y.tv_nsec - x.tv_nsec);
  }
  if (helped) {
    atomic_store(&round_number, -1);
    pthread_join(t, NULL);
  }
  qsort(times, REPEATS, sizeof times[0], ascending);
  printf("%.0f\n", times[REPEATS / 2]);
  return 0;
}
