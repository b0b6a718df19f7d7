/* tpu_test.c - whole graphs on the matrix machine against the CPU (tests/e2e).
 *
 * Factors are small multiples of 1/4, which bfloat16 holds exactly, so that a product is the same number on both. */
#include "tpu.h"

static uint64_t seed = 1;
static uint32_t chance(uint32_t below) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33) % below;
}
static rn_shape shape4(int rank, int64_t a, int64_t b, int64_t c, int64_t d) {
  rn_shape s = {rank, 0, {a, b, c, d}};
  return s;
}
static int64_t elems(rn_shape s) {
  int64_t n = 1;
  for (int k = 0; k < s.rank; k++) n *= s.dim[k];
  return n;
}
static rn_value quarters(rn_graph *g, const char *name, rn_shape s) {
  float *x = malloc((size_t)elems(s) * sizeof *x + 1);
  assert_non_null(x);
  for (int64_t i = 0; i < elems(s); i++) x[i] = (float)((int)chance(17) - 8) / 4;
  rn_value v = constant(g, name, floats(s, x));
  free(x);
  return v;
}
static rn_value ints(rn_graph *g, const char *name, int n, const int32_t *v) {
  rn_tensor *t = NULL;
  rn_shape s = dims(1, n, 0);
  must(rn_tensor_from(RN_INT32, &s, v, &t));
  return constant(g, name, t);
}
/* A variable is not folded away: the product of x and it is made in the step. */
static rn_value held(rn_graph *g, rn_value init[8], uint32_t *n_init, const char *name, rn_shape s) {
  char at[64], from[64], read[64];
  (void)snprintf(at, sizeof at, "%s/Assign", name);
  (void)snprintf(from, sizeof from, "%s/start", name);
  (void)snprintf(read, sizeof read, "%s/read", name);
  rn_value v = variable(g, name, RN_FLOAT, s);
  init[(*n_init)++] = node2(g, "Assign", at, v, quarters(g, from, s));
  return node1(g, "Identity", read, v);
}

typedef struct scene {
  rn_graph *g;
  rn_value init[8], y[4];
  uint32_t n_init, n_y;
} scene;

static void compare(const rn_tensor *a, const rn_tensor *b, const char *what, double tolerance) {
  assert_int_equal(rn_tensor_dtype(a), rn_tensor_dtype(b));
  const rn_shape *s = rn_tensor_shape(a);
  assert_true(elems(*s) == elems(*rn_tensor_shape(b)));
  const float *x = rn_tensor_data(a), *y = rn_tensor_data(b);
  for (int64_t i = 0; i < elems(*s); i++) {
    double most = tolerance * (1 + fabs((double)y[i]));
    if (!(fabs((double)x[i] - (double)y[i]) <= most))
      print_error("%s[%lld]: cpu %.9g, tpu %.9g\n", what, (long long)i, (double)x[i], (double)y[i]);
    assert_true(fabs((double)x[i] - (double)y[i]) <= most);
  }
}

/* All of y on both devices; `made`: the programs the tpu made of it. */
static void same_on_both(scene *c, const char *what, double tolerance, uint32_t made) {
  rn_tensor *got[2][4] = {{NULL}};
  static const char *const devices[2] = {"cpu", "tpu:name~bf16"};
  (void)unlink(report);
  for (int d = 0; d < 2; d++) {
    rn_session *s = session_on(c->g, devices[d]);
    for (uint32_t i = 0; i < c->n_init; i++) run_target(s, c->init[i].node);
    for (int again = 0; again < 2; again++) {
      for (uint32_t i = 0; i < c->n_y; i++) rn_tensor_release(got[d][i]), got[d][i] = NULL;
      must(rn_session_run(s, NULL, NULL, 0, c->y, c->n_y, got[d], NULL, 0));
    }
    rn_session_destroy(s);
  }
  char *text = programs();
  if (count(text, " nodes, the first") != made)
    print_error("%s: %u programs\n", what, count(text, " nodes, the first"));
  assert_int_equal(count(text, " nodes, the first"), made);
  free(text);
  for (uint32_t i = 0; i < c->n_y; i++) {
    compare(got[0][i], got[1][i], what, tolerance);
    rn_tensor_release(got[0][i]);
    rn_tensor_release(got[1][i]);
  }
}

/* ------------------------------------------------------------------------------------ products */
static void products_of_any_shape_are_right(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 127, 128, 129, 300};
  rn_runtime *rt = runtime_with(NULL);
  for (int round = 0; round < 24; round++) {
    scene c = {.n_y = 1};
    must(rn_graph_create(rt, 0, &c.g));
    int64_t m = sizes[chance(6)], k = sizes[chance(6)], n = sizes[chance(6)];
    int ta = (int)chance(2), tb = (int)chance(2);
    if (round == 0) m = 5000; /* more rows than the accumulators */
    rn_attr attrs[] = {RN_AB("transpose_a", ta), RN_AB("transpose_b", tb)};
    rn_value in[2] = {held(c.g, c.init, &c.n_init, "a", ta ? dims(2, k, m) : dims(2, m, k)),
                      held(c.g, c.init, &c.n_init, "b", tb ? dims(2, n, k) : dims(2, k, n))};
    c.y[0] = node(c.g, "MatMul", "y", in, 2, attrs, 2);
    same_on_both(&c, "MatMul", 1e-6, 1);
    rn_graph_destroy(c.g);
  }
  rn_runtime_destroy(rt);
}

static void convolutions_and_their_gradients_are_right(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with(NULL);
  for (int round = 0; round < 16; round++) {
    scene c = {.n_y = 3};
    must(rn_graph_create(rt, 0, &c.g));
    int64_t h = 5 + chance(6), w = 5 + chance(6), in = 1 + chance(5), out = 1 + chance(140), k = 1 + chance(4);
    int same = (int)chance(2), s = 1 + (int)chance(2);
    int64_t strides[4] = {1, s, s, 1}, oh = same ? (h + s - 1) / s : (h - k) / s + 1,
            ow = same ? (w + s - 1) / s : (w - k) / s + 1;
    rn_attr attrs[] = {RN_AILIST("strides", strides, 4), RN_AS("padding", same ? "SAME" : "VALID", same ? 4 : 5)};
    rn_value x = held(c.g, c.init, &c.n_init, "x", shape4(4, 3, h, w, in)),
             f = held(c.g, c.init, &c.n_init, "f", shape4(4, k, k, in, out)),
             dy = held(c.g, c.init, &c.n_init, "dy", shape4(4, 3, oh, ow, out));
    rn_value xs = ints(c.g, "xs", 4, (int32_t[]){3, (int32_t)h, (int32_t)w, (int32_t)in}),
             fs = ints(c.g, "fs", 4, (int32_t[]){(int32_t)k, (int32_t)k, (int32_t)in, (int32_t)out});
    c.y[0] = node(c.g, "Conv2D", "y", (rn_value[]){x, f}, 2, attrs, 2);
    c.y[1] = node(c.g, "Conv2DBackpropInput", "dx", (rn_value[]){xs, f, dy}, 3, attrs, 2);
    c.y[2] = node(c.g, "Conv2DBackpropFilter", "df", (rn_value[]){x, fs, dy}, 3, attrs, 2);
    same_on_both(&c, "Conv2D", 1e-5, 3);
    rn_graph_destroy(c.g);
  }
  rn_runtime_destroy(rt);
}

/* ------------------------------------------------------------------------- what follows a product */
static rn_value product(scene *c, int64_t rows, int64_t cols) {
  rn_value a = held(c->g, c->init, &c->n_init, "a", dims(2, rows, 3)),
           b = held(c->g, c->init, &c->n_init, "b", dims(2, 3, cols));
  return node2(c->g, "MatMul", "p", a, b);
}

static void what_follows_a_product_is_right(void **state) {
  (void)state;
  static const char *const ops[] = {"Neg",    "Relu",  "Relu6", "Sigmoid", "Tanh",      "Exp",
                                    "Square", "Floor", "Abs",   "Softmax", "LogSoftmax"};
  rn_runtime *rt = runtime_with(NULL);
  for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++) {
    scene c = {.n_y = 2};
    must(rn_graph_create(rt, 0, &c.g));
    rn_value p = product(&c, 9, 5), bias = held(c.g, c.init, &c.n_init, "bias", dims(1, 5, 0));
    c.y[0] = node1(c.g, ops[k], "after", p);
    c.y[1] = node1(c.g, ops[k], "after_bias", node2(c.g, "BiasAdd", "with_bias", p, bias));
    same_on_both(&c, ops[k], 1e-5, 1);
    rn_graph_destroy(c.g);
  }
  rn_runtime_destroy(rt);
}

static void a_bias_and_an_activation_are_done_on_the_way_out(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with(NULL);
  scene c = {.n_y = 1};
  must(rn_graph_create(rt, 0, &c.g));
  rn_value bias = held(c.g, c.init, &c.n_init, "bias", dims(1, 5, 0));
  c.y[0] = node1(c.g, "Relu", "y", node2(c.g, "Add", "with_bias", product(&c, 9, 5), bias));
  same_on_both(&c, "Relu(x w + b)", 1e-6, 1);
  char *text = programs();
  assert_non_null(strstr(text, "store.relu"));
  assert_null(strstr(text, "\nvector"));
  free(text);
  rn_graph_destroy(c.g);
  rn_runtime_destroy(rt);
}

static void what_repeats_along_axes_is_right(void **state) {
  (void)state;
  static const char *const ops[] = {"Add", "Sub", "Mul", "Maximum", "Minimum", "RealDiv"};
  rn_runtime *rt = runtime_with(NULL);
  for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++) {
    scene c = {.n_y = 4};
    must(rn_graph_create(rt, 0, &c.g));
    rn_value p = node1(c.g, "Exp", "positive", product(&c, 4, 6));
    rn_value row = node1(c.g, "Exp", "row", held(c.g, c.init, &c.n_init, "r", dims(2, 1, 6))),
             column = node1(c.g, "Exp", "column", held(c.g, c.init, &c.n_init, "c", dims(2, 4, 1))),
             cube = node1(c.g, "Exp", "cube", held(c.g, c.init, &c.n_init, "d", shape4(4, 2, 3, 1, 6)));
    c.y[0] = node2(c.g, ops[k], "with_row", p, row);
    c.y[1] = node2(c.g, ops[k], "with_column", column, p);
    c.y[2] = node2(c.g, ops[k], "with_cube", p, cube);
    c.y[3] = node2(c.g, ops[k], "with_itself", p, p);
    same_on_both(&c, ops[k], 1e-5, 1);
    rn_graph_destroy(c.g);
  }
  rn_runtime_destroy(rt);
}

static void sums_and_new_shapes_are_right(void **state) {
  (void)state;
  static const char *const ops[] = {"Sum", "Mean", "Max"};
  static const int32_t axes[4][3] = {{0, 0, 0}, {1, 1, 1}, {0, 2, 2}, {0, 1, 2}};
  static const int n_axes[4] = {1, 1, 2, 3};
  rn_runtime *rt = runtime_with(NULL);
  for (int k = 0; k < 3; k++) {
    scene c = {.n_y = 4};
    must(rn_graph_create(rt, 0, &c.g));
    rn_value cube = node2(c.g, "Reshape", "cube", product(&c, 8, 15), ints(c.g, "to", 3, (int32_t[]){4, -1, 5}));
    for (int i = 0; i < 4; i++) {
      char name[16];
      (void)snprintf(name, sizeof name, "axes%d", i);
      c.y[i] = node2(c.g, ops[k], ops[k], cube, ints(c.g, name, n_axes[i], axes[i]));
    }
    same_on_both(&c, ops[k], 1e-5, 1);
    rn_graph_destroy(c.g);
  }
  scene c = {.n_y = 3};
  must(rn_graph_create(rt, 0, &c.g));
  rn_value p = product(&c, 4, 6), cube = node2(c.g, "Reshape", "cube", p, ints(c.g, "to", 3, (int32_t[]){2, 3, 4}));
  c.y[0] = node2(c.g, "Transpose", "turned", cube, ints(c.g, "order", 3, (int32_t[]){2, 0, 1}));
  c.y[1] = node2(c.g, "Tile", "tiled", cube, ints(c.g, "times", 3, (int32_t[]){1, 2, 3}));
  rn_tensor *one = NULL;
  rn_shape scalar_shape = dims(0, 0, 0);
  must(rn_tensor_from(RN_INT32, &scalar_shape, &(int32_t){1}, &one));
  rn_value axis = constant(c.g, "axis", one);
  rn_attr n2[] = {RN_AI("N", 2)};
  c.y[2] = node(c.g, "ConcatV2", "joined", (rn_value[]){p, node1(c.g, "Neg", "neg", p), axis}, 3, n2, 1);
  same_on_both(&c, "shapes", 1e-6, 1);
  rn_graph_destroy(c.g);
  rn_runtime_destroy(rt);
}

static void pools_are_right(void **state) {
  (void)state;
  static const char *const ops[] = {"MaxPool", "AvgPool"};
  rn_runtime *rt = runtime_with(NULL);
  for (int round = 0; round < 8; round++) {
    scene c = {.n_y = 1};
    must(rn_graph_create(rt, 0, &c.g));
    int64_t k = 2 + chance(2), s = 1 + chance(2), one[4] = {1, 1, 1, 1}, ksize[4] = {1, k, k, 1},
            strides[4] = {1, s, s, 1};
    rn_attr conv[] = {RN_AILIST("strides", one, 4), RN_AS("padding", "SAME", 4)};
    rn_attr pool[] = {RN_AILIST("ksize", ksize, 4), RN_AILIST("strides", strides, 4),
                      RN_AS("padding", round % 2 ? "SAME" : "VALID", round % 2 ? 4 : 5)};
    rn_value in[2] = {held(c.g, c.init, &c.n_init, "x", shape4(4, 2, 7, 6, 3)),
                      held(c.g, c.init, &c.n_init, "f", shape4(4, 3, 3, 3, 4))};
    rn_value y = node(c.g, "Conv2D", "conv", in, 2, conv, 2);
    c.y[0] = node(c.g, ops[round / 2 % 2], "pool", &y, 1, pool, 3);
    same_on_both(&c, ops[round / 2 % 2], 1e-5, 1);
    rn_graph_destroy(c.g);
  }
  rn_runtime_destroy(rt);
}

/* A node between two products that the machine cannot take: two programs, one after the other. */
static void what_it_cannot_take_splits_a_claim(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with(NULL);
  scene c = {.n_y = 1};
  must(rn_graph_create(rt, 0, &c.g));
  rn_value between = node1(c.g, "Softplus", "host", product(&c, 4, 6));
  c.y[0] = node2(c.g, "MatMul", "y", node1(c.g, "Floor", "whole", between),
                 held(c.g, c.init, &c.n_init, "w", dims(2, 6, 2)));
  same_on_both(&c, "split", 1e-5, 2);
  rn_graph_destroy(c.g);
  rn_runtime_destroy(rt);
}

static void the_same_graph_makes_the_same_program(void **state) {
  (void)state;
  char *text[2];
  for (int k = 0; k < 2; k++) {
    rn_runtime *rt = runtime_with(NULL);
    seed = 7;
    scene c = {.n_y = 1};
    must(rn_graph_create(rt, 0, &c.g));
    c.y[0] = node1(c.g, "Softmax", "y", product(&c, 200, 300));
    same_on_both(&c, "Softmax", 1e-5, 1);
    text[k] = programs();
    rn_graph_destroy(c.g);
    rn_runtime_destroy(rt);
  }
  assert_string_equal(text[0], text[1]);
  assert_true(count(text[0], "\nmatmul ") == 3);
  free(text[0]);
  free(text[1]);
}

static void cell_by_cell_gives_the_same_bits(void **state) {
  (void)state;
  rn_tensor *got[2] = {NULL, NULL};
  static const char *const how[2] = {"plugin.tpu.cells=false", "plugin.tpu.cells=true"};
  for (int k = 0; k < 2; k++) {
    rn_runtime *rt = runtime_with(how[k]);
    scene c = {.n_y = 1};
    seed = 11;
    must(rn_graph_create(rt, 0, &c.g));
    rn_value p = product(&c, 30, 20), e = node1(c.g, "Exp", "any_number", p);
    c.y[0] = node2(c.g, "MatMul", "y", e, held(c.g, c.init, &c.n_init, "w", dims(2, 20, 140)));
    rn_session *s = session_on(c.g, "tpu:name~bf16");
    for (uint32_t i = 0; i < c.n_init; i++) run_target(s, c.init[i].node);
    got[k] = fetch(s, c.y[0]);
    rn_session_destroy(s);
    rn_graph_destroy(c.g);
    rn_runtime_destroy(rt);
  }
  assert_memory_equal(rn_tensor_data(got[0]), rn_tensor_data(got[1]), 30 * 140 * sizeof(float));
  rn_tensor_release(got[0]);
  rn_tensor_release(got[1]);
}

/* Without ranges the machine takes nothing, and the host's kernels compute. */
static void without_ranges_integers_are_left_to_the_host(void **state) {
  (void)state;
  rn_runtime *rt = runtime_with(NULL);
  scene c = {.n_y = 1};
  (void)unlink(report);
  must(rn_graph_create(rt, 0, &c.g));
  c.y[0] = product(&c, 4, 6);
  rn_session *s = session_on(c.g, "tpu:name~v1");
  for (uint32_t i = 0; i < c.n_init; i++) run_target(s, c.init[i].node);
  rn_tensor_release(fetch(s, c.y[0]));
  rn_session_destroy(s);
  char *text = programs();
  assert_string_equal(text, "");
  free(text);
  rn_graph_destroy(c.g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(products_of_any_shape_are_right),
                                     cmocka_unit_test(convolutions_and_their_gradients_are_right),
                                     cmocka_unit_test(what_follows_a_product_is_right),
                                     cmocka_unit_test(a_bias_and_an_activation_are_done_on_the_way_out),
                                     cmocka_unit_test(what_repeats_along_axes_is_right),
                                     cmocka_unit_test(sums_and_new_shapes_are_right),
                                     cmocka_unit_test(pools_are_right),
                                     cmocka_unit_test(what_it_cannot_take_splits_a_claim),
                                     cmocka_unit_test(the_same_graph_makes_the_same_program),
                                     cmocka_unit_test(cell_by_cell_gives_the_same_bits),
                                     cmocka_unit_test(without_ranges_integers_are_left_to_the_host)};
  return in_a_folder(tests, sizeof tests / sizeof tests[0]);
}
