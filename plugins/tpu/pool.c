/* pool.c - windows over images that are no product: pools, their gradients, patches added back (plugins/tpu).
 *
 * An average counts what lies inside the image; the gradient of a maximum goes to the first largest. */
#include "simulator.h"
#include <math.h>

/* The part of window (oy, ox) inside the image; dilation 1 for pools. */
typedef struct box {
  int64_t y0, y1, x0, x1;
} box;
static box box_of(const uint32_t *n, uint32_t oy, uint32_t ox) {
  int64_t y = (int64_t)oy * n[W_SH] - n[W_PT], x = (int64_t)ox * n[W_SW] - n[W_PL];
  box b = {y, y + n[W_KH], x, x + n[W_KW]};
  if (b.y0 < 0) b.y0 = 0;
  if (b.x0 < 0) b.x0 = 0;
  if (b.y1 > n[W_H]) b.y1 = n[W_H];
  if (b.x1 > n[W_W]) b.x1 = n[W_W];
  return b;
}
static size_t pixel(const uint32_t *n, uint32_t image, int64_t y, int64_t x) {
  return (((size_t)image * n[W_H] + (size_t)y) * n[W_W] + (size_t)x) * n[W_C];
}

typedef struct job {
  const tpu_run *r;
  const tpu_ins *i;
  const uint32_t *n;
} job;

/* y[c] over the window, element by element in the order of its pixels. */
static void pooled(const float *x, const uint32_t *n, uint32_t image, box b, int max, float *y) {
  float count = (float)((b.y1 - b.y0) * (b.x1 - b.x0));
  for (uint32_t c = 0; c < n[W_C]; c++) y[c] = max ? -INFINITY : 0.0f;
  for (int64_t v = b.y0; v < b.y1; v++)
    for (int64_t k = b.x0; k < b.x1; k++) {
      const float *from = x + pixel(n, image, v, k);
      for (uint32_t c = 0; c < n[W_C] && max; c++) y[c] = from[c] > y[c] || from[c] != from[c] ? from[c] : y[c];
      for (uint32_t c = 0; c < n[W_C] && !max; c++) y[c] += from[c];
    }
  for (uint32_t c = 0; c < n[W_C] && !max; c++) y[c] /= count;
}

static void largest(const int8_t *x, const uint32_t *n, uint32_t image, box b, int8_t *y) {
  memset(y, -128, n[W_C]);
  for (int64_t v = b.y0; v < b.y1; v++)
    for (int64_t k = b.x0; k < b.x1; k++) {
      const int8_t *from = x + pixel(n, image, v, k);
      for (uint32_t c = 0; c < n[W_C]; c++)
        if (from[c] > y[c]) y[c] = from[c];
    }
}

/* The mean of the pixels inside the image, to nearest, ties up. */
static void mean(const int8_t *x, const uint32_t *n, uint32_t image, box b, int8_t *y) {
  int64_t count = (b.y1 - b.y0) * (b.x1 - b.x0);
  for (uint32_t c = 0; c < n[W_C]; c++) {
    int64_t sum = 0;
    for (int64_t v = b.y0; v < b.y1; v++)
      for (int64_t k = b.x0; k < b.x1; k++) sum += x[pixel(n, image, v, k) + c];
    int64_t shifted = 2 * sum + count + 256 * count; /* positive, so that the division rounds down */
    y[c] = 0;
    if (count > 0) y[c] = (int8_t)(shifted / (2 * count) - 128);
  }
}

static void forward(const job *j, uint32_t image) {
  const uint32_t *n = j->n;
  uint8_t *y = tpu_run_at(j->r, &j->i->dst);
  const uint8_t *x = tpu_run_at(j->r, &j->i->a);
  size_t at = (size_t)image * n[W_OH] * n[W_OW] * n[W_C];
  for (uint32_t oy = 0; oy < n[W_OH]; oy++)
    for (uint32_t ox = 0; ox < n[W_OW]; ox++, at += n[W_C]) {
      box b = box_of(n, oy, ox);
      if (j->r->m->arithmetic == TPU_INT8 && j->i->fn == TPU_P_AVERAGE)
        mean((const int8_t *)x, n, image, b, (int8_t *)y + at);
      else if (j->r->m->arithmetic == TPU_INT8)
        largest((const int8_t *)x, n, image, b, (int8_t *)y + at);
      else
        pooled((const float *)(const void *)x, n, image, b, j->i->fn == TPU_P_MAX, (float *)(void *)y + at);
    }
}

static void back_one(const job *j, uint32_t image, box b, uint32_t c, const float *x, float dy, float *dx) {
  const uint32_t *n = j->n;
  size_t best = SIZE_MAX;
  float share = dy / (float)((b.y1 - b.y0) * (b.x1 - b.x0));
  for (int64_t y = b.y0; y < b.y1; y++)
    for (int64_t k = b.x0; k < b.x1; k++) {
      size_t at = pixel(n, image, y, k) + c;
      if (j->i->fn == TPU_P_AVERAGE)
        dx[at] += share;
      else if (best == SIZE_MAX || x[at] > x[best])
        best = at;
    }
  if (best != SIZE_MAX) dx[best] += dy;
}

static void backward(const job *j, uint32_t image) {
  const uint32_t *n = j->n;
  float *dx = (float *)(void *)tpu_run_at(j->r, &j->i->dst);
  const float *x = j->i->fn == TPU_P_MAX ? (const float *)(const void *)tpu_run_at(j->r, &j->i->a) : NULL;
  const float *dy = (const float *)(const void *)tpu_run_at(j->r, &j->i->b);
  dy += (size_t)image * n[W_OH] * n[W_OW] * n[W_C];
  memset(dx + pixel(n, image, 0, 0), 0, (size_t)n[W_H] * n[W_W] * n[W_C] * sizeof *dx);
  for (uint32_t oy = 0; oy < n[W_OH]; oy++)
    for (uint32_t ox = 0; ox < n[W_OW]; ox++, dy += n[W_C]) {
      box b = box_of(n, oy, ox);
      for (uint32_t c = 0; c < n[W_C]; c++) back_one(j, image, b, c, x, dy[c], dx);
    }
}

/* One window's patch is added to the image it was taken from. */
static void give_back(const uint32_t *n, uint32_t image, uint32_t oy, uint32_t ox, const float *from, float *to) {
  for (uint32_t ky = 0; ky < n[W_KH]; ky++)
    for (uint32_t kx = 0; kx < n[W_KW]; kx++, from += n[W_C]) {
      int64_t y = (int64_t)((uint64_t)oy * n[W_SH] + (uint64_t)ky * n[W_DH]) - n[W_PT],
              x = (int64_t)((uint64_t)ox * n[W_SW] + (uint64_t)kx * n[W_DW]) - n[W_PL];
      if (y < 0 || x < 0 || y >= n[W_H] || x >= n[W_W]) continue;
      float *at = to + pixel(n, image, y, x);
      for (uint32_t c = 0; c < n[W_C]; c++) at[c] += from[c];
    }
}

static void scatter(const job *j, uint32_t image) {
  const uint32_t *n = j->n;
  size_t patch = (size_t)n[W_KH] * n[W_KW] * n[W_C];
  float *to = (float *)(void *)tpu_run_at(j->r, &j->i->dst);
  const float *from = (const float *)(const void *)tpu_run_at(j->r, &j->i->a);
  from += (size_t)image * n[W_OH] * n[W_OW] * patch;
  memset(to + pixel(n, image, 0, 0), 0, (size_t)n[W_H] * n[W_W] * n[W_C] * sizeof *to);
  for (uint32_t oy = 0; oy < n[W_OH]; oy++)
    for (uint32_t ox = 0; ox < n[W_OW]; ox++, from += patch) give_back(n, image, oy, ox, from, to);
}

static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const job *j = arg;
  (void)worker;
  for (uint64_t image = lo; image < hi; image++) {
    if (j->i->op == TPU_POOL) forward(j, (uint32_t)image);
    if (j->i->op == TPU_UNPOOL) backward(j, (uint32_t)image);
    if (j->i->op == TPU_SCATTER) scatter(j, (uint32_t)image);
  }
}

void tpu_run_pool(const tpu_run *r, const tpu_ins *i) {
  const rn_host_api *h = r->p->host;
  job j = {r, i, r->window[i->slot]->n};
  h->parallel_for(h->ctx, j.n[W_N], 1, piece, &j);
}
