/* window.h - geometry of sliding windows over images (plugins/vulkan). */
#ifndef GPU_WINDOW_H
#define GPU_WINDOW_H
#include "kernel.h"

typedef struct gpu_window_attrs {
  int nchw, same, explicit_pads;
  int64_t sh, sw, dh, dw, kh, kw, pads[4];
} gpu_window_attrs;
/* Image n h w c, filter kh kw, result oh ow o; padding before pt pl. Strides of both in elements. */
typedef struct gpu_window {
  uint32_t n, h, w, c, kh, kw, o, oh, ow, sh, sw, dh, dw, pt, pl;
  uint32_t xn, xh, xw, xc, yn, yh, yw, yc;
} gpu_window;
rn_status *gpu_window_read(const rn_self *s, gpu_window_attrs *a);
/* x: the image; y: the result; filter of kh by kw. */
void gpu_window_init(const gpu_window_attrs *a, const rn_shape *x, const rn_shape *y, int64_t kh, int64_t kw,
                     gpu_window *w);
/* Are x, the filter and dy of a gradient of one convolution, with o results per pixel? err INVALID_ARGUMENT */
rn_status *gpu_window_check(const gpu_window_attrs *a, const gpu_window *w, const rn_shape *x, const rn_shape *dy,
                            int64_t o);
/* h, w, c, kh, kw, o, oh, ow, sh, sw, dh, dw, pt, pl, then the eight strides */
void gpu_window_push(const gpu_window *w, gpu_dispatch *d);
#endif
