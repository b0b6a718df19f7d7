/* band.c - a graph without useful scopes, cut across the flow (viz).
 *
 * A node's depth is the longest way to it from the start. Bands of depths hold about equally many nodes each, so the
 * picture has few boxes whatever the graph's size, and data flows from each to later ones. */
#include "band.h"
#include <runnel/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rn_status *no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory"); }

/* Constants stand with their first reader. */
static void sink_parameters(const rn_graph *g, uint32_t *depth) {
  for (rn_node_id n = rn_graph_node_count(g); n-- > 0;)
    for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
      uint32_t flags = 0, role = 0;
      rn_node_id from = rn_graph_input(g, n, i).node;
      if (from >= n || !rn_graph_op_known(g, from, &flags, &role) || role != RN_ROLE_CONSTANT) continue;
      if (depth[from] == 0 || depth[n] < depth[from]) depth[from] = depth[n];
    }
}

/* Edges from a later node close loops: they do not count. */
static uint32_t find_depths(const rn_graph *g, const unsigned char *mask, uint32_t *depth) {
  uint32_t deepest = 0;
  for (rn_node_id n = 0; n < rn_graph_node_count(g); n++) {
    depth[n] = 0;
    for (uint32_t i = 0; i < rn_graph_input_count(g, n); i++) {
      rn_node_id from = rn_graph_input(g, n, i).node;
      if (from < n && depth[from] >= depth[n]) depth[n] = depth[from] + 1;
    }
    for (uint32_t i = 0; i < rn_graph_control_count(g, n); i++) {
      rn_node_id from = rn_graph_control(g, n, i);
      if (from < n && depth[from] >= depth[n]) depth[n] = depth[from] + 1;
    }
    if ((mask == NULL || mask[n]) && depth[n] > deepest) deepest = depth[n];
  }
  sink_parameters(g, depth);
  return deepest;
}

/* band_of[d]: the band of depth d. Returns the number of bands. */
static uint32_t cut(const uint32_t *at_depth, uint32_t deepest, uint32_t total, uint32_t wanted, uint32_t *band_of) {
  uint32_t band = 0, inside = 0, goal = total / wanted + 1;
  for (uint32_t d = 0; d <= deepest; d++) {
    if (inside > 0 && inside + at_depth[d] > goal) {
      band++;
      inside = 0;
    }
    band_of[d] = band;
    inside += at_depth[d];
  }
  return band + 1;
}

static rn_status *make_boxes(fold *f, const uint32_t *band_of, uint32_t deepest, uint32_t n_bands) {
  viz_box *boxes = calloc(n_bands, sizeof *boxes);
  if (boxes == NULL) return no_memory();
  free(f->boxes);
  f->boxes = boxes;
  f->count = f->capacity = n_bands;
  for (uint32_t b = 0, d = 0; b < n_bands; b++) {
    uint32_t first = d;
    while (d <= deepest && band_of[d] == b) d++;
    char text[64];
    snprintf(text, sizeof text, d - first > 1 ? "depth %u to %u" : "depth %u", first, d - 1);
    boxes[b] = (viz_box){.kind = BOX_SCOPE, .node = RN_NO_NODE, .path = strdup(text), .repeat = REPEAT_NONE};
    if (boxes[b].path == NULL) return no_memory();
  }
  return NULL;
}

static void drop_boxes(fold *f) {
  for (uint32_t i = 0; i < f->count; i++) free(f->boxes[i].path);
  f->count = 0;
}

rn_status *band_fold(fold *f, const rn_graph *g, const unsigned char *mask, uint32_t wanted) {
  uint32_t n = rn_graph_node_count(g), total = 0;
  uint32_t *depth = calloc((size_t)n + 1, sizeof *depth);
  uint32_t *at_depth = calloc((size_t)n + 2, sizeof *at_depth), *band_of = calloc((size_t)n + 2, sizeof *band_of);
  rn_status *s = depth != NULL && at_depth != NULL && band_of != NULL ? NULL : no_memory();
  if (s == NULL) {
    uint32_t deepest = find_depths(g, mask, depth);
    for (uint32_t i = 0; i < n; i++)
      if (mask == NULL || mask[i]) at_depth[depth[i]]++, total++;
    drop_boxes(f);
    s = make_boxes(f, band_of, deepest, cut(at_depth, deepest, total, wanted, band_of));
  }
  for (uint32_t i = 0; s == NULL && i < n; i++) {
    if (mask != NULL && !mask[i]) continue;
    f->of_node[i] = band_of[depth[i]];
    f->boxes[f->of_node[i]].count++;
  }
  free(depth);
  free(at_depth);
  free(band_of);
  return s;
}
