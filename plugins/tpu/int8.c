/* int8.c - int8 element by element: rounded, looked up, added, multiplied (plugins/tpu).
 *
 * A value is scale (q - zero). The sums here cannot overflow: zero points are int8, multipliers 32 bits. */
#include <math.h>
#include "simulator.h"

static int8_t limited(int64_t x, const tpu_ins *i, int low, int high) {
  int64_t lo = (int32_t)i->n[low], hi = (int32_t)i->n[high];
  x = x < lo ? lo : x > hi ? hi : x;
  return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
}

static int8_t quantized(float x, const tpu_ins *i) {
  float q = rintf(x * tpu_bits_float(i->n[Q_SCALE])) + (float)(int32_t)i->n[Q_ZERO];
  int64_t whole = q != q ? (int32_t)i->n[Q_ZERO] : q < -1000.0f ? -1000 : q > 1000.0f ? 1000 : (int64_t)q;
  return limited(whole, i, Q_LOW, Q_HIGH);
}

void tpu_run_convert(const tpu_run *r, const tpu_ins *i) {
  uint8_t *y = tpu_run_at(r, &i->dst);
  const uint8_t *x = tpu_run_at(r, &i->a);
  float scale = tpu_bits_float(i->n[Q_SCALE]);
  int64_t zero = (int32_t)i->n[Q_ZERO];
  for (uint32_t k = 0; k < i->n[Q_COUNT]; k++) {
    if (i->op == TPU_QUANTIZE)
      ((int8_t *)y)[k] = quantized(((const float *)(const void *)x)[k], i);
    else
      ((float *)(void *)y)[k] = (float)(((const int8_t *)x)[k] - zero) * scale;
  }
}

void tpu_run_lookup(const tpu_run *r, const tpu_ins *i) {
  uint8_t *y = tpu_run_at(r, &i->dst);
  const uint8_t *x = tpu_run_at(r, &i->a), *table = tpu_run_at(r, &i->b);
  for (uint64_t row = 0; row < i->n[K_ROWS]; row++)
    for (uint64_t c = 0; c < i->n[K_COLS]; c++)
      y[row * i->n[K_DRS] + c] = table[(uint8_t)(x[row * i->n[K_ARS] + c] + 128u)];
}

/* add: ((a - za) ma + (b - zb) mb) / 2^shift; mul: (a - za) (b - zb) ma / 2^shift; to nearest, ties up; then the zero
 * point, then the limits. */
void tpu_run_combine(const tpu_run *r, const tpu_ins *i) {
  const uint32_t *n = i->n;
  const int8_t *a = (const int8_t *)tpu_run_at(r, &i->a), *b = (const int8_t *)tpu_run_at(r, &i->b);
  int8_t *y = (int8_t *)tpu_run_at(r, &i->dst);
  const int64_t za = (int32_t)n[C_ZA], zb = (int32_t)n[C_ZB], ma = (int32_t)n[C_MA], mb = (int32_t)n[C_MB],
                half = (int64_t)1 << (n[C_SHIFT] - 1);
  for (uint64_t row = 0; row < n[C_ROWS]; row++)
    for (uint64_t c = 0; c < n[C_COLS]; c++) {
      int64_t p = a[row * n[C_ARS] + c * n[C_ACS]] - za, q = b[row * n[C_BRS] + c * n[C_BCS]] - zb;
      int64_t sum = i->fn == TPU_C_ADD ? p * ma + q * mb : p * q * ma;
      y[row * n[C_DRS] + c] = limited(((sum + half) >> n[C_SHIFT]) + (int32_t)n[C_ZERO], i, C_LOW, C_HIGH);
    }
}
