/* matmul.c - MatMul, BatchMatMul (plugins/cpu).
 *
 * y[i, j] = sum_l x[i, l] w[l, j], each operand perhaps given transposed; over batches, which
 * BatchMatMulV2 broadcasts. half and bfloat16 are widened and multiplied in float. */
#include "gemm.h"
#include "recast.h"

typedef struct flags {
  int ta, tb, reference;
} flags;

static void multiply(rn_dtype dt, const cpu_gemm *g, int reference) {
  if (reference || (dt != RN_FLOAT && dt != RN_DOUBLE))
    cpu_gemm_reference(dt, g);
  else
    cpu_gemm_parallel(dt, g);
}
static cpu_gemm dense(const flags *f, int64_t m, int64_t n, int64_t k) {
  cpu_gemm g = {.ta = f->ta, .tb = f->tb, .m = m, .n = n, .k = k, .lda = f->ta ? m : k, .ldb = f->tb ? k : n, .ldc = n};
  return g;
}

/* The last two dimensions as m, n, k. */
static rn_status *sizes(const char *op, const flags *f, const rn_shape *x, const rn_shape *w, int64_t *m, int64_t *n,
                        int64_t *k) {
  char a[160], b[160];
  if (x->rank < 2 || w->rank < 2)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: operands need rank 2 or more: %s and %s", op,
                    cpu_shape_text(x, a), cpu_shape_text(w, b));
  const int64_t *dx = x->dim + x->rank - 2, *dw = w->dim + w->rank - 2;
  *m = dx[f->ta ? 1 : 0];
  *k = dx[f->ta ? 0 : 1];
  *n = dw[f->tb ? 0 : 1];
  if (dw[f->tb ? 1 : 0] != *k)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: inner dimensions differ: %lld and %lld (input 1)", op,
                    (long long)*k, (long long)dw[f->tb ? 1 : 0]);
  return NULL;
}

static rn_status *matmul(const void *state, rn_call *c) {
  const flags *f = state;
  const rn_tensor_view *x = c->in[0], *w = c->in[1];
  int64_t m, n, k;
  RN_TRY(sizes("MatMul", f, &x->shape, &w->shape, &m, &n, &k));
  rn_shape s = rn_shape_make(2, (const int64_t[]){m, n});
  RN_TRY(cpu_output(c, 0, &s));
  cpu_gemm g = dense(f, m, n, k);
  g.a = x->data;
  g.b = w->data;
  g.c = c->out[0]->data;
  multiply(x->dtype, &g, f->reference);
  return NULL;
}

/* ---- batches */
typedef struct batch {
  const flags *f;
  rn_dtype dt;
  cpu_gemm g;
  rn_shape s;                               /* the batch dimensions */
  int64_t sx[RN_MAX_RANK], sw[RN_MAX_RANK]; /* matrices to step over; 0: repeated */
  const char *x, *w;
  char *y;
} batch;
static cpu_gemm batch_at(const batch *b, int64_t i) {
  int64_t ox = 0, ow = 0, rest = i;
  for (int32_t k = b->s.rank - 1; k >= 0; k--) {
    ox += rest % b->s.dim[k] * b->sx[k];
    ow += rest % b->s.dim[k] * b->sw[k];
    rest /= b->s.dim[k];
  }
  cpu_gemm g = b->g;
  int64_t bytes = (int64_t)cpu_dtype_bytes(b->dt);
  g.a = b->x + ox * g.m * g.k * bytes;
  g.b = b->w + ow * g.k * g.n * bytes;
  g.c = b->y + i * g.m * g.n * bytes;
  return g;
}
static void batch_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const batch *b = arg;
  for (uint64_t i = lo; i < hi; i++) {
    cpu_gemm g = batch_at(b, (int64_t)i);
    if (b->f->reference || (b->dt != RN_FLOAT && b->dt != RN_DOUBLE))
      cpu_gemm_reference(b->dt, &g);
    else
      cpu_gemm_run(b->dt, &g);
  }
}
static void batch_strides(const rn_shape *x, const rn_shape *s, int64_t *out) {
  int64_t step = 1;
  for (int32_t i = 1; i <= s->rank; i++) {
    int64_t d = i <= x->rank - 2 ? x->dim[x->rank - 2 - i] : 1;
    out[s->rank - i] = d == 1 ? 0 : step;
    step *= d;
  }
}
static rn_status *batch_shape(const rn_shape *x, const rn_shape *w, rn_shape *s) {
  *s = rn_shape_scalar();
  s->rank = CPU_MAX(x->rank, w->rank) - 2;
  for (int32_t i = 1; i <= s->rank; i++) {
    int64_t dx = i <= x->rank - 2 ? x->dim[x->rank - 2 - i] : 1, dw = i <= w->rank - 2 ? w->dim[w->rank - 2 - i] : 1;
    if (dx != dw && dx != 1 && dw != 1) {
      char a[160], b[160];
      return rn_error(cpu_host, RN_INVALID_ARGUMENT, "BatchMatMul: batches of %s and %s do not broadcast",
                      cpu_shape_text(x, a), cpu_shape_text(w, b));
    }
    s->dim[s->rank - i] = dx == 1 ? dw : dx;
  }
  return NULL;
}
static rn_status *batch_matmul(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *w = c->in[1];
  batch b = {.f = state, .dt = x->dtype};
  int64_t m, n, k;
  RN_TRY(sizes("BatchMatMul", b.f, &x->shape, &w->shape, &m, &n, &k));
  RN_TRY(batch_shape(&x->shape, &w->shape, &b.s));
  rn_shape s = b.s;
  s.dim[s.rank++] = m;
  s.dim[s.rank++] = n;
  RN_TRY(cpu_output(c, 0, &s));
  b.g = dense(b.f, m, n, k);
  b.x = x->data;
  b.w = w->data;
  b.y = c->out[0]->data;
  batch_strides(&x->shape, &b.s, b.sx);
  batch_strides(&w->shape, &b.s, b.sw);
  int64_t count = rn_shape_elems(&b.s);
  if (count == 1) {
    cpu_gemm g = batch_at(&b, 0);
    multiply(x->dtype, &g, b.f->reference);
  } else {
    cpu_parallel((uint64_t)count, (uint64_t)(1e6 / (2.0 * (double)m * (double)n * (double)k + 1)) + 1, batch_piece, &b);
  }
  return NULL;
}

static const int fast = 0, plain = 1;
static rn_status *prepare_as(const rn_prepare *p, rn_prepared *out, const char *ta, const char *tb) {
  flags *f;
  RN_TRY(cpu_state(out, sizeof *f, (void **)&f));
  f->ta = rn_self_bool(&p->self, ta, 0);
  f->tb = rn_self_bool(&p->self, tb, 0);
  f->reference = *(const int *)p->user;
  return NULL;
}
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  return prepare_as(p, out, "transpose_a", "transpose_b");
}
static rn_status *prepare_batch(const rn_prepare *p, rn_prepared *out) { return prepare_as(p, out, "adj_x", "adj_y"); }

CPU_IN_FLOAT(matmul)
CPU_IN_FLOAT(batch_matmul)

#define WIDE "T: {float, double}"
#define NARROW "T: {half, bfloat16}"
#define ROWS(Op, fn, prepare_)                                                                        \
  CPU_FAST(Op, WIDE, fn, "openblas", .user = &fast, .prepare = prepare_),                             \
      CPU_FAST(Op, NARROW, fn##_in_float, "openblas", .user = &fast, .prepare = prepare_),            \
      CPU_REFERENCE(Op, "T: {float, double, int32, int64}", fn, .user = &plain, .prepare = prepare_), \
      CPU_REFERENCE(Op, NARROW, fn##_in_float, .user = &plain, .prepare = prepare_)
static const rn_kernel_def kernels[] = {
    ROWS("MatMul", matmul, prepare),
    ROWS("BatchMatMul", batch_matmul, prepare_batch),
    ROWS("BatchMatMulV2", batch_matmul, prepare_batch),
};
CPU_GROUP(cpu_matmul, kernels);
