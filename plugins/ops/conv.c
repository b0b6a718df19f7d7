/* conv.c - convolutions over images and their gradient ops (plugins/ops).
 *
 * Filters are [height, width, in channels, out channels]; depthwise the last is a multiplier. */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

typedef struct plan {
  op_layout at;
  int64_t stride[2], dilation[2], padding[2];
  int same;
} plan;

static rn_status *four(rn_infer *c, const char *name, op_layout at, int64_t out[2]) {
  uint32_t n;
  const int64_t *v = op_int_list(&c->self, name, &n);
  if (n != 4) return op_fail(c, "%s must have 4 entries but has %u", name, n);
  if (v[at.n] != 1 || v[at.c] != 1) return op_fail(c, "%s must be 1 along batch and channels", name);
  if (v[at.h] <= 0 || v[at.w] <= 0) return op_fail(c, "%s must be positive", name);
  out[0] = v[at.h];
  out[1] = v[at.w];
  return NULL;
}

static rn_status *explicit_padding(rn_infer *c, plan *p) {
  uint32_t n;
  const int64_t *v = op_int_list(&c->self, "explicit_paddings", &n);
  if (n != 8) return op_fail(c, "explicit_paddings must have 8 entries but has %u", n);
  for (uint32_t i = 0; i < 8; i++)
    if (v[i] < 0) return op_fail(c, "explicit_paddings has a negative entry: %lld", (long long)v[i]);
  RN_TRY(op_dim_add(c, v[2 * p->at.h], v[2 * p->at.h + 1], &p->padding[0]));
  return op_dim_add(c, v[2 * p->at.w], v[2 * p->at.w + 1], &p->padding[1]);
}

static rn_status *read_plan(rn_infer *c, plan *p) {
  memset(p, 0, sizeof *p);
  rn_bytes padding = rn_self_string(&c->self, "padding");
  p->at = op_layout_of(&c->self);
  p->same = rn_bytes_equal(padding, "SAME");
  RN_TRY(four(c, "strides", p->at, p->stride));
  RN_TRY(four(c, "dilations", p->at, p->dilation));
  return rn_bytes_equal(padding, "EXPLICIT") ? explicit_padding(c, p) : NULL;
}

static rn_status *spatial(rn_infer *c, const plan *p, int i, int64_t in, int64_t window, int64_t *out) {
  int64_t reach = RN_DIM_UNKNOWN;
  if (window == 0) return op_fail(c, "the filter is empty");
  if (window > 0) RN_TRY(op_dim_mul(c, window - 1, p->dilation[i], &reach));
  if (window > 0) RN_TRY(op_dim_add(c, reach, 1, &reach));
  return op_window(c, in, reach, p->stride[i], p->padding[i], p->same, out);
}

static rn_status *convolved(rn_infer *c, int depthwise) {
  plan p;
  rn_shape x, w, s;
  int64_t channels;
  RN_TRY(read_plan(c, &p));
  RN_TRY(op_want_rank(c, 0, 4, &x));
  RN_TRY(op_want_rank(c, 1, 4, &w));
  s = x;
  channels = x.dim[p.at.c];
  int64_t deep = w.dim[2];
  int grouped = !depthwise && channels > 0 && deep > 0 && channels % deep == 0;
  if (!grouped) {
    rn_status *e = c->api->merge(c, channels, deep, &channels);
    if (e) c->self.host->status_free(e);
    if (e)
      return op_fail(c, "the input has %lld channels, the filter takes %lld", (long long)channels, (long long)deep);
  }
  RN_TRY(spatial(c, &p, 0, x.dim[p.at.h], w.dim[0], &s.dim[p.at.h]));
  RN_TRY(spatial(c, &p, 1, x.dim[p.at.w], w.dim[1], &s.dim[p.at.w]));
  s.dim[p.at.c] = w.dim[3];
  if (depthwise) RN_TRY(op_dim_mul(c, channels, w.dim[3], &s.dim[p.at.c]));
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_conv(rn_infer *c) { return convolved(c, 0); }
static rn_status *infer_depthwise(rn_infer *c) { return convolved(c, 1); }

/* The result has the shape that an input tensor gives. */
static rn_status *sized_by(rn_infer *c, uint32_t input) {
  plan p;
  rn_shape s;
  RN_TRY(read_plan(c, &p)); /* the attributes are the forward op's and must be as right */
  RN_TRY(op_want_rank(c, input, 1, &s));
  RN_TRY(op_shape_input(c, input, &s));
  if (s.rank >= 0 && s.rank != 4) return op_fail(c, "input %u gives %d sizes, 4 are needed", input, s.rank);
  if (s.rank < 0) s = op_shape_of_rank(4);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_backprop_input(rn_infer *c) { return sized_by(c, 0); }
static rn_status *infer_backprop_filter(rn_infer *c) { return sized_by(c, 1); }

/* --- gradients: the three ops are each other's ------------------------------------------------------ */
typedef struct family {
  const char *forward, *input, *filter;
} family;
static const family dense = {"Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"};
static const family depthwise = {"DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput",
                                 "DepthwiseConv2dNativeBackpropFilter"};

static rn_value emit(rn_grad *c, const char *op, const rn_value *in, uint32_t n) {
  static const char *const names[] = {"strides",   "padding",           "data_format",
                                      "dilations", "explicit_paddings", "use_cudnn_on_gpu"};
  rn_attr a[6];
  uint32_t n_attrs = 0;
  for (uint32_t i = 0; i < 6; i++) n_attrs += (uint32_t)op_copy_attr(&B->self, names[i], &a[n_attrs]);
  return rn_emit(B, op, in, n, a, n_attrs);
}
static rn_value forward(rn_grad *c, const family *f, rn_value x, rn_value w) {
  rn_value in[2] = {x, w};
  return emit(c, f->forward, in, 2);
}
static rn_value to_input(rn_grad *c, const family *f, rn_value sizes, rn_value w, rn_value dy) {
  rn_value in[3] = {sizes, w, dy};
  return emit(c, f->input, in, 3);
}
static rn_value to_filter(rn_grad *c, const family *f, rn_value x, rn_value sizes, rn_value dy) {
  rn_value in[3] = {x, sizes, dy};
  return emit(c, f->filter, in, 3);
}

static rn_status *grad_forward(rn_grad *c, const family *f) {
  rn_value x = GRAD_X(0), w = GRAD_X(1), both[2] = {x, w};
  rn_value shapes = rn_emit(B, "ShapeN", both, 2, NULL, 0);
  op_dx(c, 0, to_input(c, f, rn_port(shapes, 0), w, DY));
  return op_dx(c, 1, to_filter(c, f, x, rn_port(shapes, 1), DY));
}
static rn_status *grad_input(rn_grad *c, const family *f) {
  rn_value w = GRAD_X(1), dy = GRAD_X(2);
  op_dx(c, 1, to_filter(c, f, DY, rn_op1(B, "Shape", w), dy));
  return op_dx(c, 2, forward(c, f, DY, w));
}
static rn_status *grad_filter(rn_grad *c, const family *f) {
  rn_value x = GRAD_X(0), dy = GRAD_X(2);
  op_dx(c, 0, to_input(c, f, rn_op1(B, "Shape", x), DY, dy));
  return op_dx(c, 2, forward(c, f, x, DY));
}
static rn_status *grad_conv(rn_grad *c) { return grad_forward(c, &dense); }
static rn_status *grad_conv_input(rn_grad *c) { return grad_input(c, &dense); }
static rn_status *grad_conv_filter(rn_grad *c) { return grad_filter(c, &dense); }
static rn_status *grad_depthwise(rn_grad *c) { return grad_forward(c, &depthwise); }
static rn_status *grad_depthwise_input(rn_grad *c) { return grad_input(c, &depthwise); }
static rn_status *grad_depthwise_filter(rn_grad *c) { return grad_filter(c, &depthwise); }

static double elems(const rn_shape *s) {
  double n = 1;
  for (int32_t i = 0; i < s->rank; i++) n *= s->dim[i] > 0 ? (double)s->dim[i] : 1;
  return n;
}
/* Each element of y meets kernel height x width x channels of x. w and y: the filter and the output side. */
static void count_flops(const rn_shape *x, const rn_shape *w, const rn_shape *y, rn_cost *cost) {
  double taps = w->rank == 4 ? elems(w) / (w->dim[3] > 0 ? (double)w->dim[3] : 1) : 1;
  cost->flops = 2 * elems(y) * taps;
  cost->bytes = 4 * (elems(x) + elems(w) + elems(y));
}
static void conv_cost(const rn_infer *c, const rn_shape *in, const rn_shape *out, rn_cost *cost) {
  (void)c;
  count_flops(&in[0], &in[1], &out[0], cost);
}
static void input_cost(const rn_infer *c, const rn_shape *in, const rn_shape *out, rn_cost *cost) {
  (void)c;
  count_flops(&out[0], &in[1], &in[2], cost);
}
static void filter_cost(const rn_infer *c, const rn_shape *in, const rn_shape *out, rn_cost *cost) {
  (void)c;
  count_flops(&in[0], &out[0], &in[2], cost);
}

static const rn_op_def ops[] = {
    OP("Conv2D",
       "(input: T, filter: T) -> (output: T); T: {half, bfloat16, float, double}; strides: list(int); "
       "use_cudnn_on_gpu: bool = true; padding: {\"SAME\", \"VALID\", \"EXPLICIT\"}; explicit_paddings: list(int) = "
       "[]; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; dilations: list(int) = [1, 1, 1, 1]",
       "A filter bank slid over a batch of images.", infer_conv, grad_conv, .cost = conv_cost),
    OP("Conv2DBackpropInput",
       "(input_sizes: int32, filter: T, out_backprop: T) -> (output: T); T: {half, bfloat16, float, double}; strides: "
       "list(int); use_cudnn_on_gpu: bool = true; padding: {\"SAME\", \"VALID\", \"EXPLICIT\"}; explicit_paddings: "
       "list(int) = []; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; dilations: list(int) = [1, 1, 1, 1]",
       "The gradient of Conv2D by its images.", infer_backprop_input, grad_conv_input, .cost = input_cost),
    OP("Conv2DBackpropFilter",
       "(input: T, filter_sizes: int32, out_backprop: T) -> (output: T); T: {half, bfloat16, float, double}; strides: "
       "list(int); use_cudnn_on_gpu: bool = true; padding: {\"SAME\", \"VALID\", \"EXPLICIT\"}; explicit_paddings: "
       "list(int) = []; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; dilations: list(int) = [1, 1, 1, 1]",
       "The gradient of Conv2D by its filters.", infer_backprop_filter, grad_conv_filter, .cost = filter_cost),
    OP("DepthwiseConv2dNative",
       "(input: T, filter: T) -> (output: T); T: {half, bfloat16, float, double}; strides: list(int); padding: "
       "{\"SAME\", \"VALID\"}; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; dilations: list(int) = [1, 1, 1, 1]",
       "Filters slid over each channel alone.", infer_depthwise, grad_depthwise),
    OP("DepthwiseConv2dNativeBackpropInput",
       "(input_sizes: int32, filter: T, out_backprop: T) -> (output: T); T: {half, bfloat16, float, double}; strides: "
       "list(int); padding: {\"SAME\", \"VALID\"}; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; dilations: list(int) "
       "= [1, 1, 1, 1]",
       "The gradient of a depthwise convolution by its images.", infer_backprop_input, grad_depthwise_input),
    OP("DepthwiseConv2dNativeBackpropFilter",
       "(input: T, filter_sizes: int32, out_backprop: T) -> (output: T); T: {half, bfloat16, float, double}; strides: "
       "list(int); padding: {\"SAME\", \"VALID\"}; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; dilations: list(int) "
       "= [1, 1, 1, 1]",
       "The gradient of a depthwise convolution by its filters.", infer_backprop_filter, grad_depthwise_filter),
};
OPS_GROUP(ops_conv, ops);
