/* elementwise.c - kernels of element-wise ops: rows of elementwise_ops.h by type (plugins/cpu).
 *
 * A kernel's user pointer is its row. Equal shapes and single elements go straight to the loop; other
 * shapes are merged into few dimensions and the loop runs over the innermost. half and bfloat16 take
 * the float loop in blocks. */
#include "cpu.h"
#include "elementwise_ops.h"
#include <math.h>

enum { BLOCK = 256, PARALLEL_MIN = 1 << 16, GRAIN = 1 << 14 };
enum { REFUSE_ZERO = 1, REFUSE_NEGATIVE = 2 };
typedef struct row {
  uint16_t slot, narrow;                     /* narrow: RN_HALF or RN_BFLOAT16, through the float loop */
  uint8_t in_bytes, out_bytes, refuse, test; /* test: the loop yields bool */
  const char *op;
} row;

const cpu_loops *cpu_loops_now(void) {
  static const cpu_loops *const all[] = {&cpu_loops_v1, &cpu_loops_v3, &cpu_loops_v4};
  return all[cpu_level];
}

/* ---- unary */
typedef struct job1 {
  const row *r;
  const char *x;
  char *y;
} job1;
static void run1(const row *r, const char *x, char *y, int64_t n) {
  cpu_ew1 loop = cpu_loops_now()->ew1[r->slot];
  if (!r->narrow) {
    loop(x, y, n);
    return;
  }
  float in[BLOCK], out[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    int64_t m = CPU_MIN(n - i, BLOCK);
    cpu_widen(r->narrow, x + 2 * i, in, m);
    if (r->test) {
      loop(in, y + i, m);
    } else {
      loop(in, out, m);
      cpu_narrow(r->narrow, out, y + 2 * i, m);
    }
  }
}
static void piece1(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job1 *j = arg;
  run1(j->r, j->x + lo * j->r->in_bytes, j->y + lo * j->r->out_bytes, (int64_t)(hi - lo));
}
static rn_status *unary(const void *state, rn_call *c) {
  const row *r = state;
  const rn_tensor_view *x = c->in[0];
  RN_TRY(cpu_output(c, 0, &x->shape));
  int64_t n = rn_shape_elems(&x->shape);
  if (n < PARALLEL_MIN) {
    run1(r, x->data, c->out[0]->data, n);
    return NULL;
  }
  job1 j = {r, x->data, c->out[0]->data};
  cpu_parallel((uint64_t)n, GRAIN, piece1, &j);
  return NULL;
}

/* ---- binary */
typedef struct job2 {
  const row *r;
  const char *x, *z;
  char *y;
  int sx, sz;
} job2;
static void run2(const row *r, const char *x, const char *z, char *y, int64_t n, int sx, int sz) {
  cpu_ew2 loop = cpu_loops_now()->ew2[r->slot];
  if (!r->narrow) {
    loop(x, z, y, n, sx, sz);
    return;
  }
  float a[BLOCK], b[BLOCK], out[BLOCK];
  for (int64_t i = 0; i < n; i += BLOCK) {
    int64_t m = CPU_MIN(n - i, BLOCK);
    cpu_widen(r->narrow, x + (sx ? 2 * i : 0), a, sx ? m : 1);
    cpu_widen(r->narrow, z + (sz ? 2 * i : 0), b, sz ? m : 1);
    if (r->test) {
      loop(a, b, y + i, m, sx, sz);
    } else {
      loop(a, b, out, m, sx, sz);
      cpu_narrow(r->narrow, out, y + 2 * i, m);
    }
  }
}
static void piece2(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job2 *j = arg;
  const row *r = j->r;
  run2(r, j->x + (j->sx ? lo * r->in_bytes : 0), j->z + (j->sz ? lo * r->in_bytes : 0), j->y + lo * r->out_bytes,
       (int64_t)(hi - lo), j->sx, j->sz);
}
static void run2_any(const row *r, const char *x, const char *z, char *y, int64_t n, int sx, int sz) {
  if (n < PARALLEL_MIN) {
    run2(r, x, z, y, n, sx, sz);
    return;
  }
  job2 j = {r, x, z, y, sx, sz};
  cpu_parallel((uint64_t)n, GRAIN, piece2, &j);
}

/* The common shape; err INVALID_ARGUMENT */
static rn_status *broadcast_shape(const char *op, const rn_shape *a, const rn_shape *b, rn_shape *y) {
  char ta[160], tb[160];
  *y = rn_shape_scalar();
  y->rank = CPU_MAX(a->rank, b->rank);
  for (int32_t i = 1; i <= y->rank; i++) {
    int64_t da = i <= a->rank ? a->dim[a->rank - i] : 1, db = i <= b->rank ? b->dim[b->rank - i] : 1;
    if (da != db && da != 1 && db != 1)
      return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: shapes %s and %s do not broadcast", op, cpu_shape_text(a, ta),
                      cpu_shape_text(b, tb));
    y->dim[y->rank - i] = da == 1 ? db : da;
  }
  return NULL;
}

/* Adjacent dimensions that both inputs walk alike become one. Strides in elements; 0: repeated. */
typedef struct walk {
  int32_t rank;
  int64_t dim[RN_MAX_RANK], x[RN_MAX_RANK], z[RN_MAX_RANK];
} walk;
static void merge_dims(const rn_shape *a, const rn_shape *b, const rn_shape *y, walk *w) {
  int64_t pa = 1, pb = 1;
  memset(w, 0, sizeof *w);
  for (int32_t i = 1; i <= y->rank; i++) { /* innermost first */
    int64_t n = y->dim[y->rank - i];
    int64_t da = i <= a->rank ? a->dim[a->rank - i] : 1, db = i <= b->rank ? b->dim[b->rank - i] : 1;
    int64_t xa = da == 1 ? 0 : pa, xb = db == 1 ? 0 : pb;
    pa *= da;
    pb *= db;
    if (n == 1) continue;
    int32_t k = w->rank - 1;
    if (k >= 0 && xa == w->x[k] * w->dim[k] && xb == w->z[k] * w->dim[k] && (xa != 0) == (w->x[k] != 0) &&
        (xb != 0) == (w->z[k] != 0)) {
      w->dim[k] *= n;
      continue;
    }
    w->dim[w->rank] = n;
    w->x[w->rank] = xa;
    w->z[w->rank++] = xb;
  }
}
/* All but dimension 0 as an odometer. */
static void run_walk(const row *r, const walk *w, const char *x, const char *z, char *y) {
  int64_t at[RN_MAX_RANK] = {0}, rows = 1;
  int64_t ox = 0, oz = 0;
  for (int32_t k = 1; k < w->rank; k++) rows *= w->dim[k];
  for (int64_t i = 0; i < rows; i++) {
    run2(r, x + ox * r->in_bytes, z + oz * r->in_bytes, y + i * w->dim[0] * r->out_bytes, w->dim[0], w->x[0] != 0,
         w->z[0] != 0);
    for (int32_t k = 1; k < w->rank; k++) {
      ox += w->x[k];
      oz += w->z[k];
      if (++at[k] < w->dim[k]) break;
      ox -= w->x[k] * w->dim[k];
      oz -= w->z[k] * w->dim[k];
      at[k] = 0;
    }
  }
}

static rn_status *refuse(const row *r, const rn_tensor_view *z) {
  int64_t n = rn_shape_elems(&z->shape);
  for (int64_t i = 0; i < n; i++) {
    int64_t v = cpu_int_at(z, i);
    if ((r->refuse & REFUSE_ZERO) && v == 0)
      return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: integer division by zero (element %lld of input 1)", r->op,
                      (long long)i);
    if ((r->refuse & REFUSE_NEGATIVE) && v < 0)
      return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: an integer to the negative power %lld (element %lld)", r->op,
                      (long long)v, (long long)i);
  }
  return NULL;
}

static rn_status *binary_broadcast(const row *r, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *z = c->in[1];
  rn_shape s;
  RN_TRY(broadcast_shape(r->op, &x->shape, &z->shape, &s));
  RN_TRY(cpu_output(c, 0, &s));
  int64_t n = rn_shape_elems(&s), nx = rn_shape_elems(&x->shape), nz = rn_shape_elems(&z->shape);
  if (n == 0) return NULL;
  if (nx == n && nz == n) {
    run2_any(r, x->data, z->data, c->out[0]->data, n, 1, 1);
  } else if (nz == 1 && nx == n) {
    run2_any(r, x->data, z->data, c->out[0]->data, n, 1, 0);
  } else if (nx == 1 && nz == n) {
    run2_any(r, x->data, z->data, c->out[0]->data, n, 0, 1);
  } else {
    walk w;
    merge_dims(&x->shape, &z->shape, &s, &w);
    run_walk(r, &w, x->data, z->data, c->out[0]->data);
  }
  return NULL;
}

static rn_status *binary(const void *state, rn_call *c) {
  const row *r = state;
  const rn_tensor_view *x = c->in[0], *z = c->in[1];
  if (r->refuse) RN_TRY(refuse(r, z));
  if (!cpu_shape_equal(&x->shape, &z->shape)) return binary_broadcast(r, c);
  RN_TRY(cpu_output(c, 0, &x->shape));
  run2_any(r, x->data, z->data, c->out[0]->data, rn_shape_elems(&x->shape), 1, 1);
  return NULL;
}

/* ---- AddN, AccumulateNV2: the inputs one after the other onto the first */
static rn_status *add_n(const void *state, rn_call *c) {
  const row *r = state;
  const rn_tensor_view *x = c->in[0];
  RN_TRY(cpu_output(c, 0, &x->shape));
  int64_t n = rn_shape_elems(&x->shape);
  char *y = c->out[0]->data;
  if (c->n_in == 1 && y != x->data && n) memmove(y, x->data, (uint64_t)n * r->in_bytes);
  for (uint32_t i = 1; i < c->n_in; i++) {
    if (!cpu_shape_equal(&x->shape, &c->in[i]->shape)) {
      char a[160], b[160];
      return rn_error(c->host, RN_INVALID_ARGUMENT, "AddN: inputs 0 and %u have shapes %s and %s", i,
                      cpu_shape_text(&x->shape, a), cpu_shape_text(&c->in[i]->shape, b));
    }
    run2_any(r, i == 1 ? x->data : y, c->in[i]->data, y, n, 1, 1);
  }
  return NULL;
}

#define EW(op_, types_, fn_, inplace_, ...)        \
  {.struct_size = (uint32_t)sizeof(rn_kernel_def), \
   .flags = RN_KERNEL_PARALLEL,                    \
   .op = op_,                                      \
   .device_type = "cpu",                           \
   .types = types_,                                \
   .label = "loops",                               \
   .priority = 10,                                 \
   .inplace = (inplace_),                          \
   .compute = (fn_),                               \
   .user = &(const row){__VA_ARGS__}},
#define FLOATS(Op, T_, fn, inplace, result, refuse_)                                                  \
  EW(#Op, T_ ": float", fn, inplace, CPU_##Op##_f32, 0, 4, result ? 1 : 4, refuse_, result, #Op)      \
  EW(#Op, T_ ": double", fn, inplace, CPU_##Op##_f64, 0, 8, result ? 1 : 8, refuse_, result, #Op)     \
  EW(#Op, T_ ": half", fn, inplace, CPU_##Op##_f32, RN_HALF, 2, result ? 1 : 2, refuse_, result, #Op) \
  EW(#Op, T_ ": bfloat16", fn, inplace, CPU_##Op##_f32, RN_BFLOAT16, 2, result ? 1 : 2, refuse_, result, #Op)
#define INTS(Op, T_, fn, inplace, result, refuse_)                                               \
  EW(#Op, T_ ": int32", fn, inplace, CPU_##Op##_i32, 0, 4, result ? 1 : 4, refuse_, result, #Op) \
  EW(#Op, T_ ": int64", fn, inplace, CPU_##Op##_i64, 0, 8, result ? 1 : 8, refuse_, result, #Op) \
  EW(#Op, T_ ": uint8", fn, inplace, CPU_##Op##_u8, 0, 1, 1, refuse_, result, #Op)               \
  EW(#Op, T_ ": int8", fn, inplace, CPU_##Op##_i8, 0, 1, 1, refuse_, result, #Op)                \
  EW(#Op, T_ ": int16", fn, inplace, CPU_##Op##_i16, 0, 2, result ? 1 : 2, refuse_, result, #Op) \
  EW(#Op, T_ ": uint16", fn, inplace, CPU_##Op##_u16, 0, 2, result ? 1 : 2, refuse_, result, #Op)

#define ROW1(Op, ...) FLOATS(Op, "T", unary, 1, 0, 0)
#define ROW1_TEST(Op, ...) FLOATS(Op, "T", unary, 0, 1, 0)
#define ROW1_INT(Op, ...) INTS(Op, "T", unary, 1, 0, 0)
static const rn_kernel_def unary_kernels[] = {CPU_EW1_FLOAT(ROW1) CPU_EW1_TEST(ROW1_TEST) CPU_EW1_INT(ROW1_INT) EW(
    "LogicalNot", NULL, unary, 1, CPU_LogicalNot_bool, 0, 1, 1, 0, 0, "LogicalNot")};
CPU_GROUP(cpu_unary, unary_kernels);

#define ROW2(Op, ...) FLOATS(Op, "T", binary, 3, 0, 0)
#define ROW2_INT(Op, ...) INTS(Op, "T", binary, 3, 0, 0)
#define ROW2_DIVIDE(Op, ...) INTS(Op, "T", binary, 3, 0, REFUSE_ZERO)
static const rn_kernel_def binary_kernels[] = {CPU_EW2_FLOAT(ROW2) CPU_EW2_GRAD(ROW2) CPU_EW2_INT_DIVIDE(ROW2_DIVIDE)
                                                   ROW2_INT(Add) ROW2_INT(AddV2) ROW2_INT(Sub) ROW2_INT(Mul)
                                                       ROW2_INT(Maximum) ROW2_INT(Minimum) ROW2_INT(SquaredDifference)
                                                           INTS(Pow, "T", binary, 3, 0, REFUSE_NEGATIVE)};
CPU_GROUP(cpu_binary, binary_kernels);

#define ROW_ORDER(Op, ...) FLOATS(Op, "T", binary, 0, 1, 0) INTS(Op, "T", binary, 0, 1, 0)
#define ROW_BOOL(Op, types) EW(#Op, types, binary, 3, CPU_##Op##_bool, 0, 1, 1, 0, 0, #Op)
static const rn_kernel_def compare_kernels[] = {CPU_EW2_ORDER(ROW_ORDER) ROW_BOOL(Equal, "T: bool") ROW_BOOL(
    NotEqual, "T: bool") ROW_BOOL(LogicalAnd, NULL) ROW_BOOL(LogicalOr, NULL)};
CPU_GROUP(cpu_compare, compare_kernels);

#define SUM_ROW(op_, type, slot, narrow, bytes) EW(op_, "T: " type, add_n, 1, slot, narrow, bytes, bytes, 0, 0, op_)
#define SUM_ROWS(op_)                                   \
  SUM_ROW(op_, "float", CPU_Add_f32, 0, 4)              \
  SUM_ROW(op_, "double", CPU_Add_f64, 0, 8)             \
  SUM_ROW(op_, "half", CPU_Add_f32, RN_HALF, 2)         \
  SUM_ROW(op_, "bfloat16", CPU_Add_f32, RN_BFLOAT16, 2) \
  SUM_ROW(op_, "int32", CPU_Add_i32, 0, 4)              \
  SUM_ROW(op_, "int64", CPU_Add_i64, 0, 8)              \
  SUM_ROW(op_, "uint8", CPU_Add_u8, 0, 1)               \
  SUM_ROW(op_, "int8", CPU_Add_i8, 0, 1)                \
  SUM_ROW(op_, "int16", CPU_Add_i16, 0, 2) SUM_ROW(op_, "uint16", CPU_Add_u16, 0, 2)
static const rn_kernel_def sum_kernels[] = {SUM_ROWS("AddN") SUM_ROWS("AccumulateNV2")};
CPU_GROUP(cpu_sum, sum_kernels);
