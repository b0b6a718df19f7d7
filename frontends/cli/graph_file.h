/* graph_file.h - a graph from whatever file the user names (frontends/cli). */
#ifndef RN_CLI_GRAPH_FILE_H
#define RN_CLI_GRAPH_FILE_H
#include <runnel/graph.h>

/* GraphDef or MetaGraphDef, binary or text, told apart by the name's ending: .meta is a MetaGraphDef,
 * .pbtxt is text. Unknown ops are kept. err as rn_graphdef_read. own: owned */
rn_status *graph_file_read(rn_runtime *rt, const char *path, rn_graph **out);
#endif
