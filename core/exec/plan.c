/* exec/plan.c - the structure of a step (core/exec).
 *
 * Prune, place, resolve variables, order, claim, carry. A plan depends on what is fed, fetched and targeted and on
 * the graph's version, never on shapes or values. */
#include <stdlib.h>
#include "exec/exec.h"

const char *exec_node_text(const exec_plan *p, uint32_t node, char *buf, size_t size_bytes) {
  return rn_node_text(p->graph, p->node[node].id, buf, size_bytes);
}

static void *copy_array(rn_arena *a, const void *from, size_t count, size_t item) {
  void *to = rn_arena_array(a, count + 1, item);
  if (to != NULL && count > 0) memcpy(to, from, count * item);
  return to;
}

static rn_status *copy_request(exec_plan *p, const exec_request *r) {
  p->feed = copy_array(&p->memory, r->feeds, r->n_feeds, sizeof *r->feeds);
  p->fetch = copy_array(&p->memory, r->fetches, r->n_fetches, sizeof *r->fetches);
  p->target = copy_array(&p->memory, r->targets, r->n_targets, sizeof *r->targets);
  if (p->feed == NULL || p->fetch == NULL || p->target == NULL) return exec_out_of_memory("a plan");
  p->n_feed = r->n_feeds;
  p->n_fetch = r->n_fetches;
  p->n_target = r->n_targets;
  return NULL;
}

/* A graph may be read without the plugins of its ops; then nobody knows their outputs. */
static rn_status *check_op(const rn_graph *g, rn_node_id n, const char *what, uint32_t i) {
  uint32_t flags, role;
  const rn_op *op;
  const char *name = rn_graph_op(g, n);
  if (rn_graph_op_known(g, n, &flags, &role)) return NULL;
  rn_status *s = rn_registry_op(rn_graph_runtime(g), name, strlen(name), &op);
  return s != NULL ? rn_status_wrap(s, "%s %u: %s '%s'", what, i, name, rn_graph_name(g, n)) : NULL;
}

static rn_status *check_value(const rn_graph *g, rn_value v, const char *what, uint32_t i) {
  if (v.node < rn_graph_node_count(g) && v.port < rn_graph_output_count(g, v.node)) return NULL;
  if (v.node < rn_graph_node_count(g)) RN_TRY(check_op(g, v.node, what, i));
  if (v.node < rn_graph_node_count(g))
    return rn_status_make(RN_INVALID_ARGUMENT, "%s %u: node '%s' has %u outputs, there is no output %u", what, i,
                          rn_graph_name(g, v.node), rn_graph_output_count(g, v.node), v.port);
  return rn_status_make(RN_INVALID_ARGUMENT, "%s %u names a node that is not in the graph", what, i);
}

static int compare_values(const void *a, const void *b) { return memcmp(a, b, sizeof(rn_value)); }

/* Each value at most once. */
static rn_status *check_duplicates(const exec_plan *p) {
  rn_status *s = NULL;
  rn_value *sorted = rn_mem_alloc((p->n_feed + (size_t)1) * sizeof *sorted);
  if (sorted == NULL) return exec_out_of_memory("a plan");
  if (p->n_feed > 0) memcpy(sorted, p->feed, p->n_feed * sizeof *sorted);
  qsort(sorted, p->n_feed, sizeof *sorted, compare_values);
  for (uint32_t i = 1; i < p->n_feed && s == NULL; i++)
    if (compare_values(&sorted[i - 1], &sorted[i]) == 0)
      s = rn_status_make(RN_INVALID_ARGUMENT, "'%s:%u' is fed twice", rn_graph_name(p->graph, sorted[i].node),
                         sorted[i].port);
  rn_mem_free(sorted);
  return s;
}

static rn_status *check_request(const exec_plan *p) {
  const rn_graph *g = p->graph;
  if (p->n_fetch == 0 && p->n_target == 0 && !p->is_body)
    return rn_status_make(RN_INVALID_ARGUMENT, "nothing to do: no value is fetched and no node is a target");
  for (uint32_t i = 0; i < p->n_feed; i++) {
    RN_TRY(check_value(g, p->feed[i], "feed", i));
    if (rn_graph_dtype(g, p->feed[i]) >= RN_REF)
      return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is a variable: it is assigned to, not fed",
                            rn_graph_name(g, p->feed[i].node));
  }
  for (uint32_t i = 0; i < p->n_fetch; i++) {
    RN_TRY(check_value(g, p->fetch[i], "fetch", i));
    if (rn_graph_dtype(g, p->fetch[i]) == RN_RESOURCE && !p->is_body)
      return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is a resource handle: it cannot be fetched",
                            rn_graph_name(g, p->fetch[i].node));
  }
  for (uint32_t i = 0; i < p->n_target; i++)
    if (p->target[i] >= rn_graph_node_count(g))
      return rn_status_make(RN_INVALID_ARGUMENT, "target %u names a node that is not in the graph", i);
  return check_duplicates(p);
}

static rn_status *build(exec_plan *p, const exec_request *r) {
  RN_TRY(copy_request(p, r));
  RN_TRY(check_request(p));
  RN_TRY(exec_plan_take_open(p, r));
  RN_TRY(exec_prune(p));
  RN_TRY(exec_place(p));
  if (p->explains) return NULL;
  RN_TRY(exec_resolve_cells(p));
  RN_TRY(exec_order(p));
  RN_TRY(exec_claim_nodes(p));
  return exec_carry(p);
}

rn_status *exec_plan_create(rn_session *s, const exec_request *r, exec_plan **out) {
  exec_plan *p = rn_mem_zero(1, sizeof *p);
  if (p == NULL) return exec_out_of_memory("a plan");
  p->session = s;
  p->graph = r->graph;
  p->version = r->version;
  p->is_body = r->is_body != 0;
  p->explains = r->explains != 0;
  atomic_init(&p->refs, 1);
  atomic_init(&p->successor, NULL);
  rn_arena_init(&p->memory, 4096);
  (void)pthread_mutex_init(&p->guard, NULL);
  rn_status *failed = build(p, r);
  if (failed != NULL) {
    exec_plan_release(p);
    return failed;
  }
  atomic_fetch_add(&s->made_plans, 1);
  *out = p;
  return NULL;
}

void exec_plan_release(exec_plan *p) {
  if (p == NULL || atomic_fetch_sub(&p->refs, 1) != 1) return;
  while (p->layouts != NULL) {
    exec_layout *l = p->layouts;
    p->layouts = l->next;
    exec_layout_release(l);
  }
  (void)pthread_mutex_destroy(&p->guard);
  exec_plan_release(atomic_load(&p->successor));
  rn_mem_free(p->open);
  rn_mem_free(p->cell);
  rn_mem_free(p->access);
  rn_arena_finish(&p->memory);
  rn_mem_free(p);
}
