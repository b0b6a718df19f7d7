/* box.c - the boxes of a picture and the frames around them (viz). */
#include <fnmatch.h>
#include <inttypes.h>
#include <runnel/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "draw.h"
#include "label.h"
#include "parts.h"

#define MAX_FRAMES 24 /* nested; what lies deeper shares the deepest frame */
#define TIP_BYTES 2048

static int is_control_flow(uint32_t role) { return role >= RN_ROLE_SWITCH && role <= RN_ROLE_LOOP_COND; }

static uint32_t look_of(const picture *p, const viz_box *b) {
  uint32_t flags = 0, role = 0;
  if (b->kind == BOX_SCOPE || b->kind == BOX_PART) return LOOK_SCOPE;
  if (b->kind == BOX_VARIABLE) return p->read_by[b->node] & READ_BY_TRAINING ? LOOK_TRAINED : LOOK_VARIABLE;
  if (!rn_graph_op_known(p->graph, b->node, &flags, &role)) return LOOK_UNKNOWN;
  if (role == RN_ROLE_PLACEHOLDER) return LOOK_PLACEHOLDER;
  if (role == RN_ROLE_CONSTANT) return LOOK_CONSTANT;
  if (is_control_flow(role)) return LOOK_LOOP;
  return flags & RN_OP_CALLS ? LOOK_CALL : LOOK_OP;
}

/* The frame around path, made on first use, with all frames around it. */
static Agraph_t *frame_of(Agraph_t *root, const char *path) {
  Agraph_t *at = root;
  uint32_t frames = 0;
  for (size_t i = 0, start = 0; path[i] != '\0' && frames < MAX_FRAMES; i++) {
    if (path[i] != '/') continue;
    char id[32], label[256], part[128];
    uint64_t h = 1469598103934665603u;
    for (size_t k = 0; k < i; k++) h = (h ^ (unsigned char)path[k]) * 1099511628211u;
    snprintf(id, sizeof id, "cluster_%016" PRIx64, h);
    snprintf(part, sizeof part, "%.*s", (int)(i - start), path + start);
    start = i + 1;
    Agraph_t *next = agsubg(at, id, 1);
    if (!next) return at;
    draw_set(next, "label", label_text(part, 40, label, sizeof label));
    draw_set(next, "style", "rounded");
    draw_set(next, "color", "#b9c2cf");
    draw_set(next, "fontcolor", "#5a6675");
    at = next;
    frames++;
  }
  return at;
}

/* ---- what a folded box holds most of */
static void count_op(contents *c, const char *op) {
  uint32_t i = 0;
  while (i < c->n && strcmp(c->op[i], op) != 0) i++;
  if (i == MOST_KINDS) return; /* the many that come late are not the most */
  c->op[i] = op;
  c->count[i]++;
  if (i == c->n) c->n++;
  for (; i > 0 && c->count[i] > c->count[i - 1]; i--) {
    const char *swapped = c->op[i];
    uint32_t count = c->count[i];
    c->op[i] = c->op[i - 1];
    c->count[i] = c->count[i - 1];
    c->op[i - 1] = swapped;
    c->count[i - 1] = count;
  }
}

static void count_contents(picture *p) {
  for (rn_node_id n = 0; n < rn_graph_node_count(p->graph); n++) {
    uint32_t i = p->fold.of_node[n], flags = 0, role = 0;
    (void)rn_graph_op_known(p->graph, n, &flags, &role);
    if (role == RN_ROLE_CONSTANT || role == RN_ROLE_IDENTITY) continue; /* they say nothing */
    if (i != FOLD_NO_BOX && p->fold.boxes[i].node == RN_NO_NODE) count_op(&p->contents[i], rn_graph_op(p->graph, n));
  }
}

static void label_group(const viz_box *b, const contents *c, const char *name, char *buf, size_t size_bytes) {
  char op[128];
  int at = snprintf(buf, size_bytes, "%s\\n%u node%s", name, b->count, b->count == 1 ? "" : "s");
  if (b->kind == BOX_PART) return; /* its name says it */
  for (uint32_t i = 0; i < c->n && i < 3 && at > 0 && (size_t)at < size_bytes; i++)
    at += snprintf(buf + at, size_bytes - (size_t)at, "%s%u %s", i == 0 ? "\\n" : ", ", c->count[i],
                   label_text(c->op[i], 24, op, sizeof op));
}

static void label_of(const picture *p, const viz_box *b, char *buf, size_t size_bytes) {
  const rn_graph *g = p->graph;
  const char *slash = strrchr(b->path, '/');
  char name[256], type[192] = "", op[256];
  label_text(slash ? slash + 1 : b->path, 40, name, sizeof name);
  if (b->node == RN_NO_NODE) {
    label_group(b, &p->contents[b - p->fold.boxes], name, buf, size_bytes);
    return;
  }
  label_text(rn_graph_op(g, b->node), 40, op, sizeof op);
  if (rn_graph_output_count(g, b->node) > 0) draw_type(g, (rn_value){b->node, 0}, type, sizeof type);
  uint32_t flags = 0, role = 0;
  (void)rn_graph_op_known(g, b->node, &flags, &role);
  if (b->kind == BOX_VARIABLE || role == RN_ROLE_PLACEHOLDER)
    snprintf(buf, size_bytes, "%s\\n%s", name, type);
  else if (strcmp(name, op) == 0)
    snprintf(buf, size_bytes, "%s", op);
  else
    snprintf(buf, size_bytes, "%s\\n%s", name, op);
}

/* ---- tooltips: the name, the op, every attribute */
static size_t attr_text(const rn_attr_value *v, char *buf, size_t size_bytes) {
  char shape[128] = "";
  int n;
  if (v->type & RN_ATTR_LIST) {
    n = snprintf(buf, size_bytes, "list of %u", v->count);
    const int64_t *items = v->u.list;
    if (v->type == (RN_ATTR_LIST | RN_ATTR_INT) && v->count == 4)
      n = snprintf(buf, size_bytes, "[%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 "]", items[0], items[1],
                   items[2], items[3]);
    return n > 0 ? (size_t)n : 0;
  }
  switch (v->type) {
    case RN_ATTR_INT:
      n = snprintf(buf, size_bytes, "%" PRId64, v->u.i);
      break;
    case RN_ATTR_FLOAT:
      n = snprintf(buf, size_bytes, "%g", (double)v->u.f);
      break;
    case RN_ATTR_BOOL:
      n = snprintf(buf, size_bytes, "%s", v->u.b ? "true" : "false");
      break;
    case RN_ATTR_TYPE:
      n = snprintf(buf, size_bytes, "%s", rn_dtype_name(v->u.type));
      break;
    case RN_ATTR_SHAPE:
      rn_shape_print(v->u.shape, shape, sizeof shape);
      n = snprintf(buf, size_bytes, "%s", shape);
      break;
    case RN_ATTR_TENSOR:
      if (v->u.tensor != NULL) rn_shape_print(rn_tensor_shape(v->u.tensor), shape, sizeof shape);
      n = snprintf(buf, size_bytes, "%s%s",
                   v->u.tensor != NULL ? rn_dtype_name(rn_tensor_dtype(v->u.tensor)) : "default", shape);
      break;
    default:
      n = snprintf(buf, size_bytes, "%.*s", (int)(v->u.bytes.size < 60 ? v->u.bytes.size : 60), v->u.bytes.data);
      break;
  }
  return n > 0 ? (size_t)n : 0;
}

static void tip_of(const picture *p, const viz_box *b, char *buf, size_t size_bytes) {
  char plain[TIP_BYTES / 2], value[256];
  const rn_graph *g = p->graph;
  size_t at = (size_t)snprintf(plain, sizeof plain, "%.300s", b->path);
  if (b->node != RN_NO_NODE && at < sizeof plain)
    at += (size_t)snprintf(plain + at, sizeof plain - at, " = %.100s", rn_graph_op(g, b->node));
  for (uint32_t i = 0; b->node != RN_NO_NODE && i < rn_graph_attr_count(g, b->node) && at + 64 < sizeof plain; i++) {
    const char *name = rn_graph_attr_name(g, b->node, i);
    rn_attr_value v;
    rn_status *missing = rn_graph_attr(g, b->node, name, 0, &v);
    rn_status_free(missing);
    if (missing != NULL) continue;
    attr_text(&v, value, sizeof value);
    at += (size_t)snprintf(plain + at, sizeof plain - at, "; %.60s: %.80s", name, value);
  }
  label_text(plain, sizeof plain, buf, size_bytes);
}

/* ---- */
static void paint(picture *p, const viz_box *b, Agnode_t *n) {
  const char *text =
      p->options->paint && b->node != RN_NO_NODE ? p->options->paint(p->options->paint_arg, b->node) : NULL;
  if (text == NULL || *text == '\0') return;
  uint32_t i = 0;
  while (i < p->n_paints && strcmp(p->paint[i], text) != 0) i++;
  if (i == p->n_paints && i < MOST_PAINTS) p->paint[p->n_paints++] = text;
  draw_set(n, "fillcolor", draw_colour(p, text));
}

static int is_highlighted(const picture *p, const viz_box *b) {
  return p->options->highlight != NULL && fnmatch(p->options->highlight, b->path, 0) == 0;
}

static Agnode_t *add_box(picture *p, uint32_t index) {
  const viz_box *b = &p->fold.boxes[index];
  char id[32], label[1024], tip[TIP_BYTES];
  snprintf(id, sizeof id, "box%u", index);
  Agnode_t *n = agnode(frame_of(p->root, b->path), id, 1);
  if (!n) return NULL;
  uint32_t which = look_of(p, b);
  const look *l = draw_look(which);
  p->looks[which] = 1;
  label_of(p, b, label, sizeof label);
  draw_set(n, "label", label);
  draw_set(n, "shape", l->shape);
  draw_set(n, "style", l->style);
  draw_set(n, "fillcolor", l->fill);
  draw_set(n, "color", l->line);
  draw_set(n, "id", id);
  tip_of(p, b, tip, sizeof tip);
  draw_set(n, "tooltip", tip);
  paint(p, b, n);
  if (which == LOOK_CONSTANT) draw_set(n, "fontsize", "8");
  if (is_highlighted(p, b)) {
    draw_set(n, "penwidth", "3");
    draw_set(n, "color", "#d81b60");
  }
  return n;
}

rn_status *draw_boxes(picture *p) {
  count_contents(p);
  for (uint32_t i = 0; i < p->fold.count; i++) {
    p->box[i] = add_box(p, i);
    if (!p->box[i]) return rn_status_make(RN_INTERNAL, "drawing: Graphviz refused node '%s'", p->fold.boxes[i].path);
  }
  return NULL;
}
