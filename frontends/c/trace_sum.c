/* trace_sum.c - own times of a step, added up (frontends/c). */
#include <stdlib.h>
#include <string.h>
#include "trace_sum.h"

static int order_of_text(const char *a, const char *b) { return a == b ? 0 : strcmp(a, b); }

static int same_kernel(const rn_trace_event *a, const rn_trace_event *b) {
  return order_of_text(a->kernel, b->kernel) == 0 && order_of_text(a->plugin, b->plugin) == 0;
}

static int by_node(const void *a, const void *b) {
  const rn_trace_event *x = ((const trace_sum *)a)->e, *y = ((const trace_sum *)b)->e;
  int o = order_of_text(x->node, y->node);
  if (o == 0) o = order_of_text(x->scope, y->scope);
  if (o == 0) o = order_of_text(x->device, y->device);
  return o != 0 ? o : (int)x->kind - (int)y->kind;
}

static int by_op(const void *a, const void *b) {
  const rn_trace_event *x = ((const trace_sum *)a)->e, *y = ((const trace_sum *)b)->e;
  int o = order_of_text(x->op, y->op);
  if (o == 0) o = order_of_text(x->device, y->device);
  return o != 0 ? o : (int)x->kind - (int)y->kind;
}

static int by_time(const void *a, const void *b) {
  const trace_sum *x = a, *y = b;
  if (x->own_ns != y->own_ns) return x->own_ns > y->own_ns ? -1 : 1;
  return x->e < y->e ? -1 : x->e > y->e;
}

static rn_status *add_up(rn_trace *t, int (*order)(const void *, const void *), trace_sums *out) {
  trace_sum *all = malloc((t->count + (size_t)1) * sizeof *all);
  uint32_t n = 0, kept = 0;
  if (all == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a table");
  *out = (trace_sums){all, 0, 0};
  for (uint32_t i = 0; i < t->count; i++)
    if (t->own_ns[i] != 0) all[n++] = (trace_sum){&t->event[i], t->own_ns[i], t->event[i].bytes, 1, 0};
  qsort(all, n, sizeof *all, order);
  for (uint32_t i = 0; i < n; i++) {
    trace_sum *last = kept != 0 ? &all[kept - 1] : NULL;
    out->own_ns += all[i].own_ns;
    if (last == NULL || order(last, &all[i]) != 0) {
      all[kept++] = all[i];
      continue;
    }
    last->own_ns += all[i].own_ns;
    last->bytes += all[i].bytes;
    last->count++;
    last->kernels += (uint32_t)!same_kernel(last->e, all[i].e);
  }
  out->count = kept;
  qsort(all, kept, sizeof *all, by_time);
  return NULL;
}

rn_status *trace_sum_nodes(rn_trace *t, trace_sums *out) { return add_up(t, by_node, out); }
rn_status *trace_sum_ops(rn_trace *t, trace_sums *out) { return add_up(t, by_op, out); }
