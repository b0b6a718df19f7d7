/* draw.c - a folded graph as a Graphviz graph, laid out and rendered (viz).
 *
 * One Graphviz node a box; frames (clusters) for the scopes around boxes; data flows down. The limits on network
 * simplex keep dot's time near linear on large graphs at a small cost in beauty. */
#include "draw.h"
#include <graphviz/gvc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ids.h"
#include "svg.h"
#include "select.h"

static pthread_mutex_t graphviz_lock = PTHREAD_MUTEX_INITIALIZER;

char *draw_name(const char *s) { return (char *)(uintptr_t)s; }
void draw_set(void *object, const char *name, const char *value) {
  agsafeset(object, draw_name(name), draw_name(value), draw_name(""));
}

void draw_type(const rn_graph *g, rn_value v, char *buf, size_t size_bytes) {
  char shape[128] = "";
  const rn_shape *s = rn_graph_shape(g, v);
  if (s && s->rank >= 0) rn_shape_print(s, shape, sizeof shape);
  rn_dtype type = rn_dtype_base(rn_graph_dtype(g, v));
  snprintf(buf, size_bytes, "%s%s", type != RN_INVALID ? rn_dtype_name(type) : "?", shape);
}

enum { UNHURRIED_BOXES = 120, MANY_BOXES = 600 };
/* What Graphviz may spend on straight lines and few crossings: it grows with the square of the boxes.
 * newrank: without it Graphviz 2.43 loses edges between clusters and crashes. */
static void set_defaults(Agraph_t *root, uint32_t boxes) {
  static const char *const defaults[][2] = {{"rankdir", "TB"},         {"newrank", "true"}, {"compound", "true"},
                                            {"fontname", "Helvetica"}, {"fontsize", "11"},  {"bgcolor", "white"},
                                            {"ranksep", "0.35"},       {"nodesep", "0.25"}};
  for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
    agattr(root, AGRAPH, draw_name(defaults[i][0]), draw_name(defaults[i][1]));
  const char *const limits[][2] = {
      {"nslimit", boxes > MANY_BOXES ? "0.2" : "1"}, {"nslimit1", "1"}, {"mclimit", "0.2"}};
  for (size_t i = 0; boxes > UNHURRIED_BOXES && i < sizeof limits / sizeof limits[0]; i++)
    agattr(root, AGRAPH, draw_name(limits[i][0]), draw_name(limits[i][1]));
  agattr(root, AGNODE, draw_name("fontname"), draw_name("Helvetica"));
  agattr(root, AGNODE, draw_name("fontsize"), draw_name("10"));
  agattr(root, AGNODE, draw_name("margin"), draw_name("0.08,0.04"));
  agattr(root, AGNODE, draw_name("width"), draw_name("0.5"));
  agattr(root, AGNODE, draw_name("height"), draw_name("0.28"));
  agattr(root, AGEDGE, draw_name("fontname"), draw_name("Helvetica"));
  agattr(root, AGEDGE, draw_name("fontsize"), draw_name("8"));
  agattr(root, AGEDGE, draw_name("fontcolor"), draw_name("#5a6675"));
  agattr(root, AGEDGE, draw_name("color"), draw_name("#6b7785"));
  agattr(root, AGEDGE, draw_name("arrowsize"), draw_name("0.7"));
}

static rn_status *keep(const char *data, size_t size, char **out_bytes, size_t *out_size) {
  char *copy = malloc(size + 1);
  if (copy == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
  memcpy(copy, data, size);
  copy[size] = '\0';
  *out_bytes = copy;
  *out_size = size;
  return NULL;
}

/* One for the process: Graphviz's text layout remembers a font's name beyond the context that owned it. */
static GVC_t *the_context(void) {
  static GVC_t *context; /* under graphviz_lock */
  if (context == NULL) context = gvContext();
  return context;
}

static rn_status *render(Agraph_t *root, const char *format, char **out_bytes, size_t *out_size) {
  GVC_t *context = the_context();
  if (!context) return rn_status_make(RN_INTERNAL, "drawing: Graphviz gave no context");
  rn_status *status = NULL;
  char *data = NULL;
  unsigned size = 0;
  if (gvLayout(context, root, "dot") != 0)
    status = rn_status_make(RN_INTERNAL, "drawing: Graphviz could not lay out the graph");
  else {
    if (gvRenderData(context, root, format, &data, &size) != 0 || data == NULL)
      status = rn_status_make(RN_INTERNAL, "drawing: Graphviz could not render '%s'", format);
    gvFreeLayout(context, root);
  }
  if (status == NULL) status = keep(data, size, out_bytes, out_size);
  if (status == NULL && strcmp(format, "svg") == 0 && !svg_finish(out_bytes, out_size)) {
    free(*out_bytes);
    status = rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
  }
  gvFreeRenderData(data);
  return status;
}

static rn_status *build(picture *p) {
  p->box = calloc(p->fold.count + (size_t)1, sizeof *p->box);
  p->contents = calloc(p->fold.count + (size_t)1, sizeof *p->contents);
  p->heat = calloc(p->fold.count + (size_t)1, sizeof *p->heat);
  p->inside = calloc(p->fold.repeats.n + (size_t)1, sizeof *p->inside);
  p->read_by = calloc(rn_graph_node_count(p->graph) + (size_t)1, 1);
  if (!p->box || !p->contents || !p->heat || !p->inside || !p->read_by)
    return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
  set_defaults(p->root, p->fold.count);
  draw_readers(p);
  RN_TRY(draw_boxes(p));
  RN_TRY(draw_edges(p));
  draw_legend(p);
  return NULL;
}

static rn_status *draw_folded(picture *p, char **out_bytes, size_t *out_size) {
  pthread_mutex_lock(&graphviz_lock);
  p->root = agopen(draw_name("runnel"), Agdirected, &ids_discipline);
  rn_status *status = p->root ? NULL : rn_status_make(RN_INTERNAL, "drawing: Graphviz could not open a graph");
  if (status == NULL) status = build(p);
  if (status == NULL) status = render(p->root, p->options->format, out_bytes, out_size);
  if (p->root) agclose(p->root);
  pthread_mutex_unlock(&graphviz_lock);
  free(p->box);
  free(p->contents);
  free(p->heat);
  free(p->inside);
  free(p->read_by);
  for (uint32_t i = 0; i < p->n_joints; i++) free(p->joint[i]);
  return status;
}

static int is_known_format(const char *format) {
  static const char *const known[] = {"svg", "png", "pdf", "dot"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(format, known[i]) == 0) return 1;
  return 0;
}

rn_status *rn_viz_draw(const rn_graph *g, const rn_viz_options *given, char **out_bytes, size_t *out_size) {
  rn_viz_options o = {.struct_size = (uint32_t)sizeof o, .depth = RN_VIZ_DEPTH_AUTO, .format = "svg"};
  if (given != NULL) memcpy(&o, given, given->struct_size < sizeof o ? given->struct_size : sizeof o);
  if (o.format == NULL) o.format = "svg";
  if (!is_known_format(o.format))
    return rn_status_make(RN_INVALID_ARGUMENT, "drawing: unknown format '%s' (known: svg, png, pdf, dot)", o.format);
  picture p = {.graph = g, .options = &o};
  unsigned char *mask = NULL;
  RN_TRY(select_nodes(g, &o, &mask));
  rn_status *status = fold_init(&p.fold, g, o.depth, mask);
  if (status == NULL) status = draw_folded(&p, out_bytes, out_size);
  fold_finish(&p.fold);
  free(mask);
  return status;
}

void rn_viz_free(char *bytes) { free(bytes); }
