/* depthwise.c - DepthwiseConv2dNative and its gradients, formula by formula (plugins/cpu).
 *
 * Channel k of the image gives the m results k m + q. */
#include "conv.h"

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
  RN_TRY(cpu_conv_geometry("DepthwiseConv2dNative", a, &c->in[0]->shape, f, 1, &g));
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
          if (what == CPU_CONV_TO_INPUT)                                                                  \
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
  RN_TRY(cpu_conv_geometry("depthwise gradient", a, x, f, 1, &g));
  RN_TRY(cpu_conv_check_dy("depthwise gradient", a, &g, &dy->shape));
  RN_TRY(cpu_output(c, 0, what == CPU_CONV_TO_INPUT ? x : f));
  void *out = c->out[0]->data;
  if (out) memset(out, 0, (uint64_t)rn_shape_elems(what == CPU_CONV_TO_INPUT ? x : f) * cpu_dtype_bytes(dy->dtype));
  void *xs = what == CPU_CONV_TO_INPUT ? out : c->in[0]->data, *fs = what == CPU_CONV_TO_INPUT ? c->in[1]->data : out;
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
  return depthwise_back(state, c, &x, &c->in[1]->shape, CPU_CONV_TO_INPUT);
}
static rn_status *depthwise_filter(const void *state, rn_call *c) {
  rn_shape f;
  RN_TRY(cpu_shape_input(c, 1, &f));
  return depthwise_back(state, c, &c->in[0]->shape, &f, CPU_CONV_TO_FILTER);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  cpu_window_attrs *a;
  RN_TRY(cpu_state(out, sizeof *a, (void **)&a));
  return cpu_window_read(&p->self, a);
}
#define ROW(Op, fn) CPU_K(Op, "T: {float, double}", fn, .flags = RN_KERNEL_PARALLEL, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    ROW("DepthwiseConv2dNative", depthwise),
    ROW("DepthwiseConv2dNativeBackpropInput", depthwise_input),
    ROW("DepthwiseConv2dNativeBackpropFilter", depthwise_filter),
};
CPU_GROUP(cpu_depthwise, kernels);
