/* batches.c - pictures as tensors, in shuffled batches (frontends/c).
 *
 * The order of an epoch is a function of (seed, epoch): a run that resumes at step n sees the batches
 * that the uninterrupted run would have seen. */
#include <stdlib.h>
#include <runnel/c/data.h>
#include "random.h"

struct rn_batches {
  const rn_pictures *p;
  int64_t size, epoch; /* the epoch `order` holds, -1: none */
  uint64_t seed;
  uint32_t *order;
};

rn_pictures rn_pictures_part(const rn_pictures *p, int64_t first, int64_t count) {
  rn_pictures part = *p;
  part.count = count;
  part.pixels += first * p->height * p->width;
  part.labels += first;
  return part;
}

rn_status *rn_batches_create(const rn_pictures *p, int64_t size, uint64_t seed, rn_batches **out) {
  if (size < 1 || size > p->count)
    return rn_status_make(RN_INVALID_ARGUMENT, "a batch must have between 1 and %lld pictures, not %lld",
                          (long long)p->count, (long long)size);
  rn_batches *b = calloc(1, sizeof *b);
  uint32_t *order = calloc((size_t)p->count, sizeof *order);
  if (b == NULL || order == NULL || p->count > UINT32_MAX) {
    free(b);
    free(order);
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory to shuffle %lld pictures", (long long)p->count);
  }
  *b = (rn_batches){p, size, -1, seed, order};
  *out = b;
  return NULL;
}

void rn_batches_destroy(rn_batches *b) {
  if (b == NULL) return;
  free(b->order);
  free(b);
}

/* Fisher and Yates. */
static void shuffle(rn_batches *b, int64_t epoch) {
  uint64_t state = random_seed(b->seed, (uint64_t)epoch);
  uint64_t n = (uint64_t)b->p->count;
  for (uint64_t i = 0; i < n; i++) b->order[i] = (uint32_t)i;
  for (uint64_t i = n; i > 1; i--) {
    uint64_t k = random_below(&state, i);
    uint32_t swap = b->order[i - 1];
    b->order[i - 1] = b->order[k];
    b->order[k] = swap;
  }
  b->epoch = epoch;
}

static void put(const rn_pictures *p, int64_t from, int64_t at, float *x, int32_t *y) {
  int64_t n = p->height * p->width;
  const uint8_t *src = p->pixels + from * n;
  for (int64_t i = 0; i < n; i++) x[at * n + i] = (float)src[i] * (1.0f / 255.0f);
  y[at] = p->labels[from];
}

rn_status *rn_batches_get(rn_batches *b, int64_t step, rn_tensor *x, rn_tensor *y) {
  int64_t per_epoch = b->p->count / b->size, pixels = b->p->height * b->p->width;
  if (rn_tensor_dtype(x) != RN_FLOAT || rn_tensor_count(x) != b->size * pixels || rn_tensor_dtype(y) != RN_INT32 ||
      rn_tensor_count(y) != b->size)
    return rn_status_make(RN_INVALID_ARGUMENT, "a batch needs x of float [%lld,%lld] and y of int32 [%lld]",
                          (long long)b->size, (long long)pixels, (long long)b->size);
  if (b->epoch != step / per_epoch) shuffle(b, step / per_epoch);
  const uint32_t *order = b->order + step % per_epoch * b->size;
  for (int64_t i = 0; i < b->size; i++) put(b->p, order[i], i, rn_tensor_data(x), rn_tensor_data(y));
  return NULL;
}

rn_status *rn_pictures_tensors(const rn_pictures *p, int64_t first, int64_t size, rn_tensor **out_x,
                               rn_tensor **out_y) {
  rn_shape shape;
  memset(&shape, 0, sizeof shape);
  if (first < 0 || size < 0 || size > p->count || first > p->count - size)
    return rn_status_make(RN_OUT_OF_RANGE, "%lld pictures from %lld of %lld", (long long)size, (long long)first,
                          (long long)p->count);
  shape.rank = 2;
  shape.dim[0] = size;
  shape.dim[1] = p->height * p->width;
  RN_TRY(rn_tensor_create(RN_FLOAT, &shape, out_x));
  shape.rank = 1;
  rn_status *e = rn_tensor_create(RN_INT32, &shape, out_y);
  if (e != NULL) {
    rn_tensor_release(*out_x);
    return e;
  }
  for (int64_t i = 0; i < size; i++) put(p, first + i, i, rn_tensor_data(*out_x), rn_tensor_data(*out_y));
  return NULL;
}
