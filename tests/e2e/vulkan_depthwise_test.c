/* vulkan_depthwise_test.c - DepthwiseConv2dNative and its gradients on the Vulkan device against the CPU's
 * (tests/e2e).
 *
 * The CPU has them in float. Operands of half and bfloat16 are such that sums are exact in float: their results must
 * be the float ones, rounded once. */
#include "vulkan_products.h"

typedef struct deep {
  int64_t n, h, w, c, kh, kw, multiplier, sh, sw, dh, dw;
  const char *padding;
} deep;
static const deep deeps[] = {
    {1, 5, 5, 1, 3, 3, 1, 1, 1, 1, 1, "SAME"},    {2, 7, 6, 3, 3, 3, 1, 1, 1, 1, 1, "VALID"},
    {2, 8, 9, 4, 3, 2, 2, 2, 2, 1, 1, "SAME"},    {1, 9, 8, 2, 2, 3, 3, 2, 2, 1, 1, "VALID"},
    {3, 6, 7, 5, 1, 1, 4, 1, 1, 1, 1, "SAME"},    {2, 10, 9, 3, 3, 3, 2, 1, 1, 2, 2, "SAME"},
    {1, 11, 12, 2, 3, 3, 1, 1, 1, 3, 2, "VALID"}, {1, 4, 4, 8, 5, 5, 1, 3, 3, 1, 1, "SAME"},
    {2, 7, 9, 3, 3, 3, 2, 2, 3, 1, 1, "SAME"},    {1, 3, 3, 70, 3, 3, 1, 1, 1, 1, 1, "VALID"},
    {1, 40, 40, 33, 3, 3, 1, 1, 1, 1, 1, "SAME"}, {2, 2, 3, 2, 4, 4, 2, 1, 1, 1, 1, "SAME"},
    {50, 28, 28, 1, 3, 3, 1, 1, 1, 1, 1, "SAME"}, /* more pixels than a loop has rounds on some drivers */
};
static const char *const ops[] = {"DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput",
                                  "DepthwiseConv2dNativeBackpropFilter"};

static int64_t result_size(const deep *l, int64_t size, int64_t k, int64_t stride, int64_t dilation) {
  return l->padding[0] == 'S' ? (size + stride - 1) / stride : (size - (k - 1) * dilation - 1) / stride + 1;
}
static rn_shape image(int nchw, int64_t n, int64_t h, int64_t w, int64_t c) {
  return nchw ? four(n, c, h, w) : four(n, h, w, c);
}
typedef struct lists {
  int64_t strides[4], dilations[4];
} lists;
static one node_of(const deep *l, const char *op, rn_dtype t, int nchw, lists *k) {
  int64_t oh = result_size(l, l->h, l->kh, l->sh, l->dh), ow = result_size(l, l->w, l->kw, l->sw, l->dw);
  rn_shape x = image(nchw, l->n, l->h, l->w, l->c), f = four(l->kh, l->kw, l->c, l->multiplier);
  rn_shape y = image(nchw, l->n, oh, ow, l->c * l->multiplier);
  int row = nchw ? 2 : 1, input = strstr(op, "Input") != NULL, filter = strstr(op, "Filter") != NULL;
  one o = {.op = op, .t = t, .in = {input ? f : x, input || filter ? y : f}, .n_attrs = 4};
  o.sizes = input ? 1 : filter ? 2 : 0;
  o.size_list = input ? x : f;
  *k = (lists){{1, 1, 1, 1}, {1, 1, 1, 1}};
  k->strides[row] = l->sh;
  k->strides[row + 1] = l->sw;
  k->dilations[row] = l->dh;
  k->dilations[row + 1] = l->dw;
  o.attrs[0] = (rn_attr)RN_AILIST("strides", k->strides, 4);
  o.attrs[1] = (rn_attr)RN_AS("padding", l->padding, strlen(l->padding));
  o.attrs[2] = (rn_attr)RN_AS("data_format", nchw ? "NCHW" : "NHWC", 4);
  o.attrs[3] = (rn_attr)RN_AILIST("dilations", k->dilations, 4);
  return o;
}

static void floats_agree_with_the_cpus(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const char *const words[] = {"", "gpu, small_workgroups, separate_memory"};
  for (int v = 0; v < 2; v++) {
    pretence as = {words[v], "0", 1};
    rn_runtime *rt = runtime_that(&as);
    for (size_t i = 0; i < sizeof deeps / sizeof deeps[0]; i++)
      for (int k = 0; k < 6; k++) {
        lists l;
        one o = node_of(&deeps[i], ops[k % 3], RN_FLOAT, k / 3, &l);
        rn_tensor *a = run_one(rt, "cpu", &o), *b = run_one(rt, "vulkan", &o);
        const float *x = rn_tensor_data(a), *y = rn_tensor_data(b);
        float within = deeps[i].n * deeps[i].h * deeps[i].w > 4000 ? 1e-3f : 2e-5f; /* of sums of so many */
        assert_true(rn_shape_equal(rn_tensor_shape(a), rn_tensor_shape(b)));
        for (int64_t e = 0; e < rn_tensor_count(a); e++)
          if (!(fabsf(x[e] - y[e]) <= within * (1 + fabsf(x[e]))))
            fail_msg("'%s' %s %zu %s [%lld]: %.9g on the CPU, %.9g on the device", words[v], ops[k % 3], i,
                     k / 3 ? "NCHW" : "NHWC", (long long)e, (double)x[e], (double)y[e]);
        rn_tensor_release(a);
        rn_tensor_release(b);
      }
    nobody_complained(rt);
    rn_runtime_destroy(rt);
  }
}

/* The same operands in float: multiples of 1/32, as those of half are. */
static rn_tensor *in_float(rn_runtime *rt, const one *o) {
  rn_graph *g = NULL;
  rn_value in[3];
  must(rn_graph_create(rt, 0, &g));
  for (int i = 0; i < 2; i++) {
    rn_tensor *small = numbers(o->t, &o->in[i], i + 1), *wide = NULL;
    must(rn_tensor_create(RN_FLOAT, &o->in[i], &wide));
    for (int64_t e = 0; e < rn_tensor_count(wide); e++)
      ((float *)rn_tensor_data(wide))[e] = (float)widened(o->t, ((const uint16_t *)rn_tensor_data(small))[e]);
    rn_tensor_release(small);
    in[o->sizes == 1 ? i + 1 : i == 1 && o->sizes == 2 ? 2 : i] = constant(g, NULL, wide);
  }
  if (o->sizes != 0) in[o->sizes == 1 ? 0 : 1] = size_node(g, &o->size_list);
  rn_value y = node(g, o->op, "y", in, o->sizes != 0 ? 3 : 2, o->attrs, o->n_attrs);
  rn_session *s = session_on(g, "cpu");
  rn_tensor *out = fetch(s, y);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return out;
}

static void halves_are_the_float_results_rounded_once(void **state) {
  (void)state;
  NEEDS_DEVICE;
  rn_runtime *rt = runtime(NULL, 0);
  for (size_t i = 0; i < sizeof deeps / sizeof deeps[0]; i++)
    for (int k = 0; k < 6; k++) {
      lists l;
      rn_dtype t = (i + (size_t)k) % 2 ? RN_HALF : RN_BFLOAT16;
      one o = node_of(&deeps[i], ops[k % 3], t, k / 3, &l);
      rn_tensor *a = in_float(rt, &o), *b = run_one(rt, "vulkan", &o);
      assert_int_equal(rn_tensor_dtype(b), t);
      assert_int_equal(rn_tensor_count(a), rn_tensor_count(b));
      for (int64_t e = 0; e < rn_tensor_count(a); e++) {
        uint16_t want = narrow(t, (double)((const float *)rn_tensor_data(a))[e]);
        uint16_t got = ((const uint16_t *)rn_tensor_data(b))[e];
        if (want != got && ((want | got) & 0x7fff) != 0)
          fail_msg("%s %zu %s [%lld]: %.9g wanted, %.9g on the device", ops[k % 3], i, k / 3 ? "NCHW" : "NHWC",
                   (long long)e, widened(t, want), widened(t, got));
      }
      rn_tensor_release(a);
      rn_tensor_release(b);
    }
  nobody_complained(rt);
  rn_runtime_destroy(rt);
}

/* A channel of one image at one place, and a filter whose only weight is 1: the result is the image. */
static void a_filter_that_is_an_impulse_gives_the_image_back(void **state) {
  (void)state;
  NEEDS_DEVICE;
  static const int64_t ones[4] = {1, 1, 1, 1};
  rn_attr how[] = {RN_AILIST("strides", ones, 4), RN_AS("padding", "SAME", 4)};
  rn_runtime *rt = runtime(NULL, 0);
  rn_graph *g = NULL;
  must(rn_graph_create(rt, 0, &g));
  rn_shape s = four(2, 5, 6, 3), fs = four(3, 3, 3, 1);
  rn_tensor *x = numbers(RN_FLOAT, &s, 1), *f = NULL;
  must(rn_tensor_create(RN_FLOAT, &fs, &f));
  for (int k = 0; k < 27; k++) ((float *)rn_tensor_data(f))[k] = k / 3 == 4;
  rn_value in[2] = {constant(g, NULL, rn_tensor_retain(x)), constant(g, NULL, f)};
  rn_value y = node(g, "DepthwiseConv2dNative", NULL, in, 2, how, 2);
  rn_session *session = session_on(g, "vulkan");
  rn_tensor *out = fetch(session, y);
  assert_memory_equal(rn_tensor_data(x), rn_tensor_data(out), rn_tensor_size_bytes(x));
  rn_tensor_release(x);
  rn_tensor_release(out);
  rn_session_destroy(session);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(floats_agree_with_the_cpus),
      cmocka_unit_test(halves_are_the_float_results_rounded_once),
      cmocka_unit_test(a_filter_that_is_an_impulse_gives_the_image_back),
  };
  RUN_VULKAN_TESTS(tests);
}
