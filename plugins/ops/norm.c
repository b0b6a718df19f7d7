/* norm.c - biases and batch normalisation (plugins/ops). */
#include "ops.h"

#define B GRAD_B
#define DY GRAD_DY

/* Channels are the last axis, or the third from the end in NCHW. */
static int32_t channel_axis(const rn_self *s, int32_t rank) {
  int nchw = rn_bytes_equal(rn_self_string(s, "data_format"), "NCHW");
  return nchw ? (rank >= 3 ? rank - 3 : rank > 1 ? 1 : 0) : rank - 1;
}

static rn_status *infer_bias(rn_infer *c) {
  rn_shape s = *c->api->shape(c, 0), bias;
  RN_TRY(op_want_rank_from(c, 0, 2));
  RN_TRY(op_want_rank(c, 1, 1, &bias));
  if (s.rank > 0) {
    int32_t at = channel_axis(&c->self, s.rank);
    rn_status *e = c->api->merge(c, s.dim[at], bias.dim[0], &bias.dim[0]);
    if (e) c->self.host->status_free(e);
    if (e) return op_fail(c, "%lld channels, but the bias has %lld", (long long)s.dim[at], (long long)bias.dim[0]);
    s.dim[at] = bias.dim[0];
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_bias_grad(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  RN_TRY(op_want_rank_from(c, 0, 2));
  rn_shape s = rn_shape_vector(x->rank > 0 ? x->dim[channel_axis(&c->self, x->rank)] : RN_DIM_UNKNOWN);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_value with_format(rn_grad *c, const char *op, const rn_value *in, uint32_t n) {
  rn_attr a;
  uint32_t has = (uint32_t)op_copy_attr(&B->self, "data_format", &a);
  return rn_emit(B, op, in, n, &a, has);
}
static rn_status *grad_bias(rn_grad *c) {
  rn_value dy = DY;
  op_dx(c, 0, dy);
  return op_dx(c, 1, with_format(c, "BiasAddGrad", &dy, 1));
}
static rn_status *grad_bias_grad(rn_grad *c) {
  rn_value in[2] = {rn_op1(B, "ZerosLike", GRAD_X(0)), DY};
  return op_dx(c, 0, with_format(c, "BiasAdd", in, 2));
}

/* The outputs from `first` on hold nothing: a place for what other kernels keep. */
static void set_empty(rn_infer *c, uint32_t first) {
  rn_shape none = rn_shape_vector(0);
  for (uint32_t i = first; i < c->n_out; i++) c->api->set_shape(c, i, &none);
}

static rn_status *infer_batch_norm(rn_infer *c) {
  rn_shape x, scale = rn_shape_vector(RN_DIM_UNKNOWN);
  op_layout at = op_layout_of(&c->self);
  int training = rn_self_bool(&c->self, "is_training", 1);
  RN_TRY(op_want_rank(c, 0, 4, &x));
  for (uint32_t i = 1; i < (training ? 3u : 5u); i++) RN_TRY(op_merge(c, &scale, c->api->shape(c, i), &scale));
  RN_TRY(c->api->merge(c, x.dim[at.c], scale.dim[0], &scale.dim[0]));
  x.dim[at.c] = scale.dim[0];
  c->api->set_shape(c, 0, &x);
  for (uint32_t i = 1; i < 5; i++) c->api->set_shape(c, i, &scale);
  set_empty(c, 5);
  return NULL;
}
/* dx like x, then the two vectors; the last outputs are empty, as in TensorFlow. */
static rn_status *infer_batch_norm_grad(rn_infer *c) {
  rn_shape dy, x, scale = rn_shape_vector(RN_DIM_UNKNOWN);
  op_layout at = op_layout_of(&c->self);
  RN_TRY(op_want_rank(c, 0, 4, &dy));
  RN_TRY(op_want_rank(c, 1, 4, &x));
  RN_TRY(op_merge(c, &dy, &x, &x));
  for (uint32_t i = 2; i < 5; i++) RN_TRY(op_merge(c, &scale, c->api->shape(c, i), &scale));
  RN_TRY(c->api->merge(c, x.dim[at.c], scale.dim[0], &scale.dim[0]));
  x.dim[at.c] = scale.dim[0];
  c->api->set_shape(c, 0, &x);
  c->api->set_shape(c, 1, &scale);
  c->api->set_shape(c, 2, &scale);
  set_empty(c, 3);
  return NULL;
}

/* Trained with the batch's statistics, the op kept them; otherwise the given ones are used. */
static rn_status *batch_norm(rn_grad *c, const char *op, int has_third) {
  int training = rn_self_bool(&B->self, "is_training", 1);
  rn_value in[6] = {DY, GRAD_X(0), GRAD_X(1), GRAD_Y(3), GRAD_Y(4), RN_NO_VALUE};
  if (!training) in[3] = GRAD_X(3);
  if (!training) in[4] = GRAD_X(4);
  if (has_third) in[5] = GRAD_Y(5);
  static const char *const names[3] = {"epsilon", "data_format", "is_training"};
  rn_attr a[3];
  for (int i = 0; i < 3; i++) op_copy_attr(&B->self, names[i], &a[i]);
  if (!op_is_value(DY)) return op_grad_fail(c, "only the normalised output has a gradient");
  rn_value d = rn_emit(B, op, in, has_third ? 6 : 5, a, 3);
  for (uint32_t i = 0; i < 3; i++) op_dx(c, i, rn_port(d, i));
  return NULL;
}
static rn_status *grad_norm(rn_grad *c) { return batch_norm(c, "FusedBatchNormGrad", 0); }
static rn_status *grad_norm_v2(rn_grad *c) { return batch_norm(c, "FusedBatchNormGradV2", 0); }
static rn_status *grad_norm_v3(rn_grad *c) { return batch_norm(c, "FusedBatchNormGradV3", 1); }

static const rn_op_def ops[] = {
    OP("BiasAdd",
       "(value: T, bias: T) -> (output: T); T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, "
       "quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; data_format: {\"NHWC\", \"NCHW\"} = "
       "\"NHWC\"",
       "A vector added along the channels.", infer_bias, grad_bias),
    OP("BiasAddV1",
       "(value: T, bias: T) -> (output: T); T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, "
       "quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}",
       "A vector added along the last axis.", infer_bias, grad_bias),
    OP("BiasAddGrad",
       "(out_backprop: T) -> (output: T); T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, "
       "quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; data_format: {\"NHWC\", \"NCHW\"} = "
       "\"NHWC\"",
       "The sum over all axes but the channels.", infer_bias_grad, grad_bias_grad),
    OP("FusedBatchNorm",
       "(x: T, scale: T, offset: T, mean: T, variance: T) -> (y: T, batch_mean: T, batch_variance: T, reserve_space_1: "
       "T, reserve_space_2: T); T: {float}; epsilon: float = 0.0001; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; "
       "is_training: bool = true",
       "Images normalised per channel, scaled and shifted.", infer_batch_norm, grad_norm),
    OP("FusedBatchNormV2",
       "(x: T, scale: U, offset: U, mean: U, variance: U) -> (y: T, batch_mean: U, batch_variance: U, reserve_space_1: "
       "U, reserve_space_2: U); T: {half, bfloat16, float}; U: {float}; epsilon: float = 0.0001; data_format: "
       "{\"NHWC\", \"NCHW\"} = \"NHWC\"; is_training: bool = true",
       "Images normalised per channel, scaled and shifted; statistics in type U.", infer_batch_norm, grad_norm_v2),
    OP("FusedBatchNormV3",
       "(x: T, scale: U, offset: U, mean: U, variance: U) -> (y: T, batch_mean: U, batch_variance: U, reserve_space_1: "
       "U, reserve_space_2: U, reserve_space_3: U); T: {half, bfloat16, float}; U: {float}; epsilon: float = 0.0001; "
       "data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; is_training: bool = true",
       "Images normalised per channel, scaled and shifted; keeps what its gradient needs.", infer_batch_norm,
       grad_norm_v3),
    OP("FusedBatchNormGrad",
       "(y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T) -> (x_backprop: T, scale_backprop: T, "
       "offset_backprop: T, reserve_space_3: T, reserve_space_4: T); T: {float}; epsilon: float = 0.0001; data_format: "
       "{\"NHWC\", \"NCHW\"} = \"NHWC\"; is_training: bool = true",
       "The gradient of FusedBatchNorm.", infer_batch_norm_grad, NULL),
    OP("FusedBatchNormGradV2",
       "(y_backprop: T, x: T, scale: float, reserve_space_1: U, reserve_space_2: U) -> (x_backprop: T, scale_backprop: "
       "U, offset_backprop: U, reserve_space_3: U, reserve_space_4: U); T: {half, bfloat16, float}; U: {float}; "
       "epsilon: float = 0.0001; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; is_training: bool = true",
       "The gradient of FusedBatchNormV2.", infer_batch_norm_grad, NULL),
    OP("FusedBatchNormGradV3",
       "(y_backprop: T, x: T, scale: float, reserve_space_1: U, reserve_space_2: U, reserve_space_3: U) -> "
       "(x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, reserve_space_5: U); T: {half, "
       "bfloat16, float}; U: {float}; epsilon: float = 0.0001; data_format: {\"NHWC\", \"NCHW\"} = \"NHWC\"; "
       "is_training: bool = true",
       "The gradient of FusedBatchNormV3.", infer_batch_norm_grad, NULL),
};
OPS_GROUP(ops_norm, ops);
