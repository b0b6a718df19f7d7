/* conv.c - Conv2D and its gradients as products over patches (plugins/cpu).
 *
 * y[n, i, j, o] = sum over p, q, c of x[n, i sh + p dh - pt, j sw + q dw - pl, c] f[p, q, c, o].
 * Rows of results are unfolded into patches [pixels, kh kw c] a tile at a time, so that the patches
 * stay in the second-level cache, and multiplied with the filter [kh kw c, o]. In NCHW the result is
 * the transposed product. The input's gradient folds dy f^T back; the filter's gradient adds
 * patches^T dy over fixed chunks of images, summed in order: equal for equal thread counts. The
 * reference is the formula above, loop by loop. */
#include "gemm.h"
#include "window.h"

enum { TILE_BYTES = 256 << 10 };
enum { FORWARD, TO_INPUT, TO_FILTER };

#define PATCHES(T, name)                                                                     \
  static void unfold_##name(const cpu_window *g, const T *x, int64_t i0, int64_t i1, T *p) { \
    for (int64_t i = i0; i < i1; i++)                                                        \
      for (int64_t j = 0; j < g->ow; j++)                                                    \
        for (int64_t a = 0; a < g->kh; a++)                                                  \
          for (int64_t b = 0; b < g->kw; b++, p += g->c) {                                   \
            int64_t r = i * g->sh + a * g->dh - g->pt, s = j * g->sw + b * g->dw - g->pl;    \
            if (r < 0 || r >= g->h || s < 0 || s >= g->w) {                                  \
              memset(p, 0, (uint64_t)g->c * sizeof *p);                                      \
              continue;                                                                      \
            }                                                                                \
            const T *from = x + r * g->xh + s * g->xw;                                       \
            if (g->xc == 1)                                                                  \
              memcpy(p, from, (uint64_t)g->c * sizeof *p);                                   \
            else                                                                             \
              for (int64_t k = 0; k < g->c; k++) p[k] = from[k * g->xc];                     \
          }                                                                                  \
  }                                                                                          \
  static void fold_##name(const cpu_window *g, const T *p, int64_t i0, int64_t i1, T *x) {   \
    for (int64_t i = i0; i < i1; i++)                                                        \
      for (int64_t j = 0; j < g->ow; j++)                                                    \
        for (int64_t a = 0; a < g->kh; a++)                                                  \
          for (int64_t b = 0; b < g->kw; b++, p += g->c) {                                   \
            int64_t r = i * g->sh + a * g->dh - g->pt, s = j * g->sw + b * g->dw - g->pl;    \
            if (r < 0 || r >= g->h || s < 0 || s >= g->w) continue;                          \
            T *to = x + r * g->xh + s * g->xw;                                               \
            for (int64_t k = 0; k < g->c; k++) to[k * g->xc] += p[k];                        \
          }                                                                                  \
  }                                                                                          \
  static void plain_##name(const cpu_window *g, T *x, T *f, T *y, int what) {                \
    for (int64_t n = 0; n < g->n; n++)                                                       \
      for (int64_t i = 0; i < g->oh; i++)                                                    \
        for (int64_t j = 0; j < g->ow; j++)                                                  \
          for (int64_t a = 0; a < g->kh; a++)                                                \
            for (int64_t b = 0; b < g->kw; b++) {                                            \
              int64_t r = i * g->sh + a * g->dh - g->pt, s = j * g->sw + b * g->dw - g->pl;  \
              if (r < 0 || r >= g->h || s < 0 || s >= g->w) continue;                        \
              for (int64_t c = 0; c < g->c; c++)                                             \
                for (int64_t o = 0; o < g->o; o++) {                                         \
                  T *xe = x + n * g->xn + r * g->xh + s * g->xw + c * g->xc;                 \
                  T *ye = y + n * g->yn + i * g->yh + j * g->yw + o * g->yc;                 \
                  T *fe = f + ((a * g->kw + b) * g->c + c) * g->o + o;                       \
                  if (what == FORWARD)                                                       \
                    *ye += *xe * *fe;                                                        \
                  else if (what == TO_INPUT)                                                 \
                    *xe += *ye * *fe;                                                        \
                  else                                                                       \
                    *fe += *xe * *ye;                                                        \
                }                                                                            \
            }                                                                                \
  }
PATCHES(float, f32)
PATCHES(double, f64)

/* One convolution at work: x image, f filter, y result; one of them is written. */
typedef struct work {
  const cpu_window *g;
  rn_dtype dt;
  uint64_t bytes;
  char *x, *f, *y;
  int64_t patch, tile; /* elements of a patch; rows of results per tile */
  char *partial;       /* TO_FILTER: one filter per chunk */
  int64_t chunks;
  int failed; /* out of memory in a piece: an int written once is enough */
} work;

static void unfold(const work *w, const char *x, int64_t i0, int64_t i1, void *p) {
  if (w->dt == RN_FLOAT)
    unfold_f32(w->g, (const void *)x, i0, i1, p);
  else
    unfold_f64(w->g, (const void *)x, i0, i1, p);
}
/* Rows i0..i1 of image n: the product between patches, filter and result. */
static cpu_gemm tile_product(const work *w, int64_t n, int64_t i0, int64_t i1) {
  const cpu_window *g = w->g;
  cpu_gemm m = {.ta = g->nchw, .tb = 0, .m = (i1 - i0) * g->ow, .n = g->o, .k = w->patch};
  m.c = w->y + (uint64_t)(n * g->yn + i0 * g->yh) * w->bytes;
  return m;
}

static void forward_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  work *w = arg;
  const cpu_window *g = w->g;
  void *p = cpu_host->alloc(cpu_host->ctx, (uint64_t)(w->tile * g->ow * w->patch) * w->bytes + 64, 64);
  if (!p) {
    w->failed = 1;
    return;
  }
  int64_t at = (int64_t)lo, end = (int64_t)hi;
  while (at < end) { /* rows of all images in one count */
    int64_t n = at / g->oh, i0 = at % g->oh, i1 = CPU_MIN(CPU_MIN(i0 + w->tile, g->oh), i0 + end - at);
    unfold(w, w->x + (uint64_t)(n * g->xn) * w->bytes, i0, i1, p);
    cpu_gemm m = tile_product(w, n, i0, i1);
    int64_t pixels = m.m;
    if (m.ta) { /* y^T = f^T patches^T */
      m.tb = 1, m.m = g->o, m.n = pixels, m.a = w->f, m.lda = g->o, m.b = p, m.ldb = w->patch, m.ldc = g->yc;
    } else {
      m.a = p, m.lda = w->patch, m.b = w->f, m.ldb = g->o, m.ldc = g->o;
    }
    cpu_gemm_run(w->dt, &m);
    at += i1 - i0;
  }
  cpu_free(p);
}

static void input_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  work *w = arg;
  const cpu_window *g = w->g;
  void *p = cpu_host->alloc(cpu_host->ctx, (uint64_t)(w->tile * g->ow * w->patch) * w->bytes + 64, 64);
  if (!p) {
    w->failed = 1;
    return;
  }
  for (int64_t n = (int64_t)lo; n < (int64_t)hi; n++) {
    char *x = w->x + (uint64_t)(n * g->xn) * w->bytes;
    for (int64_t i0 = 0; i0 < g->oh; i0 += w->tile) {
      int64_t i1 = CPU_MIN(i0 + w->tile, g->oh);
      cpu_gemm m = tile_product(w, n, i0, i1);
      m.a = m.c, m.lda = m.ta ? g->yc : g->o, m.b = w->f, m.ldb = g->o, m.tb = 1;
      m.n = w->patch, m.k = g->o, m.c = p, m.ldc = w->patch;
      cpu_gemm_run(w->dt, &m);
      if (w->dt == RN_FLOAT)
        fold_f32(g, p, i0, i1, (void *)x);
      else
        fold_f64(g, p, i0, i1, (void *)x);
    }
  }
  cpu_free(p);
}

static void filter_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  work *w = arg;
  const cpu_window *g = w->g;
  void *p = cpu_host->alloc(cpu_host->ctx, (uint64_t)(w->tile * g->ow * w->patch) * w->bytes + 64, 64);
  if (!p) {
    w->failed = 1;
    return;
  }
  for (int64_t chunk = (int64_t)lo; chunk < (int64_t)hi; chunk++) {
    int64_t rows = g->n * g->oh, at = rows * chunk / w->chunks, end = rows * (chunk + 1) / w->chunks;
    char *df = w->partial + (uint64_t)(chunk * w->patch * g->o) * w->bytes;
    while (at < end) {
      int64_t n = at / g->oh, i0 = at % g->oh, i1 = CPU_MIN(CPU_MIN(i0 + w->tile, g->oh), i0 + end - at);
      unfold(w, w->x + (uint64_t)(n * g->xn) * w->bytes, i0, i1, p);
      cpu_gemm m = tile_product(w, n, i0, i1);
      m.tb = m.ta, m.ta = 1, m.k = m.m, m.m = w->patch;
      m.b = m.c, m.ldb = m.tb ? g->yc : g->o, m.a = p, m.lda = w->patch, m.c = df, m.ldc = g->o, m.beta = 1;
      cpu_gemm_run(w->dt, &m);
      at += i1 - i0;
    }
  }
  cpu_free(p);
}

static rn_status *filter_gradient(work *w) {
  const cpu_window *g = w->g;
  int64_t rows = g->n * g->oh, elems = w->patch * g->o;
  w->chunks = CPU_MAX(1, CPU_MIN((int64_t)cpu_host->threads(cpu_host->ctx), rows));
  RN_TRY(cpu_alloc((uint64_t)(w->chunks * elems) * w->bytes, (void **)&w->partial));
  memset(w->partial, 0, (uint64_t)(w->chunks * elems) * w->bytes);
  if (rows) cpu_parallel((uint64_t)w->chunks, 1, filter_piece, w);
  for (int64_t k = 1; k < w->chunks; k++)
    for (int64_t i = 0; i < elems; i++) {
      if (w->dt == RN_FLOAT)
        ((float *)w->partial)[i] += ((float *)w->partial)[k * elems + i];
      else
        ((double *)w->partial)[i] += ((double *)w->partial)[k * elems + i];
    }
  memcpy(w->f, w->partial, (uint64_t)elems * w->bytes);
  cpu_free(w->partial);
  return NULL;
}

static rn_status *fast(work *w, int what) {
  const cpu_window *g = w->g;
  if (what == FORWARD && g->kh == 1 && g->kw == 1 && g->sh == 1 && g->sw == 1 && g->oh == g->h && g->ow == g->w &&
      g->xc == 1) {
    cpu_gemm m = {.m = g->n * g->h * g->w,
                  .n = g->o,
                  .k = g->c,
                  .lda = g->c,
                  .ldb = g->o,
                  .ldc = g->o,
                  .a = w->x,
                  .b = w->f,
                  .c = w->y};
    cpu_gemm_parallel(w->dt, &m);
    return NULL;
  }
  double row_flops = 2.0 * (double)g->ow * (double)w->patch * (double)g->o + 1;
  if (what == FORWARD)
    cpu_parallel((uint64_t)(g->n * g->oh), (uint64_t)(5e5 / row_flops) + 1, forward_piece, w);
  else if (what == TO_INPUT)
    cpu_parallel((uint64_t)g->n, (uint64_t)(5e5 / (row_flops * (double)(g->oh + 1))) + 1, input_piece, w);
  else
    RN_TRY(filter_gradient(w));
  return w->failed ? rn_error(cpu_host, RN_RESOURCE_EXHAUSTED, "Conv2D: out of memory for patches") : NULL;
}

static rn_status *convolve(const cpu_window *g, rn_dtype dt, int reference, int what, const void *x, const void *f,
                           const void *y) {
  work w = {.g = g, .dt = dt, .bytes = cpu_dtype_bytes(dt), .patch = g->kh * g->kw * g->c};
  w.x = (char *)(uintptr_t)x, w.f = (char *)(uintptr_t)f, w.y = (char *)(uintptr_t)y;
  int64_t row_bytes = CPU_MAX(1, g->ow * w.patch * (int64_t)w.bytes);
  w.tile = CPU_MIN(CPU_MAX(1, TILE_BYTES / row_bytes), CPU_MAX(g->oh, 1));
  if (what == FORWARD) memset(w.y, 0, (uint64_t)(g->n * g->yn) * w.bytes);
  if (what == TO_INPUT) memset(w.x, 0, (uint64_t)(g->n * g->xn) * w.bytes);
  if (what == TO_FILTER) memset(w.f, 0, (uint64_t)(w.patch * g->o) * w.bytes);
  if (g->n * g->oh * g->ow == 0 || w.patch == 0 || g->o == 0) return NULL;
  if (!reference) return fast(&w, what);
  if (dt == RN_FLOAT)
    plain_f32(g, (void *)w.x, (void *)w.f, (void *)w.y, what);
  else
    plain_f64(g, (void *)w.x, (void *)w.f, (void *)w.y, what);
  return NULL;
}

/* half and bfloat16: all three tensors in float. */
static rn_status *convolve_narrow(const cpu_window *g, rn_dtype dt, int reference, int what, void *x, void *f,
                                  void *y) {
  int64_t n[3] = {g->n * g->xn, g->kh * g->kw * g->c * g->o, g->n * g->yn};
  void *narrow[3] = {x, f, y};
  float *wide[3];
  RN_TRY(cpu_alloc((uint64_t)(n[0] + n[1] + n[2]) * sizeof(float), (void **)&wide[0]));
  wide[1] = wide[0] + n[0];
  wide[2] = wide[1] + n[1];
  int written = what == FORWARD ? 2 : what == TO_INPUT ? 0 : 1;
  for (int i = 0; i < 3; i++)
    if (i != written) cpu_widen(dt, narrow[i], wide[i], n[i]);
  rn_status *s = convolve(g, RN_FLOAT, reference, what, wide[0], wide[1], wide[2]);
  if (!s) cpu_narrow(dt, wide[written], narrow[written], n[written]);
  cpu_free(wide[0]);
  return s;
}
static rn_status *convolve_any(const cpu_window *g, rn_dtype dt, int reference, int what, void *x, void *f, void *y) {
  if (dt == RN_HALF || dt == RN_BFLOAT16) return convolve_narrow(g, dt, reference, what, x, f, y);
  return convolve(g, dt, reference, what, x, f, y);
}

static rn_status *geometry(const cpu_window_attrs *a, const rn_shape *x, const rn_shape *f, cpu_window *g) {
  if (f->rank != 4) return rn_error(cpu_host, RN_INVALID_ARGUMENT, "Conv2D: the filter has rank 4, found %d", f->rank);
  g->kh = f->dim[0], g->kw = f->dim[1], g->o = f->dim[3];
  RN_TRY(cpu_window_init("Conv2D", a, x, g));
  if (f->dim[2] != g->c)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "Conv2D: the filter takes %lld channels, the image has %lld",
                    (long long)f->dim[2], (long long)g->c);
  return NULL;
}
static rn_status *check_dy(const cpu_window_attrs *a, const cpu_window *g, const rn_shape *dy) {
  rn_shape want = cpu_window_shape(a, g);
  char s[160], t[160];
  if (cpu_shape_equal(&want, dy)) return NULL;
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "Conv2D gradient: out_backprop is %s, expected %s",
                  cpu_shape_text(dy, s), cpu_shape_text(&want, t));
}

static rn_status *conv2d(const void *state, rn_call *c) {
  const cpu_window_attrs *a = state;
  cpu_window g;
  RN_TRY(geometry(a, &c->in[0]->shape, &c->in[1]->shape, &g));
  rn_shape s = cpu_window_shape(a, &g);
  RN_TRY(cpu_output(c, 0, &s));
  return convolve_any(&g, c->in[0]->dtype, a->reference, FORWARD, c->in[0]->data, c->in[1]->data, c->out[0]->data);
}
static rn_status *conv2d_input(const void *state, rn_call *c) {
  const cpu_window_attrs *a = state;
  cpu_window g;
  rn_shape x;
  RN_TRY(cpu_shape_input(c, 0, &x));
  RN_TRY(geometry(a, &x, &c->in[1]->shape, &g));
  RN_TRY(check_dy(a, &g, &c->in[2]->shape));
  RN_TRY(cpu_output(c, 0, &x));
  return convolve_any(&g, c->in[1]->dtype, a->reference, TO_INPUT, c->out[0]->data, c->in[1]->data, c->in[2]->data);
}
static rn_status *conv2d_filter(const void *state, rn_call *c) {
  const cpu_window_attrs *a = state;
  cpu_window g;
  rn_shape f;
  RN_TRY(cpu_shape_input(c, 1, &f));
  RN_TRY(geometry(a, &c->in[0]->shape, &f, &g));
  RN_TRY(check_dy(a, &g, &c->in[2]->shape));
  RN_TRY(cpu_output(c, 0, &f));
  return convolve_any(&g, c->in[0]->dtype, a->reference, TO_FILTER, c->in[0]->data, c->out[0]->data, c->in[2]->data);
}

/* Depthwise: channel k gives the m results k m + q. */
#define DEPTHWISE(T, name)                                                                                             \
  static void depthwise_##name(const cpu_window *g, int64_t m, const T *x, const T *f, T *y, int64_t lo, int64_t hi) { \
    for (int64_t row = lo; row < hi; row++) {                                                                          \
      int64_t n = row / g->oh, i = row % g->oh;                                                                        \
      for (int64_t j = 0; j < g->ow; j++) {                                                                            \
        T *to = y + n * g->yn + i * g->yh + j * g->yw;                                                                 \
        for (int64_t o = 0; o < g->o; o++) to[o * g->yc] = 0;                                                          \
        for (int64_t a = 0; a < g->kh; a++)                                                                            \
          for (int64_t b = 0; b < g->kw; b++) {                                                                        \
            int64_t r = i * g->sh + a * g->dh - g->pt, s = j * g->sw + b * g->dw - g->pl;                              \
            if (r < 0 || r >= g->h || s < 0 || s >= g->w) continue;                                                    \
            const T *from = x + n * g->xn + r * g->xh + s * g->xw, *k = f + (a * g->kw + b) * g->o;                    \
            for (int64_t c = 0; c < g->c; c++)                                                                         \
              for (int64_t q = 0; q < m; q++) to[(c * m + q) * g->yc] += from[c * g->xc] * k[c * m + q];               \
          }                                                                                                            \
      }                                                                                                                \
    }                                                                                                                  \
  }
DEPTHWISE(float, f32)
DEPTHWISE(double, f64)
typedef struct depth_job {
  const cpu_window *g;
  int64_t m;
  rn_dtype dt;
  const void *x, *f;
  void *y;
} depth_job;
static void depth_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const depth_job *d = arg;
  if (d->dt == RN_FLOAT)
    depthwise_f32(d->g, d->m, d->x, d->f, d->y, (int64_t)lo, (int64_t)hi);
  else
    depthwise_f64(d->g, d->m, d->x, d->f, d->y, (int64_t)lo, (int64_t)hi);
}
static rn_status *depthwise(const void *state, rn_call *c) {
  const cpu_window_attrs *a = state;
  const rn_shape *f = &c->in[1]->shape;
  cpu_window g;
  if (f->rank != 4)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "DepthwiseConv2dNative: the filter has rank 4, found %d", f->rank);
  g.kh = f->dim[0], g.kw = f->dim[1], g.o = f->dim[2] * f->dim[3];
  RN_TRY(cpu_window_init("DepthwiseConv2dNative", a, &c->in[0]->shape, &g));
  if (f->dim[2] != g.c)
    return rn_error(c->host, RN_INVALID_ARGUMENT,
                    "DepthwiseConv2dNative: the filter takes %lld channels, the image has %lld", (long long)f->dim[2],
                    (long long)g.c);
  rn_shape s = cpu_window_shape(a, &g);
  RN_TRY(cpu_output(c, 0, &s));
  depth_job d = {&g, f->dim[3], c->in[0]->dtype, c->in[0]->data, c->in[1]->data, c->out[0]->data};
  cpu_parallel((uint64_t)(g.n * g.oh), (uint64_t)(1e5 / (double)(g.ow * g.o * g.kh * g.kw + 1)) + 1, depth_piece, &d);
  return NULL;
}

/* Its gradients, formula by formula. */
#define DEPTHWISE_BACK(T, name)                                                                           \
  static void depthwise_back_##name(const cpu_window *g, int64_t m, T *x, T *f, const T *y, int what) {   \
    for (int64_t row = 0; row < g->n * g->oh * g->ow; row++) {                                            \
      int64_t j = row % g->ow, i = row / g->ow % g->oh, n = row / g->ow / g->oh;                          \
      const T *from = y + n * g->yn + i * g->yh + j * g->yw;                                              \
      for (int64_t tap = 0; tap < g->kh * g->kw; tap++) {                                                 \
        int64_t r = i * g->sh + tap / g->kw * g->dh - g->pt, s = j * g->sw + tap % g->kw * g->dw - g->pl; \
        if (r < 0 || r >= g->h || s < 0 || s >= g->w) continue;                                           \
        T *xe = x + n * g->xn + r * g->xh + s * g->xw, *fe = f + tap * g->o;                              \
        for (int64_t o = 0; o < g->o; o++) {                                                              \
          if (what == TO_INPUT)                                                                           \
            xe[o / m * g->xc] += from[o * g->yc] * fe[o];                                                 \
          else                                                                                            \
            fe[o] += from[o * g->yc] * xe[o / m * g->xc];                                                 \
        }                                                                                                 \
      }                                                                                                   \
    }                                                                                                     \
  }
DEPTHWISE_BACK(float, f32)
DEPTHWISE_BACK(double, f64)
static rn_status *depthwise_back(const cpu_window_attrs *a, rn_call *c, const rn_shape *x, const rn_shape *f,
                                 int what) {
  const rn_tensor_view *dy = c->in[2];
  cpu_window g;
  if (f->rank != 4)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "depthwise gradient: the filter has rank 4, found %d", f->rank);
  g.kh = f->dim[0], g.kw = f->dim[1], g.o = f->dim[2] * f->dim[3];
  RN_TRY(cpu_window_init("depthwise gradient", a, x, &g));
  if (f->dim[2] != g.c)
    return rn_error(c->host, RN_INVALID_ARGUMENT,
                    "depthwise gradient: the filter takes %lld channels, the image has %lld", (long long)f->dim[2],
                    (long long)g.c);
  RN_TRY(check_dy(a, &g, &dy->shape));
  RN_TRY(cpu_output(c, 0, what == TO_INPUT ? x : f));
  void *out = c->out[0]->data;
  if (out) memset(out, 0, (uint64_t)rn_shape_elems(what == TO_INPUT ? x : f) * cpu_dtype_bytes(dy->dtype));
  void *xs = what == TO_INPUT ? out : c->in[0]->data, *fs = what == TO_INPUT ? c->in[1]->data : out;
  if (g.o == 0) return NULL;
  if (dy->dtype == RN_FLOAT)
    depthwise_back_f32(&g, f->dim[3], xs, fs, dy->data, what);
  else
    depthwise_back_f64(&g, f->dim[3], xs, fs, dy->data, what);
  return NULL;
}
static rn_status *depthwise_input(const void *state, rn_call *c) {
  rn_shape x;
  RN_TRY(cpu_shape_input(c, 0, &x));
  return depthwise_back(state, c, &x, &c->in[1]->shape, TO_INPUT);
}
static rn_status *depthwise_filter(const void *state, rn_call *c) {
  rn_shape f;
  RN_TRY(cpu_shape_input(c, 1, &f));
  return depthwise_back(state, c, &c->in[0]->shape, &f, TO_FILTER);
}

static const int by_products = 0, by_loops = 1;
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  cpu_window_attrs *a;
  RN_TRY(cpu_state(out, sizeof *a, (void **)&a));
  RN_TRY(cpu_window_read(&p->self, a));
  a->reference = p->user ? *(const int *)p->user : 0;
  return NULL;
}

#define FLOATS "T: {float, double, half, bfloat16}"
#define BOTH(Op, fn)                                                              \
  CPU_FAST(Op, FLOATS, fn, "openblas", .user = &by_products, .prepare = prepare), \
      CPU_REFERENCE(Op, FLOATS, fn, .user = &by_loops, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    BOTH("Conv2D", conv2d),
    BOTH("Conv2DBackpropInput", conv2d_input),
    BOTH("Conv2DBackpropFilter", conv2d_filter),
    CPU_K("DepthwiseConv2dNativeBackpropInput", "T: {float, double}", depthwise_input, .prepare = prepare),
    CPU_K("DepthwiseConv2dNativeBackpropFilter", "T: {float, double}", depthwise_filter, .prepare = prepare),
    CPU_K("DepthwiseConv2dNative", "T: {float, double}", depthwise, .flags = RN_KERNEL_PARALLEL, .prepare = prepare),
};
CPU_GROUP(cpu_conv, kernels);
