/* fold.h - which box of the picture each node belongs to (viz). */
#ifndef RN_VIZ_FOLD_H
#define RN_VIZ_FOLD_H
#include <runnel/graph.h>
#include "repeat.h"

typedef enum { BOX_NODE, BOX_SCOPE, BOX_VARIABLE, BOX_PART } box_kind; /* a part: "training", "saving" */
typedef struct viz_box {
  box_kind kind;
  rn_node_id node; /* BOX_NODE, BOX_VARIABLE: the node drawn */
  char *path;      /* its name: the node's, or the scope's. owned */
  uint32_t count;  /* nodes inside */
  uint32_t repeat; /* the innermost repeat it is drawn inside of; REPEAT_NONE */
  uint32_t next;   /* chain in the hash table */
} viz_box;
typedef struct fold {
  viz_box *boxes;
  uint32_t count, capacity;
  uint32_t *of_node; /* box of each node; FOLD_NO_BOX: it is not drawn */
  uint32_t *buckets;
  uint32_t n_buckets;
  repeats repeats;      /* of a large graph; else empty */
  unsigned char *fixed; /* per node, where parameters joined their readers: it follows from constants; else NULL */
} fold;

#define FOLD_NO_BOX UINT32_MAX
/* err RESOURCE_EXHAUSTED. depth as in rn_viz_options; mask: per node 1 when drawn, NULL: all. own: finish also after a
 * failure */
rn_status *fold_init(fold *f, const rn_graph *g, int32_t depth, const unsigned char *mask);
void fold_finish(fold *f);
/* Is `path` the name of a scope, or a node that scopes continue (a variable)? Depth of a path: its slashes. */
uint32_t path_depth(const char *path, size_t length);
#endif
