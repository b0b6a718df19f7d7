/* binary.c - functions of two numbers, broadcast (plugins/ops). Comparisons: compare.c. */
#include "ops.h"

#define X GRAD_X(0)
#define Y GRAD_X(1)
#define DY GRAD_DY
#define B GRAD_B

/* --- values of small integer tensors -------------------------------------------------------------- */
typedef int (*arithmetic)(int64_t a, int64_t b, int64_t *out); /* 0: no result */

static int add_ints(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }
static int sub_ints(int64_t a, int64_t b, int64_t *out) { return !__builtin_sub_overflow(a, b, out); }
static int mul_ints(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }
static int divides(int64_t a, int64_t b) { return b != 0 && !(a == INT64_MIN && b == -1); }
static int truncate_ints(int64_t a, int64_t b, int64_t *out) {
  if (!divides(a, b)) return 0;
  *out = a / b;
  return 1;
}
static int floor_ints(int64_t a, int64_t b, int64_t *out) {
  if (!divides(a, b)) return 0;
  *out = a / b - (a % b != 0 && (a < 0) != (b < 0));
  return 1;
}
static int floor_mod_ints(int64_t a, int64_t b, int64_t *out) {
  if (!divides(a, b)) return 0;
  int64_t r = a % b;
  *out = r != 0 && (r < 0) != (b < 0) ? r + b : r;
  return 1;
}
static int truncate_mod_ints(int64_t a, int64_t b, int64_t *out) {
  if (!divides(a, b)) return 0;
  *out = a % b;
  return 1;
}
static int max_ints(int64_t a, int64_t b, int64_t *out) { return *out = a > b ? a : b, 1; }
static int min_ints(int64_t a, int64_t b, int64_t *out) { return *out = a < b ? a : b, 1; }

/* What keeps a symbol: the other side changes nothing. */
static op_int unchanged(arithmetic f, op_int a, op_int b) {
  int one = f == mul_ints || f == truncate_ints || f == floor_ints;
  if (b.known && !a.known && ((one && b.v == 1) || ((f == add_ints || f == sub_ints) && b.v == 0))) return a;
  if (a.known && !b.known && ((f == mul_ints && a.v == 1) || (f == add_ints && a.v == 0))) return b;
  if ((f == max_ints || f == min_ints) && !a.known && a.v == b.v) return a;
  return (op_int){RN_DIM_UNKNOWN, 0};
}

static rn_status *infer_arithmetic(rn_infer *c, arithmetic f) {
  op_int a[RN_MAX_VALUE], b[RN_MAX_VALUE], out[RN_MAX_VALUE];
  rn_dtype dt = c->api->out_dtype(c, 0);
  RN_TRY(op_infer_binary(c));
  if (dt != RN_INT32 && dt != RN_INT64) return NULL;
  int32_t na = op_ints(c, 0, a), nb = op_ints(c, 1, b), n = na == 1 ? nb : na;
  if (na < 0 || nb < 0 || (na != nb && na != 1 && nb != 1)) return NULL;
  for (int32_t i = 0; i < n; i++) {
    op_int x = a[na == 1 ? 0 : i], y = b[nb == 1 ? 0 : i];
    int64_t v = 0;
    out[i] = unchanged(f, x, y);
    if (x.known && y.known && f(x.v, y.v, &v)) out[i] = op_int_known(v);
  }
  op_set_ints(c, 0, out, n);
  return NULL;
}
static rn_status *infer_add(rn_infer *c) { return infer_arithmetic(c, add_ints); }
static rn_status *infer_sub(rn_infer *c) { return infer_arithmetic(c, sub_ints); }
static rn_status *infer_mul(rn_infer *c) { return infer_arithmetic(c, mul_ints); }
static rn_status *infer_div(rn_infer *c) { return infer_arithmetic(c, truncate_ints); }
static rn_status *infer_floor_div(rn_infer *c) { return infer_arithmetic(c, floor_ints); }
static rn_status *infer_floor_mod(rn_infer *c) { return infer_arithmetic(c, floor_mod_ints); }
static rn_status *infer_mod(rn_infer *c) { return infer_arithmetic(c, truncate_mod_ints); }
static rn_status *infer_max(rn_infer *c) { return infer_arithmetic(c, max_ints); }
static rn_status *infer_min(rn_infer *c) { return infer_arithmetic(c, min_ints); }

/* --- gradients ------------------------------------------------------------------------------------ */
static rn_status *grad_add(rn_grad *c) { return op_dx_broadcast(c, DY, DY); }
static rn_status *grad_sub(rn_grad *c) { return op_dx_broadcast(c, DY, op_neg(B, DY)); }
static rn_status *grad_mul(rn_grad *c) {
  return op_dx_broadcast(c, op_mul(B, DY, op_conj(B, Y)), op_mul(B, op_conj(B, X), DY));
}
static rn_status *grad_quotient(rn_grad *c, const char *div) {
  rn_value x = op_conj(B, X), y = op_conj(B, Y);
  rn_value slope = rn_op2(B, div, rn_op2(B, div, op_neg(B, x), y), y);
  return op_dx_broadcast(c, rn_op2(B, div, DY, y), op_mul(B, DY, slope));
}
static rn_status *grad_div(rn_grad *c) { return grad_quotient(c, "Div"); }
static rn_status *grad_real_div(rn_grad *c) { return grad_quotient(c, "RealDiv"); }
static rn_status *grad_div_no_nan(rn_grad *c) { return grad_quotient(c, "DivNoNan"); }
static rn_status *grad_floor_mod(rn_grad *c) {
  return op_dx_broadcast(c, DY, op_mul(B, DY, op_neg(B, rn_op2(B, "FloorDiv", X, Y))));
}

/* d/dy x^y = z log x where x > 0; elsewhere zero. Complex numbers: where x != 0. */
static rn_status *grad_pow(rn_grad *c) {
  rn_value x = op_conj(B, X), y = op_conj(B, Y), z = op_conj(B, GRAD_Y(0));
  rn_value one = op_number_like(B, 1, y), zero = rn_op1(B, "ZerosLike", x);
  int complex = op_dtype(B, x) == RN_COMPLEX64 || op_dtype(B, x) == RN_COMPLEX128;
  rn_value dx = op_mul(B, op_mul(B, DY, y), rn_op2(B, "Pow", x, rn_op2(B, "Sub", y, one)));
  rn_value mask = rn_op2(B, complex ? "NotEqual" : "Greater", x, zero);
  rn_value safe = rn_op3(B, "Select", mask, x, rn_op1(B, "OnesLike", x));
  rn_value log_x = rn_op3(B, "Select", mask, rn_op1(B, "Log", safe), zero);
  return op_dx_broadcast(c, dx, op_mul(B, op_mul(B, DY, z), log_x));
}

static rn_status *grad_choice(rn_grad *c, const char *compare) {
  rn_value zeros = rn_op1(B, "ZerosLike", DY), mask = rn_op2(B, compare, X, Y);
  return op_dx_broadcast(c, rn_op3(B, "Select", mask, DY, zeros), rn_op3(B, "Select", mask, zeros, DY));
}
static rn_status *grad_maximum(rn_grad *c) { return grad_choice(c, "GreaterEqual"); }
static rn_status *grad_minimum(rn_grad *c) { return grad_choice(c, "LessEqual"); }
static rn_status *grad_squared_difference(rn_grad *c) {
  rn_value twice = op_mul(B, op_number_like(B, 2, DY), DY);
  rn_value dx = op_mul(B, twice, rn_op2(B, "Sub", X, Y));
  return op_dx_broadcast(c, dx, op_neg(B, dx));
}
static rn_status *grad_atan2(rn_grad *c) {
  rn_value norm = rn_op2(B, "Add", rn_op1(B, "Square", X), rn_op1(B, "Square", Y));
  rn_value g = rn_op2(B, "RealDiv", DY, norm);
  return op_dx_broadcast(c, op_mul(B, Y, g), op_mul(B, op_neg(B, X), g));
}
/* The order has no gradient. */
static rn_status *grad_polygamma(rn_grad *c) {
  rn_value next = rn_op2(B, "Add", X, op_number_like(B, 1, X));
  return op_dx_broadcast(c, RN_NO_VALUE, op_mul(B, DY, rn_op2(B, "Polygamma", next, Y)));
}

static const rn_op_def ops[] = {
    OP("Add",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
       "complex128, string}",
       "x + y.", infer_add, grad_add),
    OP("AddV2",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, "
       "complex128}",
       "x + y.", infer_add, grad_add, .flags = RN_OP_COMMUTATIVE),
    OP("Sub",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, "
       "complex64, complex128}",
       "x - y.", infer_sub, grad_sub),
    OP("Mul",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, "
       "complex64, complex128}",
       "x * y.", infer_mul, grad_mul, .flags = RN_OP_COMMUTATIVE),
    OP("Div",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, "
       "complex64, complex128}",
       "x / y; integers are cut towards zero.", infer_div, grad_div),
    OP("RealDiv",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, "
       "complex64, complex128}",
       "x / y.", op_infer_binary, grad_real_div),
    OP("DivNoNan", "(x: T, y: T) -> (z: T); T: {half, float, double, complex64, complex128}",
       "x / y, or zero where y is zero.", op_infer_binary, grad_div_no_nan),
    OP("FloorDiv",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, "
       "complex64, complex128}",
       "x / y cut downwards.", infer_floor_div, NULL, NO_GRADIENT),
    OP("TruncateDiv",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, "
       "complex64, complex128}",
       "x / y of integers, cut towards zero.", infer_div, NULL, NO_GRADIENT),
    OP("Mod", "(x: T, y: T) -> (z: T); T: {int32, int64, half, half, bfloat16, float, double}",
       "What x / y, cut towards zero, leaves.", infer_mod, NULL),
    OP("TruncateMod", "(x: T, y: T) -> (z: T); T: {int32, int64, bfloat16, half, float, double}",
       "What x / y, cut towards zero, leaves.", infer_mod, NULL),
    OP("FloorMod", "(x: T, y: T) -> (z: T); T: {int32, int64, bfloat16, half, float, double}",
       "What x / y, cut downwards, leaves.", infer_floor_mod, grad_floor_mod),
    OP("Pow", "(x: T, y: T) -> (z: T); T: {bfloat16, float, half, double, int32, int64, complex64, complex128}",
       "x to the y.", op_infer_binary, grad_pow),
    OP("Maximum", "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, int32, int64}", "The larger of x and y.",
       infer_max, grad_maximum),
    OP("Minimum", "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, int32, int64}", "The smaller of x and y.",
       infer_min, grad_minimum),
    OP("SquaredDifference",
       "(x: T, y: T) -> (z: T); T: {bfloat16, half, float, double, int32, int64, complex64, complex128}", "(x - y)^2.",
       op_infer_binary, grad_squared_difference, .flags = RN_OP_COMMUTATIVE),
    OP("Atan2", "(y: T, x: T) -> (z: T); T: {bfloat16, half, float, double}", "The angle of the point (x, y).",
       op_infer_binary, grad_atan2),
    OP("Polygamma", "(a: T, x: T) -> (z: T); T: {float, double}", "The a-th derivative of Digamma at x.",
       op_infer_binary, grad_polygamma),
};
OPS_GROUP(ops_binary, ops);
