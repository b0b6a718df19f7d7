/* runnel_bench.c - Runnel's own figures (tests/bench).
 *
 * usage: bench_runnel dispatch | mlp | lenet | allocations | graphN. Prints one number: nanoseconds
 * (dispatch: per op), or a count. Threads come from the configuration (RUNNEL_RUN_THREADS). Each result
 * is checked before a time is printed. */
#include <math.h>
#include <runnel/c/train.h>
#include <runnel/runnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "nets.h"

enum { CHAIN = 1000, MOST_TIMES = 20000 };
static double times[MOST_TIMES];

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median of the step over about `seconds`. */
static rn_status *time_step(rn_step *step, rn_tensor *const *feeds, rn_tensor **out, double seconds,
                            double *median_ns) {
  int n = 0;
  for (int i = 0; i < 10; i++) RN_TRY(rn_step_run(step, NULL, feeds, out));
  double end = now_ns() + seconds * 1e9;
  while (n < MOST_TIMES && (n < 5 || now_ns() < end)) {
    double t = now_ns();
    RN_TRY(rn_step_run(step, NULL, feeds, out));
    times[n++] = now_ns() - t;
  }
  qsort(times, (size_t)n, sizeof times[0], ascending);
  *median_ns = times[n / 2];
  return NULL;
}

/* A chain of small adds, passes off: what one op costs beside its work. */
static rn_status *bench_dispatch(rn_scope *s, double *out) {
  rn_shape four = {.rank = 1, .dim = {4}};
  rn_value x = rn_scope_placeholder(s, "x", RN_FLOAT, &four), y = x;
  rn_value one = rn_fill(s, "one", RN_FLOAT, &four, 1);
  for (int i = 0; i < CHAIN; i++) y = rn_scope_op(s, "Add", NULL, (rn_value[]){y, one}, 2, NULL, 0);
  RN_TRY(rn_scope_take_status(s));
  rn_session_options options = {.struct_size = (uint32_t)sizeof options, .flags = RN_SESSION_NO_PASSES};
  rn_session *session;
  rn_step *step = NULL;
  rn_tensor *in = NULL, *result = NULL;
  RN_TRY(rn_session_create(rn_scope_graph(s), &options, &session));
  rn_status *st = rn_tensor_create(RN_FLOAT, &four, &in);
  if (!st) st = rn_tensor_create(RN_FLOAT, &four, &result);
  if (!st) st = rn_session_prepare(session, &x, 1, &y, 1, NULL, 0, &step);
  if (!st) st = time_step(step, &in, &result, 1.5, out);
  if (!st && ((float *)rn_tensor_data(result))[3] != CHAIN)
    st = rn_status_make(RN_INTERNAL, "the chain gave a wrong sum");
  *out /= CHAIN;
  rn_step_destroy(step);
  rn_tensor_release(in);
  rn_tensor_release(result);
  rn_session_destroy(session);
  return st;
}

static rn_status *bench_training(rn_scope *s, net (*build)(rn_scope *s), double *out) {
  training t;
  rn_status *st = training_begin(s, build, NULL, &t);
  float first = 0;
  if (!st) st = rn_step_run(t.step, NULL, t.feeds, &t.loss);
  if (!st) first = *(float *)rn_tensor_data(t.loss);
  if (!st) st = time_step(t.step, t.feeds, &t.loss, 2, out);
  if (!st && !(*(float *)rn_tensor_data(t.loss) < first)) st = rn_status_make(RN_INTERNAL, "the loss did not fall");
  training_end(&t);
  return st;
}

static rn_status *bench_mlp(rn_scope *s, double *out) { return bench_training(s, build_mlp, out); }
static rn_status *bench_lenet(rn_scope *s, double *out) { return bench_training(s, build_lenet, out); }

/* Every malloc of the process, the C library's own included. */
static _Atomic uint64_t allocations;
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t m);
extern void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t m);
void *realloc(void *p, size_t n);
void *malloc(size_t n) {
  allocations++;
  return __libc_malloc(n);
}
void *calloc(size_t n, size_t m) {
  allocations++;
  return __libc_calloc(n, m);
}
void *realloc(void *p, size_t n) {
  allocations++;
  return __libc_realloc(p, n);
}

static rn_status *bench_allocations(rn_scope *s, double *out) {
  training t;
  rn_status *st = training_begin(s, build_mlp, NULL, &t);
  for (int i = 0; i < 20 && !st; i++) st = rn_step_run(t.step, NULL, t.feeds, &t.loss);
  uint64_t before = allocations;
  for (int i = 0; i < 100 && !st; i++) st = rn_step_run(t.step, NULL, t.feeds, &t.loss);
  *out = (double)(allocations - before) / 100;
  training_end(&t);
  return st;
}

/* A graph of n nodes: built, inferred, planned and run once. */
static rn_status *bench_graph(rn_scope *s, long n, double *out) {
  double begin = now_ns();
  rn_shape two = {.rank = 1, .dim = {2}};
  rn_value x = rn_scope_placeholder(s, "x", RN_FLOAT, &two), y = x;
  rn_node_request r = rn_node_request_for("Add", "add");
  for (long i = 0; i < n; i++) {
    rn_value in[2] = {y, x};
    r.inputs = in;
    r.n_inputs = 2;
    y.port = 0;
    RN_TRY(rn_graph_add(rn_scope_graph(s), &r, &y.node));
  }
  rn_session *session;
  rn_tensor *in = NULL, *result = NULL;
  RN_TRY(rn_session_create(rn_scope_graph(s), NULL, &session));
  float one[2] = {1, 1};
  rn_status *st = rn_tensor_from(RN_FLOAT, &two, one, &in);
  rn_feed feed = {x, in};
  if (!st) st = rn_session_run(session, NULL, &feed, 1, &y, 1, &result, NULL, 0);
  *out = now_ns() - begin;
  if (!st && fabsf(((float *)rn_tensor_data(result))[0] - (float)(n + 1)) > (float)n * 1e-3f)
    st = rn_status_make(RN_INTERNAL, "the large graph gave a wrong sum");
  rn_tensor_release(in);
  rn_tensor_release(result);
  rn_session_destroy(session);
  return st;
}

static rn_status *measure(rn_scope *s, const char *what, double *out) {
  if (strcmp(what, "dispatch") == 0) return bench_dispatch(s, out);
  if (strcmp(what, "mlp") == 0) return bench_mlp(s, out);
  if (strcmp(what, "lenet") == 0) return bench_lenet(s, out);
  if (strcmp(what, "allocations") == 0) return bench_allocations(s, out);
  if (strncmp(what, "graph", 5) == 0 && atol(what + 5) > 0) return bench_graph(s, atol(what + 5), out);
  return rn_status_make(RN_INVALID_ARGUMENT, "unknown measure '%s'", what);
}

int main(int argc, char **argv) {
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  rn_scope *scope = NULL;
  double value = 0;
  rn_status *s = rn_runtime_create(NULL, &rt);
  if (!s) s = rn_graph_create(rt, 0, &g);
  if (!s) s = rn_scope_create(g, &scope);
  if (!s) s = measure(scope, argc > 1 ? argv[1] : "", &value);
  if (s) fprintf(stderr, "bench_runnel: %s\n", rn_status_message(s));
  rn_scope_destroy(scope);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
  int code = s != NULL;
  rn_status_free(s);
  if (!code) printf("%.1f\n", value);
  return code;
}
