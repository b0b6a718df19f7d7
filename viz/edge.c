/* edge.c - the edges of a picture (viz).
 *
 * Between single nodes every value has its edge, with dtype and shape, as thick as the tensor is large; what goes in
 * or out of a folded part is one edge with a count. Training reads nearly everything: it gets an edge only from what
 * the model gives, the loss; that a variable is trained is in its colour. Saving, initialisation and summaries get
 * none. */
#include <math.h>
#include <runnel/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "draw.h"
#include "parts.h"

static const viz_box *box_of(const picture *p, rn_node_id n) {
  uint32_t i = n != RN_NO_NODE ? p->fold.of_node[n] : FOLD_NO_BOX;
  return i != FOLD_NO_BOX ? &p->fold.boxes[i] : NULL;
}

static int is_training(const viz_box *b) { return b->kind == BOX_PART && strcmp(b->path, "training") == 0; }

void draw_readers(picture *p) {
  for (rn_node_id n = 0; n < rn_graph_node_count(p->graph); n++) {
    const viz_box *b = box_of(p, n);
    unsigned char who = b == NULL ? 0 : b->kind != BOX_PART ? READ_BY_MODEL : is_training(b) ? READ_BY_TRAINING : 0;
    for (uint32_t i = 0; i < rn_graph_input_count(p->graph, n); i++) {
      rn_node_id from = rn_graph_input(p->graph, n, i).node;
      if (from != RN_NO_NODE) p->read_by[from] |= who;
    }
  }
}

static void set_width(Agedge_t *e, const rn_graph *g, rn_value v) {
  char width[32];
  const rn_shape *s = rn_graph_shape(g, v);
  double elems = 1;
  for (int32_t i = 0; s && i < s->rank; i++) elems *= s->dim[i] > 0 ? (double)s->dim[i] : 32;
  snprintf(width, sizeof width, "%d", 1 + (int)(log10(elems + 1) / 2));
  draw_set(e, "penwidth", width);
}

static void count_more(Agedge_t *e) {
  char number[32], label[48];
  const char *before = agget(e, draw_name("comment"));
  unsigned long n = before && *before ? strtoul(before, NULL, 10) + 1 : 2;
  snprintf(number, sizeof number, "%lu", n);
  snprintf(label, sizeof label, "%lu tensors", n);
  draw_set(e, "comment", number);
  draw_set(e, "label", label);
}

/* What starts a loop's next turn runs against the flow: it has its own line and does not rule the layout. */
static void mark_next_turn(const picture *p, Agedge_t *e, rn_node_id from) {
  uint32_t flags = 0, role = 0;
  (void)rn_graph_op_known(p->graph, from, &flags, &role);
  if (role != RN_ROLE_NEXT_ITERATION) return;
  draw_set(e, "color", "#7a4fa0");
  draw_set(e, "style", "dashed");
  draw_set(e, "constraint", "false");
}

static void add_data(picture *p, uint32_t from, uint32_t to, rn_value v, int grouped) {
  char key[32], type[192];
  snprintf(key, sizeof key, grouped ? "group" : "%u", v.port);
  Agedge_t *old = grouped ? agedge(p->root, p->box[from], p->box[to], key, 0) : NULL;
  if (old) {
    count_more(old);
    return;
  }
  Agedge_t *e = agedge(p->root, p->box[from], p->box[to], key, 1);
  if (!e) return;
  draw_type(p->graph, v, type, sizeof type);
  draw_set(e, "label", type);
  if (grouped)
    draw_set(e, "color", "#9aa5b1");
  else
    set_width(e, p->graph, v);
  mark_next_turn(p, e, v.node);
}

/* No line at all: to what touches every variable, and to training but from what the model gives. */
static int is_silent(const picture *p, rn_node_id from, rn_node_id to) {
  const viz_box *a = box_of(p, from), *b = box_of(p, to);
  if (a == NULL || b == NULL || a == b) return 1;
  if (is_training(b)) return a->kind == BOX_VARIABLE || a->kind == BOX_PART || (p->read_by[from] & READ_BY_MODEL) != 0;
  return b->kind == BOX_PART || a->kind == BOX_PART;
}

static void add_control(picture *p, uint32_t from, uint32_t to) {
  Agedge_t *e = agedge(p->root, p->box[from], p->box[to], draw_name("control"), 1);
  if (!e) return;
  draw_set(e, "style", "dotted");
  draw_set(e, "arrowhead", "empty");
}

void draw_edges(picture *p) {
  const rn_graph *g = p->graph;
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    uint32_t to = p->fold.of_node[n];
    for (uint32_t i = 0; to != FOLD_NO_BOX && i < rn_graph_input_count(g, n); i++) {
      rn_value v = rn_graph_input(g, n, i);
      if (is_silent(p, v.node, n)) continue;
      int grouped = box_of(p, v.node)->node == RN_NO_NODE || box_of(p, n)->node == RN_NO_NODE;
      add_data(p, p->fold.of_node[v.node], to, v, grouped);
    }
    for (uint32_t i = 0; to != FOLD_NO_BOX && i < rn_graph_control_count(g, n); i++) {
      rn_node_id from = rn_graph_control(g, n, i);
      if (!is_silent(p, from, n)) add_control(p, p->fold.of_node[from], to);
    }
  }
}
