/* elementwise_loops.h - the loops over elementwise_ops.h, compiled per instruction set (plugins/cpu).
 *
 * The including file defines CPU_LOOPS, the name of the table. Formulas are written so that the
 * compiler vectorises them; exp, log and tanh for float are polynomials without branches, within
 * 2 units in the last place of libm (exp: Cody-Waite reduction and degree 6; log: Cephes logf;
 * tanh: Cephes' odd polynomial below 0.625). */
#include "cpu.h"
#include "elementwise_ops.h"
#include <math.h>

static inline float bits_float(uint32_t b) {
  float f;
  memcpy(&f, &b, 4);
  return f;
}
static inline uint32_t float_bits(float f) {
  uint32_t b;
  memcpy(&b, &f, 4);
  return b;
}

/* exp(x) = 2^n exp(r), r = x - n ln 2. Two factors 2^(n/2) keep results next to the limits exact. */
static inline float exp_f32(float x) {
  float in = x < 89.0f ? x : 89.0f;
  in = in > -105.0f ? in : -105.0f;
  float shifted = in * 1.44269504088896341f + 12582912.0f;
  int32_t n = (int32_t)float_bits(shifted) - 0x4b400000;
  float k = shifted - 12582912.0f;
  float r = in - k * 0.693359375f;
  r = r + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t half = n >> 1;
  float y = p * bits_float((uint32_t)(half + 127) << 23) * bits_float((uint32_t)(n - half + 127) << 23);
  return x != x ? x : y;
}
static inline double exp_f64(double x) { return exp(x); }

static inline float log_f32(float x) {
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
  float lost = x < 1.17549435e-38f ? 23.0f : 0.0f;
  uint32_t b = float_bits(scaled);
  uint32_t part = b - 0x3f3504f3u; /* sqrt(1/2): the mantissa lies around 1 */
  int32_t e = (int32_t)part >> 23;
  float m = bits_float((part & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  float k = (float)e - lost;
  float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float y = p * m * z + k * -2.12194440e-4f;
  y = y - 0.5f * z;
  y = m + y + k * 0.693359375f;
  y = x == INFINITY ? x : y;
  y = x == 0.0f ? -INFINITY : y;
  return x >= 0.0f ? y : (x == 0.0f ? -INFINITY : NAN);
}
static inline double log_f64(double x) { return log(x); }

static inline float tanh_f32(float x) {
  float a = fabsf(x);
  float big = 1.0f - 2.0f / (exp_f32(2.0f * a) + 1.0f);
  big = x < 0.0f ? -big : big;
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  p = p * z * x + x;
  return a < 0.625f ? p : big;
}
static inline double tanh_f64(double x) { return tanh(x); }
static inline float lgamma_f32(float x) {
  int sign;
  return lgammaf_r(x, &sign);
}
static inline double lgamma_f64(double x) {
  int sign;
  return lgamma_r(x, &sign);
}
static inline float floor_mod_f32(float x, float z) {
  float r = fmodf(x, z);
  return r != 0.0f && (r < 0.0f) != (z < 0.0f) ? r + z : r;
}
static inline double floor_mod_f64(double x, double z) {
  double r = fmod(x, z);
  return r != 0.0 && (r < 0.0) != (z < 0.0) ? r + z : r;
}
/* A negative exponent is refused before. */
static inline uint64_t power_bits(uint64_t x, uint64_t n) {
  uint64_t y = 1;
  for (; n; n >>= 1, x *= x)
    if (n & 1u) y *= x;
  return y;
}
#define POWER(name, T) \
  static inline T power_##name(T x, T z) { return (T)power_bits((uint64_t)x, (uint64_t)z); }
POWER(i32, int32_t)
POWER(i64, int64_t)
POWER(u8, uint8_t)
POWER(i8, int8_t)
POWER(i16, int16_t)
POWER(u16, uint16_t)

#define LOOP1(name, TIN, TOUT, formula)                   \
  static void name(const void *xv, void *yv, int64_t n) { \
    const TIN *xs = xv;                                   \
    TOUT *ys = yv;                                        \
    for (int64_t i = 0; i < n; i++) {                     \
      TIN x = xs[i];                                      \
      ys[i] = (TOUT)(formula);                            \
    }                                                     \
  }
#define LOOP2(name, TIN, TOUT, formula)                                                   \
  static void name(const void *xv, const void *zv, void *yv, int64_t n, int sx, int sz) { \
    const TIN *xs = xv, *zs = zv;                                                         \
    TOUT *ys = yv;                                                                        \
    if (sx && sz) {                                                                       \
      for (int64_t i = 0; i < n; i++) {                                                   \
        TIN x = xs[i], z = zs[i];                                                         \
        ys[i] = (TOUT)(formula);                                                          \
      }                                                                                   \
    } else if (sx) {                                                                      \
      TIN z = zs[0];                                                                      \
      for (int64_t i = 0; i < n; i++) {                                                   \
        TIN x = xs[i];                                                                    \
        ys[i] = (TOUT)(formula);                                                          \
      }                                                                                   \
    } else {                                                                              \
      TIN x = xs[0];                                                                      \
      for (int64_t i = 0; i < n; i++) {                                                   \
        TIN z = zs[i];                                                                    \
        ys[i] = (TOUT)(formula);                                                          \
      }                                                                                   \
    }                                                                                     \
  }

/* Each type names itself here, then expands its lists. */
#define M(fn) fn##f
#define F(fn) fn##_f32
#define T float
#define U float
#define ONE(Op, formula) LOOP1(Op##_f32, float, float, formula)
#define TEST(Op, formula) LOOP1(Op##_f32, float, uint8_t, formula)
#define TWO(Op, formula) LOOP2(Op##_f32, float, float, formula)
#define ORDER(Op, formula) LOOP2(Op##_f32, float, uint8_t, formula)
CPU_EW1_FLOAT(ONE)
CPU_EW1_TEST(TEST)
CPU_EW2_FLOAT(TWO)
CPU_EW2_GRAD(TWO)
CPU_EW2_ORDER(ORDER)
#undef M
#undef F
#undef T
#undef U
#undef ONE
#undef TEST
#undef TWO
#undef ORDER

#define M(fn) fn
#define F(fn) fn##_f64
#define T double
#define U double
#define ONE(Op, formula) LOOP1(Op##_f64, double, double, formula)
#define TEST(Op, formula) LOOP1(Op##_f64, double, uint8_t, formula)
#define TWO(Op, formula) LOOP2(Op##_f64, double, double, formula)
#define ORDER(Op, formula) LOOP2(Op##_f64, double, uint8_t, formula)
CPU_EW1_FLOAT(ONE)
CPU_EW1_TEST(TEST)
CPU_EW2_FLOAT(TWO)
CPU_EW2_GRAD(TWO)
CPU_EW2_ORDER(ORDER)
#undef M
#undef F
#undef T
#undef U
#undef ONE
#undef TEST
#undef TWO
#undef ORDER

/* Integers wrap: arithmetic happens in the unsigned type U, at least 32 bits wide. */
#define T int32_t
#define U uint32_t
#define F(fn) fn##_i32
#define ONE(Op, formula) LOOP1(Op##_i32, int32_t, int32_t, formula)
#define TWO(Op, formula) LOOP2(Op##_i32, int32_t, int32_t, formula)
#define ORDER(Op, formula) LOOP2(Op##_i32, int32_t, uint8_t, formula)
CPU_EW1_INT(ONE)
CPU_EW2_INT(TWO)
CPU_EW2_INT_DIVIDE(TWO)
CPU_EW2_ORDER(ORDER)
#undef T
#undef U
#undef F
#undef ONE
#undef TWO
#undef ORDER
#define T int64_t
#define U uint64_t
#define F(fn) fn##_i64
#define ONE(Op, formula) LOOP1(Op##_i64, int64_t, int64_t, formula)
#define TWO(Op, formula) LOOP2(Op##_i64, int64_t, int64_t, formula)
#define ORDER(Op, formula) LOOP2(Op##_i64, int64_t, uint8_t, formula)
CPU_EW1_INT(ONE)
CPU_EW2_INT(TWO)
CPU_EW2_INT_DIVIDE(TWO)
CPU_EW2_ORDER(ORDER)
#undef T
#undef U
#undef F
#undef ONE
#undef TWO
#undef ORDER
#define U uint32_t
#define T int8_t
#define F(fn) fn##_i8
#define ONE(Op, formula) LOOP1(Op##_i8, int8_t, int8_t, formula)
#define TWO(Op, formula) LOOP2(Op##_i8, int8_t, int8_t, formula)
#define ORDER(Op, formula) LOOP2(Op##_i8, int8_t, uint8_t, formula)
CPU_EW1_INT(ONE)
CPU_EW2_INT(TWO)
CPU_EW2_INT_DIVIDE(TWO)
CPU_EW2_ORDER(ORDER)
#undef T
#undef F
#undef ONE
#undef TWO
#undef ORDER
#define T int16_t
#define F(fn) fn##_i16
#define ONE(Op, formula) LOOP1(Op##_i16, int16_t, int16_t, formula)
#define TWO(Op, formula) LOOP2(Op##_i16, int16_t, int16_t, formula)
#define ORDER(Op, formula) LOOP2(Op##_i16, int16_t, uint8_t, formula)
CPU_EW1_INT(ONE)
CPU_EW2_INT(TWO)
CPU_EW2_INT_DIVIDE(TWO)
CPU_EW2_ORDER(ORDER)
#undef T
#undef F
#undef ONE
#undef TWO
#undef ORDER

#define T uint8_t
#define F(fn) fn##_u8
#define ONE(Op, formula) LOOP1(Op##_u8, uint8_t, uint8_t, formula)
#define TWO(Op, formula) LOOP2(Op##_u8, uint8_t, uint8_t, formula)
#define ORDER(Op, formula) LOOP2(Op##_u8, uint8_t, uint8_t, formula)
CPU_EW1_INT(ONE)
CPU_EW2_INT(TWO)
CPU_EW2_UNSIGNED_DIVIDE(TWO)
CPU_EW2_ORDER(ORDER)
#undef T
#undef F
#undef ONE
#undef TWO
#undef ORDER
#define T uint16_t
#define F(fn) fn##_u16
#define ONE(Op, formula) LOOP1(Op##_u16, uint16_t, uint16_t, formula)
#define TWO(Op, formula) LOOP2(Op##_u16, uint16_t, uint16_t, formula)
#define ORDER(Op, formula) LOOP2(Op##_u16, uint16_t, uint8_t, formula)
CPU_EW1_INT(ONE)
CPU_EW2_INT(TWO)
CPU_EW2_UNSIGNED_DIVIDE(TWO)
CPU_EW2_ORDER(ORDER)
#undef T
#undef F
#undef U
#undef ONE
#undef TWO
#undef ORDER

LOOP1(LogicalNot_bool, uint8_t, uint8_t, x == 0)
#define BOOLEAN(Op, formula) LOOP2(Op##_bool, uint8_t, uint8_t, formula)
CPU_EW2_EQUAL(BOOLEAN)
CPU_EW2_BOOL(BOOLEAN)
#define SUM(name, T, LANES)                                       \
  static T name(const T *x, int64_t n) {                          \
    T lane[LANES] = {0}, sum = 0;                                 \
    int64_t i = 0;                                                \
    for (; i + LANES <= n; i += LANES)                            \
      for (int j = 0; j < LANES; j++) lane[j] += x[i + j];        \
    for (int j = 0; i + j < n; j++) lane[j] += x[i + j];          \
    for (int width = LANES / 2; width > 0; width /= 2)            \
      for (int j = 0; j < width; j++) lane[j] += lane[j + width]; \
    sum = lane[0];                                                \
    return sum;                                                   \
  }
SUM(sum_f32, float, 32)
SUM(sum_f64, double, 16) static void add_to_f32(const float *x, float *restrict y, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += x[i];
}
static void add_to_f64(const double *x, double *restrict y, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += x[i];
}
static float max_f32(const float *x, int64_t n) {
  float lane[16], top;
  int64_t i = 0;
  for (int j = 0; j < 16; j++) lane[j] = -INFINITY;
  for (; i + 16 <= n; i += 16)
    for (int j = 0; j < 16; j++) lane[j] = x[i + j] > lane[j] || x[i + j] != x[i + j] ? x[i + j] : lane[j];
  top = -INFINITY;
  for (; i < n; i++) top = x[i] > top || x[i] != x[i] ? x[i] : top;
  for (int j = 0; j < 16; j++) top = lane[j] > top || lane[j] != lane[j] ? lane[j] : top;
  return top;
}
static float exp_sum_f32(const float *x, float shift, float *restrict y, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] = exp_f32(x[i] - shift);
  return sum_f32(y, n);
}
static void scale_f32(float *y, float by, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] *= by;
}
static void max_to_f32(const float *x, float *restrict y, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] = x[i] > y[i] || x[i] != x[i] ? x[i] : y[i];
}
static void max_back_f32(const float *x, const float *dy, float *restrict dx, int64_t n, const int64_t size[2],
                         const int64_t step[2]) {
  float top[64], left[64];
  for (int64_t c = 0; c < n; c++) top[c] = x[c], left[c] = dy[c];
  for (int64_t r = 0; r < size[0]; r++)
    for (int64_t s = 0; s < size[1]; s++) {
      const float *from = x + r * step[0] + s * step[1];
      for (int64_t c = 0; c < n; c++) top[c] = from[c] > top[c] ? from[c] : top[c];
    }
  for (int64_t r = 0; r < size[0]; r++)
    for (int64_t s = 0; s < size[1]; s++) {
      const float *from = x + r * step[0] + s * step[1];
      float *restrict to = dx + r * step[0] + s * step[1];
      for (int64_t c = 0; c < n; c++) { /* a NaN in front is the first largest */
        float gain = from[c] == top[c] ? left[c] : top[c] != top[c] ? left[c] : 0;
        to[c] += gain;
        left[c] = from[c] == top[c] ? 0 : top[c] != top[c] ? 0 : left[c];
      }
    }
}

const cpu_loops CPU_LOOPS = {
    .ew1 =
        {
#define SLOT(Op, ...) [CPU_##Op##_f32] = Op##_f32, [CPU_##Op##_f64] = Op##_f64,
            CPU_EW1_FLOAT(SLOT) CPU_EW1_TEST(SLOT)
#define SLOTS(Op, ...)                                                                                            \
  [CPU_##Op##_i32] = Op##_i32, [CPU_##Op##_i64] = Op##_i64, [CPU_##Op##_u8] = Op##_u8, [CPU_##Op##_i8] = Op##_i8, \
  [CPU_##Op##_i16] = Op##_i16, [CPU_##Op##_u16] = Op##_u16,
                CPU_EW1_INT(SLOTS)[CPU_LogicalNot_bool] = LogicalNot_bool,
        },
    .ew2 = {CPU_EW2_FLOAT(SLOT) CPU_EW2_GRAD(SLOT) CPU_EW2_INT(SLOTS) CPU_EW2_INT_DIVIDE(SLOTS) CPU_EW2_ORDER(SLOT)
                CPU_EW2_ORDER(SLOTS)[CPU_Equal_bool] = Equal_bool,
            [CPU_NotEqual_bool] = NotEqual_bool, [CPU_LogicalAnd_bool] = LogicalAnd_bool,
            [CPU_LogicalOr_bool] = LogicalOr_bool},
    .sum_f32 = sum_f32,
    .sum_f64 = sum_f64,
    .add_to_f32 = add_to_f32,
    .add_to_f64 = add_to_f64,
    .max_f32 = max_f32,
    .exp_sum_f32 = exp_sum_f32,
    .scale_f32 = scale_f32,
    .max_to_f32 = max_to_f32,
    .max_back_f32 = max_back_f32,
};
