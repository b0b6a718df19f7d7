/* graph/node.h - what a graph is made of (core/graph); for this room alone.
 *
 * Nodes and values live in chunks that double, so they never move: a session may read the nodes it
 * knows while the graph grows. Names, inputs, attributes and shapes live in the store's arena. Shapes
 * are immutable once written and shared between values. Every value heads the list of its readers,
 * linked through the readers' inputs, so consumers are exact at any time and cost nothing to keep. */
#ifndef RN_GRAPH_NODE_H
#define RN_GRAPH_NODE_H
#include <stdatomic.h>
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "graph/graph.h"

#define RN_NODE_TEXT 256                   /* a buffer for rn_node_text; longer names are cut */
#define RN_MAX_OUTPUTS ((uint64_t)1 << 20) /* of one node: more is a damaged file */
#define RN_MAX_INPUTS ((uint32_t)1 << 24)
#define RN_MAX_SIG 64 /* arguments or attributes of one op */

/* What is known of a value beside dtype and shape. Immutable, shared. */
typedef struct graph_extra {
  int32_t n_value; /* -1: not known */
  rn_dtype handle_dtype;
  const int64_t *value;
  rn_tensor *constant;
  const rn_shape *handle_shape; /* set when handle_dtype is */
} graph_extra;

typedef struct graph_value {
  const rn_shape *shape;
  const graph_extra *extra; /* NULL: nothing */
  rn_value reader;          /* {node, input} that read this value last, or RN_NO_VALUE */
  rn_dtype dtype;           /* with RN_REF */
  uint32_t reserved;
} graph_value;

typedef struct graph_node {
  const char *name, *op_name, *device;
  const rn_op *op;     /* NULL: unknown */
  rn_value *in;        /* what each input reads */
  rn_value *in_next;   /* the next reader of the same value */
  rn_node_id *control; /* room for the next power of two */
  rn_value *control_next;
  const rn_attr_value *attr; /* as in the signature */
  const rn_attr *extra;      /* those that no signature names */
  uint32_t n_in, n_out, n_control, n_extra;
  uint32_t first_value;
  rn_node_id colocate;
  rn_value waiter; /* head of the list of nodes that wait for this one: {node, control index} */
  uint32_t removed, reserved;
} graph_node;

/* Memory that a graph and its copies share: a copy keeps the store it was made from. */
typedef struct graph_store {
  _Atomic uint32_t refs;
  struct graph_store *parent;
  rn_arena arena;
  rn_tensor **tensors; /* retained by attributes */
  uint32_t n_tensors, cap_tensors;
} graph_store;

typedef struct graph_function {
  const char *name;
  rn_graph *body;
  rn_value *inputs, *outputs;
  rn_node_id *control_outputs;
  uint32_t n_inputs, n_outputs, n_control_outputs;
  uint32_t is_gradient; /* made by rn_function_gradient */
  uint32_t *dx_of;      /* of a gradient: the forward input per output */
} graph_function;

/* One change to take back. */
enum { RN_UNDO_SUFFIX = 1, RN_UNDO_INPUT = 2, RN_UNDO_CONTROL = 3, RN_UNDO_REMOVE = 4 };
typedef struct graph_undo {
  uint32_t kind, node, index, old_suffix;
  rn_value old;
  const char *key;
} graph_undo;

#define RN_CHUNK_BITS 6
#define RN_CHUNKS 26
struct rn_graph {
  rn_runtime *rt;
  uint32_t flags;
  uint32_t version;
  rn_graph *root; /* NULL: this is one */
  graph_store *store;
  void *nodes[RN_CHUNKS], *values[RN_CHUNKS];
  uint32_t n_nodes, n_values;
  rn_map names;    /* node by name */
  rn_map suffixes; /* the next number to try for a name that was taken */
  rn_map ops;      /* op_list by name */
  const rn_op **op_list;
  uint32_t n_ops, cap_ops;
  const rn_op *last_op;
  graph_undo *undo;
  uint32_t n_undo, cap_undo, open_edits;
  uint32_t n_gradients; /* calls so far: the scope's number */
  uint32_t function_depth;
  int64_t next_symbol;
  graph_function *functions;
  uint32_t n_functions, cap_functions;
  rn_map function_names;
};

static inline void *rn_chunk_at(void *const *chunks, size_t size_bytes, uint32_t i) {
  uint32_t j = i + (1u << RN_CHUNK_BITS);
  uint32_t k = 31u - (uint32_t)__builtin_clz(j) - RN_CHUNK_BITS;
  return (char *)chunks[k] + (size_t)(j - (1u << (k + RN_CHUNK_BITS))) * size_bytes;
}
static inline graph_node *rn_node_at(const rn_graph *g, rn_node_id n) {
  return rn_chunk_at(g->nodes, sizeof(graph_node), n);
}
static inline graph_value *rn_value_at(const rn_graph *g, uint32_t i) {
  return rn_chunk_at(g->values, sizeof(graph_value), i);
}
/* NULL for a value that does not exist. */
static inline graph_value *rn_value_of(const rn_graph *g, rn_value v) {
  if (v.node >= g->n_nodes) return NULL;
  const graph_node *n = rn_node_at(g, v.node);
  return v.port < n->n_out ? rn_value_at(g, n->first_value + v.port) : NULL;
}
static inline rn_dtype rn_base_of(rn_dtype t) { return t > RN_REF ? t - RN_REF : t; }

extern const rn_shape rn_graph_shape_unknown, rn_graph_shape_scalar;

/* graph.c */
rn_status *rn_graph_no_memory(void);
void *rn_graph_alloc(rn_graph *g, size_t count, size_t size_bytes); /* from the arena */
rn_status *rn_graph_keep_tensor(rn_graph *g, rn_tensor *t);         /* own: kept */
int rn_graph_append_node(rn_graph *g, const graph_node *n);         /* 0: out of memory */
int rn_graph_append_values(rn_graph *g, uint32_t count);
rn_status *rn_graph_grow(void **items, uint32_t count, uint32_t *capacity, size_t size_bytes); /* room for one more */
void rn_graph_store_release(graph_store *s);
rn_status *rn_graph_create_on(rn_runtime *rt, uint32_t flags, graph_store *parent, rn_graph **out);

/* edge.c: the lists of readers */
void rn_edge_link(rn_graph *g, rn_node_id n, uint32_t input);
void rn_edge_unlink(rn_graph *g, rn_node_id n, uint32_t input);
void rn_edge_link_control(rn_graph *g, rn_node_id n, uint32_t i);
void rn_edge_unlink_control(rn_graph *g, rn_node_id n, uint32_t i);
uint32_t rn_edge_room(uint32_t n_control); /* elements allocated for so many controls */

/* name.c */
rn_status *rn_name_check(const char *what, const char *name);
/* The name that a node asking for `wanted` gets, in the arena, and the numbering noted. */
rn_status *rn_name_take(rn_graph *g, const char *wanted, uint32_t exact, const char **out);

/* attr.c */
rn_status *rn_attr_copy_value(rn_graph *g, const rn_attr_value *in, rn_attr_value *out);
const char *rn_attr_type_name(uint32_t type, char buf[32]);
const rn_attr *rn_attr_find_extra(const graph_node *n, const char *name);

/* check.c: a request against a signature */
typedef struct graph_draft {
  rn_graph *g;
  const rn_node_request *r;
  const rn_op *op;
  const char *name;
  rn_attr_value *attr;
  rn_attr *extra;
  uint32_t n_extra;
  uint32_t n_out;
  int32_t from[RN_MAX_SIG];      /* attribute set by this flat input, or -1 */
  uint32_t in_count[RN_MAX_SIG]; /* elements of each input argument */
} graph_draft;
rn_status *rn_check_draft(graph_draft *d);
/* Dtype (without RN_REF) that element `position` of the argument has on a checked node. */
rn_dtype rn_check_arg_dtype(const rn_sig_arg *a, const rn_attr_value *attr, uint32_t position);
uint64_t rn_check_arg_count(const rn_sig_arg *a, const rn_attr_value *attr);

/* infer.c: facts of a node just added */
rn_status *rn_infer_added(rn_graph *g, rn_node_id n);

/* undo.c */
typedef struct graph_mark {
  uint32_t n_nodes, n_values, n_tensors, n_undo, n_functions, version, n_gradients;
  int64_t next_symbol;
  rn_arena_mark arena;
} graph_mark;
graph_mark rn_undo_begin(rn_graph *g);
void rn_undo_keep(rn_graph *g, const graph_mark *m);
void rn_undo_rollback(rn_graph *g, const graph_mark *m);
rn_status *rn_undo_note(rn_graph *g, const graph_undo *u);

/* builder.c */
typedef struct graph_builder {
  rn_builder pub;
  rn_graph *g;
  rn_status *error;
  const char *scope;  /* put before names; "" none */
  const char *device; /* for nodes that ask for none */
  int is_pass;
} graph_builder;
void rn_builder_init(graph_builder *b, rn_graph *g, const rn_host_api *host);
rn_status *rn_builder_take_error(graph_builder *b); /* own: owned */
rn_value rn_builder_role(graph_builder *b, uint32_t role, const char *name, const rn_value *in, uint32_t n_in,
                         const rn_attr *attrs, uint32_t n_attrs);

/* function.c */
const graph_function *rn_function_find(const rn_graph *g, const char *name);
rn_status *rn_function_gradient(rn_graph *g, const char *name, const char **out_name);
void rn_function_name(const rn_graph *g, const char *wanted, char *out, size_t size_bytes); /* one not taken yet */
void rn_function_truncate(rn_graph *root, uint32_t count);
void rn_function_destroy_all(rn_graph *g);
rn_status *rn_function_copy_all(const rn_graph *g, rn_graph *copy);

/* sums.c: what flows back to each value. head is the walk's, one per value, UINT32_MAX: nothing */
typedef struct graph_contribution {
  rn_slices slices; /* slices.values is the dense gradient when indices is no value */
  uint32_t next;
} graph_contribution;
typedef struct graph_sums {
  uint32_t *head;
  graph_contribution *items;
  uint32_t n_items, cap_items;
} graph_sums;
static inline int rn_is_slices(const rn_slices *s) { return s->indices.node != RN_NO_NODE; }
rn_status *rn_sums_add(graph_sums *sums, uint32_t at, const rn_slices *s);
/* The sum of the contributions to value number `at`. 0: there is none, or adding failed (sticks in b). */
int rn_sums_take(graph_sums *sums, graph_builder *b, uint32_t at, int dense, rn_slices *out);

/* repeat.c: may it run again and give the same? err UNIMPLEMENTED, naming an op that may not */
rn_status *rn_function_repeats(const rn_graph *g, const char *name);
/* Nodes below `limit` that the values need. */
rn_status *rn_graph_repeats(const rn_graph *body, rn_node_id limit, const rn_value *values, uint32_t n_values,
                            const rn_node_id *controls, uint32_t n_controls);

/* loop.c: loops made of primitives, outermost ones. A node's loop is RN_NO_LOOP outside of all. Enters and
 * exits belong to the loop, what an exit gives lies outside (depth 0). */
#define RN_NO_LOOP UINT32_MAX
typedef struct graph_loop {
  rn_bytes name;    /* its frame */
  uint32_t n_nodes; /* members, and how many of them the walk back goes through */
  uint32_t n_back;
  rn_node_id leader;
} graph_loop;
typedef struct graph_loops {
  graph_loop *loop;
  uint32_t n_loops, cap_loops;
  uint32_t n_nodes; /* of the graph when it was looked at: later ones are in no loop */
  uint32_t *of;     /* per node; NULL when the graph has no loops */
  uint32_t *depth;  /* per node: loops around it; an enter is outside, an exit inside */
} graph_loops;
rn_status *rn_loops_find(const rn_graph *g, graph_loops *out);
void rn_loops_finish(graph_loops *l);
static inline uint32_t rn_loop_of(const graph_loops *l, rn_node_id n) { return n < l->n_nodes ? l->of[n] : RN_NO_LOOP; }
int rn_loops_inside(const graph_loops *l, const rn_graph *g, rn_value v); /* is v a value inside a loop? */

/* raise.c: emits the loop as one node of role LOOP; var_of[i] for the i-th member exit is the output that
 * has its value. err UNIMPLEMENTED: a loop of another shape, named */
typedef struct graph_raised {
  rn_node_id node;
  rn_node_id *exit; /* owned by the caller: rn_mem_free */
  uint32_t *var_of;
  uint32_t n_exits;
} graph_raised;
rn_status *rn_loop_raise(graph_builder *b, const graph_loops *loops, uint32_t loop, graph_raised *out);
void rn_raised_finish(graph_raised *r);

/* gradient.c: without opening an edit. accumulates into out as rn_graph_gradients says */
typedef struct graph_gradient_request {
  const rn_value *ys, *xs, *grad_ys;
  uint32_t n_ys, n_xs;
  const char *scope;
} graph_gradient_request;
rn_status *rn_gradient_emit(rn_graph *g, const graph_gradient_request *r, rn_value *out_dx, rn_slices *out_slices);
int rn_gradient_flows(rn_dtype t); /* floating point and complex */
#endif
