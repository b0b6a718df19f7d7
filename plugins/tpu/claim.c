/* claim.c - which nodes of a plan are worth a program (plugins/tpu).
 *
 * A node can be claimed when a rule lowers it and its types fit. A claim must need nothing of what it feeds, so
 * claimable nodes get a level: that of what they read, and one more for each way through a node that cannot be
 * claimed. Nodes of one level that are connected make one claim, if they hold a product: without one the array
 * would stand idle, and the host is as good. */
#include "lower.h"
#include "tpu.h"

typedef struct claiming {
  const tpu_machine *m;
  tpu_ranges ranges; /* integers */
  int calibrates;    /* ranges are being measured */
  const rn_host_api *host;
  const rn_graph_view_api *v;
  const rn_graph *g;
  const rn_node_id *candidate;
  uint32_t n, n_ids;
  const tpu_rule **rule; /* by id; NULL: cannot be claimed */
  uint8_t *known;        /* by id: gives integers known when a claim is compiled */
  uint8_t *offered;      /* by id: is a candidate */
  uint32_t *level, *parent;
} claiming;

static int is_handle(rn_dtype t) { return t >= RN_REF || t == RN_RESOURCE; }
static int is_int(rn_dtype t) { return t == RN_INT32 || t == RN_INT64; }

static int known_ints(const claiming *c, rn_value v) {
  rn_tensor *t;
  if (!is_int(c->v->dtype(c->g, v))) return 0;
  if (v.node < c->n_ids && c->known[v.node]) return 1;
  t = c->v->constant(c->g, v);
  const rn_shape *s = c->v->shape(c->g, v);
  return t != NULL && s != NULL && rn_shape_known(s) && rn_shape_elems(s) <= TPU_MAX_INTS;
}

static const char *check_input(const claiming *c, rn_node_id n, const tpu_rule *r, uint32_t i, uint32_t count) {
  rn_value in = c->v->input(c->g, n, i);
  rn_dtype t = c->v->dtype(c->g, in);
  uint32_t which = r->int_inputs;
  if (strcmp(r->op, "ConcatV2") == 0) which = 1u << (count - 1);
  if (is_handle(t)) {
    if ((r->what & TPU_RULE_UPDATE) == 0) return "it takes a variable by its handle";
    return t % RN_REF == RN_FLOAT || t == RN_RESOURCE ? NULL : "its variable is not float";
  }
  if ((r->what & TPU_RULE_SHAPE_ONLY) != 0) return NULL;
  if (i < 32 && (which >> i & 1) != 0) return known_ints(c, in) ? NULL : "integers it needs are known only in the step";
  if ((r->what & TPU_RULE_LABELS) != 0 && r->arg == 1 && i == 1)
    return t == RN_INT32 ? NULL : "its labels are not int32";
  if (t == RN_FLOAT) return NULL;
  if ((r->what & TPU_RULE_INTS) != 0 && is_int(t))
    return known_ints(c, in) ? NULL : "integers it needs are known only in the step";
  return "it is not float";
}

static const char *check_attributes(const claiming *c, rn_node_id n) {
  rn_self self = {c->host, c->v, c->g, n, 0};
  rn_attr_value k;
  rn_bytes format = rn_self_string(&self, "data_format"), padding = rn_self_string(&self, "padding");
  if (format.size > 0 && !rn_bytes_equal(format, "NHWC")) return "only NHWC images";
  if (padding.size > 0 && !rn_bytes_equal(padding, "SAME") && !rn_bytes_equal(padding, "VALID"))
    return "explicit padding";
  if (rn_self_attr(&self, "ksize", RN_ATTR_LIST | RN_ATTR_INT, &k)) {
    const int64_t *v = k.u.list;
    if (k.count != 4 || v[0] != 1 || v[3] != 1) return "a pool over images or depth";
  }
  return NULL;
}

/* ------------------------------------------------------------------------------------ integers */
static int is_weight(const claiming *c, rn_value v) {
  static const char *const ops[] = {"Const", "VariableV2", "Variable", "VarHandleOp", "ReadVariableOp"};
  for (int depth = 0; depth < 8; depth++) {
    const char *op = c->v->op(c->g, v.node);
    for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++)
      if (strcmp(op, ops[k]) == 0) return 1;
    if (strcmp(op, "Identity") != 0) return 0;
    v = c->v->input(c->g, v.node, 0);
  }
  return 0;
}
static const tpu_rule *maker(const claiming *c, rn_value v) { return v.node < c->n_ids ? c->rule[v.node] : NULL; }

static const char *check_product(const claiming *c, rn_node_id n) {
  char name[192];
  rn_self self = {c->host, c->v, c->g, n, 0};
  rn_value x = c->v->input(c->g, n, 0);
  if (!is_weight(c, c->v->input(c->g, n, 1))) return "its second factor is not a constant or a variable";
  if (rn_self_bool(&self, "transpose_a", 0) || rn_self_bool(&self, "transpose_b", 0)) return "a transposed factor";
  if (c->calibrates || maker(c, x) != NULL) return NULL;
  tpu_value_name(c->v, c->g, x, name);
  return tpu_ranges_find(&c->ranges, name) != NULL ? NULL
                                                   : "no range of its input was measured (calibrate, then ranges)";
}

static const char *check_integers(const claiming *c, rn_node_id n, const tpu_rule *r) {
  rn_value in[2] = {c->v->input(c->g, n, 0), {0, 0}};
  const tpu_rule *before = maker(c, in[0]);
  if ((r->what & TPU_RULE_PRODUCT) != 0) return check_product(c, n);
  if ((r->what & TPU_RULE_INSIDE) != 0) return before != NULL ? NULL : "its input is not made inside of a claim";
  if (before == NULL || (before->what & (TPU_RULE_PRODUCT | TPU_RULE_FOLLOWS)) == 0)
    return "it does not follow a product";
  if (c->v->input_count(c->g, n) < 2) return NULL;
  in[1] = c->v->input(c->g, n, 1);
  if ((before->what & TPU_RULE_PRODUCT) == 0) return "it does not follow a product";
  return is_weight(c, in[1]) ? NULL : "what it adds is not a constant or a variable";
}

/* NULL: it can be claimed. */
static const char *why_not(const claiming *c, rn_node_id n, const tpu_rule *r) {
  if (r == NULL) return "no rule lowers it";
  uint32_t count = c->v->input_count(c->g, n);
  int ints = 1;
  if (count > TPU_MAX_INPUTS) return "it has too many inputs";
  for (uint32_t i = 0; i < count; i++) {
    const char *no = check_input(c, n, r, i, count);
    if (no != NULL) return no;
  }
  for (uint32_t o = 0; o < c->v->output_count(c->g, n); o++) {
    rn_dtype t = c->v->dtype(c->g, (rn_value){n, o});
    if (is_handle(t)) continue;
    ints &= is_int(t);
    if (t != RN_FLOAT && !((r->what & TPU_RULE_INTS) != 0 && is_int(t))) return "its result is not float";
  }
  c->known[n] = (uint8_t)(ints && (r->what & TPU_RULE_INTS) != 0);
  const char *no = check_attributes(c, n);
  return no == NULL && c->m->arithmetic == TPU_INT8 ? check_integers(c, n, r) : no;
}

/* A variable goes to a claim whole: an update stays out when another holder of its handle does. */
static int shares_variable(const claiming *c, rn_node_id n) {
  for (uint32_t i = 0; i < c->v->input_count(c->g, n); i++) {
    rn_value in = c->v->input(c->g, n, i);
    if (!is_handle(c->v->dtype(c->g, in))) continue;
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

static void judge(const claiming *c) {
  char text[256];
  for (uint32_t i = 0; i < c->n; i++) {
    rn_node_id n = c->candidate[i];
    const tpu_rule *r = tpu_rule_of(c->m->arithmetic, c->v->op(c->g, n));
    const char *no = why_not(c, n, r);
    if (no == NULL && (r->what & TPU_RULE_UPDATE) != 0 && shares_variable(c, n)) no = "others write its variable too";
    if (no == NULL) c->rule[n] = r;
    if (no == NULL) continue;
    snprintf(text, sizeof text, "leaves %s '%s': %s", c->v->op(c->g, n), c->v->name(c->g, n), no);
    c->host->log(c->host->ctx, RN_LOG_DEBUG, text);
  }
}

/* ------------------------------------------------------------------------------------- levels */
static uint32_t seen_from(const claiming *c, rn_node_id n, rn_node_id before) {
  return c->level[before] + (c->rule[before] != NULL && c->rule[n] == NULL);
}

static int raise(const claiming *c, rn_node_id n) {
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
static int find_levels(const claiming *c) {
  int more = 1;
  for (uint32_t pass = 0; more && pass <= 1000; pass++) {
    more = 0;
    for (rn_node_id n = 0; n < c->n_ids; n++) more |= raise(c, n);
  }
  return !more;
}

/* Shapes are computed where they are needed: a node of known integers goes to the lowest level of its readers, unless
 * one of them cannot be claimed and has to have it before. From the last candidate to the first. */
static void put_shapes_off(const claiming *c) {
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

static uint32_t root(const claiming *c, uint32_t n) {
  while (c->parent[n] != n) n = c->parent[n] = c->parent[c->parent[n]];
  return n;
}

static void connect(const claiming *c) {
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

static rn_status *put_all(const claiming *c, rn_node_id *nodes, rn_status *(*put)(void *, const rn_claim *),
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
    if (products == 0) continue;
    snprintf(reason, sizeof reason, "one program: %u products and %u nodes around them", products, count - products);
    rn_claim claim = {(uint32_t)sizeof claim, count, nodes, 50, reason};
    RN_TRY(put(arg, &claim));
  }
  return NULL;
}

static rn_status *claim_all(claiming *c, rn_status *(*put)(void *, const rn_claim *), void *arg) {
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
  judge(c);
  rn_status *s = NULL;
  if (find_levels(c)) {
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
  claiming c = {.host = host, .v = v, .g = g, .candidate = candidates, .n = n, .n_ids = v->node_count(g)};
  if (d == NULL) return NULL;
  c.m = &d->machine;
  const char *calibrate = host->config(host->ctx, "calibrate");
  c.calibrates = calibrate != NULL && *calibrate != '\0';
  rn_status *s = tpu_ranges_read(host, host->config(host->ctx, "ranges"), &c.ranges);
  if (s == NULL) s = claim_all(&c, put, arg);
  tpu_ranges_finish(&c.ranges);
  return s;
}
