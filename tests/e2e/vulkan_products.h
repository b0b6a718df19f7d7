/* vulkan_products.h - what the tests of products on the Vulkan device share: devices that lack things, one node that
 * is fed, layers (tests/e2e). */
#ifndef TESTS_E2E_VULKAN_PRODUCTS_H
#define TESTS_E2E_VULKAN_PRODUCTS_H
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

static inline rn_runtime *runtime_that(const pretence *p) {
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

/* v to the nearest half or bfloat16, ties to even. */
static inline uint16_t narrow(rn_dtype t, double v) {
  int bits = t == RN_HALF ? 11 : 8, least = t == RN_HALF ? -13 : -125, e; /* of the significand; of normal numbers */
  unsigned sign = signbit(v) ? 0x8000 : 0, inf = t == RN_HALF ? 0x7c00 : 0x7f80;
  if (isnan(v)) return (uint16_t)(inf | 1u << (bits - 2));
  (void)frexp(v, &e);
  double unit = ldexp(1, (e > least ? e : least) - bits), n = rint(fabs(v) / unit);
  if (isinf(v) || n * unit >= ldexp(1, t == RN_HALF ? 16 : 128)) return (uint16_t)(sign | inf);
  if (n < ldexp(1, bits - 1)) return (uint16_t)(sign | (unsigned)n); /* subnormal, or 0 */
  (void)frexp(n * unit, &e);
  n = ldexp(n * unit, bits - e);
  return (uint16_t)(sign | (((unsigned)(e - least + 1) << (bits - 1)) + (unsigned)n - (1u << (bits - 1))));
}
static inline double widened(rn_dtype t, uint16_t x) {
  int bits = t == RN_HALF ? 11 : 8, least = t == RN_HALF ? -13 : -125;
  unsigned e = (x & 0x7fffu) >> (bits - 1), n = x & ((1u << (bits - 1)) - 1);
  double v = e == 0                             ? ldexp(n, least - bits)
             : e == (t == RN_HALF ? 31u : 255u) ? (n != 0 ? (double)NAN : (double)INFINITY)
                                                : ldexp(n + (1u << (bits - 1)), (int)e + least - 1 - bits);
  return x & 0x8000 ? -v : v;
}
/* In [-1, 1]: any floats; of half and bfloat16 multiples of 1/32, so that sums of products are exact in float. */
static inline rn_tensor *numbers(rn_dtype t, const rn_shape *s, int seed) {
  rn_tensor *x = NULL;
  must(rn_tensor_create(t, s, &x));
  uint32_t state = (uint32_t)seed * 2654435761u + 1;
  for (int64_t k = 0; k < rn_tensor_count(x); k++) {
    state = state * 1664525u + 1013904223u;
    float v = (float)(state >> 8) / (float)(1 << 23) - 1;
    if (t == RN_FLOAT)
      ((float *)rn_tensor_data(x))[k] = v;
    else
      ((uint16_t *)rn_tensor_data(x))[k] = narrow(t, rint(v * 32.0) / 32);
  }
  return x;
}
static inline rn_value size_node(rn_graph *g, const rn_shape *s) {
  int32_t d[4];
  for (int i = 0; i < 4; i++) d[i] = (int32_t)s->dim[i];
  return ints(g, NULL, 4, d);
}
static inline rn_tensor *run_one(rn_runtime *rt, const char *device, const one *o) {
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

static inline void nobody_complained(rn_runtime *rt) {
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

static inline rn_shape four(int64_t a, int64_t b, int64_t c, int64_t d) {
  rn_shape s = dims(4, a, b);
  s.dim[2] = c;
  s.dim[3] = d;
  return s;
}
typedef struct layer {
  int64_t n, h, w, c, kh, kw, o, sh, sw, dh;
  const char *padding;
} layer;
static const layer layers[] = {{2, 7, 6, 3, 3, 3, 5, 1, 1, 1, "SAME"},   {1, 9, 9, 1, 5, 5, 6, 1, 1, 1, "VALID"},
                               {3, 8, 11, 4, 3, 2, 8, 2, 3, 1, "SAME"},  {2, 12, 12, 8, 3, 3, 40, 1, 1, 2, "SAME"},
                               {4, 5, 5, 17, 1, 1, 33, 1, 1, 1, "SAME"}, {2, 28, 28, 2, 5, 5, 32, 2, 2, 1, "VALID"}};

static inline int64_t out_size(const layer *l, int64_t size, int64_t k, int64_t stride) {
  return l->padding[0] == 'S' ? (size + stride - 1) / stride : (size - (k - 1) * l->dh - 1) / stride + 1;
}
static inline one layer_node(const layer *l, const char *op, int nchw, int64_t strides[4], int64_t dilations[4]) {
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
#endif
