/* pool.c - MaxPool, AvgPool and their gradients (plugins/cpu).
 *
 * The loops run over windows outside and channels inside, so in NHWC they are dense. An average
 * counts the elements inside the image only. The maximum's gradient goes to the first largest. */
#include "elementwise_ops.h"
#include "recast.h"
#include "window.h"
#include <math.h>

enum { MAXIMUM, AVERAGE, CHANNELS = 64 };
typedef struct pool_state {
  cpu_window_attrs a;
  int how;
} pool_state;
/* The part of window (i, j) inside the image. */
typedef struct box {
  int64_t r0, r1, s0, s1;
} box;
static box box_of(const cpu_window *g, int64_t i, int64_t j) {
  int64_t r = i * g->sh - g->pt, s = j * g->sw - g->pl;
  box b = {CPU_MAX(r, 0), CPU_MIN(r + g->kh, g->h), CPU_MAX(s, 0), CPU_MIN(s + g->kw, g->w)};
  return b;
}

#define POOL(T, name, lowest)                                                                                      \
  static void pool_##name(const cpu_window *g, int how, const T *x, T *y, int64_t lo, int64_t hi) {                \
    for (int64_t row = lo; row < hi; row++)                                                                        \
      for (int64_t j = 0; j < g->ow; j++) {                                                                        \
        int64_t n = row / g->oh, i = row % g->oh;                                                                  \
        box b = box_of(g, i, j);                                                                                   \
        T *to = y + n * g->yn + i * g->yh + j * g->yw;                                                             \
        for (int64_t c = 0; c < g->c; c++) to[c * g->yc] = how == MAXIMUM ? lowest : 0;                            \
        for (int64_t r = b.r0; r < b.r1; r++)                                                                      \
          for (int64_t s = b.s0; s < b.s1; s++) {                                                                  \
            const T *from = x + n * g->xn + r * g->xh + s * g->xw;                                                 \
            if (how == AVERAGE && g->xc == 1 && g->yc == 1)                                                        \
              for (int64_t c = 0; c < g->c; c++) to[c] += from[c];                                                 \
            else if (how == AVERAGE)                                                                               \
              for (int64_t c = 0; c < g->c; c++) to[c * g->yc] += from[c * g->xc];                                 \
            else if (g->xc == 1 && g->yc == 1)                                                                     \
              for (int64_t c = 0; c < g->c; c++) to[c] = from[c] > to[c] || from[c] != from[c] ? from[c] : to[c];  \
            else                                                                                                   \
              for (int64_t c = 0; c < g->c; c++) {                                                                 \
                T v = from[c * g->xc];                                                                             \
                if (v > to[c * g->yc] || v != v) to[c * g->yc] = v;                                                \
              }                                                                                                    \
          }                                                                                                        \
        T count = (T)((b.r1 - b.r0) * (b.s1 - b.s0));                                                              \
        if (how == AVERAGE)                                                                                        \
          for (int64_t c = 0; c < g->c; c++) to[c * g->yc] /= count;                                               \
      }                                                                                                            \
  }                                                                                                                \
  /* The largest element of the window of output (n, i, j), channel c; the first of equals. -1: an empty window */ \
  static int64_t largest_##name(const cpu_window *g, const T *x, int64_t n, int64_t i, int64_t j, int64_t c) {     \
    box b = box_of(g, i, j);                                                                                       \
    int64_t best = -1;                                                                                             \
    for (int64_t r = b.r0; r < b.r1; r++)                                                                          \
      for (int64_t s = b.s0; s < b.s1; s++) {                                                                      \
        int64_t at = n * g->xn + r * g->xh + s * g->xw + c * g->xc;                                                \
        if (best < 0 || x[at] > x[best]) best = at;                                                                \
      }                                                                                                            \
    return best;                                                                                                   \
  }                                                                                                                \
  static void max_back_##name(const cpu_window *g, const T *x, const T *dy, T *dx, int64_t lo, int64_t hi) {       \
    for (int64_t n = lo; n < hi; n++)                                                                              \
      for (int64_t i = 0; i < g->oh; i++)                                                                          \
        for (int64_t j = 0; j < g->ow; j++)                                                                        \
          for (int64_t c = 0; c < g->c; c++) {                                                                     \
            int64_t best = largest_##name(g, x, n, i, j, c);                                                       \
            if (best >= 0) dx[best] += dy[n * g->yn + i * g->yh + j * g->yw + c * g->yc];                          \
          }                                                                                                        \
  }                                                                                                                \
  static void max_pick_##name(const cpu_window *g, const T *x, const T *g2, T *y, int64_t lo, int64_t hi) {        \
    for (int64_t n = lo; n < hi; n++)                                                                              \
      for (int64_t i = 0; i < g->oh; i++)                                                                          \
        for (int64_t j = 0; j < g->ow; j++)                                                                        \
          for (int64_t c = 0; c < g->c; c++) {                                                                     \
            int64_t best = largest_##name(g, x, n, i, j, c);                                                       \
            y[n * g->yn + i * g->yh + j * g->yw + c * g->yc] = best >= 0 ? g2[best] : 0;                           \
          }                                                                                                        \
  }                                                                                                                \
  static void average_back_##name(const cpu_window *g, const T *x, const T *dy, T *dx, int64_t lo, int64_t hi) {   \
    (void)x;                                                                                                       \
    for (int64_t n = lo; n < hi; n++)                                                                              \
      for (int64_t i = 0; i < g->oh; i++)                                                                          \
        for (int64_t j = 0; j < g->ow; j++) {                                                                      \
          box b = box_of(g, i, j);                                                                                 \
          T share = 1 / (T)((b.r1 - b.r0) * (b.s1 - b.s0));                                                        \
          const T *from = dy + n * g->yn + i * g->yh + j * g->yw;                                                  \
          for (int64_t r = b.r0; r < b.r1; r++)                                                                    \
            for (int64_t s = b.s0; s < b.s1; s++) {                                                                \
              T *to = dx + n * g->xn + r * g->xh + s * g->xw;                                                      \
              for (int64_t c = 0; c < g->c; c++) to[c * g->xc] += from[c * g->yc] * share;                         \
            }                                                                                                      \
        }                                                                                                          \
  }
POOL(float, f32, -INFINITY)
POOL(double, f64, -INFINITY)

/* Dense channels, many at once. */
static void max_back_dense(const cpu_window *g, const float *x, const float *dy, float *dx, int64_t lo, int64_t hi) {
  const int64_t step[2] = {g->xh, g->xw};
  for (int64_t row = lo * g->oh; row < hi * g->oh; row++)
    for (int64_t j = 0; j < g->ow; j++, dy += g->c) {
      box b = box_of(g, row % g->oh, j);
      const int64_t size[2] = {b.r1 - b.r0, b.s1 - b.s0};
      int64_t at = row / g->oh * g->xn + b.r0 * g->xh + b.s0 * g->xw;
      if (size[0] <= 0 || size[1] <= 0) continue;
      for (int64_t c = 0; c < g->c; c += CHANNELS)
        cpu_loops_now()->max_back_f32(x + at + c, dy + c, dx + at + c, CPU_MIN(CHANNELS, g->c - c), size, step);
    }
}

typedef struct job {
  const cpu_window *g;
  int how;
  rn_dtype dt;
  const void *x, *dy;
  void *y;
} job;
static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  if (j->dt == RN_FLOAT)
    pool_f32(j->g, j->how, j->x, j->y, (int64_t)lo, (int64_t)hi);
  else
    pool_f64(j->g, j->how, j->x, j->y, (int64_t)lo, (int64_t)hi);
}
static void back_piece(void *arg, uint64_t l, uint64_t h, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  int64_t lo = (int64_t)l, hi = (int64_t)h;
  uint64_t image = (uint64_t)j->g->xn * cpu_dtype_bytes(j->dt);
  memset((char *)j->y + l * image, 0, (h - l) * image);
  if (j->dt == RN_FLOAT && j->how == MAXIMUM && j->g->xc == 1)
    max_back_dense(j->g, j->x, (const float *)j->dy + lo * j->g->yn, j->y, lo, hi);
  else if (j->dt == RN_FLOAT && j->how == MAXIMUM)
    max_back_f32(j->g, j->x, j->dy, j->y, lo, hi);
  else if (j->dt == RN_FLOAT)
    average_back_f32(j->g, j->x, j->dy, j->y, lo, hi);
  else if (j->how == MAXIMUM)
    max_back_f64(j->g, j->x, j->dy, j->y, lo, hi);
  else
    average_back_f64(j->g, j->x, j->dy, j->y, lo, hi);
}

static rn_status *geometry(const pool_state *p, const rn_shape *x, cpu_window *g) {
  if (x->rank != 4) return rn_error(cpu_host, RN_INVALID_ARGUMENT, "a pool takes images of rank 4, found %d", x->rank);
  g->kh = p->a.kh, g->kw = p->a.kw;
  g->o = x->dim[p->a.nchw ? 1 : 3];
  return cpu_window_init(p->how == MAXIMUM ? "MaxPool" : "AvgPool", &p->a, x, g);
}

static rn_status *pool(const void *state, rn_call *c) {
  const pool_state *p = state;
  cpu_window g;
  RN_TRY(geometry(p, &c->in[0]->shape, &g));
  rn_shape s = cpu_window_shape(&p->a, &g);
  RN_TRY(cpu_output(c, 0, &s));
  job j = {&g, p->how, c->in[0]->dtype, c->in[0]->data, NULL, c->out[0]->data};
  cpu_parallel((uint64_t)(g.n * g.oh), (uint64_t)(5e4 / (double)(g.ow * g.c * g.kh * g.kw + 1)) + 1, piece, &j);
  return NULL;
}

static rn_status *back(rn_call *c, const pool_state *p, const rn_shape *shape, const void *x,
                       const rn_tensor_view *dy) {
  cpu_window g;
  RN_TRY(geometry(p, shape, &g));
  rn_shape want = cpu_window_shape(&p->a, &g);
  if (!cpu_shape_equal(&want, &dy->shape)) {
    char a[160], b[160];
    return rn_error(c->host, RN_INVALID_ARGUMENT, "pool gradient: grad is %s, expected %s",
                    cpu_shape_text(&dy->shape, a), cpu_shape_text(&want, b));
  }
  RN_TRY(cpu_output(c, 0, shape));
  job j = {&g, p->how, dy->dtype, x, dy->data, c->out[0]->data};
  cpu_parallel((uint64_t)g.n, (uint64_t)(5e4 / (double)(g.oh * g.ow * g.c * g.kh * g.kw + 1)) + 1, back_piece, &j);
  return NULL;
}
static rn_status *max_pool_grad(const void *state, rn_call *c) {
  return back(c, state, &c->in[0]->shape, c->in[0]->data, c->in[2]);
}
/* The gradient of that: of the image `grad`, the element where each window's largest one was. */
static rn_status *max_pool_grad_grad(const void *state, rn_call *c) {
  const pool_state *p = state;
  cpu_window g;
  RN_TRY(geometry(p, &c->in[0]->shape, &g));
  if (!cpu_shape_equal(&c->in[0]->shape, &c->in[2]->shape))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "MaxPoolGradGrad: grad and orig_input have different shapes");
  rn_shape s = cpu_window_shape(&p->a, &g);
  RN_TRY(cpu_output(c, 0, &s));
  if (c->in[0]->dtype == RN_FLOAT)
    max_pick_f32(&g, c->in[0]->data, c->in[2]->data, c->out[0]->data, 0, g.n);
  else
    max_pick_f64(&g, c->in[0]->data, c->in[2]->data, c->out[0]->data, 0, g.n);
  return NULL;
}
static rn_status *avg_pool_grad(const void *state, rn_call *c) {
  rn_shape s;
  RN_TRY(cpu_shape_input(c, 0, &s));
  return back(c, state, &s, NULL, c->in[1]);
}

static const int maximum = MAXIMUM, average = AVERAGE;
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  pool_state *s;
  RN_TRY(cpu_state(out, sizeof *s, (void **)&s));
  s->how = *(const int *)p->user;
  return cpu_window_read(&p->self, &s->a);
}
CPU_IN_FLOAT(pool)
CPU_IN_FLOAT(max_pool_grad)
CPU_IN_FLOAT(max_pool_grad_grad)
CPU_IN_FLOAT(avg_pool_grad)

#define ROWS(Op, fn, how)                                                                             \
  CPU_K(Op, "T: {float, double}", fn, .flags = RN_KERNEL_PARALLEL, .user = &how, .prepare = prepare), \
      CPU_K(Op, "T: {half, bfloat16}", fn##_in_float, .flags = RN_KERNEL_PARALLEL, .user = &how, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    ROWS("MaxPool", pool, maximum),
    ROWS("AvgPool", pool, average),
    ROWS("MaxPoolGrad", max_pool_grad, maximum),
    ROWS("MaxPoolGradGrad", max_pool_grad_grad, maximum),
    ROWS("AvgPoolGrad", avg_pool_grad, average),
};
CPU_GROUP(cpu_pool, kernels);
