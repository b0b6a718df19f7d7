/* device_test.c - values and variables in memory the host cannot read (core/exec). */
#include "far.h"

static void far_begin(toy *t) {
  toy_begin(t, NULL);
  ok(rn_runtime_add_static(t->rt, far_entry));
}
static rn_value on(toy *t, const char *device, rn_value v) {
  ok(rn_graph_set_device(t->g, v.node, device));
  return v;
}
static void ends_clean(toy *t) {
  toy_end(t);
  assert_int_equal(atomic_load(&far_allocations), 0);
}
static void feed_and_expect(toy *t, rn_value x, float in, rn_value y, float expect, uint32_t n) {
  rn_tensor *fed = vec(n, in), *out;
  ok(fetch1(t, &(rn_feed){x, fed}, 1, y, &out));
  for (uint32_t i = 0; i < n; i++) assert_true(((float *)rn_tensor_data(out))[i] == expect);
  rn_tensor_release(out);
  rn_tensor_release(fed);
}

/* host -> far:0 -> far:1 -> host -> far:0 */
static void values_travel_between_devices(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 100), one = konst(&t, "one", 100, 1);
  rn_value a = on(&t, "far:0", op2(&t, "Add", "a", x, one)), b = on(&t, "far:1", op2(&t, "Add", "b", a, x));
  rn_value c = op1(&t, "Count", "c", b), d = on(&t, "far:0", op2(&t, "Div", "d", c, one));
  rn_value e = on(&t, "far:0", op2(&t, "Add", "e", d, a));
  toy_open_session(&t);
  for (int i = 0; i < 20; i++) feed_and_expect(&t, x, (float)i, e, 3 * (float)i + 2, 100);
  char *text;
  ok(rn_session_explain(t.s, &x, 1, &e, 1, NULL, 0, &text));
  assert_non_null(strstr(text, "copied to the device"));
  assert_non_null(strstr(text, "copied to the host"));
  assert_non_null(strstr(text, "/device:FAR:0: arena"));
  free(text);
  ends_clean(&t);
}

static void arenas_come_in_pieces_and_constants_travel_once(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value x = typed(t.g, "Placeholder", "x", RN_FLOAT, 600), one = konst(&t, "one", 600, 1), sum = x, kept[8];
  for (int i = 0; i < 8; i++) kept[i] = sum = on(&t, "far:0", op2(&t, "Add", NULL, sum, one));
  for (int i = 0; i < 8; i++) sum = on(&t, "far:0", op2(&t, "Add", NULL, sum, kept[i]));
  toy_open_session(&t);
  feed_and_expect(&t, x, 1, sum, 9 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9, 600);
  assert_true(far_largest <= FAR_CHUNK);
  int64_t before = far_bytes, made = far_recordings, replayed = far_replays;
  feed_and_expect(&t, x, 2, sum, 10 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10, 600);
  assert_int_equal(far_bytes - before, 2 * 2400); /* the feed and the fetch */
  assert_int_equal(far_recordings, made);
  assert_int_equal(far_replays, replayed + 1);
  ends_clean(&t);
}

static void a_value_too_large_for_the_device_is_refused(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  far_begin(&t);
  rn_value big = konst(&t, "big", 4096, 1), y = on(&t, "far:0", op2(&t, "Add", "y", big, big));
  toy_open_session(&t);
  says(fetch1(&t, NULL, 0, y, &out), RN_RESOURCE_EXHAUSTED, "/device:FAR:0", "16384 bytes");
  ends_clean(&t);
}

static void variables_move_to_where_they_are_used(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 50), two = konst(&t, "two", 50, 2);
  rn_value init = op2(&t, "Assign", "init", v, two), host_add = op2(&t, "AssignAdd", "host_add", v, two);
  rn_value far_add_v = op2(&t, "AssignAdd", "far_add", v, two), read = op1(&t, "Identity", "read", v);
  rn_value y = on(&t, "far:0", op2(&t, "Add", "y", read, two));
  rn_session *far_session;
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = "far:0", .fallback = "allow"};
  ok(rn_session_create(t.g, &o, &far_session));
  t.s = far_session;
  go(&t, init); /* by a kernel of the device */
  assert_true(value_of(&t, v) == 2);
  for (int i = 0; i < 3; i++) go(&t, far_add_v);
  assert_true(value_of(&t, read) == 8);
  assert_true(value_of(&t, y) == 10);
  rn_value both[2] = {v, far_add_v};
  rn_tensor *got[2] = {NULL, NULL};
  ok(rn_session_run(t.s, NULL, NULL, 0, both, 2, got, NULL, 0));
  assert_true(first(got[1]) == 10);
  rn_tensor_release(got[0]);
  rn_tensor_release(got[1]);
  (void)host_add;
  ends_clean(&t);
}

static void a_variable_comes_back_to_the_host(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value h = typed(t.g, "VarHandle", "h", RN_FLOAT, 8), two = konst(&t, "two", 8, 2);
  rn_shape s = rn_shape_vector(8);
  rn_attr a[] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)}, ta[] = {RN_AT("dtype", RN_FLOAT)};
  rn_value assign = add_in(t.g, "AssignHandle", "assign", (rn_value[]){h, two}, 2, ta, 1, RN_NO_NODE);
  rn_value read = add_in(t.g, "ReadHandle", "read", &h, 1, a, 2, RN_NO_NODE);
  rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 8), copied = op2(&t, "Assign", "copied", v, read);
  rn_value more = on(&t, "far:0", op2(&t, "AssignAdd", "more", v, two)); /* another group than `copied`: no Ref edge */
  (void)more;
  toy_open_session(&t);
  go(&t, assign);
  go(&t, copied);
  for (int i = 0; i < 4; i++) {
    go(&t, more); /* on the device */
    assert_true(value_of(&t, v) == (float)(4 + 2 * i));
  }
  go(&t, copied); /* the host writes it again */
  assert_true(value_of(&t, v) == 2);
  rn_value wide = op1(&t, "Count", "wide", v);
  go(&t, more);
  assert_true(value_of(&t, wide) == 4); /* the host reads it */
  ends_clean(&t);
}

typedef struct crowd {
  toy *t;
  rn_value v[2];
} crowd;
static void *step_many(void *arg) {
  crowd *c = arg;
  for (int i = 0; i < 40; i++) go(c->t, c->v[i % 2]);
  return NULL;
}

/* Steps that want it on the device and steps that want it on the host, at once. */
static void steps_on_both_sides_are_exact(void **state) {
  (void)state;
  toy t;
  pthread_t thread[4];
  far_begin(&t);
  rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 4), one = konst(&t, "one", 4, 1);
  rn_value zero = op2(&t, "Assign", "zero", v, konst(&t, "nothing", 4, 0)),
           far_one = op2(&t, "AssignAdd", "far", v, one);
  rn_value near_one = op2(&t, "AssignAdd", "near", v, one);
  on(&t, "far:0", far_one);
  on(&t, "toy:0", near_one);
  toy_open_session(&t);
  go(&t, zero);
  crowd c = {&t, {far_one, near_one}};
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, step_many, &c), 0);
  for (int i = 0; i < 4; i++) (void)pthread_join(thread[i], NULL);
  assert_true(value_of(&t, v) == 160);
  ends_clean(&t);
}

static void what_a_device_cannot_do_is_said(void **state) {
  (void)state;
  toy t;
  rn_tensor *out;
  far_begin(&t);
  rn_value one = konst(&t, "one", 3, 1), p = op1(&t, "Positive", "p", one);
  rn_value y = on(&t, "far:0", op2(&t, "Add", "y", p, one)), w = op1(&t, "Wait", "w", one);
  rn_value z = on(&t, "far:0", op2(&t, "Add", "z", w, one));
  rn_session_options strict = {.struct_size = (uint32_t)sizeof strict, .fallback = "error"};
  ok(rn_session_create(t.g, &strict, &t.s));
  says(fetch1(&t, NULL, 0, y, &out), RN_NOT_FOUND, "'y'", "shapes that depend on data");
  says(fetch1(&t, NULL, 0, z, &out), RN_NOT_FOUND, "'z'", "may wait for another step");
  ends_clean(&t);
}

static void count_devices(void *arg, const rn_device_entry *d) {
  (void)d;
  ++*(int *)arg;
}

/* Nobody asks for its devices until a pin names them, a node finds no other place, or all are listed. */
static void a_type_of_device_is_looked_for_when_it_is_needed(void **state) {
  (void)state;
  toy t;
  int n = 0;
  far_begin(&t);
  far_enumerations = 0;
  rn_value one = konst(&t, "one", 4, 1), y = op2(&t, "Add", "y", one, one), z = op2(&t, "Add", "z", y, one);
  rn_value slow = on(&t, "far:7", op2(&t, "Add", "slow", y, one));
  rn_tensor *out;
  toy_open_session(&t);
  assert_true(value_of(&t, y) == 2);
  assert_int_equal(far_enumerations, 0);
  says(fetch1(&t, NULL, 0, slow, &out), RN_INVALID_ARGUMENT, "Add 'slow'", "there is no device 'far:7'");
  assert_int_equal(far_enumerations, 1);
  on(&t, "far:0", z);
  assert_true(value_of(&t, z) == 3);
  ok(rn_runtime_devices(t.rt, count_devices, &n));
  assert_int_equal(n, 6);
  assert_int_equal(far_enumerations, 1);
  ends_clean(&t);
}

/* A variable that plans without devices have touched goes to the first device that joins. */
static void variables_are_found_by_devices_that_join_late(void **state) {
  (void)state;
  toy t;
  far_begin(&t);
  rn_value v = typed(t.g, "Variable", "v", RN_FLOAT, 4), one = konst(&t, "one", 4, 1);
  rn_value init = op2(&t, "Assign", "init", v, one), near_add = op2(&t, "AssignAdd", "near", v, one);
  rn_value w = typed(t.g, "Variable", "w", RN_FLOAT, 4), start = op2(&t, "Assign", "start", w, one);
  on(&t, "far:0", w);
  toy_open_session(&t);
  go(&t, init);
  go(&t, near_add);
  go(&t, start); /* a device joins */
  assert_true(value_of(&t, w) == 1);
  go(&t, near_add);
  assert_true(value_of(&t, v) == 3);
  ends_clean(&t);
}

typedef struct heard {
  char text[2048];
} heard;
static void hear(void *arg, int level, const char *message) {
  heard *h = arg;
  assert_true(level >= RN_LOG_ERROR);
  (void)snprintf(h->text + strlen(h->text), sizeof h->text - strlen(h->text), "%s\n", message);
}

/* Property 9. What is wanted and cannot be had is an error, a warning, or allowed in so many words. */
static void nothing_falls_back_silently(void **state) {
  (void)state;
  static const char *const policies[] = {"error", "warn", "allow", NULL};
  for (int i = 0; i < 4; i++) {
    heard h = {""};
    toy t = {0};
    rn_tensor *out = NULL;
    const char *settings[] = {"devices.order=nowhere:3, toy"};
    rn_runtime_options r = {.struct_size = (uint32_t)sizeof r,
                            .n_settings = 1,
                            .settings = settings,
                            .config_file = "/dev/null",
                            .plugin_path = "/nonexistent",
                            .log = hear,
                            .log_arg = &h};
    rn_session_options o = {.struct_size = (uint32_t)sizeof o, .fallback = policies[i], .device = "far:0"};
    ok(rn_runtime_create(&r, &t.rt));
    ok(rn_runtime_add_static(t.rt, toy_entry));
    ok(rn_runtime_add_static(t.rt, far_entry));
    ok(rn_graph_create(t.rt, 0, &t.g));
    rn_value one = konst(&t, "one", 4, 1), y = op1(&t, "Count", "y", one);
    rn_status *s = rn_session_create(t.g, &o, &t.s); /* devices.order names a device that is not there */
    if (i == 0) says(s, RN_INVALID_ARGUMENT, "devices.order: there is no device 'nowhere:3'", "");
    if (i > 0) ok(s);
    s = i > 0 ? fetch1(&t, NULL, 0, y, &out) : NULL; /* Count has no kernel on far:0 */
    ok(s);
    rn_tensor_release(out);
    int warned =
        strstr(h.text, "there is no device 'nowhere:3'") != NULL && strstr(h.text, "Count 'y' runs on") != NULL;
    assert_int_equal(warned, i == 1 || i == 3);
    if (i == 2) assert_string_equal(h.text, "");
    toy_end(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(values_travel_between_devices),
                                     cmocka_unit_test(arenas_come_in_pieces_and_constants_travel_once),
                                     cmocka_unit_test(a_value_too_large_for_the_device_is_refused),
                                     cmocka_unit_test(variables_move_to_where_they_are_used),
                                     cmocka_unit_test(a_variable_comes_back_to_the_host),
                                     cmocka_unit_test(steps_on_both_sides_are_exact),
                                     cmocka_unit_test(what_a_device_cannot_do_is_said),
                                     cmocka_unit_test(a_type_of_device_is_looked_for_when_it_is_needed),
                                     cmocka_unit_test(variables_are_found_by_devices_that_join_late),
                                     cmocka_unit_test(nothing_falls_back_silently)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
