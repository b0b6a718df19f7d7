/* runnel/c/scope.h - where a program adds nodes (frontends/c).
 *
 * For programs that build graphs in C. A scope is a place in a graph: a name prefix, a device, nodes to
 * wait for. It keeps the first error and afterwards adds nothing, so that calls chain and one check at
 * the end is enough. Builders of single ops are in <runnel/ops.h>, generated from the op definitions.
 * thread: one scope from one thread at a time. */
#ifndef RUNNEL_C_SCOPE_H
#define RUNNEL_C_SCOPE_H
#include <stdarg.h>
#include <runnel/graph.h>
#include <runnel/session.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_scope rn_scope;
/* own: owned; the graph is borrowed until destroy. */
RN_API rn_status *rn_scope_create(rn_graph *g, rn_scope **out);
RN_API void rn_scope_destroy(rn_scope *s); /* NULL is accepted */
RN_API rn_graph *rn_scope_graph(const rn_scope *s);

/* The first error, or NULL; the scope forgets it. own: owned */
RN_API rn_status *rn_scope_take_status(rn_scope *s);
RN_API int rn_scope_failed(const rn_scope *s);
/* own: failed given; kept if it is the first. NULL is accepted. */
RN_API void rn_scope_fail(rn_scope *s, rn_status *failed);

/* Each of these narrows the scope until the matching leave. Names as in TensorFlow: a scope opened
 * twice is numbered ("fc", "fc_1"). */
RN_API void rn_scope_enter(rn_scope *s, const char *name);
RN_API void rn_scope_with_device(rn_scope *s, const char *device);
RN_API void rn_scope_with_control(rn_scope *s, const rn_node_id *nodes, uint32_t n);
RN_API void rn_scope_with_colocation(rn_scope *s, rn_node_id node);
RN_API void rn_scope_leave(rn_scope *s);
RN_API const char *rn_scope_prefix(const rn_scope *s); /* "fc/"; own: borrowed until the scope changes */
/* Seeds of random ops are (seed, number of random ops so far); 0: unpredictable, as in TensorFlow. */
RN_API void rn_scope_set_seed(rn_scope *s, int64_t seed);
RN_API void rn_scope_next_seed(rn_scope *s, int64_t out_seed[2]);

/* Adds a node here: the prefix, device, control inputs and colocation are put to the request. A name of
 * "" is the scope's own ("fc" inside "fc/"). RN_NO_NODE after an error. */
RN_API rn_node_id rn_scope_add(rn_scope *s, const rn_node_request *r);
/* The same in short; the value is output 0. */
RN_API rn_value rn_scope_op(rn_scope *s, const char *op, const char *name, const rn_value *in, uint32_t n_in,
                            const rn_attr *attrs, uint32_t n_attrs);
RN_API rn_value rn_scope_constant(rn_scope *s, const char *name, rn_tensor *t /* given; NULL is an error */);
RN_API rn_value rn_scope_scalar(rn_scope *s, const char *name, rn_dtype t, double value);
RN_API rn_value rn_scope_ints(rn_scope *s, const char *name, const int32_t *v, uint32_t n);
RN_API rn_value rn_scope_texts(rn_scope *s, const char *name, const char *const *v, uint32_t n);
RN_API rn_value rn_scope_placeholder(rn_scope *s, const char *name, rn_dtype t, const rn_shape *shape);
/* A node that waits for others. */
RN_API rn_node_id rn_scope_group(rn_scope *s, const char *name, const rn_node_id *nodes, uint32_t n);

/* Collections: named lists of values that a program wants to find again. */
RN_API void rn_collection_add(rn_scope *s, const char *key, rn_value v);
/* Item i, or RN_NO_VALUE when there are not so many. */
RN_API rn_value rn_collection_get(const rn_scope *s, const char *key, uint32_t i);
RN_API uint32_t rn_collection_count(const rn_scope *s, const char *key);
RN_API uint32_t rn_collection_keys(const rn_scope *s);
RN_API const char *rn_collection_key(const rn_scope *s, uint32_t i); /* own: borrowed */

/* What generated builders are made of: arguments are put in signature order, then end adds the node. */
#define RN_OP_CALL_INPUTS 16u
#define RN_OP_CALL_ATTRS 32u
typedef struct rn_op_call {
  rn_scope *scope;
  const char *op, *name;
  rn_value near[RN_OP_CALL_INPUTS], *inputs; /* inputs: near, or on the heap when there are more */
  rn_attr attrs[RN_OP_CALL_ATTRS];
  uint32_t n_inputs, cap_inputs, n_attrs;
} rn_op_call;
RN_API void rn_op_begin(rn_op_call *c, rn_scope *s, const char *op, const char *name);
RN_API void rn_op_input(rn_op_call *c, rn_value v);
RN_API void rn_op_inputs(rn_op_call *c, const rn_value *v, uint32_t n);
RN_API void rn_op_attr(rn_op_call *c, const char *name, const rn_attr_value *v);
RN_API rn_node_id rn_op_end(rn_op_call *c);
/* An attribute whose default is not 0: RN_SET(0) gives it 0; left out it has its default. */
typedef struct rn_option_int {
  int is_set;
  int64_t value;
} rn_option_int;
typedef struct rn_option_float {
  int is_set;
  float value;
} rn_option_float;
#define RN_SET(v) \
  { 1, (v) }
#ifdef __cplusplus
}
#endif
#endif
