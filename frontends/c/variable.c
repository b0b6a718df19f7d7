/* variable.c - variables and their initial values, under TensorFlow's names (frontends/c). */
#include <math.h>
#include <stdlib.h>
#include "scope_impl.h"

rn_variable rn_variable_create(rn_scope *s, const char *name, rn_value initial, int trainable) {
  rn_variable v = {RN_NO_VALUE, RN_NO_VALUE, initial, RN_NO_NODE, trainable};
  if (s->error) return v;
  rn_attr attrs[2] = {RN_AT("dtype", rn_graph_dtype(s->g, initial)), RN_ASHAPE("shape", rn_graph_shape(s->g, initial))};
  v.ref = rn_scope_op(s, "VariableV2", name, NULL, 0, attrs, 2);
  if (s->error) return v;
  const char *whole = rn_graph_name(s->g, v.ref.node);
  size_t skip = strlen(rn_scope_prefix(s));
  char *assign = scope_text(s, "%s/Assign", whole + skip), *read = scope_text(s, "%s/read", whole + skip);
  if (assign && read) {
    rn_value in[2] = {v.ref, initial};
    rn_scope_with_colocation(s, v.ref.node);
    v.assign = rn_scope_op(s, "Assign", assign, in, 2, NULL, 0).node;
    v.read = rn_scope_op(s, "Identity", read, &v.ref, 1, NULL, 0);
    rn_scope_leave(s);
  }
  free(assign);
  free(read);
  if (s->error || !scope_grow(s, &s->variable, s->n_variables, &s->cap_variables, sizeof v)) return v;
  s->variable[s->n_variables++] = v;
  rn_collection_add(s, "variables", v.ref);
  if (trainable) rn_collection_add(s, "trainable_variables", v.ref);
  return v;
}

uint32_t rn_variable_count(const rn_scope *s) { return s->n_variables; }
const rn_variable *rn_variable_get(const rn_scope *s, uint32_t i) {
  return i < s->n_variables ? &s->variable[i] : NULL;
}

rn_node_id rn_variables_init(rn_scope *s, const char *name) {
  rn_node_id *all = calloc(s->n_variables + 1u, sizeof *all);
  if (all == NULL) {
    rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"));
    return RN_NO_NODE;
  }
  for (uint32_t i = 0; i < s->n_variables; i++) all[i] = s->variable[i].assign;
  rn_node_id id = rn_scope_group(s, name, all, s->n_variables);
  free(all);
  return id;
}

rn_variable rn_global_step_create(rn_scope *s) {
  rn_value zero = rn_scope_scalar(s, "global_step/initial_value", RN_INT64, 0);
  rn_variable v = rn_variable_create(s, "global_step", zero, 0);
  rn_collection_add(s, "global_step", v.ref);
  return v;
}

static rn_value shape_constant(rn_scope *s, const char *name, const rn_shape *shape) {
  int32_t dims[RN_MAX_RANK];
  for (int32_t i = 0; i < shape->rank; i++) {
    if (shape->dim[i] < 0 || shape->dim[i] > INT32_MAX) {
      rn_scope_fail(s, rn_status_make(RN_INVALID_ARGUMENT, "%s%s: dimension %d must be known and fit 32 bits",
                                      rn_scope_prefix(s), name, i));
      return RN_NO_VALUE;
    }
    dims[i] = (int32_t)shape->dim[i];
  }
  return rn_scope_ints(s, name, dims, shape->rank < 0 ? 0 : (uint32_t)shape->rank);
}

rn_value rn_fill(rn_scope *s, const char *name, rn_dtype t, const rn_shape *shape, double value) {
  rn_scope_enter(s, name);
  rn_value in[2];
  in[0] = shape_constant(s, "shape_as_tensor", shape);
  in[1] = rn_scope_scalar(s, "Const", t, value);
  rn_value v = rn_scope_op(s, "Fill", "", in, 2, NULL, 0);
  rn_scope_leave(s);
  return v;
}

/* TensorFlow writes small zeros as a constant and large ones as a fill. */
rn_value rn_zeros(rn_scope *s, const char *name, rn_dtype t, const rn_shape *shape) {
  int64_t n = 0;
  rn_tensor *zero = NULL;
  if (s->error) return RN_NO_VALUE;
  rn_scope_fail(s, rn_shape_count(shape, &n));
  if (n >= 1000) return rn_fill(s, name, t, shape, 0);
  if (!s->error) rn_scope_fail(s, rn_tensor_create(t, shape, &zero));
  return rn_scope_constant(s, name, zero);
}

static rn_value random_op(rn_scope *s, const char *op, const char *name, rn_value shape) {
  int64_t seed[2];
  rn_scope_next_seed(s, seed);
  rn_attr attrs[3] = {RN_AT("dtype", RN_FLOAT), RN_AI("seed", seed[0]), RN_AI("seed2", seed[1])};
  return rn_scope_op(s, op, name, &shape, 1, attrs, 3);
}

static rn_value two(rn_scope *s, const char *op, const char *name, rn_value a, rn_value b) {
  rn_value in[2] = {a, b};
  return rn_scope_op(s, op, name, in, 2, NULL, 0);
}

rn_value rn_truncated_normal(rn_scope *s, const char *name, const rn_shape *shape, float mean, float stddev) {
  rn_scope_enter(s, name);
  rn_value dims = shape_constant(s, "shape", shape);
  rn_value m = rn_scope_scalar(s, "mean", RN_FLOAT, mean), d = rn_scope_scalar(s, "stddev", RN_FLOAT, stddev);
  rn_value x = two(s, "Mul", "mul", random_op(s, "TruncatedNormal", "TruncatedNormal", dims), d);
  rn_value v = two(s, "Add", "", x, m);
  rn_scope_leave(s);
  return v;
}

rn_value rn_uniform(rn_scope *s, const char *name, const rn_shape *shape, float low, float high) {
  rn_scope_enter(s, name);
  rn_value dims = shape_constant(s, "shape", shape);
  rn_value lo = rn_scope_scalar(s, "min", RN_FLOAT, low), hi = rn_scope_scalar(s, "max", RN_FLOAT, high);
  rn_value x = random_op(s, "RandomUniform", "RandomUniform", dims), range = two(s, "Sub", "sub", hi, lo);
  rn_value v = two(s, "Add", "", two(s, "Mul", "mul", x, range), lo);
  rn_scope_leave(s);
  return v;
}
