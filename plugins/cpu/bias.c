/* bias.c - BiasAdd and its gradient (plugins/cpu).
 *
 * A tensor is seen as [outer, channels, inner]; channels are dense rows in NHWC (inner is 1). */
#include "elementwise_ops.h"
#include "recast.h"

/* x seen as [outer, channels, inner]. */
static void channels_of(const rn_shape *s, int nchw, int64_t *outer, int64_t *c, int64_t *inner) {
  int32_t at = nchw && s->rank > 2 ? 1 : s->rank - 1;
  *outer = cpu_product(s->dim, at);
  *c = s->dim[at];
  *inner = cpu_product(s->dim + at + 1, s->rank - at - 1);
}
#define BIAS(T, name, U)                                                                           \
  static void bias_##name(const T *x, const T *b, T *y, int64_t outer, int64_t c, int64_t inner) { \
    for (int64_t o = 0; o < outer; o++)                                                            \
      for (int64_t k = 0; k < c; k++)                                                              \
        for (int64_t i = 0; i < inner; i++, x++, y++) *y = (T)((U)*x + (U)b[k]);                   \
  }                                                                                                \
  static void bias_grad_##name(const T *dy, T *db, int64_t outer, int64_t c, int64_t inner) {      \
    memset(db, 0, (uint64_t)c * sizeof *db);                                                       \
    for (int64_t o = 0; o < outer; o++)                                                            \
      for (int64_t k = 0; k < c; k++)                                                              \
        for (int64_t i = 0; i < inner; i++, dy++) db[k] = (T)((U)db[k] + (U)*dy);                  \
  }
BIAS(float, f32, float)
BIAS(double, f64, double)
BIAS(int32_t, i32, uint32_t)
BIAS(int64_t, i64, uint64_t)

typedef struct bias_job {
  const float *x, *b;
  float *y;
  int64_t c;
} bias_job;
static void bias_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const bias_job *j = arg;
  cpu_ew2 add = cpu_loops_now()->ew2[CPU_Add_f32];
  for (uint64_t r = lo; r < hi; r++) add(j->x + (int64_t)r * j->c, j->b, j->y + (int64_t)r * j->c, j->c, 1, 1);
}
static void bias_wide(rn_dtype dt, const void *x, const void *b, void *y, int64_t outer, int64_t c, int64_t inner) {
  if (dt == RN_FLOAT && inner == 1) {
    bias_job j = {x, b, y, c};
    cpu_parallel((uint64_t)outer, (uint64_t)(16384 / (c + 1)) + 1, bias_piece, &j);
  } else if (dt == RN_FLOAT)
    bias_f32(x, b, y, outer, c, inner);
  else if (dt == RN_DOUBLE)
    bias_f64(x, b, y, outer, c, inner);
  else if (dt == RN_INT32)
    bias_i32(x, b, y, outer, c, inner);
  else
    bias_i64(x, b, y, outer, c, inner);
}
static rn_status *bias_add(const void *state, rn_call *c) {
  const int *nchw = state;
  const rn_tensor_view *x = c->in[0], *b = c->in[1];
  int64_t outer, ch, inner;
  if (x->shape.rank < 2 || b->shape.rank != 1)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "BiasAdd: value has rank %d, bias rank %d", x->shape.rank,
                    b->shape.rank);
  channels_of(&x->shape, *nchw, &outer, &ch, &inner);
  if (b->shape.dim[0] != ch)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "BiasAdd: %lld biases for %lld channels", (long long)b->shape.dim[0],
                    (long long)ch);
  RN_TRY(cpu_output(c, 0, &x->shape));
  bias_wide(x->dtype, x->data, b->data, c->out[0]->data, outer, ch, inner);
  return NULL;
}
static rn_status *bias_grad(const void *state, rn_call *c) {
  const int *nchw = state;
  const rn_tensor_view *dy = c->in[0];
  int64_t outer, ch, inner;
  if (dy->shape.rank < 2) return rn_error(c->host, RN_INVALID_ARGUMENT, "BiasAddGrad: rank %d", dy->shape.rank);
  channels_of(&dy->shape, *nchw, &outer, &ch, &inner);
  rn_shape s = rn_shape_vector(ch);
  RN_TRY(cpu_output(c, 0, &s));
  void *db = c->out[0]->data;
  if (dy->dtype == RN_FLOAT && inner == 1) {
    memset(db, 0, (uint64_t)ch * sizeof(float));
    for (int64_t o = 0; o < outer; o++) cpu_loops_now()->add_to_f32((const float *)dy->data + o * ch, db, ch);
  } else if (dy->dtype == RN_FLOAT)
    bias_grad_f32(dy->data, db, outer, ch, inner);
  else if (dy->dtype == RN_DOUBLE)
    bias_grad_f64(dy->data, db, outer, ch, inner);
  else if (dy->dtype == RN_INT32)
    bias_grad_i32(dy->data, db, outer, ch, inner);
  else
    bias_grad_i64(dy->data, db, outer, ch, inner);
  return NULL;
}

CPU_IN_FLOAT(bias_add)
CPU_IN_FLOAT(bias_grad)

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  int *nchw;
  RN_TRY(cpu_state(out, sizeof *nchw, (void **)&nchw));
  *nchw = rn_bytes_equal(rn_self_string(&p->self, "data_format"), "NCHW");
  return NULL;
}
#define WIDE "T: {float, double, int32, int64}"
#define NARROW "T: {half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("BiasAdd", WIDE, bias_add, .inplace = 1, .flags = RN_KERNEL_PARALLEL, .prepare = prepare),
    CPU_K("BiasAdd", NARROW, bias_add_in_float, .prepare = prepare),
    CPU_K("BiasAddV1", WIDE, bias_add, .inplace = 1, .flags = RN_KERNEL_PARALLEL, .prepare = prepare),
    CPU_K("BiasAddV1", NARROW, bias_add_in_float, .prepare = prepare),
    CPU_K("BiasAddGrad", WIDE, bias_grad, .flags = RN_KERNEL_PARALLEL, .prepare = prepare),
    CPU_K("BiasAddGrad", NARROW, bias_grad_in_float, .prepare = prepare),
};
CPU_GROUP(cpu_bias, kernels);
