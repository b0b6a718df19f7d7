/* graph/validate_infer.c - the table of shape functions, checking (core/graph). */
#include <stddef.h>
#include "graph/node.h"
#include "graph/validate.h"

static graph_subject *of(rn_infer *c) { return (graph_subject *)(void *)((char *)c - offsetof(graph_subject, infer)); }

/* 0, after saying so, when the shape function has returned. */
static int is_open(const graph_subject *s, const char *function) {
  if (s->real_infer != NULL) return 1;
  rn_violation(s->plugin, s->what, NULL, "%s is called after the shape function returned", function);
  return 0;
}

static int has_input(rn_infer *c, const char *function, uint32_t i) {
  graph_subject *s = of(c);
  if (!is_open(s, function)) return 0;
  if (i < s->real_infer->n_in) return 1;
  rn_violation_here(s->plugin, "%s: input %u of %u", function, i, s->real_infer->n_in);
  return 0;
}

static int has_output(rn_infer *c, const char *function, uint32_t i) {
  graph_subject *s = of(c);
  if (!is_open(s, function)) return 0;
  if (i < s->real_infer->n_out) return 1;
  rn_violation_here(s->plugin, "%s: output %u of %u", function, i, s->real_infer->n_out);
  return 0;
}

static int is_dimension(const graph_subject *s, int64_t d) {
  return d >= RN_DIM_UNKNOWN || d > s->real_infer->self.graph->next_symbol;
}

static int is_shape(graph_subject *s, const char *function, const rn_shape *shape) {
  if (shape == NULL) {
    rn_violation_here(s->plugin, "%s: the shape is NULL", function);
    return 0;
  }
  if (shape->rank < -1 || shape->rank > RN_MAX_RANK) {
    rn_violation_here(s->plugin, "%s: rank %d; it is -1 (unknown) to %d", function, shape->rank, RN_MAX_RANK);
    return 0;
  }
  for (int32_t i = 0; i < shape->rank; i++) {
    if (is_dimension(s, shape->dim[i])) continue;
    rn_violation_here(s->plugin, "%s: dimension %d is %lld, which is no size, not unknown and no symbol of this graph",
                      function, i, (long long)shape->dim[i]);
    return 0;
  }
  return 1;
}

static const rn_infer_api *api(rn_infer *c) { return of(c)->real_infer->api; }

static const rn_shape *get_shape(rn_infer *c, uint32_t i) {
  return has_input(c, "shape", i) ? api(c)->shape(of(c)->real_infer, i) : &rn_graph_shape_unknown;
}
static rn_dtype get_dtype(rn_infer *c, uint32_t i) {
  return has_input(c, "dtype", i) ? api(c)->dtype(of(c)->real_infer, i) : RN_INVALID;
}

static int32_t get_value(rn_infer *c, uint32_t i, int64_t *out, uint32_t cap) {
  if (!has_input(c, "value", i)) return -1;
  if (out == NULL && cap != 0) {
    rn_violation_here(of(c)->plugin, "value: room for %u elements at NULL", cap);
    return -1;
  }
  return api(c)->value(of(c)->real_infer, i, out, cap);
}

static rn_tensor *get_constant(rn_infer *c, uint32_t i) {
  return has_input(c, "constant", i) ? api(c)->constant(of(c)->real_infer, i) : NULL;
}

static void set_shape(rn_infer *c, uint32_t o, const rn_shape *shape) {
  if (has_output(c, "set_shape", o) && is_shape(of(c), "set_shape", shape))
    api(c)->set_shape(of(c)->real_infer, o, shape);
}

static void set_value(rn_infer *c, uint32_t o, const int64_t *v, uint32_t n) {
  if (!has_output(c, "set_value", o)) return;
  if (n > RN_MAX_VALUE)
    rn_violation_here(of(c)->plugin, "set_value: %u elements; at most %u are kept", n, (unsigned)RN_MAX_VALUE);
  else if (v == NULL && n != 0)
    rn_violation_here(of(c)->plugin, "set_value: %u elements at NULL", n);
  else
    api(c)->set_value(of(c)->real_infer, o, v, n);
}

static int64_t new_symbol(rn_infer *c) {
  return is_open(of(c), "new_symbol") ? api(c)->new_symbol(of(c)->real_infer) : RN_DIM_UNKNOWN;
}

static rn_status *merge(rn_infer *c, int64_t a, int64_t b, int64_t *out) {
  graph_subject *s = of(c);
  if (!is_open(s, "merge")) return rn_status_make(RN_INTERNAL, "merge is called after the shape function returned");
  for (int k = 0; k < 2; k++)
    if (!is_dimension(s, k == 0 ? a : b))
      rn_violation_here(s->plugin, "merge: %lld is no dimension", (long long)(k == 0 ? a : b));
  return api(c)->merge(s->real_infer, a, b, out);
}

static uint8_t get_handle(rn_infer *c, uint32_t i, rn_dtype *dt, rn_shape *shape) {
  return has_input(c, "handle", i) ? api(c)->handle(of(c)->real_infer, i, dt, shape) : 0;
}
static void set_handle(rn_infer *c, uint32_t o, rn_dtype dt, const rn_shape *shape) {
  if (has_output(c, "set_handle", o) && is_shape(of(c), "set_handle", shape))
    api(c)->set_handle(of(c)->real_infer, o, dt, shape);
}
static rn_dtype out_dtype(rn_infer *c, uint32_t o) {
  return has_output(c, "out_dtype", o) ? api(c)->out_dtype(of(c)->real_infer, o) : RN_INVALID;
}

const rn_infer_api rn_checking_infer = {.struct_size = sizeof(rn_infer_api),
                                        .shape = get_shape,
                                        .dtype = get_dtype,
                                        .value = get_value,
                                        .constant = get_constant,
                                        .set_shape = set_shape,
                                        .set_value = set_value,
                                        .new_symbol = new_symbol,
                                        .merge = merge,
                                        .handle = get_handle,
                                        .set_handle = set_handle,
                                        .out_dtype = out_dtype};
