/* vector.c - the vector unit and the activation unit: element by element, in float (plugins/tpu). */
#include "simulator.h"
#include <math.h>

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
static float larger(float a, float b) { return a != a ? a : a > b ? a : b; }
static float smaller(float a, float b) { return a != a ? a : a < b ? a : b; }

static void activate(uint8_t fn, float *y, uint32_t n) {
  for (uint32_t c = 0; c < n && fn == TPU_F_RELU; c++) y[c] = larger(y[c], 0.0f);
  for (uint32_t c = 0; c < n && fn == TPU_F_RELU6; c++) y[c] = smaller(larger(y[c], 0.0f), 6.0f);
  for (uint32_t c = 0; c < n && fn == TPU_F_SIGMOID; c++) y[c] = sigmoid(y[c]);
  for (uint32_t c = 0; c < n && fn == TPU_F_TANH; c++) y[c] = tanhf(y[c]);
}

static void store_real(const tpu_run *r, const tpu_ins *i, uint32_t row) {
  const float *bias = (i->flags & TPU_BIAS) != 0 ? (const float *)(const void *)tpu_run_at(r, &i->b) : NULL;
  const float *acc = r->acc + (size_t)(i->n[S_ACC] + row) * r->lane;
  float *y = (float *)(void *)tpu_run_at(r, &i->dst) + (uint64_t)row * i->n[S_RS];
  for (uint32_t c = 0; c < i->n[S_COLS]; c++) y[c] = bias != NULL ? acc[c] + bias[c] : acc[c];
  activate(i->fn, y, i->n[S_COLS]);
}

/* One column's line of the table: what is added, what it is multiplied with and shifted by, or its real scale. */
typedef struct column {
  int32_t bias, multiplier;
  uint32_t shift;
  float scale;
} column;

/* (acc + bias) * multiplier / 2^shift, to nearest, ties up; then the zero point; then the limits. */
static int8_t requantize(const tpu_ins *i, const column *t, int32_t acc) {
  int32_t sum = (int32_t)((uint32_t)acc + (uint32_t)t->bias);
  uint32_t shift = t->shift < 1 ? 1 : t->shift > 62 ? 62 : t->shift;
  int64_t product = (int64_t)sum * t->multiplier, half = (int64_t)1 << (shift - 1);
  int64_t scaled = (product > INT64_MAX - half ? INT64_MAX : product + half) >> shift;
  int32_t low = (int32_t)i->n[S_LOW], high = (int32_t)i->n[S_HIGH];
  scaled += (int32_t)i->n[S_ZERO];
  scaled = scaled < low ? low : scaled > high ? high : scaled;
  return (int8_t)(scaled < -128 ? -128 : scaled > 127 ? 127 : scaled);
}

static void store_whole(const tpu_run *r, const tpu_ins *i, uint32_t row) {
  uint8_t *y = tpu_run_at(r, &i->dst);
  const column *table = (const column *)(const void *)tpu_run_at(r, &i->b);
  const float *acc = r->acc + (size_t)(i->n[S_ACC] + row) * r->lane;
  uint64_t at = (uint64_t)row * i->n[S_RS];
  for (uint32_t c = 0; c < i->n[S_COLS]; c++) {
    int32_t sum = (int32_t)tpu_float_bits(acc[c]);
    if ((i->flags & TPU_REAL) == 0)
      ((int8_t *)y)[at + c] = requantize(i, &table[c], sum);
    else
      ((float *)(void *)y)[at + c] = (float)(int32_t)((uint32_t)sum + (uint32_t)table[c].bias) * table[c].scale;
  }
}

typedef struct job {
  const tpu_run *r;
  const tpu_ins *i;
} job;
static void store_rows(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const job *j = arg;
  (void)worker;
  for (uint64_t row = lo; row < hi; row++) {
    if (j->r->m->arithmetic == TPU_BF16)
      store_real(j->r, j->i, (uint32_t)row);
    else
      store_whole(j->r, j->i, (uint32_t)row);
  }
}
/* What may overlap is written by one thread, in order. */
void tpu_run_store(const tpu_run *r, const tpu_ins *i) {
  const rn_host_api *h = r->p->host;
  job j = {r, i};
  uint64_t rows = i->n[S_ROWS];
  int alone =
      i->n[S_RS] < i->n[S_COLS] || ((i->flags & TPU_BIAS) != 0 && i->b.space == i->dst.space && i->b.io == i->dst.io);
  h->parallel_for(h->ctx, rows, alone ? rows : 1 + 16384 / (uint64_t)i->n[S_COLS], store_rows, &j);
}

/* --------------------------------------------------------------------------------------- vector */
#define EACH(name, formula)                                                          \
  static void name(const uint32_t *n, float *y, const float *p, const float *q) {    \
    const float imm = tpu_bits_float(n[V_IMM]);                                      \
    const uint64_t ds = n[V_DCS], as = n[V_ACS], bs = n[V_BCS];                      \
    (void)imm, (void)p, (void)q, (void)as, (void)bs;                                 \
    for (uint64_t r = 0; r < n[V_ROWS]; r++)                                         \
      for (uint64_t c = 0; c < n[V_COLS]; c++) y[r * n[V_DRS] + c * ds] = (formula); \
  }
#define A p[r * n[V_ARS] + c * as]
#define B q[r * n[V_BRS] + c * bs]
EACH(fill, imm)
EACH(copy, A)
EACH(neg, -A)
EACH(relu, larger(A, 0.0f))
EACH(relu6, smaller(larger(A, 0.0f), 6.0f))
EACH(sigm, sigmoid(A))
EACH(hyper, tanhf(A))
EACH(expo, expf(A))
EACH(loga, logf(A))
EACH(root, sqrtf(A))
EACH(rroot, 1.0f / sqrtf(A))
EACH(square, A *A)
EACH(flo, floorf(A))
EACH(absolute, fabsf(A))
EACH(scale, A *imm)
EACH(offset, A + imm)
EACH(add, A + B)
EACH(sub, A - B)
EACH(mul, A *B)
EACH(quotient, A / B)
EACH(max, larger(A, B))
EACH(min, smaller(A, B))
EACH(relu_grad, B > 0.0f ? A : 0.0f)
EACH(relu6_grad, B > 0.0f && B < 6.0f ? A : 0.0f)
EACH(sigmoid_grad, A *B *(1.0f - B))
EACH(tanh_grad, A *(1.0f - B * B))
#undef A
#undef B
static void (*const each[TPU_N_VECTOR])(const uint32_t *, float *, const float *, const float *) = {
    [TPU_V_FILL] = fill,
    [TPU_V_COPY] = copy,
    [TPU_V_NEG] = neg,
    [TPU_V_RELU] = relu,
    [TPU_V_RELU6] = relu6,
    [TPU_V_SIGMOID] = sigm,
    [TPU_V_TANH] = hyper,
    [TPU_V_EXP] = expo,
    [TPU_V_LOG] = loga,
    [TPU_V_SQRT] = root,
    [TPU_V_RSQRT] = rroot,
    [TPU_V_SQUARE] = square,
    [TPU_V_FLOOR] = flo,
    [TPU_V_ABS] = absolute,
    [TPU_V_SCALE] = scale,
    [TPU_V_OFFSET] = offset,
    [TPU_V_ADD] = add,
    [TPU_V_SUB] = sub,
    [TPU_V_MUL] = mul,
    [TPU_V_DIV] = quotient,
    [TPU_V_MAX] = max,
    [TPU_V_MIN] = min,
    [TPU_V_RELU_GRAD] = relu_grad,
    [TPU_V_RELU6_GRAD] = relu6_grad,
    [TPU_V_SIGMOID_GRAD] = sigmoid_grad,
    [TPU_V_TANH_GRAD] = tanh_grad};

void tpu_run_vector(const tpu_run *r, const tpu_ins *i) {
  const float *a = i->fn >= TPU_V_COPY ? (const float *)(const void *)tpu_run_at(r, &i->a) : NULL;
  const float *b = i->fn >= TPU_V_ADD ? (const float *)(const void *)tpu_run_at(r, &i->b) : NULL;
  each[i->fn](i->n, (float *)(void *)tpu_run_at(r, &i->dst), a, b);
}

void tpu_run_reduce(const tpu_run *r, const tpu_ins *i) {
  uint64_t outer = i->n[R_OUTER], mid = i->n[R_MID], inner = i->n[R_INNER];
  const float *x = (const float *)(const void *)tpu_run_at(r, &i->a);
  float *y = (float *)(void *)tpu_run_at(r, &i->dst);
  for (uint64_t o = 0; o < outer; o++, y += inner) {
    const float *from = x + o * mid * inner;
    for (uint64_t k = 0; k < inner; k++) y[k] = from[k];
    for (uint64_t m = 1; m < mid; m++)
      for (uint64_t k = 0; k < inner; k++) {
        float v = from[m * inner + k];
        y[k] = i->fn == TPU_R_MAX ? larger(y[k], v) : y[k] + v;
      }
    if (i->fn != TPU_R_MEAN) continue;
    for (uint64_t k = 0; k < inner; k++) y[k] = y[k] / (float)mid;
  }
}

void tpu_run_onehot(const tpu_run *r, const tpu_ins *i) {
  const int32_t *label = (const int32_t *)(const void *)tpu_run_at(r, &i->a);
  float *y = (float *)(void *)tpu_run_at(r, &i->dst);
  for (uint64_t row = 0; row < i->n[O_ROWS]; row++)
    for (uint32_t c = 0; c < i->n[O_COLS]; c++)
      y[row * i->n[O_COLS] + c] = label[row] >= 0 && (uint32_t)label[row] == c ? 1.0f : 0.0f;
}
