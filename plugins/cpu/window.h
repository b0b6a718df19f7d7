/* window.h - geometry of sliding windows over images: convolutions and pools (plugins/cpu). */
#ifndef CPU_WINDOW_H
#define CPU_WINDOW_H
#include "cpu.h"

/* The attributes. */
typedef struct cpu_window_attrs {
  int nchw, explicit_pads, same, reference;
  int64_t kh, kw; /* pools: the window; convolutions take it from the filter */
  int64_t sh, sw, dh, dw;
  int64_t pads[4]; /* explicit: top, bottom, left, right */
} cpu_window_attrs;
/* An image batch [n, h, w, c] (either layout), windows kh x kw, results oh x ow. pt, pl: padding
 * before. xn xh xw xc: strides in elements of the image; yn yh yw yc: of the result, depth o. */
typedef struct cpu_window {
  int64_t n, h, w, c, kh, kw, o, oh, ow, sh, sw, dh, dw, pt, pl;
  int64_t xn, xh, xw, xc, yn, yh, yw, yc;
  int nchw;
} cpu_window;

rn_status *cpu_window_read(const rn_self *s, cpu_window_attrs *a);
/* x: the image's shape; kh, kw and o given in w. err INVALID_ARGUMENT */
rn_status *cpu_window_init(const char *op, const cpu_window_attrs *a, const rn_shape *x, cpu_window *w);
/* The result's shape in its layout. */
rn_shape cpu_window_shape(const cpu_window_attrs *a, const cpu_window *w);
#endif
