/* parts.h - what in a graph is the model, and what trains and saves it (viz). */
#ifndef RN_VIZ_PARTS_H
#define RN_VIZ_PARTS_H
#include <runnel/graph.h>

enum { PART_MODEL, PART_TRAINING, PART_SAVING, PART_STARTING, PART_SUMMARIES };
typedef struct parts {
  unsigned char *part;    /* per node */
  rn_node_id *stands_for; /* per node: the node whose box it joins; an initial value joins its variable */
} parts;
rn_status *parts_init(parts *p, const rn_graph *g); /* err RESOURCE_EXHAUSTED. own: finish also after a failure */
void parts_finish(parts *p);
const char *part_name(unsigned char part); /* "training". own: static */

int is_variable(const rn_graph *g, rn_node_id n);
/* The variable that name is a part of ("w/read" of "w"), or RN_NO_NODE. Looks 32 scopes up. scratch: as
 * long as the name. */
rn_node_id variable_of(const rn_graph *g, const char *name, char *scratch);
#endif
