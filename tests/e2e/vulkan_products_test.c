/* vulkan_products_test.c - products and convolutions of the Vulkan device
 * against the CPU's, in every variant that a device may need (tests/e2e).
 *
 * `pretend` takes things away from the device that is there. The validation
 * layer watches, synchronisation included, where it is installed, and must have
 * nothing to say. */
#include "vulkan_products.h"

static float value_at(const rn_tensor *t, int64_t k) { return ((const float *)rn_tensor_data(t))[k]; }
static void agree(const rn_tensor *a, const rn_tensor *b, float within, const char *what) {
  assert_int_equal(rn_tensor_count(a), rn_tensor_count(b));
  for (int64_t k = 0; k < rn_tensor_count(a); k++)
    if (!(fabsf(value_at(a, k) - value_at(b, k)) <= within * (1 + fabsf(value_at(a, k)))))
      fail_msg("%s[%lld]: %.9g on the CPU, %.9g on the device", what, (long long)k, (double)value_at(a, k),
               (double)value_at(b, k));
}
static void compare(rn_runtime *rt, const one *o, float within, const char *what) {
  rn_tensor *a = run_one(rt, "cpu", o), *b = run_one(rt, "vulkan", o);
  agree(a, b, within, what);
  rn_tensor_release(a);
  rn_tensor_release(b);
}
/* ---------------------------------------------------------------------------------------------
 * products */
static const int64_t sizes[][3] = {{1, 1, 1},    {3, 2, 0},     {7, 5, 3},      {33, 31, 17},   {64, 64, 64},
                                   {65, 1, 40},  {1, 70, 33},   {8, 8, 1000},   {100, 10, 32},  {130, 129, 65},
                                   {5, 300, 29}, {257, 40, 20}, {16, 32, 4097}, {160, 256, 128}};

static void products_agree_in_every_variant(void **state) {
  (void)state;
  NEEDS_DEVICE;
  for (size_t v = 0; v < PRETENCES; v++) {
    rn_runtime *rt = runtime_that(&pretences[v]);
    for (size_t i = v; i < sizeof sizes / sizeof sizes[0]; i += pretences[v].step)
      for (int how = (int)i % 2; how<4; how += pretences[v].step> 1 ? 2 : 1) {
        const int64_t *d = sizes[i];
        int ta = how & 1, tb = how >> 1;
        one o = {.op = "MatMul", .t = RN_FLOAT, .n_attrs = 2};
        o.in[0] = ta ? dims(2, d[2], d[0]) : dims(2, d[0], d[2]);
        o.in[1] = tb ? dims(2, d[1], d[2]) : dims(2, d[2], d[1]);
        o.attrs[0] = (rn_attr)RN_AB("transpose_a", ta);
        o.attrs[1] = (rn_attr)RN_AB("transpose_b", tb);
        char what[160];
        snprintf(what, sizeof what, "'%s' %lld x %lld x %lld, %d%d", pretences[v].words, (long long)d[0],
                 (long long)d[1], (long long)d[2], ta, tb);
        compare(rt, &o, 1e-5f * (1 + 0.1f * sqrtf((float)d[2])), what);
      }
    nobody_complained(rt);
    rn_runtime_destroy(rt);
  }
}

static void batched_products_agree_in_every_variant(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const int64_t rows[][8] = {/* batches of a, m, k; batches of b, n */
                                    {2, 3, 17, 9, 2, 3, 33, 0},
                                    {2, 1, 40, 50, 1, 3, 12, 0},
                                    {1, 1, 5, 300, 4, 5, 6, 0},
                                    {1, 3, 40, 64, 1, 3, 36, 0}};
  for (size_t v = 0; v < PRETENCES; v++) {
    rn_runtime *rt = runtime_that(&pretences[v]);
    for (size_t i = pretences[v].step > 2 ? 3 : 0; i < sizeof rows / sizeof rows[0]; i++)
      for (int how = (int)v % 2; how<4; how += pretences[v].step> 1 ? 2 : 1) {
        const int64_t *r = rows[i];
        one o = {.op = "BatchMatMulV2", .t = RN_FLOAT, .n_attrs = 2};
        o.in[0] = how & 1 ? four(r[0], r[1], r[3], r[2]) : four(r[0], r[1], r[2], r[3]);
        o.in[1] = how >> 1 ? four(r[4], r[5], r[6], r[3]) : four(r[4], r[5], r[3], r[6]);
        o.attrs[0] = (rn_attr)RN_AB("adj_x", how & 1);
        o.attrs[1] = (rn_attr)RN_AB("adj_y", how >> 1);
        compare(rt, &o, 3e-5f, pretences[v].words);
      }
    nobody_complained(rt);
    rn_runtime_destroy(rt);
  }
}

/* -----------------------------------------------------------------------------------------
 * convolutions */
static void convolutions(const char *const *ops, size_t v) {
  rn_runtime *rt = runtime_that(&pretences[v]);
  for (size_t i = pretences[v].step > 1 ? v % 3 : 0; i < sizeof layers / sizeof layers[0]; i += pretences[v].step)
    for (int k = 0; k < 3; k++)
      for (int nchw = 0; nchw < (pretences[v].step > 2 ? 1 : 2); nchw++) {
        int64_t strides[4], dilations[4];
        one o = layer_node(&layers[i], ops[k], nchw, strides, dilations);
        char what[160];
        snprintf(what, sizeof what, "'%s' %s of layer %zu, %s", pretences[v].words, ops[k], i, nchw ? "NCHW" : "NHWC");
        compare(rt, &o, 3e-5f * sqrtf((float)(layers[i].h * layers[i].w)), what);
      }
  nobody_complained(rt);
  rn_runtime_destroy(rt);
}
static void convolutions_agree_in_every_variant(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const ops[] = {"Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"};
  for (size_t v = 0; v < PRETENCES; v++) convolutions(ops, v);
}

/* -----------------------------------------------------------------------------------------------
 * tuning */
static size_t read_file(const char *path, char *out, size_t room) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t size = fread(out, 1, room, f);
  fclose(f);
  return size;
}
static int find_tuned(const char *folder, char *path, size_t room) {
  char command[600];
  snprintf(command, sizeof command, "ls %s/runnel/vulkan/*.tune 2>/dev/null", folder);
  FILE *p = popen(command, "r");
  int found = p != NULL && fgets(path, (int)room, p) != NULL;
  if (p != NULL) pclose(p);
  if (found) path[strcspn(path, "\n")] = '\0';
  return found;
}
static void product_that_is_tuned(void) {
  const char *settings[] = {"plugin.vulkan.tune=true", "plugin.vulkan.pipeline_cache=true", "plugin.vulkan.pretend=gpu",
                            validation ? "plugin.vulkan.validation=true" : "plugin.vulkan.validation=false"};
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .settings = settings, .n_settings = 4, .log = heard};
  rn_runtime *rt = NULL;
  must(rn_runtime_create(&o, &rt));
  one n = {.op = "MatMul", .t = RN_FLOAT};
  n.in[0] = dims(2, 64, 128);
  n.in[1] = dims(2, 128, 96);
  compare(rt, &n, 3e-5f, "tuned");
  nobody_complained(rt);
  rn_runtime_destroy(rt);
}
static void choices_are_measured_once_and_damage_is_ignored(void **state) {
  (void)state;
  NEEDS_DEVICE;
  char folder[] = "/tmp/runnel_tune_XXXXXX", path[600], before[4096], after[4096];
  assert_non_null(mkdtemp(folder));
  setenv("XDG_CACHE_HOME", folder, 1);
  product_that_is_tuned();
  assert_true(find_tuned(folder, path, sizeof path));
  size_t n = read_file(path, before, sizeof before);
  assert_true(n > 100);
  product_that_is_tuned();
  assert_int_equal(read_file(path, after, sizeof after), n);
  assert_memory_equal(before, after, n);
  FILE *f = fopen(path, "r+b"); /* one bit of the last entry: made new */
  assert_non_null(f);
  assert_int_equal(fseek(f, -1, SEEK_END), 0);
  fputc(after[n - 1] ^ 1, f);
  fclose(f);
  product_that_is_tuned();
  assert_int_equal(read_file(path, after, sizeof after), n);
  assert_int_equal(after[n - 1], before[n - 1]);
  snprintf(path, sizeof path, "rm -r %s", folder);
  assert_int_equal(system(path), 0);
  unsetenv("XDG_CACHE_HOME");
}
static void what_nobody_can_pretend_is_an_error(void **state) {
  (void)state;
  NEEDS_DEVICE;
  const char *more[] = {"plugin.vulkan.pretend=gpu, no_shaders"};
  rn_runtime *rt = runtime(more, 1);
  rn_graph *g = NULL;
  rn_session *s = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_shape shape = dims(1, 4, 0);
  rn_value x = placeholder(g, "x", RN_FLOAT, shape), y = node1(g, "Neg", "y", x);
  rn_feed feed = {x, numbers(RN_FLOAT, &shape, 1)};
  rn_tensor *out = NULL;
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = "vulkan", .fallback = "error"};
  must(rn_session_create(g, &o, &s));
  assert_status(rn_session_run(s, NULL, &feed, 1, &y, 1, &out, NULL, 0), RN_INVALID_ARGUMENT, "no_shaders",
                "small_bindings", NULL);
  rn_tensor_release(feed.tensor);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_agree_in_every_variant),
      cmocka_unit_test(batched_products_agree_in_every_variant),
      cmocka_unit_test(convolutions_agree_in_every_variant),
      cmocka_unit_test(choices_are_measured_once_and_damage_is_ignored),
      cmocka_unit_test(what_nobody_can_pretend_is_an_error),
  };
  RUN_VULKAN_TESTS(tests);
}
