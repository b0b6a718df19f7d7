/* normal.c - normal numbers out of random bits, the same bits on every machine (plugins/cpu).
 *
 * Box and Muller's transform with logarithm, root, sine and cosine of our own, made of additions and multiplications
 * alone: IEEE 754 rounds those alike everywhere, while libraries differ in the last bit of their functions. A device
 * that does the same steps has the same numbers. Where one float is not enough a value is the sum of two (Dekker, "A
 * floating-point technique for extending the available precision", 1971), so that logarithm, sine and cosine are off by
 * 0.8 units in the last place at most. Polynomials: tests/oracle/normal_polynomials.py.
 *
 * Must not be compiled with contraction of a * b + c; plugin.cmake says so. */
#include "normal.h"
#include <string.h>

typedef struct two { /* a value hi + lo */
  cpu_floats hi, lo;
} two;

static two sum_of(cpu_floats a, cpu_floats b) {
  cpu_floats s = a + b, t = s - a;
  return (two){s, (a - (s - t)) + (b - t)};
}
static cpu_floats upper_half(cpu_floats x) {
  cpu_floats t = 4097.0f * x;
  return t - (t - x);
}
static two product_of(cpu_floats a, cpu_floats b) {
  cpu_floats p = a * b, ah = upper_half(a), al = a - ah, bh = upper_half(b), bl = b - bh;
  return (two){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

/* x = 2^e m with m in [sqrt 1/2, sqrt 2), and log m as a polynomial in m - 1. x is normal. */
static cpu_floats log_of(cpu_floats x) {
  static const float c[] = {0.333333135f,  -0.250000089f, 0.200021192f,  -0.166679963f, 0.142195523f,
                            -0.124055885f, 0.11888162f,   -0.116756536f, 0.0674664229f};
  cpu_words above = (cpu_words)x - 0x3f3504f3u; /* sqrt 1/2 */
  cpu_floats f = (cpu_floats)((cpu_words)x - (above & 0xff800000u)) - 1.0f;
  cpu_floats e = __builtin_convertvector((cpu_ints)above >> 23, cpu_floats), p = f * 0.0f + c[8];
  two square = product_of(f, f), s = sum_of(f, -0.5f * square.hi), t = sum_of(e * 0.693145752f, s.hi);
  for (int i = 7; i >= 0; i--) p = p * f + c[i];
  return t.hi + (t.lo + ((s.lo - 0.5f * square.lo) + (f * square.hi * p + e * 1.42860677e-06f)));
}

/* Newton's steps towards 1 / sqrt x from a guess by the exponent, then one for the root. */
static cpu_floats root_of(cpu_floats x) {
  cpu_floats y = (cpu_floats)(0x5f3759dfu - ((cpu_words)x >> 1)), half = 0.5f * x;
  for (int i = 0; i < 3; i++) y = y * (1.5f - half * y * y);
  cpu_floats r = x * y;
  two square = product_of(r, r);
  return r + 0.5f * y * ((x - square.hi) - square.lo);
}

/* Sine and cosine of u whole turns, u in [0, 1), as of the angle rounded to a float. */
static void turn(cpu_floats u, cpu_floats *sine, cpu_floats *cosine) {
  two product = product_of(u, (cpu_floats){0} + 6.28318548f);
  cpu_floats angle = product.hi + (product.lo + u * -1.74845553e-07f);
  cpu_ints quarter = __builtin_convertvector(u * 4.0f + 0.5f, cpu_ints);
  cpu_floats q = __builtin_convertvector(quarter, cpu_floats);
  two r = sum_of(angle - q * 1.57079649f, q * 1.62920685e-07f); /* less q quarters, in three parts */
  cpu_floats low = r.lo - q * 5.39030295e-15f, r2 = r.hi * r.hi, half = 0.5f * r2, w = 1.0f - half;
  cpu_floats s = (r2 * -0.000195172994f + 0.008332178f) * r2 - 0.166666552f;
  cpu_floats c = (r2 * 2.44331568e-05f - 0.00138873165f) * r2 + 0.0416666456f;
  s = r.hi + (r.hi * r2 * s + low * w);
  c = w + (((1.0f - w) - half) + (r2 * r2 * c - r.hi * low));
  cpu_words k = (cpu_words)quarter, odd = 0u - (k & 1u), from_s = (cpu_words)s, from_c = (cpu_words)c;
  *sine = (cpu_floats)(((from_s & ~odd) | (from_c & odd)) ^ (k & 2u) << 30);
  *cosine = (cpu_floats)(((from_c & ~odd) | (from_s & odd)) ^ ((k + 1u) & 2u) << 30);
}

static cpu_floats unit(cpu_words x) { return (cpu_floats)(0x3f800000u | (x & 0x7fffffu)) - 1.0f; }

void cpu_normals(const uint32_t *bits, float *y) {
  cpu_words a, b;
  for (int i = 0; i < CPU_PAIRS; i++) a[i] = bits[2 * i], b[i] = bits[2 * i + 1];
  cpu_floats sine, cosine, u = unit(a);
  u = (cpu_floats)((cpu_words)u | ((cpu_words)(u == 0.0f) & 0x33d6bf95u)); /* not 0: 1e-7 */
  cpu_floats radius = root_of(-2.0f * log_of(u));
  turn(unit(b), &sine, &cosine);
  sine *= radius;
  cosine *= radius;
  for (int i = 0; i < CPU_PAIRS; i++) y[2 * i] = sine[i], y[2 * i + 1] = cosine[i];
}
