/* fuse_claim.c - what the compiler "fusion" claims of a plan, and what it leaves for which reason (plugins/vulkan).
 *
 * Nodes are judged from the last to the first, each after those that read it; then products take what may follow them,
 * then the others group, in the order of the plan. */
#include "fuse_group.h"

/* --------------------------------------------------------------------------------------------- judging */
/* Small integers may be shapes, which the host wants to know before the step runs: unless only formulas read them. */
static int may_be_shape(const gpu_claiming *c, rn_node_id n) {
  rn_node_id reader[GPU_MOST_READERS];
  const rn_shape *y = c->g.view->shape(c->g.graph, (rn_value){n, 0});
  if (c->g.view->dtype(c->g.graph, (rn_value){n, 0}) != RN_INT32 || y->rank > 1) return 0;
  uint32_t count = gpu_readers_of(c, (rn_value){n, 0}, reader);
  for (uint32_t k = 0; k < count && count <= GPU_MOST_READERS; k++)
    if (c->formulas[reader[k]] == 0) return 1;
  return count == 0 || count > GPU_MOST_READERS;
}

static const char *why_not(const gpu_claiming *c, rn_node_id n) {
  const rn_shape *y = c->g.view->shape(c->g.graph, (rn_value){n, 0});
  int constant = 1;
  if (y == NULL || y->rank < 0) return "its rank is not known";
  if (may_be_shape(c, n)) return "its integers may be wanted by the host";
  for (uint32_t i = 0; i < c->g.view->input_count(c->g.graph, n); i++)
    constant &= c->g.view->constant(c->g.graph, c->g.view->input(c->g.graph, n, i)) != NULL;
  return constant ? "it computes with constants alone" : NULL;
}

static rn_status *judge(const gpu_claiming *c, rn_status *(*put)(void *, const rn_claim *), void *arg) {
  char text[96];
  for (uint32_t i = c->n; i-- > 0;) {
    gpu_rule r;
    gpu_rule_of(&c->g, c->candidate[i], &r);
    if (r.form == FUSE_NOT) continue;
    const char *no = why_not(c, c->candidate[i]);
    uint32_t formulas = r.form == FUSE_SUM ? GPU_MAX(r.n_in, 2u) - 1 : 1;
    if (no == NULL && formulas > GPU_MOST_FORMULAS) no = "it has too many inputs";
    if (no == NULL) c->formulas[c->candidate[i]] = (uint8_t)formulas;
    if (no == NULL) continue;
    (void)snprintf(text, sizeof text, "not fused: %s", no);
    RN_TRY(rn_claim_not(put, arg, c->candidate[i], text));
  }
  return NULL;
}

/* -------------------------------------------------------------------------------------------- claiming */
static void describe(const gpu_claiming *c, uint32_t count, char *out, size_t room) {
  int at = snprintf(out, room, "%u nodes in one dispatch:", count);
  for (uint32_t i = 0; i < count && at >= 0 && (size_t)at < room; i++)
    at += snprintf(out + at, room - (size_t)at, "%s %s", i == 0 ? "" : ",", c->g.view->op(c->g.graph, c->list[i]));
}

static rn_status *put_group(const gpu_claiming *c, uint32_t first, rn_status *(*put)(void *, const rn_claim *),
                            void *arg) {
  char reason[160];
  uint32_t count = 0;
  for (uint32_t m = first; m != GPU_NONE; m = c->next[m]) c->list[count++] = m;
  if (!c->is_product[first] && gpu_group_formulas(c, first) < 2)
    return rn_claim_not(put, arg, first, "not fused: nothing of its shape is next to it");
  describe(c, count, reason, sizeof reason);
  rn_claim claim = {
      .struct_size = (uint32_t)sizeof claim, .count = count, .nodes = c->list, .priority = 20, .reason = reason};
  return put(arg, &claim);
}

static rn_status *claim_all(gpu_claiming *c, rn_status *(*put)(void *, const rn_claim *), void *arg) {
  for (uint32_t i = 0; i < c->n; i++) c->offered[c->candidate[i]] = 1;
  RN_TRY(judge(c, put, arg));
  for (uint32_t i = 0; i < c->n; i++)
    if (gpu_is_product(&c->g, c->candidate[i])) gpu_group_product(c, c->candidate[i]);
  for (uint32_t i = 0; i < c->n; i++) {
    rn_node_id n = c->candidate[i];
    if (c->formulas[n] != 0 && c->group[n] == GPU_NONE) gpu_group_place(c, n);
  }
  for (uint32_t i = 0; i < c->n; i++)
    if (c->group[c->candidate[i]] == c->candidate[i]) RN_TRY(put_group(c, c->candidate[i], put, arg));
  return NULL;
}

rn_status *gpu_fuse_claim(const rn_host_api *host, void *device, const rn_graph_view_api *v, const rn_graph *g,
                          const rn_node_id *candidates, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                          void *arg) {
  gpu_claiming c = {.g = {host, v, g}, .candidate = candidates, .n = n, .n_ids = v->node_count(g)};
  (void)device;
  if (!gpu_setting(host, "fuse", 1)) return NULL;
  size_t ids = (size_t)c.n_ids + 1;
  char *memory = gpu_zero(ids * (6 * sizeof(uint32_t) + 3));
  if (memory == NULL) return gpu_no_memory("claims");
  c.group = (uint32_t *)(void *)memory;
  c.next = c.group + ids;
  c.seen = c.next + ids;
  c.stack = c.seen + ids;
  c.list = c.stack + ids;
  c.shaped = c.list + ids;
  c.offered = (uint8_t *)(c.shaped + ids);
  c.formulas = c.offered + ids;
  c.is_product = c.formulas + ids;
  memset(c.group, 0xff, 2 * ids * sizeof(uint32_t));
  rn_status *s = claim_all(&c, put, arg);
  gpu_free(memory);
  return s;
}
