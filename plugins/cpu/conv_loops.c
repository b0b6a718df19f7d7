/* conv_loops.c - Conv2D and its gradients as their formula: the reference (plugins/cpu).
 *
 * y[n, i, j, o] = sum over p, q, c of x[n, i sh + p dh - pt, j sw + q dw - pl, c] f[p, q, c, o]; each
 * gradient visits the same terms and adds to another factor. */
#include "conv.h"

#define TERMS(T, name)                                                                                             \
  static void tap_##name(const cpu_window *g, const T *x, const T *f, const T *y, T *out, int what) {              \
    for (int64_t c = 0; c < g->c; c++)                                                                             \
      for (int64_t o = 0; o < g->o; o++) {                                                                         \
        int64_t ax = c * g->xc, af = c * g->o + o, ay = o * g->yc;                                                 \
        if (what == CPU_CONV_FORWARD)                                                                              \
          out[ay] += x[ax] * f[af];                                                                                \
        else if (what == CPU_CONV_TO_INPUT)                                                                        \
          out[ax] += y[ay] * f[af];                                                                                \
        else                                                                                                       \
          out[af] += x[ax] * y[ay];                                                                                \
      }                                                                                                            \
  }                                                                                                                \
  static void all_##name(const cpu_window *g, T *x, T *f, T *y, int what) {                                        \
    T *out = what == CPU_CONV_FORWARD ? y : what == CPU_CONV_TO_INPUT ? x : f;                                     \
    for (int64_t pixel = 0; pixel < g->n * g->oh * g->ow; pixel++)                                                 \
      for (int64_t tap = 0; tap < g->kh * g->kw; tap++) {                                                          \
        int64_t j = pixel % g->ow, i = pixel / g->ow % g->oh, n = pixel / g->ow / g->oh;                           \
        int64_t r = i * g->sh + tap / g->kw * g->dh - g->pt, s = j * g->sw + tap % g->kw * g->dw - g->pl;          \
        if (r < 0 || r >= g->h || s < 0 || s >= g->w) continue;                                                    \
        int64_t at[3] = {n * g->yn + i * g->yh + j * g->yw, n * g->xn + r * g->xh + s * g->xw, tap * g->c * g->o}; \
        tap_##name(g, x + at[1], f + at[2], y + at[0], out + at[what], what);                                      \
      }                                                                                                            \
  }
TERMS(float, f32)
TERMS(double, f64)

void cpu_conv_loops(cpu_conv *w) {
  if (w->dt == RN_FLOAT)
    all_f32(&w->g, (void *)w->x, (void *)w->f, (void *)w->y, w->what);
  else
    all_f64(&w->g, (void *)w->x, (void *)w->f, (void *)w->y, w->what);
}
