/* alone_test.c - a device that computes by claims alone, and what falls back from it (core/exec). */
#include "toy.h"

struct rn_mem {
  void *bytes;
};
static rn_status *alloc_mem(void *d, uint64_t n, rn_mem **out) {
  (void)d;
  *out = malloc(sizeof **out);
  (*out)->bytes = aligned_alloc(64, (n + 64) / 64 * 64);
  return NULL;
}
static void release_mem(void *d, rn_mem *m) {
  (void)d;
  if (m != NULL) free(m->bytes);
  free(m);
}
static void *address(void *d, rn_mem *m) {
  (void)d;
  return m->bytes;
}
static rn_status *copy(void *d, rn_queue *q, rn_points wait, rn_points signal, const rn_copy *c) {
  (void)d;
  (void)q;
  (void)wait;
  (void)signal;
  char *to = c->dst != NULL ? c->dst->bytes : c->host;
  const char *from = c->src != NULL ? c->src->bytes : c->host;
  for (uint32_t i = 0; i < c->region_count; i++)
    memcpy(to + c->regions[i].dst_offset_bytes, from + c->regions[i].src_offset_bytes, c->regions[i].size_bytes);
  return NULL;
}
static const rn_device_def devices[] = {{.struct_size = (uint32_t)sizeof(rn_device_def),
                                         .type = "oven",
                                         .enumerate = toy_enumerate,
                                         .open = toy_open,
                                         .alloc = alloc_mem,
                                         .release = release_mem,
                                         .address = address,
                                         .copy = copy,
                                         .kernels_of = "toy"}};

/* Claims every Twice. */
static rn_status *claims(const rn_host_api *h, void *d, const rn_graph_view_api *v, const rn_graph *g,
                         const rn_node_id *nodes, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                         void *arg) {
  (void)h;
  (void)d;
  for (uint32_t i = 0; i < n; i++) {
    rn_claim c = {.struct_size = (uint32_t)sizeof c, .count = 1, .nodes = &nodes[i], .reason = "it doubles"};
    int mine = strcmp(v->op(g, nodes[i]), "Twice") == 0;
    if (mine) RN_TRY(put(arg, &c));
    if (strcmp(v->op(g, nodes[i]), "Count") == 0) RN_TRY(rn_claim_not(put, arg, nodes[i], "it cannot count"));
  }
  return NULL;
}
static rn_status *compile(const rn_host_api *h, void *d, const rn_subgraph *s, void **out) {
  (void)h;
  (void)d;
  (void)s;
  *out = (void *)(uintptr_t)&toy_calls;
  return NULL;
}
static rn_status *execute(const void *state, rn_call *c) {
  (void)state;
  for (uint64_t i = 0; i < toy_n(c->out[0]); i++) toy_f(c->out[0])[i] = 2 * toy_f(c->in[0])[i];
  return NULL;
}
static void release(void *program) { (void)program; }
static const rn_compiler_def compilers[] = {{.struct_size = (uint32_t)sizeof(rn_compiler_def),
                                             .flags = RN_COMPILER_ALONE,
                                             .name = "doubler",
                                             .device_type = "oven",
                                             .claim = claims,
                                             .compile = compile,
                                             .execute = execute,
                                             .release = release}};
static const rn_group group = {
    .struct_size = (uint32_t)sizeof group, .devices = RN_TABLE(devices), .compilers = RN_TABLE(compilers)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc *entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "oven",
                                      .version = "1",
                                      .groups = groups,
                                      .group_count = 1};
  return &desc;
}

typedef struct kitchen {
  toy t;
  rn_value doubled, counted, init, s;
} kitchen;
static int warnings;
static void hear(void *arg, int level, const char *message) {
  (void)arg;
  if (level == RN_LOG_WARNING && strstr(message, "Count 'counted': compiler 'doubler': it cannot count") != NULL)
    warnings++;
}
static void begin(kitchen *k, const char *fallback, const char *rule) {
  const char *settings[3] = {fallback, "devices.order=toy", rule};
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o,
                          .n_settings = rule != NULL ? 3 : 2,
                          .settings = settings,
                          .config_file = "/dev/null",
                          .plugin_path = "/nonexistent",
                          .log = hear};
  memset(k, 0, sizeof *k);
  warnings = 0;
  ok(rn_runtime_create(&o, &k->t.rt));
  ok(rn_runtime_add_static(k->t.rt, toy_entry));
  ok(rn_runtime_add_static(k->t.rt, entry));
  ok(rn_graph_create(k->t.rt, 0, &k->t.g));
  rn_value x = konst(&k->t, "x", 4, 3), v = typed(k->t.g, "Variable", "v", RN_FLOAT, 4);
  k->doubled = op1(&k->t, "Twice", "doubled", x);
  k->counted = op1(&k->t, "Count", "counted", k->doubled);
  k->s = op1(&k->t, "ShapeOf", "s", k->doubled);
  k->init = op2(&k->t, "Assign", "init", v, k->doubled);
  rn_session_options so = {.struct_size = (uint32_t)sizeof so, .device = rule == NULL ? "oven" : NULL};
  ok(rn_session_create(k->t.g, &so, &k->t.s));
}

static void what_is_claimed_is_no_fall_back(void **state) {
  (void)state;
  kitchen k;
  begin(&k, "devices.fallback=error", NULL);
  assert_true(value_of(&k.t, k.doubled) == 6);
  go(&k.t, k.init); /* laying out a variable is nobody's program */
  rn_tensor *s;
  ok(fetch1(&k.t, NULL, 0, k.s, &s)); /* nor is arithmetic on shapes */
  assert_int_equal(*(int32_t *)rn_tensor_data(s), 4);
  rn_tensor_release(s);
  toy_end(&k.t);
}

static void what_no_claim_holds_is_an_error_where_it_is_asked_for(void **state) {
  (void)state;
  kitchen k;
  rn_tensor *out;
  begin(&k, "devices.fallback=error", NULL);
  says(fetch1(&k.t, NULL, 0, k.counted, &out), RN_NOT_FOUND, "1 nodes are in no program of /device:OVEN:0",
       "Count 'counted': compiler 'doubler': it cannot count");
  toy_end(&k.t);
}

static void it_is_a_warning_by_default_and_nothing_when_allowed(void **state) {
  (void)state;
  kitchen k;
  begin(&k, "devices.fallback=auto", NULL);
  assert_true(value_of(&k.t, k.counted) == 6);
  assert_int_equal(warnings, 1);
  toy_end(&k.t);
  begin(&k, "devices.fallback=allow", NULL);
  assert_true(value_of(&k.t, k.counted) == 6);
  assert_int_equal(warnings, 0);
  toy_end(&k.t);
}

/* A rule that names the device is kept: the node is there, with another's kernel. */
static void it_is_the_same_by_a_rule(void **state) {
  (void)state;
  kitchen k;
  rn_tensor *out;
  begin(&k, "devices.fallback=auto", "place.*=oven");
  assert_true(value_of(&k.t, k.counted) == 6);
  assert_int_equal(warnings, 1);
  toy_end(&k.t);
  begin(&k, "devices.fallback=error", "place.*=oven");
  says(fetch1(&k.t, NULL, 0, k.counted, &out), RN_NOT_FOUND, "in no program of", "it cannot count");
  toy_end(&k.t);
  begin(&k, "devices.fallback=error", "place.doubled=oven");
  assert_true(value_of(&k.t, k.counted) == 6);
  toy_end(&k.t);
}

static void look(void *arg, const rn_node_explanation *n) {
  if (strcmp(n->name, "counted") == 0 && n->fell_back && strstr(n->left_reason, "cannot count") != NULL) ++*(int *)arg;
  if (strcmp(n->name, "doubled") == 0 && !n->fell_back && strcmp(n->claimed_by, "doubler") == 0) ++*(int *)arg;
}
static void it_is_explained(void **state) {
  (void)state;
  kitchen k;
  rn_status *problem;
  int seen = 0;
  begin(&k, "devices.fallback=allow", NULL);
  ok(rn_session_explain_nodes(k.t.s, NULL, 0, &k.counted, 1, NULL, 0, look, &seen, &problem));
  assert_null(problem);
  assert_int_equal(seen, 2);
  toy_end(&k.t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_claimed_is_no_fall_back),
      cmocka_unit_test(what_no_claim_holds_is_an_error_where_it_is_asked_for),
      cmocka_unit_test(it_is_a_warning_by_default_and_nothing_when_allowed),
      cmocka_unit_test(it_is_the_same_by_a_rule),
      cmocka_unit_test(it_is_explained),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
