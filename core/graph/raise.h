/* graph/raise.h - a loop of primitives, read (core/graph); for raise.c and clone.c alone. */
#ifndef RN_GRAPH_RAISE_H
#define RN_GRAPH_RAISE_H
#include "graph/node.h"

/* What a loop is made of. Inputs of its functions are the variables, then the constants (entered once for
 * all rounds), then values read straight from outside. */
typedef struct loop_parts {
  const rn_graph *g;
  const graph_loops *loops;
  uint32_t loop;
  rn_node_id n_nodes;        /* of the graph before anything was emitted */
  rn_node_id cond;           /* what the switches read */
  rn_node_id *enter, *merge; /* per variable */
  rn_value *next;            /* per variable: its value in the next round */
  rn_node_id *constant, *exit;
  rn_value *outside;
  uint32_t n_vars, n_constants, n_exits, n_outside;
} loop_parts;
rn_status *rn_loop_parts(const rn_graph *g, const graph_loops *loops, uint32_t loop, loop_parts *out);
void rn_loop_parts_finish(loop_parts *p);
static inline uint32_t rn_loop_inputs(const loop_parts *p) { return p->n_vars + p->n_constants + p->n_outside; }
rn_status *rn_loop_unfit(const loop_parts *p, rn_node_id n, const char *why); /* UNIMPLEMENTED, both named */
/* Is n a switch that decides whether the loop goes on? */
int rn_loop_is_gate(const loop_parts *p, rn_node_id n);
uint32_t rn_loop_var_of(const loop_parts *p, rn_node_id merge); /* UINT32_MAX: none */
static inline int rn_loop_has(const loop_parts *p, rn_node_id n) {
  return n < p->n_nodes && rn_loop_of(p->loops, n) == p->loop && p->loops->depth[n] > 0;
}

/* clone.c: a function that computes `want` from the loop's inputs. inputs: room for all of them; out: the
 * values in the body. own: body owned */
rn_status *rn_loop_function(const loop_parts *p, const rn_value *want, uint32_t n_want, rn_graph **out_body,
                            rn_value *inputs, rn_value *out);
#endif
