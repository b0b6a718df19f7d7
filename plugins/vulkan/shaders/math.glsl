// math.glsl - functions GLSL lacks, or gives too coarsely: relative errors stay near 1e-6.
#ifndef MATH_GLSL
#define MATH_GLSL
#define INF uintBitsToFloat(0x7f800000u)

#define NAN uintBitsToFloat(0x7fc00000u)

// GLSL says nothing of NaN in functions, nor of the logarithm of what is not positive.
float exp_any(float x) { return x != x ? x : exp(x); }
// A subnormal number, which drivers may take for 0, is its bits times 2^-149.
float log_any(float x) {
  uint bits = floatBitsToUint(x);
  if (x != x || x < 0) return NAN;
  return bits << 1 == 0 ? -INF : bits < 0x00800000u ? log(float(bits)) - 103.27893 : log(x);
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
  return exp_any(x) - 1.0;
}
// log((1 + s) / (1 - s)) with s = x / (2 + x)
float log1p_(float x) {
  if (abs(x) > 0.4) return log_any(1.0 + x);
  float s = x / (2.0 + x), q = s * s;
  return 2.0 * s * (1.0 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9)))));
}
float tanh_(float x) {
  float a = abs(x), e = expm1_(-2.0 * min(a, 20.0));
  return x != x ? x : sign(x) * (-e / (2.0 + e));
}
float softplus_(float x) { return x > 0 ? x + log1p_(exp(-x)) : log1p_(exp_any(x)); }

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

// ------------------------------------------------------------------------------------------------ remainders
// The exact remainder of whole mantissas, 8 bits of the quotient a round: as C's fmod, subnormal numbers too.
uint mod_bits(uint a, uint b) { // of sizes with a >= b > 0, both finite
  int ea = max(int(a >> 23), 1), eb = max(int(b >> 23), 1);
  uint ma = a >> 23 == 0 ? a : (a & 0x7fffffu) | 0x800000u, mb = b >> 23 == 0 ? b : (b & 0x7fffffu) | 0x800000u;
  ma %= mb;
  for (int left = ea - eb; left > 0; left -= 8) ma = (ma << min(left, 8)) % mb;
  if (ma == 0u) return 0u;
  int shift = min(23 - findMSB(ma), eb - 1);
  ma <<= shift;
  return ma < 0x800000u ? ma : (uint(eb - shift) << 23) | (ma & 0x7fffffu);
}
float mod_(float a, float b) {
  uint sa = floatBitsToUint(a) & 0x7fffffffu, sb = floatBitsToUint(b) & 0x7fffffffu;
  if (sa >= 0x7f800000u || sb > 0x7f800000u || sb == 0u) return NAN;
  if (sa < sb) return a;
  return uintBitsToFloat(mod_bits(sa, sb) | (floatBitsToUint(a) & 0x80000000u));
}
float floor_mod_(float a, float b) {
  float r = mod_(a, b);
  uint rest = floatBitsToUint(r), divisor = floatBitsToUint(b); // by its bits: a subnormal one is not 0
  if ((rest & 0x7fffffffu) == 0u || (rest ^ divisor) >> 31 == 0u || r != r) return r;
  if ((divisor & 0x7fffffffu) < 0x01000000u) return uintBitsToFloat(divisor - (rest & 0x7fffffffu)); // same unit
  return r + b;
}

// ------------------------------------------------------------------------------------------------ inverses
#define PI 3.14159265358979
float asin_(float x) { return abs(x) > 1.0 || x != x ? NAN : abs(x) < 1.0e-4 ? x : atan(x / sqrt((1.0 - x) * (1.0 + x))); }
float acos_(float x) { return abs(x) > 1.0 || x != x ? NAN : x == -1.0 ? PI : 2.0 * atan(sqrt((1.0 - x) / (1.0 + x))); }
float asinh_(float x) {
  float a = abs(x), y = a > 1.0e9 ? log(a) + 0.693147180559945 : log1p_(a + a * a / (1.0 + sqrt(a * a + 1.0)));
  return x != x || a < 1.0e-4 ? x : x < 0 ? -y : y;
}
float acosh_(float x) {
  float t = x - 1.0;
  return !(x >= 1.0) ? NAN : x > 1.0e9 ? log(x) + 0.693147180559945 : log1p_(t + sqrt(t * (t + 2.0)));
}
float atanh_(float x) {
  float a = abs(x), y = 0.5 * log1p_(2.0 * a / (1.0 - a));
  return !(a <= 1.0) ? NAN : a < 1.0e-4 ? x : a == 1.0 ? (x < 0 ? -INF : INF) : x < 0 ? -y : y;
}
float atan2_(float y, float x) {
  float ay = abs(y), ax = abs(x), most = max(ax, ay), r;
  if (x != x || y != y) return NAN;
  if (most < 1.0e-30) { // subnormal sizes have a quotient too
    ay *= 1.0e8;
    ax *= 1.0e8;
    most *= 1.0e8;
  }
  r = most == 0.0 ? 0.0 : ax == ay ? 0.25 * PI : atan(min(ax, ay) / most);
  if (ay > ax) r = 0.5 * PI - r;
  if (floatBitsToUint(x) >> 31 != 0u) r = PI - r;
  return floatBitsToUint(y) >> 31 != 0u ? -r : r;
}

// ------------------------------------------------------------------------------------------------ gamma
// log gamma(1 + t) for |t| <= 1/2: Taylor's series, whose coefficients are Euler's constant and zeta(k) / k.
float lgamma_near_one(float t) {
  float y = 0.0588239787 - t * (0.0555557676 - t * (0.0526316794 - t * 0.05));
  y = 0.0769325164 - t * (0.0714329463 - t * (0.0666687059 - t * (0.0625009551 - t * y)));
  y = 0.111334266 - t * (0.100099458 - t * (0.0909540171 - t * (0.0833538405 - t * y)));
  y = 0.207385551 - t * (0.169557177 - t * (0.144049897 - t * (0.12550967 - t * y)));
  return -t * (0.577215665 - t * (0.822467033 - t * (0.400685634 - t * (0.270580808 - t * y))));
}
float lgamma_positive(float x) {
  if (x < 0.5) return lgamma_near_one(x) - log_any(x);
  if (x < 1.5) return lgamma_near_one(x - 1.0);
  if (x < 2.5) return lgamma_near_one(x - 2.0) + log(x - 1.0);
  float p = 1.0;
  for (int k = 0; k < 6 && x < 8.0; k++) {
    p *= x;
    x += 1.0;
  }
  float q = 1.0 / (x * x); // Stirling
  return (x - 0.5) * log(x) - x + 0.918938533204673 + (1.0 / 12 - q * (1.0 / 360 - q / 1260)) / x - log(p);
}
float lgamma_(float x) {
  if (x != x) return x;
  if (abs(x) == INF || (floatBitsToUint(x) & 0x7fffffffu) == 0u || (x < 0 && floor(x) == x)) return INF;
  if (x > 0) return x > 4.0e36 ? INF : lgamma_positive(x);
  float f = x - floor(x);
  if (x > -1.0e-4) return -log_any(-x) + 0.577215665 * -x;
  return log(PI / abs(sin_cos_(PI * f).x)) - lgamma_positive(1.0 - x);
}
// Reflection below 1/2, recurrence up to 10, then the asymptotic series.
float digamma_(float x) {
  float y = 0;
  if (x == INF) return INF;
  if (x != x || (x <= 0 && floor(x) == x)) return NAN;
  if (x < 0.5) {
    vec2 turn = sin_cos_(PI * (x - floor(x)));
    y = abs(x) < 1.0e-4 ? -1.0 / x : -PI * turn.y / turn.x;
    x = 1.0 - x;
  }
  for (int k = 0; k < 10 && x < 10.0; k++) {
    y -= 1.0 / x;
    x += 1.0;
  }
  float f = 1.0 / (x * x);
  return y + log(x) - 0.5 / x - f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f / 240)));
}
#endif
