/* histogram.c - HistogramSummary: how the values of a tensor are spread (plugins/summaries).
 *
 * Bucket limits grow by a tenth from 1e-12 to 1e20 on both sides of zero, as in TensorFlow's
 * core/lib/histogram; runs of empty buckets are written as one. A value counts in the first bucket whose
 * limit is greater. */
#include "summaries.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { MOST_SIDE = 800 };
typedef struct spread {
  double limit[2 * MOST_SIDE + 1], count[2 * MOST_SIDE + 1];
  uint32_t n;
  double least, most, num, sum, squares;
} spread;

static void lay_out(spread *s) {
  double side[MOST_SIDE];
  uint32_t n = 0;
  for (double v = 1e-12; v < 1e20; v *= 1.1) side[n++] = v;
  side[n++] = DBL_MAX;
  memset(s, 0, sizeof *s);
  for (uint32_t i = 0; i < n; i++) s->limit[i] = -side[n - 1 - i];
  for (uint32_t i = 0; i < n; i++) s->limit[n + 1 + i] = side[i];
  s->n = 2 * n + 1;
  s->least = DBL_MAX;
  s->most = -DBL_MAX;
}

static void add(spread *s, double v) {
  uint32_t lo = 0, hi = s->n - 1; /* the first limit > v; the last takes what is left */
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (s->limit[mid] > v)
      hi = mid;
    else
      lo = mid + 1;
  }
  s->count[lo] += 1;
  if (v < s->least) s->least = v;
  if (v > s->most) s->most = v;
  s->num += 1;
  s->sum += v;
  s->squares += v * v;
}

static void put_plain(io_buffer *b, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  io_put_fixed(b, 8, bits);
}

static void put_spread(const spread *s, io_buffer *b) {
  io_buffer limits = {0}, counts = {0};
  sum_put_double(b, 1, s->least);
  sum_put_double(b, 2, s->most);
  sum_put_double(b, 3, s->num);
  sum_put_double(b, 4, s->sum);
  sum_put_double(b, 5, s->squares);
  for (uint32_t i = 0; i < s->n;) {
    uint32_t last = i;
    while (s->count[i] <= 0 && last + 1 < s->n && s->count[last + 1] <= 0) last++;
    put_plain(&limits, s->limit[last]);
    put_plain(&counts, s->count[last]);
    i = last + 1;
  }
  io_put_body(b, 6, limits.data, limits.size);
  io_put_body(b, 7, counts.data, counts.size);
  if (limits.failed || counts.failed) b->failed = 1;
  io_drop(&limits);
  io_drop(&counts);
}

static rn_status *fill(rn_call *c, rn_bytes tag, uint32_t values, spread *s) {
  for (uint64_t i = 0; i < sum_count(c->in[values]); i++) {
    double v = sum_number(c->in[values], i);
    if (!isfinite(v))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "'%.*s': element %llu is %s; a histogram takes finite numbers",
                      (int)(tag.size < 200 ? tag.size : 200), tag.data, (unsigned long long)i,
                      isnan(v) ? "NaN" : "infinite");
    add(s, v);
  }
  return NULL;
}

rn_status *sum_histogram(rn_call *c, uint32_t tag, uint32_t values, io_buffer *out) {
  io_buffer body = {0};
  sum_value v = {.part = SUM_HISTOGRAM, .body = &body};
  RN_TRY(sum_tag(c, tag, &v.tag));
  spread *s = malloc(sizeof *s);
  if (s == NULL) return sum_no_memory(c->host);
  lay_out(s);
  rn_status *bad = fill(c, v.tag, values, s);
  if (bad == NULL) {
    put_spread(s, &body);
    sum_put_value(out, &v);
    if (out->failed) bad = sum_no_memory(c->host);
  }
  io_drop(&body);
  free(s);
  return bad;
}

static rn_status *compute(const void *state, rn_call *c) {
  io_buffer b = {0};
  (void)state;
  rn_status *s = sum_histogram(c, 0, 1, &b);
  if (s == NULL) s = sum_give(c, &b);
  io_drop(&b);
  return s;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
                                 .name = "HistogramSummary",
                                 .signature = "(tag: string, values: T) -> (summary: string); " SUM_NUMBERS_OR_FLOAT,
                                 .doc = "A Summary with the histogram of a tensor.",
                                 .infer = sum_infer_scalar}};
static const rn_kernel_def kernels[] = {SUM_KERNEL("HistogramSummary", compute)};
const rn_group sum_histogram_group = {
    .struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
