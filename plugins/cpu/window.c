/* window.c - geometry of sliding windows over images (plugins/cpu).
 *
 * SAME: ceil(h / s) results, padding split with the odd one after. VALID: no padding. */
#include "window.h"

rn_status *cpu_window_read(const rn_self *s, cpu_window_attrs *a) {
  uint32_t n;
  memset(a, 0, sizeof *a);
  a->nchw = rn_bytes_equal(rn_self_string(s, "data_format"), "NCHW");
  int row = a->nchw ? 2 : 1;
  a->sh = a->sw = a->dh = a->dw = a->kh = a->kw = 1;
  const int64_t *v = cpu_attr_list(s, "strides", RN_ATTR_INT, &n);
  if (v && n == 4) a->sh = v[row], a->sw = v[row + 1];
  v = cpu_attr_list(s, "dilations", RN_ATTR_INT, &n);
  if (v && n == 4) a->dh = v[row], a->dw = v[row + 1];
  v = cpu_attr_list(s, "ksize", RN_ATTR_INT, &n);
  if (v && n == 4) {
    if (v[0] != 1 || v[a->nchw ? 1 : 3] != 1)
      return rn_error(s->host, RN_UNIMPLEMENTED, "a pool over batch or depth: ksize %lld and %lld", (long long)v[0],
                      (long long)v[a->nchw ? 1 : 3]);
    a->kh = v[row], a->kw = v[row + 1];
  }
  rn_bytes padding = rn_self_string(s, "padding");
  a->same = rn_bytes_equal(padding, "SAME");
  a->explicit_pads = rn_bytes_equal(padding, "EXPLICIT");
  v = cpu_attr_list(s, "explicit_paddings", RN_ATTR_INT, &n);
  if (a->explicit_pads && v && n == 8) memcpy(a->pads, v + 2 * row, sizeof a->pads);
  if (a->sh < 1 || a->sw < 1 || a->dh < 1 || a->dw < 1 || a->kh < 1 || a->kw < 1)
    return rn_error(s->host, RN_INVALID_ARGUMENT, "strides, dilations and windows are at least 1");
  return NULL;
}

static rn_status *extent(const char *op, const cpu_window_attrs *a, int64_t size, int64_t k, int64_t stride,
                         int64_t dilation, const int64_t *pads, int64_t *out, int64_t *before) {
  int64_t reach = (k - 1) * dilation + 1;
  if (a->same) {
    *out = (size + stride - 1) / stride;
    int64_t pad = CPU_MAX((*out - 1) * stride + reach - size, 0);
    *before = pad / 2;
    return NULL;
  }
  int64_t padded = size + (a->explicit_pads ? pads[0] + pads[1] : 0);
  *before = a->explicit_pads ? pads[0] : 0;
  if (padded < reach && size > 0)
    return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: a window of %lld does not fit %lld", op, (long long)reach,
                    (long long)padded);
  *out = padded < reach ? 0 : (padded - reach) / stride + 1;
  return NULL;
}

rn_status *cpu_window_init(const char *op, const cpu_window_attrs *a, const rn_shape *x, cpu_window *w) {
  if (x->rank != 4) return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: images have rank 4, found %d", op, x->rank);
  int row = a->nchw ? 2 : 1;
  w->nchw = a->nchw;
  w->n = x->dim[0];
  w->h = x->dim[row];
  w->w = x->dim[row + 1];
  w->c = x->dim[a->nchw ? 1 : 3];
  w->sh = a->sh, w->sw = a->sw, w->dh = a->dh, w->dw = a->dw;
  RN_TRY(extent(op, a, w->h, w->kh, w->sh, w->dh, a->pads, &w->oh, &w->pt));
  RN_TRY(extent(op, a, w->w, w->kw, w->sw, w->dw, a->pads + 2, &w->ow, &w->pl));
  w->xn = w->h * w->w * w->c;
  w->xc = a->nchw ? w->h * w->w : 1;
  w->xw = a->nchw ? 1 : w->c;
  w->xh = w->w * w->xw;
  w->yn = w->oh * w->ow * w->o;
  w->yc = a->nchw ? w->oh * w->ow : 1;
  w->yw = a->nchw ? 1 : w->o;
  w->yh = w->ow * w->yw;
  return NULL;
}

rn_shape cpu_window_shape(const cpu_window_attrs *a, const cpu_window *w) {
  if (a->nchw) return rn_shape_make(4, (const int64_t[]){w->n, w->o, w->oh, w->ow});
  return rn_shape_make(4, (const int64_t[]){w->n, w->oh, w->ow, w->o});
}
