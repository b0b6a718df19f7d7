/* special.c - functions that libm lacks: digamma and polygamma (plugins/cpu). */
#include "elementwise_ops.h"
#include <math.h>

/* Reflection below 1/2, recurrence up to 6, then the asymptotic series (Abramowitz and Stegun 6.3). */
double cpu_digamma(double x) {
  double y = 0;
  if (x <= 0 && floor(x) == x) return NAN;
  if (x < 0.5) return cpu_digamma(1 - x) - M_PI / tan(M_PI * x);
  for (; x < 10; x += 1) y -= 1 / x;
  double f = 1 / (x * x);
  return y + log(x) - 0.5 / x -
         f * (1.0 / 12 -
              f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132 - f * (691.0 / 32760 - f / 12))))));
}

/* (-1)^(n+1) n! zeta(n + 1, x), the Hurwitz zeta by its sum and then Euler-Maclaurin. */
double cpu_polygamma(double n, double x) {
  static const double b[] = {1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160};
  if (n == 0) return cpu_digamma(x);
  if (!(n > 0) || floor(n) != n || x != x) return NAN;
  if (x <= 0 && floor(x) == x) return INFINITY;
  if (x < -1e6) return NAN;
  double s = n + 1, zeta = 0;
  for (; x < 12; x += 1) zeta += pow(x, -s);
  zeta += pow(x, 1 - s) / (s - 1) + pow(x, -s) / 2;
  double term = s * pow(x, -s - 1);
  for (int k = 0; k < 5; k++) {
    zeta += b[k] * term;
    term *= (s + 2 * k + 1) * (s + 2 * k + 2) / (x * x);
  }
  return (fmod(n, 2) == 1 ? 1 : -1) * tgamma(s) * zeta;
}
