/* runnel/viz.h - a graph as a picture (viz).
 *
 * For programs that show graphs. Name scopes become nested frames; a scope below `depth` is one box that says how
 * many nodes it holds; a variable with its initial value, assignment and read is one cylinder. Of a large graph's
 * equal parts the first is drawn, and how often it comes. The same graph gives the same bytes. SVG follows the reader's
 * light or dark scheme.
 * thread: any; calls wait for each other, because Graphviz has one state for the process. */
#ifndef RUNNEL_VIZ_H
#define RUNNEL_VIZ_H
#include <runnel/graph.h>
#ifdef __cplusplus
extern "C" {
#endif

#define RN_VIZ_DEPTH_AUTO (-1) /* as deep as stays readable; gradients and saving are one box each */
#define RN_VIZ_DEPTH_ALL 1000  /* every node */
typedef struct rn_viz_options {
  uint32_t struct_size;
  int32_t depth;
  const char *format; /* "svg", "png", "pdf" or "dot" */
  const char *title;  /* NULL: none */
  /* Only a part of the graph: what lies on ways from node `from` and to node `to` (either may be NULL); what is at
   * most `hops` steps around a node. */
  const char *from, *to, *around;
  uint32_t hops;
  uint32_t reserved;
  const char *highlight; /* names like "conv*": drawn with a heavy line; NULL: none */
  /* What a node is coloured by, such as its device: a text, or NULL for the usual colour. The texts stand in the
   * legend. own: borrowed until draw returns */
  const char *(*paint)(void *arg, rn_node_id n);
  void *paint_arg;
  /* What happened when it ran. Each may be NULL; `run_arg` goes to all. own: a text is borrowed until the next call.
   * heat: how much of something each node took, such as time; below 0: it did not run. Boxes are filled by their share
   * of the whole; a folded box has the sum. */
  double (*heat)(void *run_arg, rn_node_id n);
  const char *heat_title; /* for the legend, as "time of a step"; NULL: "heat" */
  const char *heat_unit;  /* "ns" and "bytes" are scaled; others stand as they are; NULL: none */
  /* More about a node for its tooltip, in lines. */
  const char *(*note)(void *run_arg, rn_node_id n);
  /* Nodes with the same text ran as one ("fused 3"): a heavy border of one colour, and the text. */
  const char *(*joint)(void *run_arg, rn_node_id n);
  /* Was v copied to another device for this reader? The text stands at the edge. */
  const char *(*copy)(void *run_arg, rn_value v, rn_node_id reader);
  void *run_arg;
} rn_viz_options;

/* own: *out_bytes owned, released by rn_viz_free. err INVALID_ARGUMENT (unknown format), NOT_FOUND (no such node, or
 * no way), RESOURCE_EXHAUSTED, INTERNAL (Graphviz failed). */
RN_API rn_status *rn_viz_draw(const rn_graph *g, const rn_viz_options *options, char **out_bytes, size_t *out_size);
RN_API void rn_viz_free(char *bytes);
#ifdef __cplusplus
}
#endif
#endif
