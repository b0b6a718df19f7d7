/* draw.c - a folded graph as a Graphviz graph, laid out and rendered (viz).
 *
 * One Graphviz node a box; frames (clusters) for the scopes around boxes; data flows down. Data edges
 * carry dtype and shape and are as thick as the tensor is large; control edges are dotted. The limits
 * on network simplex keep dot's time near linear on large graphs at a small cost in beauty. */
#include <runnel/viz.h>
#include <runnel/plugin.h>
#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fold.h"
#include "label.h"

static pthread_mutex_t graphviz_lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct look {
  const char *shape, *fill, *line, *style;
} look;
static const look looks[] = {
    {"box", "#eef3fb", "#4a6fa5", "rounded,filled"},    /* op */
    {"box", "#f6f2e7", "#a08a4a", "rounded,filled"},    /* scope */
    {"cylinder", "#fbe9dd", "#c06a2b", "filled"},       /* variable */
    {"parallelogram", "#e4f4e7", "#3c8d57", "filled"},  /* placeholder */
    {"ellipse", "#f4f4f4", "#8a8a8a", "filled"},        /* constant */
    {"octagon", "#fde8e8", "#c0392b", "filled,dashed"}, /* unknown op */
};
enum { LOOK_OP, LOOK_SCOPE, LOOK_VARIABLE, LOOK_PLACEHOLDER, LOOK_CONSTANT, LOOK_UNKNOWN };

static char *writable(const char *s) { return (char *)(uintptr_t)s; }
static void set(void *object, const char *name, const char *value) {
  agsafeset(object, writable(name), writable(value), writable(""));
}

static int look_of(const rn_graph *g, const viz_box *b) {
  uint32_t flags = 0, role = 0;
  if (b->kind == BOX_SCOPE || b->kind == BOX_PART) return LOOK_SCOPE;
  if (b->kind == BOX_VARIABLE) return LOOK_VARIABLE;
  if (!rn_graph_op_known(g, b->node, &flags, &role)) return LOOK_UNKNOWN;
  return role == RN_ROLE_PLACEHOLDER ? LOOK_PLACEHOLDER : role == RN_ROLE_CONSTANT ? LOOK_CONSTANT : LOOK_OP;
}

static void type_text(const rn_graph *g, rn_value v, char *buf, size_t size_bytes) {
  char shape[128] = "";
  const rn_shape *s = rn_graph_shape(g, v);
  if (s && s->rank >= 0) rn_shape_print(s, shape, sizeof shape);
  snprintf(buf, size_bytes, "%s%s", rn_dtype_name(rn_dtype_base(rn_graph_dtype(g, v))), shape);
}

/* The frame around path, made on first use, with all frames around it. Recursion is bounded by
 * Graphviz frames nested at most MAX_FRAMES deep; deeper scopes share the deepest frame. */
#define MAX_FRAMES 24
static Agraph_t *frame_of(Agraph_t *root, const char *path, size_t length) {
  Agraph_t *at = root;
  uint32_t frames = 0;
  for (size_t i = 0; i < length && frames < MAX_FRAMES; i++) {
    if (path[i] != '/') continue;
    char id[32], label[256], part[128];
    uint64_t h = 1469598103934665603u;
    for (size_t k = 0; k < i; k++) h = (h ^ (unsigned char)path[k]) * 1099511628211u;
    snprintf(id, sizeof id, "cluster_%016llx", (unsigned long long)h);
    size_t start = i;
    while (start > 0 && path[start - 1] != '/') start--;
    size_t n = i - start < sizeof part - 1 ? i - start : sizeof part - 1;
    memcpy(part, path + start, n);
    part[n] = '\0';
    Agraph_t *next = agsubg(at, id, 1);
    if (!next) return at;
    set(next, "label", label_text(part, 40, label, sizeof label));
    set(next, "style", "rounded");
    set(next, "color", "#b9c2cf");
    set(next, "fontcolor", "#5a6675");
    at = next;
    frames++;
  }
  return at;
}

static void label_of(const rn_graph *g, const viz_box *b, char *buf, size_t size_bytes) {
  const char *slash = strrchr(b->path, '/');
  char name[256], type[192] = "";
  label_text(slash ? slash + 1 : b->path, 40, name, sizeof name);
  if (b->node == RN_NO_NODE) {
    snprintf(buf, size_bytes, "%s\\n%u node%s", name, b->count, b->count == 1 ? "" : "s");
    return;
  }
  char op[128];
  label_text(rn_graph_op(g, b->node), 40, op, sizeof op);
  if (rn_graph_output_count(g, b->node) > 0) type_text(g, (rn_value){b->node, 0}, type, sizeof type);
  if (b->kind == BOX_VARIABLE)
    snprintf(buf, size_bytes, "%s\\n%s", name, type);
  else if (strcmp(name, op) == 0)
    snprintf(buf, size_bytes, "%s", op);
  else
    snprintf(buf, size_bytes, "%s\\n%s", name, op);
}

static Agnode_t *add_box(Agraph_t *root, const rn_graph *g, const viz_box *b, uint32_t index) {
  char id[32], label[1024], tip[1024], tip_name[768];
  snprintf(id, sizeof id, "box%u", index);
  Agnode_t *n = agnode(frame_of(root, b->path, strlen(b->path)), id, 1);
  if (!n) return NULL;
  const look *l = &looks[look_of(g, b)];
  label_of(g, b, label, sizeof label);
  set(n, "label", label);
  set(n, "shape", l->shape);
  set(n, "style", l->style);
  set(n, "fillcolor", l->fill);
  set(n, "color", l->line);
  label_text(b->path, 300, tip_name, sizeof tip_name);
  snprintf(tip, sizeof tip, "%s%s%s", tip_name, b->node == RN_NO_NODE ? "" : " = ",
           b->node == RN_NO_NODE ? "" : rn_graph_op(g, b->node));
  set(n, "tooltip", tip);
  if (l == &looks[LOOK_CONSTANT]) set(n, "fontsize", "8");
  return n;
}

/* Between single nodes every value has its edge; what goes in or out of a group is one edge with a count. */
static void add_data_edge(Agraph_t *root, const rn_graph *g, Agnode_t *from, Agnode_t *to, rn_value v, int grouped) {
  char key[32], type[192], width[32];
  snprintf(key, sizeof key, "%u", v.port);
  Agedge_t *old = grouped ? agedge(root, from, to, writable("group"), 0) : NULL;
  Agedge_t *e = agedge(root, from, to, grouped ? writable("group") : key, 1);
  if (!e) return;
  if (old) {
    const char *before = agget(e, writable("comment"));
    unsigned long n = before && *before ? strtoul(before, NULL, 10) + 1 : 2;
    snprintf(key, sizeof key, "%lu", n);
    snprintf(type, sizeof type, "%lu tensors", n);
    set(e, "comment", key);
    set(e, "label", type);
    return;
  }
  type_text(g, v, type, sizeof type);
  set(e, "label", type);
  const rn_shape *s = rn_graph_shape(g, v);
  double elems = 1;
  for (int32_t i = 0; s && i < s->rank; i++) elems *= s->dim[i] > 0 ? (double)s->dim[i] : 32;
  snprintf(width, sizeof width, "%d", grouped ? 1 : 1 + (int)(log10(elems + 1) / 2));
  set(e, "penwidth", width);
  if (grouped) set(e, "color", "#c3ccd6");
}

/* Saving and initialisation touch every variable: lines to them would say nothing. */
static int is_everywhere(const viz_box *b) { return b->kind == BOX_PART && strcmp(b->path, "training") != 0; }

static void add_edges(Agraph_t *root, const rn_graph *g, const fold *f, Agnode_t **nodes, rn_node_id n) {
  uint32_t to = f->of_node[n];
  if (is_everywhere(&f->boxes[to])) return;
  for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
    rn_value v = rn_graph_input(g, n, i);
    if (v.node == RN_NO_NODE || f->of_node[v.node] == to || is_everywhere(&f->boxes[f->of_node[v.node]])) continue;
    const viz_box *a = &f->boxes[f->of_node[v.node]], *b = &f->boxes[to];
    if (a->kind == BOX_PART && b->kind == BOX_VARIABLE) continue; /* a start value that slots share */
    add_data_edge(root, g, nodes[f->of_node[v.node]], nodes[to], v, a->node == RN_NO_NODE || b->node == RN_NO_NODE);
  }
  for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++) {
    uint32_t from = f->of_node[rn_graph_control(g, n, i)];
    if (from == to || is_everywhere(&f->boxes[from])) continue;
    Agedge_t *e = agedge(root, nodes[from], nodes[to], writable("control"), 1);
    if (!e) continue;
    set(e, "style", "dotted");
    set(e, "arrowhead", "empty");
  }
}

/* newrank: without it Graphviz 2.43 loses edges between clusters and crashes. */
static void set_defaults(Agraph_t *root, const char *title) {
  static const char *const graph_defaults[][2] = {{"rankdir", "TB"},         {"newrank", "true"}, {"compound", "true"},
                                                  {"nslimit", "1"},          {"nslimit1", "1"},   {"mclimit", "0.2"},
                                                  {"fontname", "Helvetica"}, {"fontsize", "11"},  {"bgcolor", "white"},
                                                  {"ranksep", "0.35"},       {"nodesep", "0.25"}};
  for (size_t i = 0; i < sizeof graph_defaults / sizeof graph_defaults[0]; i++)
    agattr(root, AGRAPH, writable(graph_defaults[i][0]), writable(graph_defaults[i][1]));
  agattr(root, AGNODE, writable("fontname"), writable("Helvetica"));
  agattr(root, AGNODE, writable("fontsize"), writable("10"));
  agattr(root, AGNODE, writable("margin"), writable("0.08,0.04"));
  agattr(root, AGNODE, writable("height"), writable("0.3"));
  agattr(root, AGEDGE, writable("fontname"), writable("Helvetica"));
  agattr(root, AGEDGE, writable("fontsize"), writable("8"));
  agattr(root, AGEDGE, writable("fontcolor"), writable("#5a6675"));
  agattr(root, AGEDGE, writable("color"), writable("#6b7785"));
  if (title) {
    char label[512];
    set(root, "label", label_text(title, 120, label, sizeof label));
    set(root, "labelloc", "t");
  }
}

static rn_status *render(Agraph_t *root, const char *format, char **out_bytes, size_t *out_size) {
  GVC_t *context = gvContext();
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
  if (status == NULL) {
    char *copy = malloc((size_t)size + 1);
    if (copy) {
      memcpy(copy, data, size);
      copy[size] = '\0';
      *out_bytes = copy;
      *out_size = size;
    } else {
      status = rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
    }
  }
  gvFreeRenderData(data);
  gvFreeContext(context);
  return status;
}

static rn_status *build(Agraph_t *root, const rn_graph *g, const fold *f) {
  Agnode_t **nodes = calloc(f->count ? f->count : 1, sizeof *nodes);
  if (!nodes) return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
  rn_status *status = NULL;
  for (uint32_t i = 0; i < f->count && status == NULL; i++) {
    nodes[i] = add_box(root, g, &f->boxes[i], i);
    if (!nodes[i]) status = rn_status_make(RN_INTERNAL, "drawing: Graphviz refused node '%s'", f->boxes[i].path);
  }
  for (rn_node_id n = 0; n < rn_graph_node_count(g) && status == NULL; n++) add_edges(root, g, f, nodes, n);
  free(nodes);
  return status;
}

rn_status *rn_viz_draw(const rn_graph *g, const rn_viz_options *options, char **out_bytes, size_t *out_size) {
  const char *format = options && options->format ? options->format : "svg";
  if (strcmp(format, "svg") != 0 && strcmp(format, "dot") != 0)
    return rn_status_make(RN_INVALID_ARGUMENT, "drawing: unknown format '%s' (known: svg, dot)", format);
  fold f;
  rn_status *status = fold_init(&f, g, options ? options->depth : RN_VIZ_DEPTH_AUTO);
  if (status == NULL) {
    pthread_mutex_lock(&graphviz_lock);
    Agraph_t *root = agopen(writable("runnel"), Agdirected, NULL);
    status = root ? NULL : rn_status_make(RN_INTERNAL, "drawing: Graphviz could not open a graph");
    if (status == NULL) {
      set_defaults(root, options ? options->title : NULL);
      status = build(root, g, &f);
    }
    if (status == NULL) status = render(root, format, out_bytes, out_size);
    if (root) agclose(root);
    pthread_mutex_unlock(&graphviz_lock);
  }
  fold_finish(&f);
  return status;
}

void rn_viz_free(char *bytes) { free(bytes); }
