/* edge.c - the lines of a picture (viz).
 *
 * What flows from one box to another is one line, as thick as it is large: of one tensor it says dtype and shape, of
 * several their number and bytes. */
#include <math.h>
#include <runnel/plugin.h>
#include <stdio.h>
#include <string.h>
#include "flow.h"
#include "heat.h"
#include "label.h"

enum { HELD_BOXES = 200 };

void draw_readers(picture *p) {
  for (rn_node_id n = 0; n < rn_graph_node_count(p->graph); n++) {
    uint32_t i = p->fold.of_node[n];
    const viz_box *b = i != FOLD_NO_BOX ? &p->fold.boxes[i] : NULL;
    unsigned char who = b == NULL             ? 0
                        : b->kind != BOX_PART ? READ_BY_MODEL
                        : flow_is_training(b) ? READ_BY_TRAINING
                                              : 0;
    for (uint32_t k = 0; k < rn_graph_input_count(p->graph, n); k++) {
      rn_node_id from = rn_graph_input(p->graph, n, k).node;
      if (from != RN_NO_NODE) p->read_by[from] |= who;
    }
  }
}

/* What one line stands for. */
typedef struct sum {
  const flow *first, *last_turn; /* last_turn: the last of a later turn, NULL */
  uint32_t tensors;
  double elems, bytes; /* bytes below 0: not known */
  const char *copy;    /* own: borrowed until the next question */
  uint32_t copies;
} sum;

static void add_size(sum *s, const rn_graph *g, rn_value v) {
  const rn_shape *shape = rn_graph_shape(g, v);
  double elems = 1;
  rn_dtype type = rn_dtype_base(rn_graph_dtype(g, v));
  int known = shape != NULL && shape->rank >= 0 && type != RN_STRING && type != RN_RESOURCE && type != RN_INVALID;
  for (int32_t i = 0; shape && i < shape->rank; i++) {
    known = known && shape->dim[i] >= 0;
    elems *= shape->dim[i] > 0 ? (double)shape->dim[i] : 32;
  }
  s->tensors++;
  s->elems += elems;
  s->bytes = known && s->bytes >= 0 ? s->bytes + elems * (double)rn_dtype_size(type) : -1;
}

static void ask_copy(sum *s, const picture *p, const flow *f) {
  const char *text = p->options->copy ? p->options->copy(p->options->run_arg, f->value, f->reader) : NULL;
  if (text == NULL || *text == '\0') return;
  s->copy = text;
  s->copies++;
}

/* list[0 .. n-1] run between the same boxes. */
static sum sum_up(const picture *p, const flow *list, size_t n) {
  sum s = {.first = list};
  for (size_t i = 0; i < n; i++) {
    const flow *f = &list[i];
    int again = i > 0 && f->later == list[i - 1].later && f->value.node == list[i - 1].value.node &&
                f->value.port == list[i - 1].value.port;
    if (again) continue;
    if (f->later && f->kind == FLOW_DATA) s.last_turn = f;
    if (!f->later && f->kind != FLOW_CONTROL) add_size(&s, p->graph, f->value);
  }
  for (size_t i = 0; i < n; i++) ask_copy(&s, p, &list[i]);
  return s;
}

static void label_data(const picture *p, const sum *s, char *buf, size_t size_bytes) {
  char first[192], last[192] = "", size[48];
  draw_type(p->graph, s->first->value, first, sizeof first);
  if (s->last_turn) draw_type(p->graph, s->last_turn->value, last, sizeof last);
  if (s->tensors <= 1 && *last && strcmp(first, last) != 0) {
    snprintf(buf, size_bytes, " %s to\\n %s", first, last);
  } else if (s->tensors <= 1) {
    snprintf(buf, size_bytes, " %s ", first);
  } else if (s->bytes < 0) {
    snprintf(buf, size_bytes, " %u tensors ", s->tensors);
  } else {
    static const rn_viz_options bytes = {.heat_unit = "bytes"};
    heat_print(&(picture){.options = &bytes}, s->bytes, size, sizeof size);
    snprintf(buf, size_bytes, " %u tensors, %s ", s->tensors, size);
  }
}

static uint32_t role_of(const picture *p, const viz_box *b) {
  uint32_t flags = 0, role = 0;
  if (b->node != RN_NO_NODE) (void)rn_graph_op_known(p->graph, b->node, &flags, &role);
  return role;
}

static int is_parameter(const picture *p, const viz_box *b) {
  return b->kind == BOX_VARIABLE || role_of(p, b) == RN_ROLE_CONSTANT;
}

static void draw_data(picture *p, Agedge_t *e, const sum *s) {
  char label[448], width[32], tip[512];
  const viz_box *from = &p->fold.boxes[s->first->from];
  int says_itself = is_parameter(p, from) || role_of(p, from) == RN_ROLE_PLACEHOLDER;
  label_data(p, s, label, sizeof label);
  snprintf(width, sizeof width, "%d", 1 + (int)(log10(s->elems + 1) / 2));
  snprintf(tip, sizeof tip, "%s", label);
  draw_set(e, "tooltip", tip);
  draw_set(e, "labeltooltip", tip);
  draw_set(e, "penwidth", width);
  if (!says_itself || s->tensors > 1) draw_set(e, "label", label);
  if (!is_parameter(p, from)) draw_set(e, "weight", "6"); /* what rules the layout */
}

static void draw_control(picture *p, Agedge_t *e) {
  p->lines |= LINE_CONTROL;
  draw_set(e, "style", "dotted");
  draw_set(e, "arrowhead", "empty");
  draw_set(e, "tooltip", "runs after");
}

/* Lines against the flow have their own look and do not rule the layout. */
static void draw_back(Agedge_t *e, const char *colour, const char *label) {
  draw_set(e, "color", colour);
  draw_set(e, "fontcolor", colour);
  draw_set(e, "style", "dashed");
  draw_set(e, "constraint", "false");
  draw_set(e, "xlabel", label); /* takes no room from those that rule the layout */
  draw_set(e, "tooltip", label);
}

static void draw_copy(picture *p, Agedge_t *e, const sum *s) {
  char text[128], label[192];
  label_text(s->copy, 60, text, sizeof text);
  snprintf(label, sizeof label, s->copies > 1 ? " %s; %u copies " : " %s ", text, s->copies);
  p->lines |= LINE_COPIED;
  draw_set(e, "color", "#c2185b");
  draw_set(e, "fontcolor", "#c2185b");
  draw_set(e, "label", label);
}

/* One line tells where a turn goes on, however many boxes read it. */
static int is_told(const picture *p, const flow *f) {
  if (f->kind != FLOW_NEXT) return 0;
  for (Agedge_t *e = agfstout(p->root, p->box[f->from]); e != NULL; e = agnxtout(p->root, e))
    if (strcmp(agnameof(e), "next") == 0) return 1;
  return 0;
}

static rn_status *draw_line(picture *p, const flow *list, size_t n) {
  static const char *const keys[] = {"data", "next", "loop", "control"};
  sum s = sum_up(p, list, n);
  Agedge_t *e = agedge(p->root, p->box[list->from], p->box[list->to], draw_name(keys[list->kind]), 1);
  if (!e) return rn_status_make(RN_INTERNAL, "drawing: Graphviz refused an edge");
  switch (list->kind) {
    case FLOW_DATA:
      draw_data(p, e, &s);
      break;
    case FLOW_CONTROL:
      draw_control(p, e);
      break;
    case FLOW_LOOP:
      p->lines |= LINE_LOOP;
      draw_back(e, "#7a4fa0", " next turn ");
      break;
    case FLOW_NEXT:
      p->lines |= LINE_AGAIN;
      draw_back(e, "#7d6a30", " to the next ");
      break;
  }
  if (s.copies > 0) draw_copy(p, e, &s);
  return NULL;
}

static void hold_below(picture *p, uint32_t above, uint32_t below) {
  Agedge_t *e = agedge(p->root, p->box[above], p->box[below], draw_name("hold"), 1);
  if (!e) return;
  draw_set(e, "style", "invis");
  draw_set(e, "weight", "0");
}

/* Does it flow into the scope of `to` from another? */
static int enters(const picture *p, const flow *f, const viz_box *to) {
  const viz_box *from = &p->fold.boxes[f->from];
  const char *slash = strrchr(to->path, '/');
  size_t n = slash != NULL ? (size_t)(slash - to->path) + 1 : 0;
  return f->kind == FLOW_DATA && !is_parameter(p, from) && n > 0 && strncmp(from->path, to->path, n) != 0;
}

/* Parameters stand no higher than what flows into their scope, so that frames follow each other downwards; and what
 * saves and starts stands beside what trains. Each by an edge without a line. */
static void hold_places(picture *p, const flows *f) {
  for (size_t i = 0; i < f->n; i++) {
    const flow *a = &f->list[i];
    const viz_box *from = &p->fold.boxes[a->from], *to = &p->fold.boxes[a->to];
    for (size_t k = 0; k < f->n && is_parameter(p, from) && a->kind == FLOW_DATA; k++)
      if (f->list[k].to == a->to && enters(p, &f->list[k], from)) hold_below(p, f->list[k].from, a->from);
    for (uint32_t b = 0; b < p->fold.count && flow_is_training(to); b++)
      if (p->fold.boxes[b].kind == BOX_PART && b != a->to) hold_below(p, a->from, b);
  }
}

rn_status *draw_edges(picture *p) {
  flows f;
  rn_status *e = flows_find(&f, p);
  for (size_t first = 0, end; e == NULL && first < f.n; first = end) {
    const flow *a = &f.list[first];
    for (end = first + 1; end < f.n; end++)
      if (f.list[end].from != a->from || f.list[end].to != a->to || f.list[end].kind != a->kind) break;
    if (!is_told(p, a)) e = draw_line(p, a, end - first);
  }
  if (e == NULL && p->fold.count <= HELD_BOXES) hold_places(p, &f);
  flows_finish(&f);
  return e;
}
