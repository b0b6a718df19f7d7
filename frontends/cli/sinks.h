/* sinks.h - all of a graph, by its ends (frontends/cli). */
#ifndef RN_CLI_SINKS_H
#define RN_CLI_SINKS_H
#include <runnel/graph.h>
/* The nodes that nobody reads or waits for: with them comes the whole graph. out: room for every node */
rn_status *sinks_find(const rn_graph *g, rn_node_id *out, uint32_t *out_count);
/* Is the node a placeholder, as far as its op is known? */
int sinks_is_placeholder(const rn_graph *g, rn_node_id n);
#endif
