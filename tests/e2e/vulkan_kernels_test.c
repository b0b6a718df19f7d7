/* vulkan_kernels_test.c - kernels of the Vulkan device against the CPU's, over sizes and variants (tests/e2e).
 *
 * What single ops compute is compared with TensorFlow by op_vectors_test.c and graph_cases_test.c with
 * RUNNEL_DEVICE=vulkan. */
#include "vulkan.h"

/* --------------------------------------------------------------------------------------- random numbers */
static rn_tensor *draw(rn_runtime *rt, const char *device, const char *op, rn_dtype t, int64_t n, int again) {
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  int32_t size = (int32_t)n;
  rn_value in[3] = {ints(g, NULL, 1, &size)};
  rn_attr attrs[] = {RN_AI("seed", 7), RN_AI("seed2", 9), RN_AT(t == RN_INT32 ? "Tout" : "dtype", t)};
  rn_shape s0 = dims(0, 0, 0);
  for (int i = 0; i < 2 && t == RN_INT32; i++) {
    rn_tensor *limit = NULL;
    must(rn_tensor_from(RN_INT32, &s0, (const int32_t[]){i == 0 ? -5 : 1000003}, &limit));
    in[1 + i] = constant(g, NULL, limit);
  }
  rn_value y = node(g, op, "y", in, t == RN_INT32 ? 3 : 1, attrs, 3);
  rn_session *s = session_on(g, device);
  rn_tensor *out = fetch(s, y);
  for (int i = 0; i < again; i++) { /* the counter moves on */
    rn_tensor_release(out);
    out = fetch(s, y);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return out;
}
static void random_numbers_are_the_cpus(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const struct {
    const char *op;
    rn_dtype t;
  } rows[] = {{"RandomUniform", RN_FLOAT},
              {"RandomUniformInt", RN_INT32},
              {"RandomStandardNormal", RN_FLOAT},
              {"TruncatedNormal", RN_FLOAT}};
  rn_runtime *rt = runtime(NULL, 0);
  for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
    for (int again = 0; again < 2; again++) {
      rn_tensor *a = draw(rt, "cpu", rows[r].op, rows[r].t, 100003, again);
      rn_tensor *b = draw(rt, "vulkan", rows[r].op, rows[r].t, 100003, again);
      const float *x = rn_tensor_data(a), *y = rn_tensor_data(b);
      for (int i = 0; i < 100003; i++)
        if (memcmp(x + i, y + i, sizeof *x) != 0)
          fail_msg("%s[%d]: %.9g on the CPU, %.9g on the device", rows[r].op, i, (double)x[i], (double)y[i]);
      rn_tensor_release(a);
      rn_tensor_release(b);
    }
  rn_runtime_destroy(rt);
}

/* ------------------------------------------------------------------------------- kernels against the CPU's */
static rn_value filled(rn_graph *g, rn_dtype t, rn_shape s, int seed) {
  rn_tensor *x = NULL;
  must(rn_tensor_create(t, &s, &x));
  for (int64_t k = 0; k < rn_tensor_count(x); k++) {
    if (t == RN_FLOAT)
      ((float *)rn_tensor_data(x))[k] = 2 * sinf((float)(k * 37 % 1013 + seed));
    else
      ((int32_t *)rn_tensor_data(x))[k] = (int32_t)((k * 31 + seed) % 17 - 8);
  }
  return constant(g, NULL, x);
}
typedef struct expression {
  const char *op;
  rn_dtype t;
  int inputs, axis; /* axis: an int32 scalar comes last; -9: none */
} expression;
static const expression expressions[] = {
    {"Add", RN_FLOAT, 2, -9},     {"Mul", RN_INT32, 2, -9},        {"Less", RN_FLOAT, 2, -9},
    {"Maximum", RN_FLOAT, 2, -9}, {"NotEqual", RN_INT32, 2, -9},   {"Tanh", RN_FLOAT, 1, -9},
    {"Relu", RN_FLOAT, 1, -9},    {"IsFinite", RN_FLOAT, 1, -9},   {"Sum", RN_FLOAT, 1, 0},
    {"Sum", RN_FLOAT, 1, 1},      {"Max", RN_INT32, 1, 1},         {"Mean", RN_FLOAT, 1, 0},
    {"Softmax", RN_FLOAT, 1, -9}, {"LogSoftmax", RN_FLOAT, 1, -9}, {"L2Loss", RN_FLOAT, 1, -9}};

static rn_tensor *evaluate(rn_runtime *rt, const char *device, const expression *e, rn_shape a, rn_shape b) {
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value in[3] = {filled(g, e->t, a, 1), filled(g, e->t, b, 5)};
  if (e->axis != -9) in[e->inputs] = ints(g, NULL, 1, (const int32_t[]){e->axis});
  rn_value y = node(g, e->op, "y", in, (uint32_t)e->inputs + (e->axis != -9), NULL, 0);
  rn_session *s = session_on(g, device);
  rn_tensor *out = fetch(s, y);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return out;
}
static void same_results(const expression *e, const rn_tensor *a, const rn_tensor *b) {
  int64_t n = rn_tensor_count(a);
  assert_int_equal(n, rn_tensor_count(b));
  if (rn_tensor_dtype(a) != RN_FLOAT) {
    if (n > 0) assert_memory_equal(rn_tensor_data(a), rn_tensor_data(b), rn_tensor_size_bytes(a));
    return;
  }
  const float *x = rn_tensor_data(a), *y = rn_tensor_data(b);
  for (int64_t k = 0; k < n; k++)
    if (!(fabsf(x[k] - y[k]) <= 2e-5f * (1 + fabsf(x[k]))) && !(isnan(x[k]) && isnan(y[k])) && x[k] != y[k])
      fail_msg("%s[%lld]: %.9g on the CPU, %.9g on the device", e->op, (long long)k, (double)x[k], (double)y[k]);
}
static void kernels_agree_with_the_cpus_over_sizes(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const int64_t sizes[][4] = {{1, 1, 1, 1},     {0, 5, 0, 5},        {3, 0, 3, 0},   {5, 7, 5, 7},
                                     {255, 3, 255, 3}, {257, 1, 257, 1},    {1, 257, 1, 1}, {64, 65, 1, 65},
                                     {33, 70, 33, 1},  {700, 200, 700, 200}};
  rn_runtime *rt = runtime(NULL, 0);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (size_t k = 0; k < sizeof expressions / sizeof expressions[0]; k++) {
      rn_shape a = dims(2, sizes[i][0], sizes[i][1]), b = dims(2, sizes[i][2], sizes[i][3]);
      rn_tensor *x = evaluate(rt, "cpu", &expressions[k], a, b), *y = evaluate(rt, "vulkan", &expressions[k], a, b);
      same_results(&expressions[k], x, y);
      rn_tensor_release(x);
      rn_tensor_release(y);
    }
  rn_runtime_destroy(rt);
}

/* Rows 4, 1, 4 of a variable are changed twice over: repeated indices act one after the other. */
static rn_tensor *scattered(rn_runtime *rt, const char *device, const char *op, rn_dtype t) {
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_shape shape = dims(2, 6, 5);
  rn_value v = variable(g, "v", t, shape), start = node2(g, "Assign", NULL, v, filled(g, t, shape, 1));
  rn_value rows = ints(g, NULL, 3, (const int32_t[]){4, 1, 4}), updates = filled(g, t, dims(2, 3, 5), 3);
  rn_value in[3] = {v, rows, updates};
  rn_value change = node(g, op, "change", in, 3, NULL, 0), read = node1(g, "Identity", "read", v);
  rn_session *s = session_on(g, device);
  run_target(s, start.node);
  run_target(s, change.node);
  run_target(s, change.node);
  rn_tensor *out = fetch(s, read);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return out;
}
static void scatters_agree_with_the_cpus(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const ops[] = {"ScatterUpdate", "ScatterAdd", "ScatterSub", "ScatterMul",
                                    "ScatterDiv",    "ScatterMin", "ScatterMax"};
  rn_runtime *rt = runtime(NULL, 0);
  for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
    for (int whole = 0; whole < 2; whole++) {
      rn_dtype t = whole ? RN_INT32 : RN_FLOAT;
      if (whole && strcmp(ops[i], "ScatterDiv") == 0) continue; /* the updates have zeros */
      rn_tensor *a = scattered(rt, "cpu", ops[i], t), *b = scattered(rt, "vulkan", ops[i], t);
      same_results(&(expression){ops[i], t, 3, -9}, a, b);
      rn_tensor_release(a);
      rn_tensor_release(b);
    }
  rn_runtime_destroy(rt);
}

static rn_tensor *largest(rn_runtime *rt, const char *device, int32_t k, uint32_t port, int input) {
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_attr attr = RN_AI("k", k);
  rn_shape scalar_shape = dims(0, 0, 0);
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_INT32, &scalar_shape, &k, &t));
  rn_value in[2] = {filled(g, RN_FLOAT, dims(2, 9, 100), 2), constant(g, "k", t)};
  rn_value y = node(g, input ? "TopKV2" : "TopK", "y", in, input ? 2 : 1, &attr, input ? 0 : 1);
  y.port = port;
  rn_session *s = session_on(g, device);
  rn_tensor *out = fetch(s, y);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return out;
}
static void the_k_largest_agree(void **state) {
  (void)state;
  NEEDS_DEVICE;
  rn_runtime *rt = runtime(NULL, 0);
  for (int32_t k = 0; k <= 100; k += 25)
    for (uint32_t port = 0; port < 2; port++)
      for (int input = 0; input < 2; input++) {
        rn_tensor *a = largest(rt, "cpu", k, port, input), *b = largest(rt, "vulkan", k, port, input);
        same_results(&(expression){"TopK", RN_FLOAT, 1, -9}, a, b);
        rn_tensor_release(a);
        rn_tensor_release(b);
      }
  rn_runtime_destroy(rt);
}

/* Some drivers leave loops after 65535 rounds: longer ones are split. */
static void near(const rn_tensor *a, const rn_tensor *b, float within) {
  const float *x = rn_tensor_data(a), *y = rn_tensor_data(b);
  for (int64_t k = 0; k < rn_tensor_count(a); k++)
    if (!(fabsf(x[k] - y[k]) <= within * (1 + 1e-3f * fabsf(x[k]))))
      fail_msg("[%lld]: %.9g on the CPU, %.9g on the device", (long long)k, (double)x[k], (double)y[k]);
}
static void long_loops_are_split(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const expression column = {"Sum", RN_FLOAT, 1, 0}, row = {"Sum", RN_FLOAT, 1, 1};
  static const int64_t size[3] = {3, 5, 200000};
  rn_runtime *rt = runtime(NULL, 0);
  for (int i = 0; i < 2; i++) {
    rn_shape s = i ? dims(2, 70, 200000) : dims(2, 200000, 70);
    rn_tensor *a = evaluate(rt, "cpu", i ? &row : &column, s, s), *b = evaluate(rt, "vulkan", i ? &row : &column, s, s);
    near(a, b, 1);
    rn_tensor_release(a);
    rn_tensor_release(b);
  }
  rn_tensor *a = product(rt, "cpu", size, 0, 0), *b = product(rt, "vulkan", size, 0, 0);
  near(a, b, 1);
  rn_tensor_release(a);
  rn_tensor_release(b);
  rn_runtime_destroy(rt);
}

/* Pictures as training has them: a channel has more elements than a loop has rounds, and the tensor many more. */
static rn_tensor *normalised(rn_runtime *rt, const char *device) {
  rn_graph *g = NULL;
  rn_shape s = {4, 0, {50, 28, 28, 16}}, channels = dims(1, 16, 0);
  must(rn_graph_create(rt, 0, &g));
  rn_value x = filled(g, RN_FLOAT, s, 1), none = constant(g, NULL, floats(dims(1, 0, 0), NULL));
  rn_value in[5] = {x, filled(g, RN_FLOAT, channels, 2), filled(g, RN_FLOAT, channels, 3), none, none};
  rn_value y = node(g, "FusedBatchNormV3", NULL, in, 5, NULL, 0), back[6] = {y, x, in[1]};
  for (uint32_t i = 3; i < 6; i++) back[i] = (rn_value){y.node, i};
  rn_value dx = node(g, "FusedBatchNormGradV3", NULL, back, 6, NULL, 0);
  rn_session *session = session_on(g, device);
  rn_tensor *out = fetch(session, dx);
  rn_session_destroy(session);
  rn_graph_destroy(g);
  return out;
}
static void a_large_batch_is_normalised(void **state) {
  (void)state;
  NEEDS_DEVICE;
  rn_runtime *rt = runtime(NULL, 0);
  rn_tensor *a = normalised(rt, "cpu"), *b = normalised(rt, "vulkan");
  assert_int_equal(rn_tensor_count(a), rn_tensor_count(b));
  near(a, b, 1e-3f);
  rn_tensor_release(a);
  rn_tensor_release(b);
  rn_runtime_destroy(rt);
}

/* A slice whose begin is fed anew each step: it must not be the first step's for ever. */
static void host_arguments_that_change_are_not_baked_in(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const float data[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const int32_t two = 2;
  rn_runtime *rt = runtime(NULL, 0);
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_value x = constant(g, "x", floats(dims(1, 8, 0), data)), begin = placeholder(g, "begin", RN_INT32, dims(1, 1, 0));
  rn_value y = node(g, "Slice", "y", (rn_value[]){x, begin, ints(g, "size", 1, &two)}, 3, NULL, 0);
  rn_session *s = session_on(g, "vulkan");
  rn_shape one = dims(1, 1, 0);
  for (int32_t i = 0; i < 4; i++) {
    rn_tensor *at = NULL, *out = NULL;
    must(rn_tensor_from(RN_INT32, &one, &i, &at));
    rn_feed feed = {begin, at};
    must(rn_session_run(s, NULL, &feed, 1, &y, 1, &out, NULL, 0));
    assert_int_equal((int)*(const float *)rn_tensor_data(out), i);
    rn_tensor_release(out);
    rn_tensor_release(at);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

/* --------------------------------------------------------------------------------------------- products */
static void products_of_all_sizes_agree_in_every_variant(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const int64_t sizes[][3] = {{1, 1, 1},   {0, 3, 2},   {3, 2, 0},    {7, 5, 3},     {33, 31, 17},  {64, 64, 64},
                                     {65, 1, 40}, {1, 70, 33}, {8, 8, 1000}, {100, 10, 32}, {130, 129, 65}};
  static const char *const variants[][2] = {{"plugin.vulkan.subgroups=true", "plugin.vulkan.workgroup=256"},
                                            {"plugin.vulkan.subgroups=false", "plugin.vulkan.workgroup=256"},
                                            {"plugin.vulkan.subgroups=false", "plugin.vulkan.workgroup=64"}};
  for (size_t v = 0; v < 3; v++) {
    rn_runtime *rt = runtime(variants[v], 2);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
      for (int how = 0; how < 4; how++) {
        rn_tensor *a = product(rt, "cpu", sizes[i], how & 1, how >> 1);
        rn_tensor *b = product(rt, "vulkan", sizes[i], how & 1, how >> 1);
        assert_int_equal(rn_tensor_count(a), rn_tensor_count(b));
        for (int64_t k = 0; k < rn_tensor_count(a); k++)
          assert_true(fabsf(((float *)rn_tensor_data(a))[k] - ((float *)rn_tensor_data(b))[k]) <
                      1e-5f * (float)(sizes[i][2] + 10));
        rn_tensor_release(a);
        rn_tensor_release(b);
      }
    rn_runtime_destroy(rt);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_numbers_are_the_cpus),
      cmocka_unit_test(kernels_agree_with_the_cpus_over_sizes),
      cmocka_unit_test(scatters_agree_with_the_cpus),
      cmocka_unit_test(the_k_largest_agree),
      cmocka_unit_test(long_loops_are_split),
      cmocka_unit_test(a_large_batch_is_normalised),
      cmocka_unit_test(host_arguments_that_change_are_not_baked_in),
      cmocka_unit_test(products_of_all_sizes_agree_in_every_variant),
  };
  RUN_VULKAN_TESTS(tests);
}
