/* axis.c - round marks and places of values (viz).
 *
 * Marks stand at multiples of 1, 2 or 5 times a power of ten, about six of them; on a log axis at powers of ten,
 * and at twice and five times them where there are few. */
#include "axis.h"
#include <math.h>
#include <stdio.h>

enum { WANTED = 6 };

static double round_step(double span) {
  double raw = span / WANTED, power = pow(10, floor(log10(raw))), rest = raw / power;
  return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

static void linear_marks(axis *a) {
  double step = round_step(a->high - a->low), first = ceil(a->low / step - 1e-9);
  for (uint32_t i = 0; i < AXIS_MARKS && (first + i) * step <= a->high + step * 1e-9; i++) {
    double v = (first + i) * step;
    a->mark[a->n_marks++] = fabs(v) < step * 1e-9 ? 0 : v;
  }
}

static void log_marks(axis *a) {
  static const double parts[] = {1, 2, 5};
  int decades = (int)(ceil(a->high) - floor(a->low)), every = decades / WANTED + 1;
  size_t n_parts = decades <= 3 ? 3 : 1;
  for (int d = (int)floor(a->low); d <= (int)ceil(a->high); d += every)
    for (size_t k = 0; k < n_parts && a->n_marks < AXIS_MARKS; k++) {
      double v = d + log10(parts[k]);
      if (v >= a->low - 1e-9 && v <= a->high + 1e-9) a->mark[a->n_marks++] = pow(10, v);
    }
}

void axis_init(axis *a, double low, double high, int is_log) {
  *a = (axis){.is_log = is_log};
  if (!(low <= high)) low = is_log ? 1 : 0, high = is_log ? 10 : 1;
  if (is_log) low = log10(low), high = log10(high);
  double span = high - low, least = fabs(high) * 1e-9 + 1e-300;
  if (span < least) {
    double room = is_log ? 0.5 : fabs(high) > 0 ? fabs(high) * 0.1 : 1;
    low -= room;
    high += room;
  }
  a->low = low;
  a->high = high;
  if (is_log)
    log_marks(a);
  else
    linear_marks(a);
}

double axis_place(const axis *a, double value) {
  double v = a->is_log ? log10(value) : value;
  return a->from + (v - a->low) / (a->high - a->low) * (a->to - a->from);
}

const char *axis_text(const axis *a, uint32_t mark, char *buf, size_t size_bytes) {
  double v = a->mark[mark], size = fabs(v);
  if (size >= 1e4 && size < 1e6 && fmod(size, 1000) == 0)
    snprintf(buf, size_bytes, "%gk", v / 1e3);
  else if (size >= 1e6 && size < 1e9)
    snprintf(buf, size_bytes, "%gM", v / 1e6);
  else
    snprintf(buf, size_bytes, "%g", v);
  return buf;
}
