/* reduce.c - sums and other reductions over axes (plugins/ops).
 *
 * Gradients repeat dy along the reduced axes. Where the axes are constant and the rank is known the
 * shapes needed are constants or short arithmetic; otherwise they are computed in the graph. */
#include "ops.h"

#define B GRAD_B
#define X GRAD_X(0)
#define DY GRAD_DY

static rn_status *reduced_axes(rn_infer *c, int32_t rank, uint8_t drop[RN_MAX_RANK], int *known) {
  op_int v[RN_MAX_VALUE];
  const rn_shape *a = c->api->shape(c, 1);
  if (a->rank > 1) return op_fail(c, "the axes must be a vector or a scalar but have rank %d", a->rank);
  int32_t n = op_ints(c, 1, v);
  *known = n >= 0;
  for (int32_t i = 0; i < n; i++) {
    int32_t at;
    if (!v[i].known) *known = 0;
    if (!v[i].known || rank < 0) continue;
    RN_TRY(op_axis(c, v[i].v, rank, &at));
    drop[at] = 1;
  }
  return NULL;
}

static rn_status *infer_reduce(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  uint8_t drop[RN_MAX_RANK] = {0};
  int known = 0, keep = rn_self_bool(&c->self, "keep_dims", 0);
  rn_shape s = rn_shape_unknown();
  RN_TRY(reduced_axes(c, x->rank, drop, &known));
  if (x->rank >= 0 && !known && keep) s = op_shape_of_rank(x->rank);
  if (x->rank >= 0 && known) {
    s = rn_shape_scalar();
    for (int32_t i = 0; i < x->rank; i++)
      if (!drop[i] || keep) s.dim[s.rank++] = drop[i] ? 1 : x->dim[i];
  }
  if (x->rank == 0) s = rn_shape_scalar();
  c->api->set_shape(c, 0, &s);
  return NULL;
}

typedef int (*fold)(int64_t a, int64_t b, int64_t *out);
static int fold_add(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }
static int fold_mul(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }
static int fold_max(int64_t a, int64_t b, int64_t *out) { return *out = a > b ? a : b, 1; }
static int fold_min(int64_t a, int64_t b, int64_t *out) { return *out = a < b ? a : b, 1; }

/* The reduction of a vector whose value is known. */
static rn_status *infer_fold(rn_infer *c, fold f, int has_start, int64_t start) {
  op_int v[RN_MAX_VALUE], axes[RN_MAX_VALUE];
  rn_dtype dt = c->api->out_dtype(c, 0);
  RN_TRY(infer_reduce(c));
  if ((dt != RN_INT32 && dt != RN_INT64) || c->api->shape(c, 0)->rank != 1 || op_ints(c, 1, axes) != 1) return NULL;
  int32_t n = op_ints(c, 0, v);
  if (n < 0 || (n == 0 && !has_start)) return NULL;
  op_int r = n == 1 ? v[0] : op_int_known(has_start ? start : v[0].v);
  for (int32_t i = n == 1 ? n : 0; i < n; i++) {
    if (v[i].known && r.known && f(r.v, v[i].v, &r.v)) continue;
    r = (op_int){RN_DIM_UNKNOWN, 0};
  }
  op_set_ints(c, 0, &r, 1);
  return NULL;
}
static rn_status *infer_sum(rn_infer *c) { return infer_fold(c, fold_add, 1, 0); }
static rn_status *infer_prod(rn_infer *c) { return infer_fold(c, fold_mul, 1, 1); }
static rn_status *infer_max(rn_infer *c) { return infer_fold(c, fold_max, 0, 0); }
static rn_status *infer_min(rn_infer *c) { return infer_fold(c, fold_min, 0, 0); }

/* --- gradients ------------------------------------------------------------------------------------ */
/* What is known about the reduction when the gradient is built. */
typedef struct reduction {
  rn_shape x;
  int64_t mask[RN_MAX_RANK]; /* 1: reduced */
  int is_static;             /* rank and axes are known */
  int all;                   /* every axis is reduced */
} reduction;

static reduction describe(rn_grad *c) {
  int64_t axes[RN_MAX_VALUE];
  reduction r;
  memset(&r, 0, sizeof r);
  r.x = *op_shape(B, X);
  int32_t n = op_constant_ints(B, GRAD_X(1), axes);
  r.is_static = r.x.rank >= 0 && n >= 0;
  r.all = r.is_static;
  for (int32_t i = 0; i < n && r.is_static; i++) {
    int64_t a = axes[i] < 0 ? axes[i] + r.x.rank : axes[i];
    if (a >= 0 && a < r.x.rank) r.mask[a] = 1;
  }
  for (int32_t i = 0; i < r.x.rank && r.is_static; i++) r.all = r.all && r.mask[i];
  return r;
}

/* The shape of x with ones along the reduced axes, as a vector in the graph. */
static rn_value kept_shape(rn_grad *c, const reduction *r) {
  int64_t v[RN_MAX_RANK], keep[RN_MAX_RANK];
  uint32_t rank = r->x.rank < 0 ? 0 : (uint32_t)r->x.rank;
  int known = r->is_static;
  for (uint32_t i = 0; i < rank; i++) {
    v[i] = r->mask[i] ? 1 : r->x.dim[i];
    keep[i] = 1 - r->mask[i];
    known = known && v[i] >= 0;
  }
  if (known) return op_vector(B, v, rank);
  rn_value shape = rn_op1(B, "Shape", X);
  if (r->is_static) return rn_op2(B, "Add", op_mul(B, shape, op_vector(B, keep, rank)), op_vector(B, r->mask, rank));
  rn_value n = rn_op1(B, "Size", shape), one = op_integer(B, 1);
  rn_value axes = op_cast(B, GRAD_X(1), RN_INT32);
  axes = rn_op2(B, "FloorMod", rn_op2(B, "Add", axes, n), n);
  rn_value in[4] = {rn_op3(B, "Range", op_integer(B, 0), n, one), axes, shape,
                    rn_op2(B, "Fill", rn_op1(B, "Shape", axes), one)};
  rn_attr a = RN_AI("N", 2);
  return rn_emit(B, "DynamicStitch", in, 4, &a, 1);
}

/* How often dy is repeated along each axis. */
static rn_value multiples(rn_grad *c, const reduction *r, rn_value kept) {
  int64_t v[RN_MAX_RANK];
  int known = r->is_static;
  for (int32_t i = 0; i < r->x.rank; i++) {
    v[i] = r->mask[i] ? r->x.dim[i] : 1;
    known = known && v[i] >= 0;
  }
  if (known) return op_vector(B, v, (uint32_t)r->x.rank);
  rn_value shape = rn_op1(B, "Shape", X);
  if (r->all) return shape;
  return rn_op2(B, "FloorDiv", shape, rn_op2(B, "Maximum", kept, op_integer(B, 1)));
}

static rn_value spread(rn_grad *c, const reduction *r) {
  rn_value kept = kept_shape(c, r);
  return rn_op2(B, "Tile", rn_op2(B, "Reshape", DY, kept), multiples(c, r, kept));
}

static rn_status *grad_sum(rn_grad *c) {
  reduction r = describe(c);
  return op_dx(c, 0, spread(c, &r));
}

static rn_status *grad_mean(rn_grad *c) {
  reduction r = describe(c);
  double n = 1;
  int known = r.is_static;
  for (int32_t i = 0; i < r.x.rank; i++) {
    if (!r.mask[i]) continue;
    known = known && r.x.dim[i] > 0;
    n *= (double)r.x.dim[i];
  }
  rn_value dx = spread(c, &r);
  if (known) return op_dx(c, 0, rn_op2(B, "RealDiv", dx, op_number_like(B, n, DY)));
  rn_value out = rn_op2(B, "Maximum", rn_op1(B, "Size", GRAD_Y(0)), op_integer(B, 1));
  rn_value factor = rn_op2(B, "FloorDiv", rn_op1(B, "Size", X), out);
  return op_dx(c, 0, rn_op2(B, "RealDiv", dx, op_cast(B, factor, op_dtype(B, DY))));
}

/* The gradient is shared by the elements that are the extremum. */
static rn_status *grad_extremum(rn_grad *c) {
  reduction r = describe(c);
  rn_value kept = kept_shape(c, &r);
  rn_value y = rn_op2(B, "Reshape", GRAD_Y(0), kept), dy = rn_op2(B, "Reshape", DY, kept);
  rn_value chosen = op_cast(B, rn_op2(B, "Equal", y, X), op_dtype(B, DY));
  rn_value n = rn_op2(B, "Reshape", op_sum(B, chosen, GRAD_X(1), 0), kept);
  return op_dx(c, 0, op_mul(B, rn_op2(B, "RealDiv", chosen, n), dy));
}

static rn_value cumprod(rn_grad *c, rn_value x, int reverse) {
  rn_value in[2] = {x, op_integer(B, 0)};
  rn_attr a[2] = {RN_AB("exclusive", 1), RN_AB("reverse", reverse)};
  return rn_emit(B, "Cumprod", in, 2, a, 2);
}

/* The product of all the others, by running products from both ends: right where elements are zero. */
static rn_status *grad_prod(rn_grad *c) {
  reduction r = describe(c);
  int64_t perm[RN_MAX_RANK], back[RN_MAX_RANK];
  uint32_t n = 0, n_reduced;
  if (!r.is_static) return op_grad_fail(c, "the gradient of a product needs a known rank and constant axes");
  for (int32_t i = 0; i < r.x.rank; i++)
    if (r.mask[i]) perm[n++] = i;
  n_reduced = n;
  for (int32_t i = 0; i < r.x.rank; i++)
    if (!r.mask[i]) perm[n++] = i;
  for (uint32_t i = 0; i < n; i++) back[perm[i]] = i;
  rn_value x = rn_op2(B, "Transpose", X, op_vector(B, perm, n)), shape = rn_op1(B, "Shape", x);
  rn_value head = op_vector_part(B, shape, 0, (int64_t)n_reduced, 0);
  rn_value size[2] = {rn_op2(B, "Prod", head, op_integer(B, 0)),
                      rn_op2(B, "Prod", op_vector_part(B, shape, (int64_t)n_reduced, 0, 1), op_integer(B, 0))};
  rn_value flat = rn_op2(B, "Reshape", x, op_pack(B, size, 2, 0));
  rn_value others = op_mul(B, op_conj(B, cumprod(c, flat, 0)), op_conj(B, cumprod(c, flat, 1)));
  others = rn_op2(B, "Transpose", rn_op2(B, "Reshape", others, shape), op_vector(B, back, n));
  return op_dx(c, 0, op_mul(B, spread(c, &r), others));
}

static rn_status *infer_arg(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  op_int axis = op_scalar(c, 1);
  rn_shape s = rn_shape_unknown(), scalar;
  int32_t at;
  RN_TRY(op_want_rank(c, 1, 0, &scalar));
  if (x->rank >= 0 && axis.known) {
    RN_TRY(op_axis(c, axis.v, x->rank, &at));
    rn_shape tail = op_part(x, at + 1, x->rank);
    s = op_part(x, 0, at);
    RN_TRY(op_join(c, &s, &tail, &s));
  } else if (x->rank >= 1) {
    s = op_shape_of_rank(x->rank - 1);
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *infer_running(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  op_int axis = op_scalar(c, 1);
  int32_t at;
  if (x->rank >= 0 && axis.known) RN_TRY(op_axis(c, axis.v, x->rank, &at));
  return op_infer_same(c);
}

static rn_value running(rn_grad *c, const char *op, rn_value v, int flip) {
  const rn_self *s = &B->self;
  rn_value in[2] = {v, GRAD_X(1)};
  int reverse = rn_self_bool(s, "reverse", 0);
  rn_attr a[2] = {RN_AB("exclusive", rn_self_bool(s, "exclusive", 0)), RN_AB("reverse", flip ? !reverse : reverse)};
  return rn_emit(B, op, in, 2, a, 2);
}
static rn_status *grad_cumsum(rn_grad *c) { return op_dx(c, 0, running(c, "Cumsum", DY, 1)); }
static rn_status *grad_cumprod(rn_grad *c) {
  rn_value sums = running(c, "Cumsum", op_mul(B, running(c, "Cumprod", X, 0), DY), 1);
  return op_dx(c, 0, rn_op2(B, "RealDiv", sums, X));
}

static const rn_op_def ops[] = {
    OP("Sum",
       "(input: T, reduction_indices: Tidx) -> (output: T); keep_dims: bool = false; T: {float, double, int32, uint8, "
       "int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; "
       "Tidx: {int32, int64} = int32",
       "The sum over some axes.", infer_sum, grad_sum),
    OP("Mean",
       "(input: T, reduction_indices: Tidx) -> (output: T); keep_dims: bool = false; T: {float, double, int32, uint8, "
       "int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; "
       "Tidx: {int32, int64} = int32",
       "The mean over some axes.", infer_reduce, grad_mean),
    OP("Prod",
       "(input: T, reduction_indices: Tidx) -> (output: T); keep_dims: bool = false; T: {float, double, int32, uint8, "
       "int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; "
       "Tidx: {int32, int64} = int32",
       "The product over some axes.", infer_prod, grad_prod),
    OP("Max",
       "(input: T, reduction_indices: Tidx) -> (output: T); keep_dims: bool = false; T: {float, double, int32, uint8, "
       "int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; "
       "Tidx: {int32, int64} = int32",
       "The largest element over some axes.", infer_max, grad_extremum),
    OP("Min",
       "(input: T, reduction_indices: Tidx) -> (output: T); keep_dims: bool = false; T: {float, double, int32, uint8, "
       "int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; "
       "Tidx: {int32, int64} = int32",
       "The smallest element over some axes.", infer_min, grad_extremum),
    OP("All",
       "(input: bool, reduction_indices: Tidx) -> (output: bool); keep_dims: bool = false; Tidx: {int32, int64} = "
       "int32",
       "Are all true, over some axes?", infer_reduce, NULL, NO_GRADIENT),
    OP("Any",
       "(input: bool, reduction_indices: Tidx) -> (output: bool); keep_dims: bool = false; Tidx: {int32, int64} = "
       "int32",
       "Is any true, over some axes?", infer_reduce, NULL, NO_GRADIENT),
    OP("ArgMax",
       "(input: T, dimension: Tidx) -> (output: output_type); T: {float, double, int32, uint8, int16, int8, complex64, "
       "int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tidx: {int32, int64} = "
       "int32; output_type: {int32, int64} = int64",
       "The index of the largest element along an axis.", infer_arg, NULL, NO_GRADIENT),
    OP("ArgMin",
       "(input: T, dimension: Tidx) -> (output: output_type); T: {float, double, int32, uint8, int16, int8, complex64, "
       "int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tidx: {int32, int64} = "
       "int32; output_type: {int32, int64} = int64",
       "The index of the smallest element along an axis.", infer_arg, NULL, NO_GRADIENT),
    OP("Cumsum",
       "(x: T, axis: Tidx) -> (out: T); exclusive: bool = false; reverse: bool = false; T: {float, double, int32, "
       "uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, "
       "uint64}; Tidx: {int32, int64} = int32",
       "The running sum along an axis.", infer_running, grad_cumsum),
    OP("Cumprod",
       "(x: T, axis: Tidx) -> (out: T); exclusive: bool = false; reverse: bool = false; T: {float, double, int32, "
       "uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, "
       "uint64}; Tidx: {int32, int64} = int32",
       "The running product along an axis.", infer_running, grad_cumprod),
};
OPS_GROUP(ops_reduce, ops);
