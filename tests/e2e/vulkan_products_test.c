/* vulkan_products_test.c - products and convolutions of the Vulkan device
 * against the CPU's, in every variant that a device may need (tests/e2e).
 *
 * `pretend` takes things away from the device that is there. The validation
 * layer watches, synchronisation included, where it is installed, and must have
 * nothing to say. */
#include "vulkan.h"

typedef struct pretence {
  const char *words, *tile;
  size_t step; /* every so many sizes: shared memory is slow on a driver on the
                  CPU */
} pretence;
static const pretence pretences[] = {
    {"", "0", 1},          {"small_bindings", "0", 2},
    {"no_texels", "0", 6}, {"gpu", "64", 7},
    {"gpu", "128", 8},     {"gpu, small_workgroups, little_shared, small_bindings, separate_memory", "0", 5},
};
enum { PRETENCES = sizeof pretences / sizeof pretences[0] };

static rn_runtime *runtime_that(const pretence *p) {
  char text[160], tile[64];
  snprintf(text, sizeof text, "plugin.vulkan.pretend=%s", p->words);
  snprintf(tile, sizeof tile, "plugin.vulkan.tile=%s", p->tile);
  const char *more[] = {text, tile, "plugin.vulkan.tune=false"};
  return runtime(more, 3);
}

/* -----------------------------------------------------------------------------------------
 * one node, fed */
typedef struct one {
  const char *op;
  rn_dtype t;
  rn_shape in[2];
  rn_attr attrs[6];
  uint32_t n_attrs;
  int sizes; /* input 0 or 1 is a list of sizes: 1 + its place; 0: none */
  rn_shape size_list;
} one;

static rn_tensor *numbers(rn_dtype t, const rn_shape *s, int seed) {
  rn_tensor *x = NULL;
  must(rn_tensor_create(t, s, &x));
  uint32_t state = (uint32_t)seed * 2654435761u + 1;
  for (int64_t k = 0; k < rn_tensor_count(x); k++) {
    state = state * 1664525u + 1013904223u;
    float v = (float)(state >> 8) / (float)(1 << 23) - 1;
    ((float *)rn_tensor_data(x))[k] = v;
  }
  return x;
}
static rn_value size_node(rn_graph *g, const rn_shape *s) {
  int32_t d[4];
  for (int i = 0; i < 4; i++) d[i] = (int32_t)s->dim[i];
  return ints(g, NULL, 4, d);
}
static rn_tensor *run_one(rn_runtime *rt, const char *device, const one *o) {
  rn_graph *g = NULL;
  rn_value in[3];
  rn_feed feed[2];
  must(rn_graph_create(rt, 0, &g));
  for (int i = 0; i < 2; i++) {
    rn_value x = placeholder(g, NULL, o->t, o->in[i]);
    feed[i] = (rn_feed){x, numbers(o->t, &o->in[i], i + 1)};
    in[o->sizes == 1 ? i + 1 : i == 1 && o->sizes == 2 ? 2 : i] = x;
  }
  if (o->sizes != 0) in[o->sizes == 1 ? 0 : 1] = size_node(g, &o->size_list);
  rn_value y = node(g, o->op, "y", in, o->sizes != 0 ? 3 : 2, o->attrs, o->n_attrs);
  rn_session *s = session_on(g, device);
  rn_tensor *out = NULL;
  must(rn_session_run(s, NULL, feed, 2, &y, 1, &out, NULL, 0));
  rn_session_destroy(s);
  for (int i = 0; i < 2; i++) rn_tensor_release(feed[i].tensor);
  rn_graph_destroy(g);
  return out;
}

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
static void nobody_complained(rn_runtime *rt) {
  rn_graph *g = NULL;
  int64_t n[COUNTS];
  must(rn_graph_create(rt, 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(1, 4, 0)), y = node1(g, "Neg", "y", x), counts = counts_node(g);
  rn_session *s = session_on(g, "vulkan");
  rn_shape four = dims(1, 4, 0);
  rn_feed feed = {x, numbers(RN_FLOAT, &four, 1)};
  rn_tensor *out = NULL;
  must(rn_session_run(s, NULL, &feed, 1, &y, 1, &out, NULL, 0));
  read_counts(s, counts, n);
  rn_tensor_release(out);
  rn_tensor_release(feed.tensor);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  assert_int_equal(n[MESSAGES], 0);
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

static rn_shape four(int64_t a, int64_t b, int64_t c, int64_t d) {
  rn_shape s = dims(4, a, b);
  s.dim[2] = c;
  s.dim[3] = d;
  return s;
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
typedef struct layer {
  int64_t n, h, w, c, kh, kw, o, sh, sw, dh;
  const char *padding;
} layer;
static const layer layers[] = {{2, 7, 6, 3, 3, 3, 5, 1, 1, 1, "SAME"},   {1, 9, 9, 1, 5, 5, 6, 1, 1, 1, "VALID"},
                               {3, 8, 11, 4, 3, 2, 8, 2, 3, 1, "SAME"},  {2, 12, 12, 8, 3, 3, 40, 1, 1, 2, "SAME"},
                               {4, 5, 5, 17, 1, 1, 33, 1, 1, 1, "SAME"}, {2, 28, 28, 2, 5, 5, 32, 2, 2, 1, "VALID"}};

static int64_t out_size(const layer *l, int64_t size, int64_t k, int64_t stride) {
  return l->padding[0] == 'S' ? (size + stride - 1) / stride : (size - (k - 1) * l->dh - 1) / stride + 1;
}
static one layer_node(const layer *l, const char *op, int nchw, int64_t strides[4], int64_t dilations[4]) {
  int64_t oh = out_size(l, l->h, l->kh, l->sh), ow = out_size(l, l->w, l->kw, l->sw);
  int64_t m = l->o;
  rn_shape x = nchw ? four(l->n, l->c, l->h, l->w) : four(l->n, l->h, l->w, l->c);
  rn_shape f = four(l->kh, l->kw, l->c, l->o);
  if (strstr(op, "Depthwise")) {
    f = four(l->kh, l->kw, l->c, 2);
    m = 2 * l->c;
  }
  rn_shape y = nchw ? four(l->n, m, oh, ow) : four(l->n, oh, ow, m);
  one o = {.op = op, .t = RN_FLOAT};
  int input = strstr(op, "Input") != NULL, filter = strstr(op, "Filter") != NULL;
  o.in[0] = input ? f : x;
  o.in[1] = input || filter ? y : f;
  o.sizes = input ? 1 : filter ? 2 : 0;
  o.size_list = input ? x : f;
  for (int i = 0; i < 4; i++) strides[i] = dilations[i] = 1;
  strides[nchw ? 2 : 1] = l->sh;
  strides[nchw ? 3 : 2] = l->sw;
  dilations[nchw ? 2 : 1] = dilations[nchw ? 3 : 2] = l->dh;
  o.attrs[0] = (rn_attr)RN_AILIST("strides", strides, 4);
  o.attrs[1] = (rn_attr)RN_AS("padding", l->padding, strlen(l->padding));
  o.attrs[2] = (rn_attr)RN_AS("data_format", nchw ? "NCHW" : "NHWC", 4);
  o.attrs[3] = (rn_attr)RN_AILIST("dilations", dilations, 4);
  o.n_attrs = 4;
  return o;
}
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
