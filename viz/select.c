/* select.c - which nodes of a graph a picture is about (viz).
 *
 * One walk answers all questions: along edges, against them, or both, from one node, so many steps far. */
#include "select.h"
#include <stdlib.h>
#include <string.h>

enum { FORWARD = 1, BACKWARD = 2 };
typedef struct walk {
  const rn_graph *g;
  unsigned char *seen;
  rn_node_id *queue;
  rn_value *readers;
  uint32_t n, room;
} walk;

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory"); }

static rn_status *find_node(const rn_graph *g, const char *name, rn_node_id *out) {
  rn_value v;
  RN_TRY(rn_graph_find_value(g, name, &v));
  *out = v.node;
  return NULL;
}

static void reach(walk *w, rn_node_id n) {
  if (n == RN_NO_NODE || w->seen[n]) return;
  w->seen[n] = 1;
  w->queue[w->n++] = n;
}

static void step_back(walk *w, rn_node_id n) {
  for (uint32_t i = 0; i < rn_graph_input_count(w->g, n); i++) reach(w, rn_graph_input(w->g, n, i).node);
  for (uint32_t i = 0; i < rn_graph_control_count(w->g, n); i++) reach(w, rn_graph_control(w->g, n, i));
}

static rn_status *step_on(walk *w, rn_node_id n) {
  for (uint32_t port = 0; port <= rn_graph_output_count(w->g, n); port++) {
    rn_value v = {n, port == rn_graph_output_count(w->g, n) ? RN_CONTROL : port};
    uint32_t count = rn_graph_consumers(w->g, v, w->readers, w->room);
    if (count > w->room) {
      rn_value *more = realloc(w->readers, count * sizeof *more);
      if (more == NULL) return no_memory();
      w->readers = more;
      w->room = count;
      count = rn_graph_consumers(w->g, v, w->readers, w->room);
    }
    for (uint32_t i = 0; i < count; i++) reach(w, w->readers[i].node);
  }
  return NULL;
}

/* Marks in mask (of zeros) all that is within `steps` of the named node. */
static rn_status *walk_from(const rn_graph *g, const char *name, int way, uint32_t steps, unsigned char *mask) {
  rn_node_id start;
  RN_TRY(find_node(g, name, &start));
  walk w = {.g = g, .seen = mask};
  w.queue = malloc(((size_t)rn_graph_node_count(g) + 1) * sizeof *w.queue);
  rn_status *s = w.queue != NULL ? NULL : no_memory();
  if (s == NULL) reach(&w, start);
  for (uint32_t at = 0, end = w.n; s == NULL && steps > 0 && at < w.n; steps--, end = w.n)
    for (; s == NULL && at < end; at++) {
      if (way & BACKWARD) step_back(&w, w.queue[at]);
      if (way & FORWARD) s = step_on(&w, w.queue[at]);
    }
  free(w.queue);
  free(w.readers);
  return s;
}

/* mask and what is within `steps` of the named node. */
static rn_status *narrow(const rn_graph *g, const char *name, int way, uint32_t steps, unsigned char *mask) {
  if (name == NULL) return NULL;
  uint32_t n = rn_graph_node_count(g);
  unsigned char *more = calloc((size_t)n + 1, 1);
  rn_status *s = more != NULL ? walk_from(g, name, way, steps, more) : no_memory();
  for (uint32_t i = 0; s == NULL && i < n; i++) mask[i] = mask[i] && more[i];
  free(more);
  return s;
}

rn_status *select_nodes(const rn_graph *g, const rn_viz_options *o, unsigned char **out_mask) {
  *out_mask = NULL;
  if (o->from == NULL && o->to == NULL && o->around == NULL) return NULL;
  uint32_t n = rn_graph_node_count(g), kept = 0;
  unsigned char *mask = malloc((size_t)n + 1);
  if (mask == NULL) return no_memory();
  memset(mask, 1, n);
  rn_status *s = narrow(g, o->from, FORWARD, UINT32_MAX, mask);
  if (s == NULL) s = narrow(g, o->to, BACKWARD, UINT32_MAX, mask);
  if (s == NULL) s = narrow(g, o->around, FORWARD | BACKWARD, o->hops != 0 ? o->hops : 2, mask);
  for (uint32_t i = 0; i < n; i++) kept += mask[i];
  if (s == NULL && kept == 0)
    s = rn_status_make(RN_NOT_FOUND, "no node lies between '%s' and '%s'", o->from != NULL ? o->from : "the start",
                       o->to != NULL       ? o->to
                       : o->around != NULL ? o->around
                                           : "the end");
  if (s == NULL)
    *out_mask = mask;
  else
    free(mask);
  return s;
}
