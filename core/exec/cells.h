/* exec/cells.h - resolving variables; seen by cells.c and callee.c alone (core/exec). */
#ifndef RN_EXEC_CELLS_H
#define RN_EXEC_CELLS_H
#include "exec/exec.h"

typedef struct exec_resolve {
  exec_plan *p;
  rn_map index; /* a resource's place in the order of locks to cell number */
  uint32_t cell_capacity, access_capacity;
  exec_access *access;
  const rn_graph **seen; /* function bodies */
  uint32_t n_seen;
} exec_resolve;
rn_status *exec_add_access(exec_resolve *w, exec_access a);
/* The number of the cell that node id of g names; maker: its number in the plan, or EXEC_NONE. */
rn_status *exec_open_cell(exec_resolve *w, const rn_graph *g, rn_node_id id, const rn_op *op, uint32_t maker,
                          uint32_t *out);
rn_status *exec_resolve_calls(exec_resolve *w, uint32_t node); /* callee.c */
#endif
