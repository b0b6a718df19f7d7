/* attr_print.h - a node's attributes as JSON (viz/report). */
#ifndef RN_REPORT_ATTR_PRINT_H
#define RN_REPORT_ATTR_PRINT_H
#include <runnel/graph.h>
#include "json.h"
/* "a": [name, value, name, value, ...], all texts; nothing when there is none. */
void attrs_print(const rn_graph *g, rn_node_id n, json *j);
#endif
