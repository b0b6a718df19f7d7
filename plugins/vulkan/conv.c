/* conv.c - Conv2D and its gradients (plugins/vulkan).
 *
 * Each is a product over operands that are picked from the image as they are needed (implicit GEMM):
 *   forward    y[pixel, o]    = sum over taps (r, s, c)        x[patch]  f[tap, o]
 *   to input   dx[pixel, c]   = sum over taps (r, s, o)        dy[back]  f[r, s, c, o]
 *   to filter  df[tap, o]     = sum over pixels of the result  x[patch]  dy[pixel, o]
 * The loops are those of product.c; so are the tiles and the splits. */
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

static void sizes_of(const conv_state *s, const gpu_window *w, gpu_product_plan *p) {
  uint32_t taps = w->kh * w->kw, pixels = w->n * w->oh * w->ow;
  p->batches = 1;
  if (s->what == CONV_FORWARD) {
    *p = (gpu_product_plan){.m = pixels, .n = w->o, .k = taps * w->c, .batches = 1, .a_inner_k = 1};
  } else if (s->what == CONV_TO_INPUT) {
    *p = (gpu_product_plan){.m = w->n * w->h * w->w, .n = w->c, .k = taps * w->o, .batches = 1, .a_inner_k = 1};
    p->b_inner_k = 1;
  } else {
    *p = (gpu_product_plan){.m = taps * w->c, .n = w->o, .k = pixels, .batches = 1};
  }
}

static rn_status *convolve(const void *op, rn_call *c) {
  const conv_state *s = op;
  const rn_tensor_view *x = s->what == CONV_TO_INPUT ? c->out[0] : c->in[0];
  const rn_tensor_view *f = s->what == CONV_TO_FILTER ? c->out[0] : c->in[1];
  const rn_tensor_view *y = s->what == CONV_FORWARD ? c->out[0] : c->in[2];
  gpu_window w;
  gpu_product_plan p;
  gpu_window_init(&s->a, &x->shape, &y->shape, f->shape.dim[0], f->shape.dim[1], &w);
  if (f->shape.dim[2] != w.c)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "the filter takes %lld channels, the image has %u",
                    (long long)f->shape.dim[2], w.c);
  sizes_of(s, &w, &p);
  if (gpu_elems(c->out[0]) == 0) return NULL;
  if (p.k == 0) return gpu_fill(c, c->out[0], 0);
  gpu_dispatch d = gpu_product_begin(c, &p, SHADER_conv_tile, SHADER_conv_direct);
  if (s->a.nchw && s->what != CONV_TO_FILTER && p.splits > 1) { /* parts lie as NHWC */
    RN_TRY(gpu_rounds(c, 4 * (uint64_t)p.k));
    d.push[3] = p.k;
    d.push[4] = d.groups[2] = p.splits = 1;
  }
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
  GPU_K(Op, "T: float", (&(const conv_row){{convolve}, CONV_##what}), .prepare = prepare, __VA_ARGS__)
static const rn_kernel_def kernels[] = {
    CONV("Conv2D", FORWARD, .host_args = NULL),
    CONV("Conv2DBackpropInput", TO_INPUT, .host_args = "input_sizes"),
    CONV("Conv2DBackpropFilter", TO_FILTER, .host_args = "filter_sizes"),
};
GPU_GROUP(gpu_conv_kernels, kernels);
