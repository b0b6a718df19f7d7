/* graph_file.h - a graph from whatever file the user names (frontends/cli). */
#ifndef RN_CLI_GRAPH_FILE_H
#define RN_CLI_GRAPH_FILE_H
#include <runnel/graph.h>

/* GraphDef or MetaGraphDef, binary or text, told apart by the name's ending: .meta is a MetaGraphDef,
 * .pbtxt is text. Unknown ops are kept. err as rn_graphdef_read. own: owned */
rn_status *graph_file_read(rn_runtime *rt, const char *path, rn_graph **out);

/* What gives a graph's variables the values saved with it. */
typedef struct graph_saver {
  char *prefix;      /* of the checkpoint beside the file; NULL: there is none. own: owned, free() */
  rn_value filename; /* takes the prefix; RN_NO_VALUE: the file names no saver */
  rn_node_id restore;
} graph_saver;
/* The same, with the saver of a MetaGraphDef or SavedModel. */
rn_status *graph_file_read_saver(rn_runtime *rt, const char *path, rn_graph **out, graph_saver *out_saver);
#endif
