/* pool.c - pooling over images and its gradient ops (plugins/ops). */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

static rn_status *infer_pool(rn_infer *c) {
  rn_shape s;
  uint32_t nk, ns;
  const int64_t *k = op_int_list(&c->self, "ksize", &nk), *stride = op_int_list(&c->self, "strides", &ns);
  int same = rn_bytes_equal(rn_self_string(&c->self, "padding"), "SAME");
  if (rn_bytes_equal(rn_self_string(&c->self, "data_format"), "NCHW_VECT_C"))
    return op_fail(c, "data_format NCHW_VECT_C is not supported");
  RN_TRY(op_want_rank(c, 0, 4, &s));
  if (nk != 4 || ns != 4) return op_fail(c, "ksize and strides must have 4 entries but have %u and %u", nk, ns);
  for (int32_t i = 0; i < 4; i++) {
    if (k[i] <= 0) return op_fail(c, "ksize[%d] is %lld; it must be positive", i, (long long)k[i]);
    RN_TRY(op_window(c, s.dim[i], k[i], stride[i], 0, same, &s.dim[i]));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static rn_status *infer_avg_grad(rn_infer *c) {
  rn_shape s;
  RN_TRY(op_want_rank(c, 0, 1, &s));
  RN_TRY(op_shape_input(c, 0, &s));
  if (s.rank >= 0 && s.rank != 4) return op_fail(c, "orig_input_shape gives %d sizes, 4 are needed", s.rank);
  if (s.rank < 0) s = op_shape_of_rank(4);
  c->api->set_shape(c, 0, &s);
  return op_want_rank(c, 1, 4, &s);
}

/* x and y as the pool had them; dy goes with one, the result with the other. */
static rn_status *infer_pair(rn_infer *c, uint32_t with_dy, uint32_t like) {
  rn_shape s[2];
  RN_TRY(op_want_rank(c, 0, 4, &s[0]));
  RN_TRY(op_want_rank(c, 1, 4, &s[1]));
  RN_TRY(op_merge(c, &s[with_dy], c->api->shape(c, 2), &s[with_dy]));
  c->api->set_shape(c, 0, &s[like]);
  return NULL;
}
static rn_status *infer_max_grad(rn_infer *c) { return infer_pair(c, 1, 0); }
static rn_status *infer_max_grad_grad(rn_infer *c) { return infer_pair(c, 0, 1); }

static rn_value emit(rn_grad *c, const char *op, const rn_value *in, uint32_t n) {
  static const char *const names[4] = {"ksize", "strides", "padding", "data_format"};
  rn_attr a[4];
  for (int i = 0; i < 4; i++) op_copy_attr(&B->self, names[i], &a[i]);
  return rn_emit(B, op, in, n, a, 4);
}
static rn_status *grad_max(rn_grad *c) {
  rn_value in[3] = {GRAD_X(0), GRAD_Y(0), DY};
  return op_dx(c, 0, emit(c, "MaxPoolGrad", in, 3));
}
/* Linear in its third input; zero for the other two. */
static rn_status *grad_max_grad(rn_grad *c) {
  rn_value in[3] = {GRAD_X(0), GRAD_X(1), DY};
  op_dx(c, 0, rn_op1(B, "ZerosLike", GRAD_X(0)));
  op_dx(c, 1, rn_op1(B, "ZerosLike", GRAD_X(1)));
  return op_dx(c, 2, emit(c, "MaxPoolGradGrad", in, 3));
}
static rn_status *grad_max_grad_grad(rn_grad *c) {
  rn_value in[3] = {GRAD_X(0), GRAD_X(1), DY};
  op_dx(c, 0, rn_op1(B, "ZerosLike", GRAD_X(0)));
  op_dx(c, 1, rn_op1(B, "ZerosLike", GRAD_X(1)));
  return op_dx(c, 2, emit(c, "MaxPoolGrad", in, 3));
}
static rn_status *grad_avg(rn_grad *c) {
  rn_value in[2] = {rn_op1(B, "Shape", GRAD_X(0)), DY};
  return op_dx(c, 0, emit(c, "AvgPoolGrad", in, 2));
}
static rn_status *grad_avg_grad(rn_grad *c) {
  rn_value dy = DY;
  return op_dx(c, 1, emit(c, "AvgPool", &dy, 1));
}

static const rn_op_def ops[] = {
    OP("MaxPool",
       "(input: T) -> (output: T); T: {half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, qint8} "
       "= float; ksize: list(int) >= 4; strides: list(int) >= 4; padding: {\"SAME\", \"VALID\"}; data_format: "
       "{\"NHWC\", \"NCHW\", \"NCHW_VECT_C\"} = \"NHWC\"",
       "The largest element under a sliding window.", infer_pool, grad_max),
    OP("MaxPoolGrad",
       "(orig_input: T, orig_output: T, grad: T) -> (output: T); ksize: list(int) >= 4; strides: list(int) >= 4; "
       "padding: {\"SAME\", \"VALID\"}; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; T: {float, double, int32, uint8, "
       "int16, int8, int64, bfloat16, uint16, half, uint32, uint64} = float",
       "dy put where each window's largest element was.", infer_max_grad, grad_max_grad),
    OP("MaxPoolGradGrad",
       "(orig_input: T, orig_output: T, grad: T) -> (output: T); ksize: list(int) >= 4; strides: list(int) >= 4; "
       "padding: {\"SAME\", \"VALID\"}; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; T: {float, double, int32, uint8, "
       "int16, int8, int64, bfloat16, uint16, half, uint32, uint64}",
       "The elements of a gradient where each window's largest element was.", infer_max_grad_grad, grad_max_grad_grad),
    OP("AvgPool",
       "(value: T) -> (output: T); ksize: list(int) >= 4; strides: list(int) >= 4; padding: {\"SAME\", \"VALID\"}; "
       "data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; T: {half, bfloat16, float, double}",
       "The mean under a sliding window.", infer_pool, grad_avg),
    OP("AvgPoolGrad",
       "(orig_input_shape: int32, grad: T) -> (output: T); ksize: list(int) >= 4; strides: list(int) >= 4; padding: "
       "{\"SAME\", \"VALID\"}; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; T: {half, bfloat16, float, double}",
       "dy spread evenly over each window.", infer_avg_grad, grad_avg_grad),
};
OPS_GROUP(ops_pool, ops);
