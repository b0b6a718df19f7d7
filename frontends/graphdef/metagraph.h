/* metagraph.h - what a metagraph is inside (frontends/graphdef).
 *
 * The message itself is the store, so fields that this version does not know are written again as they
 * were read. Its graph_def is empty; the graph stands beside it. All parts of it are made of malloc. */
#ifndef RN_GRAPHDEF_METAGRAPH_H
#define RN_GRAPHDEF_METAGRAPH_H
#include "message.h"

struct rn_metagraph {
  Tf__MetaGraphDef *def;
  rn_graph *graph;
  int owns_graph;
  ProtobufCMessage *variable; /* decoded last, for rn_metagraph_variable */
};

/* Takes def over, also on failure. */
rn_status *metagraph_from(rn_runtime *rt, Tf__MetaGraphDef *def, const char *origin, uint32_t flags,
                          rn_metagraph **out);
Tf__MetaGraphDef__MetaInfoDef *metagraph_info(rn_metagraph *m); /* made when missing; NULL: out of memory */
/* Building messages piece by piece. NULL or 0: out of memory. */
void *message_new(message_type type);
int text_set(char **field, const char *text); /* frees what was there */
/* Room for one more at the end of a repeated field, zeroed; the caller counts it. */
void *repeated_room(void *items_field, size_t n, size_t size);
#endif
