/* exec/token.h - what the token executor's files share (core/exec).
 *
 * TensorFlow 1's control flow is data that decides where it flows: a Switch sends its input one way
 * and a dead token the other way, a Merge takes the first live one, Enter and Exit carry values into and out
 * of a frame (a running loop), NextIteration into the frame's next round. The executor is the plain
 * reading of that: a queue of ready nodes, each with the frame and round it is ready in. One thread runs
 * it, nodes may use the pool. Source of the model: Yu et al., "Dynamic Control Flow in Large-Scale
 * Machine Learning" (EuroSys 2018), section 4. */
#ifndef RN_EXEC_TOKEN_H
#define RN_EXEC_TOKEN_H
#include "exec/exec.h"

/* --- what the plan settles once (token_plan.c) --- */
typedef struct token_edge {
  uint32_t node, input; /* input EXEC_NONE: a control edge */
} token_edge;
typedef struct token_frame_plan {
  uint32_t parent; /* index; the root is its own */
  rn_bytes name;
  uint32_t n_nodes;  /* nodes whose rounds live in this frame */
  uint32_t n_slots;  /* their inputs */
  uint32_t n_enters; /* Enter nodes into it */
  uint32_t *nodes;
} token_frame_plan;
typedef struct token_plan {
  const exec_plan *plan;
  rn_arena memory;
  token_frame_plan *frame; /* 0: the root */
  uint32_t n_frames;
  uint32_t *frame_of;               /* per node: where it runs */
  uint32_t *local;                  /* per node: its place among the frame's nodes */
  uint32_t *slot;                   /* per node: its first slot */
  uint32_t *needs;                  /* per node: edges that must arrive (a merge: control edges only) */
  uint32_t *reader_at, *control_at; /* per value / node: range in edge */
  token_edge *reader, *control;
  uint8_t *is_fetched; /* per value */
} token_plan;
/* err INVALID_ARGUMENT: a node fed from two loops, an Exit outside a loop, named. */
rn_status *token_plan_init(token_plan *t, const exec_plan *p);
void token_plan_finish(token_plan *t);
uint32_t token_role(const exec_plan *p, uint32_t node);
int token_is_loop_input(const exec_plan *p, uint32_t node, uint32_t input); /* a merge's NextIteration */

/* --- what one run keeps (token_frame.c) --- */
typedef enum { TOKEN_EMPTY, TOKEN_LIVE, TOKEN_DEAD } token_state;
typedef struct token {
  rn_tensor *tensor;     /* owned; NULL for a resource */
  rn_resource *resource; /* borrowed from its store */
  token_state state;
} token;
typedef struct token_round {
  struct token_round *next;
  token *slot;         /* per frame slot */
  uint32_t *needs;     /* per local node: edges still to come */
  uint32_t *dead_data; /* per local node, merges: dead data inputs so far */
  uint8_t *flags;      /* per local node: ROUND_* */
  uint32_t number, outstanding, n_children;
} token_round;
enum { ROUND_DEAD = 1, ROUND_FIRED = 2 };
typedef struct token_frame {
  struct token_frame *next, *parent;
  token_round *parent_round;
  uint32_t plan;       /* index of its token_frame_plan */
  token_round *rounds; /* oldest first */
  token_round *spare;
  uint32_t enters_left, outstanding, n_children;
  token *constant; /* per node of the whole plan that enters once for all rounds; NULL until one does */
  uint8_t *exited; /* per local node */
} token_frame;
void token_clear(token *t);
token token_share(const token *t);
rn_status *token_frame_create(const token_plan *t, uint32_t plan, token_frame *parent, token_round *parent_round,
                              token_frame **out);
void token_frame_destroy(const token_plan *t, token_frame *f);
/* The round of that number, made when it is one more than the last. */
rn_status *token_frame_round(const token_plan *t, token_frame *f, uint32_t number, token_round **out, int *out_is_new);
void token_frame_drop_round(const token_plan *t, token_frame *f); /* the oldest; kept to use again */
#endif
