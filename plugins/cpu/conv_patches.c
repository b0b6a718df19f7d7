/* conv_patches.c - Conv2D and its gradients as products over patches (plugins/cpu).
 *
 * Rows of results, counted over all images, are unfolded into patches [pixels, kh kw c] a tile at a
 * time and multiplied with the filter [kh kw c, o]; in NCHW the result is the transposed product and
 * a tile stays within one image. The input's gradient folds dy f^T back; the filter's gradient adds
 * patches^T dy over fixed chunks of rows, summed in order: equal for equal thread counts. */
#include "conv.h"
#include "elementwise_ops.h"
#include "gemm.h"

enum { TILE_BYTES = 1 << 20, SHORT = 16 };

/* The taps [lo, hi) of a row of the window that lie inside the image, for the result in column j. */
static void taps_inside(const cpu_window *g, int64_t j, int64_t *lo, int64_t *hi) {
  int64_t s = j * g->sw - g->pl;
  *lo = CPU_MIN(CPU_MAX(-s, 0), g->kw);
  *hi = CPU_MAX(CPU_MIN(g->kw, g->w - s), *lo);
}

/* Where channels are dense and taps adjacent, the taps of a row are one run in memory. */
#define PATCHES(T, name)                                                                                  \
  static void unfold_runs_##name(const cpu_window *g, const T *x, int64_t i, T *p) {                      \
    for (int64_t j = 0; j < g->ow; j++) {                                                                 \
      int64_t lo, hi, run = g->kw * g->c;                                                                 \
      taps_inside(g, j, &lo, &hi);                                                                        \
      int64_t from = lo * g->c, to = hi * g->c;                                                           \
      for (int64_t a = 0; a < g->kh; a++, p += run) {                                                     \
        int64_t r = i * g->sh + a * g->dh - g->pt;                                                        \
        if (r < 0 || r >= g->h) {                                                                         \
          memset(p, 0, (uint64_t)run * sizeof *p);                                                        \
          continue;                                                                                       \
        }                                                                                                 \
        const T *q = x + r * g->xh + (j * g->sw - g->pl) * g->xw;                                         \
        for (int64_t k = 0; k < from; k++) p[k] = 0;                                                      \
        if (to - from <= SHORT)                                                                           \
          for (int64_t k = from; k < to; k++) p[k] = q[k];                                                \
        else                                                                                              \
          memcpy(p + from, q + from, (uint64_t)(to - from) * sizeof *p);                                  \
        for (int64_t k = to; k < run; k++) p[k] = 0;                                                      \
      }                                                                                                   \
    }                                                                                                     \
  }                                                                                                       \
  static void fold_runs_##name(const cpu_window *g, const T *p, int64_t i, T *x) {                        \
    for (int64_t j = 0; j < g->ow; j++) {                                                                 \
      int64_t lo, hi, run = g->kw * g->c;                                                                 \
      taps_inside(g, j, &lo, &hi);                                                                        \
      for (int64_t a = 0; a < g->kh; a++, p += run) {                                                     \
        int64_t r = i * g->sh + a * g->dh - g->pt;                                                        \
        if (r < 0 || r >= g->h || hi == lo) continue;                                                     \
        T *restrict q = x + r * g->xh + (j * g->sw - g->pl + lo) * g->xw;                                 \
        const T *restrict from = p + lo * g->c;                                                           \
        for (int64_t k = 0; k < (hi - lo) * g->c; k++) q[k] += from[k];                                   \
      }                                                                                                   \
    }                                                                                                     \
  }                                                                                                       \
  static void unfold_taps_##name(const cpu_window *g, const T *x, int64_t i, T *p) {                      \
    for (int64_t j = 0; j < g->ow; j++)                                                                   \
      for (int64_t tap = 0; tap < g->kh * g->kw; tap++, p += g->c) {                                      \
        int64_t r = i * g->sh + tap / g->kw * g->dh - g->pt, s = j * g->sw + tap % g->kw * g->dw - g->pl; \
        int inside = r >= 0 && r < g->h && s >= 0 && s < g->w;                                            \
        const T *from = x + (inside ? r * g->xh + s * g->xw : 0);                                         \
        for (int64_t k = 0; k < g->c; k++) p[k] = inside ? from[k * g->xc] : 0;                           \
      }                                                                                                   \
  }                                                                                                       \
  static void fold_taps_##name(const cpu_window *g, const T *p, int64_t i, T *x) {                        \
    for (int64_t j = 0; j < g->ow; j++)                                                                   \
      for (int64_t tap = 0; tap < g->kh * g->kw; tap++, p += g->c) {                                      \
        int64_t r = i * g->sh + tap / g->kw * g->dh - g->pt, s = j * g->sw + tap % g->kw * g->dw - g->pl; \
        if (r < 0 || r >= g->h || s < 0 || s >= g->w) continue;                                           \
        T *to = x + r * g->xh + s * g->xw;                                                                \
        for (int64_t k = 0; k < g->c; k++) to[k * g->xc] += p[k];                                         \
      }                                                                                                   \
  }                                                                                                       \
  static void unfold_##name(const cpu_window *g, const T *x, int64_t at, int64_t end, T *p) {             \
    for (; at < end; at++, p += g->ow * g->kh * g->kw * g->c) {                                           \
      if (g->xc == 1 && g->dw == 1)                                                                       \
        unfold_runs_##name(g, x + at / g->oh * g->xn, at % g->oh, p);                                     \
      else                                                                                                \
        unfold_taps_##name(g, x + at / g->oh * g->xn, at % g->oh, p);                                     \
    }                                                                                                     \
  }                                                                                                       \
  static void fold_##name(const cpu_window *g, const T *p, int64_t at, int64_t end, T *x) {               \
    for (; at < end; at++, p += g->ow * g->kh * g->kw * g->c) {                                           \
      if (g->xc == 1 && g->dw == 1)                                                                       \
        fold_runs_##name(g, p, at % g->oh, x + at / g->oh * g->xn);                                       \
      else                                                                                                \
        fold_taps_##name(g, p, at % g->oh, x + at / g->oh * g->xn);                                       \
    }                                                                                                     \
  }
PATCHES(float, f32)
PATCHES(double, f64)

static void unfold(const cpu_conv *w, int64_t at, int64_t end, void *p) {
  if (w->dt == RN_FLOAT)
    unfold_f32(&w->g, (const void *)w->x, at, end, p);
  else
    unfold_f64(&w->g, (const void *)w->x, at, end, p);
}
static void fold(const cpu_conv *w, int64_t at, int64_t end, const void *p) {
  if (w->dt == RN_FLOAT)
    fold_f32(&w->g, p, at, end, (void *)w->x);
  else
    fold_f64(&w->g, p, at, end, (void *)w->x);
}

/* The end of the tile that starts at row `at`. */
static int64_t tile_end(const cpu_conv *w, int64_t at, int64_t end) {
  int64_t to = CPU_MIN(at + w->tile, end);
  return w->g.nchw ? CPU_MIN(to, (at / w->g.oh + 1) * w->g.oh) : to;
}
static char *result_row(const cpu_conv *w, int64_t at) {
  return w->y + (uint64_t)(at / w->g.oh * w->g.yn + at % w->g.oh * w->g.yh) * w->bytes;
}

static void forward_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const cpu_conv *w = arg;
  const cpu_window *g = &w->g;
  char *p = w->tiles + worker * w->tile_bytes;
  for (int64_t at = (int64_t)lo, to; at < (int64_t)hi; at = to) {
    to = tile_end(w, at, (int64_t)hi);
    unfold(w, at, to, p);
    int64_t pixels = (to - at) * g->ow;
    cpu_gemm m = {.m = pixels, .n = g->o, .k = w->patch, .lda = w->patch, .ldb = g->o, .ldc = g->o, .a = p, .b = w->f};
    if (g->nchw) /* y^T = f^T patches^T */
      m = (cpu_gemm){.ta = 1,
                     .tb = 1,
                     .m = g->o,
                     .n = pixels,
                     .k = w->patch,
                     .lda = g->o,
                     .ldb = w->patch,
                     .ldc = g->yc,
                     .a = w->f,
                     .b = p};
    m.c = result_row(w, at);
    cpu_gemm_run(w->dt, &m);
  }
}

static void input_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const cpu_conv *w = arg;
  const cpu_window *g = &w->g;
  char *p = w->tiles + worker * w->tile_bytes;
  memset(w->x + lo * (uint64_t)g->xn * w->bytes, 0, (hi - lo) * (uint64_t)g->xn * w->bytes);
  int64_t end = (int64_t)hi * g->oh;
  for (int64_t at = (int64_t)lo * g->oh, to; at < end; at = to) {
    to = tile_end(w, at, end);
    cpu_gemm m = {.ta = g->nchw, .tb = 1, .m = (to - at) * g->ow, .n = w->patch, .k = g->o, .b = w->f, .ldb = g->o};
    m.a = result_row(w, at);
    m.lda = g->nchw ? g->yc : g->o;
    m.c = p;
    m.ldc = w->patch;
    cpu_gemm_run(w->dt, &m);
    fold(w, at, to, p);
  }
}

static void filter_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const cpu_conv *w = arg;
  const cpu_window *g = &w->g;
  char *p = w->tiles + worker * w->tile_bytes;
  int64_t rows = g->n * g->oh;
  for (int64_t chunk = (int64_t)lo; chunk < (int64_t)hi; chunk++) {
    int64_t first = rows * chunk / w->chunks, end = rows * (chunk + 1) / w->chunks;
    for (int64_t at = first, to; at < end; at = to) {
      to = tile_end(w, at, end);
      unfold(w, at, to, p);
      cpu_gemm m = {.ta = 1, .tb = g->nchw, .m = w->patch, .n = g->o, .k = (to - at) * g->ow, .beta = at > first};
      m.a = p;
      m.lda = w->patch;
      m.b = result_row(w, at);
      m.ldb = g->nchw ? g->yc : g->o;
      m.c = w->partial + (uint64_t)(chunk * w->patch * g->o) * w->bytes;
      m.ldc = g->o;
      cpu_gemm_run(w->dt, &m);
    }
  }
}
static void add_chunks(const cpu_conv *w) {
  int64_t elems = w->patch * w->g.o;
  for (int64_t k = 1; k < w->chunks; k++) {
    const char *from = w->partial + (uint64_t)(k * elems) * w->bytes;
    if (w->dt == RN_FLOAT)
      cpu_loops_now()->add_to_f32((const void *)from, (void *)w->partial, elems);
    else
      cpu_loops_now()->add_to_f64((const void *)from, (void *)w->partial, elems);
  }
  memcpy(w->f, w->partial, (uint64_t)elems * w->bytes);
}

/* 1 x 1 and dense: the image is its own patches. */
static int is_plain_product(const cpu_window *g) {
  return g->kh == 1 && g->kw == 1 && g->sh == 1 && g->sw == 1 && g->oh == g->h && g->ow == g->w && g->xc == 1;
}

uint64_t cpu_conv_plan(cpu_conv *w, uint32_t threads) {
  const cpu_window *g = &w->g;
  w->bytes = w->dt == RN_DOUBLE ? 8 : 4;
  w->patch = g->kh * g->kw * g->c;
  int64_t rows = CPU_MAX(g->n * g->oh, 1);
  uint64_t row_bytes = (uint64_t)CPU_MAX(1, g->ow * w->patch) * w->bytes;
  int64_t fits = CPU_MAX(1, (int64_t)(TILE_BYTES / row_bytes));
  w->tile = CPU_MIN(fits, g->nchw ? CPU_MAX(g->oh, 1) : rows);
  w->tile_bytes = ((uint64_t)w->tile * row_bytes + 127) & ~(uint64_t)63;
  w->chunks = CPU_MIN((int64_t)CPU_MAX(threads, 1u), rows);
  if (w->what == CPU_CONV_FORWARD && is_plain_product(g)) return 0;
  uint64_t partial = w->what == CPU_CONV_TO_FILTER ? (uint64_t)(w->chunks * w->patch * g->o) * w->bytes : 0;
  return CPU_MAX(threads, 1u) * w->tile_bytes + partial;
}

void cpu_conv_products(cpu_conv *w, void *scratch) {
  const cpu_window *g = &w->g;
  uint32_t threads = CPU_MAX(cpu_host->threads(cpu_host->ctx), 1u);
  w->tiles = scratch;
  w->partial = w->tiles + threads * w->tile_bytes;
  double row_flops = 2.0 * (double)g->ow * (double)w->patch * (double)g->o + 1;
  if (w->what == CPU_CONV_FORWARD && is_plain_product(g)) {
    cpu_gemm m = {.m = g->n * g->h * g->w, .n = g->o, .k = g->c, .lda = g->c, .ldb = g->o, .ldc = g->o};
    m.a = w->x, m.b = w->f, m.c = w->y;
    cpu_gemm_parallel(w->dt, &m);
  } else if (w->what == CPU_CONV_FORWARD) {
    cpu_parallel((uint64_t)(g->n * g->oh), (uint64_t)(5e5 / row_flops) + 1, forward_piece, w);
  } else if (w->what == CPU_CONV_TO_INPUT) {
    cpu_parallel((uint64_t)g->n, (uint64_t)(5e5 / (row_flops * (double)(g->oh + 1))) + 1, input_piece, w);
  } else {
    cpu_parallel((uint64_t)w->chunks, 1, filter_piece, w);
    add_chunks(w);
  }
}
