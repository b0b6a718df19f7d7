/* vulkan_fusion_test.c - fused chains give what one kernel after the other gives, in fewer dispatches (tests/e2e).
 *
 * All modules that were generated go through spirv-val, where it is installed. */
#include <sys/stat.h>
#include "vulkan.h"

enum { CPU, PLAIN, FUSED, WAYS };
static char modules[64] = "/tmp/runnel_fused_XXXXXX", setting[128];
static rn_runtime *way[WAYS];
static const char *const device_of[WAYS] = {"cpu", "vulkan", "vulkan"};

static int open_ways(void **state) {
  (void)state;
  if (validation < 0) return 0;
  static const char *const no = "plugin.vulkan.fuse=false";
  const char *keep = setting;
  assert_non_null(mkdtemp(modules));
  snprintf(setting, sizeof setting, "plugin.vulkan.modules=%s", modules);
  way[CPU] = runtime(NULL, 0);
  way[PLAIN] = runtime(&no, 1);
  way[FUSED] = runtime(&keep, 1);
  return 0;
}

static int close_ways(void **state) {
  (void)state;
  char text[160];
  for (int w = 0; w < WAYS; w++) rn_runtime_destroy(way[w]);
  if (validation < 0) return 0;
  snprintf(text, sizeof text, "rm -r %s", modules);
  return system(text);
}

/* ------------------------------------------------------------------------------------- random chains */
static uint32_t state;
static uint32_t draw(uint32_t below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}
static float draw_float(void) { return (float)draw(4001) / 1000.0f - 2.0f; }

enum { FEEDS = 7, MOST_VALUES = 40, MOST_FETCHES = 5 };
typedef struct chain {
  rn_graph *g;
  rn_value feed[FEEDS], value[MOST_VALUES], fetch[MOST_FETCHES];
  rn_shape shape[FEEDS];
  uint32_t n_values, n_fetches;
  rn_dtype type;
} chain;

static const char *const smooth1[] = {"Neg",   "Abs",      "Square", "Tanh",     "Sigmoid", "Relu",
                                      "Relu6", "Softplus", "Elu",    "Softsign", "Selu",    "Softplus",
                                      "Exp",   "Expm1",    "Sin",    "Cos",      "Erf",     "Atan"};
static const char *const smooth2[] = {"Add",   "Sub",    "Mul", "Maximum", "Minimum", "SquaredDifference",
                                      "AddV2", "RealDiv"};
static const char *const slopes[] = {"ReluGrad", "Relu6Grad", "SigmoidGrad", "TanhGrad", "EluGrad", "SoftplusGrad"};
#define ONE_OF(list) list[draw((uint32_t)(sizeof list / sizeof list[0]))]

/* Values stay small: what grows goes through Tanh. */
static rn_value bounded(rn_graph *g, rn_value v) { return node1(g, "Tanh", NULL, v); }

static rn_value draw_value(const chain *c) { return c->value[draw(c->n_values)]; }

static rn_value draw_op(chain *c) {
  rn_graph *g = c->g;
  rn_value a = draw_value(c), b = draw_value(c), full = c->feed[0];
  rn_attr n3[] = {RN_AI("N", 3)}, alpha[] = {RN_AF("alpha", 0.3f)};
  switch (draw(c->type == RN_FLOAT ? 12 : 8)) {
    case 0:
    case 1:
    case 2:
      return bounded(g, node1(g, ONE_OF(smooth1), NULL, a));
    case 3:
    case 4:
      return bounded(g, node2(g, ONE_OF(smooth2), NULL, a, bounded(g, b)));
    case 5:
      return bounded(g, node2(g, ONE_OF(slopes), NULL, a, b));
    case 6:
      return node2(g, draw(2) ? "Mul" : "Add", NULL, a, c->feed[1 + draw(4)]); /* broadcast */
    case 7:
      return node2(g, draw(2) ? "Maximum" : "Sub", NULL, c->feed[1 + draw(4)], a);
    case 8:
      return bounded(g, node(g, "AddN", NULL, (rn_value[]){a, b, a}, 3, n3, 1));
    case 9:
      return node(g, "LeakyRelu", NULL, &a, 1, alpha, 1);
    case 10:
      return node(g, "Select", NULL, (rn_value[]){node2(g, "Greater", NULL, full, c->feed[5]), a, b}, 3, NULL, 0);
    default:
      return node2(g, "BiasAdd", NULL, a, c->feed[6]);
  }
}

/* [rows, columns] and what broadcasts to it: a number, a row, a column, one row of rank 1. */
static chain build_chain(rn_runtime *rt, uint32_t seed, int64_t rows, int64_t columns, rn_dtype type) {
  chain c = {.type = type};
  const rn_shape shapes[FEEDS] = {dims(2, rows, columns), dims(0, 0, 0),          dims(2, 1, columns), dims(2, rows, 1),
                                  dims(1, columns, 0),    dims(2, rows, columns), dims(1, columns, 0)};
  char name[16];
  state = seed * 2654435761u + 1;
  must(rn_graph_create(rt, 0, &c.g));
  for (int i = 0; i < FEEDS; i++) {
    snprintf(name, sizeof name, "x%d", i);
    c.shape[i] = shapes[i];
    rn_shape said = shapes[i];
    if (seed % 3 == 0 && i != 2 && i != 4 && i != 6 && said.rank == 2) said.dim[0] = RN_DIM_UNKNOWN;
    c.feed[i] = placeholder(c.g, name, type, said);
  }
  c.value[c.n_values++] = c.feed[0];
  uint32_t wanted = 4 + draw(24);
  if (type == RN_FLOAT) c.value[c.n_values++] = node2(c.g, "Add", NULL, c.feed[0], scalar(c.g, NULL, 0.25f));
  while (c.n_values < wanted) c.value[c.n_values++] = draw_op(&c);
  c.n_fetches = 1 + draw(MOST_FETCHES);
  for (uint32_t i = 0; i < c.n_fetches; i++) c.fetch[i] = i == 0 ? c.value[c.n_values - 1] : draw_value(&c);
  return c;
}

static uint16_t half_of(float x) { /* of what has few digits, exactly enough */
  uint32_t bits;
  memcpy(&bits, &x, 4);
  int exponent = (int)(bits >> 23 & 255) - 112;
  if (exponent <= 0) return (uint16_t)(bits >> 16 & 0x8000u);
  return (uint16_t)((bits >> 16 & 0x8000u) | (uint32_t)exponent << 10 | (bits >> 13 & 1023));
}

static rn_tensor *draw_tensor(rn_shape s, rn_dtype type) {
  rn_tensor *t = NULL;
  must(rn_tensor_create(type, &s, &t));
  for (int64_t k = 0; k < rn_tensor_count(t); k++) {
    float x = draw_float();
    if (type == RN_HALF)
      ((uint16_t *)rn_tensor_data(t))[k] = half_of(x);
    else
      ((float *)rn_tensor_data(t))[k] = x;
  }
  return t;
}

static void run_chain(chain *c, int w, uint32_t seed, const char *strange, rn_tensor **out) {
  rn_feed feeds[FEEDS];
  rn_session *s = session_on(c->g, device_of[w]);
  state = seed;
  for (int i = 0; i < FEEDS; i++) feeds[i] = (rn_feed){c->feed[i], draw_tensor(c->shape[i], c->type)};
  float *x = rn_tensor_data(feeds[0].tensor);
  int64_t n = rn_tensor_count(feeds[0].tensor);
  for (int64_t k = 0; strange != NULL && k < n; k += 3) x[k] = k % 2 ? NAN : k % 4 ? INFINITY : -INFINITY;
  for (uint32_t i = 0; i < c->n_fetches; i++) out[i] = NULL;
  must(rn_session_run(s, NULL, feeds, FEEDS, c->fetch, c->n_fetches, out, NULL, 0));
  for (int i = 0; i < FEEDS; i++) rn_tensor_release(feeds[i].tensor);
  rn_session_destroy(s);
}

static int same_bits(const rn_tensor *a, const rn_tensor *b, int64_t k) {
  if (rn_tensor_dtype(a) == RN_HALF) return ((uint16_t *)rn_tensor_data(a))[k] == ((uint16_t *)rn_tensor_data(b))[k];
  float x = ((const float *)rn_tensor_data(a))[k], y = ((const float *)rn_tensor_data(b))[k];
  return memcmp(&x, &y, 4) == 0 || (isnan(x) && isnan(y));
}

/* The driver may simplify a formula one way alone and another way among others: the last bits differ, and more of them
 * behind a slope. */
static int near(const rn_tensor *a, const rn_tensor *b, int64_t k, float within) {
  if (same_bits(a, b, k)) return 1;
  if (rn_tensor_dtype(a) == RN_HALF) {
    int x = ((const uint16_t *)rn_tensor_data(a))[k], y = ((const uint16_t *)rn_tensor_data(b))[k];
    return abs(x - y) <= 2;
  }
  float x = ((const float *)rn_tensor_data(a))[k], y = ((const float *)rn_tensor_data(b))[k];
  return fabsf(x - y) <= within * (1 + fabsf(x));
}

static void compare(rn_tensor *a, rn_tensor *b, float within, uint32_t seed, const char *of) {
  assert_int_equal(rn_tensor_count(a), rn_tensor_count(b));
  for (int64_t k = 0; k < rn_tensor_count(a); k++)
    if (!near(a, b, k, within)) fail_msg("seed %u, element %d: fused differs from %s", seed, (int)k, of);
}

static void try_chain(uint32_t seed, int64_t rows, int64_t columns, rn_dtype type, const char *strange) {
  rn_tensor *out[WAYS][MOST_FETCHES];
  uint32_t n = 0;
  for (int w = type == RN_FLOAT ? CPU : PLAIN; w < WAYS; w++) {
    chain c = build_chain(way[w], seed, rows, columns, type);
    run_chain(&c, w, seed, strange, out[w]);
    n = c.n_fetches;
    rn_graph_destroy(c.g);
  }
  for (uint32_t i = 0; i < n; i++) {
    compare(out[FUSED][i], out[PLAIN][i], 2e-5f, seed, "the device without fusion");
    if (type == RN_FLOAT && strange == NULL) compare(out[FUSED][i], out[CPU][i], 2e-4f, seed, "the CPU");
    for (int w = type == RN_FLOAT ? CPU : PLAIN; w < WAYS; w++) rn_tensor_release(out[w][i]);
  }
}

static void random_chains_give_the_same_fused_or_not(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  static const int64_t sizes[][2] = {{4, 6}, {1, 7}, {13, 1}, {5, 33}, {1, 1}, {64, 65}, {0, 3}, {3, 0}};
  for (uint32_t seed = 0; seed < 100; seed++) {
    const int64_t *s = sizes[seed % 8];
    try_chain(seed, s[0], s[1], RN_FLOAT, NULL);
  }
}

static void halves_are_rounded_at_each_step(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  for (uint32_t seed = 0; seed < 24; seed++) try_chain(seed, 3 + seed % 4, 1 + seed % 7, RN_HALF, NULL);
}

static void nan_and_infinity_go_through_as_without_fusion(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  for (uint32_t seed = 500; seed < 530; seed++) try_chain(seed, 5, 9, RN_FLOAT, "strange");
}

/* ----------------------------------------------------------------------------------------- after products */
/* y = op(x w + bias) and others of the kind, with sizes at which k is split and such at which it is not. */
typedef struct tail_case {
  const char *bias, *op; /* NULL: none */
  int with_side, reads_inner;
} tail_case;
static const tail_case tails[] = {{"BiasAdd", "Relu", 0, 0},   {"Add", "Tanh", 0, 0},         {"BiasAdd", NULL, 0, 0},
                                  {NULL, "Sigmoid", 0, 0},     {NULL, "ReluGrad", 1, 0},      {"Add", "Mul", 1, 0},
                                  {"BiasAdd", "Relu6", 0, 1},  {"BiasAdd", "Softplus", 0, 2}, {"AddV2", "Elu", 0, 3},
                                  {NULL, "SigmoidGrad", 2, 0}, {"BiasAdd", "TanhGrad", 2, 0}, {"BiasAdd", "Add", 1, 0},
                                  {"Add", "LeakyRelu", 0, 0},  {NULL, "LeakyReluGrad", 1, 0}};

static rn_value waves(rn_graph *g, rn_shape s, float step) {
  rn_tensor *t = NULL;
  must(rn_tensor_create(RN_FLOAT, &s, &t));
  for (int64_t k = 0; k < rn_tensor_count(t); k++)
    ((float *)rn_tensor_data(t))[k] = 0.3f * sinf((float)k * step + step);
  return constant(g, NULL, t);
}
static rn_value fed(rn_graph *g, rn_shape s, float step) { return node1(g, "Neg", NULL, waves(g, s, step)); }

static rn_shape dims4(int64_t a, int64_t b, int64_t c, int64_t d) {
  rn_shape s = {4, 0, {a, b, c, d}};
  return s;
}

enum { BY_MATMUL, BY_CONV, BY_BATCH, BY_BACK, BY_BACK_NCHW, PRODUCTS };
static rn_value product_of(rn_graph *g, int kind, int64_t m, int64_t n, int64_t k, rn_shape *y) {
  static const int64_t ones[4] = {1, 1, 1, 1};
  int nchw = kind == BY_BACK_NCHW;
  rn_attr how[] = {RN_AILIST("strides", ones, 4), RN_AS("padding", "SAME", 4),
                   RN_AS("data_format", nchw ? "NCHW" : "NHWC", 4)};
  *y = kind == BY_MATMUL ? dims(2, m, n) : nchw ? dims4(2, n, m, 3) : dims4(2, m, 3, n);
  if (kind == BY_MATMUL) return node2(g, "MatMul", NULL, fed(g, dims(2, m, k), 0.7f), fed(g, dims(2, k, n), 0.4f));
  if (kind == BY_BATCH) {
    *y = dims4(2, 3, m, n);
    return node2(g, "BatchMatMulV2", NULL, fed(g, dims4(2, 3, m, k), 0.7f), fed(g, dims4(1, 3, k, n), 0.4f));
  }
  if (kind == BY_CONV) {
    rn_value in[2] = {fed(g, dims4(2, m, 3, k), 0.7f), fed(g, dims4(2, 3, k, n), 0.4f)};
    return node(g, "Conv2D", NULL, in, 2, how, 3);
  }
  rn_shape dy = nchw ? dims4(2, k, m, 3) : dims4(2, m, 3, k);
  int32_t sizes[4];
  for (int i = 0; i < 4; i++) sizes[i] = (int32_t)y->dim[i];
  rn_value in[3] = {ints(g, NULL, 4, sizes), fed(g, dims4(2, 3, n, k), 0.4f), fed(g, dy, 0.7f)};
  return node(g, "Conv2DBackpropInput", NULL, in, 3, how, 3);
}

static uint32_t build_tail(rn_graph *g, const tail_case *c, int kind, const int64_t *size, rn_value *fetch) {
  rn_shape shape;
  rn_attr alpha[] = {RN_AF("alpha", 0.3f)};
  uint32_t n = 1, with_alpha = c->op != NULL && strncmp(c->op, "Leaky", 5) == 0;
  rn_value x = product_of(g, kind, size[0], size[1], size[2], &shape), y = x;
  if (c->reads_inner & 1) fetch[n++] = y;
  if (c->bias != NULL) y = node2(g, c->bias, NULL, y, fed(g, dims(1, shape.dim[shape.rank - 1], 0), 1.3f));
  if (c->reads_inner & 2) fetch[n++] = y;
  rn_value side = fed(g, shape, 0.9f), in[2] = {c->with_side == 2 ? side : y, c->with_side == 2 ? y : side};
  if (c->op != NULL) y = node(g, c->op, NULL, in, c->with_side != 0 ? 2 : 1, alpha, with_alpha);
  fetch[0] = y;
  return n;
}

static void try_tail(const tail_case *tail, int kind, const int64_t *size, uint32_t number) {
  rn_tensor *out[WAYS][3];
  uint32_t n = 0;
  for (int w = 0; w < WAYS; w++) {
    rn_graph *g = NULL;
    rn_value fetches[3];
    must(rn_graph_create(way[w], 0, &g));
    n = build_tail(g, tail, kind, size, fetches);
    rn_session *s = session_on(g, device_of[w]);
    for (uint32_t k = 0; k < n; k++) out[w][k] = NULL;
    must(rn_session_run(s, NULL, NULL, 0, fetches, n, out[w], NULL, 0));
    rn_session_destroy(s);
    rn_graph_destroy(g);
  }
  for (uint32_t k = 0; k < n; k++) {
    compare(out[FUSED][k], out[PLAIN][k], 2e-5f, number, "the device without fusion");
    compare(out[FUSED][k], out[CPU][k], 1e-4f, number, "the CPU");
    for (int w = 0; w < WAYS; w++) rn_tensor_release(out[w][k]);
  }
}

static void what_follows_a_product_gives_the_same(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  static const int64_t sizes[][3] = {{5, 7, 3}, {33, 18, 40}, {2, 3, 900}, {0, 4, 2}, {3, 4, 0}};
  for (uint32_t i = 0; i < sizeof tails / sizeof tails[0] * 5; i++)
    for (int kind = 0; kind < PRODUCTS; kind++)
      if (kind == BY_MATMUL || sizes[i % 5][2] <= 100)
        try_tail(&tails[i / 5], kind, sizes[i % 5], i * 10 + (uint32_t)kind);
}

/* Dispatches of a step once its programs are made. */
static int64_t steady_dispatches(rn_runtime *rt, int kind, const tail_case *tail) {
  static const int64_t size[3] = {5, 8, 16};
  int64_t before[COUNTS], after[COUNTS];
  rn_graph *g = NULL;
  rn_value fetches[3];
  must(rn_graph_create(rt, 0, &g));
  (void)build_tail(g, tail, kind, size, fetches);
  rn_value c = counts_node(g);
  rn_session *s = session_on(g, "vulkan");
  rn_tensor_release(fetch(s, fetches[0]));
  read_counts(s, c, before);
  rn_tensor_release(fetch(s, fetches[0]));
  read_counts(s, c, after);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return after[DISPATCHES] - before[DISPATCHES];
}

static void what_follows_a_product_costs_no_dispatch(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  static const tail_case alone = {NULL, NULL, 0, 0}, with_side = {NULL, "LeakyReluGrad", 1, 0},
                         with_bias = {"BiasAdd", "LeakyRelu", 0, 0};
  for (int kind = 0; kind < PRODUCTS; kind++) {
    int64_t one = steady_dispatches(way[FUSED], kind, &alone);
    if (kind == BY_BACK_NCHW) { /* on drivers on the CPU: y is written pixel by pixel, and finished after */
      assert_true(steady_dispatches(way[FUSED], kind, &with_side) <= one + 2);
      continue;
    }
    assert_int_equal(steady_dispatches(way[FUSED], kind, &with_side), one + 1); /* the side's Neg */
    assert_int_equal(steady_dispatches(way[FUSED], kind, &with_bias), one + 1); /* the bias's Neg */
    assert_int_equal(steady_dispatches(way[PLAIN], kind, &with_bias), one + 3);
  }
}

/* ------------------------------------------------------------------------------------ forms of their own */
static rn_value build_casts(rn_graph *g, rn_value x) { /* float, int32, bool, half and back */
  rn_attr to_int[] = {RN_AT("DstT", RN_INT32)}, to_float[] = {RN_AT("DstT", RN_FLOAT)},
          to_half[] = {RN_AT("DstT", RN_HALF)};
  rn_value k = node(g, "Cast", NULL, &x, 1, to_int, 1), big = node2(g, "Greater", NULL, x, scalar(g, NULL, 0.5f));
  int32_t some = 3;
  rn_value three = ints(g, NULL, 1, &some);
  rn_value odd = node2(g, "FloorMod", NULL, node2(g, "Mul", NULL, k, k),
                       node2(g, "Maximum", NULL, node1(g, "Abs", NULL, k), three));
  rn_value both = node2(g, "LogicalAnd", NULL, big, node1(g, "LogicalNot", NULL, node2(g, "Less", NULL, k, k)));
  rn_value half = node(g, "Cast", NULL, &x, 1, to_half, 1), back = node(g, "Cast", NULL, &half, 1, to_float, 1);
  rn_value sum[3] = {node(g, "Cast", NULL, &odd, 1, to_float, 1), node(g, "Cast", NULL, &both, 1, to_float, 1), back};
  rn_attr n3[] = {RN_AI("N", 3)};
  return node(g, "AddN", NULL, sum, 3, n3, 1);
}

static rn_value build_channels(rn_graph *g, rn_value x) { /* a bias along the second dimension, rows chosen */
  rn_attr nchw[] = {RN_AS("data_format", "NCHW", 4)};
  const int32_t shape[4] = {2, 3, 2, 2};
  rn_value image = node2(g, "Reshape", NULL, x, ints(g, NULL, 4, shape)), in[2] = {image, fed(g, dims(1, 3, 0), 0.8f)};
  rn_value y = node1(g, "Relu", NULL, node(g, "BiasAdd", NULL, in, 2, nchw, 1));
  rn_value rows = node2(g, "Greater", NULL, fed(g, dims(1, 2, 0), 2.0f), scalar(g, NULL, 0));
  return node(g, "Select", NULL, (rn_value[]){rows, y, node1(g, "Neg", NULL, y)}, 3, NULL, 0);
}

static rn_value build_outer(rn_graph *g, rn_value x) { /* a row and a column make a table; numbers on the way */
  rn_value row = fed(g, dims(2, 1, 4), 0.5f), column = fed(g, dims(2, 6, 1), 0.3f);
  rn_value one = node2(g, "Mul", NULL, node1(g, "Exp", NULL, fed(g, dims(0, 0, 0), 1)), scalar(g, NULL, 0.5f));
  rn_value table = node2(g, "Add", NULL, node2(g, "Mul", NULL, row, column), node1(g, "Sqrt", NULL, one));
  return node2(g, "Mul", NULL, node1(g, "Tanh", NULL, table), node2(g, "Sub", NULL, x, one));
}

static rn_value build_shape_reader(rn_graph *g, rn_value x) { /* values of which only the shape is asked for */
  rn_value inner = node1(g, "Square", NULL, node2(g, "Add", NULL, x, x)),
           y = node1(g, "Neg", NULL, node1(g, "Abs", NULL, inner));
  return node2(g, "Reshape", NULL, y, node1(g, "Shape", NULL, inner));
}

static void forms_of_their_own_give_the_same(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  static rn_value (*const builders[])(rn_graph *, rn_value) = {build_casts, build_channels, build_outer,
                                                               build_shape_reader};
  for (uint32_t i = 0; i < 4; i++) {
    rn_tensor *out[WAYS] = {NULL};
    for (int w = 0; w < WAYS; w++) {
      rn_graph *g = NULL;
      must(rn_graph_create(way[w], 0, &g));
      rn_value x = placeholder(g, "x", RN_FLOAT, dims(2, 6, 4)), y = builders[i](g, x);
      rn_session *s = session_on(g, device_of[w]);
      state = 77;
      rn_feed feed = {x, draw_tensor(dims(2, 6, 4), RN_FLOAT)};
      must(rn_session_run(s, NULL, &feed, 1, &y, 1, &out[w], NULL, 0));
      rn_tensor_release(feed.tensor);
      rn_session_destroy(s);
      rn_graph_destroy(g);
    }
    compare(out[FUSED], out[PLAIN], 2e-5f, i, "the device without fusion");
    compare(out[FUSED], out[CPU], 1e-4f, i, "the CPU");
    for (int w = 0; w < WAYS; w++) rn_tensor_release(out[w]);
  }
}

/* One session, batches of several sizes: a program per layout, the module once. */
static void the_size_of_a_batch_may_change(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  rn_graph *g = NULL;
  int64_t before[COUNTS], after[COUNTS];
  must(rn_graph_create(way[FUSED], 0, &g));
  rn_value x = placeholder(g, "x", RN_FLOAT, dims(2, RN_DIM_UNKNOWN, 3)), c = counts_node(g);
  rn_value y = node1(g, "Neg", NULL, node1(g, "Abs", NULL, node2(g, "Mul", NULL, x, waves(g, dims(1, 3, 0), 1))));
  rn_session *s = session_on(g, "vulkan");
  for (int64_t n = 5; n < 9; n++) {
    rn_feed feed = {x, draw_tensor(dims(2, n, 3), RN_FLOAT)};
    rn_tensor *out = NULL;
    read_counts(s, c, before);
    must(rn_session_run(s, NULL, &feed, 1, &y, 1, &out, NULL, 0));
    read_counts(s, c, after);
    assert_int_equal(after[DISPATCHES] - before[DISPATCHES], 1);
    if (n > 5) assert_int_equal(after[PIPELINES], before[PIPELINES]);
    for (int64_t k = 0; k < n * 3; k++) {
      float want = -fabsf(((float *)rn_tensor_data(feed.tensor))[k] * 0.3f * sinf((float)(k % 3) + 1));
      assert_true(fabsf(((float *)rn_tensor_data(out))[k] - want) < 1e-6f);
    }
    rn_tensor_release(feed.tensor);
    rn_tensor_release(out);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
}

static void functions_and_loops_are_as_they_were(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  rn_tensor *out[WAYS] = {NULL};
  for (int w = 0; w < WAYS; w++) {
    rn_graph *g = NULL, *body = NULL, *more = NULL;
    must(rn_graph_create(way[w], 0, &g));
    must(rn_graph_create(way[w], 0, &body));
    must(rn_graph_create(way[w], 0, &more));
    rn_shape shape = dims(2, 3, 5), one = dims(0, 0, 0);
    rn_value in = placeholder(body, NULL, RN_FLOAT, shape), i = placeholder(body, NULL, RN_FLOAT, one);
    rn_value next[2] = {node1(body, "Tanh", NULL, node2(body, "Add", NULL, in, scalar(body, NULL, 0.1f))),
                        node2(body, "Add", NULL, i, scalar(body, NULL, 1))};
    rn_value in2 = placeholder(more, NULL, RN_FLOAT, shape), i2 = placeholder(more, NULL, RN_FLOAT, one);
    rn_value go = node2(more, "Less", NULL, i2, scalar(more, NULL, 4));
    must(rn_graph_add_function(g, "body", body, (rn_value[]){in, i}, 2, next, 2, NULL, 0));
    must(rn_graph_add_function(g, "more", more, (rn_value[]){in2, i2}, 2, &go, 1, NULL, 0));
    rn_attr a[] = {RN_AFUNC("cond", "more", 4), RN_AFUNC("body", "body", 4)};
    rn_value start[2] = {node1(g, "Neg", NULL, node1(g, "Abs", NULL, waves(g, shape, 0.6f))), scalar(g, NULL, 0)};
    rn_value last = node(g, "While", NULL, start, 2, a, 2), y = node1(g, "Square", NULL, node1(g, "Exp", NULL, last));
    rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = device_of[w], .fallback = "allow"};
    rn_session *s = NULL;
    must(rn_session_create(g, &o, &s));
    out[w] = fetch(s, y);
    rn_session_destroy(s);
    rn_graph_destroy(g);
  }
  compare(out[FUSED], out[PLAIN], 2e-5f, 0, "the device without fusion");
  compare(out[FUSED], out[CPU], 1e-4f, 0, "the CPU");
  for (int w = 0; w < WAYS; w++) rn_tensor_release(out[w]);
}

/* ------------------------------------------------------------------------------------------------ training */
/* 8 -> 12 -> 3 with Tanh, momentum written out in small ops, as a user would who has no optimizer for it. */
typedef struct trained {
  rn_graph *g;
  rn_session *s;
  rn_value x, target, loss, counts;
  rn_node_id start[4], train[4];
} trained;

static rn_node_id momentum(trained *t, int i, rn_value w, rn_value gradient, rn_shape shape) {
  rn_graph *g = t->g;
  rn_value v = variable(g, NULL, RN_FLOAT, shape), old = node1(g, "Identity", NULL, v),
           now = node1(g, "Identity", NULL, w);
  rn_tensor *zeros = NULL;
  must(rn_tensor_create(RN_FLOAT, &shape, &zeros));
  memset(rn_tensor_data(zeros), 0, (size_t)rn_tensor_count(zeros) * 4);
  t->start[2 + i] = node2(g, "Assign", NULL, v, constant(g, NULL, zeros)).node;
  rn_value fresh = node2(g, "Add", NULL, node2(g, "Mul", NULL, old, scalar(g, NULL, 0.9f)), gradient);
  rn_value stepped = node2(g, "Sub", NULL, now, node2(g, "Mul", NULL, fresh, scalar(g, NULL, 0.02f)));
  t->train[2 * i] = node2(g, "Assign", NULL, v, fresh).node;
  return t->train[2 * i + 1] = node2(g, "Assign", NULL, w, stepped).node;
}

static trained build_trained(rn_runtime *rt, const char *device) {
  trained t;
  memset(&t, 0, sizeof t);
  must(rn_graph_create(rt, 0, &t.g));
  rn_graph *g = t.g;
  rn_shape s1 = dims(2, 8, 12), s2 = dims(2, 12, 3);
  t.x = placeholder(g, "x", RN_FLOAT, dims(2, RN_DIM_UNKNOWN, 8));
  t.target = placeholder(g, "target", RN_FLOAT, dims(2, RN_DIM_UNKNOWN, 3));
  rn_value w1 = variable(g, "w1", RN_FLOAT, s1), w2 = variable(g, "w2", RN_FLOAT, s2);
  t.start[0] = node2(g, "Assign", NULL, w1, waves(g, s1, 1.7f)).node;
  t.start[1] = node2(g, "Assign", NULL, w2, waves(g, s2, 2.3f)).node;
  rn_value h = node1(g, "Tanh", NULL, matmul(g, NULL, t.x, w1, 0, 0)), y = matmul(g, NULL, h, w2, 0, 0);
  rn_value off = node2(g, "Sub", NULL, y, t.target), all = ints(g, NULL, 2, (const int32_t[]){0, 1});
  t.loss = node2(g, "Mean", "loss", node1(g, "Square", NULL, off), all);
  rn_value dy = node2(g, "Mul", NULL, off, scalar(g, NULL, 0.1f));
  rn_value dh = node2(g, "TanhGrad", NULL, h, matmul(g, NULL, dy, w2, 0, 1));
  momentum(&t, 0, w1, matmul(g, NULL, t.x, dh, 1, 0), s1);
  momentum(&t, 1, w2, matmul(g, NULL, h, dy, 1, 0), s2);
  t.counts = counts_node(g);
  t.s = session_on(g, device);
  must(rn_session_run(t.s, NULL, NULL, 0, NULL, 0, NULL, t.start, 4));
  return t;
}

static float train_once(trained *t, int step) {
  rn_tensor *out = NULL;
  state = (uint32_t)step;
  rn_feed feeds[2] = {{t->x, draw_tensor(dims(2, 10, 8), RN_FLOAT)}, {t->target, NULL}};
  rn_shape s = dims(2, 10, 3);
  must(rn_tensor_create(RN_FLOAT, &s, &feeds[1].tensor));
  const float *x = rn_tensor_data(feeds[0].tensor);
  for (int i = 0; i < 30; i++) ((float *)rn_tensor_data(feeds[1].tensor))[i] = 0.5f * sinf(x[i / 3 * 8 + i % 3]);
  must(rn_session_run(t->s, NULL, feeds, 2, &t->loss, 1, &out, t->train, 4));
  float loss = *(const float *)rn_tensor_data(out);
  for (int i = 0; i < 2; i++) rn_tensor_release(feeds[i].tensor);
  rn_tensor_release(out);
  return loss;
}

static void training_follows_the_cpu_in_fewer_dispatches_and_one_submission(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  trained t[WAYS];
  int64_t sum[WAYS][COUNTS] = {{0}}, before[COUNTS], after[COUNTS];
  float first = 0, loss[WAYS];
  for (int w = 0; w < WAYS; w++) t[w] = build_trained(way[w], device_of[w]);
  for (int step = 0; step < 200; step++) {
    for (int w = 0; w < WAYS; w++) { /* the counts are of all that is open */
      read_counts(t[w].s, t[w].counts, before);
      loss[w] = train_once(&t[w], step);
      read_counts(t[w].s, t[w].counts, after);
      for (int k = 0; k < COUNTS && step >= 100; k++) sum[w][k] += after[k] - before[k];
    }
    if (step == 0) first = loss[CPU];
    for (int w = PLAIN; w < WAYS; w++)
      if (!(fabsf(loss[w] - loss[CPU]) <= 1e-3f * (1 + fabsf(loss[CPU]))))
        fail_msg("step %d: %.7g on the CPU, %.7g here", step, (double)loss[CPU], (double)loss[w]);
  }
  assert_true(loss[FUSED] < 0.5f * first);
  assert_int_equal(sum[FUSED][SUBMISSIONS], 100);
  assert_int_equal(sum[FUSED][RECORDINGS], 0);
  assert_int_equal(sum[FUSED][RESERVED], 0);
  int plain = (int)sum[PLAIN][DISPATCHES] / 100, fused = (int)sum[FUSED][DISPATCHES] / 100;
  print_message("dispatches per step: %d without fusion, %d with it\n", plain, fused);
  assert_true(fused + 6 <= plain);
  for (int w = 0; w < WAYS; w++) {
    rn_session_destroy(t[w].s);
    rn_graph_destroy(t[w].g);
  }
}

/* With kernels run one by one the programs are too. */
static void it_runs_without_recording_too(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  static const char *const settings[] = {"plugin.vulkan.profile=true"};
  rn_runtime *rt = runtime(settings, 1);
  trained a = build_trained(way[CPU], "cpu"), b = build_trained(rt, "vulkan");
  for (int step = 0; step < 3; step++) {
    float x = train_once(&a, step), y = train_once(&b, step);
    assert_true(fabsf(x - y) <= 1e-3f * (1 + fabsf(x)));
  }
  rn_session_destroy(a.s);
  rn_graph_destroy(a.g);
  rn_session_destroy(b.s);
  rn_graph_destroy(b.g);
  rn_runtime_destroy(rt);
}

/* ----------------------------------------------------------------------------------------- what is said */
static void all_modules_are_valid(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  char text[512];
  if (system("command -v spirv-val > /dev/null") != 0) {
    print_message("skipped: spirv-val is not installed (package spirv-tools)\n");
    skip();
  }
  snprintf(text, sizeof text,
           "cd %s && n=0 && for f in *.spv; do spirv-val --target-env vulkan1.2 $f || exit 1; n=$((n+1)); done; "
           "echo $n modules; [ $n -gt 100 ]",
           modules);
  assert_int_equal(system(text), 0);
}

static void nobody_complained(void **unused) {
  (void)unused;
  NEEDS_DEVICE;
  for (int w = PLAIN; w < WAYS; w++) {
    rn_graph *g = NULL;
    int64_t counts[COUNTS];
    must(rn_graph_create(way[w], 0, &g));
    rn_value c = counts_node(g);
    rn_session *s = session_on(g, "vulkan");
    read_counts(s, c, counts);
    assert_int_equal(counts[MESSAGES], 0);
    rn_session_destroy(s);
    rn_graph_destroy(g);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_chains_give_the_same_fused_or_not),
      cmocka_unit_test(halves_are_rounded_at_each_step),
      cmocka_unit_test(nan_and_infinity_go_through_as_without_fusion),
      cmocka_unit_test(what_follows_a_product_gives_the_same),
      cmocka_unit_test(what_follows_a_product_costs_no_dispatch),
      cmocka_unit_test(forms_of_their_own_give_the_same),
      cmocka_unit_test(the_size_of_a_batch_may_change),
      cmocka_unit_test(functions_and_loops_are_as_they_were),
      cmocka_unit_test(training_follows_the_cpu_in_fewer_dispatches_and_one_submission),
      cmocka_unit_test(it_runs_without_recording_too),
      cmocka_unit_test(all_modules_are_valid),
      cmocka_unit_test(nobody_complained),
  };
  int found = has_device();
  if (!found) validation = -1;
  if (found && !validation) print_message("the validation layer is not installed: nobody watches\n");
  return cmocka_run_group_tests(tests, open_ways, close_ways);
}
