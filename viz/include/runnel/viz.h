/* runnel/viz.h - a graph as a picture (viz).
 *
 * For programs that show graphs. Name scopes become nested frames; a scope below `depth` is one box
 * that says how many nodes it holds; a variable with its initial value, assignment and read is one
 * cylinder.
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
  const char *format; /* "svg" or "dot" */
  const char *title;  /* NULL: none */
} rn_viz_options;

/* own: *out_bytes owned, released by rn_viz_free. err INVALID_ARGUMENT (unknown format),
 * RESOURCE_EXHAUSTED, INTERNAL (Graphviz failed). */
RN_API rn_status *rn_viz_draw(const rn_graph *g, const rn_viz_options *options, char **out_bytes, size_t *out_size);
RN_API void rn_viz_free(char *bytes);
#ifdef __cplusplus
}
#endif
#endif
