/* tpu_integers_test.c - int8 on the matrix machine, bit for bit against the numbers section of docs/tpu.md (tests/e2e).
 *
 * The reference below is written from that page, with none of the plugin's code. Ranges are read from the calibration
 * file as a user would see it. */
#include "tpu.h"

/* ---------------------------------------------------------------------------- the written numbers */
typedef struct grid {
  float scale;
  int zero, low, high;
} grid;
typedef struct ints { /* rows x cols int8 on a grid */
  grid g;
  int rows, cols;
  int8_t q[4096];
} ints;

static int8_t limit(const grid *g, int64_t q) { return (int8_t)(q < g->low ? g->low : q > g->high ? g->high : q); }
static int8_t rounded(const grid *g, double real) { return limit(g, (int64_t)rint(real / (double)g->scale) + g->zero); }
static float real_of(const ints *x, int at) { return (float)(x->q[at] - x->g.zero) * x->g.scale; }

static grid of_range(float low, float high) {
  float from = low < 0 ? low : 0, to = high > 0 ? high : 0, scale = (to - from) / 255.0f;
  if (scale <= 0) scale = 1;
  float zero = rintf(-128.0f - from / scale);
  return (grid){scale, (int)zero, -128, 127};
}
static grid of_fake_quant(float min, float max, int bits, int narrow) {
  float bottom = narrow ? 1 : 0, top = (float)((1 << bits) - 1), scale = (max - min) / (top - bottom);
  float zero = bottom - min / scale;
  zero = zero < bottom ? bottom : zero > top ? top : roundf(zero);
  return (grid){scale, (int)zero - 128, (int)bottom - 128, (int)top - 128};
}

/* The host rounds what comes in: to nearest, ties to even, times the reciprocal of the scale in float. */
static void bring_in(ints *y, grid g, const float *x, int rows, int cols) {
  y->g = g, y->rows = rows, y->cols = cols;
  for (int i = 0; i < rows * cols; i++) y->q[i] = limit(&g, (int64_t)(rintf(x[i] * (1.0f / g.scale)) + (float)g.zero));
}
static int64_t shifted(int64_t x, int shift) { return (x + ((int64_t)1 << (shift - 1))) >> shift; }

typedef struct weights { /* steps and scales per column */
  int k, n;
  int q[16384];
  float scale[64], bias[64];
} weights;
static void by_column(weights *w, const float *x, const float *bias, int k, int n) {
  w->k = k, w->n = n;
  for (int c = 0; c < n; c++) {
    float most = 0;
    for (int i = 0; i < k; i++) most = fmaxf(most, fabsf(x[i * n + c]));
    w->scale[c] = most / 127.0f;
    w->bias[c] = bias != NULL ? bias[c] : 0;
    for (int i = 0; i < k; i++) w->q[i * n + c] = (int)rintf(x[i * n + c] / w->scale[c]);
  }
}

static int64_t sum_of(const ints *x, const weights *w, int row, int c) {
  double bias = rint((double)w->bias[c] / ((double)x->g.scale * (double)w->scale[c]));
  int64_t s = (int64_t)bias, all = 0;
  for (int k = 0; k < w->k; k++) {
    s += x->q[row * w->k + k] * w->q[k * w->n + c];
    all += w->q[k * w->n + c];
  }
  return s - x->g.zero * all;
}
static void product(ints *y, grid g, const ints *x, const weights *w, int relu) {
  y->g = g, y->rows = x->rows, y->cols = w->n;
  if (relu && g.zero > g.low) g.low = g.zero;
  for (int r = 0; r < x->rows; r++)
    for (int c = 0; c < w->n; c++) {
      int e;
      double half = frexp((double)x->g.scale * (double)w->scale[c] / (double)g.scale, &e);
      y->q[r * w->n + c] = limit(&g, shifted(sum_of(x, w, r, c) * (int64_t)rint(half * 2147483648.0), 31 - e) + g.zero);
    }
}
static void function(ints *y, grid g, const ints *x, double (*f)(double)) {
  y->g = g, y->rows = x->rows, y->cols = x->cols;
  for (int i = 0; i < x->rows * x->cols; i++) y->q[i] = rounded(&g, f((double)x->g.scale * (x->q[i] - x->g.zero)));
}
static void combine(ints *y, grid g, const ints *a, const ints *b, int multiply) {
  double ra = (double)a->g.scale / (double)g.scale, rb = (double)b->g.scale / (double)g.scale;
  int e;
  if (multiply) ra = (double)a->g.scale * (double)b->g.scale / (double)g.scale, rb = 0;
  (void)frexp(fmax(ra, rb), &e);
  int64_t ma = (int64_t)rint(ldexp(ra, 30 - e)), mb = (int64_t)rint(ldexp(rb, 30 - e));
  y->g = g, y->rows = a->rows, y->cols = a->cols;
  for (int i = 0; i < a->rows * a->cols; i++) {
    int64_t p = a->q[i] - a->g.zero, q = b->q[i] - b->g.zero;
    y->q[i] = limit(&g, shifted(multiply ? p * q * ma : p * ma + q * mb, 30 - e) + g.zero);
  }
}
static void put(ints *y, const ints *part, int at) { /* columns of a concatenation, rounded to its grid */
  int same = !(y->g.scale < part->g.scale) && !(y->g.scale > part->g.scale) && y->g.zero == part->g.zero;
  for (int r = 0; r < part->rows; r++)
    for (int c = 0; c < part->cols; c++) {
      int8_t q = part->q[r * part->cols + c];
      if (!same) q = rounded(&y->g, (double)part->g.scale * (q - part->g.zero));
      y->q[r * y->cols + at + c] = q;
    }
}
static void columns(ints *y, const ints *x, int at, int n) {
  y->g = x->g, y->rows = x->rows, y->cols = n;
  for (int r = 0; r < x->rows; r++) memcpy(y->q + r * n, x->q + r * x->cols + at, (size_t)n);
}

/* ------------------------------------------------------------------------------------------ help */
static uint64_t seed = 5;
static float some(float most) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return ((float)(seed >> 40) / 8388608.0f - 1) * most;
}
static void fill(float *x, int n, float most) {
  for (int i = 0; i < n; i++) x[i] = some(most);
}

typedef struct scene {
  rn_graph *g;
  rn_value init[24];
  uint32_t n_init;
} scene;
static rn_value held(scene *s, const char *name, rn_shape shape, const float *x) {
  char at[64];
  rn_value v = variable(s->g, name, RN_FLOAT, shape);
  (void)snprintf(at, sizeof at, "%s/start", name);
  rn_value start = constant(s->g, at, floats(shape, x));
  (void)snprintf(at, sizeof at, "%s/Assign", name);
  s->init[s->n_init++] = node2(s->g, "Assign", at, v, start);
  (void)snprintf(at, sizeof at, "%s/read", name);
  return node1(s->g, "Identity", at, v);
}
static rn_session *started(const scene *s, const char *device) {
  rn_session *on = session_on(s->g, device);
  for (uint32_t i = 0; i < s->n_init; i++) run_target(on, s->init[i].node);
  return on;
}
static rn_tensor *run_with(rn_session *s, rn_value x, rn_shape shape, const float *data, rn_value y) {
  rn_feed feed = {x, floats(shape, data)};
  rn_tensor *t = NULL;
  must(rn_session_run(s, NULL, &feed, 1, &y, 1, &t, NULL, 0));
  rn_tensor_release(feed.tensor);
  return t;
}
static void the_same_bits(const rn_tensor *got, const float *want, int n) {
  const float *x = rn_tensor_data(got);
  for (int i = 0; i < n; i++) {
    if (x[i] != want[i]) print_error("[%d]: %.9g, written down %.9g\n", i, (double)x[i], (double)want[i]);
    assert_true(x[i] == want[i]);
  }
}
static void one_program(uint32_t made) {
  char *text = programs();
  if (count(text, " nodes, the first") != made) print_error("%u programs\n", count(text, " nodes, the first"));
  assert_int_equal(count(text, " nodes, the first"), made);
  free(text);
}

/* ------------------------------------------------------------------------------------ FakeQuant */
enum { ROWS = 5, IN = 12, HIDDEN = 8, OUT = 6 };
static rn_value fake(scene *s, const char *name, rn_value x, float min, float max, int narrow) {
  rn_attr attrs[] = {RN_AF("min", min), RN_AF("max", max), RN_AB("narrow_range", narrow)};
  return node(s->g, "FakeQuantWithMinMaxArgs", name, &x, 1, attrs, 3);
}
static rn_value fake_vars(scene *s, const char *name, rn_value x, rn_value min, rn_value max, int narrow,
                          int channels) {
  rn_attr attrs[] = {RN_AB("narrow_range", narrow)};
  rn_value in[3] = {x, min, max};
  return node(s->g, channels ? "FakeQuantWithMinMaxVarsPerChannel" : "FakeQuantWithMinMaxVars", name, in, 3, attrs, 1);
}

/* A weight in steps of its range, as FakeQuant's kernel counts them. */
static int step_of(float w, float min, float max, int narrow, float *scale) {
  float bottom = narrow ? 1 : 0;
  grid g = of_fake_quant(min, max, 8, narrow);
  float zero = (float)(g.zero + 128), low = (bottom - zero) * g.scale, high = (255 - zero) * g.scale;
  float inverse = 1.0f / g.scale, at = floorf(-low * inverse + 0.5f), clipped = w < low ? low : w > high ? high : w;
  *scale = g.scale;
  return (int)floorf((clipped - low) * inverse - at + 0.5f);
}

/* Two layers as quantisation-aware training leaves them: the first with one range for all its weights, not symmetric,
 * so that its steps do not fit int8; the second with a range per channel. No calibration. */
static void a_network_trained_for_it_runs_as_it_was_trained(void **state) {
  (void)state;
  float x[ROWS * IN], w1[IN * HIDDEN], b1[HIDDEN], w2[HIDDEN * OUT], b2[OUT], low[OUT], high[OUT], want[ROWS * OUT];
  static ints in, hidden, out;
  static weights one, two;
  scene s = {.n_init = 0};
  rn_runtime *rt = runtime_with(NULL);
  (void)unlink(report);
  must(rn_graph_create(rt, 0, &s.g));
  fill(x, ROWS * IN, 1.2f), fill(w1, IN * HIDDEN, 0.7f), fill(b1, HIDDEN, 0.5f), fill(w2, HIDDEN * OUT, 0.9f),
      fill(b2, OUT, 1);
  for (int c = 0; c < OUT; c++) high[c] = 0.3f + 0.1f * (float)c, low[c] = -high[c];
  rn_value px = placeholder(s.g, "x", RN_FLOAT, dims(2, ROWS, IN));
  rn_value q1 = fake_vars(&s, "w1/quant", held(&s, "w1", dims(2, IN, HIDDEN), w1), scalar(s.g, "w1/min", -0.41f),
                          scalar(s.g, "w1/max", 0.72f), 1, 0);
  rn_value q2 = fake_vars(&s, "w2/quant", held(&s, "w2", dims(2, HIDDEN, OUT), w2),
                          constant(s.g, "w2/min", floats(dims(1, OUT, 0), low)),
                          constant(s.g, "w2/max", floats(dims(1, OUT, 0), high)), 1, 1);
  rn_value h = node2(s.g, "MatMul", "h", fake(&s, "x/quant", px, -1, 1, 0), q1);
  h = node1(s.g, "Relu", "h/relu", node2(s.g, "BiasAdd", "h/bias", h, held(&s, "b1", dims(1, HIDDEN, 0), b1)));
  h = fake_vars(&s, "h/quant", h, scalar(s.g, "h/min", 0), scalar(s.g, "h/max", 2.5f), 0, 0);
  rn_value y = node2(s.g, "BiasAdd", "y/bias", node2(s.g, "MatMul", "y", h, q2), held(&s, "b2", dims(1, OUT, 0), b2));
  y = fake(&s, "y/quant", y, -3, 3, 0);
  rn_session *on = started(&s, "tpu:name~v1");
  rn_tensor *got = run_with(on, px, dims(2, ROWS, IN), x, y);
  rn_session *cpu = started(&s, "cpu");
  rn_tensor *real = run_with(cpu, px, dims(2, ROWS, IN), x, y);
  one_program(1);

  bring_in(&in, of_fake_quant(-1, 1, 8, 0), x, ROWS, IN);
  one.k = IN, one.n = HIDDEN, two.k = HIDDEN, two.n = OUT;
  int beyond = 0;
  for (int i = 0; i < IN * HIDDEN; i++) {
    one.q[i] = step_of(w1[i], -0.41f, 0.72f, 1, &one.scale[i % HIDDEN]);
    beyond += one.q[i] > 127;
  }
  assert_true(beyond > 0);
  for (int i = 0; i < HIDDEN * OUT; i++) two.q[i] = step_of(w2[i], low[i % OUT], high[i % OUT], 1, &two.scale[i % OUT]);
  memcpy(one.bias, b1, sizeof b1), memcpy(two.bias, b2, sizeof b2);
  product(&hidden, of_fake_quant(0, 2.5f, 8, 0), &in, &one, 1);
  product(&out, of_fake_quant(-3, 3, 8, 0), &hidden, &two, 0);
  for (int i = 0; i < ROWS * OUT; i++) want[i] = real_of(&out, i);
  the_same_bits(got, want, ROWS * OUT);
  for (int i = 0; i < ROWS * OUT; i++) /* the network itself, in float: at most two steps away */
    assert_true(fabsf(((const float *)rn_tensor_data(real))[i] - want[i]) <= 2.01f * out.g.scale);
  rn_tensor_release(got), rn_tensor_release(real);
  rn_session_destroy(on), rn_session_destroy(cpu);
  rn_graph_destroy(s.g);
  rn_runtime_destroy(rt);
}

/* Steps that need two int8, in more terms than the array has rows: a convolution 3 x 3 over 40 channels with padding,
 * then a product of 300 terms. Real on the way out, so no rounding hides anything. */
static void weights_of_two_parts_fill_many_tiles(void **state) {
  (void)state;
  enum { N = 2, SIDE = 5, C = 40, F = 8, K = 300, M = 4, COLS = 30 };
  static float image[N * SIDE * SIDE * C], filter[9 * C * F], x[M * K], w[K * COLS], want[N * SIDE * SIDE * F];
  static ints in;
  static weights steps;
  scene s = {.n_init = 0};
  rn_runtime *rt = runtime_with(NULL);
  (void)unlink(report);
  must(rn_graph_create(rt, 0, &s.g));
  fill(image, N * SIDE * SIDE * C, 1.4f), fill(filter, 9 * C * F, 0.8f), fill(x, M * K, 1.1f), fill(w, K * COLS, 0.9f);
  rn_shape images = {4, 0, {N, SIDE, SIDE, C}}, filters = {4, 0, {3, 3, C, F}};
  int64_t one[4] = {1, 1, 1, 1};
  rn_attr attrs[] = {RN_AILIST("strides", one, 4), RN_AS("padding", "SAME", 4)};
  rn_value px = placeholder(s.g, "image", RN_FLOAT, images), pm = placeholder(s.g, "x", RN_FLOAT, dims(2, M, K));
  rn_value conv[2] = {fake(&s, "image/quant", px, -0.5f, 1.5f, 0),
                      fake_vars(&s, "filter/quant", held(&s, "filter", filters, filter), scalar(s.g, "min", -0.1f),
                                scalar(s.g, "max", 0.8f), 0, 0)};
  rn_value y = node(s.g, "Conv2D", "conv", conv, 2, attrs, 2);
  rn_value z = node2(s.g, "MatMul", "product", fake(&s, "x/quant", pm, -1, 1.2f, 1),
                     fake(&s, "w/quant", held(&s, "w", dims(2, K, COLS), w), -0.9f, 0.2f, 0));
  rn_session *on = started(&s, "tpu:name~v1");
  rn_tensor *got[2] = {run_with(on, px, images, image, y), run_with(on, pm, dims(2, M, K), x, z)};
  one_program(2);

  bring_in(&in, of_fake_quant(-0.5f, 1.5f, 8, 0), image, 1, N * SIDE * SIDE * C);
  for (int i = 0; i < 9 * C * F; i++) steps.q[i] = step_of(filter[i], -0.1f, 0.8f, 0, &steps.scale[0]);
  for (int i = 0; i < N * SIDE * SIDE * F; i++) {
    int64_t sum = 0;
    int f = i % F, px_x = i / F % SIDE, px_y = i / F / SIDE % SIDE, n = i / F / SIDE / SIDE;
    for (int k = 0; k < 9 * C; k++) {
      int iy = px_y + k / C / 3 - 1, ix = px_x + k / C % 3 - 1;
      if (iy < 0 || ix < 0 || iy >= SIDE || ix >= SIDE) continue; /* padding is 0 exactly */
      sum += (in.q[((n * SIDE + iy) * SIDE + ix) * C + k % C] - in.g.zero) * steps.q[k * F + f];
    }
    want[i] = (float)sum * (float)((double)in.g.scale * (double)steps.scale[0]);
  }
  the_same_bits(got[0], want, N * SIDE * SIDE * F);

  bring_in(&in, of_fake_quant(-1, 1.2f, 8, 1), x, M, K);
  for (int i = 0; i < K * COLS; i++) { /* a range of attributes: the other way round to the inverse */
    grid g = of_fake_quant(-0.9f, 0.2f, 8, 0);
    float inverse = 255.0f / (0.2f - -0.9f), low = (0.0f - (float)(g.zero + 128)) * g.scale,
          high = (255.0f - (float)(g.zero + 128)) * g.scale, in_range = fminf(fmaxf(w[i], low), high);
    steps.q[i] = (int)floorf((in_range - low) * inverse - floorf(-low * inverse + 0.5f) + 0.5f);
    steps.scale[0] = g.scale;
  }
  for (int i = 0; i < M * COLS; i++) {
    int64_t sum = 0;
    for (int k = 0; k < K; k++) sum += (in.q[i / COLS * K + k] - in.g.zero) * steps.q[k * COLS + i % COLS];
    want[i] = (float)sum * (float)((double)in.g.scale * (double)steps.scale[0]);
  }
  the_same_bits(got[1], want, M * COLS);
  rn_tensor_release(got[0]), rn_tensor_release(got[1]);
  rn_session_destroy(on);
  rn_graph_destroy(s.g);
  rn_runtime_destroy(rt);
}

/* The other machine computes FakeQuant in float, as the kernels do, in the same program. */
static void fake_quant_in_float_is_right(void **state) {
  (void)state;
  scene s = {.n_init = 0};
  float x[6 * 4], w[4 * 3], low[3] = {-1, -2, -0.5f}, high[3] = {1.5f, 2, 0.75f};
  rn_runtime *rt = runtime_with(NULL);
  (void)unlink(report);
  must(rn_graph_create(rt, 0, &s.g));
  for (int i = 0; i < 24; i++) x[i] = rintf(some(8)) / 4;
  for (int i = 0; i < 12; i++) w[i] = rintf(some(8)) / 4;
  rn_value px = placeholder(s.g, "x", RN_FLOAT, dims(2, 6, 4));
  rn_value y = node2(s.g, "MatMul", "y", px, held(&s, "w", dims(2, 4, 3), w));
  y = fake_vars(&s, "y/channels", y, constant(s.g, "low", floats(dims(1, 3, 0), low)),
                constant(s.g, "high", floats(dims(1, 3, 0), high)), 0, 1);
  y = fake_vars(&s, "y/one", fake(&s, "y/args", y, -1.3f, 1.1f, 1), scalar(s.g, "min", -0.7f), scalar(s.g, "max", 0.9f),
                0, 0);
  rn_tensor *got[2];
  static const char *const devices[2] = {"cpu", "tpu:name~bf16"};
  for (int d = 0; d < 2; d++) {
    rn_session *on = started(&s, devices[d]);
    got[d] = run_with(on, px, dims(2, 6, 4), x, y);
    rn_session_destroy(on);
  }
  one_program(1);
  the_same_bits(got[1], rn_tensor_data(got[0]), 18);
  rn_tensor_release(got[0]), rn_tensor_release(got[1]);
  rn_graph_destroy(s.g);
  rn_runtime_destroy(rt);
}

/* ------------------------------------------------------------------------------------------ LSTM */
enum { BATCH = 3, X = 7, H = 6, STEPS = 4, GATES = 4 * H };
typedef struct lstm {
  scene s;
  rn_value x, y;
} lstm;
static rn_value whole_number(rn_graph *g, const char *name, int32_t v) {
  rn_tensor *t = NULL;
  rn_shape s = dims(0, 0, 0);
  must(rn_tensor_from(RN_INT32, &s, &v, &t));
  return constant(g, name, t);
}

/* As a cell of TensorFlow 1 unrolls: [x, h] W + b, split into i, j, f, o; c = c sigmoid(f + 1) + sigmoid(i) tanh(j);
 * h = tanh(c) sigmoid(o). The answer is h of the last step times V. */
static void make_lstm(rn_runtime *rt, lstm *m, const float *w, const float *b, const float *v) {
  rn_graph *g;
  char name[32];
  float zeros[BATCH * H] = {0};
  rn_attr four[] = {RN_AI("num_split", 4)}, steps[] = {RN_AI("num_split", STEPS)}, n2[] = {RN_AI("N", 2)};
  memset(m, 0, sizeof *m);
  must(rn_graph_create(rt, 0, &m->s.g));
  g = m->s.g;
  rn_value axis = whole_number(g, "axis", 1), one = scalar(g, "forget_bias", 1);
  rn_value kernel = held(&m->s, "kernel", dims(2, X + H, GATES), w), bias = held(&m->s, "bias", dims(1, GATES, 0), b),
           last = held(&m->s, "last", dims(2, H, 2), v);
  m->x = placeholder(g, "x", RN_FLOAT, dims(2, BATCH, X * STEPS));
  rn_value parts = node(g, "Split", "steps", (rn_value[]){axis, m->x}, 2, steps, 1);
  rn_value h = constant(g, "start_h", floats(dims(2, BATCH, H), zeros)),
           c = constant(g, "start_c", floats(dims(2, BATCH, H), zeros));
#define AT(what) ((void)snprintf(name, sizeof name, "%s%d", what, t), name)
  for (int t = 0; t < STEPS; t++) {
    rn_value xt = {parts.node, (uint32_t)t};
    rn_value xh = node(g, "ConcatV2", AT("xh"), (rn_value[]){xt, h, axis}, 3, n2, 1);
    rn_value z = node2(g, "BiasAdd", AT("z"), node2(g, "MatMul", AT("product"), xh, kernel), bias);
    rn_value gates = node(g, "Split", AT("gates"), (rn_value[]){axis, z}, 2, four, 1);
    rn_value i = node1(g, "Sigmoid", AT("i"), (rn_value){gates.node, 0}),
             j = node1(g, "Tanh", AT("j"), (rn_value){gates.node, 1}),
             f = node1(g, "Sigmoid", AT("f"), node2(g, "Add", AT("forget"), (rn_value){gates.node, 2}, one)),
             o = node1(g, "Sigmoid", AT("o"), (rn_value){gates.node, 3});
    rn_value kept = node2(g, "Mul", AT("kept"), c, f), added = node2(g, "Mul", AT("added"), i, j);
    c = node2(g, "Add", AT("c"), kept, added);
    h = node2(g, "Mul", AT("h"), node1(g, "Tanh", AT("tanh"), c), o);
  }
  m->y = node2(g, "MatMul", "y", h, last);
}

static grid measured(const char *path, const char *name) {
  char line[512], what[200];
  double low, high;
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) != NULL)
    if (sscanf(line, "%199s %lf %lf", what, &low, &high) == 3 && strcmp(what, name) == 0) {
      fclose(f);
      return of_range((float)low, (float)high);
    }
  fclose(f);
  print_error("no range of %s\n", name);
  assert_true(0);
  return of_range(0, 0);
}

static double logistic(double x) { return 1 / (1 + exp(-x)); }
static double forget(double x) { return x + 1; }
static const grid of_sigmoid = {1.0f / 256, -128, -128, 127}, of_tanh = {1.0f / 128, 0, -128, 127};

static void reference(const char *ranges, const float *x, const float *w, const float *b, const float *v, float *y) {
  static ints xt, h, c, xh, z, i, j, f, o, g, kept, added, t_c;
  static weights kernel, last;
  float zeros[BATCH * H] = {0}, part[BATCH * X];
  char name[32];
#define RANGE(what) ((void)snprintf(name, sizeof name, "%s%d:0", what, t), measured(ranges, name))
  by_column(&kernel, w, b, X + H, GATES);
  by_column(&last, v, NULL, H, 2);
  bring_in(&c, measured(ranges, "start_c:0"), zeros, BATCH, H);
  for (int t = 0; t < STEPS; t++) {
    for (int r = 0; r < BATCH; r++) memcpy(part + r * X, x + r * X * STEPS + t * X, X * sizeof *x);
    (void)snprintf(name, sizeof name, "steps:%d", t);
    xh.g = RANGE("xh"), xh.rows = BATCH, xh.cols = X + H;
    if (t == 0) { /* the first is put together by the host: nothing of it was made inside */
      float both[BATCH * (X + H)] = {0};
      for (int r = 0; r < BATCH; r++) memcpy(both + r * (X + H), part + r * X, X * sizeof *x);
      bring_in(&xh, xh.g, both, BATCH, X + H);
    } else {
      (void)snprintf(name, sizeof name, "steps:%d", t);
      bring_in(&xt, measured(ranges, name), part, BATCH, X);
      put(&xh, &xt, 0);
      put(&xh, &h, X);
    }
    product(&z, RANGE("z"), &xh, &kernel, 0);
    columns(&g, &z, 0, H), function(&i, of_sigmoid, &g, logistic);
    columns(&g, &z, H, H), function(&j, of_tanh, &g, tanh);
    columns(&g, &z, 2 * H, H), function(&kept, RANGE("forget"), &g, forget);
    function(&f, of_sigmoid, &kept, logistic);
    columns(&g, &z, 3 * H, H), function(&o, of_sigmoid, &g, logistic);
    combine(&kept, RANGE("kept"), &c, &f, 1);
    combine(&added, RANGE("added"), &i, &j, 1);
    combine(&c, RANGE("c"), &kept, &added, 0);
    function(&t_c, of_tanh, &c, tanh);
    combine(&h, RANGE("h"), &t_c, &o, 1);
  }
  for (int r = 0; r < BATCH; r++)
    for (int k = 0; k < 2; k++)
      y[r * 2 + k] = (float)(int32_t)sum_of(&h, &last, r, k) * (float)((double)h.g.scale * (double)last.scale[k]);
}

/* One program on each machine; in float close to the kernels', in integers what is written down, and near the float. */
static void an_unrolled_lstm_is_one_program(void **state) {
  (void)state;
  float x[BATCH * X * STEPS], w[(X + H) * GATES], b[GATES], v[H * 2], want[BATCH * 2];
  char ranges[128], setting[192];
  lstm m;
  rn_tensor *real = NULL, *got;
  fill(x, BATCH * X * STEPS, 1.5f), fill(w, (X + H) * GATES, 0.6f), fill(b, GATES, 0.3f), fill(v, H * 2, 1);
  (void)snprintf(ranges, sizeof ranges, "%s/lstm_ranges", folder);
  static const char *const devices[] = {"cpu", "tpu:name~bf16", "tpu:name~v1", "tpu:name~v1"};
  for (int d = 0; d < 4; d++) {
    (void)unlink(report);
    (void)snprintf(setting, sizeof setting, "plugin.tpu.%s=%s", d == 2 ? "calibrate" : "ranges", ranges);
    rn_runtime *rt = runtime_with(setting);
    make_lstm(rt, &m, w, b, v);
    rn_session *on = started(&m.s, devices[d]);
    got = run_with(on, m.x, dims(2, BATCH, X * STEPS), x, m.y);
    rn_session_destroy(on);
    rn_graph_destroy(m.s.g);
    rn_runtime_destroy(rt);
    one_program(d == 0 ? 0 : 1);
    const float *y = rn_tensor_data(got);
    if (d == 0) real = got;
    if (d == 3) reference(ranges, x, w, b, v, want);
    if (d == 3) the_same_bits(got, want, BATCH * 2);
    for (int i = 0; i < BATCH * 2 && d > 0; i++) {
      float off = fabsf(y[i] - ((const float *)rn_tensor_data(real))[i]);
      if (off > (d == 3 ? 0.05f : 0.01f)) print_error("%s: off by %g\n", devices[d], (double)off);
      assert_true(off <= (d == 3 ? 0.05f : 0.01f));
    }
    if (d > 0) rn_tensor_release(got);
  }
  rn_tensor_release(real);
}

/* ----------------------------------------------------------------------------------------- images */
/* A convolution, a mean over windows, a sum with what went in: all of it inside, near the float. */
static void means_and_sums_of_images_are_near_the_float(void **state) {
  (void)state;
  enum { SIDE = 8, DEPTH = 4 };
  static float x[2 * SIDE * SIDE * DEPTH], w[9 * DEPTH * DEPTH];
  char ranges[128], setting[192];
  rn_tensor *got[3];
  static const char *const devices[] = {"cpu", "tpu:name~v1", "tpu:name~v1"};
  rn_shape image = {4, 0, {2, SIDE, SIDE, DEPTH}}, filter = {4, 0, {3, 3, DEPTH, DEPTH}};
  int64_t one[4] = {1, 1, 1, 1}, two[4] = {1, 2, 2, 1}, three[4] = {1, 3, 3, 1};
  rn_attr conv[] = {RN_AILIST("strides", one, 4), RN_AS("padding", "SAME", 4)},
          pool[] = {RN_AILIST("ksize", three, 4), RN_AILIST("strides", two, 4), RN_AS("padding", "SAME", 4)};
  fill(x, 2 * SIDE * SIDE * DEPTH, 1), fill(w, 9 * DEPTH * DEPTH, 0.3f);
  (void)snprintf(ranges, sizeof ranges, "%s/image_ranges", folder);
  for (int d = 0; d < 3; d++) {
    scene s = {.n_init = 0};
    (void)unlink(report);
    (void)snprintf(setting, sizeof setting, "plugin.tpu.%s=%s", d == 1 ? "calibrate" : "ranges", ranges);
    rn_runtime *rt = runtime_with(setting);
    must(rn_graph_create(rt, 0, &s.g));
    rn_value px = placeholder(s.g, "x", RN_FLOAT, image), f = held(&s, "w", filter, w);
    rn_value y = node(s.g, "Conv2D", "conv", (rn_value[]){px, f}, 2, conv, 2);
    y = node1(s.g, "Relu", "relu", node2(s.g, "AddV2", "sum", y, px));
    y = node(s.g, "AvgPool", "pool", &y, 1, pool, 3);
    y = node2(s.g, "Mul", "half", y, scalar(s.g, "number", -0.5f));
    rn_session *on = started(&s, devices[d]);
    got[d] = run_with(on, px, image, x, y);
    rn_session_destroy(on);
    rn_graph_destroy(s.g);
    rn_runtime_destroy(rt);
    one_program(d == 0 ? 0 : 1);
  }
  const float *real = rn_tensor_data(got[0]), *y = rn_tensor_data(got[2]);
  for (int i = 0; i < 2 * 16 * DEPTH; i++) assert_true(fabsf(real[i] - y[i]) < 0.03f);
  for (int d = 0; d < 3; d++) rn_tensor_release(got[d]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_network_trained_for_it_runs_as_it_was_trained),
      cmocka_unit_test(weights_of_two_parts_fill_many_tiles), cmocka_unit_test(fake_quant_in_float_is_right),
      cmocka_unit_test(an_unrolled_lstm_is_one_program), cmocka_unit_test(means_and_sums_of_images_are_near_the_float)};
  return in_a_folder(tests, sizeof tests / sizeof tests[0]);
}
