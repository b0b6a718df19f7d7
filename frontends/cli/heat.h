/* heat.h - what is known of the nodes of a drawing: devices, kernels, refusals, and times of a step (frontends/cli).
 * For draw.c. */
#ifndef RN_CLI_HEAT_H
#define RN_CLI_HEAT_H
#include <runnel/session.h>
#include <runnel/viz.h>

typedef struct node_facts {
  char *device, *note, *joint; /* owned; NULL: not known */
  char *painted;               /* owned; NULL: the device is painted */
  double ns, bytes;            /* of one step; below 0: it did not run */
  double copy_ns[2];           /* of its values, to a device and back */
  uint64_t copy_bytes[2];
} node_facts;
typedef struct heat {
  const rn_graph *graph;
  node_facts *node; /* per node */
  uint32_t n_joint; /* named so far */
  int by_memory;
  char text[256];
} heat;
/* One thing that ran: what a trace knows of it, wherever it comes from. Texts of any bytes, with their lengths. */
typedef struct heat_span {
  uint32_t kind;
  rn_bytes node, scope, device, kernel, plugin;
  double own_ns;
  uint64_t bytes, memory_bytes;
  uint32_t n_covers;
  const rn_bytes *covers;
} heat_span;

rn_status *heat_init(heat *h, const rn_graph *g);
void heat_finish(heat *h);
rn_status *heat_explain(heat *h, rn_session *s); /* the whole graph: device, kernel and refusals of each node */
rn_status *heat_add(heat *h, const heat_span *s);
/* heat_file.c: the last step in a file of `runnel run --trace`, or in the event files of a folder.
 * err NOT_FOUND, DATA_LOSS (it is no trace) */
rn_status *heat_read(heat *h, const char *path);
/* Sets what rn_viz_draw asks for. */
void heat_paint(heat *h, rn_viz_options *o, int by_heat);
#endif
