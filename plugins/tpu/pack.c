/* pack.c - weights rounded per column (plugins/tpu).
 *
 *   w[k][c] = ws[c] q[k][c],  ws[c] = max |w[][c]| / 127, or FakeQuant's scale and steps
 *   y[c] = in.scale ws[c] (sum (x - in.zero) q[][c]) + bias[c] = in.scale ws[c] (sum x q[][c] + b[c])
 *   b[c] = round(bias[c] / (in.scale ws[c])) - in.zero sum q[][c]
 *   in.scale ws[c] / out.scale = multiplier / 2^shift, multiplier in [2^30, 2^31) */
#include "pack.h"
#include <math.h>

typedef struct line {
  int32_t bias, multiplier;
  uint32_t shift;
  float scale;
} line;

static int32_t limited(double x) { return x > 2147483647.0 ? INT32_MAX : x < -2147483648.0 ? INT32_MIN : (int32_t)x; }

static line line_of(const tpu_pack *p, double scale, double bias, int64_t sum) {
  int exponent = 0;
  double ratio = scale / (double)p->out.scale, half = frexp(ratio, &exponent), multiplier = rint(half * 2147483648.0);
  if (multiplier >= 2147483648.0) multiplier /= 2, exponent++;
  int shift = 31 - exponent;
  if (shift > 62) multiplier = 0, shift = 62; /* too small to be seen */
  if (shift < 1) multiplier = 2147483647.0, shift = 1;
  double b = rint(bias / scale) - (double)p->in.zero * (double)sum;
  return (line){limited(b), (int32_t)multiplier, (uint32_t)shift, (float)scale};
}

/* Rounds a column's elements one by one. */
typedef struct rounder {
  const tpu_pack *p;
  tpu_steps steps; /* FakeQuant */
  float scale;
} rounder;

static rounder rounder_of(const tpu_pack *p, const tpu_pack_inputs *from, uint64_t c) {
  rounder r = {.p = p, .scale = 1.0f};
  uint64_t at = p->per_channel ? c : 0;
  float most = 0;
  if (p->top != 0) {
    r.steps = tpu_fake_steps(p->bottom, p->top, from->min != NULL ? from->min[at] : p->low,
                             from->max != NULL ? from->max[at] : p->high, from->min == NULL);
    r.scale = r.steps.scale;
    return r;
  }
  for (uint64_t k = 0; k < p->k; k++) most = fmaxf(most, fabsf(from->weights[k * p->n + c]));
  if (most > 0 && most < INFINITY) r.scale = most / 127.0f;
  return r;
}
static int32_t rounded(const rounder *r, float w) {
  if (r->p->top != 0) return tpu_fake_step(&r->steps, w);
  float x = rintf(w / r->scale);
  return x != x ? 0 : x > 127 ? 127 : x < -127 ? -127 : (int32_t)x;
}

void tpu_pack_weights(const tpu_pack *p, const tpu_pack_inputs *from, uint8_t *memory) {
  int8_t *q = (int8_t *)memory + p->weights_at;
  for (uint64_t c = 0; c < p->n; c++) {
    rounder r = rounder_of(p, from, c);
    int64_t sum = 0;
    for (uint64_t k = 0; k < p->k; k++) {
      int32_t w = rounded(&r, from->weights[k * p->n + c]), first = w < -128 ? -128 : w > 127 ? 127 : w;
      q[k * p->n + c] = (int8_t)first;
      if (p->parts == 2) q[(p->k + k) * p->n + c] = (int8_t)(w - first);
      sum += p->parts == 2 ? w : first;
    }
    line l = line_of(p, (double)p->in.scale * (double)r.scale, from->bias != NULL ? (double)from->bias[c] : 0, sum);
    memcpy(memory + p->table_at + c * TPU_COLUMN_BYTES, &l, sizeof l);
  }
}
