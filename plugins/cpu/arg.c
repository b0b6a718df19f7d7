/* arg.c - ArgMax, ArgMin, Cumsum, Cumprod, InTopK: order along an axis (plugins/cpu).
 *
 * All read numbers as double (int64 beyond 2^53 compares as double). Ties go to the lower index. */
#include "cpu.h"

/* x seen from an axis: outer rows of d elements, inner apart. */
typedef struct lanes {
  int64_t outer, d, inner;
} lanes;
static lanes lanes_of(const rn_shape *s, int32_t axis) {
  lanes l = {cpu_product(s->dim, axis), s->dim[axis], cpu_product(s->dim + axis + 1, s->rank - axis - 1)};
  return l;
}

static const int arg_max = 1, arg_min = 0;
static rn_status *arg(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int largest = *(const int *)state;
  int32_t axis;
  RN_TRY(cpu_axis(largest ? "ArgMax" : "ArgMin", cpu_int_at(c->in[1], 0), x->shape.rank, &axis));
  lanes l = lanes_of(&x->shape, axis);
  rn_shape s = x->shape;
  s.rank--;
  for (int32_t i = axis; i < s.rank; i++) s.dim[i] = s.dim[i + 1];
  if (l.d == 0 && l.outer > 0 && l.inner > 0)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: axis %d has no elements", largest ? "ArgMax" : "ArgMin", axis);
  RN_TRY(cpu_output(c, 0, &s));
  for (int64_t o = 0; o < l.outer; o++)
    for (int64_t i = 0; i < l.inner; i++) {
      int64_t best = 0;
      double top = cpu_real_at(x, o * l.d * l.inner + i);
      for (int64_t k = 1; k < l.d; k++) {
        double v = cpu_real_at(x, (o * l.d + k) * l.inner + i);
        if (largest ? v > top : v < top) {
          top = v;
          best = k;
        }
      }
      if (c->out[0]->dtype == RN_INT32)
        ((int32_t *)c->out[0]->data)[o * l.inner + i] = (int32_t)best;
      else
        ((int64_t *)c->out[0]->data)[o * l.inner + i] = best;
    }
  return NULL;
}

typedef struct scan_state {
  uint8_t product, exclusive, reverse;
} scan_state;
#define SCAN(T, name)                                                                       \
  static void scan_##name(const T *x, T *y, int64_t n, int64_t step, const scan_state *s) { \
    T sum = (T)s->product;                                                                  \
    for (int64_t k = 0; k < n; k++) {                                                       \
      int64_t at = (s->reverse ? n - 1 - k : k) * step;                                     \
      T v = x[at], next = s->product ? (T)(sum * v) : (T)(sum + v);                         \
      y[at] = s->exclusive ? sum : next;                                                    \
      sum = next;                                                                           \
    }                                                                                       \
  }
SCAN(float, f32)
SCAN(double, f64)
SCAN(uint32_t, i32)
SCAN(uint64_t, i64)
static rn_status *scan(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int32_t axis;
  RN_TRY(cpu_axis("Cumsum", cpu_int_at(c->in[1], 0), x->shape.rank, &axis));
  RN_TRY(cpu_output(c, 0, &x->shape));
  lanes l = lanes_of(&x->shape, axis);
  for (int64_t o = 0; o < l.outer; o++)
    for (int64_t i = 0; i < l.inner; i++) {
      int64_t at = o * l.d * l.inner + i;
      void *y = c->out[0]->data;
      if (x->dtype == RN_FLOAT)
        scan_f32((const float *)x->data + at, (float *)y + at, l.d, l.inner, state);
      else if (x->dtype == RN_DOUBLE)
        scan_f64((const double *)x->data + at, (double *)y + at, l.d, l.inner, state);
      else if (x->dtype == RN_INT32)
        scan_i32((const uint32_t *)x->data + at, (uint32_t *)y + at, l.d, l.inner, state);
      else
        scan_i64((const uint64_t *)x->data + at, (uint64_t *)y + at, l.d, l.inner, state);
    }
  return NULL;
}
static rn_status *scan_prepare(const rn_prepare *p, rn_prepared *out) {
  scan_state *s;
  RN_TRY(cpu_state(out, sizeof *s, (void **)&s));
  s->product = *(const uint8_t *)p->user;
  s->exclusive = (uint8_t)rn_self_bool(&p->self, "exclusive", 0);
  s->reverse = (uint8_t)rn_self_bool(&p->self, "reverse", 0);
  return NULL;
}

static rn_status *k_prepare(const rn_prepare *p, rn_prepared *out) {
  int64_t *k;
  RN_TRY(cpu_state(out, sizeof *k, (void **)&k));
  *k = rn_self_int(&p->self, "k", 0);
  return NULL;
}

/* True where fewer than k predictions exceed that of the target; false for values that are not finite. */
static rn_status *in_top_k(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *target = c->in[1];
  int64_t k = c->n_in > 2 ? cpu_int_at(c->in[2], 0) : *(const int64_t *)state;
  if (x->shape.rank != 2 || target->shape.rank != 1 || target->shape.dim[0] != x->shape.dim[0])
    return rn_error(c->host, RN_INVALID_ARGUMENT, "InTopK: predictions need rank 2 and one target per row");
  RN_TRY(cpu_output(c, 0, &target->shape));
  int64_t rows = x->shape.dim[0], d = x->shape.dim[1];
  for (int64_t r = 0; r < rows; r++) {
    const float *p = (const float *)x->data + r * d;
    int64_t t = cpu_int_at(target, r), above = 0;
    int fine = t >= 0 && t < d && p[t] - p[t] == 0;
    for (int64_t i = 0; i < d && fine; i++) {
      fine = p[i] - p[i] == 0;
      above += p[i] > p[t];
    }
    ((uint8_t *)c->out[0]->data)[r] = (uint8_t)(fine && above < k);
  }
  return NULL;
}

static const uint8_t sums = 0, products = 1;
#define REAL "T: {float, double, int32, int64, uint8, int8, int16, uint16, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("ArgMax", REAL, arg, .user = &arg_max),
    CPU_K("ArgMin", REAL, arg, .user = &arg_min),
    CPU_K("Cumsum", "T: {float, double, int32, int64}", scan, .user = &sums, .prepare = scan_prepare),
    CPU_K("Cumprod", "T: {float, double, int32, int64}", scan, .user = &products, .prepare = scan_prepare),
    CPU_K("InTopK", NULL, in_top_k, .prepare = k_prepare),
    CPU_K("InTopKV2", NULL, in_top_k),
};
CPU_GROUP(cpu_arg, kernels);
