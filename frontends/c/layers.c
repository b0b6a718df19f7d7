/* layers.c - layers and losses as the nodes that TensorFlow 1 makes of them (frontends/c). */
#include <math.h>
#include "scope_impl.h"

static rn_value one(rn_scope *s, const char *op, const char *name, rn_value x) {
  return rn_scope_op(s, op, name, &x, 1, NULL, 0);
}
static rn_value two(rn_scope *s, const char *op, const char *name, rn_value a, rn_value b) {
  rn_value in[2] = {a, b};
  return rn_scope_op(s, op, name, in, 2, NULL, 0);
}
static rn_shape dims(int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d) {
  rn_shape shape;
  memset(&shape, 0, sizeof shape);
  shape.rank = rank;
  shape.dim[0] = a;
  shape.dim[1] = b;
  shape.dim[2] = c;
  shape.dim[3] = d;
  return shape;
}

/* The last dimension of x, which must be known, and x of rank `rank`. 0 after reporting. */
static int64_t channels(rn_scope *s, const char *name, rn_value x, int32_t rank) {
  char text[96];
  if (s->error) return 0;
  const rn_shape *shape = rn_graph_shape(s->g, x);
  if (shape->rank == rank && shape->dim[rank - 1] > 0) return shape->dim[rank - 1];
  rn_shape_print(shape, text, sizeof text);
  rn_scope_fail(s, rn_status_make(RN_INVALID_ARGUMENT,
                                  "layer '%s%s': input must have rank %d and a known last dimension, it is %s",
                                  rn_scope_prefix(s), name, rank, text));
  return 0;
}

static rn_value activate(rn_scope *s, rn_value x, int activation) {
  return activation == RN_RELU ? one(s, "Relu", "Relu", x) : x;
}

rn_value rn_dense(rn_scope *s, const char *name, rn_value x, int64_t units, int activation) {
  int64_t in = channels(s, name, x, 2);
  if (in == 0) return RN_NO_VALUE;
  rn_shape w_shape = dims(2, in, units, 0, 0), b_shape = dims(1, units, 0, 0, 0);
  rn_scope_enter(s, name);
  rn_value start = rn_truncated_normal(s, "truncated_normal", &w_shape, 0, 1 / sqrtf((float)in));
  rn_variable w = rn_variable_create(s, "weights", start, 1);
  rn_variable b = rn_variable_create(s, "biases", rn_zeros(s, "zeros", RN_FLOAT, &b_shape), 1);
  rn_value y = activate(s, two(s, "Add", "add", two(s, "MatMul", "MatMul", x, w.read), b.read), activation);
  rn_scope_leave(s);
  return y;
}

rn_value rn_conv2d(rn_scope *s, const char *name, rn_value x, int64_t size, int64_t filters, const char *padding,
                   int activation) {
  int64_t in = channels(s, name, x, 4);
  if (in == 0) return RN_NO_VALUE;
  static const int64_t strides[4] = {1, 1, 1, 1};
  rn_shape w_shape = dims(4, size, size, in, filters), b_shape = dims(1, filters, 0, 0, 0);
  rn_attr attrs[2] = {RN_AILIST("strides", strides, 4), RN_AS("padding", padding, strlen(padding))};
  rn_scope_enter(s, name);
  rn_value start = rn_truncated_normal(s, "truncated_normal", &w_shape, 0, 1 / sqrtf((float)(size * size * in)));
  rn_variable w = rn_variable_create(s, "weights", start, 1);
  rn_variable b = rn_variable_create(s, "biases", rn_zeros(s, "zeros", RN_FLOAT, &b_shape), 1);
  rn_value xw[2] = {x, w.read}, y = rn_scope_op(s, "Conv2D", "Conv2D", xw, 2, attrs, 2);
  y = activate(s, two(s, "BiasAdd", "BiasAdd", y, b.read), activation);
  rn_scope_leave(s);
  return y;
}

rn_value rn_max_pool(rn_scope *s, const char *name, rn_value x, int64_t size) {
  const int64_t window[4] = {1, size, size, 1};
  rn_attr attrs[3] = {RN_AILIST("ksize", window, 4), RN_AILIST("strides", window, 4), RN_AS("padding", "SAME", 4)};
  return rn_scope_op(s, "MaxPool", name, &x, 1, attrs, 3);
}

rn_value rn_flatten(rn_scope *s, const char *name, rn_value x) {
  if (s->error) return RN_NO_VALUE;
  const rn_shape *shape = rn_graph_shape(s->g, x);
  int64_t n = 1;
  for (int32_t i = 1; i < shape->rank; i++) n = shape->dim[i] > 0 && n <= INT32_MAX ? n * shape->dim[i] : 0;
  if (shape->rank < 2 || n == 0 || n > INT32_MAX) {
    char text[96];
    rn_shape_print(shape, text, sizeof text);
    rn_scope_fail(s,
                  rn_status_make(RN_INVALID_ARGUMENT, "flatten '%s%s': all but the first dimension must be known in %s",
                                 rn_scope_prefix(s), name, text));
    return RN_NO_VALUE;
  }
  int32_t to[2] = {-1, (int32_t)n};
  rn_scope_enter(s, name);
  rn_value y = two(s, "Reshape", "", x, rn_scope_ints(s, "shape", to, 2));
  rn_scope_leave(s);
  return y;
}

rn_value rn_dropout(rn_scope *s, const char *name, rn_value x, rn_value keep) {
  int64_t seed[2];
  rn_scope_next_seed(s, seed);
  rn_attr attrs[3] = {RN_AT("dtype", RN_FLOAT), RN_AI("seed", seed[0]), RN_AI("seed2", seed[1])};
  rn_scope_enter(s, name);
  rn_value shape = one(s, "Shape", "Shape", x);
  rn_value noise = rn_scope_op(s, "RandomUniform", "random_uniform/RandomUniform", &shape, 1, attrs, 3);
  rn_value mask = one(s, "Floor", "Floor", two(s, "Add", "add", keep, noise));
  rn_value y = two(s, "Mul", "mul", two(s, "RealDiv", "div", x, keep), mask);
  rn_scope_leave(s);
  return y;
}

/* The mean over the only dimension, or over all dimensions of x. */
static rn_value mean(rn_scope *s, const char *name, rn_value x) {
  int32_t axes[RN_MAX_RANK];
  if (s->error) return RN_NO_VALUE;
  int32_t rank = rn_graph_shape(s->g, x)->rank;
  if (rank < 0) {
    rn_scope_fail(s, rn_status_make(RN_INVALID_ARGUMENT, "mean '%s%s': the rank of its input must be known",
                                    rn_scope_prefix(s), name));
    return RN_NO_VALUE;
  }
  for (int32_t i = 0; i < rank; i++) axes[i] = i;
  return two(s, "Mean", name, x, rn_scope_ints(s, "Const", axes, (uint32_t)rank));
}

rn_value rn_cross_entropy_mean(rn_scope *s, const char *name, rn_value logits, rn_value labels) {
  rn_scope_enter(s, name);
  rn_value each = two(s, "SparseSoftmaxCrossEntropyWithLogits", "xentropy", logits, labels);
  rn_value v = mean(s, "xentropy_mean", each);
  rn_scope_leave(s);
  return v;
}

rn_value rn_squared_error_mean(rn_scope *s, const char *name, rn_value prediction, rn_value target) {
  rn_scope_enter(s, name);
  rn_value d = two(s, "Sub", "sub", prediction, target);
  rn_value v = mean(s, "Mean", one(s, "Square", "Square", d));
  rn_scope_leave(s);
  return v;
}
