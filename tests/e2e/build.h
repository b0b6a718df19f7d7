/* build.h - short words for building graphs in tests (tests/e2e). Failures end the test. */
#ifndef RN_TESTS_BUILD_H
#define RN_TESTS_BUILD_H
#include <runnel/runnel.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static inline void must(rn_status *s) {
  if (s) print_error("%s: %s\n", rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  assert_null(s);
}

static inline rn_shape dims(int rank, int64_t a, int64_t b) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  s.rank = rank;
  s.dim[0] = a;
  s.dim[1] = b;
  return s;
}

static inline rn_tensor *floats(rn_shape s, const float *data) {
  rn_tensor *t = NULL;
  must(rn_tensor_from(RN_FLOAT, &s, data, &t));
  return t;
}

static inline rn_value node(rn_graph *g, const char *op, const char *name, const rn_value *in, uint32_t n_in,
                            const rn_attr *attrs, uint32_t n_attrs) {
  rn_node_request r = rn_node_request_for(op, name);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  rn_value v = {0, 0};
  must(rn_graph_add(g, &r, &v.node));
  return v;
}
static inline rn_value node1(rn_graph *g, const char *op, const char *name, rn_value x) {
  return node(g, op, name, &x, 1, NULL, 0);
}
static inline rn_value node2(rn_graph *g, const char *op, const char *name, rn_value x, rn_value y) {
  rn_value in[2] = {x, y};
  return node(g, op, name, in, 2, NULL, 0);
}

static inline rn_value constant(rn_graph *g, const char *name, rn_tensor *given) {
  rn_attr attrs[] = {RN_AT("dtype", rn_tensor_dtype(given)), RN_ATENSOR("value", given)};
  rn_value v = node(g, "Const", name, NULL, 0, attrs, 2);
  rn_tensor_release(given);
  return v;
}
static inline rn_value scalar(rn_graph *g, const char *name, float x) {
  return constant(g, name, floats(dims(0, 0, 0), &x));
}

static inline rn_value placeholder(rn_graph *g, const char *name, rn_dtype t, rn_shape s) {
  rn_attr attrs[] = {RN_AT("dtype", t), RN_ASHAPE("shape", &s)};
  return node(g, "Placeholder", name, NULL, 0, attrs, 2);
}

static inline rn_value variable(rn_graph *g, const char *name, rn_dtype t, rn_shape s) {
  rn_attr attrs[] = {RN_AT("dtype", t), RN_ASHAPE("shape", &s)};
  return node(g, "VariableV2", name, NULL, 0, attrs, 2);
}

static inline rn_tensor *fetch(rn_session *s, rn_value v) {
  rn_tensor *t = NULL;
  must(rn_session_run(s, NULL, NULL, 0, &v, 1, &t, NULL, 0));
  return t;
}
static inline float fetch_float(rn_session *s, rn_value v) {
  rn_tensor *t = fetch(s, v);
  float x = *(const float *)rn_tensor_data(t);
  rn_tensor_release(t);
  return x;
}
static inline void run_target(rn_session *s, rn_node_id n) {
  must(rn_session_run(s, NULL, NULL, 0, NULL, 0, NULL, &n, 1));
}

/* The status has that code and its message all the given words (NULL ends them). Frees it. */
static inline void assert_status(rn_status *s, int code, ...) {
  va_list words;
  const char *word;
  if (rn_status_code(s) != code) print_error("status: %s\n", rn_status_message(s));
  assert_int_equal(rn_status_code(s), code);
  va_start(words, code);
  while ((word = va_arg(words, const char *)) != NULL) {
    if (!strstr(rn_status_message(s), word)) print_error("no '%s' in: %s\n", word, rn_status_message(s));
    assert_non_null(strstr(rn_status_message(s), word));
  }
  va_end(words);
  rn_status_free(s);
}
#endif
