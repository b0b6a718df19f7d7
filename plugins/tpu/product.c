/* product.c - matmul: the left side gathered, four rows at a time through the loops (plugins/tpu).
 *
 * Rows are independent, so the host's threads share them and the bits do not depend on how many there are. */
#include "simulator.h"

static const tpu_products *products = &tpu_products_v1;
const tpu_products *tpu_products_now(void) { return products; }
void tpu_choose_products(uint64_t cpu_features) {
#if defined(__x86_64__)
  products = (cpu_features & RN_CPU_AVX512) != 0 ? &tpu_products_v4
             : (cpu_features & RN_CPU_AVX2) != 0 ? &tpu_products_v3
                                                 : &tpu_products_v1;
#else
  (void)cpu_features;
#endif
}

/* ---------------------------------------------------------------------------------- gathering */
static float whole(int8_t x) { return tpu_bits_float((uint32_t)(int32_t)x); }

/* n elements, `stride` apart, as the array sees them. */
static void bring(const tpu_run *r, const void *from, uint64_t at, uint64_t stride, float *to, uint32_t n) {
  const float *real = (const float *)from + (r->m->arithmetic == TPU_BF16 ? at : 0);
  const int8_t *integer = (const int8_t *)from + at;
  if (r->m->arithmetic == TPU_INT8)
    for (uint32_t k = 0; k < n; k++) to[k] = whole(integer[k * stride]);
  else if (stride == 1)
    for (uint32_t k = 0; k < n; k++) to[k] = tpu_to_bf16(real[k]);
  else
    for (uint32_t k = 0; k < n; k++) to[k] = tpu_to_bf16(real[k * stride]);
}
static void pad(const tpu_run *r, const uint32_t *w, float *to, uint32_t n) {
  float value = r->m->arithmetic == TPU_BF16 ? 0.0f : tpu_bits_float(w[W_PAD]);
  for (uint32_t k = 0; k < n; k++) to[k] = value;
}

/* Where a pixel of window (oy, ox) lies in its image; 0: in the padding. */
static int inside(const uint32_t *w, uint64_t oy, uint64_t ox, uint64_t ky, uint64_t kx, uint64_t *out) {
  int64_t y = (int64_t)(oy * w[W_SH] + ky * w[W_DH]) - w[W_PT], x = (int64_t)(ox * w[W_SW] + kx * w[W_DW]) - w[W_PL];
  if (y < 0 || x < 0 || y >= w[W_H] || x >= w[W_W]) return 0;
  *out = ((uint64_t)y * w[W_W] + (uint64_t)x) * w[W_C];
  return 1;
}

/* Elements [col, col + n) of the patch of window `row`: whole runs of channels. */
static void patch_row(const tpu_run *r, const uint32_t *w, const void *from, uint64_t row, uint64_t col, float *to,
                      uint32_t n) {
  uint64_t per_image = (uint64_t)w[W_OH] * w[W_OW], in_image = row % per_image, at,
           image = row / per_image * w[W_H] * w[W_W] * w[W_C];
  while (n > 0) {
    uint64_t c = col % w[W_C], kernel = col / w[W_C];
    uint32_t run = w[W_C] - (uint32_t)c < n ? w[W_C] - (uint32_t)c : n;
    if (inside(w, in_image / w[W_OW], in_image % w[W_OW], kernel / w[W_KW], kernel % w[W_KW], &at))
      bring(r, from, image + at + c, 1, to, run);
    else
      pad(r, w, to, run);
    to += run, col += run, n -= run;
  }
}

/* Element (ky, kx, c) of the patches of n windows side by side, the first at (oy, ox): what lies in the image is one
 * strided run. */
typedef struct element {
  uint64_t ky, kx, c;
} element;
static void side_by_side(const tpu_run *r, const uint32_t *w, const void *from, element e, uint64_t image, uint64_t oy,
                         uint64_t ox, float *to, uint32_t n) {
  uint32_t lo = 0, hi = n;
  uint64_t at = 0;
  while (lo < n && !inside(w, oy, ox + lo, e.ky, e.kx, &at)) lo++;
  while (hi > lo && !inside(w, oy, ox + hi - 1, e.ky, e.kx, &at)) hi--;
  pad(r, w, to, lo);
  pad(r, w, to + hi, n - hi);
  if (lo == hi) return;
  (void)inside(w, oy, ox + lo, e.ky, e.kx, &at);
  bring(r, from, image * w[W_H] * w[W_W] * w[W_C] + at + e.c, (uint64_t)w[W_SW] * w[W_C], to + lo, hi - lo);
}

/* Element `elem` of the patches of windows [window, window + n). */
static void patch_column(const tpu_run *r, const uint32_t *w, const void *from, uint64_t elem, uint64_t window,
                         float *to, uint32_t n) {
  element e = {elem / w[W_C] / w[W_KW], elem / w[W_C] % w[W_KW], elem % w[W_C]};
  uint64_t ox = window % w[W_OW], oy = window / w[W_OW] % w[W_OH], image = window / w[W_OW] / w[W_OH];
  while (n > 0) {
    uint32_t run = w[W_OW] - (uint32_t)ox < n ? w[W_OW] - (uint32_t)ox : n;
    side_by_side(r, w, from, e, image, oy, ox, to, run);
    to += run, n -= run;
    ox = 0;
    if (++oy == w[W_OH]) oy = 0, image++;
  }
}

void tpu_gather(const tpu_run *r, const tpu_ins *i, uint64_t lo, uint64_t hi, float *to, uint32_t ld) {
  const uint32_t *n = i->n, *w = i->slot != 0 ? r->window[i->slot]->n : NULL;
  const void *from = tpu_run_at(r, &i->a);
  for (uint64_t row = lo; row < hi; row++, to += ld) {
    if (w == NULL)
      bring(r, from, row * n[M_RS], n[M_CS], to, n[M_K]);
    else if ((i->flags & TPU_TRANSPOSED) == 0)
      patch_row(r, w, from, row + n[M_ROW0], n[M_COL0], to, n[M_K]);
    else
      patch_column(r, w, from, row + n[M_ROW0], n[M_COL0], to, n[M_K]);
  }
}

/* ------------------------------------------------------------------------------------ product */
typedef struct job {
  const tpu_run *r;
  const tpu_ins *i;
  const float *tile;
} job;

static void add(const tpu_run *r, float *to, const float *sum, int keep) {
  for (uint32_t c = 0; c < r->lane; c++) {
    if (r->m->arithmetic == TPU_BF16)
      to[c] = keep ? to[c] + sum[c] : sum[c];
    else
      to[c] = tpu_bits_float(keep ? tpu_float_bits(to[c]) + tpu_float_bits(sum[c]) : tpu_float_bits(sum[c]));
  }
}

/* Four rows; those that do not exist are worked on in scratch. */
static void four(const job *j, uint64_t row, uint32_t rows) {
  const tpu_run *r = j->r;
  const tpu_ins *i = j->i;
  float x[4][TPU_MAX_ARRAY], spare[4][TPU_MAX_ARRAY];
  float *acc = r->acc + (i->n[M_ACC] + row) * r->lane;
  int keep = (i->flags & TPU_ACCUMULATE) != 0, integers = r->m->arithmetic == TPU_INT8;
  if (rows < 4) memset(x, 0, sizeof x);
  tpu_gather(r, i, row, row + rows, x[0], TPU_MAX_ARRAY);
  tpu_product product = integers ? products->whole : products->real;
  uint32_t cols = (i->n[M_COLS] + 31) / 32 * 32; /* the tile is zero beyond */
  if (rows == 4) {
    product(x[0], TPU_MAX_ARRAY, i->n[M_K], j->tile, acc, r->lane, cols, keep);
    for (uint32_t k = 0; k < 4 && !keep; k++)
      memset(acc + (size_t)k * r->lane + cols, 0, (r->lane - cols) * sizeof *acc);
    return;
  }
  memset(spare, 0, sizeof spare);
  product(x[0], TPU_MAX_ARRAY, i->n[M_K], j->tile, spare[0], r->lane, cols, 0);
  for (uint32_t k = 0; k < rows; k++) add(r, acc + (size_t)k * r->lane, spare[0] + (size_t)k * r->lane, keep);
}

static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const job *j = arg;
  (void)worker;
  for (uint64_t b = lo; b < hi; b++) {
    uint32_t left = j->i->n[M_ROWS] - (uint32_t)(4 * b);
    four(j, 4 * b, left < 4 ? left : 4);
  }
}

void tpu_run_matmul(tpu_run *r, const tpu_ins *i) {
  const rn_host_api *h = r->p->host;
  job j = {r, i, r->tile + (size_t)r->queue_at * r->m->array_rows * r->lane};
  uint64_t blocks = ((uint64_t)i->n[M_ROWS] + 3) / 4, products_each = 4 * (uint64_t)i->n[M_K] * r->lane;
  r->queue_at = (r->queue_at + 1) % r->m->fifo_tiles;
  r->queued--;
  if (r->cells)
    tpu_cells(r, i, j.tile);
  else
    h->parallel_for(h->ctx, blocks, 1 + (1 << 18) / products_each, piece, &j);
}
