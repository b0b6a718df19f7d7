/* exec/token_run.h - one run of the token executor, and what its files do for each other (core/exec). */
#ifndef RN_EXEC_TOKEN_RUN_H
#define RN_EXEC_TOKEN_RUN_H
#include "exec/token.h"

typedef struct token_ready {
  uint32_t node;
  token_frame *frame;
  token_round *round;
} token_ready;

/* A node's call, made at its first execution and kept for the run. */
typedef struct token_site {
  exec_call call; /* first */
  rn_tensor_view *view;
  const rn_tensor_view **in;
  rn_tensor_view **out;
  rn_resource **resource, **made_resource;
  rn_tensor **held;
  token *made;
} token_site;

typedef struct token_machine {
  exec_plan *p;
  exec_run *r;
  const exec_args *a;
  token_plan t;
  token_frame *root, *frames; /* frames: all that run, but for the root */
  token_ready *queue;         /* a ring */
  uint32_t head, count, capacity;
  token_site **sites;
  token *fetched; /* per value */
  rn_resource **cell;
} token_machine;

/* token_send.c: a node to the queue; all outputs of a node, then its control edges. made may be NULL when dead. */
rn_status *token_push(token_machine *m, uint32_t node, token_frame *f, token_round *r);
rn_status *token_send_all(token_machine *m, uint32_t node, token_frame *f, token_round *r, const token *made, int dead);

/* token_flow.c */
rn_status *token_flow_run(token_machine *m, const token_ready *x, int dead);

/* token_node.c: the node's input in that round, borrowed; a node; the plan's locks, alone where a variable may
 * have to come home. */
token token_input(const token_machine *m, uint32_t node, uint32_t i, const token_round *r);
rn_status *token_node_run(token_machine *m, const token_ready *x);
void token_lock_all(const exec_plan *p, int take, int alone);
int token_take_all(const exec_plan *p);

/* token_run.c: lets rounds go that are over, and frames, outwards. */
rn_status *token_settle(token_machine *m, token_frame *f);
#endif
