/* graph/graph.c - a graph's life and memory (core/graph).
 *
 * Chunk k holds 64 << k items, so a directory of 26 pointers covers every id, nothing moves and a small
 * graph stays small. The arena belongs to a counted store: a copy keeps its original's store alive. */
#include "graph/node.h"
#include <runnel/runtime.h>

const rn_shape rn_graph_shape_unknown = {-1, 0, {0}};
const rn_shape rn_graph_shape_scalar = {0, 0, {0}};
#define MAX_ITEMS ((uint32_t)1 << 31)

rn_status *rn_graph_no_memory(void) { return rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory"); }

static graph_store *create_store(graph_store *parent) {
  graph_store *s = rn_mem_zero(1, sizeof *s);
  if (s == NULL) return NULL;
  atomic_store(&s->refs, 1u);
  s->parent = parent;
  if (parent != NULL) atomic_fetch_add(&parent->refs, 1u);
  rn_arena_init(&s->arena, 4096);
  return s;
}

void rn_graph_store_release(graph_store *s) {
  while (s != NULL && atomic_fetch_sub(&s->refs, 1u) == 1u) {
    graph_store *parent = s->parent;
    for (uint32_t i = 0; i < s->n_tensors; i++) rn_tensor_release(s->tensors[i]);
    rn_mem_free(s->tensors);
    rn_arena_finish(&s->arena);
    rn_mem_free(s);
    s = parent;
  }
}

rn_status *rn_graph_create_on(rn_runtime *rt, uint32_t flags, graph_store *parent, rn_graph **out) {
  *out = NULL;
  rn_graph *g = rn_mem_zero(1, sizeof *g);
  if (g == NULL) return rn_graph_no_memory();
  g->store = create_store(parent);
  if (g->store == NULL) {
    rn_mem_free(g);
    return rn_graph_no_memory();
  }
  g->rt = rt;
  g->flags = flags;
  g->next_symbol = RN_DIM_SYMBOL_MAX;
  rn_map_init(&g->names);
  rn_map_init(&g->suffixes);
  rn_map_init(&g->ops);
  rn_map_init(&g->function_names);
  *out = g;
  return NULL;
}

rn_status *rn_graph_create(rn_runtime *rt, uint32_t flags, rn_graph **out) {
  *out = NULL;
  if (rt == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "a graph needs a runtime; NULL was given");
  return rn_graph_create_on(rt, flags, NULL, out);
}

void rn_graph_destroy(rn_graph *g) {
  if (g == NULL) return;
  rn_function_destroy_all(g);
  for (uint32_t k = 0; k < RN_CHUNKS; k++) {
    rn_mem_free(g->nodes[k]);
    rn_mem_free(g->values[k]);
  }
  rn_map_finish(&g->names);
  rn_map_finish(&g->suffixes);
  rn_map_finish(&g->ops);
  rn_mem_free((void *)g->op_list);
  rn_mem_free(g->undo);
  rn_graph_store_release(g->store);
  rn_mem_free(g);
}

rn_runtime *rn_graph_runtime(const rn_graph *g) { return g->rt; }
uint32_t rn_graph_version(const rn_graph *g) { return g->version; }
const rn_graph *rn_graph_root(const rn_graph *g) { return g->root != NULL ? g->root : g; }

void *rn_graph_alloc(rn_graph *g, size_t count, size_t size_bytes) {
  return rn_arena_array(&g->store->arena, count, size_bytes);
}

rn_status *rn_graph_grow(void **items, uint32_t count, uint32_t *capacity, size_t size_bytes) {
  if (count < *capacity) return NULL;
  if (*capacity >= MAX_ITEMS) return rn_graph_no_memory();
  uint32_t wanted = *capacity == 0 ? 8 : *capacity * 2;
  void *grown = rn_mem_grow(*items, wanted, size_bytes);
  if (grown == NULL) return rn_graph_no_memory();
  *items = grown;
  *capacity = wanted;
  return NULL;
}

rn_status *rn_graph_keep_tensor(rn_graph *g, rn_tensor *t) {
  graph_store *s = g->store;
  void *items = s->tensors;
  rn_status *failed = rn_graph_grow(&items, s->n_tensors, &s->cap_tensors, sizeof *s->tensors);
  s->tensors = items;
  if (failed != NULL) return failed;
  s->tensors[s->n_tensors++] = rn_tensor_retain(t);
  return NULL;
}

/* Chunks for items up to and including `last`. */
static int cover(void **chunks, uint32_t last, size_t size_bytes) {
  uint32_t top = 31u - (uint32_t)__builtin_clz(last + (1u << RN_CHUNK_BITS)) - RN_CHUNK_BITS;
  for (uint32_t k = 0; k <= top; k++) {
    if (chunks[k] != NULL) continue;
    size_t bytes;
    if (!rn_mul_size((size_t)1 << (k + RN_CHUNK_BITS), size_bytes, &bytes)) return 0;
    chunks[k] = rn_mem_alloc(bytes);
    if (chunks[k] == NULL) return 0;
  }
  return 1;
}

int rn_graph_append_node(rn_graph *g, const graph_node *n) {
  if (g->n_nodes >= MAX_ITEMS || !cover(g->nodes, g->n_nodes, sizeof *n)) return 0;
  *rn_node_at(g, g->n_nodes) = *n;
  g->n_nodes++;
  return 1;
}

int rn_graph_append_values(rn_graph *g, uint32_t count) {
  if (count == 0) return 1;
  if (count > MAX_ITEMS - g->n_values || !cover(g->values, g->n_values + count - 1, sizeof(graph_value))) return 0;
  for (uint32_t i = 0; i < count; i++)
    *rn_value_at(g, g->n_values + i) = (graph_value){&rn_graph_shape_unknown, NULL, RN_NO_VALUE, RN_INVALID, 0};
  g->n_values += count;
  return 1;
}
