/* runnel/c/data.h - labelled pictures and batches of them (frontends/c).
 *
 * For programs that train on digits: MNIST's IDX files, or digits the library draws itself. */
#ifndef RUNNEL_C_DATA_H
#define RUNNEL_C_DATA_H
#include <runnel/tensor.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Grey pictures, 0 background to 255, row-major, one after the other, with their class numbers. */
typedef struct rn_pictures {
  int64_t count, height, width;
  uint8_t *pixels, *labels;
} rn_pictures;
RN_API void rn_pictures_finish(rn_pictures *p);
/* Two IDX files, plain or .gz. err NOT_FOUND, DATA_LOSS (what is wrong, where), RESOURCE_EXHAUSTED. */
RN_API rn_status *rn_pictures_read(const char *images_path, const char *labels_path, rn_pictures *out);
/* MNIST's four files in a folder; `split` is "train" or "t10k". With or without ".gz". */
RN_API rn_status *rn_mnist_read(const char *folder, const char *split, rn_pictures *out);
/* `count` digits of 28 x 28, drawn with strokes and distorted. The same seed draws the same. */
RN_API rn_status *rn_digits_draw(uint64_t seed, int64_t count, rn_pictures *out);
/* Moves the pictures [first, first + count) to out; no copy, both end with `p`: do not finish out. */
RN_API rn_pictures rn_pictures_part(const rn_pictures *p, int64_t first, int64_t count);

/* Batches: every picture once per epoch, in an order that depends on seed and epoch only. */
typedef struct rn_batches rn_batches;
RN_API rn_status *rn_batches_create(const rn_pictures *p /* borrowed */, int64_t size, uint64_t seed, rn_batches **out);
RN_API void rn_batches_destroy(rn_batches *b);
/* The batch of step `step` (from 0), whatever was asked before: x float [size, h * w] in 0..1 and y int32
 * [size] are written. own: tensors of the caller */
RN_API rn_status *rn_batches_get(rn_batches *b, int64_t step, rn_tensor *x, rn_tensor *y);
/* Pictures [first, first + size) in their own order. own: tensors owned */
RN_API rn_status *rn_pictures_tensors(const rn_pictures *p, int64_t first, int64_t size, rn_tensor **out_x,
                                      rn_tensor **out_y);
#ifdef __cplusplus
}
#endif
#endif
