/* histogram.c - a histogram as what a page draws of it: bins of equal width and quantiles (viz/report).
 *
 * Event files have buckets that grow exponentially from zero, most of them empty. Within a bucket the values are taken
 * as spread evenly, as TensorBoard does. */
#include <math.h>
#include "gather.h"

enum { BINS = 40 };
static const double quantile[] = {0.0668, 0.1587, 0.3085, 0.5, 0.6915, 0.8413, 0.9332};

typedef struct bucket {
  double from, to, count;
} bucket;
/* Bucket i, cut to what lies between min and max. count 0: nothing, or no numbers. */
static bucket bucket_at(const rn_histogram *h, uint32_t i) {
  bucket b = {i > 0 ? h->limit[i - 1] : h->min, h->limit[i], h->bucket[i]};
  if (!(b.from > h->min)) b.from = h->min;
  if (!(b.to < h->max)) b.to = h->max;
  if (!(b.count > 0) || !isfinite(b.count) || !(b.to >= b.from)) b.count = 0;
  return b;
}

static void fill_bins(const rn_histogram *h, double *bin) {
  double width = (h->max - h->min) / BINS;
  for (uint32_t i = 0; i < h->n_buckets; i++) {
    bucket b = bucket_at(h, i);
    if (b.count == 0) continue;
    double first = (b.from - h->min) / width, last = (b.to - h->min) / width;
    for (int k = (int)first; k < BINS && k <= (int)last; k++) {
      double from = first > k ? first : k, to = last < k + 1 ? last : k + 1;
      if (last > first) bin[k] += b.count * (to - from) / (last - first);
    }
    if (!(last > first)) bin[first < BINS ? (int)first : BINS - 1] += b.count;
  }
}

static double total_of(const rn_histogram *h) {
  double total = 0;
  for (uint32_t i = 0; i < h->n_buckets; i++) total += bucket_at(h, i).count;
  return total;
}

static void print_quantiles(const rn_histogram *h, double total, json *j) {
  double seen = 0;
  uint32_t at = 0;
  json_begin(j, "quantiles", '[');
  for (size_t q = 0; q < sizeof quantile / sizeof *quantile; q++) {
    double wanted = quantile[q] * total;
    while (at + 1 < h->n_buckets && seen + bucket_at(h, at).count < wanted) seen += bucket_at(h, at++).count;
    bucket b = h->n_buckets != 0 ? bucket_at(h, at) : (bucket){h->min, h->max, 0};
    double part = b.count > 0 ? (wanted - seen) / b.count : 0;
    json_number(j, NULL, b.from + (part < 0 ? 0 : part > 1 ? 1 : part) * (b.to - b.from));
  }
  json_end(j, ']');
}

void histogram_print(const rn_event *e, json *j) {
  const rn_histogram *h = e->histogram;
  double bin[BINS] = {0}, total = total_of(h);
  int is_spread = isfinite(h->min) && isfinite(h->max) && h->max > h->min && isfinite(h->max - h->min) &&
                  (h->max - h->min) / BINS > 0;
  if (is_spread) fill_bins(h, bin);
  json_begin(j, NULL, '{');
  json_whole(j, "step", e->step);
  json_number(j, "min", h->min);
  json_number(j, "max", h->max);
  json_number(j, "count", h->count);
  json_number(j, "mean", h->count > 0 ? h->sum / h->count : NAN);
  print_quantiles(h, total, j);
  json_begin(j, "bins", '[');
  for (int i = 0; is_spread && i < BINS; i++) json_number(j, NULL, bin[i]);
  if (!is_spread) json_number(j, NULL, total);
  json_end(j, ']');
  json_end(j, '}');
}
