/* depthwise.c - DepthwiseConv2dNative and its gradients (plugins/vulkan).
 *
 * The filter's gradient has few results, each a sum over all pixels: it is done in parts, which are added. */
#include "reduce.h"
#include "window.h"

typedef struct depth_state {
  gpu_op op;
  gpu_window_attrs a;
  uint32_t what;
} depth_state;
typedef struct depth_row {
  gpu_op op;
  uint32_t what;
} depth_row;

/* Binds the result, or scratch for parts of it, and runs. */
static rn_status *finish(const rn_call *c, gpu_dispatch *d, const gpu_window *w, uint32_t results, uint32_t steps) {
  uint32_t splits = steps != 0 ? gpu_reduce_splits(c, results, steps, 256) : 1;
  rn_mem *parts = NULL;
  if (splits > 1) RN_TRY(gpu_scratch(c, (uint64_t)results * splits * 4, &parts));
  if (parts != NULL)
    gpu_bind_scratch(d, parts, 1);
  else
    gpu_bind(d, c->out[0], 1);
  gpu_window_push(w, d);
  gpu_push(d, GPU_CEIL(steps, splits));
  gpu_push(d, splits);
  gpu_over(d, c, (uint64_t)results * splits);
  RN_TRY(gpu_run(c, d));
  return parts != NULL ? gpu_reduce_parts(c, parts, results, splits, c->out[0]) : NULL;
}

static rn_status *convolve(const void *op, rn_call *c) {
  const depth_state *s = op;
  const rn_tensor_view *x = s->what == CONV_TO_INPUT ? c->out[0] : c->in[0];
  const rn_tensor_view *f = s->what == CONV_TO_FILTER ? c->out[0] : c->in[1];
  const rn_tensor_view *y = s->what == CONV_FORWARD ? c->out[0] : c->in[2];
  uint32_t results = gpu_elems(c->out[0]);
  gpu_window w;
  if (results == 0) return NULL;
  if (gpu_elems(x) == 0 || gpu_elems(f) == 0 || gpu_elems(y) == 0) return gpu_fill(c, c->out[0], 0);
  gpu_window_init(&s->a, &x->shape, &y->shape, f->shape.dim[0], f->shape.dim[1], &w);
  if (s->what != CONV_FORWARD)
    RN_TRY(gpu_window_check(&s->a, &w, &x->shape, &y->shape, x->shape.dim[s->a.nchw ? 1 : 3] * f->shape.dim[3]));
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_depthwise);
  gpu_spec(&d, s->what);
  gpu_bind(&d, s->what == CONV_TO_INPUT ? y : x, 0);
  gpu_bind(&d, s->what == CONV_TO_FILTER ? y : f, 0);
  gpu_push(&d, s->what == CONV_TO_FILTER ? w.n : results);
  return finish(c, &d, &w, results, s->what == CONV_TO_FILTER ? w.n * w.oh * w.ow : 0);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  depth_state *s;
  RN_TRY(gpu_state(out, sizeof *s, convolve, &s));
  s->what = ((const depth_row *)p->user)->what;
  return gpu_window_read(&p->self, &s->a);
}

#define DEPTHWISE(Op, what, host) \
  GPU_K(Op, "T: float", (&(const depth_row){{convolve}, CONV_##what}), .host_args = host, .prepare = prepare)
static const rn_kernel_def kernels[] = {
    DEPTHWISE("DepthwiseConv2dNative", FORWARD, NULL),
    DEPTHWISE("DepthwiseConv2dNativeBackpropInput", TO_INPUT, "input_sizes"),
    DEPTHWISE("DepthwiseConv2dNativeBackpropFilter", TO_FILTER, "filter_sizes"),
};
GPU_GROUP(gpu_depthwise_kernels, kernels);
