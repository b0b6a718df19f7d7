/* conv.c - Conv2D and its gradients (plugins/vulkan).
 *
 * Each is a product over operands that are picked from the image as they are needed (implicit GEMM):
 *   forward    y[pixel, o]    = sum over taps (r, s, c)        x[patch]  f[tap, o]
 *   to input   dx[pixel, c]   = sum over taps (r, s, o)        dy[back]  f[r, s, c, o]
 *   to filter  df[tap, o]     = sum over pixels of the result  x[patch]  dy[pixel, o]
 * On GPUs in tiles or by matrices (tile.c), on drivers that run on the CPU by panels (panels.c), which are float: half
 * is cast for them. */
#include "cast.h"
#include "narrow.h"
#include "panels.h"
#include "product.h"
#include "window.h"

typedef struct conv_state {
  gpu_op op;
  gpu_window_attrs a;
  uint32_t what;
} conv_state;
typedef struct conv_row {
  gpu_op op;
  uint32_t what;
} conv_row;

static gpu_product_plan plan_of(const conv_state *s, const gpu_window *w) {
  uint32_t taps = w->kh * w->kw, pixels = w->n * w->oh * w->ow, form = s->a.nchw ? 0 : PRODUCT_Y_FOURS;
  gpu_product_plan p;
  if (s->what == CONV_FORWARD)
    p = (gpu_product_plan){.m = pixels, .n = w->o, .k = taps * w->c, .form = form | PRODUCT_A_INNER_K};
  else if (s->what == CONV_TO_INPUT)
    p = (gpu_product_plan){
        .m = w->n * w->h * w->w, .n = w->c, .k = taps * w->o, .form = form | PRODUCT_A_INNER_K | PRODUCT_B_INNER_K};
  else
    p = (gpu_product_plan){.m = taps * w->c, .n = w->o, .k = pixels, .form = PRODUCT_Y_FOURS};
  p.batches = 1;
  return p;
}

/* The dense index is channels, of the image or of the result, when they lie together. */
static uint32_t fours_of(const conv_state *s, const rn_call *c, const gpu_window *w, uint32_t form) {
  int far_a = c->in[s->what == CONV_TO_INPUT ? 2 : 0]->offset_bytes % 16 != 0;
  int far_b = c->in[s->what == CONV_TO_FILTER ? 2 : 1]->offset_bytes % 16 != 0;
  int out = s->what == CONV_TO_INPUT ? w->c % 4 == 0 : w->o % 4 == 0;
  for (uint32_t by = 4; by <= 8; by += 4) {
    int x = !s->a.nchw && w->c % by == 0, y = !s->a.nchw && w->o % by == 0;
    int a = s->what == CONV_TO_INPUT ? y : x, b = s->what == CONV_TO_FILTER ? y : w->o % by == 0;
    if (a && !far_a) form |= by == 4 ? PRODUCT_A_FOURS : PRODUCT_A_EIGHTS;
    if (b && !far_b) form |= by == 4 ? PRODUCT_B_FOURS : PRODUCT_B_EIGHTS;
  }
  return out && c->out[0]->offset_bytes % 16 == 0 ? form : form & ~(uint32_t)PRODUCT_Y_FOURS;
}

/* What pixels of the result meet of the image, tap by tap. */
static gpu_patches patches_of(const gpu_window *w) {
  return (gpu_patches){.w = w->ow,
                       .h = w->oh,
                       .c = w->c,
                       .kw = w->kw,
                       .xh = w->h,
                       .xw = w->w,
                       .sh = w->sh,
                       .sw = w->sw,
                       .dh = w->dh,
                       .dw = w->dw,
                       .pt = w->pt,
                       .pl = w->pl,
                       .sn = w->xn,
                       .sr = w->xh,
                       .sc = w->xw,
                       .sz = w->xc};
}
static gpu_patches back_patches_of(const gpu_window *w) {
  return (gpu_patches){.w = w->w,
                       .h = w->h,
                       .c = w->o,
                       .kw = w->kw,
                       .xh = w->oh,
                       .xw = w->ow,
                       .sh = w->sh,
                       .sw = w->sw,
                       .dh = w->dh,
                       .dw = w->dw,
                       .pt = w->pt,
                       .pl = w->pl,
                       .sn = w->yn,
                       .sr = w->yh,
                       .sc = w->yw,
                       .sz = w->yc,
                       .back = 1};
}
/* f[place, c, o] by index c and k = (place, o): as if the places were rows and the channels columns of one image. */
static gpu_patches filter_patches_of(const gpu_window *w) {
  return (gpu_patches){.w = w->c,
                       .h = 1,
                       .c = w->o,
                       .kw = 1,
                       .xh = w->kh * w->kw,
                       .xw = w->c,
                       .sh = 1,
                       .sw = 1,
                       .dh = 1,
                       .dw = 1,
                       .sr = w->c * w->o,
                       .sc = w->o,
                       .sz = 1};
}
/* The result's gradient itself, pixel by pixel. */
static gpu_patches result_patches_of(const gpu_window *w) {
  return (gpu_patches){.w = w->ow,
                       .h = w->oh,
                       .c = w->o,
                       .kw = 1,
                       .xh = w->oh,
                       .xw = w->ow,
                       .sh = 1,
                       .sw = 1,
                       .dh = 1,
                       .dw = 1,
                       .sn = w->yn,
                       .sr = w->yh,
                       .sc = w->yw,
                       .sz = w->yc,
                       .taps = 1};
}

/* Where the pixels of y lie. */
static void place_pixels(gpu_panel_product *p, int nchw, uint32_t pixels, uint32_t channels) {
  p->ym = nchw ? 1 : channels;
  p->yn = nchw ? pixels : 1;
  p->pixels = nchw ? pixels : 0;
  p->image_words = nchw ? pixels * channels : 0;
}

static rn_status *by_panels(const rn_call *c, const conv_state *s, const gpu_window *w, const gpu_product_plan *size) {
  gpu_panel_product p = {.k = size->k, .batches = {.n = 1}, .y = c->out[0]};
  gpu_patches a, b;
  p.a = (gpu_side){.x = c->in[s->what == CONV_TO_INPUT ? 2 : 0], .patches = &a, .n = size->m};
  p.b = (gpu_side){.x = c->in[s->what == CONV_TO_FILTER ? 2 : 1], .n = size->n, .sn = 1, .sk = w->o};
  if (s->what == CONV_FORWARD) {
    a = patches_of(w);
    place_pixels(&p, s->a.nchw, w->oh * w->ow, w->o);
  } else if (s->what == CONV_TO_INPUT) {
    a = back_patches_of(w);
    b = filter_patches_of(w);
    p.b.patches = &b;
    place_pixels(&p, s->a.nchw, w->h * w->w, w->c);
  } else {
    a = patches_of(w);
    a.taps = 1;
    p.ym = w->o;
    p.yn = 1;
    b = result_patches_of(w);
    if (s->a.nchw) p.b.patches = &b;
  }
  return gpu_panels_run(c, &p);
}

static rn_status *convolve(const void *op, rn_call *c) {
  static const gpu_product_code code = {SHADER_conv_large, SHADER_conv_small, SHADER_conv_direct, SHADER_conv_matrix};
  const conv_state *s = op;
  const rn_tensor_view *x = s->what == CONV_TO_INPUT ? c->out[0] : c->in[0];
  const rn_tensor_view *f = s->what == CONV_TO_FILTER ? c->out[0] : c->in[1];
  const rn_tensor_view *y = s->what == CONV_FORWARD ? c->out[0] : c->in[2];
  gpu_window w;
  gpu_window_init(&s->a, &x->shape, &y->shape, f->shape.dim[0], f->shape.dim[1], &w);
  if (f->shape.dim[2] != w.c)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "the filter takes %lld channels, the image has %u",
                    (long long)f->shape.dim[2], w.c);
  if (gpu_elems(c->out[0]) == 0) return NULL;
  gpu_product_plan p = plan_of(s, &w);
  if (p.k == 0) return gpu_fill(c, c->out[0], 0);
  p.type = gpu_cast_number(c->out[0]->dtype);
  if (gpu_panels_fit(c)) return p.type != CAST_FLOAT ? gpu_in_float(op, c) : by_panels(c, s, &w, &p);
  p.form = fours_of(s, c, &w, p.form);
  gpu_dispatch d = gpu_product_begin(c, &p, &code);
  gpu_spec(&d, s->what);
  gpu_window_push(&w, &d);
  gpu_bind(&d, s->what == CONV_TO_INPUT ? y : x, 0);
  gpu_bind(&d, s->what == CONV_TO_FILTER ? y : f, 0);
  return gpu_product_end(c, &p, &d, c->out[0]);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  conv_state *s;
  RN_TRY(gpu_state(out, sizeof *s, convolve, &s));
  s->what = ((const conv_row *)p->user)->what;
  return gpu_window_read(&p->self, &s->a);
}

#define CONV(Op, what, ...) \
  GPU_K(Op, "T: {float, half, bfloat16}", (&(const conv_row){{convolve}, CONV_##what}), .prepare = prepare, __VA_ARGS__)
static const rn_kernel_def kernels[] = {
    CONV("Conv2D", FORWARD, .host_args = NULL),
    CONV("Conv2DBackpropInput", TO_INPUT, .host_args = "input_sizes"),
    CONV("Conv2DBackpropFilter", TO_FILTER, .host_args = "filter_sizes"),
};
GPU_GROUP(gpu_conv_kernels, kernels);
