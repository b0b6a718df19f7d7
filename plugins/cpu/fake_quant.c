/* fake_quant.c - FakeQuant and its gradients (plugins/cpu).
 *
 *   scale = (max - min) / (top - bottom); zero = round(bottom - min / scale), within [bottom, top]
 *   low = (bottom - zero) scale, high = (top - zero) scale: the range, moved so that 0 is one of its values
 *   y = floor((clip(x, low, high) - low) inverse - zero' + 1/2) scale, zero' = floor(1/2 - low inverse)
 *   inverse = 1 / scale; of a range in attributes (top - bottom) / (max - min)
 *
 * with top = 2^bits - 1, bottom = 0 or, for a narrow range, 1, in float as TensorFlow does. A range of 0 and 0 makes
 * zeros, and its gradient passes. */
#include <math.h>
#include "cpu.h"

typedef struct levels {
  float bottom, top, min, max; /* min, max: of the attributes */
} levels;
typedef struct grid {
  float low, high, scale, inverse;
  int flat; /* min and max are 0 */
} grid;

static grid grid_of(const levels *l, float min, float max) {
  float scale = (max - min) / (l->top - l->bottom), from = l->bottom - min / scale;
  float zero = from < l->bottom ? l->bottom : from > l->top ? l->top : roundf(from);
  return (grid){(l->bottom - zero) * scale, (l->top - zero) * scale, scale, 1.0f / scale, min == 0 && max == 0};
}

static float shifted(const grid *g, float x) {
  float in = x > g->high ? g->high : x, clipped = in < g->low ? g->low : in;
  return clipped - g->low;
}

/* Every n-th element. */
static void round_to(const grid *g, const float *x, float *y, int64_t count, int64_t n) {
  float zero = floorf(-g->low * g->inverse + 0.5f);
  for (int64_t i = 0; i < count * n; i += n)
    y[i] = g->flat ? 0 : floorf(shifted(g, x[i]) * g->inverse - zero + 0.5f) * g->scale;
}

/* dx, and what goes to min and max */
static void back(const grid *g, const float *dy, const float *x, float *dx, float *dmin, float *dmax, int64_t count,
                 int64_t n) {
  float below = 0, above = 0;
  for (int64_t i = 0; i < count * n; i += n) {
    float slope = dy[i]; /* dx may lie in the same memory */
    int inside = g->flat || (x[i] >= g->low && x[i] <= g->high);
    dx[i] = inside ? slope : 0;
    if (!g->flat && x[i] < g->low) below += slope;
    if (!g->flat && x[i] > g->high) above += slope;
  }
  if (dmin != NULL) *dmin = below;
  if (dmax != NULL) *dmax = above;
}

/* -------------------------------------------------------------------------------------- kernels */
static rn_status *same_shape(const rn_call *c, uint32_t a, uint32_t b) {
  char ta[160], tb[160];
  if (cpu_shape_equal(&c->in[a]->shape, &c->in[b]->shape)) return NULL;
  return rn_error(c->host, RN_INVALID_ARGUMENT, "FakeQuant: shapes differ: %s and %s",
                  cpu_shape_text(&c->in[a]->shape, ta), cpu_shape_text(&c->in[b]->shape, tb));
}
static rn_status *args(const void *state, rn_call *c) {
  const levels *l = state;
  grid g = grid_of(l, l->min, l->max);
  g.inverse = (l->top - l->bottom) / (l->max - l->min);
  RN_TRY(cpu_output(c, 0, &c->in[0]->shape));
  round_to(&g, c->in[0]->data, c->out[0]->data, rn_shape_elems(&c->in[0]->shape), 1);
  return NULL;
}
static rn_status *args_gradient(const void *state, rn_call *c) {
  const levels *l = state;
  grid g = grid_of(l, l->min, l->max);
  RN_TRY(same_shape(c, 0, 1));
  RN_TRY(cpu_output(c, 0, &c->in[0]->shape));
  back(&g, c->in[0]->data, c->in[1]->data, c->out[0]->data, NULL, NULL, rn_shape_elems(&c->in[0]->shape), 1);
  return NULL;
}

/* How many ranges inputs `at` and `at` + 1 hold: one, or one per channel. */
static rn_status *ranges(const rn_call *c, uint32_t values, uint32_t at, int per_channel, int64_t *out) {
  const rn_shape *x = &c->in[values]->shape, *low = &c->in[at]->shape, *high = &c->in[at + 1]->shape;
  rn_shape want = per_channel ? rn_shape_vector(x->rank > 0 ? x->dim[x->rank - 1] : 1) : rn_shape_scalar();
  *out = rn_shape_elems(&want);
  if (x->rank >= per_channel && cpu_shape_equal(low, &want) && cpu_shape_equal(high, &want)) return NULL;
  char tx[160], tl[160], th[160];
  return rn_error(c->host, RN_INVALID_ARGUMENT, "FakeQuant: min %s and max %s for values %s: expected %s",
                  cpu_shape_text(low, tl), cpu_shape_text(high, th), cpu_shape_text(x, tx),
                  per_channel ? "one of each per element of the last dimension" : "scalars");
}
static rn_status *forward(const levels *l, rn_call *c, int per_channel) {
  int64_t n;
  RN_TRY(ranges(c, 0, 1, per_channel, &n));
  RN_TRY(cpu_output(c, 0, &c->in[0]->shape));
  const float *min = c->in[1]->data, *max = c->in[2]->data;
  for (int64_t k = 0; k < n; k++) {
    grid g = grid_of(l, min[k], max[k]);
    round_to(&g, (const float *)c->in[0]->data + k, (float *)c->out[0]->data + k, rn_shape_elems(&c->in[0]->shape) / n,
             n);
  }
  return NULL;
}
static rn_status *backward(const levels *l, rn_call *c, int per_channel) {
  int64_t n;
  RN_TRY(same_shape(c, 0, 1));
  RN_TRY(ranges(c, 1, 2, per_channel, &n));
  RN_TRY(cpu_output(c, 0, &c->in[0]->shape));
  for (uint32_t o = 1; o < 3; o++) RN_TRY(cpu_output(c, o, &c->in[2]->shape));
  const float *min = c->in[2]->data, *max = c->in[3]->data;
  for (int64_t k = 0; k < n; k++) {
    grid g = grid_of(l, min[k], max[k]);
    back(&g, (const float *)c->in[0]->data + k, (const float *)c->in[1]->data + k, (float *)c->out[0]->data + k,
         (float *)c->out[1]->data + k, (float *)c->out[2]->data + k, rn_shape_elems(&c->in[0]->shape) / n, n);
  }
  return NULL;
}
static rn_status *vars(const void *state, rn_call *c) { return forward(state, c, 0); }
static rn_status *vars_gradient(const void *state, rn_call *c) { return backward(state, c, 0); }
static rn_status *per_channel(const void *state, rn_call *c) { return forward(state, c, 1); }
static rn_status *per_channel_gradient(const void *state, rn_call *c) { return backward(state, c, 1); }

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  levels *l;
  int64_t bits = rn_self_int(&p->self, "num_bits", 8);
  RN_TRY(cpu_state(out, sizeof *l, (void **)&l));
  if (bits < 2 || bits > 16)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "FakeQuant: num_bits is %lld, not between 2 and 16",
                    (long long)bits);
  l->bottom = rn_self_bool(&p->self, "narrow_range", 0) ? 1 : 0;
  l->top = (float)((1 << bits) - 1);
  l->min = (float)rn_self_float(&p->self, "min", -6);
  l->max = (float)rn_self_float(&p->self, "max", 6);
  rn_attr_value range;
  if (!rn_self_attr(&p->self, "min", RN_ATTR_FLOAT, &range) || l->min < l->max) return NULL;
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "FakeQuant: min is %g, max %g", (double)l->min, (double)l->max);
}
#define ROW(op, fn, ...) CPU_REFERENCE(op, NULL, fn, .prepare = prepare, __VA_ARGS__)
static const rn_kernel_def kernels[] = {
    ROW("FakeQuantWithMinMaxArgs", args, .inplace = 1),
    ROW("FakeQuantWithMinMaxArgsGradient", args_gradient, .inplace = 1),
    ROW("FakeQuantWithMinMaxVars", vars, .inplace = 1),
    ROW("FakeQuantWithMinMaxVarsGradient", vars_gradient, .inplace = 1),
    ROW("FakeQuantWithMinMaxVarsPerChannel", per_channel, .inplace = 1),
    ROW("FakeQuantWithMinMaxVarsPerChannelGradient", per_channel_gradient, .inplace = 1),
};
CPU_GROUP(cpu_fake_quant, kernels);
