/* trace_test.c - what ran when: nodes, devices by their own clock, calls, memory (core/exec). */
#include "far.h"

enum { MOST = 512 };
typedef struct seen {
  rn_trace_event e[MOST];
  uint32_t count;
  char node[MOST][40], scope[MOST][80], covers[MOST][120], shape[MOST][40];
} seen;

/* Texts are borrowed for the call. */
static void see(void *arg, const rn_trace_event *e) {
  seen *s = arg;
  assert_true(s->count < MOST);
  uint32_t i = s->count++;
  s->e[i] = *e;
  snprintf(s->node[i], sizeof s->node[i], "%s", e->node);
  snprintf(s->scope[i], sizeof s->scope[i], "%s", e->scope);
  snprintf(s->shape[i], sizeof s->shape[i], "%s", e->shape);
  for (uint32_t k = 0; k < e->n_covers; k++) {
    size_t n = strlen(s->covers[i]);
    snprintf(s->covers[i] + n, sizeof s->covers[i] - n, "%s ", e->covers[k]);
  }
}

static rn_run_options watch(seen *s) {
  memset(s, 0, sizeof *s);
  return (rn_run_options){
      .struct_size = (uint32_t)sizeof(rn_run_options), .flags = RN_RUN_TRACE_ALL, .trace = see, .trace_arg = s};
}

static const rn_trace_event *find(const seen *s, uint32_t kind, const char *node, int on_device) {
  for (uint32_t i = 0; i < s->count; i++)
    if (s->e[i].kind == kind && strcmp(s->node[i], node) == 0 && (s->e[i].queue != 0) == on_device) return &s->e[i];
  return NULL;
}
static uint32_t count_of(const seen *s, uint32_t kind) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->count; i++) n += s->e[i].kind == kind;
  return n;
}

/* The step is first and around all of it; times go forward. */
static void is_in_order(const seen *s) {
  assert_true(s->count > 0);
  assert_int_equal(s->e[0].kind, RN_TRACE_STEP);
  for (uint32_t i = 0; i < s->count; i++) {
    assert_true(s->e[i].begin_ns <= s->e[i].end_ns);
    assert_true(s->e[i].begin_ns >= s->e[0].begin_ns && s->e[i].end_ns <= s->e[0].end_ns);
    if (i > 0) assert_true(s->e[i].begin_ns >= s->e[i - 1].begin_ns);
    assert_true((s->e[i].queue != 0) != (s->e[i].thread != 0));
  }
}

static void open_far(toy *t) {
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = "far:0", .fallback = "error"};
  ok(rn_session_create(t->g, &o, &t->s));
}
static void run_far(toy *t, rn_value x, rn_value y, const rn_run_options *o) {
  rn_tensor *fed = vec(100, 3), *out = NULL;
  ok(rn_session_run(t->s, o, &(rn_feed){x, fed}, 1, &y, 1, &out, NULL, 0));
  assert_true(first(out) == 12);
  rn_tensor_release(fed);
  rn_tensor_release(out);
}

/* y = 2 (x + x), on a device with a queue and a clock. */
static void a_device_says_when_nodes_ran(void **state) {
  (void)state;
  toy t;
  seen *s = calloc(1, sizeof *s);
  toy_begin(&t, NULL);
  ok(rn_runtime_add_static(t.rt, far_entry));
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), a = op2(&t, "Add", "a", x, x),
           y = op2(&t, "Add", "y", a, a);
  open_far(&t);
  int64_t before = far_recordings;
  rn_run_options o = watch(s);
  run_far(&t, x, y, &o);
  is_in_order(s);
  assert_int_equal(count_of(s, RN_TRACE_PLAN), 2); /* the plan, and its layout */
  const rn_trace_event *up = find(s, RN_TRACE_UPLOAD, "x", 0), *one = find(s, RN_TRACE_KERNEL, "a", 1),
                       *two = find(s, RN_TRACE_KERNEL, "y", 1), *down = find(s, RN_TRACE_DOWNLOAD, "y", 1),
                       *submit = find(s, RN_TRACE_SUBMIT, "a", 0);
  assert_non_null(up);
  assert_int_equal(up->bytes, 400);
  assert_non_null(one);
  assert_non_null(two);
  assert_non_null(down);
  assert_true(one->end_ns <= two->begin_ns && two->end_ns <= down->begin_ns);
  assert_int_equal(one->queue, 1);
  assert_string_equal(s->shape[one - s->e], "float[100]");
  assert_true(one->memory_bytes >= 800); /* x and a */
  assert_non_null(submit);
  assert_int_equal(submit->n_covers, 2);
  assert_string_equal(s->covers[submit - s->e], "a y ");
  assert_true(submit->begin_ns <= one->begin_ns);
  assert_true(submit->correlation == one->correlation);
  assert_int_equal(count_of(s, RN_TRACE_RECORD), 1);
  assert_true(count_of(s, RN_TRACE_WAIT) > 0);
  assert_int_equal(find(s, RN_TRACE_FEED, "", 0)->bytes, 400);
  assert_int_equal(find(s, RN_TRACE_FETCH, "", 0)->bytes, 400);
  assert_int_equal(far_recordings - before, 1);
  run_far(&t, x, y, NULL); /* the traced recording is good for one step */
  run_far(&t, x, y, NULL);
  assert_int_equal(far_recordings - before, 2);
  o = watch(s);
  run_far(&t, x, y, &o);
  is_in_order(s);
  assert_int_equal(count_of(s, RN_TRACE_PLAN), 0);
  assert_int_equal(far_recordings - before, 3);
  toy_end(&t);
  free(s);
}

/* Listeners from before 0.3 know nodes only. */
static void without_the_flag_there_are_nodes_only(void **state) {
  (void)state;
  toy t;
  seen *s = calloc(1, sizeof *s);
  toy_begin(&t, NULL);
  ok(rn_runtime_add_static(t.rt, far_entry));
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), a = op2(&t, "Add", "a", x, x),
           y = op2(&t, "Add", "y", a, a);
  open_far(&t);
  rn_run_options o = watch(s);
  o.flags = 0;
  run_far(&t, x, y, &o);
  assert_int_equal(s->count, 3); /* there, both as one, back */
  for (uint32_t i = 0; i < s->count; i++) {
    assert_int_equal(s->e[i].queue, 0);
    assert_true(s->node[i][0] != '\0');
  }
  toy_end(&t);
  free(s);
}

/* A variable that one step wants on a device and the next on the host. */
static void moving_a_variable_is_a_copy(void **state) {
  (void)state;
  toy t;
  seen *s = calloc(1, sizeof *s);
  toy_begin(&t, NULL);
  ok(rn_runtime_add_static(t.rt, far_entry));
  rn_value two = konst(&t, "two", 8, 2), v = typed(t.g, "Variable", "v", RN_FLOAT, 8),
           init = op2(&t, "Assign", "init", v, two), more = op2(&t, "AssignAdd", "more", v, two),
           wide = op1(&t, "Count", "wide", v);
  rn_graph_set_device(t.g, more.node, "far:0");
  toy_open_session(&t);
  go(&t, init);
  rn_run_options o = watch(s);
  ok(rn_session_run(t.s, &o, NULL, 0, NULL, 0, NULL, &more.node, 1));
  is_in_order(s);
  const rn_trace_event *e = find(s, RN_TRACE_UPLOAD, "v", 0);
  assert_non_null(e);
  assert_int_equal(e->bytes, 32);
  o = watch(s);
  ok(rn_session_run(t.s, &o, NULL, 0, NULL, 0, NULL, &wide.node, 1));
  e = find(s, RN_TRACE_DOWNLOAD, "v", 0);
  assert_non_null(e);
  assert_int_equal(e->bytes, 32);
  toy_end(&t);
  free(s);
}

static rn_value call(rn_graph *g, const char *name, rn_value x, const char *function) {
  rn_attr f = {"f", {RN_ATTR_FUNC, 0, {.bytes = {function, strlen(function)}}}};
  return add_in(g, "Call", name, &x, 1, &f, 1, RN_NO_NODE);
}

/* inner(x) = x + x; outer(x) = inner(x), called "deep" */
static void what_functions_run_bears_the_callers_names(void **state) {
  (void)state;
  toy t;
  seen *s = calloc(1, sizeof *s);
  toy_begin(&t, NULL);
  rn_graph *b;
  ok(rn_graph_create(t.rt, 0, &b));
  rn_value in = typed(b, "Placeholder", "in", RN_FLOAT, 4),
           sum = add_in(b, "Add", "sum", (rn_value[]){in, in}, 2, NULL, 0, RN_NO_NODE);
  ok(rn_graph_add_function(t.g, "inner", b, &in, 1, &sum, 1, NULL, 0));
  ok(rn_graph_create(t.rt, 0, &b));
  in = typed(b, "Placeholder", "in", RN_FLOAT, 4);
  rn_value deep = call(b, "deep", in, "inner");
  ok(rn_graph_add_function(t.g, "outer", b, &in, 1, &deep, 1, NULL, 0));
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 4), top = call(t.g, "a/top", x, "outer"),
           again = call(t.g, "again", top, "inner");
  toy_open_session(&t);
  rn_run_options o = watch(s);
  rn_tensor *fed = vec(4, 1), *out = NULL;
  ok(rn_session_run(t.s, &o, &(rn_feed){x, fed}, 1, &again, 1, &out, NULL, 0));
  assert_true(first(out) == 4);
  is_in_order(s);
  const rn_trace_event *outer = find(s, RN_TRACE_CALL, "a/top", 0), *inner = find(s, RN_TRACE_CALL, "deep", 0),
                       *add = find(s, RN_TRACE_KERNEL, "sum", 0);
  assert_non_null(outer);
  assert_non_null(inner);
  assert_non_null(add);
  assert_string_equal(s->scope[outer - s->e], "");
  assert_string_equal(s->scope[inner - s->e], "a/top");
  assert_string_equal(s->scope[add - s->e], "a/top/deep");
  assert_true(outer->begin_ns <= inner->begin_ns && inner->end_ns <= outer->end_ns);
  assert_true(inner->begin_ns <= add->begin_ns && add->end_ns <= inner->end_ns);
  rn_tensor_release(fed);
  rn_tensor_release(out);
  toy_end(&t);
  free(s);
}

/* Without memory the step goes on, and its trace has fewer events, or none. */
static void a_trace_never_fails_a_step(void **state) {
  (void)state;
  toy t;
  seen *s = calloc(1, sizeof *s);
  toy_begin(&t, NULL);
  rn_value one = konst(&t, "one", 2, 1), a = op2(&t, "Add", "a", one, one), y = op2(&t, "Add", "y", a, a);
  toy_open_session(&t);
  rn_step *step;
  rn_tensor *out = vec(2, 0);
  ok(rn_session_prepare(t.s, NULL, 0, &y, 1, NULL, 0, &step));
  ok(rn_step_run(step, NULL, NULL, &out));
  uint32_t before = 0;
  for (uint64_t nth = 2; nth < 12; nth++) { /* the first allocation is the trace itself: that one is an error */
    rn_run_options o = watch(s);
    rn_mem_fail_at(nth, 1);
    rn_status *failed = rn_step_run(step, &o, NULL, &out);
    rn_mem_fail_at(0, 0);
    ok(failed);
    assert_true(first(out) == 4);
    assert_true(s->count >= before);
    before = s->count;
  }
  assert_int_equal(before, 5); /* the step, what is fed and fetched, two nodes */
  rn_tensor_release(out);
  rn_step_destroy(step);
  toy_end(&t);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_device_says_when_nodes_ran), cmocka_unit_test(without_the_flag_there_are_nodes_only),
      cmocka_unit_test(moving_a_variable_is_a_copy),  cmocka_unit_test(what_functions_run_bears_the_callers_names),
      cmocka_unit_test(a_trace_never_fails_a_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
