/* claim_test.c - parts of a plan for compilers, and passes over the graph (core/exec). */
#include "toy.h"

/* The compiler claims the nodes whose names are listed and runs adds and AssignAdds. */
static const char *wanted[2]; /* claims, names separated by blanks */
static int refuses, programs, executions, is_old;
typedef struct program {
  const rn_host_api *host;
  uint32_t n_in, n_steps, n_out, a[16], b[16], y[16], writes[16], out[16];
} program;

static int is_named(const char *list, const char *name) {
  size_t n = strlen(name);
  for (const char *at = list; (at = strstr(at, name)) != NULL; at++)
    if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0')) return 1;
  return 0;
}
static rn_status *claims(const rn_host_api *h, void *d, const rn_graph_view_api *v, const rn_graph *g,
                         const rn_node_id *nodes, uint32_t n, rn_status *(*put)(void *arg, const rn_claim *c),
                         void *arg) {
  (void)h;
  (void)d;
  for (int k = 0; k < 2 && wanted[k] != NULL; k++) {
    rn_node_id mine[16];
    rn_claim c = {.struct_size = (uint32_t)sizeof c, .nodes = mine, .priority = 10 - k, .reason = "the test wants it"};
    for (uint32_t i = 0; i < n; i++)
      if (is_named(wanted[k], v->name(g, nodes[i]))) mine[c.count++] = nodes[i];
    if (!is_old) {
      RN_TRY(put(arg, &c));
      continue;
    }
    c.struct_size =
        (uint32_t)(is_old == 1 ? offsetof(rn_claim, priority) : offsetof(rn_claim, left)); /* no byte more */
    rn_claim *shorter = malloc(c.struct_size);
    memcpy(shorter, &c, c.struct_size);
    rn_status *s = put(arg, shorter);
    free(shorter);
    RN_TRY(s);
  }
  return NULL;
}
static uint32_t slot_of(const rn_subgraph *s, const uint32_t *y, rn_value v) {
  for (uint32_t i = 0; i < s->n_nodes; i++)
    if (s->nodes[i] == v.node) return y[i];
  for (uint32_t i = 0; i < s->n_in; i++)
    if (s->in[i].node == v.node && s->in[i].port == v.port) return i;
  for (uint32_t i = 0; i < s->n_cells; i++)
    if (s->cells[i].node == v.node) return s->n_in + i;
  fail();
  return 0;
}
static rn_status *compile(const rn_host_api *h, void *d, const rn_subgraph *s, void **out) {
  (void)d;
  if (refuses) return rn_error(h, RN_UNIMPLEMENTED, "not today");
  program *p = calloc(1, sizeof *p);
  p->n_in = s->n_in + s->n_cells;
  p->n_out = s->n_out;
  for (uint32_t i = 0; i < s->n_nodes; i++) {
    p->writes[i] = strcmp(s->view->op(s->graph, s->nodes[i]), "AssignAdd") == 0;
    p->a[i] = slot_of(s, p->y, s->view->input(s->graph, s->nodes[i], 0));
    p->b[i] = slot_of(s, p->y, s->view->input(s->graph, s->nodes[i], 1));
    p->y[i] = p->writes[i] ? p->a[i] : p->n_in + i;
    p->n_steps++;
  }
  for (uint32_t o = 0; o < s->n_out; o++) p->out[o] = slot_of(s, p->y, s->out[o]);
  programs++;
  *out = p;
  return NULL;
}
static rn_status *execute(const void *state, rn_call *c) {
  const program *p = state;
  float slot[32][8], *at[32];
  executions++;
  for (uint32_t i = 0; i < 32; i++) at[i] = i < p->n_in ? c->in[i]->data : slot[i];
  for (uint32_t s = 0; s < p->n_steps; s++)
    for (int i = 0; i < 8; i++) at[p->y[s]][i] = at[p->a[s]][i] + at[p->b[s]][i];
  for (uint32_t o = 0; o < p->n_out; o++)
    if (c->out[o]->data != at[p->out[o]]) memcpy(c->out[o]->data, at[p->out[o]], 32);
  return NULL;
}
static void release(void *p) {
  programs--;
  free(p);
}
static const rn_compiler_def compilers[] = {{.struct_size = (uint32_t)sizeof(rn_compiler_def),
                                             .name = "adder",
                                             .device_type = "toy",
                                             .claim = claims,
                                             .compile = compile,
                                             .execute = execute,
                                             .release = release}};

/* ------------------------------------------------------------------------------------- passes */
static int passes_on;
static int is_zero(const rn_tensor *t) {
  for (int64_t i = 0; t != NULL && i < rn_tensor_count(t); i++)
    if (((const float *)rn_tensor_data((rn_tensor *)(uintptr_t)t))[i] != 0) return 0;
  return t != NULL;
}
static rn_status *fold(rn_builder *b, uint32_t *changes, const char *op) {
  const rn_graph_view_api *v = b->self.view;
  uint32_t n = v->node_count(b->self.graph);
  for (rn_node_id i = 0; passes_on && i < n; i++) {
    if (v->op(b->self.graph, i) == NULL || strcmp(v->op(b->self.graph, i), op) != 0) continue;
    if (strcmp(op, "Add") == 0 && !is_zero(v->constant(b->self.graph, v->input(b->self.graph, i, 1)))) continue;
    b->api->replace(b, (rn_value){i, 0}, v->input(b->self.graph, i, 0));
    (*changes)++;
  }
  return NULL;
}
static rn_status *fold_zero(rn_builder *b, uint32_t *changes) { return fold(b, changes, "Add"); }
static rn_status *fold_and_fail(rn_builder *b, uint32_t *changes) { /* would take every Count away */
  RN_TRY(fold(b, changes, "Count"));
  return b->self.host->status(RN_INTERNAL, "changed its mind");
}
static const rn_pass_def passes[] = {
    {(uint32_t)sizeof(rn_pass_def), 0, "fold_zero", "x + 0 is x.", 1, 0, fold_zero},
    {(uint32_t)sizeof(rn_pass_def), 0, "fold_and_fail", "Fails.", 2, 0, fold_and_fail}};
static const rn_group group = {
    .struct_size = (uint32_t)sizeof group, .compilers = RN_TABLE(compilers), .passes = RN_TABLE(passes)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc *entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "adder",
                                      .version = "1",
                                      .groups = groups,
                                      .group_count = 1};
  return &desc;
}

/* ---------------------------------------------------------------------------------------- tests */
static void begin(toy *t, const char *first, const char *second) {
  wanted[0] = first;
  wanted[1] = second;
  refuses = passes_on = executions = is_old = 0;
  toy_begin(t, "run.threads=1");
  ok(rn_runtime_add_static(t->rt, entry));
}
static void end(toy *t) {
  toy_end(t);
  assert_int_equal(programs, 0);
}
static void explains(toy *t, rn_value v, const char *words) {
  char *text;
  ok(rn_session_explain(t->s, NULL, 0, &v, 1, NULL, 0, &text));
  if (strstr(text, words) == NULL) print_error("%s", text);
  assert_non_null(strstr(text, words));
  free(text);
}

static void what_is_read_outside_is_an_output(void **state) {
  (void)state;
  toy t;
  begin(&t, "a b c", NULL);
  rn_value one = konst(&t, "one", 8, 1), a = op2(&t, "Add", "a", one, one), b = op2(&t, "Add", "b", a, one);
  rn_value c = op2(&t, "Add", "c", b, a), d = op1(&t, "Count", "d", b), e = op2(&t, "Add", "e", c, d);
  toy_open_session(&t);
  for (int i = 0; i < 3; i++) assert_true(value_of(&t, e) == 8);
  assert_int_equal(executions, 3);
  assert_int_equal(programs, 1);
  explains(&t, e, "3 nodes in one call, 1 inputs, 2 outputs");
  refuses = 1;
  assert_true(value_of(&t, c) == 5); /* another plan: the members run by themselves */
  assert_int_equal(executions, 3);
  end(&t);
}

static void a_claim_that_feeds_itself_is_shrunk(void **state) {
  (void)state;
  toy t;
  begin(&t, "a c", NULL);
  rn_value one = konst(&t, "one", 8, 1), a = op2(&t, "Add", "a", one, one), b = op1(&t, "Count", "b", a);
  rn_value c = op2(&t, "Add", "c", b, a);
  toy_open_session(&t);
  assert_true(value_of(&t, c) == 4);
  assert_int_equal(executions, 1);
  explains(&t, c, "claim of 2 nodes by compiler 'adder' keeps 1");
  end(&t);
}

static void of_two_claims_the_higher_priority_wins(void **state) {
  (void)state;
  toy t;
  begin(&t, "a b", "b c");
  rn_value one = konst(&t, "one", 8, 1), a = op2(&t, "Add", "a", one, one), b = op2(&t, "Add", "b", a, one);
  rn_value c = op2(&t, "Add", "c", b, a);
  toy_open_session(&t);
  assert_true(value_of(&t, c) == 5);
  explains(&t, c, "a claim that goes first has some of them");
  end(&t);
}

/* A plugin built before rn_claim had a priority and a reason. */
static void an_older_plugins_claim_is_read_as_far_as_it_goes(void **state) {
  (void)state;
  toy t;
  begin(&t, "a b", NULL);
  is_old = 1;
  rn_value one = konst(&t, "one", 8, 1), a = op2(&t, "Add", "a", one, one), b = op2(&t, "Add", "b", a, one);
  toy_open_session(&t);
  assert_true(value_of(&t, b) == 3);
  assert_int_equal(executions, 1);
  explains(&t, b, "compiler 'adder' (priority 0), 2 nodes in one call");
  end(&t);
  begin(&t, "a b", NULL);
  is_old = 2; /* 0.2: it could not say what it leaves */
  one = konst(&t, "one", 8, 1), a = op2(&t, "Add", "a", one, one), b = op2(&t, "Add", "b", a, one);
  toy_open_session(&t);
  assert_true(value_of(&t, b) == 3);
  explains(&t, b, "compiler 'adder' (priority 10), 2 nodes in one call");
  end(&t);
}

static void count_claimed(void *arg, const rn_node_explanation *n) {
  if (strcmp(n->claimed_by, "adder") == 0) ++*(int *)arg;
}
static void claimed_nodes_are_explained_as_such(void **state) {
  (void)state;
  toy t;
  int claimed = 0;
  rn_status *problem;
  begin(&t, "a b", NULL);
  rn_value one = konst(&t, "one", 8, 1), a = op2(&t, "Add", "a", one, one), b = op2(&t, "Add", "b", a, one);
  rn_value c = op1(&t, "Count", "c", b);
  toy_open_session(&t);
  ok(rn_session_explain_nodes(t.s, NULL, 0, &c, 1, NULL, 0, count_claimed, &claimed, &problem));
  assert_null(problem);
  assert_int_equal(claimed, 2);
  end(&t);
}

static void a_variable_is_not_split(void **state) {
  (void)state;
  toy t;
  begin(&t, "x first", NULL);
  rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 8), one = konst(&t, "one", 8, 1);
  rn_value init = op2(&t, "Assign", "init", v, one), x = op2(&t, "Add", "x", one, one);
  rn_value first_add = op2(&t, "AssignAdd", "first", v, x), second = op2(&t, "AssignAdd", "second", first_add, one);
  toy_open_session(&t);
  go(&t, init);
  assert_true(value_of(&t, second) == 4);
  explains(&t, second, "it would take a variable from a node outside: v");
  assert_int_equal(executions, 0);
  assert_true(value_of(&t, first_add) == 6); /* here the claim has all of it */
  assert_int_equal(executions, 1);
  assert_true(value_of(&t, v) == 6);
  end(&t);
}

/* A summary of a variable, beside the step that trains it. */
static void others_may_look_at_a_variable_that_is_taken(void **state) {
  (void)state;
  toy t;
  begin(&t, "x add", NULL);
  rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 8), one = konst(&t, "one", 8, 1);
  rn_value init = op2(&t, "Assign", "init", v, one), x = op2(&t, "Add", "x", one, one);
  rn_value seen = op1(&t, "Count", "seen", v), add = op2(&t, "AssignAdd", "add", v, x);
  rn_value after = op1_after(&t, "Count", "after", v, add.node), fetch[3] = {seen, add, after};
  rn_tensor *out[3] = {NULL, NULL, NULL};
  toy_open_session(&t);
  go(&t, init);
  ok(rn_session_run(t.s, NULL, NULL, 0, fetch, 3, out, NULL, 0));
  assert_int_equal(executions, 1);
  assert_true(first(out[0]) == 1); /* before the claim */
  assert_true(first(out[1]) == 3);
  assert_true(first(out[2]) == 3); /* behind it */
  for (int i = 0; i < 3; i++) rn_tensor_release(out[i]);
  end(&t);
}

static void a_pass_is_kept_or_dropped_whole(void **state) {
  (void)state;
  toy t;
  begin(&t, NULL, NULL);
  passes_on = 1;
  rn_value one = konst(&t, "one", 8, 1), zero = konst(&t, "zero", 8, 0);
  rn_value sum = op2(&t, "Add", "sum", one, zero), counted = op1(&t, "Count", "counted", sum);
  rn_value y = op2(&t, "Add", "y", counted, one);
  toy_open_session(&t);
  uint64_t before = atomic_load(&toy_calls);
  assert_true(value_of(&t, y) == 2);
  assert_int_equal(atomic_load(&toy_calls), before + 1); /* the failing pass took nothing */
  char *text;
  ok(rn_session_explain(t.s, NULL, 0, &y, 1, NULL, 0, &text));
  assert_null(strstr(text, "'sum'")); /* the good one did */
  free(text);
  end(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_read_outside_is_an_output),
      cmocka_unit_test(a_claim_that_feeds_itself_is_shrunk),
      cmocka_unit_test(of_two_claims_the_higher_priority_wins),
      cmocka_unit_test(a_variable_is_not_split),
      cmocka_unit_test(others_may_look_at_a_variable_that_is_taken),
      cmocka_unit_test(an_older_plugins_claim_is_read_as_far_as_it_goes),
      cmocka_unit_test(claimed_nodes_are_explained_as_such),
      cmocka_unit_test(a_pass_is_kept_or_dropped_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
