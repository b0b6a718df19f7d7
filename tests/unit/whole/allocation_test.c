/* allocation_test.c - every allocation of the core fails once, through build, plan and run (tests/unit).
 *
 * A small network with its gradient and its update is made and stepped with the real plugins while the Nth
 * allocation fails, for all N: each call says so or succeeds, and the same process then works as if nothing
 * had been. Leaks show under AddressSanitizer. */
#include "../../e2e/build.h"
#include "base/mem.h"

enum { BATCH = 4, INPUTS = 6, HIDDEN = 5, CLASSES = 3, STEPS = 2 };

/* What one life of a network owns. */
typedef struct network {
  rn_runtime *runtime;
  rn_graph *graph;
  rn_session *session;
  rn_step *step;
  rn_value x, y, loss;
  rn_value w[2];
  rn_node_id init[2], update[2];
} network;

static rn_status *add(network *n, const char *op, const char *name, const rn_value *in, uint32_t n_in,
                      const rn_attr *attrs, uint32_t n_attrs, rn_value *out) {
  rn_node_request r = rn_node_request_for(op, name);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  rn_node_id id;
  RN_TRY(rn_graph_add(n->graph, &r, &id));
  *out = (rn_value){id, 0};
  return NULL;
}

static rn_status *add2(network *n, const char *op, rn_value a, rn_value b, rn_value *out) {
  return add(n, op, NULL, (rn_value[]){a, b}, 2, NULL, 0, out);
}

static rn_status *add_constant(network *n, rn_shape shape, const float *data, rn_value *out) {
  rn_tensor *t = NULL;
  RN_TRY(rn_tensor_from(RN_FLOAT, &shape, data, &t));
  rn_attr attrs[] = {RN_AT("dtype", RN_FLOAT), RN_ATENSOR("value", t)};
  rn_status *s = add(n, "Const", NULL, NULL, 0, attrs, 2, out);
  rn_tensor_release(t);
  return s;
}

static rn_status *add_input(network *n, const char *op, const char *name, rn_dtype t, rn_shape shape, rn_value *out) {
  rn_attr attrs[] = {RN_AT("dtype", t), RN_ASHAPE("shape", &shape)};
  return add(n, op, name, NULL, 0, attrs, 2, out);
}

static rn_status *add_weights(network *n, int i, int64_t rows, int64_t columns) {
  float data[INPUTS * HIDDEN];
  rn_value start, init;
  for (int k = 0; k < INPUTS * HIDDEN; k++) data[k] = 0.1f * (float)((k * 7 + i * 3) % 11) - 0.5f;
  RN_TRY(add_input(n, "VariableV2", i ? "w1" : "w0", RN_FLOAT, dims(2, rows, columns), &n->w[i]));
  RN_TRY(add_constant(n, dims(2, rows, columns), data, &start));
  RN_TRY(add2(n, "Assign", n->w[i], start, &init));
  n->init[i] = init.node;
  return NULL;
}

static rn_status *build_forward(network *n) {
  rn_value hidden, logits, losses, zero;
  rn_shape axis_shape = dims(1, 1, 0);
  int32_t axis = 0;
  rn_tensor *t = NULL;
  RN_TRY(add_input(n, "Placeholder", "x", RN_FLOAT, dims(2, RN_DIM_UNKNOWN, INPUTS), &n->x));
  RN_TRY(add_input(n, "Placeholder", "y", RN_INT32, dims(1, RN_DIM_UNKNOWN, 0), &n->y));
  RN_TRY(add_weights(n, 0, INPUTS, HIDDEN));
  RN_TRY(add_weights(n, 1, HIDDEN, CLASSES));
  RN_TRY(add2(n, "MatMul", n->x, n->w[0], &hidden));
  RN_TRY(add(n, "Relu", NULL, &hidden, 1, NULL, 0, &hidden));
  RN_TRY(add2(n, "MatMul", hidden, n->w[1], &logits));
  RN_TRY(add2(n, "SparseSoftmaxCrossEntropyWithLogits", logits, n->y, &losses));
  RN_TRY(rn_tensor_from(RN_INT32, &axis_shape, &axis, &t));
  rn_attr attrs[] = {RN_AT("dtype", RN_INT32), RN_ATENSOR("value", t)};
  rn_status *s = add(n, "Const", NULL, NULL, 0, attrs, 2, &zero);
  rn_tensor_release(t);
  if (s != NULL) return s;
  return add2(n, "Mean", losses, zero, &n->loss);
}

static rn_status *build_update(network *n) {
  rn_value dw[2], rate, update;
  float learning_rate = 0.5f;
  RN_TRY(rn_graph_gradients(n->graph, &n->loss, 1, n->w, 2, NULL, dw, NULL));
  RN_TRY(add_constant(n, dims(0, 0, 0), &learning_rate, &rate));
  for (int i = 0; i < 2; i++) {
    RN_TRY(add(n, "ApplyGradientDescent", NULL, (rn_value[]){n->w[i], rate, dw[i]}, 3, NULL, 0, &update));
    n->update[i] = update.node;
  }
  return NULL;
}

static rn_status *make_feeds(rn_tensor *feeds[2]) {
  float x[BATCH * INPUTS];
  int32_t y[BATCH] = {0, 1, 2, 1};
  rn_shape x_shape = dims(2, BATCH, INPUTS), y_shape = dims(1, BATCH, 0);
  for (int i = 0; i < BATCH * INPUTS; i++) x[i] = (float)(i % 5) - 2.0f;
  RN_TRY(rn_tensor_from(RN_FLOAT, &x_shape, x, &feeds[0]));
  return rn_tensor_from(RN_INT32, &y_shape, y, &feeds[1]);
}

static rn_status *step(network *n, rn_tensor *const feeds[2], float *out_loss) {
  rn_tensor *loss = NULL;
  RN_TRY(rn_step_run(n->step, NULL, feeds, &loss));
  *out_loss = *(const float *)rn_tensor_data(loss);
  rn_tensor_release(loss);
  return NULL;
}

static rn_status *train(network *n, float *out_loss) {
  rn_tensor *feeds[2] = {NULL, NULL};
  RN_TRY(rn_session_create(n->graph, NULL, &n->session));
  RN_TRY(rn_session_run(n->session, NULL, NULL, 0, NULL, 0, NULL, n->init, 2));
  RN_TRY(rn_session_prepare(n->session, (rn_value[]){n->x, n->y}, 2, &n->loss, 1, n->update, 2, &n->step));
  rn_status *s = make_feeds(feeds);
  for (int i = 0; s == NULL && i < STEPS; i++) s = step(n, feeds, out_loss);
  rn_tensor_release(feeds[0]);
  rn_tensor_release(feeds[1]);
  return s;
}

static rn_status *live(network *n, float *out_loss) {
  if (n->runtime == NULL) RN_TRY(rn_runtime_create(NULL, &n->runtime));
  RN_TRY(rn_graph_create(n->runtime, 0, &n->graph));
  RN_TRY(build_forward(n));
  RN_TRY(build_update(n));
  return train(n, out_loss);
}

static void end(network *n, int with_runtime) {
  rn_step_destroy(n->step);
  rn_session_destroy(n->session);
  rn_graph_destroy(n->graph);
  rn_runtime *kept = with_runtime ? NULL : n->runtime;
  if (with_runtime) rn_runtime_destroy(n->runtime);
  memset(n, 0, sizeof *n);
  n->runtime = kept;
}

/* One life with allocation `nth` failing; returns whether it did fail. */
static int life(network *n, uint64_t nth, int sticky, int with_runtime, float *out_loss) {
  rn_mem_fail_at(nth, sticky);
  uint64_t before = rn_mem_alloc_count();
  rn_status *s = live(n, out_loss);
  uint64_t used = rn_mem_alloc_count() - before;
  rn_mem_fail_at(0, 0);
  if (s != NULL && rn_status_code(s) != RN_RESOURCE_EXHAUSTED)
    print_error("allocation %llu: %s: %s\n", (unsigned long long)nth, rn_status_code_name(rn_status_code(s)),
                rn_status_message(s));
  if (s != NULL) assert_int_equal(rn_status_code(s), RN_RESOURCE_EXHAUSTED);
  rn_status_free(s);
  end(n, with_runtime);
  return used >= nth;
}

static float whole_loss(network *n) {
  float loss = -1;
  must(live(n, &loss));
  end(n, 0);
  return loss;
}

/* The runtime stays: what fails is the graph, the gradient, the plan and the step. */
static void each_allocation_of_a_network_may_fail(void **state) {
  (void)state;
  network n = {0};
  float wanted = whole_loss(&n), loss = -1;
  for (uint64_t nth = 1; life(&n, nth, 0, 0, &loss); nth++) {
  }
  assert_float_equal(whole_loss(&n), wanted, 1e-6f);
  end(&n, 1);
}

/* From the Nth allocation on there is no memory at all: every clean-up has to do without. */
static void memory_may_end_anywhere(void **state) {
  (void)state;
  network n = {0};
  float wanted = whole_loss(&n), loss = -1;
  for (uint64_t nth = 1; life(&n, nth, 1, 0, &loss); nth += 3) {
  }
  assert_float_equal(whole_loss(&n), wanted, 1e-6f);
  end(&n, 1);
}

/* Reading manifests, loading plugins and opening devices, too. */
static void each_allocation_of_a_runtime_may_fail(void **state) {
  (void)state;
  network n = {0};
  float loss = -1;
  for (uint64_t nth = 1; life(&n, nth, 0, 1, &loss); nth += nth < 400 ? 1 : 17) {
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_allocation_of_a_network_may_fail),
      cmocka_unit_test(memory_may_end_anywhere),
      cmocka_unit_test(each_allocation_of_a_runtime_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
