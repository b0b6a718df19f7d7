/* array_shape.c - ops about shapes, and tensors filled by rule (plugins/cpu). */
#include "recast.h"
#include "strided.h"

static void put_int(const rn_tensor_view *v, int64_t i, int64_t value) {
  if (v->dtype == RN_INT64)
    ((int64_t *)v->data)[i] = value;
  else
    ((int32_t *)v->data)[i] = (int32_t)value;
}
static rn_status *put_shape(rn_call *c, uint32_t out, const rn_shape *s) {
  rn_shape v = rn_shape_vector(s->rank);
  RN_TRY(cpu_output(c, out, &v));
  for (int32_t i = 0; i < s->rank; i++) put_int(c->out[out], i, s->dim[i]);
  return NULL;
}
static rn_status *put_scalar(rn_call *c, int64_t value) {
  rn_shape s = rn_shape_scalar();
  RN_TRY(cpu_output(c, 0, &s));
  put_int(c->out[0], 0, value);
  return NULL;
}

static rn_status *shape_n(const void *state, rn_call *c) {
  (void)state;
  for (uint32_t i = 0; i < c->n_in; i++) RN_TRY(put_shape(c, i, &c->in[i]->shape));
  return NULL;
}
static rn_status *size(const void *state, rn_call *c) {
  (void)state;
  return put_scalar(c, rn_shape_elems(&c->in[0]->shape));
}
static rn_status *rank(const void *state, rn_call *c) {
  (void)state;
  return put_scalar(c, c->in[0]->shape.rank);
}

/* Broadcasts two shapes given as vectors. */
static rn_status *broadcast_of(rn_call *c, rn_shape *a, rn_shape *b, rn_shape *y) {
  char ta[160], tb[160];
  RN_TRY(cpu_shape_input(c, 0, a));
  RN_TRY(cpu_shape_input(c, 1, b));
  *y = rn_shape_scalar();
  y->rank = CPU_MAX(a->rank, b->rank);
  for (int32_t i = 1; i <= y->rank; i++) {
    int64_t da = i <= a->rank ? a->dim[a->rank - i] : 1, db = i <= b->rank ? b->dim[b->rank - i] : 1;
    if (da != db && da != 1 && db != 1)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "shapes %s and %s do not broadcast", cpu_shape_text(a, ta),
                      cpu_shape_text(b, tb));
    y->dim[y->rank - i] = da == 1 ? db : da;
  }
  return NULL;
}
static rn_status *broadcast_args(const void *state, rn_call *c) {
  (void)state;
  rn_shape a, b, y;
  RN_TRY(broadcast_of(c, &a, &b, &y));
  return put_shape(c, 0, &y);
}
/* The axes of the result over which each side was repeated. Both 1: listed for both, as TensorFlow. */
static rn_status *repeated(rn_call *c, uint32_t out, const rn_shape *a, const rn_shape *y, int same) {
  int64_t axes[RN_MAX_RANK], n = 0;
  if (!same)
    for (int32_t i = 0; i < y->rank; i++) {
      int32_t k = i - (y->rank - a->rank);
      if (k < 0 || a->dim[k] == 1) axes[n++] = i;
    }
  rn_shape v = rn_shape_vector(n);
  RN_TRY(cpu_output(c, out, &v));
  for (int64_t i = 0; i < n; i++) put_int(c->out[out], i, axes[i]);
  return NULL;
}
static rn_status *broadcast_gradient_args(const void *state, rn_call *c) {
  (void)state;
  rn_shape a, b, y;
  RN_TRY(broadcast_of(c, &a, &b, &y));
  int same = cpu_shape_equal(&a, &b);
  RN_TRY(repeated(c, 0, &a, &y, same));
  return repeated(c, 1, &b, &y, same);
}

static rn_status *broadcast_to(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  rn_shape s;
  char a[160], b[160];
  RN_TRY(cpu_shape_input(c, 1, &s));
  cpu_strided w;
  cpu_strided_init(&w, &s, cpu_dtype_bytes(x->dtype));
  int64_t step = w.elem_bytes;
  int fits = x->shape.rank <= s.rank;
  for (int32_t i = 1; i <= s.rank && fits; i++) {
    int64_t d = i <= x->shape.rank ? x->shape.dim[x->shape.rank - i] : 1;
    fits = d == 1 || d == s.dim[s.rank - i];
    w.sx[s.rank - i] = d == 1 ? 0 : step;
    step *= d;
  }
  if (!fits)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "BroadcastTo: %s does not broadcast to %s",
                    cpu_shape_text(&x->shape, a), cpu_shape_text(&s, b));
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strided_copy(&w, x->data, c->out[0]->data);
  return NULL;
}

static rn_status *fill(const void *state, rn_call *c) {
  (void)state;
  rn_shape s;
  RN_TRY(cpu_shape_input(c, 0, &s));
  RN_TRY(cpu_output(c, 0, &s));
  cpu_fill(c->out[0]->data, c->in[1]->data, cpu_dtype_bytes(c->in[1]->dtype), rn_shape_elems(&s));
  return NULL;
}
static rn_status *fill_like(rn_call *c, double value) {
  char elem[16] = {0};
  rn_dtype dt = c->out[0]->dtype;
  if (value != 0) {
    rn_dtype plain = dt == RN_COMPLEX64 ? RN_FLOAT : dt == RN_COMPLEX128 ? RN_DOUBLE : dt;
    cpu_convert(RN_DOUBLE, &value, plain, elem, 1);
  }
  RN_TRY(cpu_output(c, 0, &c->in[0]->shape));
  cpu_fill(c->out[0]->data, elem, cpu_dtype_bytes(dt), rn_shape_elems(&c->in[0]->shape));
  return NULL;
}
static rn_status *zeros_like(const void *state, rn_call *c) {
  (void)state;
  return fill_like(c, 0);
}
static rn_status *ones_like(const void *state, rn_call *c) {
  (void)state;
  return fill_like(c, 1);
}

static rn_status *range(const void *state, rn_call *c) {
  (void)state;
  rn_dtype dt = c->out[0]->dtype;
  rn_shape s = rn_shape_vector(0);
  if (dt == RN_INT32 || dt == RN_INT64) {
    int64_t a = cpu_int_at(c->in[0], 0), b = cpu_int_at(c->in[1], 0), d = cpu_int_at(c->in[2], 0);
    if (d == 0 || (d > 0 && a > b) || (d < 0 && a < b))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Range: from %lld to %lld by %lld", (long long)a, (long long)b,
                      (long long)d);
    uint64_t span = d > 0 ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
    uint64_t step = d > 0 ? (uint64_t)d : 0 - (uint64_t)d;
    s.dim[0] = (int64_t)(span / step + (span % step != 0));
    RN_TRY(cpu_output(c, 0, &s));
    for (int64_t i = 0; i < s.dim[0]; i++) put_int(c->out[0], i, (int64_t)((uint64_t)a + (uint64_t)i * (uint64_t)d));
    return NULL;
  }
  double a = cpu_real_at(c->in[0], 0), b = cpu_real_at(c->in[1], 0), d = cpu_real_at(c->in[2], 0), count;
  count = d != 0 ? (b - a) / d : -1;
  if (!(count >= 0) || count > 9e15)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Range: from %g to %g by %g", a, b, d);
  s.dim[0] = (int64_t)count + ((double)(int64_t)count < count);
  RN_TRY(cpu_output(c, 0, &s));
  float *f = c->out[0]->data;
  double *g = c->out[0]->data;
  float sum = (float)a;
  for (int64_t i = 0; i < s.dim[0]; i++, sum += (float)d, a += d) { /* adds up, as TensorFlow does */
    if (dt == RN_FLOAT)
      f[i] = sum;
    else if (dt == RN_DOUBLE)
      g[i] = a;
    else
      cpu_convert(RN_DOUBLE, &a, dt, (char *)c->out[0]->data + 2 * i, 1);
  }
  return NULL;
}

static rn_status *lin_space(const void *state, rn_call *c) {
  (void)state;
  int64_t n = cpu_int_at(c->in[2], 0);
  if (n <= 0) return rn_error(c->host, RN_INVALID_ARGUMENT, "LinSpace: %lld values", (long long)n);
  rn_shape s = rn_shape_vector(n);
  RN_TRY(cpu_output(c, 0, &s));
  double a = cpu_real_at(c->in[0], 0), b = cpu_real_at(c->in[1], 0);
  float step = n > 1 ? (float)(((float)b - (float)a) / (float)(n - 1)) : 0;
  for (int64_t i = 0; i < n; i++) {
    if (c->out[0]->dtype == RN_FLOAT)
      ((float *)c->out[0]->data)[i] = i && i == n - 1 ? (float)b : (float)a + step * (float)i;
    else
      ((double *)c->out[0]->data)[i] = i && i == n - 1 ? b : a + (n > 1 ? (b - a) / (double)(n - 1) : 0) * (double)i;
  }
  return NULL;
}

static rn_status *concat_offset(const void *state, rn_call *c) {
  (void)state;
  int64_t n = rn_shape_elems(&c->in[1]->shape), at = 0;
  int32_t axis;
  RN_TRY(cpu_axis("ConcatOffset", cpu_int_at(c->in[0], 0), (int32_t)n, &axis));
  for (uint32_t k = 1; k < c->n_in; k++) {
    if (rn_shape_elems(&c->in[k]->shape) != n)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "ConcatOffset: shape %u has %lld elements, shape 0 has %lld", k - 1,
                      (long long)rn_shape_elems(&c->in[k]->shape), (long long)n);
    RN_TRY(cpu_output(c, k - 1, &c->in[k]->shape));
    for (int64_t i = 0; i < n; i++) {
      if (i != axis && cpu_int_at(c->in[k], i) != cpu_int_at(c->in[1], i))
        return rn_error(c->host, RN_INVALID_ARGUMENT, "ConcatOffset: shapes 0 and %u differ in dimension %lld", k - 1,
                        (long long)i);
      put_int(c->out[k - 1], i, i == axis ? at : 0);
    }
    at += cpu_int_at(c->in[k], axis);
  }
  return NULL;
}

static rn_status *invert_permutation(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  int64_t n = rn_shape_elems(&x->shape);
  RN_TRY(cpu_output(c, 0, &x->shape));
  for (int64_t i = 0; i < n; i++) put_int(c->out[0], i, -1);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = cpu_int_at(x, i);
    if (at < 0 || at >= n || cpu_int_at(c->out[0], at) >= 0)
      return rn_error(c->host, RN_INVALID_ARGUMENT,
                      "InvertPermutation: element %lld is %lld: out of [0, %lld) or twice", (long long)i, (long long)at,
                      (long long)n);
    put_int(c->out[0], at, i);
  }
  return NULL;
}

CPU_IN_NUMBERS(fill)
CPU_IN_NUMBERS(broadcast_to)

static const rn_kernel_def kernels[] = {
    CPU_K("Shape", NULL, shape_n),
    CPU_K("ShapeN", NULL, shape_n),
    CPU_K("Size", NULL, size),
    CPU_K("Rank", NULL, rank),
    CPU_K("BroadcastArgs", NULL, broadcast_args),
    CPU_K("BroadcastGradientArgs", NULL, broadcast_gradient_args),
    CPU_K("BroadcastTo", CPU_POD("T"), broadcast_to),
    CPU_K("Fill", CPU_POD("T"), fill),
    CPU_K("ZerosLike", CPU_POD("T"), zeros_like),
    CPU_K("OnesLike", CPU_POD("T"), ones_like),
    CPU_K("Range", NULL, range),
    CPU_K("LinSpace", "T: {float, double}", lin_space),
    CPU_K("ConcatOffset", NULL, concat_offset),
    CPU_K("InvertPermutation", NULL, invert_permutation),
    CPU_K("Fill", "T: string", fill_in_numbers),
    CPU_K("BroadcastTo", "T: string", broadcast_to_in_numbers),
};
CPU_GROUP(cpu_array_shape, kernels);
