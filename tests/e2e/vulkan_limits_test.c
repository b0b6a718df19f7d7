/* vulkan_limits_test.c - kernels on a Vulkan device that lacks something, against the CPU's (tests/e2e).
 *
 * One graph has a kernel of each form, with rows longer than a workgroup and more results than one dispatch has
 * invocations; each list of words of the setting `pretend` runs it. */
#include "vulkan_products.h"

enum { MOST = 64 };
typedef struct list {
  rn_graph *g;
  rn_value value[MOST];
  const char *name[MOST];
  uint32_t n;
} list;

static rn_value put(list *l, const char *name, rn_value v) {
  assert_true(l->n < MOST);
  l->value[l->n] = v;
  l->name[l->n++] = name;
  return v;
}
static rn_value put_port(list *l, const char *name, rn_value v, uint32_t port) {
  v.port = port;
  return put(l, name, v);
}
static rn_value some(list *l, rn_shape s, int seed) { return constant(l->g, NULL, numbers(RN_FLOAT, &s, seed)); }
static rn_value fed(list *l, rn_feed *f, rn_shape s, int seed) {
  rn_value x = placeholder(l->g, NULL, RN_FLOAT, s);
  *f = (rn_feed){x, numbers(RN_FLOAT, &s, seed)};
  return x;
}
static rn_value some_ints(list *l, int64_t n, int32_t below) {
  int32_t *data = malloc((size_t)n * sizeof *data);
  assert_non_null(data);
  for (int64_t i = 0; i < n; i++) data[i] = (int32_t)((i * 7 + 3) % below);
  rn_value v = ints(l->g, NULL, n, data);
  free(data);
  return v;
}
static rn_value int_matrix(list *l, int64_t n, int64_t m, const int32_t *data) {
  rn_shape s = dims(2, n, m);
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_INT32, &s, data, &t));
  return constant(l->g, NULL, t);
}
static rn_value int_scalar(list *l, int32_t x) {
  rn_shape s = dims(0, 0, 0);
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_INT32, &s, &x, &t));
  return constant(l->g, NULL, t);
}
static rn_value add(list *l, const char *op, const rn_value *in, uint32_t n, const rn_attr *attrs, uint32_t n_attrs) {
  return put(l, op, node(l->g, op, NULL, in, n, attrs, n_attrs));
}

/* --------------------------------------------------------------------------------------- a kernel of each form */
static void reductions(list *l, rn_value wide, rn_value tall) {
  static const char *const ops[] = {"Sum", "Mean", "Max", "Min", "Prod"};
  rn_value axis[2] = {ints(l->g, NULL, 1, (const int32_t[]){0}), ints(l->g, NULL, 1, (const int32_t[]){1})};
  rn_value both = ints(l->g, NULL, 2, (const int32_t[]){0, 1});
  for (int k = 0; k < 5; k++) {
    add(l, ops[k], (rn_value[]){wide, axis[1]}, 2, NULL, 0);
    add(l, ops[k], (rn_value[]){tall, axis[0]}, 2, NULL, 0);
  }
  add(l, "Sum", (rn_value[]){tall, both}, 2, NULL, 0);
  add(l, "L2Loss", &tall, 1, NULL, 0);
  rn_value large = node2(l->g, "Greater", NULL, wide, scalar(l->g, NULL, -0.999f));
  add(l, "All", (rn_value[]){large, axis[1]}, 2, NULL, 0);
  add(l, "Any", (rn_value[]){large, axis[0]}, 2, NULL, 0);
  add(l, "BiasAddGrad", &wide, 1, NULL, 0);
}
static void rows(list *l, rn_value wide) {
  rn_value labels = some_ints(l, 9, 700), t = add(l, "Softmax", &wide, 1, NULL, 0);
  add(l, "LogSoftmax", &wide, 1, NULL, 0);
  rn_value dense = add(l, "SoftmaxCrossEntropyWithLogits", (rn_value[]){wide, t}, 2, NULL, 0);
  rn_value sparse = add(l, "SparseSoftmaxCrossEntropyWithLogits", (rn_value[]){wide, labels}, 2, NULL, 0);
  put_port(l, "the dense loss's gradient", dense, 1);
  put_port(l, "the sparse loss's gradient", sparse, 1);
  add(l, "ArgMax", (rn_value[]){wide, int_scalar(l, 1)}, 2, NULL, 0);
  add(l, "ArgMin", (rn_value[]){wide, int_scalar(l, 0)}, 2, NULL, 0);
  put_port(l, "indices of TopKV2", add(l, "TopKV2", (rn_value[]){wide, int_scalar(l, 5)}, 2, NULL, 0), 1);
  rn_attr k = RN_AI("k", 300);
  add(l, "InTopK", (rn_value[]){wide, labels}, 2, &k, 1);
  add(l, "Cumsum", (rn_value[]){wide, int_scalar(l, 1)}, 2, NULL, 0);
}
static void moves(list *l, rn_value wide, rn_value tall) {
  rn_value some_rows = some_ints(l, 600, 500), updates = some(l, dims(2, 600, 30), 9);
  rn_value gathered = add(l, "Gather", (rn_value[]){tall, some_rows}, 2, NULL, 0);
  add(l, "UnsortedSegmentSum", (rn_value[]){gathered, some_rows, int_scalar(l, 500)}, 3, NULL, 0);
  rn_value column = node2(l->g, "ExpandDims", NULL, some_rows, int_scalar(l, 1));
  add(l, "ScatterNd", (rn_value[]){column, updates, ints(l->g, NULL, 2, (const int32_t[]){500, 30})}, 3, NULL, 0);
  add(l, "Transpose", (rn_value[]){wide, ints(l->g, NULL, 2, (const int32_t[]){1, 0})}, 2, NULL, 0);
  rn_attr two = RN_AI("N", 2);
  add(l, "ConcatV2", (rn_value[]){tall, tall, int_scalar(l, 1)}, 3, &two, 1);
  rn_value pads = int_matrix(l, 2, 2, (const int32_t[]){1, 2, 3, 4});
  add(l, "Pad", (rn_value[]){wide, pads}, 2, NULL, 0);
  add(l, "Tile", (rn_value[]){wide, ints(l->g, NULL, 2, (const int32_t[]){3, 2})}, 2, NULL, 0);
  add(l, "OneHot", (rn_value[]){some_rows, int_scalar(l, 50), scalar(l->g, NULL, 2), scalar(l->g, NULL, -1)}, 4, NULL,
      0);
  rn_value mask = node2(l->g, "Less", NULL, tall, scalar(l->g, NULL, 0));
  add(l, "Select", (rn_value[]){mask, tall, node1(l->g, "Neg", NULL, tall)}, 3, NULL, 0);
}
static void images(list *l) {
  int64_t twos[4] = {1, 2, 2, 1};
  rn_attr pool[] = {RN_AILIST("ksize", twos, 4), RN_AILIST("strides", twos, 4), RN_AS("padding", "SAME", 4)};
  rn_attr conv[] = {RN_AILIST("strides", twos, 4), RN_AS("padding", "SAME", 4)};
  rn_value x = some(l, four(3, 21, 19, 12), 4), dy = some(l, four(3, 11, 10, 12), 5),
           scale = some(l, dims(1, 12, 0), 6);
  rn_value y = add(l, "MaxPool", &x, 1, pool, 3), none = constant(l->g, NULL, floats(dims(1, 0, 0), NULL));
  add(l, "MaxPoolGrad", (rn_value[]){x, y, dy}, 3, pool, 3);
  add(l, "AvgPool", &x, 1, pool, 3);
  rn_shape s = four(3, 21, 19, 12), f = four(3, 3, 12, 2), d = four(3, 11, 10, 24);
  rn_value filter = some(l, f, 7), deep = some(l, d, 8);
  add(l, "AvgPoolGrad", (rn_value[]){size_node(l->g, &s), dy}, 2, pool, 3);
  add(l, "DepthwiseConv2dNative", (rn_value[]){x, filter}, 2, conv, 2);
  add(l, "DepthwiseConv2dNativeBackpropInput", (rn_value[]){size_node(l->g, &s), filter, deep}, 3, conv, 2);
  add(l, "DepthwiseConv2dNativeBackpropFilter", (rn_value[]){x, size_node(l->g, &f), deep}, 3, conv, 2);
  rn_value norm = add(l, "FusedBatchNormV3", (rn_value[]){x, scale, scale, none, none}, 5, NULL, 0);
  rn_value keep[3] = {norm, norm, norm};
  for (uint32_t i = 0; i < 3; i++) keep[i].port = 3 + i;
  rn_value back = add(l, "FusedBatchNormGradV3", (rn_value[]){x, x, scale, keep[0], keep[1], keep[2]}, 6, NULL, 0);
  put_port(l, "the scale's gradient", back, 1);
  put_port(l, "the offset's gradient", back, 2);
}
static void formulas(list *l, rn_value wide, rn_value tall) {
  rn_value column = node(l->g, "Sum", NULL, (rn_value[]){wide, ints(l->g, NULL, 1, (const int32_t[]){1})}, 2,
                         (rn_attr[]){RN_AB("keep_dims", 1)}, 1);
  rn_value half = node2(l->g, "Mul", NULL, wide, scalar(l->g, NULL, 0.5f));
  put(l, "a chain", node1(l->g, "Tanh", NULL, node2(l->g, "Add", NULL, half, column)));
  rn_value product = matmul(l->g, NULL, wide, some(l, dims(2, 700, 20), 11), 0, 0);
  put(l, "a product with its tail",
      node1(l->g, "Relu", NULL, node2(l->g, "BiasAdd", NULL, product, some(l, dims(1, 20, 0), 12))));
  rn_attr to[] = {RN_AT("DstT", RN_HALF)}, from[] = {RN_AT("DstT", RN_FLOAT)};
  put(l, "there and back",
      node(l->g, "Cast", NULL, (rn_value[]){node(l->g, "Cast", NULL, &tall, 1, to, 1)}, 1, from, 1));
}

/* Products with what follows them in their own dispatch. */
static void products(list *l) {
  static const int64_t ones[4] = {1, 1, 1, 1};
  rn_attr alpha = RN_AF("alpha", 0.3f);
  rn_value a = node1(l->g, "Neg", NULL, some(l, four(2, 3, 18, 40), 13)), b = some(l, four(1, 3, 40, 36), 14);
  rn_value batch = node2(l->g, "BatchMatMulV2", NULL, a, b);
  put(l, "a batched product with its tail", node(l->g, "LeakyRelu", NULL, &batch, 1, &alpha, 1));
  for (int nchw = 0; nchw < 2; nchw++) {
    rn_attr how[] = {RN_AILIST("strides", ones, 4), RN_AS("padding", "SAME", 4),
                     RN_AS("data_format", nchw ? "NCHW" : "NHWC", 4)};
    rn_shape x = nchw ? four(2, 8, 9, 7) : four(2, 9, 7, 8), y = nchw ? four(2, 12, 9, 7) : four(2, 9, 7, 12);
    rn_value dy = node1(l->g, "Neg", NULL, some(l, y, 15)), filter = some(l, four(3, 3, 8, 12), 16);
    rn_value back = node(l->g, "Conv2DBackpropInput", NULL, (rn_value[]){size_node(l->g, &x), filter, dy}, 3, how, 3);
    put(l, nchw ? "a slope behind NCHW" : "a slope behind NHWC", node2(l->g, "ReluGrad", NULL, back, some(l, x, 17)));
  }
}

typedef struct results {
  list l;
  rn_tensor *out[MOST];
} results;
static void evaluate(rn_runtime *rt, const char *device, results *r) {
  rn_feed feeds[2];
  memset(r, 0, sizeof *r);
  must(rn_graph_create(rt, 0, &r->l.g));
  rn_value wide = fed(&r->l, &feeds[0], dims(2, 9, 700), 1), tall = fed(&r->l, &feeds[1], dims(2, 700, 30), 2);
  reductions(&r->l, wide, tall);
  rows(&r->l, wide);
  moves(&r->l, wide, tall);
  images(&r->l);
  formulas(&r->l, wide, tall);
  products(&r->l);
  rn_session *s = session_on(r->l.g, device);
  must(rn_session_run(s, NULL, feeds, 2, r->l.value, r->l.n, r->out, NULL, 0));
  for (int i = 0; i < 2; i++) rn_tensor_release(feeds[i].tensor);
  rn_session_destroy(s);
}
static void drop(results *r) {
  for (uint32_t i = 0; i < r->l.n; i++) rn_tensor_release(r->out[i]);
  rn_graph_destroy(r->l.g);
}

static void same(const char *words, const char *name, const rn_tensor *a, const rn_tensor *b) {
  int64_t n = rn_tensor_count(a);
  assert_int_equal(n, rn_tensor_count(b));
  assert_int_equal(rn_tensor_dtype(a), rn_tensor_dtype(b));
  if (rn_tensor_dtype(a) != RN_FLOAT) {
    if (memcmp(rn_tensor_data(a), rn_tensor_data(b), rn_tensor_size_bytes(a)) != 0)
      fail_msg("'%s': %s differs", words, name);
    return;
  }
  const float *x = rn_tensor_data(a), *y = rn_tensor_data(b);
  float largest = 1;
  for (int64_t k = 0; k < n; k++) largest = fmaxf(largest, fabsf(x[k]));
  for (int64_t k = 0; k < n; k++)
    if (!(fabsf(x[k] - y[k]) <= 1e-5f * largest))
      fail_msg("'%s': %s[%lld] is %.9g on the CPU, %.9g on the device", words, name, (long long)k, (double)x[k],
               (double)y[k]);
}
static rn_runtime *lacking(const char *words) {
  char text[160];
  snprintf(text, sizeof text, "plugin.vulkan.pretend=%s", words);
  const char *more[] = {text, "plugin.vulkan.tune=false"};
  return runtime(more, 2);
}

static void every_form_of_kernel_agrees_whatever_is_missing(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const lists[] = {"",
                                      "no_subgroups",
                                      "small_workgroups",
                                      "small_bindings",
                                      "separate_memory",
                                      "gpu",
                                      "no_subgroups, no_texels, small_workgroups, separate_memory",
                                      "gpu, small_workgroups, little_shared, small_bindings, separate_memory"};
  rn_runtime *plain = lacking("");
  results want;
  evaluate(plain, "cpu", &want);
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    rn_runtime *rt = lacking(lists[i]);
    results got;
    evaluate(rt, "vulkan", &got);
    for (uint32_t k = 0; k < want.l.n; k++) same(lists[i], want.l.name[k], want.out[k], got.out[k]);
    drop(&got);
    nobody_complained(rt);
    rn_runtime_destroy(rt);
  }
  drop(&want);
  rn_runtime_destroy(plain);
}

/* ----------------------------------------------------------------------------------------- too large to bind */
static rn_status *run_large(rn_runtime *rt, const char *op, int64_t n) {
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_shape s = dims(2, n, 64);
  rn_value x = placeholder(g, "x", RN_FLOAT, s), axis = ints(g, NULL, 1, (const int32_t[]){0});
  rn_value y = strcmp(op, "Sum") == 0 ? node2(g, op, "y", x, axis) : node1(g, op, "y", x);
  rn_session *session = session_on(g, "vulkan");
  rn_feed feed = {x, numbers(RN_FLOAT, &s, 3)};
  rn_tensor *out = NULL;
  rn_status *failed = rn_session_run(session, NULL, &feed, 1, &y, 1, &out, NULL, 0);
  rn_tensor_release(out);
  rn_tensor_release(feed.tensor);
  rn_session_destroy(session);
  rn_graph_destroy(g);
  return failed;
}
static void a_tensor_larger_than_a_binding_is_a_clear_error(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const ops[] = {"Relu", "Sum", "Softmax", "Softplus"};
  rn_runtime *rt = lacking("small_bindings");
  for (int k = 0; k < 4; k++) {
    must(run_large(rt, ops[k], 4096));
    assert_status(run_large(rt, ops[k], 4097), RN_RESOURCE_EXHAUSTED, "'y'", "1048832 bytes", "binds at most 1048576",
                  NULL);
  }
  nobody_complained(rt);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_form_of_kernel_agrees_whatever_is_missing),
      cmocka_unit_test(a_tensor_larger_than_a_binding_is_a_clear_error),
  };
  RUN_VULKAN_TESTS(tests);
}
