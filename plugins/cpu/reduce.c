/* reduce.c - Sum, Mean, Prod, Max, Min, All, Any over axes (plugins/cpu).
 *
 * The dimensions are merged into runs that are kept or reduced. One run each, the usual cases, are
 * rows (reduce the inner run) or columns (reduce the outer run); several are walked. Parts and order
 * of additions depend on shapes alone, so results repeat. Half types add up in float, narrow
 * integers wrap. */
#include "cpu.h"
#include "elementwise_ops.h"
#include <math.h>

enum { SUM, MEAN, PROD, MAXIMUM, MINIMUM, ALL, ANY };
typedef struct spec {
  int how;
  const char *op;
} spec;
struct attrs {
  spec s;
  int keep;
};
typedef struct plan {
  int32_t runs;
  int64_t dim[RN_MAX_RANK];
  uint8_t reduced[RN_MAX_RANK];
  int64_t out_elems, reduce_elems;
} plan;

/* Integers wrap. */
#define ADD_float(a, b) ((a) + (b))
#define MUL_float(a, b) ((a) * (b))
#define ADD_double(a, b) ((a) + (b))
#define MUL_double(a, b) ((a) * (b))
#define ADD_int32_t(a, b) ((int32_t)((uint32_t)(a) + (uint32_t)(b)))
#define MUL_int32_t(a, b) ((int32_t)((uint32_t)(a) * (uint32_t)(b)))
#define ADD_int64_t(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define MUL_int64_t(a, b) ((int64_t)((uint64_t)(a) * (uint64_t)(b)))
#define ADD_uint8_t(a, b) ((uint8_t)((uint32_t)(a) + (uint32_t)(b)))
#define MUL_uint8_t(a, b) ((uint8_t)((uint32_t)(a) * (uint32_t)(b)))
#define ADD_int8_t(a, b) ((int8_t)((uint32_t)(a) + (uint32_t)(b)))
#define MUL_int8_t(a, b) ((int8_t)((uint32_t)(a) * (uint32_t)(b)))
#define ADD_int16_t(a, b) ((int16_t)((uint32_t)(a) + (uint32_t)(b)))
#define MUL_int16_t(a, b) ((int16_t)((uint32_t)(a) * (uint32_t)(b)))
#define ADD_uint16_t(a, b) ((uint16_t)((uint32_t)(a) + (uint32_t)(b)))
#define MUL_uint16_t(a, b) ((uint16_t)((uint32_t)(a) * (uint32_t)(b)))
/* One element's value with the running value: y = y o x. */
#define STEP(T)                                                     \
  switch (how) {                                                    \
    case PROD:                                                      \
      LOOP(y[i] = MUL_##T(y[i], x[i])) break;                       \
    case MAXIMUM:                                                   \
      LOOP(y[i] = x[i] > y[i] || x[i] != x[i] ? x[i] : y[i]) break; \
    case MINIMUM:                                                   \
      LOOP(y[i] = x[i] < y[i] || x[i] != x[i] ? x[i] : y[i]) break; \
    case ALL:                                                       \
      LOOP(y[i] = (T)(y[i] != 0 && x[i] != 0)) break;               \
    case ANY:                                                       \
      LOOP(y[i] = (T)(y[i] != 0 || x[i] != 0)) break;               \
    default:                                                        \
      LOOP(y[i] = ADD_##T(y[i], x[i])) break;                       \
  }
#define LOOP(expr) \
  for (int64_t i = 0; i < n; i++) expr;
#define COLUMNS(T, name) \
  static __attribute__((noinline)) void columns_##name(const T *x, T *y, int64_t n, int how) { STEP(T) }
/* Sixteen lanes keep the adder busy where the loop is not vectorised. */
#define FOLD(T, name, lowest, highest)                                                                       \
  static T start_##name(int how) {                                                                           \
    return how == PROD || how == ALL ? (T)1 : how == MAXIMUM ? (lowest) : how == MINIMUM ? (highest) : (T)0; \
  }                                                                                                          \
  static T row_##name(const T *x, int64_t n, int how) {                                                      \
    T lane[16];                                                                                              \
    int64_t i = 0;                                                                                           \
    for (int j = 0; j < 16; j++) lane[j] = start_##name(how);                                                \
    for (; i + 16 <= n; i += 16) columns_##name(x + i, lane, 16, how);                                       \
    columns_##name(x + i, lane, n - i, how);                                                                 \
    for (int j = 1; j < 16; j++) columns_##name(lane + j, lane, 1, how);                                     \
    return lane[0];                                                                                          \
  }
#define TYPE(T, name, lowest, highest) COLUMNS(T, name) FOLD(T, name, lowest, highest)
TYPE(float, f32, -INFINITY, INFINITY)
TYPE(double, f64, -INFINITY, INFINITY)
TYPE(int32_t, i32, INT32_MIN, INT32_MAX)
TYPE(int64_t, i64, INT64_MIN, INT64_MAX)
TYPE(uint8_t, u8, 0, UINT8_MAX)
TYPE(int8_t, i8, INT8_MIN, INT8_MAX)
TYPE(int16_t, i16, INT16_MIN, INT16_MAX)
TYPE(uint16_t, u16, 0, UINT16_MAX)

/* A type's loops behind void pointers. */
typedef struct loops {
  void (*start)(void *y, int64_t n, int how);
  void (*columns)(const void *x, void *y, int64_t n, int how);
  void (*row)(const void *x, void *y, int64_t n, int how); /* y[0] = y[0] o fold(x) */
  void (*divide)(void *y, int64_t n, int64_t by);
} loops;
#define ERASE(T, name)                                                                                         \
  static void any_start_##name(void *y, int64_t n, int how) {                                                  \
    for (int64_t i = 0; i < n; i++) ((T *)y)[i] = start_##name(how);                                           \
  }                                                                                                            \
  static void any_columns_##name(const void *x, void *y, int64_t n, int how) { columns_##name(x, y, n, how); } \
  static void any_row_##name(const void *x, void *y, int64_t n, int how) {                                     \
    T v = row_##name(x, n, how);                                                                               \
    columns_##name(&v, y, 1, how);                                                                             \
  }                                                                                                            \
  static void any_divide_##name(void *y, int64_t n, int64_t by) {                                              \
    for (int64_t i = 0; i < n; i++) ((T *)y)[i] = (T)(((T *)y)[i] / (T)by);                                    \
  }                                                                                                            \
  static const loops loops_##name = {any_start_##name, any_columns_##name, any_row_##name, any_divide_##name};
ERASE(double, f64)
ERASE(int32_t, i32)
ERASE(int64_t, i64)
ERASE(uint8_t, u8)
ERASE(int8_t, i8)
ERASE(int16_t, i16)
ERASE(uint16_t, u16)

/* float sums take the vector loops; double rows too. */
static void start_float(void *y, int64_t n, int how) {
  for (int64_t i = 0; i < n; i++) ((float *)y)[i] = start_f32(how);
}
static void columns_float(const void *x, void *y, int64_t n, int how) {
  if (how == SUM || how == MEAN)
    cpu_loops_now()->add_to_f32(x, y, n);
  else
    columns_f32(x, y, n, how);
}
static void row_float(const void *x, void *y, int64_t n, int how) {
  float v;
  if (how == SUM || how == MEAN)
    v = cpu_loops_now()->sum_f32(x, n);
  else if (how == MAXIMUM)
    v = cpu_loops_now()->max_f32(x, n);
  else
    v = row_f32(x, n, how);
  columns_f32(&v, y, 1, how);
}
static void divide_float(void *y, int64_t n, int64_t by) {
  for (int64_t i = 0; i < n; i++) ((float *)y)[i] /= (float)by;
}
static const loops loops_f32 = {start_float, columns_float, row_float, divide_float};

static const loops *loops_of(rn_dtype dt) {
  switch (dt) {
    case RN_DOUBLE:
      return &loops_f64;
    case RN_INT32:
      return &loops_i32;
    case RN_INT64:
      return &loops_i64;
    case RN_UINT8:
    case RN_BOOL:
      return &loops_u8;
    case RN_INT8:
      return &loops_i8;
    case RN_INT16:
      return &loops_i16;
    case RN_UINT16:
      return &loops_u16;
    default:
      return &loops_f32;
  }
}

/* Folds run k and below: x advances through all of them, y only through those that are kept. */
static void fold(const plan *p, const loops *l, int how, uint64_t bytes, int32_t k, const char *x, char *y,
                 int64_t step_x, int64_t step_y) {
  int64_t below_x = step_x / p->dim[k], below_y = p->reduced[k] ? step_y : step_y / p->dim[k];
  if (k == p->runs - 1) {
    if (p->reduced[k])
      l->row(x, y, p->dim[k], how);
    else
      l->columns(x, y, p->dim[k], how);
    return;
  }
  for (int64_t i = 0; i < p->dim[k]; i++) {
    fold(p, l, how, bytes, k + 1, x, y, below_x, below_y);
    x += below_x * (int64_t)bytes;
    if (!p->reduced[k]) y += below_y * (int64_t)bytes;
  }
}

typedef struct job {
  const plan *p;
  const loops *l;
  int how;
  uint64_t bytes;
  const char *x;
  char *y;
} job;
/* The outermost run is kept: its parts are independent. */
static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  int64_t all_x = cpu_product(j->p->dim, j->p->runs);
  int64_t row_x = all_x / j->p->dim[0], row_y = j->p->out_elems / j->p->dim[0];
  plan part = *j->p;
  part.dim[0] = (int64_t)(hi - lo);
  fold(&part, j->l, j->how, j->bytes, 0, j->x + (int64_t)lo * row_x * (int64_t)j->bytes,
       j->y + (int64_t)lo * row_y * (int64_t)j->bytes, row_x * part.dim[0], row_y * part.dim[0]);
}

static void run(const plan *p, rn_dtype dt, int how, const void *x, void *y) {
  const loops *l = loops_of(dt);
  uint64_t bytes = cpu_dtype_bytes(dt);
  l->start(y, p->out_elems, how);
  int64_t elems = cpu_product(p->dim, p->runs);
  if (elems > 0) {
    job j = {p, l, how, bytes, x, y};
    if (elems >= 1 << 16 && !p->reduced[0] && p->runs > 1)
      cpu_parallel((uint64_t)p->dim[0], (uint64_t)CPU_MAX(1, (1 << 14) / (elems / p->dim[0])), piece, &j);
    else
      fold(p, l, how, bytes, 0, x, y, elems, p->out_elems);
  }
  if (how == MEAN && p->out_elems) {
    if (p->reduce_elems || dt == RN_FLOAT || dt == RN_DOUBLE) l->divide(y, p->out_elems, p->reduce_elems);
  }
}

static rn_status *reduce(const void *state, rn_call *c) {
  const struct attrs *a = state;
  const rn_tensor_view *x = c->in[0], *axes = c->in[1];
  uint32_t drop = 0;
  int64_t n_axes = rn_shape_elems(&axes->shape);
  for (int64_t i = 0; i < n_axes; i++) {
    int32_t axis;
    RN_TRY(cpu_axis(a->s.op, cpu_int_at(axes, i), x->shape.rank, &axis));
    drop |= 1u << axis;
  }
  rn_shape s = rn_shape_scalar();
  plan p = {.out_elems = 1, .reduce_elems = 1};
  for (int32_t i = 0; i < x->shape.rank; i++) {
    int64_t d = x->shape.dim[i];
    uint8_t reduced = drop >> i & 1u;
    if (!reduced)
      s.dim[s.rank++] = d;
    else if (a->keep)
      s.dim[s.rank++] = 1;
    *(reduced ? &p.reduce_elems : &p.out_elems) *= d;
    if (d == 1) continue;
    if (p.runs && p.reduced[p.runs - 1] == reduced) {
      p.dim[p.runs - 1] *= d;
    } else {
      p.reduced[p.runs] = reduced;
      p.dim[p.runs++] = d;
    }
  }
  RN_TRY(cpu_output(c, 0, &s));
  if (p.runs == 0) p.dim[p.runs++] = 1;
  if (x->dtype != RN_HALF && x->dtype != RN_BFLOAT16) {
    run(&p, x->dtype, a->s.how, x->data, c->out[0]->data);
    return NULL;
  }
  float *wide;
  int64_t n = rn_shape_elems(&x->shape);
  RN_TRY(cpu_alloc((uint64_t)(n + p.out_elems) * sizeof *wide, (void **)&wide));
  cpu_widen(x->dtype, x->data, wide, n);
  run(&p, RN_FLOAT, a->s.how, wide, wide + n);
  cpu_narrow(x->dtype, wide + n, c->out[0]->data, p.out_elems);
  cpu_free(wide);
  return NULL;
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  struct attrs *a;
  RN_TRY(cpu_state(out, sizeof *a, (void **)&a));
  a->s = *(const spec *)p->user;
  a->keep = rn_self_bool(&p->self, "keep_dims", 0);
  return NULL;
}

#define REAL "T: {float, double, int32, int64, uint8, int8, int16, uint16, half, bfloat16}"
#define ROW(Op, how, types) \
  CPU_K(#Op, types, reduce, .flags = RN_KERNEL_PARALLEL, .user = &(const spec){how, #Op}, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    ROW(Sum, SUM, REAL),     ROW(Mean, MEAN, REAL), ROW(Prod, PROD, REAL), ROW(Max, MAXIMUM, REAL),
    ROW(Min, MINIMUM, REAL), ROW(All, ALL, NULL),   ROW(Any, ANY, NULL),
};
CPU_GROUP(cpu_reduce, kernels);
