/* conv.c - the kernels of Conv2D and its gradients (plugins/cpu).
 *
 * Two ways to the same numbers: conv_patches.c and, as the reference, conv_loops.c. */
#include "conv.h"
#include "recast.h"

typedef struct conv_state {
  cpu_window_attrs a;
  int what, reference;
  uint64_t scratch_bytes; /* what prepare asked for; 0: shapes were unknown */
} conv_state;

rn_status *cpu_conv_geometry(const char *op, const cpu_window_attrs *a, const rn_shape *x, const rn_shape *f,
                             int depthwise, cpu_window *g) {
  if (f->rank != 4) return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: the filter has rank 4, found %d", op, f->rank);
  g->kh = f->dim[0], g->kw = f->dim[1], g->o = depthwise ? f->dim[2] * f->dim[3] : f->dim[3];
  RN_TRY(cpu_window_init(op, a, x, g));
  if (f->dim[2] != g->c)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: the filter takes %lld channels, the image has %lld", op,
                    (long long)f->dim[2], (long long)g->c);
  return NULL;
}
rn_status *cpu_conv_check_dy(const char *op, const cpu_window_attrs *a, const cpu_window *g, const rn_shape *dy) {
  rn_shape want = cpu_window_shape(a, g);
  char s[160], t[160];
  if (cpu_shape_equal(&want, dy)) return NULL;
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: out_backprop is %s, expected %s", op, cpu_shape_text(dy, s),
                  cpu_shape_text(&want, t));
}

static rn_status *by_products(cpu_conv *w, const conv_state *st, rn_call *c) {
  uint64_t need = cpu_conv_plan(w, cpu_host->threads(cpu_host->ctx));
  if (c->scratch && st->scratch_bytes >= need) {
    cpu_conv_products(w, c->scratch);
    return NULL;
  }
  void *scratch;
  RN_TRY(cpu_alloc(need, &scratch));
  cpu_conv_products(w, scratch);
  cpu_free(scratch);
  return NULL;
}
static rn_status *convolve(const conv_state *st, rn_call *c, cpu_conv *w, const void *x, const void *f, const void *y) {
  const cpu_window *g = &w->g;
  w->what = st->what;
  w->dt = c->out[0]->dtype;
  w->x = (char *)(uintptr_t)x, w->f = (char *)(uintptr_t)f, w->y = (char *)(uintptr_t)y;
  int empty = g->n * g->oh * g->ow == 0 || g->kh * g->kw * g->c == 0 || g->o == 0;
  uint64_t bytes = (uint64_t)rn_shape_elems(&c->out[0]->shape) * cpu_dtype_bytes(w->dt);
  if ((empty || st->reference) && bytes) memset(c->out[0]->data, 0, bytes);
  if (empty) return NULL;
  if (!st->reference) return by_products(w, st, c);
  cpu_conv_loops(w);
  return NULL;
}

static rn_status *conv2d(const void *state, rn_call *c) {
  const conv_state *st = state;
  cpu_conv w;
  RN_TRY(cpu_conv_geometry("Conv2D", &st->a, &c->in[0]->shape, &c->in[1]->shape, 0, &w.g));
  rn_shape s = cpu_window_shape(&st->a, &w.g);
  RN_TRY(cpu_output(c, 0, &s));
  return convolve(st, c, &w, c->in[0]->data, c->in[1]->data, c->out[0]->data);
}
static rn_status *conv2d_input(const void *state, rn_call *c) {
  const conv_state *st = state;
  cpu_conv w;
  rn_shape x;
  RN_TRY(cpu_shape_input(c, 0, &x));
  RN_TRY(cpu_conv_geometry("Conv2DBackpropInput", &st->a, &x, &c->in[1]->shape, 0, &w.g));
  RN_TRY(cpu_conv_check_dy("Conv2DBackpropInput", &st->a, &w.g, &c->in[2]->shape));
  RN_TRY(cpu_output(c, 0, &x));
  return convolve(st, c, &w, c->out[0]->data, c->in[1]->data, c->in[2]->data);
}
static rn_status *conv2d_filter(const void *state, rn_call *c) {
  const conv_state *st = state;
  cpu_conv w;
  rn_shape f;
  RN_TRY(cpu_shape_input(c, 1, &f));
  RN_TRY(cpu_conv_geometry("Conv2DBackpropFilter", &st->a, &c->in[0]->shape, &f, 0, &w.g));
  RN_TRY(cpu_conv_check_dy("Conv2DBackpropFilter", &st->a, &w.g, &c->in[2]->shape));
  RN_TRY(cpu_output(c, 0, &f));
  return convolve(st, c, &w, c->in[0]->data, c->out[0]->data, c->in[2]->data);
}
CPU_IN_FLOAT(conv2d)
CPU_IN_FLOAT(conv2d_input)
CPU_IN_FLOAT(conv2d_filter)

/* With known shapes the host keeps the scratch; a shape that does not fit is reported by the call. */
static void plan_scratch(const rn_prepare *p, rn_prepared *out, conv_state *st) {
  const rn_shape *x = &(st->what == CPU_CONV_TO_INPUT ? p->out[0] : p->in[0])->shape;
  const rn_shape *f = &(st->what == CPU_CONV_TO_FILTER ? p->out[0] : p->in[1])->shape;
  cpu_conv w = {.what = st->what, .dt = p->out[0]->dtype};
  if (st->reference || !rn_shape_known(x) || !rn_shape_known(f)) return;
  rn_status *s = cpu_conv_geometry("Conv2D", &st->a, x, f, 0, &w.g);
  if (s)
    cpu_host->status_free(s);
  else
    out->scratch_bytes = st->scratch_bytes = cpu_conv_plan(&w, p->threads);
}
typedef struct way {
  int what, reference;
} way;
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const way *w = p->user;
  conv_state *st;
  RN_TRY(cpu_state(out, sizeof *st, (void **)&st));
  RN_TRY(cpu_window_read(&p->self, &st->a));
  st->what = w->what;
  st->reference = w->reference;
  plan_scratch(p, out, st);
  return NULL;
}

#define WAY(what_, reference_) .user = &(const way){what_, reference_}, .prepare = prepare
#define ROWS(Op, fn, what)                                                          \
  CPU_FAST(Op, "T: {float, double}", fn, "openblas", WAY(what, 0)),                 \
      CPU_FAST(Op, "T: {half, bfloat16}", fn##_in_float, "openblas", WAY(what, 0)), \
      CPU_REFERENCE(Op, "T: {float, double}", fn, WAY(what, 1)),                    \
      CPU_REFERENCE(Op, "T: {half, bfloat16}", fn##_in_float, WAY(what, 1))
static const rn_kernel_def kernels[] = {
    ROWS("Conv2D", conv2d, CPU_CONV_FORWARD),
    ROWS("Conv2DBackpropInput", conv2d_input, CPU_CONV_TO_INPUT),
    ROWS("Conv2DBackpropFilter", conv2d_filter, CPU_CONV_TO_FILTER),
};
CPU_GROUP(cpu_conv_kernels, kernels);
