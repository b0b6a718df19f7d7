/* bad_input_test.c - what a user gets for each kind of bad input: the right code, and a message that names
 * the node, what was asked and what was found (tests/e2e). */
#include <runnel/runnel.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct world {
  rn_runtime *rt;
  rn_graph *graph;
  rn_session *session;
  rn_tensor *matrix, *integers; /* float [2,3] and int32 [2,3] */
} world;

static void must(rn_status *s) {
  if (s) fail_msg("%s", rn_status_message(s));
}

static int setup(void **state) {
  static const float numbers[6] = {1, 2, 3, 4, 5, 6};
  static const int32_t whole[6] = {1, 2, 3, 4, 5, 6};
  rn_shape s = {2, 0, {2, 3}};
  world *w = calloc(1, sizeof *w);
  if (!w) return -1;
  must(rn_runtime_create(NULL, &w->rt));
  must(rn_graph_create(w->rt, 0, &w->graph));
  must(rn_session_create(w->graph, NULL, &w->session));
  must(rn_tensor_from(RN_FLOAT, &s, numbers, &w->matrix));
  must(rn_tensor_from(RN_INT32, &s, whole, &w->integers));
  *state = w;
  return 0;
}

static int teardown(void **state) {
  world *w = *state;
  rn_session_destroy(w->session);
  rn_graph_destroy(w->graph);
  rn_tensor_release(w->matrix);
  rn_tensor_release(w->integers);
  rn_runtime_destroy(w->rt);
  free(w);
  return 0;
}

/* Takes s; words end with NULL. */
static void says(rn_status *s, int32_t code, const char *const *words) {
  if (!s) fail_msg("it succeeded; %s was expected", rn_status_code_name(code));
  const char *message = rn_status_message(s);
  if (rn_status_code(s) != code)
    fail_msg("code %s, expected %s: %s", rn_status_code_name(rn_status_code(s)), rn_status_code_name(code), message);
  for (; *words; words++)
    if (!strstr(message, *words)) fail_msg("'%s' is not in: %s", *words, message);
  rn_status_free(s);
}
#define SAYS(s, code, ...) says((s), (code), (const char *const[]){__VA_ARGS__, NULL})

static rn_status *try_add(world *w, const char *op, const char *name, const rn_value *in, uint32_t n_in,
                          const rn_attr *attrs, uint32_t n_attrs, rn_value *out) {
  rn_node_request r = rn_node_request_for(op, name);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  out->port = 0;
  return rn_graph_add(w->graph, &r, &out->node);
}
static rn_value add(world *w, const char *op, const char *name, const rn_value *in, uint32_t n_in, const rn_attr *attrs,
                    uint32_t n_attrs) {
  rn_value v;
  must(try_add(w, op, name, in, n_in, attrs, n_attrs, &v));
  return v;
}
static rn_value placeholder(world *w, const char *name, rn_dtype t, int64_t rows, int64_t columns) {
  rn_shape s = {2, 0, {rows, columns}};
  return add(w, "Placeholder", name, NULL, 0, (rn_attr[]){RN_AT("dtype", t), RN_ASHAPE("shape", &s)}, 2);
}
static rn_value constant(world *w, const char *name, rn_tensor *t) {
  return add(w, "Const", name, NULL, 0, (rn_attr[]){RN_AT("dtype", rn_tensor_dtype(t)), RN_ATENSOR("value", t)}, 2);
}
static rn_status *fetch(world *w, const rn_feed *feeds, uint32_t n_feeds, rn_value v) {
  rn_tensor *out = NULL;
  rn_status *s = rn_session_run(w->session, NULL, feeds, n_feeds, &v, 1, &out, NULL, 0);
  if (s) assert_null(out);
  rn_tensor_release(out);
  return s;
}

/* ---- feeds and fetches */
static void a_feed_of_the_wrong_shape_is_named(void **state) {
  world *w = *state;
  rn_value x = placeholder(w, "pictures", RN_FLOAT, -1, 4), y = add(w, "Neg", "minus", &x, 1, NULL, 0);
  rn_feed feed = {x, w->matrix};
  SAYS(fetch(w, &feed, 1, y), RN_INVALID_ARGUMENT, "pictures", "[2,3]", "4]");
}
static void a_feed_of_the_wrong_dtype_is_named(void **state) {
  world *w = *state;
  rn_value x = placeholder(w, "pictures", RN_FLOAT, 2, 3), y = add(w, "Neg", "minus", &x, 1, NULL, 0);
  rn_feed feed = {x, w->integers};
  SAYS(fetch(w, &feed, 1, y), RN_INVALID_ARGUMENT, "pictures", "float", "int32");
}
static void a_missing_feed_is_named(void **state) {
  world *w = *state;
  rn_value x = placeholder(w, "pictures", RN_FLOAT, 2, 3), y = add(w, "Neg", "minus", &x, 1, NULL, 0);
  SAYS(fetch(w, NULL, 0, y), RN_INVALID_ARGUMENT, "pictures", "fed");
  rn_feed feed = {x, w->matrix};
  must(fetch(w, &feed, 1, y));
}
static void a_placeholder_that_nobody_reads_needs_no_feed(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y = add(w, "Neg", "minus", &x, 1, NULL, 0);
  (void)placeholder(w, "other", RN_FLOAT, 2, 3);
  must(fetch(w, NULL, 0, y));
}
static void the_same_value_fed_twice_is_refused(void **state) {
  world *w = *state;
  rn_value x = placeholder(w, "pictures", RN_FLOAT, 2, 3), y = add(w, "Neg", "minus", &x, 1, NULL, 0);
  rn_feed feeds[2] = {{x, w->matrix}, {x, w->matrix}};
  SAYS(fetch(w, feeds, 2, y), RN_INVALID_ARGUMENT, "pictures");
}
static void running_nothing_is_refused(void **state) {
  world *w = *state;
  SAYS(rn_session_run(w->session, NULL, NULL, 0, NULL, 0, NULL, NULL, 0), RN_INVALID_ARGUMENT, "nothing");
}
static void a_fetch_that_is_not_there_is_refused(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix);
  SAYS(fetch(w, NULL, 0, (rn_value){x.node, 5}), RN_INVALID_ARGUMENT, "x", "5");
  rn_status *s = fetch(w, NULL, 0, (rn_value){12345, 0});
  assert_non_null(s);
  rn_status_free(s);
}
static void a_name_that_is_not_there_gets_near_ones(void **state) {
  world *w = *state;
  rn_value v;
  (void)constant(w, "pictures", w->matrix);
  SAYS(rn_graph_find_value(w->graph, "picture:0", &v), RN_NOT_FOUND, "picture", "pictures");
  SAYS(rn_graph_find_value(w->graph, "pictures:7", &v), RN_NOT_FOUND, "pictures:7", "1 output");
  SAYS(rn_graph_find_value(w->graph, "pictures:x", &v), RN_INVALID_ARGUMENT, "pictures:x");
}

/* ---- nodes */
static void an_unknown_op_is_named_with_where_it_was_looked_for(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y;
  SAYS(try_add(w, "MatMull", "product", &x, 1, NULL, 0, &y), RN_NOT_FOUND, "MatMull", "MatMul'", "product",
       getenv("RUNNEL_PLUGIN_PATH"));
}
static void an_unknown_attribute_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y;
  SAYS(try_add(w, "MatMul", "product", (rn_value[]){x, x}, 2, (rn_attr[]){RN_AB("transpose_c", 1)}, 1, &y),
       RN_INVALID_ARGUMENT, "product", "transpose_c");
}
static void an_attribute_of_the_wrong_type_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y;
  SAYS(try_add(w, "MatMul", "product", (rn_value[]){x, x}, 2, (rn_attr[]){RN_AI("transpose_a", 1)}, 1, &y),
       RN_INVALID_ARGUMENT, "product", "transpose_a", "bool", "int");
}
static void a_missing_attribute_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y;
  SAYS(try_add(w, "Cast", "to", &x, 1, NULL, 0, &y), RN_INVALID_ARGUMENT, "to", "DstT");
}
static void a_value_that_an_attribute_does_not_allow_is_named(void **state) {
  world *w = *state;
  rn_shape s = {4, 0, {1, 3, 3, 1}};
  rn_value x = add(w, "Placeholder", "x", NULL, 0, (rn_attr[]){RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)}, 2), y;
  int64_t ones[4] = {1, 1, 1, 1};
  SAYS(try_add(w, "MaxPool", "pool", &x, 1,
               (rn_attr[]){RN_AILIST("ksize", ones, 4), RN_AILIST("strides", ones, 4), RN_AS("padding", "SOME", 4)}, 3,
               &y),
       RN_INVALID_ARGUMENT, "pool", "padding", "SOME", "SAME", "VALID");
}
static void a_wrong_number_of_inputs_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y;
  SAYS(try_add(w, "MatMul", "product", &x, 1, NULL, 0, &y), RN_INVALID_ARGUMENT, "product", "2", "1");
}
static void inputs_of_two_dtypes_are_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), i = constant(w, "i", w->integers), y;
  SAYS(try_add(w, "Add", "sum", (rn_value[]){x, i}, 2, NULL, 0, &y), RN_INVALID_ARGUMENT, "sum", "float", "int32");
}
static void an_input_of_a_dtype_not_allowed_is_named(void **state) {
  world *w = *state;
  rn_value i = constant(w, "i", w->integers), y;
  SAYS(try_add(w, "Sigmoid", "squash", &i, 1, NULL, 0, &y), RN_INVALID_ARGUMENT, "squash", "int32", "float");
}
static void shapes_that_do_not_fit_are_named_when_the_node_is_added(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y;
  SAYS(try_add(w, "MatMul", "fc1", (rn_value[]){x, x}, 2, NULL, 0, &y), RN_INVALID_ARGUMENT, "MatMul", "fc1", "3", "2");
  assert_int_equal(rn_graph_find(w->graph, "fc1"), RN_NO_NODE);
}
static void shapes_that_do_not_fit_are_named_when_they_are_first_known(void **state) {
  world *w = *state;
  rn_shape unknown = {-1, 0, {0}};
  rn_value x =
      add(w, "Placeholder", "x", NULL, 0, (rn_attr[]){RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &unknown)}, 2);
  rn_value y = add(w, "MatMul", "fc1", (rn_value[]){x, x}, 2, NULL, 0);
  rn_feed feed = {x, w->matrix};
  SAYS(fetch(w, &feed, 1, y), RN_INVALID_ARGUMENT, "fc1", "3", "2");
}
static void an_input_that_does_not_exist_is_refused(void **state) {
  world *w = *state;
  rn_value y;
  rn_status *s = try_add(w, "Neg", "minus", (rn_value[]){{77, 0}}, 1, NULL, 0, &y);
  assert_int_equal(rn_status_code(s), RN_INVALID_ARGUMENT);
  assert_non_null(strstr(rn_status_message(s), "minus"));
  rn_status_free(s);
}
static void a_name_that_is_taken_is_refused_when_it_must_be_exact(void **state) {
  world *w = *state;
  (void)constant(w, "x", w->matrix);
  rn_node_id id;
  rn_node_request r = rn_node_request_for("NoOp", "x");
  r.flags = RN_NODE_EXACT_NAME;
  SAYS(rn_graph_add(w->graph, &r, &id), RN_ALREADY_EXISTS, "x");
}

/* ---- order and state */
static void a_cycle_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), a = add(w, "Neg", "first", &x, 1, NULL, 0);
  rn_value b = add(w, "Neg", "second", &a, 1, NULL, 0);
  rn_status *s = rn_graph_set_input(w->graph, a.node, 0, b);
  if (!s) s = fetch(w, NULL, 0, b);
  SAYS(s, RN_INVALID_ARGUMENT, "first");
}
static void a_cycle_of_control_edges_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), a = add(w, "Neg", "first", &x, 1, NULL, 0);
  rn_value b = add(w, "Neg", "second", &a, 1, NULL, 0);
  rn_status *s = rn_graph_add_control(w->graph, a.node, b.node);
  if (!s) s = fetch(w, NULL, 0, b);
  SAYS(s, RN_INVALID_ARGUMENT, "first");
}
static void an_uninitialised_variable_is_named(void **state) {
  world *w = *state;
  rn_shape s = {2, 0, {2, 3}};
  rn_attr attrs[2] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)};
  rn_value v = add(w, "VariableV2", "weights", NULL, 0, attrs, 2), y = add(w, "Neg", "minus", &v, 1, NULL, 0);
  SAYS(fetch(w, NULL, 0, y), RN_FAILED_PRECONDITION, "weights", "nitiali");
  rn_value h = add(w, "VarHandleOp", "kernel", NULL, 0, attrs, 2);
  rn_value read = add(w, "ReadVariableOp", "read", &h, 1, attrs, 1);
  SAYS(fetch(w, NULL, 0, read), RN_FAILED_PRECONDITION, "kernel", "nitiali");
}
static void a_node_without_kernel_gets_each_candidates_reason(void **state) {
  world *w = *state;
  static const uint64_t bits[2] = {1, 2};
  rn_shape s = {1, 0, {2}};
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_COMPLEX64, &s, bits, &t));
  rn_value x =
      add(w, "Placeholder", "x", NULL, 0, (rn_attr[]){RN_AT("dtype", RN_COMPLEX64), RN_ASHAPE("shape", &s)}, 2);
  rn_value y = add(w, "Tan", "slope", &x, 1, NULL, 0);
  rn_feed feed = {x, t};
  SAYS(fetch(w, &feed, 1, y), RN_NOT_FOUND, "slope", "Tan", "cpu", "T", "complex64");
  rn_tensor_release(t);
}
static void a_pin_to_a_device_that_is_not_there_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), y = {RN_NO_NODE, 0};
  rn_session_options o;
  rn_session *strict = NULL;
  rn_tensor *out = NULL;
  rn_node_request r = rn_node_request_for("Neg", "minus");
  r.inputs = &x;
  r.n_inputs = 1;
  r.device = "/device:ABACUS:0";
  must(rn_graph_add(w->graph, &r, &y.node));
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.fallback = "error";
  must(rn_session_create(w->graph, &o, &strict));
  rn_status *s = rn_session_run(strict, NULL, NULL, 0, &y, 1, &out, NULL, 0);
  rn_session_destroy(strict);
  SAYS(s, RN_INVALID_ARGUMENT, "minus", "ABACUS");
}
static void a_gradient_that_does_not_exist_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), dx;
  rn_value y = add(w, "PreventGradient", "wall", &x, 1, (rn_attr[]){RN_AS("message", "not here", 8)}, 1);
  uint32_t before = rn_graph_node_count(w->graph);
  rn_status *s = rn_graph_gradients(w->graph, &y, 1, &x, 1, NULL, &dx, NULL);
  assert_non_null(s);
  assert_non_null(strstr(rn_status_message(s), "wall"));
  assert_non_null(strstr(rn_status_message(s), "not here"));
  rn_status_free(s);
  assert_int_equal(rn_graph_node_count(w->graph), before);
}
static void numbers_that_blow_up_are_named_when_asked_for(void **state) {
  world *w = *state;
  rn_shape s = {0, 0, {0}};
  float minus = -1;
  rn_tensor *t = NULL, *out = NULL;
  must(rn_tensor_from(RN_FLOAT, &s, &minus, &t));
  rn_value x = constant(w, "x", t), y = add(w, "Log", "bad_logarithm", &x, 1, NULL, 0);
  rn_run_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.flags = RN_RUN_CHECK_NUMERICS;
  rn_status *e = rn_session_run(w->session, &o, NULL, 0, &y, 1, &out, NULL, 0);
  SAYS(e, RN_INVALID_ARGUMENT, "bad_logarithm");
  rn_tensor_release(t);
}
static void an_index_out_of_range_is_named(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix), i = constant(w, "i", w->integers);
  rn_value y = add(w, "Gather", "pick", (rn_value[]){x, i}, 2, NULL, 0);
  SAYS(fetch(w, NULL, 0, y), RN_INVALID_ARGUMENT, "pick", "2");
}
static void a_closed_session_says_so(void **state) {
  world *w = *state;
  rn_value x = constant(w, "x", w->matrix);
  rn_session_close(w->session);
  SAYS(fetch(w, NULL, 0, x), RN_CANCELLED, "closed");
}

/* ---- files */
static void write_file(char path[64], const char *text) {
  snprintf(path, 64, "/tmp/runnel_bad_input_XXXXXX");
  int f = mkstemp(path);
  assert_true(f >= 0);
  assert_int_equal(write(f, text, strlen(text)), (ssize_t)strlen(text));
  close(f);
}
static rn_tensor *one_string(const char *text) {
  rn_shape s = {1, 0, {1}};
  rn_bytes b = {text, strlen(text)};
  rn_tensor *t = NULL;
  must(rn_tensor_strings(&s, &b, &t));
  return t;
}
static rn_tensor *string_scalar(const char *text) {
  rn_shape s = {0, 0, {0}};
  rn_bytes b = {text, strlen(text)};
  rn_tensor *t = NULL;
  must(rn_tensor_strings(&s, &b, &t));
  return t;
}
static rn_status *restore(world *w, const char *prefix) {
  rn_tensor *t[3] = {string_scalar(prefix), one_string("weights"), one_string("")};
  rn_value in[3];
  for (int i = 0; i < 3; i++) in[i] = constant(w, NULL, t[i]);
  rn_dtype float_only = RN_FLOAT;
  rn_value y = add(w, "RestoreV2", "restore", in, 3, (rn_attr[]){RN_ATLIST("dtypes", &float_only, 1)}, 1);
  for (int i = 0; i < 3; i++) rn_tensor_release(t[i]);
  return fetch(w, NULL, 0, y);
}
static void a_checkpoint_that_is_not_there_is_named(void **state) {
  SAYS(restore(*state, "/nonexistent/model.ckpt-7"), RN_NOT_FOUND, "restore", "/nonexistent/model.ckpt-7");
}
static void a_checkpoint_that_is_none_is_named(void **state) {
  char path[64], index[80];
  write_file(path, "this is no checkpoint at all, but text that goes on for longer than a footer has bytes\n");
  snprintf(index, sizeof index, "%s.index", path);
  assert_int_equal(rename(path, index), 0);
  SAYS(restore(*state, path), RN_DATA_LOSS, path);
  unlink(index);
}
static void a_mistake_in_the_configuration_is_named_with_file_and_line(void **state) {
  (void)state;
  static const char *const texts[] = {"; first\n[run]\nthread = 2\n", "; first\n[run]\nthreads = many\n",
                                      "; first\n\nthreads\n", "; first\n\n[ruin]\nx = 1\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    char path[64], place[80];
    rn_runtime *rt = NULL;
    rn_runtime_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = (uint32_t)sizeof o;
    write_file(path, texts[i]);
    o.config_file = path;
    snprintf(place, sizeof place, "%s:%d", path, i == 3 ? 4 : 3);
    rn_status *s = rn_runtime_create(&o, &rt);
    unlink(path);
    assert_null(rt);
    SAYS(s, RN_INVALID_ARGUMENT, place);
  }
}
static void a_configuration_file_that_is_not_there_is_named(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_runtime_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.config_file = "/nonexistent/runnel.conf";
  SAYS(rn_runtime_create(&o, &rt), RN_NOT_FOUND, "/nonexistent/runnel.conf");
}
static void a_flag_that_is_wrong_is_named(void **state) {
  (void)state;
  static const char *const settings[] = {"run.thread=2"};
  rn_runtime *rt = NULL;
  rn_runtime_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.settings = settings;
  o.n_settings = 1;
  SAYS(rn_runtime_create(&o, &rt), RN_INVALID_ARGUMENT, "run.thread", "run.threads");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_feed_of_the_wrong_shape_is_named),
      TEST(a_feed_of_the_wrong_dtype_is_named),
      TEST(a_missing_feed_is_named),
      TEST(a_placeholder_that_nobody_reads_needs_no_feed),
      TEST(the_same_value_fed_twice_is_refused),
      TEST(running_nothing_is_refused),
      TEST(a_fetch_that_is_not_there_is_refused),
      TEST(a_name_that_is_not_there_gets_near_ones),
      TEST(an_unknown_op_is_named_with_where_it_was_looked_for),
      TEST(an_unknown_attribute_is_named),
      TEST(an_attribute_of_the_wrong_type_is_named),
      TEST(a_missing_attribute_is_named),
      TEST(a_value_that_an_attribute_does_not_allow_is_named),
      TEST(a_wrong_number_of_inputs_is_named),
      TEST(inputs_of_two_dtypes_are_named),
      TEST(an_input_of_a_dtype_not_allowed_is_named),
      TEST(shapes_that_do_not_fit_are_named_when_the_node_is_added),
      TEST(shapes_that_do_not_fit_are_named_when_they_are_first_known),
      TEST(an_input_that_does_not_exist_is_refused),
      TEST(a_name_that_is_taken_is_refused_when_it_must_be_exact),
      TEST(a_cycle_is_named),
      TEST(a_cycle_of_control_edges_is_named),
      TEST(an_uninitialised_variable_is_named),
      TEST(a_node_without_kernel_gets_each_candidates_reason),
      TEST(a_pin_to_a_device_that_is_not_there_is_named),
      TEST(a_gradient_that_does_not_exist_is_named),
      TEST(numbers_that_blow_up_are_named_when_asked_for),
      TEST(an_index_out_of_range_is_named),
      TEST(a_closed_session_says_so),
      TEST(a_checkpoint_that_is_not_there_is_named),
      TEST(a_checkpoint_that_is_none_is_named),
      TEST(a_mistake_in_the_configuration_is_named_with_file_and_line),
      TEST(a_configuration_file_that_is_not_there_is_named),
      TEST(a_flag_that_is_wrong_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
