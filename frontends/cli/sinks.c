/* sinks.c - all of a graph, by its ends (frontends/cli). */
#include "sinks.h"
#include <runnel/plugin.h>
#include <stdlib.h>

int sinks_is_placeholder(const rn_graph *g, rn_node_id n) {
  uint32_t flags, role;
  return rn_graph_op_known(g, n, &flags, &role) && role == RN_ROLE_PLACEHOLDER;
}

rn_status *sinks_find(const rn_graph *g, rn_node_id *out, uint32_t *out_count) {
  uint32_t n = rn_graph_node_count(g);
  char *is_read = calloc(n + 1u, 1);
  *out_count = 0;
  if (!is_read) return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory");
  for (rn_node_id i = 0; i < n; i++) {
    for (uint32_t k = 0; k < rn_graph_input_count(g, i); k++) {
      rn_node_id from = rn_graph_input(g, i, k).node;
      if (from < n) is_read[from] = 1;
    }
    for (uint32_t k = 0; k < rn_graph_control_count(g, i); k++) is_read[rn_graph_control(g, i, k)] = 1;
  }
  for (rn_node_id i = 0; i < n; i++)
    if (!is_read[i]) out[(*out_count)++] = i;
  free(is_read);
  return NULL;
}
