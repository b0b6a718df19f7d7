/* open_test.c - shapes that are known only while the step runs, and what a layout works out, on a device whose
 * memory the host cannot read (core/exec). */
#include "far.h"

static char heard[4096];
static void hear(void *arg, int level, const char *message) {
  (void)arg;
  (void)level;
  (void)snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", message);
}

static void far_session(toy *t, const char *fallback) {
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = "far:0", .fallback = fallback};
  ok(rn_session_create(t->g, &o, &t->s));
}

static void far_begin(toy *t) {
  const char *settings[] = {"devices.order=toy"};
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o,
                          .n_settings = 1,
                          .settings = settings,
                          .config_file = "/dev/null",
                          .plugin_path = "/nonexistent",
                          .log = hear};
  memset(t, 0, sizeof *t);
  heard[0] = 0;
  ok(rn_runtime_create(&o, &t->rt));
  ok(rn_runtime_add_static(t->rt, toy_entry));
  ok(rn_runtime_add_static(t->rt, far_entry));
  ok(rn_graph_create(t->rt, 0, &t->g));
}

static void ends_clean(toy *t) {
  toy_end(t);
  assert_int_equal(atomic_load(&far_allocations), 0);
}

static rn_tensor *number(int32_t n) {
  rn_tensor *t;
  rn_shape s = rn_shape_vector(1);
  ok(rn_tensor_create(RN_INT32, &s, &t));
  *(int32_t *)rn_tensor_data(t) = n;
  return t;
}

/* The line of the explanation about a node holds the words. */
static void explained(toy *t, const rn_value *feed, rn_value y, const char *node, const char *words) {
  char *text;
  ok(rn_session_explain(t->s, feed, feed != NULL, &y, 1, NULL, 0, &text));
  const char *line = strstr(text, node), *said = line != NULL ? strstr(line, words) : NULL;
  const char *end = line != NULL ? strchr(line, '\n') : NULL;
  if (said == NULL || end == NULL || said > end) print_error("%s", text);
  assert_true(said != NULL && end != NULL && said < end);
  free(text);
}

/* A step that restores runs on the host without a warning, whatever is wanted or pinned; the next brings it back. */
static void a_restored_variable_goes_to_the_device_afterwards(void **state) {
  (void)state;
  for (int pinned = 0; pinned < 2; pinned++) {
    toy t;
    far_begin(&t);
    rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 8), one = konst(&t, "one", 8, 1);
    rn_value kept = add_in(t.g, "Restore", "kept", NULL, 0, NULL, 0, RN_NO_NODE);
    rn_value init = op2(&t, "Assign", "init", v, one), restore = op2(&t, "Assign", "restore", v, kept);
    rn_value more = op2(&t, "AssignAdd", "more", v, one);
    if (pinned) ok(rn_graph_set_device(t.g, v.node, "far:0"));
    far_session(&t, "error");
    go(&t, restore); /* before it was ever made */
    go(&t, more);
    assert_true(value_of(&t, v) == 4);
    go(&t, init);
    go(&t, more);
    for (int i = 0; i < 3; i++) go(&t, restore);
    explained(&t, NULL, restore, "'restore'", "/device:TOY:0");
    explained(&t, NULL, restore, "'restore'", "has a shape that only the step knows");
    explained(&t, NULL, more, "'more'", "/device:FAR:0");
    go(&t, more);
    assert_true(value_of(&t, v) == 4);
    assert_string_equal(heard, "");
    ends_clean(&t);
  }
}

/* What hangs on a value that is fed falls to the host, and says so; what a layout can know does not. */
static void a_shape_that_depends_on_data_falls_to_the_host(void **state) {
  (void)state;
  for (int warn = 0; warn < 2; warn++) {
    toy t;
    far_begin(&t);
    rn_value n = typed(t.g, "Placeholder", "n", RN_INT32, 1), r = op1(&t, "Range", "r", n);
    rn_value y = op2(&t, "Add", "y", r, r), p = op1(&t, "Positive", "p", r), z = op2(&t, "Div", "z", p, p);
    rn_tensor *three = number(3), *out;
    far_session(&t, warn ? "warn" : "error");
    rn_status *s = fetch1(&t, &(rn_feed){n, three}, 1, y, &out);
    if (!warn) says(s, RN_NOT_FOUND, "Add 'y' runs on", "shapes that depend on data");
    for (int i = 1; warn && i < 20; i++) {
      rn_tensor *some = number(i), *got;
      if (i == 1) ok(s), rn_tensor_release(out);
      ok(fetch1(&t, &(rn_feed){n, some}, 1, y, &got));
      assert_int_equal(rn_tensor_count(got), i);
      assert_true(((const float *)rn_tensor_data(got))[i - 1] == 2 * (float)(i - 1));
      rn_tensor_release(got);
      ok(fetch1(&t, &(rn_feed){n, some}, 1, z, &got));
      assert_int_equal(rn_tensor_count(got), i - 1);
      rn_tensor_release(got);
      rn_tensor_release(some);
    }
    if (warn) assert_non_null(strstr(heard, "shapes that depend on data are known only while the step runs"));
    rn_tensor_release(three);
    ends_clean(&t);
  }
}

/* Shapes of what is fed are not data. ShapeOf's answer is used by a kernel of the device, by one of the host, and
 * is fetched; nobody computes it. */
static void what_a_layout_works_out_is_brought_to_the_device(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, RN_DIM_UNKNOWN), shape = op1(&t, "ShapeOf", "shape", x);
  rn_value twice = op1(&t, "Twice", "twice", shape), range = op1(&t, "Range", "range", shape);
  rn_value sum = op2(&t, "Add", "sum", x, range), scaled = op2(&t, "Scale", "scaled", sum, shape);
  far_session(&t, "allow");
  for (int i = 0; i < 40; i++) {
    uint32_t n = 2 + (uint32_t)(i % 3);
    rn_value wanted[3] = {twice, shape, scaled};
    rn_tensor *got[3] = {NULL, NULL, NULL}, *fed = vec(n, 1);
    ok(rn_session_run(t.s, NULL, &(rn_feed){x, fed}, 1, wanted, 3, got, NULL, 0));
    assert_int_equal(*(const int32_t *)rn_tensor_data(got[0]), 2 * (int32_t)n);
    assert_int_equal(*(const int32_t *)rn_tensor_data(got[1]), n);
    assert_true(((const float *)rn_tensor_data(got[2]))[n - 1] == (float)(n * n));
    for (int k = 0; k < 3; k++) rn_tensor_release(got[k]);
    rn_tensor_release(fed);
  }
  explained(&t, &x, scaled, "'shape'", "/device:FAR:0");
  explained(&t, &x, scaled, "'sum'", "/device:FAR:0");
  explained(&t, &x, scaled, "'scaled'", "/device:FAR:0");
  ends_clean(&t);
}

/* The shape of an argument is known, what is in it only while the step runs: read on the host, and never recorded. */
static void an_argument_on_the_host_may_come_of_data(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value n = typed(t.g, "Placeholder", "n", RN_INT32, 1), x = typed(t.g, "Placeholder", "x", RN_FLOAT, 4);
  rn_value count = op1(&t, "SizeOf", "count", op1(&t, "Range", "r", n)), y = op2(&t, "Scale", "y", x, count);
  far_session(&t, "allow");
  rn_tensor *fed = vec(4, 2);
  for (int i = 0; i < 20; i++) {
    rn_tensor *some = number(i), *out;
    ok(fetch1(&t, (rn_feed[]){{n, some}, {x, fed}}, 2, y, &out));
    assert_true(first(out) == 2 * (float)i);
    rn_tensor_release(out);
    rn_tensor_release(some);
  }
  rn_value feeds[2] = {n, x};
  char *text;
  ok(rn_session_explain(t.s, feeds, 2, &y, 1, NULL, 0, &text));
  assert_non_null(strstr(text, "Scale 'y'"));
  assert_non_null(strstr(strstr(text, "Scale 'y'"), "/device:FAR:0"));
  free(text);
  rn_tensor_release(fed);
  ends_clean(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_restored_variable_goes_to_the_device_afterwards),
                                     cmocka_unit_test(a_shape_that_depends_on_data_falls_to_the_host),
                                     cmocka_unit_test(what_a_layout_works_out_is_brought_to_the_device),
                                     cmocka_unit_test(an_argument_on_the_host_may_come_of_data)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
