/* device_bench.c - one device's figures (tests/bench).
 *
 * usage: bench_device DEVICE [WHAT...] with DEVICE as in "vulkan:0" and WHAT one of products, convolutions, steps,
 * bytes; all of them otherwise. Prints a JSON object per line: {"name", "value", "unit"}. A figure is the median of
 * about a second of runs, each waited for; small work is repeated inside of one run. Falling back to another device is
 * an error. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "nets.h"

enum { MOST_TIMES = 4000 };
static double times[MOST_TIMES];
static const char *device;

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}
static void say(const char *name, double value, const char *unit) {
  printf("{\"name\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"}\n", name, value, unit);
  fflush(stdout);
}

/* ---------------------------------------------------------------------------------------- a small run */
typedef struct job {
  rn_runtime *rt;
  rn_graph *g;
  rn_scope *s;
  rn_session *session;
  rn_value feed, fetch;
  rn_tensor *fed, *fetched;
  rn_node_id target[8];
  uint32_t n_targets;
} job;

static rn_status *job_open(rn_runtime *rt, job *j) {
  memset(j, 0, sizeof *j);
  j->rt = rt;
  j->fetch.node = RN_NO_NODE;
  RN_TRY(rn_graph_create(rt, 0, &j->g));
  return rn_scope_create(j->g, &j->s);
}
static void job_close(job *j) {
  rn_tensor_release(j->fed);
  rn_tensor_release(j->fetched);
  rn_session_destroy(j->session);
  rn_scope_destroy(j->s);
  rn_graph_destroy(j->g);
}
/* Initialises the variables on the device. */
static rn_status *job_begin(job *j) {
  rn_node_id init = rn_variables_init(j->s, "init");
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = device, .fallback = "error"};
  RN_TRY(rn_scope_take_status(j->s));
  RN_TRY(rn_session_create(j->g, &o, &j->session));
  return rn_variable_count(j->s) != 0 ? rn_session_run(j->session, NULL, NULL, 0, NULL, 0, NULL, &init, 1) : NULL;
}
static rn_status *job_run(job *j) {
  rn_feed feed = {j->feed, j->fed};
  int fetches = j->fetch.node != RN_NO_NODE;
  return rn_session_run(j->session, NULL, &feed, j->fed != NULL, &j->fetch, fetches ? 1 : 0,
                        fetches ? &j->fetched : NULL, j->target, j->n_targets);
}
static rn_status *job_time(job *j, double *median_ns) {
  int n = 0;
  for (int i = 0; i < 3; i++) RN_TRY(job_run(j));
  double end = now_ns() + 1e9;
  while (n < MOST_TIMES && (n < 3 || now_ns() < end)) {
    double t = now_ns();
    RN_TRY(job_run(j));
    times[n++] = now_ns() - t;
  }
  qsort(times, (size_t)n, sizeof times[0], ascending);
  *median_ns = times[n / 2];
  return NULL;
}

static rn_shape shape_of(int32_t rank, const int64_t *dims) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  s.rank = rank;
  memcpy(s.dim, dims, (size_t)rank * sizeof *dims);
  return s;
}

static rn_value numbers(job *j, const char *name, int32_t rank, const int64_t *dims, float size) {
  rn_shape shape = shape_of(rank, dims);
  rn_tensor *t = NULL;
  rn_status *failed = rn_tensor_create(RN_FLOAT, &shape, &t);
  if (failed != NULL) rn_scope_fail(j->s, failed);
  for (int64_t i = 0; t != NULL && i < rn_tensor_count(t); i++)
    ((float *)rn_tensor_data(t))[i] = size * sinf((float)(i % 9973));
  return rn_variable_create(j->s, name, rn_scope_constant(j->s, NULL, t), 0).read;
}

/* ------------------------------------------------------------------------------------------- products */
/* A chain of products of n x n matrices, so that none is done twice or left out. */
static rn_status *product(job *j, int64_t n, double *gflops) {
  int links = n <= 512 ? 8 : 2;
  const int64_t dims[2] = {n, n};
  rn_value y = numbers(j, "a", 2, dims, 1), b = numbers(j, "b", 2, dims, 1.4f / sqrtf((float)n));
  double ns;
  for (int i = 0; i < links; i++) y = rn_scope_op(j->s, "MatMul", NULL, (rn_value[]){y, b}, 2, NULL, 0);
  j->target[j->n_targets++] = y.node;
  RN_TRY(job_begin(j));
  RN_TRY(job_time(j, &ns));
  *gflops = 2.0 * (double)(n * n * n) * links / ns;
  return NULL;
}
static rn_status *products(rn_runtime *rt) {
  static const int64_t sizes[] = {256, 512, 1024, 2048};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char name[64];
    double gflops = 0;
    job j;
    rn_status *failed = job_open(rt, &j);
    if (failed == NULL) failed = product(&j, sizes[i], &gflops);
    job_close(&j);
    RN_TRY(failed);
    snprintf(name, sizeof name, "product %lld^3", (long long)sizes[i]);
    say(name, gflops, "GFLOP/s");
    if (gflops < 8) break; /* the next would take eight times as long */
  }
  return NULL;
}

/* -------------------------------------------------------------------------------------- convolutions */
typedef struct layer {
  const char *name;
  int64_t x[4], f[4];
} layer;
static rn_status *convolution(job *j, const layer *l, int what, double *gflops) {
  static const int64_t ones[4] = {1, 1, 1, 1};
  rn_attr attrs[] = {RN_AILIST("strides", ones, 4), RN_AS("padding", "SAME", 4)};
  const int64_t ys[4] = {l->x[0], l->x[1], l->x[2], l->f[3]};
  rn_value x = numbers(j, "x", 4, l->x, 1), f = numbers(j, "f", 4, l->f, 0.1f), y = numbers(j, "y", 4, ys, 1);
  int32_t size[4];
  double ns;
  for (int i = 0; i < 4; i++) size[i] = (int32_t)(what == 1 ? l->x[i] : l->f[i]);
  rn_value sizes = rn_scope_ints(j->s, "sizes", size, 4);
  rn_value made = what == 0   ? rn_scope_op(j->s, "Conv2D", NULL, (rn_value[]){x, f}, 2, attrs, 2)
                  : what == 1 ? rn_scope_op(j->s, "Conv2DBackpropInput", NULL, (rn_value[]){sizes, f, y}, 3, attrs, 2)
                              : rn_scope_op(j->s, "Conv2DBackpropFilter", NULL, (rn_value[]){x, sizes, y}, 3, attrs, 2);
  j->target[j->n_targets++] = made.node;
  RN_TRY(job_begin(j));
  RN_TRY(job_time(j, &ns));
  *gflops = 2.0 * (double)(l->x[0] * l->x[1] * l->x[2] * l->f[0] * l->f[1] * l->f[2] * l->f[3]) / ns;
  return NULL;
}
static rn_status *convolutions(rn_runtime *rt) {
  static const layer layers[] = {{"5x5, 1 to 32", {50, 28, 28, 1}, {5, 5, 1, 32}},
                                 {"5x5, 32 to 64", {50, 14, 14, 32}, {5, 5, 32, 64}},
                                 {"3x3, 64 to 64", {16, 56, 56, 64}, {3, 3, 64, 64}}};
  static const char *const ways[] = {"", ", to input", ", to filter"};
  for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
    double forward = 0;
    for (int what = 0; what < 3; what++) {
      char name[96];
      double gflops = 0;
      job j;
      rn_status *failed = job_open(rt, &j);
      if (failed == NULL) failed = convolution(&j, &layers[i], what, &gflops);
      job_close(&j);
      RN_TRY(failed);
      if (what == 0) forward = gflops;
      snprintf(name, sizeof name, "convolution %s%s", layers[i].name, ways[what]);
      say(name, gflops, "GFLOP/s");
    }
    if (forward < 8 && i == 1) break;
  }
  return NULL;
}

/* ----------------------------------------------------------------------------------------------- bytes */
enum { MOVED = 16 << 20 };
static rn_status *up(job *j) {
  const int64_t dims[1] = {MOVED / 4};
  rn_shape shape = shape_of(1, dims);
  static const int32_t zero = 0, one = 1;
  j->feed = rn_scope_placeholder(j->s, "x", RN_FLOAT, &shape);
  RN_TRY(rn_tensor_create(RN_FLOAT, &shape, &j->fed));
  rn_value in[3] = {j->feed, rn_scope_ints(j->s, "begin", &zero, 1), rn_scope_ints(j->s, "size", &one, 1)};
  j->fetch = rn_scope_op(j->s, "Slice", "first", in, 3, NULL, 0); /* all of it is brought there for this */
  return NULL;
}
static rn_status *down(job *j) {
  const int64_t dims[1] = {MOVED / 4};
  rn_value x = numbers(j, "x", 1, dims, 1);
  j->fetch = rn_scope_op(j->s, "Identity", "read", &x, 1, NULL, 0);
  return NULL;
}
static rn_status *across(job *j) {
  const int64_t dims[1] = {MOVED / 4};
  rn_value x = numbers(j, "x", 1, dims, 1);
  j->target[j->n_targets++] = rn_scope_op(j->s, "Neg", "negative", &x, 1, NULL, 0).node;
  return NULL;
}
static rn_status *bytes(rn_runtime *rt) {
  static const struct {
    const char *name;
    rn_status *(*build)(job *j);
    double bytes;
  } ways[] = {{"bytes up", up, MOVED}, {"bytes down", down, MOVED}, {"bytes read and written", across, 2.0 * MOVED}};
  for (int i = strncmp(device, "cpu", 3) == 0 ? 2 : 0; i < 3; i++) { /* nothing goes up to the host itself */
    double ns = 1;
    job j;
    rn_status *failed = job_open(rt, &j);
    if (failed == NULL) failed = ways[i].build(&j);
    if (failed == NULL) failed = job_begin(&j);
    if (failed == NULL) failed = job_time(&j, &ns);
    job_close(&j);
    RN_TRY(failed);
    say(ways[i].name, ways[i].bytes / ns, "GB/s");
  }
  return NULL;
}

/* ----------------------------------------------------------------------------------------------- steps */
static rn_status *counts_of(const training *t, rn_value counts, int64_t out[10]) {
  rn_tensor *c = NULL;
  memset(out, 0, 10 * sizeof *out);
  if (counts.node == RN_NO_NODE) return NULL;
  RN_TRY(rn_session_run(t->session, NULL, NULL, 0, &counts, 1, &c, NULL, 0));
  memcpy(out, rn_tensor_data(c), 10 * sizeof *out);
  rn_tensor_release(c);
  return NULL;
}

static rn_status *time_steps(training *t, const char *name, rn_value counts) {
  int n = 0;
  int64_t before[10], after[10];
  char text[96];
  for (int i = 0; i < 3; i++) RN_TRY(rn_step_run(t->step, NULL, t->feeds, &t->loss));
  RN_TRY(counts_of(t, counts, before));
  double end = now_ns() + 2e9;
  while (n < MOST_TIMES && (n < 3 || now_ns() < end)) {
    double begin = now_ns();
    RN_TRY(rn_step_run(t->step, NULL, t->feeds, &t->loss));
    times[n++] = now_ns() - begin;
  }
  RN_TRY(counts_of(t, counts, after));
  qsort(times, (size_t)n, sizeof times[0], ascending);
  snprintf(text, sizeof text, "%s step", name);
  say(text, times[n / 2] / 1e6, "ms");
  static const char *const counted[] = {"submissions", "", "", "dispatches", "barriers"};
  for (int i = 0; i < 5 && counts.node != RN_NO_NODE; i++) {
    if (counted[i][0] == '\0') continue;
    snprintf(text, sizeof text, "%s step, %s", name, counted[i]);
    say(text, (double)(after[i] - before[i]) / n, "");
  }
  return NULL;
}

static rn_status *one_net(rn_runtime *rt, const char *name, net (*build)(rn_scope *s)) {
  rn_graph *g = NULL;
  rn_scope *s = NULL;
  training t;
  rn_value counts = {RN_NO_NODE, 0};
  RN_TRY(rn_graph_create(rt, 0, &g));
  rn_status *failed = rn_scope_create(g, &s);
  memset(&t, 0, sizeof t);
  if (failed == NULL && strncmp(device, "vulkan", 6) == 0) {
    const char *colon = strchr(device, ':');
    rn_attr index[] = {RN_AI("index", colon != NULL ? atoi(colon + 1) : 0)};
    counts = rn_scope_op(s, "VulkanCounts", "counts", NULL, 0, index, 1);
  }
  if (failed == NULL) failed = training_begin(s, build, device, &t);
  if (failed == NULL) failed = time_steps(&t, name, counts);
  training_end(&t);
  rn_scope_destroy(s);
  rn_graph_destroy(g);
  return failed;
}
static rn_status *steps(rn_runtime *rt) {
  RN_TRY(one_net(rt, "MLP", build_mlp));
  return one_net(rt, "LeNet", build_lenet);
}

/* ------------------------------------------------------------------------------------------------ main */
static const struct {
  const char *name;
  rn_status *(*run)(rn_runtime *rt);
} measures[] = {{"products", products}, {"convolutions", convolutions}, {"steps", steps}, {"bytes", bytes}};

static int is_wanted(int argc, char **argv, const char *name) {
  for (int i = 2; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return 1;
  return argc <= 2;
}

int main(int argc, char **argv) {
  rn_runtime *rt = NULL;
  if (argc < 2) {
    fprintf(stderr, "usage: bench_device DEVICE [products] [convolutions] [steps] [bytes]\n");
    return 2;
  }
  device = argv[1];
  rn_status *s = rn_runtime_create(NULL, &rt);
  for (size_t i = 0; i < sizeof measures / sizeof measures[0] && s == NULL; i++)
    if (is_wanted(argc, argv, measures[i].name)) s = measures[i].run(rt);
  if (s != NULL) fprintf(stderr, "bench_device: %s\n", rn_status_message(s));
  rn_runtime_destroy(rt);
  int code = s != NULL;
  rn_status_free(s);
  return code;
}
