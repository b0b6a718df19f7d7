/* panels.h - products on drivers that run on the CPU: operands are packed into panels first (plugins/vulkan). */
#ifndef GPU_PANELS_H
#define GPU_PANELS_H
#include "kernel.h"

typedef struct gpu_batches { /* of operands, innermost first; strides in elements, 0: one stands for all */
  uint32_t n, rank, dim[4], sa[4], sb[4];
} gpu_batches;
/* Pixels of w by h images (of the side that y or k counts) and taps of a filter pick elements of x, an image of xw by
 * xh with c channels. */
typedef struct gpu_patches {
  uint32_t w, h, c, kw, xh, xw, sh, sw, dh, dw, pt, pl, sn, sr, sc, sz;
  int taps; /* the index counts taps and k pixels; else the other way round */
  int back; /* from a result's gradient to the image */
} gpu_patches;
/* An operand x[index, k] of float elements: at index sn + k sk of its tensor, or picked by `patches`. */
typedef struct gpu_side {
  const rn_tensor_view *x;
  const gpu_patches *patches; /* NULL: a matrix */
  uint32_t n, sn, sk;
} gpu_side;
/* y[m, n] = sum over k of a[m, k] b[n, k], at m ym + n yn of y, float. With pixels != 0 index m counts pixels of
 * images, and each image's part of y is image_words long. */
typedef struct gpu_panel_product {
  gpu_side a, b;
  uint32_t k;
  gpu_batches batches;
  uint32_t ym, yn, pixels, image_words;
  const rn_tensor_view *y;
} gpu_panel_product;
int gpu_panels_fit(const rn_call *c);
rn_status *gpu_panels_run(const rn_call *c, const gpu_panel_product *p);
#endif
