/* exec/subgraph.h - a claimed part as its compiler sees it, in one layout (core/exec). */
#ifndef RN_EXEC_SUBGRAPH_H
#define RN_EXEC_SUBGRAPH_H
#include "exec/exec.h"

typedef struct exec_subgraph {
  rn_subgraph pub; /* first: what the compiler gets */
  const exec_layout *layout;
  const exec_node *node; /* the claim's */
  rn_arena memory;
  uint32_t *member_of, n_ids; /* per node of the graph: the plan's, or EXEC_NONE */
} exec_subgraph;
/* On failure there is nothing to finish. err RESOURCE_EXHAUSTED */
rn_status *exec_subgraph_init(exec_subgraph *x, const exec_layout *l, const exec_node *n);
void exec_subgraph_finish(exec_subgraph *x);
#endif
