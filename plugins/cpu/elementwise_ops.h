/* elementwise_ops.h - every element-wise op: name and formula (plugins/cpu).
 *
 * The one place where they are written. X(Op, formula) with x (unary) or x and z (binary) of type T;
 * M(fn) is the C function for T (sqrtf or sqrt). Included by the loops, once per instruction set,
 * and by the table of kernels. */
#ifndef CPU_ELEMENTWISE_OPS_H
#define CPU_ELEMENTWISE_OPS_H
#include <stdint.h>

/* unary, floats */
#define CPU_EW1_FLOAT(X)                                                           \
  X(Neg, -x)                                                                       \
  X(Abs, M(fabs)(x))                                                               \
  X(Sign, x > 0 ? (T)1 : (x < 0 ? (T)-1 : x))                                      \
  X(Square, x *x)                                                                  \
  X(Sqrt, M(sqrt)(x))                                                              \
  X(Rsqrt, 1 / M(sqrt)(x))                                                         \
  X(Reciprocal, 1 / x)                                                             \
  X(Inv, 1 / x)                                                                    \
  X(Exp, F(exp)(x))                                                                \
  X(Expm1, M(expm1)(x))                                                            \
  X(Log, F(log)(x))                                                                \
  X(Log1p, M(log1p)(x))                                                            \
  X(Sin, M(sin)(x))                                                                \
  X(Cos, M(cos)(x))                                                                \
  X(Tan, M(tan)(x))                                                                \
  X(Asin, M(asin)(x))                                                              \
  X(Acos, M(acos)(x))                                                              \
  X(Atan, M(atan)(x))                                                              \
  X(Sinh, M(sinh)(x))                                                              \
  X(Cosh, M(cosh)(x))                                                              \
  X(Tanh, F(tanh)(x))                                                              \
  X(Asinh, M(asinh)(x))                                                            \
  X(Acosh, M(acosh)(x))                                                            \
  X(Atanh, M(atanh)(x))                                                            \
  X(Sigmoid, 1 / (1 + F(exp)(-x)))                                                 \
  X(Floor, M(floor)(x))                                                            \
  X(Ceil, M(ceil)(x))                                                              \
  X(Round, M(rint)(x))                                                             \
  X(Rint, M(rint)(x))                                                              \
  X(Erf, M(erf)(x))                                                                \
  X(Erfc, M(erfc)(x))                                                              \
  X(Lgamma, F(lgamma)(x))                                                          \
  X(Digamma, (T)cpu_digamma((double)x))                                            \
  X(Relu, x > 0 || x != x ? x : 0)                                                 \
  X(Relu6, x != x ? x : (x > 0 ? (x < 6 ? x : 6) : 0))                             \
  X(Elu, x < 0 ? M(expm1)(x) : x)                                                  \
  X(Selu, x < 0 ? (T)1.7580993408473766 * M(expm1)(x) : (T)1.0507009873554805 * x) \
  X(Softplus, x > 0 ? x + M(log1p)(M(exp)(-x)) : M(log1p)(M(exp)(x)))              \
  X(Softsign, x / (1 + M(fabs)(x)))
/* unary, integers */
#define CPU_EW1_INT(X)              \
  X(Neg, (T)(0 - (U)x))             \
  X(Abs, x < 0 ? (T)(0 - (U)x) : x) \
  X(Sign, (T)((x > 0) - (x < 0)))   \
  X(Square, (T)((U)x * (U)x))       \
  X(Round, x)                       \
  X(Relu, x > 0 ? x : 0)            \
  X(Relu6, x > 0 ? (x < 6 ? x : 6) : 0)
/* unary, floats to bool */
#define CPU_EW1_TEST(X)               \
  X(IsNan, x != x)                    \
  X(IsInf, M(fabs)(x) == (T)INFINITY) \
  X(IsFinite, M(fabs)(x) < (T)INFINITY)

/* binary with broadcasting, floats */
#define CPU_EW2_FLOAT(X)                               \
  X(Add, x + z)                                        \
  X(AddV2, x + z)                                      \
  X(Sub, x - z)                                        \
  X(Mul, x *z)                                         \
  X(Div, x / z)                                        \
  X(RealDiv, x / z)                                    \
  X(FloorDiv, M(floor)(x / z))                         \
  X(TruncateDiv, M(trunc)(x / z))                      \
  X(Mod, M(fmod)(x, z))                                \
  X(TruncateMod, M(fmod)(x, z))                        \
  X(FloorMod, F(floor_mod)(x, z))                      \
  X(Pow, M(pow)(x, z))                                 \
  X(Maximum, x > z || x != x ? x : z)                  \
  X(Minimum, x < z || x != x ? x : z)                  \
  X(SquaredDifference, (x - z) * (x - z))              \
  X(Polygamma, (T)cpu_polygamma((double)x, (double)z)) \
  X(Atan2, M(atan2)(x, z))                             \
  X(DivNoNan, z == 0 ? 0 : x / z)
/* gradients of unary ops, in their argument order: (y, dy), (dy, x) or (dy, y); shapes are equal */
#define CPU_EW2_GRAD(X)                                                            \
  X(TanhGrad, z *(1 - x * x))                                                      \
  X(SigmoidGrad, z *x *(1 - x))                                                    \
  X(SqrtGrad, z *(T)0.5 / x)                                                       \
  X(RsqrtGrad, z *(T)-0.5 * (x * x) * x)                                           \
  X(ReciprocalGrad, -z *x *x)                                                      \
  X(InvGrad, -z *x *x)                                                             \
  X(ReluGrad, z > 0 ? x : 0)                                                       \
  X(Relu6Grad, z > 0 && z < 6 ? x : 0)                                             \
  X(EluGrad, z < 0 ? x * (z + 1) : x)                                              \
  X(SeluGrad, z < 0 ? x * (z + (T)1.7580993408473766) : x * (T)1.0507009873554805) \
  X(SoftplusGrad, x / (M(exp)(-z) + 1))                                            \
  X(SoftsignGrad, x / ((1 + M(fabs)(z)) * (1 + M(fabs)(z))))
/* binary, integers. Those of the second list divide: z is not 0 there. */
#define CPU_EW2_INT(X)       \
  X(Add, (T)((U)x + (U)z))   \
  X(AddV2, (T)((U)x + (U)z)) \
  X(Sub, (T)((U)x - (U)z))   \
  X(Mul, (T)((U)x * (U)z))   \
  X(Pow, F(power)(x, z))     \
  X(Maximum, x > z ? x : z)  \
  X(Minimum, x < z ? x : z)  \
  X(SquaredDifference, (T)(((U)x - (U)z) * ((U)x - (U)z)))
#define CPU_EW2_INT_DIVIDE(X)                                                                   \
  X(Div, z == (T)-1 ? (T)(0 - (U)x) : (T)(x / z))                                               \
  X(FloorDiv, z == (T)-1 ? (T)(0 - (U)x) : (T)(x / z - ((x % z != 0) && ((x < 0) != (z < 0))))) \
  X(TruncateDiv, z == (T)-1 ? (T)(0 - (U)x) : (T)(x / z))                                       \
  X(Mod, z == (T)-1 ? (T)0 : (T)(x % z))                                                        \
  X(TruncateMod, z == (T)-1 ? (T)0 : (T)(x % z))                                                \
  X(FloorMod, z == (T)-1 ? (T)0 : (T)(x % z + ((x % z != 0) && ((x < 0) != (z < 0)) ? z : 0)))
/* unsigned division has no -1 */
#define CPU_EW2_UNSIGNED_DIVIDE(X) \
  X(Div, (T)(x / z))               \
  X(FloorDiv, (T)(x / z))          \
  X(TruncateDiv, (T)(x / z))       \
  X(Mod, (T)(x % z))               \
  X(TruncateMod, (T)(x % z))       \
  X(FloorMod, (T)(x % z))

/* comparisons: to bool */
#define CPU_EW2_ORDER(X)  \
  X(Less, x < z)          \
  X(LessEqual, x <= z)    \
  X(Greater, x > z)       \
  X(GreaterEqual, x >= z) \
  X(Equal, x == z)        \
  X(NotEqual, x != z)
#define CPU_EW2_EQUAL(X) X(Equal, x == z) X(NotEqual, x != z)
#define CPU_EW2_BOOL(X) X(LogicalAnd, x &z) X(LogicalOr, x | z)

typedef void (*cpu_ew1)(const void *x, void *y, int64_t n);
/* sx, sz: 1 for a row, 0 for one element against a row */
typedef void (*cpu_ew2)(const void *x, const void *z, void *y, int64_t n, int sx, int sz);

/* One slot per formula and type; each variant of the loops fills a whole table. */
enum {
#define SLOT(Op, ...) CPU_##Op##_f32, CPU_##Op##_f64,
  CPU_EW1_FLOAT(SLOT) CPU_EW1_TEST(SLOT)
#undef SLOT
#define SLOT(Op, ...) CPU_##Op##_i32, CPU_##Op##_i64, CPU_##Op##_u8, CPU_##Op##_i8, CPU_##Op##_i16, CPU_##Op##_u16,
      CPU_EW1_INT(SLOT)
#undef SLOT
          CPU_LogicalNot_bool,
  CPU_EW1_COUNT
};
enum {
#define SLOT(Op, ...) CPU_##Op##_f32, CPU_##Op##_f64,
  CPU_EW2_FLOAT(SLOT) CPU_EW2_GRAD(SLOT)
#undef SLOT
#define SLOT(Op, ...) CPU_##Op##_i32, CPU_##Op##_i64, CPU_##Op##_u8, CPU_##Op##_i8, CPU_##Op##_i16, CPU_##Op##_u16,
      CPU_EW2_INT(SLOT) CPU_EW2_INT_DIVIDE(SLOT)
#undef SLOT
#define SLOT(Op, ...)                                                                                           \
  CPU_##Op##_f32, CPU_##Op##_f64, CPU_##Op##_i32, CPU_##Op##_i64, CPU_##Op##_u8, CPU_##Op##_i8, CPU_##Op##_i16, \
      CPU_##Op##_u16,
          CPU_EW2_ORDER(SLOT)
#undef SLOT
              CPU_Equal_bool,
  CPU_NotEqual_bool,
  CPU_LogicalAnd_bool,
  CPU_LogicalOr_bool,
  CPU_EW2_COUNT
};

/* What is compiled once per instruction set. */
typedef struct cpu_loops {
  cpu_ew1 ew1[CPU_EW1_COUNT];
  cpu_ew2 ew2[CPU_EW2_COUNT];
  float (*sum_f32)(const float *x, int64_t n); /* sixteen partial sums, added in a fixed order */
  double (*sum_f64)(const double *x, int64_t n);
  void (*add_to_f32)(const float *x, float *y, int64_t n); /* y += x */
  void (*add_to_f64)(const double *x, double *y, int64_t n);
  float (*max_f32)(const float *x, int64_t n);
  float (*exp_sum_f32)(const float *x, float shift, float *y, int64_t n); /* y = exp(x - shift); their sum */
  void (*scale_f32)(float *y, float by, int64_t n);
  void (*max_to_f32)(const float *x, float *y, int64_t n); /* y = max(x, y) */
  /* n <= 64 adjacent columns of a window of rows x cols elements: the first largest gets dy added */
  void (*max_back_f32)(const float *x, const float *dy, float *dx, int64_t n, const int64_t size[2],
                       const int64_t step[2]);
} cpu_loops;
extern const cpu_loops cpu_loops_v1, cpu_loops_v3, cpu_loops_v4;
const cpu_loops *cpu_loops_now(void);
double cpu_digamma(double x);
double cpu_polygamma(double n, double x); /* the n-th derivative of digamma */
#endif
