/* claim.c - which nodes of a plan are worth a program (plugins/tpu).
 *
 * A node can be claimed when a rule lowers it and its types fit. A claim must need nothing of what it feeds, so
 * claimable nodes get a level: that of what they read, and one more for each way through a node that cannot be
 * claimed. Nodes of one level that are connected make one claim, if they hold a product: without one the array
 * would stand idle, and the host is as good. */
#include "claim.h"
#include "tpu.h"

/* A variable goes to a claim whole: an update stays out when another holder of its handle does. */
static int shares_variable(const tpu_claiming *c, rn_node_id n) {
  for (uint32_t i = 0; i < c->v->input_count(c->g, n); i++) {
    rn_value in = c->v->input(c->g, n, i);
    if (!tpu_is_handle(c->v->dtype(c->g, in))) continue;
    for (uint32_t k = 0; k < c->n; k++) {
      rn_node_id other = c->candidate[k];
      for (uint32_t j = 0; other != n && j < c->v->input_count(c->g, other); j++) {
        rn_value it = c->v->input(c->g, other, j);
        if (it.node == in.node && it.port == in.port) return 1;
      }
    }
  }
  return 0;
}

static rn_status *judge(const tpu_claiming *c, rn_status *(*put)(void *, const rn_claim *), void *arg) {
  char text[256];
  for (uint32_t i = 0; i < c->n; i++) {
    rn_node_id n = c->candidate[i];
    const tpu_rule *r = tpu_rule_of(c->m->arithmetic, c->v->op(c->g, n));
    const char *no = tpu_why_not(c, n, r);
    if (no == NULL && (r->what & TPU_RULE_UPDATE) != 0 && shares_variable(c, n)) no = "others write its variable too";
    if (no == NULL) c->rule[n] = r;
    if (no == NULL) continue;
    snprintf(text, sizeof text, "leaves %s '%s': %s", c->v->op(c->g, n), c->v->name(c->g, n), no);
    c->host->log(c->host->ctx, RN_LOG_DEBUG, text);
    RN_TRY(rn_claim_not(put, arg, n, no));
  }
  return NULL;
}

/* ------------------------------------------------------------------------------------- levels */
static uint32_t seen_from(const tpu_claiming *c, rn_node_id n, rn_node_id before) {
  return c->level[before] + (c->rule[before] != NULL && c->rule[n] == NULL);
}

static int raise(const tpu_claiming *c, rn_node_id n) {
  uint32_t most = c->level[n];
  for (uint32_t i = 0; i < c->v->input_count(c->g, n); i++) {
    rn_value in = c->v->input(c->g, n, i);
    if (in.node < c->n_ids && seen_from(c, n, in.node) > most) most = seen_from(c, n, in.node);
  }
  for (uint32_t i = 0; i < c->v->control_count(c->g, n); i++) {
    rn_node_id in = c->v->control(c->g, n, i);
    if (in < c->n_ids && seen_from(c, n, in) > most) most = seen_from(c, n, in);
  }
  int higher = most > c->level[n];
  c->level[n] = most;
  return higher;
}

/* 0: a loop in the graph, whose levels have no end. */
static int find_levels(const tpu_claiming *c) {
  int more = 1;
  for (uint32_t pass = 0; more && pass <= 1000; pass++) {
    more = 0;
    for (rn_node_id n = 0; n < c->n_ids; n++) more |= raise(c, n);
  }
  return !more;
}

/* Shapes are computed where they are needed: a node of known integers goes to the lowest level of its readers, unless
 * one of them cannot be claimed and has to have it before. From the last candidate to the first. */
static void put_shapes_off(const tpu_claiming *c) {
  rn_value reader[64];
  for (uint32_t i = c->n; i-- > 0;) {
    rn_node_id n = c->candidate[i];
    uint32_t least = UINT32_MAX;
    if (c->rule[n] == NULL || !c->known[n]) continue;
    for (uint32_t o = 0; o < c->v->output_count(c->g, n) && least > 0; o++) {
      uint32_t count = c->v->consumers(c->g, (rn_value){n, o}, reader, 64);
      for (uint32_t k = 0; k < count; k++) {
        if (k < 64 && (reader[k].node >= c->n_ids || !c->offered[reader[k].node])) continue;
        uint32_t level = k < 64 && c->rule[reader[k].node] != NULL ? c->level[reader[k].node] : 0;
        if (level < least) least = level;
      }
    }
    if (least != UINT32_MAX && least > c->level[n]) c->level[n] = least;
  }
}

static uint32_t root(const tpu_claiming *c, uint32_t n) {
  while (c->parent[n] != n) n = c->parent[n] = c->parent[c->parent[n]];
  return n;
}

static void connect(const tpu_claiming *c) {
  for (uint32_t i = 0; i < c->n_ids; i++) c->parent[i] = i;
  for (uint32_t i = 0; i < c->n; i++) {
    rn_node_id n = c->candidate[i];
    for (uint32_t k = 0; c->rule[n] != NULL && k < c->v->input_count(c->g, n); k++) {
      rn_node_id before = c->v->input(c->g, n, k).node;
      if (before >= c->n_ids || c->rule[before] == NULL || c->level[before] != c->level[n]) continue;
      c->parent[root(c, n)] = root(c, before);
    }
  }
}

static rn_status *put_all(const tpu_claiming *c, rn_node_id *nodes, rn_status *(*put)(void *, const rn_claim *),
                          void *arg) {
  for (uint32_t i = 0; i < c->n; i++) {
    rn_node_id head = c->candidate[i];
    uint32_t count = 0, products = 0;
    char reason[128];
    if (c->rule[head] == NULL) continue;
    uint32_t r = root(c, head);
    for (uint32_t k = 0; k < c->n; k++) {
      rn_node_id n = c->candidate[k];
      if (c->rule[n] == NULL || root(c, n) != r) continue;
      if (k < i) break; /* put already */
      products += (c->rule[n]->what & TPU_RULE_PRODUCT) != 0;
      nodes[count++] = n;
    }
    for (uint32_t k = 0; k < count && products == 0; k++)
      RN_TRY(rn_claim_not(put, arg, nodes[k], "no product is beside it: the array would stand idle"));
    if (products == 0) continue;
    snprintf(reason, sizeof reason, "one program: %u products and %u nodes around them", products, count - products);
    rn_claim claim = {
        .struct_size = (uint32_t)sizeof claim, .count = count, .nodes = nodes, .priority = 50, .reason = reason};
    RN_TRY(put(arg, &claim));
  }
  return NULL;
}

static rn_status *claim_all(tpu_claiming *c, rn_status *(*put)(void *, const rn_claim *), void *arg) {
  size_t ids = (size_t)c->n_ids + 1, bytes = ids * (sizeof *c->rule + 3 * sizeof(uint32_t) + 2);
  char *memory = c->host->alloc(c->host->ctx, bytes, 16);
  if (memory == NULL) return c->host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for claims");
  memset(memory, 0, bytes);
  c->rule = (const tpu_rule **)(void *)memory;
  c->level = (uint32_t *)(void *)(memory + ids * sizeof *c->rule);
  c->parent = c->level + ids;
  rn_node_id *nodes = c->parent + ids;
  c->known = (uint8_t *)(nodes + ids);
  c->offered = c->known + ids;
  for (uint32_t i = 0; i < c->n; i++) c->offered[c->candidate[i]] = 1;
  rn_status *s = judge(c, put, arg);
  if (s == NULL && find_levels(c)) {
    put_shapes_off(c);
    connect(c);
    s = put_all(c, nodes, put, arg);
  }
  c->host->free(c->host->ctx, memory);
  return s;
}

rn_status *tpu_claim(const rn_host_api *host, void *device, const rn_graph_view_api *v, const rn_graph *g,
                     const rn_node_id *candidates, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                     void *arg) {
  const tpu_device *d = device;
  tpu_claiming c = {.host = host, .v = v, .g = g, .candidate = candidates, .n = n, .n_ids = v->node_count(g)};
  if (d == NULL) return NULL;
  c.m = &d->machine;
  const char *calibrate = host->config(host->ctx, "calibrate");
  c.calibrates = calibrate != NULL && *calibrate != '\0';
  rn_status *s = tpu_ranges_read(host, host->config(host->ctx, "ranges"), &c.ranges);
  if (s == NULL) s = claim_all(&c, put, arg);
  tpu_ranges_finish(&c.ranges);
  return s;
}
