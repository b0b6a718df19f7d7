/* graph/sums.c - gradients on their way back to a value (core/graph).
 *
 * Per value, what its readers contributed, newest first. Taking the sum leaves one contribution, so a
 * value that is asked for twice is added once. Slices stay slices unless they must be added or the
 * asker wants them dense. */
#include "graph/node.h"

#define NONE UINT32_MAX

rn_status *rn_sums_add(graph_sums *sums, uint32_t at, const rn_slices *s) {
  void *items = sums->items;
  rn_status *failed = rn_graph_grow(&items, sums->n_items, &sums->cap_items, sizeof *sums->items);
  sums->items = items;
  if (failed != NULL) return failed;
  sums->items[sums->n_items] = (graph_contribution){*s, sums->head[at]};
  sums->head[at] = sums->n_items++;
  return NULL;
}

/* The op wants the number of rows, so that must be known when the graph is built. */
static rn_value densify(graph_builder *b, const rn_slices *s) {
  rn_fact fact;
  rn_tensor *t = NULL;
  rn_graph_fact(b->g, s->dense_shape, &fact);
  if (fact.n_value < 1 || fact.value[0] < 0 || fact.value[0] > INT32_MAX) {
    rn_status *unknown =
        rn_status_make(RN_UNIMPLEMENTED, "slices of '%.200s' cannot be made dense: the number of rows is not known",
                       rn_graph_name(b->g, s->values.node));
    b->pub.api->fail(&b->pub, unknown);
    return RN_NO_VALUE;
  }
  int32_t rows = (int32_t)fact.value[0];
  rn_status *failed = rn_tensor_from(RN_INT32, &rn_graph_shape_scalar, &rows, &t);
  if (failed != NULL) {
    b->pub.api->fail(&b->pub, failed);
    return RN_NO_VALUE;
  }
  rn_value in[3] = {s->values, s->indices, b->pub.api->constant(&b->pub, "rows", t)};
  rn_tensor_release(t);
  return rn_builder_role(b, RN_ROLE_DENSIFY, NULL, in, 3, NULL, 0);
}

/* Adds all contributions of value number `at`, leaving one. 0: there is none. */
int rn_sums_take(graph_sums *sums, graph_builder *b, uint32_t at, int dense, rn_slices *out) {
  uint32_t count = 0;
  for (uint32_t i = sums->head[at]; i != NONE; i = sums->items[i].next) count++;
  if (count == 0) return 0;
  graph_contribution *first = &sums->items[sums->head[at]];
  if (count == 1) {
    if (dense && rn_is_slices(&first->slices))
      first->slices = (rn_slices){densify(b, &first->slices), RN_NO_VALUE, RN_NO_VALUE};
    *out = first->slices;
    return 1;
  }
  rn_value *all = rn_mem_zero(count, sizeof *all);
  if (all == NULL) {
    b->pub.api->fail(&b->pub, rn_graph_no_memory());
    return 0;
  }
  uint32_t k = count; /* in the order they came */
  for (uint32_t i = sums->head[at]; i != NONE; i = sums->items[i].next)
    all[--k] = rn_is_slices(&sums->items[i].slices) ? densify(b, &sums->items[i].slices) : sums->items[i].slices.values;
  rn_value sum = rn_builder_role(b, RN_ROLE_SUM, NULL, all, count, NULL, 0);
  rn_mem_free(all);
  first->slices = (rn_slices){sum, RN_NO_VALUE, RN_NO_VALUE};
  first->next = NONE;
  *out = first->slices;
  return 1;
}
