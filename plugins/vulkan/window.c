/* window.c - geometry of sliding windows over images (plugins/vulkan).
 *
 * The host has inferred the result's shape; what is left is the padding before: SAME splits it with the odd one
 * after. */
#include "window.h"

rn_status *gpu_window_read(const rn_self *s, gpu_window_attrs *a) {
  uint32_t n;
  memset(a, 0, sizeof *a);
  a->nchw = rn_bytes_equal(rn_self_string(s, "data_format"), "NCHW");
  int row = a->nchw ? 2 : 1;
  a->sh = a->sw = a->dh = a->dw = a->kh = a->kw = 1;
  const int64_t *v = gpu_attr_list(s, "strides", RN_ATTR_INT, &n);
  if (v && n == 4) a->sh = v[row], a->sw = v[row + 1];
  v = gpu_attr_list(s, "dilations", RN_ATTR_INT, &n);
  if (v && n == 4) a->dh = v[row], a->dw = v[row + 1];
  v = gpu_attr_list(s, "ksize", RN_ATTR_INT, &n);
  if (v && n == 4) {
    if (v[0] != 1 || v[a->nchw ? 1 : 3] != 1)
      return rn_error(s->host, RN_UNIMPLEMENTED, "a pool over batch or depth: ksize %lld and %lld", (long long)v[0],
                      (long long)v[a->nchw ? 1 : 3]);
    a->kh = v[row], a->kw = v[row + 1];
  }
  rn_bytes padding = rn_self_string(s, "padding");
  a->same = rn_bytes_equal(padding, "SAME");
  a->explicit_pads = rn_bytes_equal(padding, "EXPLICIT");
  v = gpu_attr_list(s, "explicit_paddings", RN_ATTR_INT, &n);
  if (a->explicit_pads && v && n == 8) memcpy(a->pads, v + 2 * row, sizeof a->pads);
  return NULL;
}

static uint32_t before(const gpu_window_attrs *a, int64_t size, int64_t out, int64_t k, int64_t stride,
                       int64_t dilation, int64_t pad) {
  if (!a->same) return a->explicit_pads ? (uint32_t)pad : 0;
  int64_t all = (out - 1) * stride + (k - 1) * dilation + 1 - size;
  return all > 0 ? (uint32_t)(all / 2) : 0;
}

void gpu_window_init(const gpu_window_attrs *a, const rn_shape *x, const rn_shape *y, int64_t kh, int64_t kw,
                     gpu_window *w) {
  int row = a->nchw ? 2 : 1, channel = a->nchw ? 1 : 3;
  *w = (gpu_window){.n = (uint32_t)x->dim[0],
                    .h = (uint32_t)x->dim[row],
                    .w = (uint32_t)x->dim[row + 1],
                    .c = (uint32_t)x->dim[channel],
                    .kh = (uint32_t)kh,
                    .kw = (uint32_t)kw,
                    .o = (uint32_t)y->dim[channel],
                    .oh = (uint32_t)y->dim[row],
                    .ow = (uint32_t)y->dim[row + 1],
                    .sh = (uint32_t)a->sh,
                    .sw = (uint32_t)a->sw,
                    .dh = (uint32_t)a->dh,
                    .dw = (uint32_t)a->dw};
  w->pt = before(a, w->h, w->oh, kh, a->sh, a->dh, a->pads[0]);
  w->pl = before(a, w->w, w->ow, kw, a->sw, a->dw, a->pads[2]);
  w->xn = w->h * w->w * w->c;
  w->xc = a->nchw ? w->h * w->w : 1;
  w->xw = a->nchw ? 1 : w->c;
  w->xh = w->w * w->xw;
  w->yn = w->oh * w->ow * w->o;
  w->yc = a->nchw ? w->oh * w->ow : 1;
  w->yw = a->nchw ? 1 : w->o;
  w->yh = w->ow * w->yw;
}

static int64_t results(const gpu_window_attrs *a, int64_t size, int64_t k, int64_t stride, int64_t dilation,
                       const int64_t *pads) {
  int64_t reach = (k - 1) * dilation + 1, padded = size + (a->explicit_pads ? pads[0] + pads[1] : 0);
  if (a->same) return GPU_CEIL(size, stride);
  return padded < reach ? 0 : (padded - reach) / stride + 1;
}

rn_status *gpu_window_check(const gpu_window_attrs *a, const gpu_window *w, const rn_shape *x, const rn_shape *dy,
                            int64_t o) {
  int64_t oh = results(a, w->h, w->kh, a->sh, a->dh, a->pads), ow = results(a, w->w, w->kw, a->sw, a->dw, a->pads + 2);
  if (dy->dim[0] == x->dim[0] && w->o == o && w->oh == oh && w->ow == ow) return NULL;
  return rn_error(gpu_host, RN_INVALID_ARGUMENT,
                  "the gradient has %lld images of %u x %u x %u, the convolution gives %lld of %lld x %lld x %lld",
                  (long long)dy->dim[0], w->oh, w->ow, w->o, (long long)x->dim[0], (long long)oh, (long long)ow,
                  (long long)o);
}

void gpu_window_push(const gpu_window *w, gpu_dispatch *d) {
  gpu_push_all(d, (const uint32_t[]){w->h,  w->w,  w->c,  w->kh, w->kw, w->o,  w->oh, w->ow, w->sh, w->sw, w->dh,
                                     w->dw, w->pt, w->pl, w->xn, w->xh, w->xw, w->xc, w->yn, w->yh, w->yw, w->yc},
               22);
}
