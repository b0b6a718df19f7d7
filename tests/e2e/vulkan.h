/* vulkan.h - what the tests of the Vulkan device share: a runtime that is watched, a small network, a product
 * (tests/e2e).
 *
 * The validation layer watches, synchronisation included, where it is installed. Without a Vulkan device the tests
 * are skipped with the reason. */
#ifndef TESTS_E2E_VULKAN_H
#define TESTS_E2E_VULKAN_H
#include <math.h>
#include <pthread.h>
#include <runnel/c/train.h>
#include <runnel/ops.h>
#include "build.h"

enum {
  SUBMISSIONS,
  RECORDINGS,
  REPLAYS,
  DISPATCHES,
  BARRIERS,
  COPIES,
  IN_PLACE,
  PIPELINES,
  RESERVED,
  MESSAGES,
  COUNTS
};
static char why_not[256];
static int validation;

static inline void heard(void *arg, int level, const char *message) {
  (void)arg;
  if (strstr(message, "no vulkan devices")) snprintf(why_not, sizeof why_not, "%s", message);
  if (level <= RN_LOG_WARNING && strstr(message, "validation:")) print_message("%s\n", message);
}

static inline rn_runtime *runtime(const char *const *more, uint32_t n) {
  const char *settings[8] = {validation ? "plugin.vulkan.validation=true" : "plugin.vulkan.validation=false",
                             "plugin.vulkan.pipeline_cache=false"};
  for (uint32_t i = 0; i < n; i++) settings[2 + i] = more[i];
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .settings = settings, .n_settings = n + 2, .log = heard};
  rn_runtime *rt = NULL;
  must(rn_runtime_create(&o, &rt));
  return rt;
}

static inline void count_vulkan(void *arg, const rn_device_entry *d) { *(int *)arg += strcmp(d->type, "vulkan") == 0; }
static inline int has_device(void) {
  int n = 0;
  for (validation = 1; validation >= 0; validation--) {
    rn_runtime *rt = runtime(NULL, 0);
    must(rn_runtime_devices(rt, count_vulkan, &n));
    rn_runtime_destroy(rt);
    if (n > 0) break;
  }
  return n > 0;
}
#define NEEDS_DEVICE                                                                    \
  do {                                                                                  \
    if (validation >= 0) break;                                                         \
    print_message("skipped: %s\n", why_not[0] ? why_not : "there is no Vulkan plugin"); \
    skip();                                                                             \
  } while (0)

static inline rn_session *session_on(rn_graph *g, const char *device) {
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = device, .fallback = "error"};
  rn_session *s = NULL;
  must(rn_session_create(g, &o, &s));
  return s;
}
static inline rn_value counts_node(rn_graph *g) { return node(g, "VulkanCounts", "counts", NULL, 0, NULL, 0); }
static inline void read_counts(rn_session *s, rn_value counts, int64_t out[COUNTS]) {
  rn_tensor *t = fetch(s, counts);
  memcpy(out, rn_tensor_data(t), COUNTS * sizeof *out);
  rn_tensor_release(t);
}
static inline rn_value ints(rn_graph *g, const char *name, int64_t n, const int32_t *data) {
  rn_shape s = dims(1, n, 0);
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_INT32, &s, data, &t));
  return constant(g, name, t);
}

/* ------------------------------------------------------------------------------------------- training */
/* 12 -> 16 -> 4, ReLU, mean cross entropy, written out with its gradients, plain descent. */
typedef struct mlp {
  rn_graph *g;
  rn_session *s;
  rn_value x, labels, loss, counts;
  rn_node_id start[4], train[5];
} mlp;

static inline rn_value matmul(rn_graph *g, const char *name, rn_value a, rn_value b, int ta, int tb) {
  rn_attr attrs[] = {RN_AB("transpose_a", ta), RN_AB("transpose_b", tb)};
  return node(g, "MatMul", name, (rn_value[]){a, b}, 2, attrs, 2);
}
static inline rn_value parameter(mlp *m, int i, int64_t a, int64_t b) {
  rn_shape s = dims(b > 0 ? 2 : 1, a, b);
  char name[16];
  rn_tensor *t = NULL;
  must(rn_tensor_create(RN_FLOAT, &s, &t));
  float *p = rn_tensor_data(t);
  for (int64_t k = 0; k < rn_tensor_count(t); k++) p[k] = b > 0 ? 0.3f * sinf((float)(k * 7 + i)) : 0;
  snprintf(name, sizeof name, "v%d", i);
  rn_value v = variable(m->g, name, RN_FLOAT, s);
  m->start[i] = node2(m->g, "Assign", NULL, v, constant(m->g, NULL, t)).node;
  return v;
}
static inline void apply(mlp *m, int i, rn_value v, rn_value rate, rn_value gradient) {
  m->train[i] = node(m->g, "ApplyGradientDescent", NULL, (rn_value[]){v, rate, gradient}, 3, NULL, 0).node;
}
static inline mlp build_mlp(rn_runtime *rt, const char *device, int64_t batch) {
  mlp m;
  memset(&m, 0, sizeof m);
  must(rn_graph_create(rt, 0, &m.g));
  rn_graph *g = m.g;
  m.x = placeholder(g, "x", RN_FLOAT, dims(2, batch, 12));
  m.labels = placeholder(g, "labels", RN_INT32, dims(1, batch, 0));
  rn_value w1 = parameter(&m, 0, 12, 16), b1 = parameter(&m, 1, 16, 0), w2 = parameter(&m, 2, 16, 4);
  rn_value b2 = parameter(&m, 3, 4, 0), rate = scalar(g, "rate", 0.1f);
  rn_value h = node1(g, "Relu", "h", node2(g, "Add", NULL, matmul(g, NULL, m.x, w1, 0, 0), b1));
  rn_value logits = node2(g, "BiasAdd", "logits", matmul(g, NULL, h, w2, 0, 0), b2);
  rn_value losses = node2(g, "SparseSoftmaxCrossEntropyWithLogits", "xent", logits, m.labels);
  m.loss = node2(g, "Mean", "loss", losses, ints(g, NULL, 1, (const int32_t[]){0}));
  rn_value dlogits = {losses.node, 1}, dy = node2(g, "Mul", "dy", dlogits, scalar(g, NULL, 1 / (float)batch));
  rn_value dh = node2(g, "ReluGrad", "dh", matmul(g, NULL, dy, w2, 0, 1), h);
  apply(&m, 0, w1, rate, matmul(g, NULL, m.x, dh, 1, 0));
  apply(&m, 1, b1, rate, node2(g, "Sum", NULL, dh, ints(g, NULL, 1, (const int32_t[]){0})));
  apply(&m, 2, w2, rate, matmul(g, NULL, h, dy, 1, 0));
  apply(&m, 3, b2, rate, node1(g, "BiasAddGrad", NULL, dy));
  m.counts = counts_node(g);
  m.s = session_on(g, device);
  must(rn_session_run(m.s, NULL, NULL, 0, NULL, 0, NULL, m.start, 4));
  return m;
}
static inline rn_status *train(mlp *m, int64_t batch, int step, float *loss) {
  rn_shape xs = dims(2, batch, 12), ls = dims(1, batch, 0);
  rn_tensor *x = NULL, *labels = NULL, *out = NULL;
  must(rn_tensor_create(RN_FLOAT, &xs, &x));
  must(rn_tensor_create(RN_INT32, &ls, &labels));
  for (int64_t i = 0; i < batch; i++) {
    int32_t label = (int32_t)((i + step) % 4);
    ((int32_t *)rn_tensor_data(labels))[i] = label;
    for (int64_t k = 0; k < 12; k++)
      ((float *)rn_tensor_data(x))[i * 12 + k] =
          (k % 4 == label ? 1.0f : 0.0f) + 0.5f * sinf((float)(i * 13 + k + step));
  }
  rn_feed feeds[2] = {{m->x, x}, {m->labels, labels}};
  rn_status *s = rn_session_run(m->s, NULL, feeds, 2, &m->loss, 1, &out, m->train, 4);
  if (s == NULL) *loss = *(const float *)rn_tensor_data(out);
  rn_tensor_release(out);
  rn_tensor_release(x);
  rn_tensor_release(labels);
  return s;
}
static inline void drop_mlp(mlp *m) {
  rn_session_destroy(m->s);
  rn_graph_destroy(m->g);
}

static inline rn_tensor *product(rn_runtime *rt, const char *device, const int64_t size[3], int ta, int tb) {
  rn_graph *g = NULL;
  rn_tensor *t[2] = {NULL, NULL};
  must(rn_graph_create(rt, 0, &g));
  for (int i = 0; i < 2; i++) {
    int64_t rows = i == 0 ? size[0] : size[2], cols = i == 0 ? size[2] : size[1];
    rn_shape s = (i == 0 ? ta : tb) ? dims(2, cols, rows) : dims(2, rows, cols);
    must(rn_tensor_create(RN_FLOAT, &s, &t[i]));
    for (int64_t k = 0; k < rows * cols; k++) ((float *)rn_tensor_data(t[i]))[k] = sinf((float)(k * (3 + i) % 1009));
  }
  rn_value y = matmul(g, "y", constant(g, "a", t[0]), constant(g, "b", t[1]), ta, tb);
  rn_session *s = session_on(g, device);
  rn_tensor *out = fetch(s, y);
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return out;
}

/* Runs the tests once it is known whether there is a device. */
#define RUN_VULKAN_TESTS(tests)                                                                       \
  int found = has_device();                                                                           \
  if (!found) validation = -1;                                                                        \
  if (found && !validation) print_message("the validation layer is not installed: nobody watches\n"); \
  return cmocka_run_group_tests(tests, NULL, NULL)
#endif
