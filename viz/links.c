/* links.c - what each box of a fold is and reads (viz). Boxes of training and the like are left out. */
#include <stdlib.h>
#include <string.h>
#include "siblings.h"

static uint64_t text_hash(const char *s) {
  uint64_t h = 1469598103934665603u;
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
  return h;
}

static uint64_t what_is(const fold *f, const rn_graph *g, uint32_t b) {
  const viz_box *box = &f->boxes[b];
  if (box->node == RN_NO_NODE) return text_hash(box->path);
  uint64_t h = text_hash(rn_graph_op(g, box->node));
  if (rn_graph_output_count(g, box->node) == 0) return h;
  return h * 31 + (uint64_t)rn_graph_dtype(g, (rn_value){box->node, 0});
}

/* Calls for every edge between boxes: counts it when l->from is NULL, else writes it at its place. */
static void add_link(links *l, rn_node_id from, uint32_t to) {
  uint32_t a = from != RN_NO_NODE ? l->f->of_node[from] : FOLD_NO_BOX;
  if (a == FOLD_NO_BOX || a == to || l->f->boxes[a].kind == BOX_PART) return;
  if (l->from != NULL) l->from[l->from_at[to]] = a;
  l->from_at[to]++;
}

static void walk(links *l, const rn_graph *g) {
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    uint32_t to = l->f->of_node[n];
    if (to == FOLD_NO_BOX || l->f->boxes[to].kind == BOX_PART) continue;
    for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) add_link(l, rn_graph_input(g, n, i).node, to);
    for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++) add_link(l, rn_graph_control(g, n, i), to);
  }
}

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory"); }

rn_status *links_init(links *l, const fold *f, const rn_graph *g) {
  uint32_t n = f->count, sum = 0;
  *l = (links){.f = f};
  l->from_at = calloc((size_t)n + 1, sizeof *l->from_at);
  l->op = calloc((size_t)n + 1, sizeof *l->op);
  l->hash = calloc((size_t)n + 1, sizeof *l->hash);
  l->part = calloc((size_t)n + 1, sizeof *l->part);
  if (!l->from_at || !l->op || !l->hash || !l->part) return no_memory();
  walk(l, g);
  for (uint32_t b = 0; b <= n; b++) { /* counts become beginnings */
    uint32_t count = l->from_at[b];
    l->from_at[b] = sum;
    sum += count;
  }
  l->from = calloc((size_t)sum + 1, sizeof *l->from);
  if (!l->from) return no_memory();
  walk(l, g); /* beginnings become ends, which are the next one's beginnings */
  memmove(l->from_at + 1, l->from_at, n * sizeof *l->from_at);
  l->from_at[0] = 0;
  for (uint32_t b = 0; b < n; b++) {
    l->op[b] = what_is(f, g, b);
    l->part[b] = SIBLINGS_OUTSIDE;
  }
  return NULL;
}

void links_finish(links *l) {
  free(l->from);
  free(l->from_at);
  free(l->op);
  free(l->hash);
  free(l->part);
  *l = (links){.f = NULL};
}
