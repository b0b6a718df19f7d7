/* box.c - the boxes of a picture: shape, words and colours (viz). */
#include <fnmatch.h>
#include <runnel/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "attr.h"
#include "draw.h"
#include "heat.h"
#include "label.h"
#include "parts.h"

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

/* ---- words */
/* Of what repeats, one turn is told; a box that repeats alone says how often. */
static const repeat *own_repeat(const picture *p, const viz_box *b) {
  return b->repeat != REPEAT_NONE && p->inside[b->repeat] == 1 ? &p->fold.repeats.list[b->repeat] : NULL;
}

static void write_group(FILE *to, const picture *p, const viz_box *b, const char *name) {
  const contents *c = &p->contents[b - p->fold.boxes];
  uint32_t times = (uint32_t)repeats_times(&p->fold.repeats, b->repeat), count = (b->count + times / 2) / times;
  char op[128];
  fprintf(to, "%s\\n%u node%s", name, count, count == 1 ? "" : "s");
  if (own_repeat(p, b)) fputs(" each", to);
  if (b->kind == BOX_PART) return; /* its name says it */
  for (uint32_t i = 0; i < c->n && i < 3; i++) {
    uint32_t each = (c->count[i] + times / 2) / times;
    fprintf(to, "%s%u %s", i == 0 ? "\\n" : ", ", each ? each : 1, label_text(c->op[i], 24, op, sizeof op));
  }
}

/* The functions that a node names. */
static void write_calls(FILE *to, const rn_graph *g, rn_node_id n) {
  char text[160];
  uint32_t count = 0;
  for (uint32_t i = 0; i < rn_graph_attr_count(g, n); i++) {
    rn_attr_value v;
    rn_status *missing = rn_graph_attr(g, n, rn_graph_attr_name(g, n, i), RN_ATTR_FUNC, &v);
    int is_named = missing == NULL && v.u.bytes.size > 0 && v.u.bytes.size < sizeof text;
    rn_status_free(missing);
    if (!is_named || count == 3) continue;
    char name[sizeof text];
    memcpy(name, v.u.bytes.data, (size_t)v.u.bytes.size);
    name[v.u.bytes.size] = '\0';
    fprintf(to, "%s%s", count++ == 0 ? "\\ncalls " : ", ", label_text(name, 40, text, sizeof text));
  }
}

static void write_node(FILE *to, const picture *p, const viz_box *b, const char *name) {
  const rn_graph *g = p->graph;
  char type[192] = "", op[256];
  uint32_t flags = 0, role = 0;
  label_text(rn_graph_op(g, b->node), 40, op, sizeof op);
  if (rn_graph_output_count(g, b->node) > 0) draw_type(g, (rn_value){b->node, 0}, type, sizeof type);
  (void)rn_graph_op_known(g, b->node, &flags, &role);
  const rn_tensor *value = role == RN_ROLE_CONSTANT ? rn_graph_constant(g, (rn_value){b->node, 0}) : NULL;
  fputs(name, to);
  if (b->kind == BOX_VARIABLE || role == RN_ROLE_PLACEHOLDER) {
    fprintf(to, "\\n%s", type);
    return;
  }
  if (value) fputs("\\n", to);
  if (value && attr_write_numbers(to, value, 4)) return;
  if (value)
    fputs(type, to);
  else if (strcmp(name, op) != 0)
    fprintf(to, "\\n%s", op);
  if (flags & RN_OP_CALLS) write_calls(to, g, b->node);
}

static const char *joint_of(const picture *p, const viz_box *b) {
  const char *text =
      p->options->joint && b->node != RN_NO_NODE ? p->options->joint(p->options->run_arg, b->node) : NULL;
  return text && *text ? text : NULL;
}

static void write_label(FILE *to, const picture *p, const viz_box *b) {
  const char *slash = strrchr(b->path, '/');
  const repeat *r = own_repeat(p, b);
  double heat = p->heat[b - p->fold.boxes];
  char name[256], text[160];
  label_text(r ? r->title : slash ? slash + 1 : b->path, 40, name, sizeof name);
  if (r) fprintf(to, "%u times\\n", r->times);
  if (b->node == RN_NO_NODE)
    write_group(to, p, b, name);
  else
    write_node(to, p, b, name);
  if (joint_of(p, b)) fprintf(to, "\\n%s", label_text(joint_of(p, b), 30, text, sizeof text));
  if (heat_share(p, heat) < 0.01) return;
  heat_print(p, heat, text, sizeof text);
  fprintf(to, "\\n%s, %.0f %%", label_text(text, 30, name, sizeof name), 100 * heat_share(p, heat));
}

/* ---- colours */
static void paint(picture *p, const viz_box *b, Agnode_t *n) {
  const char *text =
      p->options->paint && b->node != RN_NO_NODE ? p->options->paint(p->options->paint_arg, b->node) : NULL;
  if (text == NULL || *text == '\0') return;
  uint32_t i = 0;
  while (i < p->n_paints && strcmp(p->paint[i], text) != 0) i++;
  if (i == p->n_paints && i < MOST_PAINTS) p->paint[p->n_paints++] = text;
  draw_set(n, p->options->heat ? "color" : "fillcolor", draw_colour(p, text));
  if (p->options->heat) draw_set(n, "penwidth", "2");
}

static void warm(const picture *p, double heat, Agnode_t *n) {
  if (!p->options->heat) return;
  if (heat < 0) {
    draw_set(n, "fillcolor", "#ffffff");
    draw_set(n, "fontcolor", "#7a7a7a");
    return;
  }
  draw_set(n, "fillcolor", heat_of(p, heat)->fill);
  draw_set(n, "fontcolor", heat_of(p, heat)->text);
}

static void join(picture *p, const viz_box *b, Agnode_t *n) {
  const char *text = joint_of(p, b);
  if (text == NULL) return;
  uint32_t i = 0;
  while (i < p->n_joints && strcmp(p->joint[i], text) != 0) i++;
  if (i == p->n_joints && i < MOST_JOINTS && (p->joint[i] = strdup(text)) != NULL) p->n_joints++;
  draw_set(n, "color", draw_joint(i));
  draw_set(n, "penwidth", "3");
}

static int is_highlighted(const picture *p, const viz_box *b) {
  return p->options->highlight != NULL && fnmatch(p->options->highlight, b->path, 0) == 0;
}

static void set_look(Agnode_t *n, uint32_t which) {
  const look *l = draw_look(which);
  draw_set(n, "shape", l->shape);
  draw_set(n, "style", l->style);
  draw_set(n, "fillcolor", l->fill);
  draw_set(n, "color", l->line);
  if (which == LOOK_PLACEHOLDER) { /* as flat as Graphviz's own is wide */
    draw_set(n, "sides", "4");
    draw_set(n, "skew", "0.25");
    draw_set(n, "margin", "0,0.02");
  }
  if (which == LOOK_LOOP || which == LOOK_UNKNOWN) draw_set(n, "margin", "0,0.02");
  if (which == LOOK_CONSTANT) {
    draw_set(n, "fontsize", "8");
    draw_set(n, "margin", "0.02,0.02");
  }
}

/* ---- */
static rn_status *set_label(const picture *p, const viz_box *b, Agnode_t *n) {
  char *label = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&label, &size);
  if (to) write_label(to, p, b);
  if (to) fclose(to);
  if (label) draw_set(n, "label", label);
  free(label);
  return to && label ? NULL : rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
}

static rn_status *add_box(picture *p, uint32_t index) {
  const viz_box *b = &p->fold.boxes[index];
  char id[32];
  snprintf(id, sizeof id, "box%u", index);
  Agnode_t *n = agnode(draw_frame(p, b), id, 1);
  if (!n) return rn_status_make(RN_INTERNAL, "drawing: Graphviz refused node '%s'", b->path);
  uint32_t which = look_of(p, b);
  p->box[index] = n;
  p->looks[which] = 1;
  RN_TRY(set_label(p, b, n));
  set_look(n, which);
  draw_set(n, "id", id);
  draw_tip(p, index, n);
  warm(p, p->heat[index], n);
  paint(p, b, n);
  join(p, b, n);
  if (is_highlighted(p, b)) {
    draw_set(n, "penwidth", "3");
    draw_set(n, "color", "#d81b60");
  }
  return NULL;
}

rn_status *draw_boxes(picture *p) {
  count_contents(p);
  heat_sum(p);
  for (uint32_t i = 0; i < p->fold.count; i++)
    for (uint32_t r = p->fold.boxes[i].repeat; r != REPEAT_NONE; r = p->fold.repeats.list[r].parent) p->inside[r]++;
  for (uint32_t i = 0; i < p->fold.count; i++) RN_TRY(add_box(p, i));
  return NULL;
}
