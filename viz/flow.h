/* flow.h - what flows between the boxes of a picture (viz). */
#ifndef RN_VIZ_FLOW_H
#define RN_VIZ_FLOW_H
#include "draw.h"

/* FLOW_NEXT: from one turn of what repeats to the next; FLOW_LOOP: what starts a loop's next turn. */
typedef enum { FLOW_DATA, FLOW_NEXT, FLOW_LOOP, FLOW_CONTROL } flow_kind;
typedef struct flow {
  uint32_t from, to; /* boxes */
  flow_kind kind;
  uint32_t later; /* 1: of a later turn than the one drawn */
  rn_value value;
  rn_node_id reader;
} flow;
typedef struct flows {
  flow *list; /* ordered by from, to, kind, later, value */
  size_t n, capacity;
} flows;
/* read_by must be filled. err RESOURCE_EXHAUSTED. own: finish also after a failure */
rn_status *flows_find(flows *f, const picture *p);
void flows_finish(flows *f);
int flow_is_training(const viz_box *b);
#endif
