/* gradient.h - what the files of the walk back share (core/graph). */
#ifndef RN_GRAPH_GRADIENT_H
#define RN_GRAPH_GRADIENT_H
#include "graph/node.h"

typedef struct gradient_walk {
  rn_graph *g;
  graph_builder b;
  const graph_gradient_request *r;
  uint32_t n_nodes, n_values;     /* before anything was emitted */
  uint8_t *forward, *back, *is_x; /* per node, per node, per value */
  uint32_t *pending;              /* per node: edges from readers not visited yet */
  rn_node_id *stack;
  graph_sums sums;
  graph_loops loops;
} gradient_walk;

/* What a gradient function is given. */
typedef struct gradient_subject {
  rn_grad pub;
  gradient_walk *w;
  rn_node_id node;
  rn_value *dy; /* per output of the node */
  rn_status *error;
} gradient_subject;

/* gradient_path.c: which nodes carry gradient. */
void gradient_mark(gradient_walk *w); /* fills forward, back, is_x and pending; needs loops */
int gradient_carries(const gradient_walk *w, rn_value v);
int gradient_on_path(const gradient_walk *w, rn_value v);
rn_node_id gradient_unit(const gradient_walk *w, rn_node_id n); /* its loop's leader, or itself */
uint32_t gradient_index(const gradient_walk *w, rn_value v);
const rn_op_def *gradient_def(const gradient_walk *w, rn_node_id n); /* NULL: an op that nobody defines */
int gradient_shapes_meet(const rn_shape *a, const rn_shape *b);      /* as far as both are known */

/* gradient_call.c: calling an op's gradient function. */
rn_status *gradient_subject_init(gradient_walk *w, rn_node_id n, gradient_subject *out); /* own: out->dy, rn_mem_free */
rn_status *gradient_pass_back(gradient_subject *s); /* needs dy; adds to the sums of its inputs */
void gradient_put(gradient_subject *s, uint32_t input, const rn_slices *v);

/* gradient_check.c: what was asked. */
rn_status *gradient_check(const gradient_walk *w);
rn_status *gradient_check_loops(const gradient_walk *w); /* no y and no x is inside a loop */
#endif
