/* fold.c - which box of the picture each node belongs to (viz).
 *
 * A node's box is found from a name: of the scope at the folding depth, of the variable whose part it is, of its like
 * in the first turn of what repeats, or its own. So folding is one pass, and the same name always lands in the same
 * box. Where even the outermost scopes are too many to read, bands take their place. */
#include "fold.h"
#include "absorb.h"
#include "band.h"
#include "parts.h"
#include <runnel/plugin.h>
#include <runnel/viz.h>
#include <stdlib.h>
#include <string.h>

#define READABLE_BOXES 60u
#define FEW_BOXES 40u   /* so many may show every constant */
#define MOST_BOXES 120u /* what repeats is drawn once up to here; more are cut into bands */
#define BANDS 30u
#define DEEPEST 32
#define NO_BOX FOLD_NO_BOX

uint32_t path_depth(const char *path, size_t length) {
  uint32_t n = 0;
  for (size_t i = 0; i < length; i++) n += path[i] == '/';
  return n;
}

static uint32_t path_hash(const char *s, size_t n) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 16777619u;
  return h;
}

static rn_status *out_of_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "drawing: out of memory"); }

static int is_group(box_kind k) { return k == BOX_SCOPE || k == BOX_PART; }

static rn_status *find_or_add(fold *f, const char *path, size_t length, box_kind kind, rn_node_id node, uint32_t *out) {
  uint32_t slot = path_hash(path, length) % f->n_buckets;
  for (uint32_t i = f->buckets[slot]; i != NO_BOX; i = f->boxes[i].next) {
    viz_box *b = &f->boxes[i];
    /* a node and a scope may share a name: they are different boxes */
    if (strlen(b->path) == length && memcmp(b->path, path, length) == 0 && is_group(b->kind) == is_group(kind)) {
      *out = i;
      return NULL;
    }
  }
  if (f->count == f->capacity) {
    uint32_t capacity = f->capacity ? f->capacity * 2 : 64;
    viz_box *grown = realloc(f->boxes, capacity * sizeof *grown);
    if (!grown) return out_of_memory();
    f->boxes = grown;
    f->capacity = capacity;
  }
  char *copy = malloc(length + 1);
  if (!copy) return out_of_memory();
  memcpy(copy, path, length);
  copy[length] = '\0';
  f->boxes[f->count] =
      (viz_box){.kind = kind, .node = node, .path = copy, .repeat = REPEAT_NONE, .next = f->buckets[slot]};
  f->buckets[slot] = f->count;
  *out = f->count++;
  return NULL;
}

int is_variable(const rn_graph *g, rn_node_id n) {
  uint32_t flags = 0, role = 0;
  return rn_graph_op_known(g, n, &flags, &role) && role == RN_ROLE_RESOURCE;
}

#define MAX_SCOPES 32
rn_node_id variable_of(const rn_graph *g, const char *name, char *scratch) {
  size_t n = strlen(name);
  memcpy(scratch, name, n + 1);
  for (int level = 0; level < MAX_SCOPES; level++) {
    while (n > 0 && scratch[n - 1] != '/') n--;
    if (n == 0) return RN_NO_NODE;
    scratch[--n] = '\0';
    rn_node_id v = rn_graph_find(g, scratch);
    if (v != RN_NO_NODE && is_variable(g, v)) return v;
  }
  return RN_NO_NODE;
}

/* Length of the scope that swallows a node of this name, or 0. */
static size_t swallowing_scope(const char *name, int32_t depth) {
  int32_t level = 0;
  for (const char *p = name; *p; p++) {
    if (*p == '/' && level++ == depth) return (size_t)(p - name);
  }
  return 0;
}

static rn_status *assign_box(fold *f, const rn_graph *g, rn_node_id n, int32_t depth, const parts *split,
                             char *scratch) {
  rn_node_id shown = repeats_shown(&f->repeats, n);
  if (split) shown = split->stands_for[shown];
  const char *name = rn_graph_name(g, shown);
  if (split && split->part[n] != PART_MODEL) {
    const char *part = part_name(split->part[n]);
    return find_or_add(f, part, strlen(part), BOX_PART, RN_NO_NODE, &f->of_node[n]);
  }
  rn_node_id variable = depth >= RN_VIZ_DEPTH_ALL ? RN_NO_NODE : variable_of(g, name, scratch);
  if (variable != RN_NO_NODE) {
    shown = variable;
    name = rn_graph_name(g, variable);
  }
  size_t scope = swallowing_scope(name, depth);
  if (scope) return find_or_add(f, name, scope, BOX_SCOPE, RN_NO_NODE, &f->of_node[n]);
  return find_or_add(f, name, strlen(name), is_variable(g, shown) ? BOX_VARIABLE : BOX_NODE, shown, &f->of_node[n]);
}

static rn_status *assign_boxes(fold *f, const rn_graph *g, int32_t depth, const parts *split, const unsigned char *mask,
                               char *scratch) {
  for (uint32_t i = 0; i < f->count; i++) free(f->boxes[i].path);
  f->count = 0;
  for (uint32_t i = 0; i < f->n_buckets; i++) f->buckets[i] = NO_BOX;
  for (rn_node_id i = 0; i < rn_graph_node_count(g); i++) {
    f->of_node[i] = NO_BOX;
    if (mask && !mask[i]) continue;
    RN_TRY(assign_box(f, g, i, depth, split, scratch));
    viz_box *b = &f->boxes[f->of_node[i]];
    if (b->count++ == 0 && b->kind != BOX_PART) b->repeat = repeats_around(&f->repeats, i, b->path);
  }
  return NULL;
}

/* As deep as stays readable. Nothing repeats for the eye where all fits on a page. */
static rn_status *assign_readable(fold *f, const rn_graph *g, const parts *split, const unsigned char *mask,
                                  char *scratch) {
  RN_TRY(assign_boxes(f, g, DEEPEST, split, mask, scratch));
  if (f->count <= FEW_BOXES) return NULL;
  RN_TRY(absorb_parameters(f, g));
  if (f->count <= FEW_BOXES) return NULL;
  RN_TRY(repeats_find(&f->repeats, f, g));
  for (int32_t level = 8; level >= 0; level--) {
    RN_TRY(assign_boxes(f, g, level, split, mask, scratch));
    if (f->count > FEW_BOXES || f->repeats.n > 0) RN_TRY(absorb_parameters(f, g));
    if (f->count <= READABLE_BOXES) return NULL;
  }
  if (f->repeats.n > 0 && f->count <= MOST_BOXES) return NULL;
  repeats_finish(&f->repeats);
  return band_fold(f, g, mask, BANDS);
}

rn_status *fold_init(fold *f, const rn_graph *g, int32_t depth, const unsigned char *mask) {
  memset(f, 0, sizeof *f);
  uint32_t n = rn_graph_node_count(g);
  size_t longest = 0;
  for (rn_node_id i = 0; i < n; i++) {
    size_t length = strlen(rn_graph_name(g, i));
    if (length > longest) longest = length;
  }
  f->n_buckets = n * 2 + 1;
  f->of_node = calloc(n ? n : 1, sizeof *f->of_node);
  f->buckets = calloc(f->n_buckets, sizeof *f->buckets);
  char *scratch = malloc(longest + 1);
  rn_status *status = f->of_node && f->buckets && scratch ? NULL : out_of_memory();
  parts split = {NULL, NULL};
  if (status == NULL && depth < 0) status = parts_init(&split, g);
  if (status == NULL)
    status = depth < 0 ? assign_readable(f, g, &split, mask, scratch) : assign_boxes(f, g, depth, NULL, mask, scratch);
  parts_finish(&split);
  free(scratch);
  return status;
}

void fold_finish(fold *f) {
  for (uint32_t i = 0; i < f->count; i++) free(f->boxes[i].path);
  free(f->boxes);
  free(f->of_node);
  free(f->buckets);
  repeats_finish(&f->repeats);
  free(f->fixed);
  memset(f, 0, sizeof *f);
}
