/* absorb.c - parameters join the box that reads them (viz).
 *
 * A frozen network has several constants for each operation, weights and what they pass through. In a picture of many
 * boxes they hide the flow: boxes of constants, and of what is computed from constants alone, become part of the box
 * that reads them, or of the first where all readers are in their own scope. */
#include "absorb.h"
#include <runnel/plugin.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define MANY (UINT32_MAX - 1)
typedef struct work {
  fold *f;
  const rn_graph *g;
  unsigned char *fixed;    /* per node: it follows from constants */
  unsigned char *computes; /* per box: it holds more than that */
  uint32_t *reader;        /* per box: the one box that reads it, NONE or MANY */
} work;

static int is_fixed(const work *w, rn_node_id n) {
  uint32_t flags = 0, role = 0, inputs = rn_graph_input_count(w->g, n);
  if (!rn_graph_op_known(w->g, n, &flags, &role)) return 0;
  if (role == RN_ROLE_CONSTANT) return 1;
  if (inputs == 0 || role >= RN_ROLE_SWITCH || (flags & (RN_OP_STATEFUL | RN_OP_CALLS))) return 0;
  for (uint32_t i = 0; i < inputs; i++) {
    rn_node_id from = rn_graph_input(w->g, n, i).node;
    if (from >= n || !w->fixed[from]) return 0;
  }
  return 1;
}

static int in_scope_of(const viz_box *a, const viz_box *b) {
  const char *slash = strrchr(a->path, '/');
  size_t n = slash != NULL ? (size_t)(slash - a->path) + 1 : 0;
  return n > 0 && strncmp(a->path, b->path, n) == 0;
}

static void note_edge(const work *w, rn_node_id from, uint32_t to) {
  uint32_t a = from != RN_NO_NODE ? w->f->of_node[from] : FOLD_NO_BOX;
  if (a == FOLD_NO_BOX || a == to) return;
  if (w->reader[a] == NONE) w->reader[a] = to;
  if (w->reader[a] == to || w->reader[a] == MANY) return;
  const viz_box *box = w->f->boxes;
  if (!in_scope_of(&box[a], &box[to]) || !in_scope_of(&box[a], &box[w->reader[a]])) w->reader[a] = MANY;
}

static void look_at(const work *w) {
  for (uint32_t b = 0; b < w->f->count; b++) {
    w->reader[b] = NONE;
    w->computes[b] = w->f->boxes[b].kind == BOX_PART || w->f->boxes[b].kind == BOX_VARIABLE;
  }
  for (rn_node_id n = 0; n < rn_graph_node_count(w->g); n++) {
    uint32_t to = w->f->of_node[n];
    w->fixed[n] = (unsigned char)is_fixed(w, n);
    if (to == FOLD_NO_BOX) continue;
    if (!w->fixed[n]) w->computes[to] = 1;
    for (uint32_t i = 0; i < rn_graph_input_count(w->g, n); i++) note_edge(w, rn_graph_input(w->g, n, i).node, to);
    for (uint32_t i = 0; i < rn_graph_control_count(w->g, n); i++) note_edge(w, rn_graph_control(w->g, n, i), to);
  }
}

/* The box that b ends in; itself when it stays. */
static uint32_t home_of(const work *w, uint32_t b) {
  uint32_t at = b;
  for (uint32_t steps = 0; steps < w->f->count; steps++) {
    if (w->computes[at]) return at;
    if (w->reader[at] == NONE || w->reader[at] == MANY) return b;
    at = w->reader[at];
  }
  return b;
}

/* moved[b]: its new number; those that joined another get that one's. */
static void renumber(work *w, uint32_t *home, uint32_t *moved) {
  fold *f = w->f;
  uint32_t kept = 0;
  for (uint32_t b = 0; b < f->count; b++) {
    home[b] = home_of(w, b);
    if (home[b] == b) moved[b] = kept++;
    if (home[b] != b) f->boxes[home[b]].count += f->boxes[b].count;
  }
  for (uint32_t b = 0; b < f->count; b++) {
    if (home[b] != b) {
      moved[b] = moved[home[b]];
      free(f->boxes[b].path);
    } else {
      f->boxes[moved[b]] = f->boxes[b];
    }
  }
  f->count = kept;
}

rn_status *absorb_parameters(fold *f, const rn_graph *g) {
  size_t n = (size_t)f->count + 1;
  work w = {f, g, calloc((size_t)rn_graph_node_count(g) + 1, 1), calloc(n, 1), calloc(n, sizeof(uint32_t))};
  uint32_t *home = calloc(n, sizeof *home), *moved = calloc(n, sizeof *moved);
  int ok = w.fixed != NULL && w.computes != NULL && w.reader != NULL && home != NULL && moved != NULL;
  if (ok) {
    look_at(&w);
    renumber(&w, home, moved);
    for (rn_node_id i = 0; i < rn_graph_node_count(g); i++)
      if (f->of_node[i] != FOLD_NO_BOX) f->of_node[i] = moved[f->of_node[i]];
  }
  free(f->fixed);
  f->fixed = w.fixed;
  free(w.computes);
  free(w.reader);
  free(home);
  free(moved);
  return ok ? NULL : rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory");
}
