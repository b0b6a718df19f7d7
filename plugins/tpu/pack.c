/* pack.c - weights rounded per column (plugins/tpu).
 *
 *   w[k][c] = ws[c] q[k][c],  ws[c] = max |w[][c]| / 127
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

void tpu_pack_weights(const tpu_pack *p, const float *weights, const float *bias, uint8_t *memory) {
  int8_t *q = (int8_t *)memory + p->weights_at;
  for (uint64_t c = 0; c < p->n; c++) {
    float most = 0;
    int64_t sum = 0;
    for (uint64_t k = 0; k < p->k; k++) most = fmaxf(most, fabsf(weights[k * p->n + c]));
    float scale = most > 0 && most < INFINITY ? most / 127.0f : 1.0f;
    for (uint64_t k = 0; k < p->k; k++) {
      float x = rintf(weights[k * p->n + c] / scale);
      int8_t w = (int8_t)(x != x ? 0 : x > 127 ? 127 : x < -127 ? -127 : (int)x);
      q[k * p->n + c] = w;
      sum += w;
    }
    line l = line_of(p, (double)p->in.scale * (double)scale, bias != NULL ? (double)bias[c] : 0, sum);
    memcpy(memory + p->table_at + c * TPU_COLUMN_BYTES, &l, sizeof l);
  }
}
