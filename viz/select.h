/* select.h - which nodes of a graph a picture is about (viz). */
#ifndef RN_VIZ_SELECT_H
#define RN_VIZ_SELECT_H
#include <runnel/viz.h>
/* *out_mask: per node 1 when it is drawn; NULL: all are. own: owned, free(). err NOT_FOUND, RESOURCE_EXHAUSTED */
rn_status *select_nodes(const rn_graph *g, const rn_viz_options *o, unsigned char **out_mask);
#endif
