/* runnel/graph.h - building, reading and differentiating graphs (core/graph).
 *
 * For front ends. A graph is a list of nodes; each names an op, its inputs, attributes and perhaps a
 * device. Adding a node checks it against the op's signature and infers its shapes at once, so an
 * error comes from the line that made it. Nodes are never removed. A graph owns a function library:
 * a function is a graph with a list of values that are fed and a list that is returned.
 * thread: building from one thread at a time; reading while nobody builds. Sessions may run an
 * earlier version of the graph while it grows. */
#ifndef RUNNEL_GRAPH_H
#define RUNNEL_GRAPH_H
#include <runnel/runtime.h>
#include <runnel/tensor.h>
#ifdef __cplusplus
extern "C" {
#endif

enum { RN_GRAPH_ALLOW_UNKNOWN_OPS = 1u }; /* unknown ops are kept to look at; running them fails */
/* An empty graph whose ops come from rt. flags: RN_GRAPH_*. own: owned; rt is borrowed until destroy */
RN_API rn_status *rn_graph_create(rn_runtime *rt, uint32_t flags, rn_graph **out);
RN_API void rn_graph_destroy(rn_graph *g);              /* NULL is accepted; sessions on it must be gone */
RN_API rn_runtime *rn_graph_runtime(const rn_graph *g); /* the one it was created with. own: borrowed */

/* Adds a node; all that the request points at is copied. On failure nothing was added.
 * err INVALID_ARGUMENT (wrong arity, dtype, attribute or shape, named), NOT_FOUND (unknown op, with
 * the plugin folders searched), ALREADY_EXISTS. An input may name a node that comes later only
 * through rn_graph_set_input (loops). */
RN_API rn_status *rn_graph_add(rn_graph *g, const rn_node_request *r, rn_node_id *out);
/* Closes a loop: makes v the input i of n (a merge). */
RN_API rn_status *rn_graph_set_input(rn_graph *g, rn_node_id n, uint32_t i, rn_value v);
RN_API rn_status *rn_graph_add_control(rn_graph *g, rn_node_id n, rn_node_id before);
/* Attributes that do not touch the signature ("_class", "_output_shapes"), or a device, later. */
RN_API rn_status *rn_graph_set_attr(rn_graph *g, rn_node_id n, const rn_attr *a);
RN_API rn_status *rn_graph_set_device(rn_graph *g, rn_node_id n, const char *device);
/* Narrows what inference found. err INVALID_ARGUMENT when the two contradict. */
RN_API rn_status *rn_graph_set_shape(rn_graph *g, rn_value v, const rn_shape *s);

/* Reading. Strings and arrays are borrowed until the graph is destroyed. */
RN_API uint32_t rn_graph_node_count(const rn_graph *g);               /* ids are 0 .. count-1, in order of adding */
RN_API rn_node_id rn_graph_find(const rn_graph *g, const char *name); /* RN_NO_NODE: none */
/* "node", "node:1", "^node" (port RN_CONTROL). err INVALID_ARGUMENT, NOT_FOUND with near names. */
RN_API rn_status *rn_graph_find_value(const rn_graph *g, const char *text, rn_value *out);
RN_API const char *rn_graph_name(const rn_graph *g, rn_node_id n);
RN_API const char *rn_graph_op(const rn_graph *g, rn_node_id n);
RN_API const char *rn_graph_device(const rn_graph *g, rn_node_id n);
RN_API uint32_t rn_graph_input_count(const rn_graph *g, rn_node_id n);
RN_API uint32_t rn_graph_output_count(const rn_graph *g, rn_node_id n);
RN_API rn_value rn_graph_input(const rn_graph *g, rn_node_id n, uint32_t i);
RN_API uint32_t rn_graph_control_count(const rn_graph *g, rn_node_id n);
RN_API rn_node_id rn_graph_control(const rn_graph *g, rn_node_id n, uint32_t i);
RN_API uint32_t rn_graph_consumers(const rn_graph *g, rn_value v, rn_value *out, uint32_t cap);
RN_API rn_dtype rn_graph_dtype(const rn_graph *g, rn_value v);
RN_API const rn_shape *rn_graph_shape(const rn_graph *g, rn_value v);
RN_API rn_status *rn_graph_attr(const rn_graph *g, rn_node_id n, const char *name, uint32_t want_type,
                                rn_attr_value *out);
RN_API uint32_t rn_graph_attr_count(const rn_graph *g, rn_node_id n);
RN_API const char *rn_graph_attr_name(const rn_graph *g, rn_node_id n, uint32_t i);
RN_API rn_tensor *rn_graph_constant(const rn_graph *g, rn_value v); /* borrowed, or NULL */
/* Name not taken yet: prefix, prefix_1, ... as TensorFlow numbers them. buf may be NULL to ask the length. */
RN_API size_t rn_graph_unique_name(const rn_graph *g, const char *prefix, char *buf, size_t size_bytes);
/* Is the op known? Its flags and role (plugin.h); 0 when unknown. */
RN_API int rn_graph_op_known(const rn_graph *g, rn_node_id n, uint32_t *out_flags, uint32_t *out_role);
/* Argument of the signature that flat input/output i belongs to, and the position within it. own: borrowed */
RN_API const char *rn_graph_output_arg(const rn_graph *g, rn_node_id n, uint32_t i, uint32_t *out_position);
/* Flat index of element `position` of output argument `arg`. err NOT_FOUND */
RN_API rn_status *rn_graph_output_index(const rn_graph *g, rn_node_id n, const char *arg, uint32_t position,
                                        uint32_t *out);

/* Functions. Takes the body over, also on failure; its inputs are fed, its outputs returned. Resource
 * inputs are placeholders of dtype RN_RESOURCE. */
RN_API rn_status *rn_graph_add_function(rn_graph *g, const char *name, rn_graph *body /* given */,
                                        const rn_value *inputs, uint32_t n_inputs, const rn_value *outputs,
                                        uint32_t n_outputs, const rn_node_id *control_outputs,
                                        uint32_t n_control_outputs);
RN_API uint32_t rn_graph_function_count(const rn_graph *g);
RN_API const char *rn_graph_function_name(const rn_graph *g, uint32_t i);
typedef struct rn_function_info {
  const rn_graph *body;
  const rn_value *inputs, *outputs;
  const rn_node_id *control_outputs;
  uint32_t n_inputs, n_outputs, n_control_outputs;
} rn_function_info;
RN_API rn_status *rn_graph_function(const rn_graph *g, const char *name, rn_function_info *out);

/* Adds the gradients of sum(ys) with respect to xs, named under "gradients/". grad_ys may be NULL
 * (ones). out_dx[i] is RN_NO_VALUE where xs[i] does not influence ys. Where a gradient comes as
 * slices, out_slices (if not NULL) receives them and out_dx[i] is RN_NO_VALUE; without out_slices
 * they are made dense. The edit is dropped whole on failure.
 * err INVALID_ARGUMENT, UNIMPLEMENTED (an op on the way has no gradient, named). */
typedef struct rn_slices {
  rn_value values, indices, dense_shape;
} rn_slices;
RN_API rn_status *rn_graph_gradients(rn_graph *g, const rn_value *ys, uint32_t n_ys, const rn_value *xs, uint32_t n_xs,
                                     const rn_value *grad_ys, rn_value *out_dx, rn_slices *out_slices);
/* Runs body in one edit on g: all nodes it adds appear, or none. */
struct rn_builder;
RN_API rn_status *rn_graph_edit(rn_graph *g, rn_status *(*body)(void *arg, struct rn_builder *b), void *arg);
#ifdef __cplusplus
}
#endif
#endif
