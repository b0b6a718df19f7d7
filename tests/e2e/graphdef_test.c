/* graphdef_test.c - TensorFlow's graph files: all that we have, and hostile ones (tests/e2e). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <runnel/graphdef.h>

static rn_runtime *rt;

static const char *data_folder(void) {
  const char *d = getenv("RUNNEL_DATA");
  return d ? d : "../shared/data";
}

static void ok(rn_status *s) {
  if (s != NULL) print_error("%s\n", rn_status_message(s));
  assert_null(s);
}

static void fails(rn_status *s, int32_t code, const char *part) {
  assert_non_null(s);
  if (rn_status_code(s) != code || strstr(rn_status_message(s), part) == NULL)
    print_error("%s: %s\n", rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  assert_int_equal(rn_status_code(s), code);
  assert_non_null(strstr(rn_status_message(s), part));
  rn_status_free(s);
}

static rn_graph *from_text(const char *text) {
  rn_graph *g = NULL;
  ok(rn_graphdef_parse(rt, text, strlen(text), RN_FILE_TEXT, "text", RN_GRAPH_ALLOW_UNKNOWN_OPS, &g));
  return g;
}

static void refused(const char *text, int32_t code, const char *part) {
  rn_graph *g = NULL;
  fails(rn_graphdef_parse(rt, text, strlen(text), RN_FILE_TEXT, "text", RN_GRAPH_ALLOW_UNKNOWN_OPS, &g), code, part);
}

/* What is written is read again and written the same. */
static void survives(const rn_graph *g, int format) {
  void *a, *b;
  size_t na, nb;
  rn_graph *again = NULL;
  ok(rn_graphdef_print(g, format, &a, &na));
  ok(rn_graphdef_parse(rt, a, na, format, "again", RN_GRAPH_ALLOW_UNKNOWN_OPS, &again));
  ok(rn_graphdef_print(again, format, &b, &nb));
  if (na < 2000000 || format == RN_FILE_BINARY) {
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
  }
  free(a);
  free(b);
  rn_graph_destroy(again);
}

static int files_read, files_failed;
static void try_graph(const char *path) {
  rn_graph *g = NULL;
  rn_status *s = rn_graphdef_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, &g);
  files_read++;
  if (s != NULL && strstr(rn_status_message(s), "_ref) is wanted") != NULL) {
    rn_status_free(s); /* its variable was frozen into a constant: TensorFlow refuses it too */
    return;
  }
  if (s != NULL) {
    files_failed++;
    print_error("%s\n", rn_status_message(s));
    rn_status_free(s);
    return;
  }
  survives(g, RN_FILE_BINARY);
  if (files_read % 16 == 0) survives(g, RN_FILE_TEXT);
  rn_graph_destroy(g);
}

static int visit_file(const char *path, const struct stat *st, int kind, struct FTW *at) {
  size_t n = strlen(path);
  (void)st;
  (void)at;
  if (kind == FTW_F && n > 3 && strcmp(path + n - 3, ".pb") == 0 && strstr(path, "saved_model") == NULL)
    try_graph(path);
  return 0;
}

static void skip_because(const char *what, const char *where) {
  print_message("skipped: no %s at %s\n", what, where);
  skip();
}

static void every_graph_file_is_read_and_written_again(void **state) {
  (void)state;
  files_read = files_failed = 0;
  nftw(data_folder(), visit_file, 16, FTW_PHYS);
  if (files_read == 0) skip_because("graph files", data_folder());
  print_message("%d graph files\n", files_read);
  assert_int_equal(files_failed, 0);
}

static void a_metagraph_keeps_what_surrounds_the_graph(void **state) {
  (void)state;
  char path[512], temporary[] = "/tmp/runnel_metagraph_XXXXXX";
  snprintf(path, sizeof path, "%s/checkpoints/simple_graph_v2/data-all-1000.meta", data_folder());
  if (access(path, R_OK) != 0) skip_because("meta graph", path);
  rn_metagraph *m = NULL, *again = NULL;
  rn_saver_def saver, other;
  ok(rn_metagraph_read(rt, path, RN_GRAPH_ALLOW_UNKNOWN_OPS, &m));
  assert_true(rn_metagraph_saver(m, &saver));
  assert_string_equal(saver.filename_tensor, "save/Const:0");
  close(mkstemp(temporary));
  ok(rn_metagraph_write(m, temporary, RN_FILE_BINARY));
  ok(rn_metagraph_read(rt, temporary, RN_GRAPH_ALLOW_UNKNOWN_OPS, &again));
  assert_true(rn_metagraph_saver(again, &other));
  assert_string_equal(other.restore_op, saver.restore_op);
  assert_int_equal(rn_metagraph_collection_count(m), rn_metagraph_collection_count(again));
  uint32_t count;
  assert_int_equal(rn_metagraph_collection(again, "variables", &count), RN_COLLECT_BYTES);
  for (uint32_t i = 0; i < count; i++) {
    rn_variable_def v;
    ok(rn_metagraph_variable(again, "variables", i, &v));
    assert_true(rn_graph_find(rn_metagraph_graph(again), v.initializer) != RN_NO_NODE);
  }
  unlink(temporary);
  rn_metagraph_destroy(m);
  rn_metagraph_destroy(again);
}

static int saved_models;
static int visit_model(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st;
  (void)at;
  if (kind != FTW_F || strstr(path, "/saved_model.pb") == NULL) return 0;
  rn_metagraph *m = NULL;
  ok(rn_saved_model_read(rt, path, NULL, 0, RN_GRAPH_ALLOW_UNKNOWN_OPS, &m));
  const char *none[] = {"no such tag"};
  rn_metagraph *n = NULL;
  fails(rn_saved_model_read(rt, path, none, 1, RN_GRAPH_ALLOW_UNKNOWN_OPS, &n), RN_NOT_FOUND, "there are: {");
  rn_metagraph_destroy(m);
  saved_models++;
  return 0;
}

static void saved_models_are_read(void **state) {
  (void)state;
  char folder[512];
  snprintf(folder, sizeof folder, "%s/saved_model", data_folder());
  saved_models = 0;
  nftw(folder, visit_model, 16, FTW_PHYS);
  if (saved_models == 0) skip_because("saved models", folder);
}

static void collections_and_signatures_are_written(void **state) {
  (void)state;
  char temporary[] = "/tmp/runnel_metagraph_XXXXXX";
  rn_graph *g = from_text("node { name: 'w' op: 'SomeOp' }");
  rn_metagraph *m = NULL, *again = NULL;
  ok(rn_metagraph_create(g, &m));
  rn_variable_def v = {"w:0", "w/Assign", "w/read:0", "w/init:0", 1, 0}, got;
  ok(rn_metagraph_collect_variable(m, "variables", &v));
  ok(rn_metagraph_collect_node(m, "losses", "w:0"));
  ok(rn_metagraph_collect_node(m, "losses", "w"));
  ok(rn_metagraph_collect_int(m, "steps", -7));
  ok(rn_metagraph_collect_float(m, "rates", 0.1f));
  fails(rn_metagraph_collect_int(m, "rates", 1), RN_INVALID_ARGUMENT, "holds floats, not integers");
  rn_signature_tensor x = {"x", "w:0", RN_FLOAT, {2, 0, {-1, 3}}}, back;
  ok(rn_metagraph_add_signature(m, "serving_default", "tensorflow/serving/predict", &x, 1, &x, 1));
  ok(rn_metagraph_add_tag(m, "serve"));
  ok(rn_metagraph_set_saver(m, &(rn_saver_def){"a:0", "b:0", "c", 5, 0, 10000.0f, 2}));
  close(mkstemp(temporary));
  for (int format = 0; format < 2; format++) {
    void *text = NULL;
    ok(rn_metagraph_write(m, temporary, format));
    FILE *f = fopen(temporary, "rb");
    size_t n = 0;
    text = calloc(1, 100000);
    n = fread(text, 1, 100000, f);
    fclose(f);
    ok(rn_metagraph_parse(rt, text, n, format, temporary, RN_GRAPH_ALLOW_UNKNOWN_OPS, &again));
    free(text);
    ok(rn_metagraph_variable(again, "variables", 0, &got));
    assert_string_equal(got.initial_value, "w/init:0");
    uint32_t count;
    int64_t i;
    float r;
    assert_int_equal(rn_metagraph_collection(again, "losses", &count), RN_COLLECT_NODES);
    assert_int_equal(count, 2);
    assert_true(rn_metagraph_collected_int(again, "steps", 0, &i) && i == -7);
    assert_true(rn_metagraph_collected_float(again, "rates", 0, &r) && r == 0.1f);
    assert_true(rn_metagraph_signature_input(again, 0, 0, &back));
    assert_int_equal(back.shape.dim[0], -1);
    assert_string_equal(rn_metagraph_tag(again, 0), "serve");
    rn_metagraph_destroy(again);
  }
  unlink(temporary);
  rn_metagraph_destroy(m);
  rn_graph_destroy(g);
}

static void nodes_may_stand_in_any_order(void **state) {
  (void)state;
  rn_graph *g = from_text(
      "node { name: 'c' op: 'U' input: 'b:1' input: '^a' } node { name: 'b' op: 'U' input: 'a' } node { name: 'a' op: "
      "'U' }");
  assert_int_equal(rn_graph_find(g, "a"), 0);
  assert_int_equal(rn_graph_input(g, rn_graph_find(g, "c"), 0).port, 1);
  survives(g, RN_FILE_TEXT);
  rn_graph_destroy(g);
}

static void damaged_text_says_where(void **state) {
  (void)state;
  refused("node {\n  name: 'a'\n  bogus: 3\n}", RN_DATA_LOSS, "text:3:");
  refused("node { name: 'a' op: 'U' ", RN_DATA_LOSS, "does not end");
  refused("node { name: 'a\n' }", RN_DATA_LOSS, "string does not end");
  refused("node { name: 'a' name: 'b' }", RN_DATA_LOSS, "stands twice");
  refused("versions { producer: 99999999999 }", RN_DATA_LOSS, "32 bits");
}

static void impossible_graphs_are_refused(void **state) {
  (void)state;
  refused("node { name: 'a' op: 'U' input: 'zz' }", RN_INVALID_ARGUMENT, "names no node");
  refused("node { name: 'a' op: 'U' } node { name: 'a' op: 'U' }", RN_INVALID_ARGUMENT, "stands twice");
  refused("node { name: 'a' op: 'U' input: 'b' } node { name: 'b' op: 'U' input: 'a' }", RN_INVALID_ARGUMENT, "cycle");
  refused("node { name: 'a' op: 'U' input: 'a:x' }", RN_INVALID_ARGUMENT, "output number");
  refused("versions { min_consumer: 100000 }", RN_INVALID_ARGUMENT, "version 100000");
}

static void a_short_file_cannot_ask_for_a_huge_tensor(void **state) {
  (void)state;
  refused(
      "node { name: 'a' op: 'U' attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: "
      "1000000000000 } } float_val: 1 } } } }",
      RN_RESOURCE_EXHAUSTED, "more than 2 GiB");
  refused(
      "node { name: 'a' op: 'U' attr { key: 'value' value { tensor { dtype: DT_STRING tensor_shape { dim { size: "
      "1000000000000 } } } } } }",
      RN_RESOURCE_EXHAUSTED, "too large");
}

static void a_short_list_repeats_its_last_value(void **state) {
  (void)state;
  rn_graph *g = from_text(
      "node { name: 'a' op: 'U' attr { key: 'value' value { tensor { dtype: DT_HALF tensor_shape { dim { size: 3 } } "
      "half_val: [15360, 16384] } } } attr { key: 's' value { tensor { dtype: DT_STRING tensor_shape { dim { size: 2 } "
      "} "
      "string_val: 'a\\000\\x62\\n' } } } }");
  rn_attr_value v;
  ok(rn_graph_attr(g, 0, "value", RN_ATTR_TENSOR, &v));
  const uint16_t *h = rn_tensor_data(v.u.tensor);
  assert_int_equal(h[0], 15360);
  assert_int_equal(h[1], 16384);
  assert_int_equal(h[2], 16384);
  ok(rn_graph_attr(g, 0, "s", RN_ATTR_TENSOR, &v));
  assert_int_equal(rn_tensor_string(v.u.tensor, 1).size, 4);
  assert_memory_equal(rn_tensor_string(v.u.tensor, 1).data, "a\0b\n", 4);
  survives(g, RN_FILE_TEXT);
  rn_graph_destroy(g);
}

static void deep_nesting_is_refused(void **state) {
  (void)state;
  enum { DEEP = 4000 };
  char *text = malloc(DEEP * 64 + 64);
  size_t n = 0;
  n += (size_t)sprintf(text, "node { attr { value ");
  for (int i = 0; i < DEEP; i++) n += (size_t)sprintf(text + n, "{ func { attr { value ");
  rn_graph *g = NULL;
  fails(rn_graphdef_parse(rt, text, n, RN_FILE_TEXT, "deep", 0, &g), RN_DATA_LOSS, "nest too deep");
  free(text);
  uint8_t *bytes = malloc(6 * DEEP);
  size_t at = 6 * DEEP, size = 0;
  const int wraps = 600;
  for (int i = 0; i < wraps + 3; i++) { /* from the inside out: value of attr of func of value of ... */
    static const uint8_t inner[] = {0x12, 0x12, 0x52}, outer[] = {0x12, 0x2a, 0x0a};
    uint8_t prefix[4];
    size_t length = size, k = 0;
    prefix[k++] = i < wraps ? inner[i % 3] : outer[i - wraps];
    for (; length >= 128; length >>= 7) prefix[k++] = (uint8_t)(length | 128);
    prefix[k++] = (uint8_t)length;
    at -= k;
    memcpy(bytes + at, prefix, k);
    size += k;
  }
  fails(rn_graphdef_parse(rt, bytes + at, size, RN_FILE_BINARY, "deep", 0, &g), RN_DATA_LOSS, "not a binary");
  free(bytes);
}

static void a_cut_file_is_an_error(void **state) {
  (void)state;
  rn_graph *g = from_text("node { name: 'abc' op: 'U' } node { name: 'b' op: 'U' input: 'abc' }");
  void *data;
  size_t n;
  ok(rn_graphdef_print(g, RN_FILE_BINARY, &data, &n));
  for (size_t k = 0; k < n; k++) {
    rn_graph *cut = NULL;
    uint8_t *copy = malloc(k + 1);
    memcpy(copy, data, k);
    rn_status *s = rn_graphdef_parse(rt, copy, k, RN_FILE_BINARY, "cut", RN_GRAPH_ALLOW_UNKNOWN_OPS, &cut);
    if (s == NULL) rn_graph_destroy(cut);
    rn_status_free(s);
    free(copy);
  }
  free(data);
  rn_graph_destroy(g);
}

static void the_checkpoint_state_is_kept(void **state) {
  (void)state;
  char folder[] = "/tmp/runnel_state_XXXXXX", path[64], *latest;
  assert_non_null(mkdtemp(folder));
  char *all[] = {(char *)(uintptr_t) "m-0", (char *)(uintptr_t) "m \"1\""};
  rn_checkpoint_state s = {all[1], all, 2}, got;
  ok(rn_checkpoint_state_write(folder, &s));
  ok(rn_checkpoint_state_read(folder, &got));
  assert_int_equal(got.n_all, 2);
  assert_string_equal(got.current, all[1]);
  ok(rn_checkpoint_latest(folder, &latest));
  snprintf(path, sizeof path, "%s/%s", folder, all[1]);
  assert_string_equal(latest, path);
  free(latest);
  rn_checkpoint_state_finish(&got);
  snprintf(path, sizeof path, "%s/checkpoint", folder);
  unlink(path);
  fails(rn_checkpoint_state_read(folder, &got), RN_NOT_FOUND, "checkpoint");
  rmdir(folder);
}

int main(void) {
  rn_status *s = rn_runtime_create(NULL, &rt);
  if (s != NULL) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nodes_may_stand_in_any_order),
      cmocka_unit_test(damaged_text_says_where),
      cmocka_unit_test(impossible_graphs_are_refused),
      cmocka_unit_test(a_short_file_cannot_ask_for_a_huge_tensor),
      cmocka_unit_test(a_short_list_repeats_its_last_value),
      cmocka_unit_test(deep_nesting_is_refused),
      cmocka_unit_test(a_cut_file_is_an_error),
      cmocka_unit_test(collections_and_signatures_are_written),
      cmocka_unit_test(a_metagraph_keeps_what_surrounds_the_graph),
      cmocka_unit_test(saved_models_are_read),
      cmocka_unit_test(the_checkpoint_state_is_kept),
      cmocka_unit_test(every_graph_file_is_read_and_written_again),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rn_runtime_destroy(rt);
  return failed;
}
