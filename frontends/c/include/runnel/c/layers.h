/* runnel/c/layers.h - variables, initial values, layers, losses (frontends/c).
 *
 * For programs that build networks. Each function adds the nodes that TensorFlow 1's function of that
 * name adds, under its names. Failures stick in the scope (scope.h). */
#ifndef RUNNEL_C_LAYERS_H
#define RUNNEL_C_LAYERS_H
#include <runnel/c/scope.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A variable: the reference, its value, and what sets it. */
typedef struct rn_variable {
  rn_value ref, read, initial_value; /* W, W/read, what assign takes */
  rn_node_id assign;                 /* W/Assign */
  int trainable;
} rn_variable;
/* VariableV2 `name` with the dtype and shape of initial. The variable joins the collections "variables"
 * and, when trainable, "trainable_variables". */
RN_API rn_variable rn_variable_create(rn_scope *s, const char *name, rn_value initial, int trainable);
RN_API uint32_t rn_variable_count(const rn_scope *s);
RN_API const rn_variable *rn_variable_get(const rn_scope *s, uint32_t i); /* own: borrowed until the next is created */
/* The node that gives all variables made so far their initial values. */
RN_API rn_node_id rn_variables_init(rn_scope *s, const char *name);
/* "global_step": int64, not trainable, counts the steps of training. */
RN_API rn_variable rn_global_step_create(rn_scope *s);

/* Initial values of a known shape, float. */
RN_API rn_value rn_zeros(rn_scope *s, const char *name, rn_dtype t, const rn_shape *shape);
RN_API rn_value rn_fill(rn_scope *s, const char *name, rn_dtype t, const rn_shape *shape, double value);
/* Normal, nothing beyond two standard deviations. */
RN_API rn_value rn_truncated_normal(rn_scope *s, const char *name, const rn_shape *shape, float mean, float stddev);
RN_API rn_value rn_uniform(rn_scope *s, const char *name, const rn_shape *shape, float low, float high);

enum { RN_LINEAR = 0, RN_RELU = 1 };
/* x [n, in] -> x W + b [n, units], under scope `name`: weights [in, units] truncated normal with stddev
 * 1/sqrt(in), biases zero. */
RN_API rn_value rn_dense(rn_scope *s, const char *name, rn_value x, int64_t units, int activation);
/* x [n, h, w, c] -> [n, h', w', filters]; window size x size, padding "SAME" or "VALID", stride 1. */
RN_API rn_value rn_conv2d(rn_scope *s, const char *name, rn_value x, int64_t size, int64_t filters, const char *padding,
                          int activation);
/* The largest of each size x size window, stride size, padding "SAME". */
RN_API rn_value rn_max_pool(rn_scope *s, const char *name, rn_value x, int64_t size);
/* [n, ...] -> [n, product of the rest] */
RN_API rn_value rn_flatten(rn_scope *s, const char *name, rn_value x);
/* x / keep where a random number in [0,1) + keep >= 1, else 0. keep: a scalar, 1 when evaluating. */
RN_API rn_value rn_dropout(rn_scope *s, const char *name, rn_value x, rn_value keep);

/* Scalars. labels [n] are class numbers, logits [n, classes]. */
RN_API rn_value rn_cross_entropy_mean(rn_scope *s, const char *name, rn_value logits, rn_value labels);
RN_API rn_value rn_squared_error_mean(rn_scope *s, const char *name, rn_value prediction, rn_value target);
#ifdef __cplusplus
}
#endif
#endif
