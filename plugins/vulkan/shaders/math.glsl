// math.glsl - functions GLSL lacks, or gives too coarsely: relative errors stay near 1e-6.
#ifndef MATH_GLSL
#define MATH_GLSL
#define INF uintBitsToFloat(0x7f800000u)

#define NAN uintBitsToFloat(0x7fc00000u)

// A subnormal number, which drivers may take for 0, is its bits times 2^-149.
float log_any(float x) {
  uint bits = floatBitsToUint(x);
  return bits != 0 && bits < 0x00800000u ? log(float(bits)) - 103.27893 : log(x);
}
// C's pow: GLSL's says nothing of x <= 0, NaN and infinities.
float pow_(float a, float b) {
  bool whole = floor(b) == b, odd = whole && abs(b) < 16777216.0 && mod(abs(b), 2.0) == 1.0;
  if (b == 0 || a == 1 || (a == -1 && abs(b) == INF)) return 1;
  if (a != a || b != b) return NAN;
  if ((floatBitsToUint(a) & 0x7fffffffu) == 0) return b > 0 ? (odd ? a : 0) : odd ? 1.0 / a : INF;
  uint bits = floatBitsToUint(a) & 0x7fffffffu;
  float p = bits < 0x00800000u ? exp(b * log_any(abs(a))) : pow(abs(a), b);
  return a > 0 || (abs(a) == INF && !odd) ? p : !whole ? NAN : odd ? -p : p;
}

float expm1_(float x) {
  if (abs(x) < 0.4)
    return x * (1.0 + x * (0.5 + x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x * (1.0 / 720 + x / 5040))))));
  return exp(x) - 1.0;
}
// log((1 + s) / (1 - s)) with s = x / (2 + x)
float log1p_(float x) {
  if (abs(x) > 0.4) return log(1.0 + x);
  float s = x / (2.0 + x), q = s * s;
  return 2.0 * s * (1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9)))));
}
float tanh_(float x) {
  float a = abs(x), e = expm1_(-2.0 * min(a, 20.0));
  return x != x ? x : sign(x) * (-e / (2.0 + e));
}
float softplus_(float x) { return x > 0 ? x + log1p_(exp(-x)) : log1p_(exp(x)); }

// Two parts of pi/2 take the quadrant off exactly enough for |x| < 1e4; Taylor's polynomials do the rest.
vec2 sin_cos_(float x) {
  float q = round(x * 0.6366197723675814);
  precise float r = ((x - q * 1.5703125) - q * 4.837512969970703e-4) - q * 7.549789948768648e-8;
  float r2 = r * r;
  float s = r * (1.0 + r2 * (-1.0 / 6 + r2 * (1.0 / 120 + r2 * (-1.0 / 5040 + r2 / 362880))));
  float c = 1.0 + r2 * (-0.5 + r2 * (1.0 / 24 + r2 * (-1.0 / 720 + r2 * (1.0 / 40320 - r2 / 3628800))));
  int k = int(q) & 3;
  vec2 v = (k & 1) == 0 ? vec2(s, c) : vec2(c, s);
  return vec2((k & 2) == 0 ? v.x : -v.x, k == 1 || k == 2 ? -v.y : v.y);
}

// erf by its series below 2, erfc by its continued fraction above (Abramowitz and Stegun 7.1.6, 7.1.14).
float erf_series(float x) {
  float sum = x, term = x, q = 2.0 * x * x;
  for (int n = 1; n < 26; n++) {
    term *= q / float(2 * n + 1);
    sum += term;
  }
  return 1.1283791670955126 * exp(-x * x) * sum;
}
float erfc_fraction(float x) {
  float f = x;
  for (int k = 28; k > 0; k--) f = x + 0.5 * float(k) / f;
  return 0.5641895835477563 * exp(-x * x) / f;
}
float erf_(float x) {
  float a = min(abs(x), 10.0);
  return x != x ? x : a < 2.0 ? erf_series(x) : sign(x) * (1.0 - erfc_fraction(a));
}
float erfc_(float x) {
  float a = min(abs(x), 14.0), tail = a < 2.0 ? 1.0 - erf_series(a) : erfc_fraction(a);
  return x != x ? x : x >= 0 ? tail : 2.0 - tail;
}
#endif
