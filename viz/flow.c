/* flow.c - what flows between the boxes of a picture (viz).
 *
 * Training reads nearly everything: it gets an edge only from what the model gives, the loss; that a variable is
 * trained is in its colour. Saving, initialisation and summaries get none. */
#include "flow.h"
#include <runnel/plugin.h>
#include <stdlib.h>
#include <string.h>

static const viz_box *box_of(const picture *p, rn_node_id n) {
  uint32_t i = n != RN_NO_NODE ? p->fold.of_node[n] : FOLD_NO_BOX;
  return i != FOLD_NO_BOX ? &p->fold.boxes[i] : NULL;
}

int flow_is_training(const viz_box *b) { return b->kind == BOX_PART && strcmp(b->path, "training") == 0; }

/* A parameter that stands in the box of another reader. */
static int is_joined(const picture *p, rn_node_id from, const viz_box *a) {
  return p->fold.fixed != NULL && p->fold.fixed[from] && a->node != RN_NO_NODE && !p->fold.fixed[a->node];
}

static int is_silent(const picture *p, rn_node_id from, rn_node_id to) {
  const viz_box *a = box_of(p, from), *b = box_of(p, to);
  if (a == NULL || b == NULL) return 1;
  if (a == b) return repeats_edge(&p->fold.repeats, from, to) != EDGE_NEXT;
  if (is_joined(p, from, a)) return 1;
  if (flow_is_training(b))
    return a->kind == BOX_VARIABLE || a->kind == BOX_PART || (p->read_by[from] & READ_BY_MODEL) != 0;
  return b->kind == BOX_PART || a->kind == BOX_PART;
}

static flow_kind kind_of(const picture *p, rn_value v, repeat_edge turn) {
  uint32_t flags = 0, role = 0;
  if (turn == EDGE_NEXT) return FLOW_NEXT;
  if (v.port == RN_CONTROL) return FLOW_CONTROL;
  (void)rn_graph_op_known(p->graph, v.node, &flags, &role);
  return role == RN_ROLE_NEXT_ITERATION ? FLOW_LOOP : FLOW_DATA;
}

static rn_status *add(flows *f, const picture *p, rn_value v, rn_node_id reader) {
  if (v.node == RN_NO_NODE || is_silent(p, v.node, reader)) return NULL;
  repeat_edge turn = repeats_edge(&p->fold.repeats, v.node, reader);
  if (f->n == f->capacity) {
    size_t capacity = f->capacity ? 2 * f->capacity : 256;
    flow *grown = realloc(f->list, capacity * sizeof *grown);
    if (grown == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
    f->list = grown;
    f->capacity = capacity;
  }
  f->list[f->n++] =
      (flow){p->fold.of_node[v.node], p->fold.of_node[reader], kind_of(p, v, turn), turn == EDGE_COPY, v, reader};
  return NULL;
}

static int by_place(const void *a, const void *b) {
  const flow *x = a, *y = b;
  const uint64_t keys[][2] = {{x->from, y->from},
                              {x->to, y->to},
                              {x->kind, y->kind},
                              {x->later, y->later},
                              {x->value.node, y->value.node},
                              {x->value.port, y->value.port},
                              {x->reader, y->reader}};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (keys[i][0] != keys[i][1]) return keys[i][0] < keys[i][1] ? -1 : 1;
  return 0;
}

rn_status *flows_find(flows *f, const picture *p) {
  const rn_graph *g = p->graph;
  *f = (flows){.n = 0};
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    if (p->fold.of_node[n] == FOLD_NO_BOX) continue;
    for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) RN_TRY(add(f, p, rn_graph_input(g, n, i), n));
    for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++)
      RN_TRY(add(f, p, (rn_value){rn_graph_control(g, n, i), RN_CONTROL}, n));
  }
  if (f->n > 0) qsort(f->list, f->n, sizeof *f->list, by_place);
  return NULL;
}

void flows_finish(flows *f) {
  free(f->list);
  *f = (flows){.n = 0};
}
