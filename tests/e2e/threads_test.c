/* threads_test.c - many threads on one session and its variables (tests/e2e). */
#include "build.h"
#include <pthread.h>

enum { THREADS = 8, ROUNDS = 500 };

typedef struct shared {
  rn_session *session;
  rn_value x, y;
  rn_node_id add;
  _Atomic int failed;
} shared;

static void *add_and_read(void *arg) {
  shared *s = arg;
  float one = 1;
  rn_shape none = dims(0, 0, 0);
  for (int i = 0; i < ROUNDS; i++) {
    rn_tensor *in = NULL, *out = NULL;
    rn_status *st = rn_tensor_from(RN_FLOAT, &none, &one, &in);
    rn_feed feed = {s->x, in};
    if (!st) st = rn_session_run(s->session, NULL, &feed, 1, &s->y, 1, &out, &s->add, 1);
    if (st || *(const float *)rn_tensor_data(out) < 0) s->failed = 1;
    rn_status_free(st);
    rn_tensor_release(in);
    rn_tensor_release(out);
  }
  return NULL;
}

static void eight_threads_on_one_variable_lose_nothing(void **state) {
  (void)state;
  rn_runtime *rt = NULL;
  rn_graph *g = NULL;
  must(rn_runtime_create(NULL, &rt));
  must(rn_graph_create(rt, 0, &g));
  shared s = {.failed = 0};
  s.x = placeholder(g, "x", RN_FLOAT, dims(0, 0, 0));
  rn_value v = variable(g, "v", RN_FLOAT, dims(0, 0, 0));
  rn_value init = node2(g, "Assign", "init", v, scalar(g, "zero", 0));
  s.add = node2(g, "AssignAdd", "add", v, s.x).node;
  s.y = node2(g, "Add", "y", node1(g, "Identity", "v/read", v), s.x);
  must(rn_session_create(g, NULL, &s.session));
  run_target(s.session, init.node);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_and_read, &s), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(s.failed, 0);
  assert_float_equal(fetch_float(s.session, v), (float)THREADS * ROUNDS, 0);
  rn_session_destroy(s.session);
  rn_graph_destroy(g);
  rn_runtime_destroy(rt);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(eight_threads_on_one_variable_lose_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
