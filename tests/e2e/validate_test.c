/* validate_test.c - each rule of the ABI is broken once, and the validation layer says which (tests/e2e).
 *
 * A row names an op of the offending plugin, what it does wrong, and words of the report. Unless the row
 * says that only the log can tell, the step (or the call that builds the graph) fails with them. */
#include "build.h"
#include <pthread.h>
#include <runnel/plugin.h>
#include <unistd.h>

typedef enum where { STEP, SECOND_STEP, LOG_ONLY } where;
typedef struct row {
  const char *op, *how;
  where where;
  const char *words[4];
} row;

/* Reports come from any thread. */
static pthread_mutex_t log_guard = PTHREAD_MUTEX_INITIALIZER;
static char logged[1 << 16];
static void keep_log(void *arg, int level, const char *message) {
  (void)arg;
  (void)level;
  pthread_mutex_lock(&log_guard);
  size_t n = strlen(logged);
  snprintf(logged + n, sizeof logged - n, "%s\n", message);
  pthread_mutex_unlock(&log_guard);
}
static void clear_log(void) {
  pthread_mutex_lock(&log_guard);
  logged[0] = '\0';
  pthread_mutex_unlock(&log_guard);
}
/* What was logged so far. */
static const char *log_now(void) {
  static char copy[sizeof logged];
  pthread_mutex_lock(&log_guard);
  memcpy(copy, logged, strlen(logged) + 1);
  pthread_mutex_unlock(&log_guard);
  return copy;
}

static rn_runtime *runtime_with(const char *const *settings, uint32_t n) {
  rn_runtime *rt = NULL;
  char path[1024];
  snprintf(path, sizeof path, "%s:%s", getenv("RUNNEL_PLUGIN_PATH"), getenv("RUNNEL_TEST_PLUGINS"));
  rn_runtime_options o = {
      .struct_size = sizeof o, .n_settings = n, .settings = settings, .plugin_path = path, .log = keep_log};
  must(rn_runtime_create(&o, &rt));
  return rt;
}
static rn_runtime *validating(const char *more) {
  const char *settings[] = {"run.validate=true", more};
  return runtime_with(settings, more != NULL ? 2 : 1);
}

static rn_value pair(rn_graph *g) {
  const float two[2] = {1, 2};
  return constant(g, "x", floats(dims(1, 2, 0), two));
}

static rn_status *offend(rn_graph *g, const char *op, const char *how, rn_value x, rn_value *out) {
  rn_attr attrs[] = {RN_AS("how", how, strlen(how))};
  rn_node_request r = rn_node_request_for(op, NULL);
  r.inputs = &x;
  r.n_inputs = 1;
  r.attrs = attrs;
  r.n_attrs = 1;
  out->port = 0;
  return rn_graph_add(g, &r, &out->node);
}

static rn_status *step(rn_session *s, rn_value v, uint64_t timeout_ns) {
  rn_tensor *t = NULL;
  rn_run_options o = {.struct_size = sizeof o, .timeout_ns = timeout_ns};
  rn_status *failed = rn_session_run(s, &o, NULL, 0, &v, 1, &t, NULL, 0);
  rn_tensor_release(t);
  return failed;
}

static void says_in(const char *text, const row *r) {
  for (int i = 0; i < 4 && r->words[i] != NULL; i++) {
    if (strstr(text, r->words[i]) == NULL) print_error("%s '%s': no '%s' in: %s\n", r->op, r->how, r->words[i], text);
    assert_non_null(strstr(text, r->words[i]));
  }
}

/* The failure names the plugin and how; it is in the log too. Frees it. */
static void says(rn_status *s, const row *r) {
  if (rn_status_code(s) != RN_INTERNAL)
    print_error("%s '%s': %s: %s\n", r->op, r->how, rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  assert_int_equal(rn_status_code(s), RN_INTERNAL);
  says_in(rn_status_message(s), r);
  assert_non_null(strstr(rn_status_message(s), "plugin 'offender'"));
  assert_non_null(strstr(rn_status_message(s), r->op));
  says_in(log_now(), r);
  assert_non_null(strstr(log_now(), "validation: "));
  rn_status_free(s);
}

static void run_row(const row *r) {
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_value y;
  clear_log();
  rn_runtime *rt = validating(NULL);
  must(rn_graph_create(rt, 0, &g));
  must(offend(g, r->op, r->how, pair(g), &y));
  must(rn_session_create(g, NULL, &s));
  if (r->where != STEP) must(step(s, y, 0));
  if (r->where == STEP) says(step(s, y, 200000000), r);
  if (r->where == SECOND_STEP) says(step(s, y, 0), r);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  if (r->where == LOG_ONLY) says_in(log_now(), r);
}

static void misuse_of_the_hosts_table_is_reported(void **state) {
  (void)state;
  static const row rows[] = {
      {"OffendHost", "status twice", STEP, {"status_free frees", "freed before", "a status freed twice"}},
      {"OffendHost", "status used", STEP, {"status_message reads", "freed before", "a status read too late"}},
      {"OffendHost", "status leak", LOG_ONLY, {"1 statuses were never freed", "a forgotten status"}},
      {"OffendHost", "status returned", STEP, {"returns a status that was freed before", "given back twice"}},
      {"OffendHost", "status wrapped", STEP, {"status_wrap", "freed before", "a cause that is gone"}},
      {"OffendHost", "status code", STEP, {"4711 is no error code"}},
      {"OffendHost", "status unknown", STEP, {"status_free frees", "no status of this host"}},
      {"OffendHost", "block twice", STEP, {"40 bytes is freed a second time"}},
      {"OffendHost", "block foreign", STEP, {"free(", "no block of this host"}},
      {"OffendHost", "block lent", STEP, {"free(", "memory lent for a call"}},
      {"OffendHost", "block past", STEP, {"10 bytes", "past its end", "number 3"}},
      {"OffendHost", "block before", STEP, {"10 bytes", "1 bytes before its start", "byte -1"}},
      {"OffendHost", "block late", STEP, {"10 bytes", "written at byte 4 after it had been given back"}},
      {"OffendHost", "block leak", LOG_ONLY, {"1 blocks of memory, 1234 bytes", "never freed", "OffendHost"}},
      {"OffendHost", "block alignment", STEP, {"alignment 24 is not a power of two"}},
      {"OffendHost", "context", STEP, {"alloc: ctx", "not the host's"}},
      {"OffendHost", "tensor twice", STEP, {"releases a tensor that it does not own any more"}},
      {"OffendHost", "tensor used", STEP, {"tensor_view looks at a tensor that was released before"}},
      {"OffendHost", "tensor leak", LOG_ONLY, {"references to 1 tensors", "float [2]", "OffendHost"}},
      {"OffendHost", "string index", STEP, {"string_at: element 2 of 2"}},
      {"OffendHost", "parallel nothing", STEP, {"parallel_for: the function is NULL"}},
      {"OffendHost", "parallel piece", STEP, {"there is no level 77"}},
      {"OffendHost", "log level", STEP, {"there is no level 9"}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) run_row(&rows[i]);
}

static void misuse_of_a_call_is_reported(void **state) {
  (void)state;
  static const row rows[] = {
      {"OffendCall", "past", STEP, {"outside of output 0 of 8 bytes", "past its end", "offending"}},
      {"OffendCall", "before", STEP, {"outside of output 0", "4 bytes before its start"}},
      {"OffendCall", "input", STEP, {"changed input 0", "from byte 6 of 8 on"}},
      {"OffendCall", "input past", STEP, {"outside of input 0", "past its end"}},
      {"OffendCall", "scratch", STEP, {"outside of its scratch of 8 bytes", "1 bytes past"}},
      {"OffendCall", "unwritten", STEP, {"4 of 8 bytes of output 0 were never written, from byte 4 on"}},
      {"OffendCall", "complete", STEP, {"complete is called", "not asynchronous"}},
      {"OffendCall", "port", STEP, {"set_output: output 5 of 1"}},
      {"OffendCall", "other shape", STEP, {"set_output", "[77]", "inferred was [2]"}},
      {"OffendCall", "input port", STEP, {"input_tensor: input 3 of 1"}},
      {"OffendCall", "resource", STEP, {"cell_view", "neither an input of this node nor opened by it"}},
      {"OffendCall", "kept view", SECOND_STEP, {"output 0 of OffendCall", "after it had been given back"}},
      {"OffendCall", "kept call", SECOND_STEP, {"cancelled is called with a call that is over"}},
      {"OffendCall", "state", STEP, {"changed its prepared state of 16 bytes"}},
      {"OffendCall", "attribute", STEP, {"attribute 'how'", "is read as type"}},
      {"OffendOpen", "twice", STEP, {"output 0 was made with shape [2] and is now made with [3]"}},
      {"OffendOpen", "never", STEP, {"output 0 was never made"}},
      {"OffendOpen", "half known", STEP, {"not wholly known"}},
      {"OffendOpen", "past", STEP, {"outside of output 0 of 8 bytes", "4 bytes past its end"}},
      {"OffendLater", "twice", STEP, {"complete is called a second time"}},
      {"OffendLater", "error too", STEP, {"compute called complete and then returned an error", "and an error too"}},
      {"OffendLater", "past", STEP, {"outside of output 0 of 8 bytes"}},
      {"OffendLater", "never", STEP, {"has not called complete after 1."}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) run_row(&rows[i]);
}

static void a_variable_is_guarded(void **state) {
  (void)state;
  static const row rows[] = {
      {"OffendVariable", "write", STEP, {"changed input 0", "from byte 2 of 8 on"}},
      {"OffendVariable", "past", STEP, {"outside of input 0 of 8 bytes", "4 bytes past its end"}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rn_graph *g = NULL;
    rn_session *s = NULL;
    rn_value y;
    clear_log();
    rn_runtime *rt = validating(NULL);
    must(rn_graph_create(rt, 0, &g));
    rn_shape two = dims(1, 2, 0);
    rn_attr attrs[] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &two)};
    rn_value v = node(g, "VarHandleOp", "v", NULL, 0, attrs, 2);
    rn_value assign = node2(g, "AssignVariableOp", NULL, v, pair(g));
    must(offend(g, rows[i].op, rows[i].how, v, &y));
    must(rn_session_create(g, NULL, &s));
    run_target(s, assign.node);
    says(step(s, y, 0), &rows[i]);
    rn_value read = node(g, "ReadVariableOp", NULL, &v, 1, attrs, 1);
    rn_tensor *t = fetch(s, read);
    assert_float_equal(((const float *)rn_tensor_data(t))[0], 1, 0); /* the write went into a copy */
    rn_tensor_release(t);
    rn_session_destroy(s);
    rn_graph_destroy(g);
    rn_runtime_destroy(rt);
  }
}

static void misuse_by_shape_functions_is_reported(void **state) {
  (void)state;
  static const row rows[] = {
      {"OffendShape", "output", STEP, {"shape function of", "set_shape: output 5 of 1"}},
      {"OffendShape", "rank", STEP, {"set_shape: rank 9"}},
      {"OffendShape", "dimension", STEP, {"dimension 0 is -4711"}},
      {"OffendShape", "input", STEP, {"shape: input 3 of 1"}},
      {"OffendShape", "attribute", STEP, {"attribute 'how'", "is read as type"}},
      {"OffendShape", "value", STEP, {"set_value: 65 elements"}},
      {"OffendShape", "kept", STEP, {"dtype is called after the shape function returned"}},
  };
  rn_graph *g = NULL;
  rn_value y;
  clear_log();
  rn_runtime *rt = validating(NULL);
  must(rn_graph_create(rt, 0, &g));
  rn_value x = pair(g);
  must(offend(g, "OffendShape", "keep", x, &y));
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rn_status *s = offend(g, rows[i].op, rows[i].how, x, &y);
    if (strcmp(rows[i].how, "kept") != 0) {
      says(s, &rows[i]);
      continue;
    }
    assert_null(s); /* whose mistake it is has returned long ago: the log has it */
    says_in(log_now(), &rows[i]);
  }
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static void misuse_by_gradient_functions_is_reported(void **state) {
  (void)state;
  static const row rows[] = {
      {"OffendGradient", "dy", STEP, {"gradient function of", "dy: output 4 of 1"}},
      {"OffendGradient", "dx", STEP, {"set_dx: input 4 of 1"}},
      {"OffendGradient", "value", STEP, {"set_dx: output 0 of node 99999", "not of this graph"}},
      {"OffendGradient", "node", STEP, {"add: 'Neg': input 0", "node 99999"}},
      {"OffendGradient", "nothing", STEP, {"fail: the status is NULL"}},
      {"OffendGradient", "keep", LOG_ONLY, {NULL}},
      {"OffendGradient", "kept", LOG_ONLY, {"failed is called after the function returned"}},
  };
  rn_graph *g = NULL;
  clear_log();
  rn_runtime *rt = validating(NULL);
  must(rn_graph_create(rt, 0, &g));
  rn_value x = pair(g);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rn_value y, dx;
    must(offend(g, rows[i].op, rows[i].how, x, &y));
    rn_status *s = rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL);
    if (rows[i].where == STEP) {
      says(s, &rows[i]);
    } else {
      assert_null(s);
      says_in(log_now(), &rows[i]);
    }
  }
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static void misuse_by_devices_is_reported(void **state) {
  (void)state;
  static const row rows[] = {
      {"", "misaligned", STEP, {"device /device:OFFENDER:0", "not aligned to the 64 bytes"}},
      {"", "overlap", STEP, {"overlaps memory still allocated"}},
      {"", "nothing", STEP, {"alloc succeeded and returned nothing"}},
      {"", "backwards", STEP, {"a timeline went back from"}},
      {"", "early", STEP, {"timeline_wait for", "succeeded, but the timeline is at 0"}},
      {"", "launched twice", STEP, {"calls the work it was given a second time"}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char mode[64];
    rn_graph *g = NULL;
    rn_session *s = NULL;
    clear_log();
    snprintf(mode, sizeof mode, "plugin.offender.device=%s", rows[i].how);
    rn_runtime *rt = validating(mode);
    must(rn_graph_create(rt, 0, &g));
    rn_value x = placeholder(g, "x", RN_FLOAT, dims(1, 2, 0)), y = x;
    for (int k = 0; k < 3; k++) y = node1(g, "Neg", NULL, y);
    y = node2(g, "Add", NULL, y, pair(g)); /* a constant, in memory of its own */
    rn_session_options o = {.struct_size = sizeof o, .device = "offender"};
    must(rn_session_create(g, &o, &s));
    const float two[2] = {1, 2};
    rn_feed feed = {x, floats(dims(1, 2, 0), two)};
    rn_status *failed = NULL;
    for (int k = 0; k < 3 && failed == NULL; k++) {
      rn_tensor *t = NULL;
      failed = rn_session_run(s, NULL, &feed, 1, &y, 1, &t, NULL, 0);
      rn_tensor_release(t);
    }
    rn_tensor_release(feed.tensor);
    if (strcmp(rows[i].how, "launched twice") != 0)
      says(failed, &rows[i]);
    else
      rn_status_free(failed); /* on the device's side: the log has it */
    says_in(log_now(), &rows[i]);
    rn_session_destroy(s);
    rn_graph_destroy(g);
    rn_runtime_destroy(rt);
  }
}

static void calls_after_fini_are_reported(void **state) {
  (void)state;
  static const row late = {"OffendHost", "after fini", LOG_ONLY, {NULL}};
  static const row report = {"OffendHost", "after fini", LOG_ONLY, {"threads is called after fini"}};
  rn_runtime *other = validating(NULL); /* somebody must still listen */
  run_row(&late);
  for (int i = 0; i < 200 && strstr(log_now(), report.words[0]) == NULL; i++) usleep(10000);
  says_in(log_now(), &report);
  rn_runtime_destroy(other);
}

static void the_nth_allocation_of_plugins_fails(void **state) {
  (void)state;
  rn_runtime *rt = validating("validate.fail_allocation=1");
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_value y;
  must(rn_graph_create(rt, 0, &g));
  must(offend(g, "OffendHost", "status used", pair(g), &y));
  must(rn_session_create(g, NULL, &s));
  assert_status(step(s, y, 0), RN_RESOURCE_EXHAUSTED, "offender: out of memory", NULL);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

static rn_value two_strings(rn_graph *g) {
  const rn_bytes items[2] = {{"left", 4}, {"right", 5}};
  const rn_shape two = dims(1, 2, 0);
  rn_tensor *t = NULL;
  must(rn_tensor_strings(&two, items, &t));
  return constant(g, NULL, t);
}

/* Training with variables, a gradient and strings, then an asynchronous kernel: nothing to say, and
 * nothing left at the end. */
static void our_own_plugins_break_no_rule(void **state) {
  (void)state;
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_value dw;
  clear_log();
  rn_runtime *rt = validating("run.threads=2");
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(2, -1, 2));
  const float zeros[4] = {0};
  rn_value w = variable(g, "w", RN_FLOAT, dims(2, 2, 2));
  rn_value init = node2(g, "Assign", NULL, w, constant(g, NULL, floats(dims(2, 2, 2), zeros)));
  rn_value y = node1(g, "Softmax", NULL, node2(g, "MatMul", NULL, x, w));
  rn_value loss = node1(g, "L2Loss", NULL, y);
  must(rn_graph_gradients(g, &loss, 1, &w, 1, NULL, &dw, NULL));
  rn_value apply[3] = {w, scalar(g, NULL, 0.1f), dw};
  rn_value train = node(g, "ApplyGradientDescent", NULL, apply, 3, NULL, 0);
  rn_value text = node1(g, "Squeeze", NULL, two_strings(g)), later = node1(g, "AddOneLater", NULL, loss);
  must(rn_session_create(g, NULL, &s));
  run_target(s, init.node);
  for (int64_t rows = 1; rows < 4; rows++) { /* each a layout of its own */
    const float data[6] = {1, 2, 3, 4, 5, 6};
    rn_feed feed = {x, floats(dims(2, rows, 2), data)};
    rn_value fetches[2] = {text, later};
    rn_tensor *t[2] = {NULL, NULL};
    must(rn_session_run(s, NULL, &feed, 1, fetches, 2, t, &train.node, 1));
    for (int k = 0; k < 2; k++) rn_tensor_release(t[k]);
    rn_tensor_release(feed.tensor);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  assert_string_equal(log_now(), "");
}

/* The same plugin without validation: nothing looks, and the harmless of its offences pass. */
static void without_the_setting_nothing_is_reported(void **state) {
  (void)state;
  const char *off[] = {"run.validate=false"};
  rn_runtime *rt = runtime_with(off, 1);
  rn_graph *g = NULL;
  rn_session *s = NULL;
  rn_value y;
  clear_log();
  must(rn_graph_create(rt, 0, &g));
  must(offend(g, "OffendCall", "unwritten", pair(g), &y));
  must(rn_session_create(g, NULL, &s));
  must(step(s, y, 0));
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  assert_null(strstr(log_now(), "validation"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(misuse_of_the_hosts_table_is_reported),
      cmocka_unit_test(misuse_of_a_call_is_reported),
      cmocka_unit_test(a_variable_is_guarded),
      cmocka_unit_test(misuse_by_shape_functions_is_reported),
      cmocka_unit_test(misuse_by_gradient_functions_is_reported),
      cmocka_unit_test(misuse_by_devices_is_reported),
      cmocka_unit_test(calls_after_fini_are_reported),
      cmocka_unit_test(the_nth_allocation_of_plugins_fails),
      cmocka_unit_test(our_own_plugins_break_no_rule),
      cmocka_unit_test(without_the_setting_nothing_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
