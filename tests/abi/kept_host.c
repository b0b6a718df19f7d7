/* kept_host.c - runs what plugins offer, on whichever librunnel.so.0 the linker finds (tests/abi).
 *
 * kept.sh runs it with every host and every set of plugins that were kept. It asks for values, a gradient, training
 * steps of two optimizers, an asynchronous kernel, a device that records and a compiler, and compares numbers. It uses
 * what librunnel 0.1 has: a function that is newer would not be found in an old host. */
#include <dlfcn.h>
#include <math.h>
#include <runnel/c/train.h>
#include <runnel/runnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refused;
static const char *doing = "starting";

static void must(rn_status *s) {
  if (s == NULL) return;
  fprintf(stderr, "%s: %s\n", doing, rn_status_message(s));
  exit(1);
}
static void near(double got, double wanted) {
  if (fabs(got - wanted) <= 1e-4) return;
  fprintf(stderr, "%s: %g instead of %g\n", doing, got, wanted);
  exit(1);
}

static void visit(void *arg, const rn_plugin_info *p) {
  (void)arg;
  if (strcmp(p->state, "refused") != 0) return;
  fprintf(stderr, "%s is refused: %s\n", p->path, p->reason);
  refused = 1;
}

typedef struct work {
  rn_graph *g;
  rn_scope *s;
  rn_session *session;
} work;
static work begin(rn_runtime *rt, const char *what) {
  work w = {NULL, NULL, NULL};
  doing = what;
  must(rn_graph_create(rt, 0, &w.g));
  must(rn_scope_create(w.g, &w.s));
  return w;
}
static void open_session(work *w, const char *device) {
  rn_session_options o = {.struct_size = (uint32_t)sizeof o, .device = device, .fallback = "allow"};
  must(rn_scope_take_status(w->s));
  must(rn_session_create(w->g, &o, &w->session));
}
static void finish(work *w) {
  rn_session_destroy(w->session);
  rn_scope_destroy(w->s);
  rn_graph_destroy(w->g);
}
static double fetch(work *w, rn_value v) {
  rn_tensor *t = NULL;
  must(rn_session_run(w->session, NULL, NULL, 0, &v, 1, &t, NULL, 0));
  double x = *(const float *)rn_tensor_data(t);
  rn_tensor_release(t);
  return x;
}
static void run(work *w, rn_node_id n) { must(rn_session_run(w->session, NULL, NULL, 0, NULL, 0, NULL, &n, 1)); }

static void an_op_with_its_gradient(rn_runtime *rt) {
  work w = begin(rt, "Cube");
  rn_value x = rn_scope_scalar(w.s, "x", RN_FLOAT, 3), y = rn_scope_op(w.s, "Cube", "y", &x, 1, NULL, 0), dx;
  must(rn_scope_take_status(w.s));
  must(rn_graph_gradients(w.g, &y, 1, &x, 1, NULL, &dx, NULL));
  open_session(&w, NULL);
  near(fetch(&w, y), 27);
  near(fetch(&w, dx), 27);
  finish(&w);
}

static void an_asynchronous_kernel(rn_runtime *rt) {
  work w = begin(rt, "AddOneLater");
  rn_value x = rn_scope_scalar(w.s, "x", RN_FLOAT, 3), y = rn_scope_op(w.s, "AddOneLater", "y", &x, 1, NULL, 0);
  open_session(&w, NULL);
  near(fetch(&w, y), 4);
  finish(&w);
}

/* loss = (2 v - 6)^2: every rule moves v towards 3. */
static void training(rn_runtime *rt, const char *optimizer, double rate) {
  work w = begin(rt, optimizer);
  rn_shape one = {0};
  rn_variable v = rn_variable_create(w.s, "v", rn_fill(w.s, "v/start", RN_FLOAT, &one, 1), 1);
  rn_value in[2] = {rn_scope_scalar(w.s, "two", RN_FLOAT, 2), v.read};
  rn_value twice = rn_scope_op(w.s, "Mul", "twice", in, 2, NULL, 0);
  rn_value loss = rn_squared_error_mean(w.s, "loss", twice, rn_scope_scalar(w.s, "six", RN_FLOAT, 6));
  rn_hyper h = {"learning_rate", rate};
  rn_node_id step = rn_minimize(w.s, loss, optimizer, &h, 1, NULL), init = rn_variables_init(w.s, "init");
  open_session(&w, NULL);
  run(&w, init);
  double first = fetch(&w, loss);
  near(first, 16);
  for (int i = 0; i < 20; i++) run(&w, step);
  double last = fetch(&w, loss);
  if (!(last < first / 4)) {
    fprintf(stderr, "%s: the loss went from %g to %g\n", optimizer, first, last);
    exit(1);
  }
  finish(&w);
}

/* w -= 0.5 w a step, for a variable in memory that the host cannot read. */
static void a_device_that_records(rn_runtime *rt) {
  work w = begin(rt, "recorder");
  rn_shape two = {2, 0, {2, 2}};
  rn_variable v = rn_variable_create(w.s, "w", rn_fill(w.s, "w/start", RN_FLOAT, &two, 8), 1);
  rn_value half[2] = {v.read, rn_scope_scalar(w.s, "half", RN_FLOAT, 0.5)};
  rn_value delta = rn_scope_op(w.s, "Mul", "delta", half, 2, NULL, 0);
  rn_value apply[3] = {v.ref, rn_scope_scalar(w.s, "rate", RN_FLOAT, 1), delta};
  rn_value train = rn_scope_op(w.s, "ApplyGradientDescent", "train", apply, 3, NULL, 0);
  rn_node_id init = rn_variables_init(w.s, "init");
  open_session(&w, "recorder");
  run(&w, init);
  for (int i = 0; i < 3; i++) run(&w, train.node);
  near(fetch(&w, v.read), 1);
  finish(&w);
}

static void a_compiler(rn_runtime *rt) {
  work w = begin(rt, "claimer");
  rn_shape one = {0};
  rn_variable v = rn_variable_create(w.s, "v", rn_fill(w.s, "v/start", RN_FLOAT, &one, 10), 1);
  rn_value x = rn_scope_scalar(w.s, "x", RN_FLOAT, 3), both[2] = {x, x}, product, add[2];
  product = rn_scope_op(w.s, "Mul", "product", both, 2, NULL, 0);
  add[0] = v.ref;
  add[1] = rn_scope_op(w.s, "Neg", "minus", &product, 1, NULL, 0);
  rn_value added = rn_scope_op(w.s, "AssignAdd", "added", add, 2, NULL, 0);
  rn_node_id init = rn_variables_init(w.s, "init");
  char *text = NULL;
  open_session(&w, NULL);
  run(&w, init);
  must(rn_session_explain(w.session, NULL, 0, &added, 1, NULL, 0, &text));
  if (strstr(text, "claimer") == NULL) {
    fprintf(stderr, "the compiler got no node:\n%s", text);
    exit(1);
  }
  free(text);
  near(fetch(&w, added), 1);
  finish(&w);
}

int main(void) {
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o, .config_file = "/dev/null"};
  rn_runtime *rt = NULL;
  Dl_info host;
  void *function;
  rn_status *(*create)(const rn_runtime_options *, rn_runtime **) = rn_runtime_create;
  memcpy(&function, &create, sizeof function);
  must(rn_runtime_create(&o, &rt));
  rn_runtime_plugins(rt, visit, NULL);
  if (refused) return 1;
  an_op_with_its_gradient(rt);
  an_asynchronous_kernel(rt);
  training(rt, "GradientDescent", 0.1);
  training(rt, "Adam", 0.2);
  a_device_that_records(rt);
  a_compiler(rt);
  rn_runtime_destroy(rt);
  if (dladdr(function, &host) == 0) return 1;
  puts(host.dli_fname);
  return 0;
}
