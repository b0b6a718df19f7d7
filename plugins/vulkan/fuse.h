/* fuse.h - fusion: which nodes are element-wise formulas, who is claimed together, what a claim becomes
 * (plugins/vulkan). */
#ifndef GPU_FUSE_H
#define GPU_FUSE_H
#include "fused.h"

typedef struct gpu_graph { /* what is asked of the host about a graph */
  const rn_host_api *host;
  const rn_graph_view_api *view;
  const rn_graph *graph;
} gpu_graph;

/* How a node's inputs lie along its result. */
enum {
  FUSE_NOT,
  FUSE_PLAIN,  /* broadcast from the right */
  FUSE_SUM,    /* any number of inputs, added one after the other */
  FUSE_BIAS,   /* the second along the channels */
  FUSE_SELECT, /* the first along the outermost dimensions */
  FUSE_ALPHA   /* an attribute is the last argument */
};
typedef struct gpu_rule {
  uint8_t form, channels_first;
  int16_t function; /* of the library; -1: the value as it is */
  uint32_t n_in;
  float alpha;
} gpu_rule;
/* form FUSE_NOT where no formula computes the node. */
void gpu_rule_of(const gpu_graph *g, rn_node_id n, gpu_rule *out);
/* Bit d: input i moves along dimension d (0: the innermost) of a result of this shape. */
uint32_t gpu_rule_moves(const gpu_rule *r, uint32_t i, const rn_shape *in, const rn_shape *y);

/* What follows a product into its own dispatch. */
typedef struct gpu_tail {
  uint8_t form;  /* TAIL_* */
  uint32_t op;   /* EPILOGUE_* of numbers.h */
  uint32_t side; /* TAIL_BIAS, TAIL_SIDE: the input that is not the product */
  float alpha;   /* of LeakyRelu and its gradient */
} gpu_tail;
enum { TAIL_NOT, TAIL_BIAS, TAIL_OP, TAIL_SIDE };
int gpu_is_product(const gpu_graph *g, rn_node_id n);
/* May n, which reads `from`, follow it? after: what follows the product already, or TAIL_NOT. */
void gpu_tail_of(const gpu_graph *g, rn_node_id n, rn_value from, int after, gpu_tail *out);

/* rn_compiler_def's */
rn_status *gpu_fuse_claim(const rn_host_api *host, void *device, const rn_graph_view_api *v, const rn_graph *g,
                          const rn_node_id *candidates, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                          void *arg);

/* A claim's operand: an input's number, or n_in and an output's; UINT32_MAX: neither. */
uint32_t gpu_fuse_operand(const rn_subgraph *s, rn_value v);

/* A claim's element-wise nodes as one net; then the programs that compute it, each within the limits of one dispatch.
 */
typedef struct gpu_net {
  gpu_fused all; /* masks over the dimensions of `shape`; outputs not filled */
  rn_shape shape;
  /* The name in the graph of input k: [k]; of the result of formula k: [FUSED_MAX_IN + k], which is its number here. */
  rn_value value[FUSED_MAX_IN + FUSED_MAX_OPS];
  uint8_t is_one[FUSED_MAX_OPS]; /* per formula: one element, computed for each of the others' */
  uint32_t number[FUSED_MAX_IN]; /* per input that is a number: its bits */
} gpu_net;
/* err UNIMPLEMENTED: too much for a net. */
rn_status *gpu_net_make(const rn_subgraph *s, const rn_node_id *nodes, uint32_t n, gpu_net *out);
/* The part of the net that these values (numbers of `all`) need, with dimensions that inputs walk alike joined.
 * All of them are is_one, or none is. 0: more than a dispatch takes. */
typedef struct gpu_piece {
  gpu_fused program;
  uint32_t n_bound, bound[FUSED_MAX_IN]; /* values of the net */
  uint32_t n_numbers, number[FUSED_MAX_NUMBERS];
  uint32_t n, dim[RN_MAX_RANK];
} gpu_piece;
int gpu_net_is_one(const gpu_net *net, uint32_t v);
int gpu_net_piece(const gpu_net *net, const uint32_t *wanted, uint32_t n, gpu_piece *out);
uint32_t gpu_net_find(const gpu_net *net, rn_value v); /* UINT32_MAX: it is not in the net */
#endif
