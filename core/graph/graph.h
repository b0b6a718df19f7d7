/* graph/graph.h - the graph as exec sees it (core/graph). Public functions: <runnel/graph.h>. */
#ifndef RN_GRAPH_GRAPH_H
#define RN_GRAPH_GRAPH_H
#include <runnel/graph.h>
#include "plugin/registry.h"

/* NULL for an unknown op. */
const rn_op *rn_node_op(const rn_graph *g, rn_node_id n);
/* Attribute `i` of the op's signature, always present on a checked node. own: borrowed */
const rn_attr_value *rn_node_sig_attr(const rn_graph *g, rn_node_id n, uint32_t i);
/* Argument (index in the signature) of flat input/output i. */
uint32_t rn_node_input_arg(const rn_graph *g, rn_node_id n, uint32_t i);
uint32_t rn_node_output_arg(const rn_graph *g, rn_node_id n, uint32_t i);
const rn_value *rn_node_inputs(const rn_graph *g, rn_node_id n, uint32_t *out_count);
const rn_node_id *rn_node_controls(const rn_graph *g, rn_node_id n, uint32_t *out_count);
rn_node_id rn_node_colocation(const rn_graph *g, rn_node_id n); /* RN_NO_NODE: none */
uint32_t rn_graph_version(const rn_graph *g);                   /* grows with every change */
const rn_graph_view_api *rn_graph_view(void);
/* The function that holds this body, or NULL. Bodies resolve functions through their root graph. */
const rn_graph *rn_graph_root(const rn_graph *g);
/* Colon-free text "MatMul 'fc1'" for messages. Returns buf. */
const char *rn_node_text(const rn_graph *g, rn_node_id n, char *buf, size_t size_bytes);
/* A deep copy (functions included) with the same node ids, for passes. */
rn_status *rn_graph_copy(const rn_graph *g, rn_graph **out);
/* Opens an edit in pass mode (replace and remove allowed) on a private copy. */
rn_status *rn_graph_run_pass(rn_graph *copy, const rn_pass_def *p, const rn_host_api *host, uint32_t *out_changes);
/* Nodes removed by passes, or NULL. */
int rn_node_removed(const rn_graph *g, rn_node_id n);

/* Inference again under other facts: the layout stage. The caller gives shapes (and values of small
 * integer tensors) for some values; the engine answers for the node asked, given its inputs' facts. */
typedef struct rn_fact {
  rn_shape shape;
  int32_t n_value; /* -1: value not known */
  uint32_t reserved;
  const int64_t *value;  /* n_value elements: known, RN_DIM_UNKNOWN or symbol */
  rn_tensor *constant;   /* borrowed, or NULL */
  rn_dtype handle_dtype; /* behind a resource; RN_INVALID: not known */
  rn_shape handle_shape;
} rn_fact;
/* Fills out[0..n_out) for node n from in[0..n_in). Values land in the arena. Without an infer function
 * shapes are unknown. err INVALID_ARGUMENT names the node. */
rn_status *rn_infer_node(const rn_graph *g, rn_node_id n, const rn_fact *in, rn_fact *out, struct rn_arena *arena);
/* What graph construction found out about v. */
void rn_graph_fact(const rn_graph *g, rn_value v, rn_fact *out);
#endif
