/* control_flow_test.c - functions, If, While, and TensorFlow 1's primitives: what they compute, and the
 * gradients of both against closed forms and numeric differences (tests/e2e).
 *
 * A case builds y from placeholders of doubles; gradients are of the sum of y's elements. */
#include "build.h"
#include <math.h>

static rn_runtime *rt;

/* ---- short words */
static rn_value real(rn_graph *g, double x) {
  rn_shape s = dims(0, 0, 0);
  rn_tensor *t;
  must(rn_tensor_from(RN_DOUBLE, &s, &x, &t));
  return constant(g, NULL, t);
}
static rn_value whole(rn_graph *g, int32_t x) {
  rn_shape s = dims(0, 0, 0);
  rn_tensor *t;
  must(rn_tensor_from(RN_INT32, &s, &x, &t));
  return constant(g, NULL, t);
}
static rn_value add(rn_graph *g, rn_value a, rn_value b) { return node2(g, "Add", NULL, a, b); }
static rn_value mul(rn_graph *g, rn_value a, rn_value b) { return node2(g, "Mul", NULL, a, b); }
static rn_value matmul(rn_graph *g, rn_value a, rn_value b) { return node2(g, "MatMul", NULL, a, b); }
static rn_value port(rn_value v, uint32_t i) { return (rn_value){v.node, i}; }

/* A function in the making: its body, fed values and results. */
typedef struct function {
  rn_graph *body;
  rn_value in[8], out[8];
  uint32_t n_in, n_out;
} function;
static function function_begin(void) {
  function f;
  memset(&f, 0, sizeof f);
  must(rn_graph_create(rt, 0, &f.body));
  return f;
}
static rn_value take(function *f, rn_dtype t, rn_shape s) {
  return f->in[f->n_in++] = placeholder(f->body, NULL, t, s);
}
static rn_value take_real(function *f) { return take(f, RN_DOUBLE, dims(0, 0, 0)); }
static rn_value take_whole(function *f) { return take(f, RN_INT32, dims(0, 0, 0)); }
static void give(function *f, rn_value v) { f->out[f->n_out++] = v; }
static void function_end(function *f, rn_graph *g, const char *name) {
  must(rn_graph_add_function(g, name, f->body, f->in, f->n_in, f->out, f->n_out, NULL, 0));
}
static rn_value call(rn_graph *g, const char *op, const char *f, const rn_value *in, uint32_t n, rn_dtype out) {
  rn_attr a[] = {RN_AFUNC("f", f, strlen(f)), RN_ATLIST("Tout", &out, 1)};
  return node(g, op, NULL, in, n, a, 2);
}
static rn_value while_of(rn_graph *g, const char *cond, const char *body, const rn_value *in, uint32_t n) {
  rn_attr a[] = {RN_AFUNC("cond", cond, strlen(cond)), RN_AFUNC("body", body, strlen(body))};
  return node(g, "While", NULL, in, n, a, 2);
}
static rn_value if_of(rn_graph *g, const char *yes, const char *no, const rn_value *in, uint32_t n) {
  rn_dtype out = RN_DOUBLE;
  rn_attr a[] = {RN_AFUNC("then_branch", yes, strlen(yes)), RN_AFUNC("else_branch", no, strlen(no)),
                 RN_ATLIST("Tout", &out, 1)};
  return node(g, "If", NULL, in, n, a, 3);
}

/* A loop of primitives: enter, [condition], go, [body], close, leave. */
typedef struct loop {
  rn_graph *g;
  const char *frame;
  rn_value merge[4], gate[4], cond;
  uint32_t n;
} loop;
static rn_value enter(const loop *l, rn_value v, int is_constant) {
  rn_attr a[] = {RN_AS("frame_name", l->frame, strlen(l->frame)), RN_AB("is_constant", is_constant)};
  char name[64];
  snprintf(name, sizeof name, "%s/Enter", l->frame);
  return node(l->g, "Enter", name, &v, 1, a, 2);
}
static rn_value enter_var(loop *l, rn_value v) {
  rn_value e = enter(l, v, 0);
  return l->merge[l->n++] = node2(l->g, "Merge", NULL, e, e);
}
static void go(loop *l, rn_value cond) {
  l->cond = node1(l->g, "LoopCond", NULL, cond);
  for (uint32_t i = 0; i < l->n; i++) l->gate[i] = node2(l->g, "Switch", NULL, l->merge[i], l->cond);
}
static rn_value inside(const loop *l, uint32_t i) { return node1(l->g, "Identity", NULL, port(l->gate[i], 1)); }
static void close_loop(loop *l, uint32_t i, rn_value next) {
  must(rn_graph_set_input(l->g, l->merge[i].node, 1, node1(l->g, "NextIteration", NULL, next)));
}
static rn_value leave(loop *l, uint32_t i) { return node1(l->g, "Exit", NULL, port(l->gate[i], 0)); }

/* ---- running */
static void close_to(double got, double want, double by) {
  if (!(fabs(got - want) <= by)) print_error("%.17g, wanted %.17g\n", got, want);
  assert_true(fabs(got - want) <= by);
}
typedef rn_value (*builder)(rn_graph *g, const rn_value *x);
typedef struct argument {
  rn_shape shape;
  double at[6];
} argument;
#define POINT(x) \
  {              \
    {0}, { (x) } \
  }

static int64_t count(const rn_shape *s) {
  int64_t n = 1;
  for (int32_t i = 0; i < s->rank; i++) n *= s->dim[i];
  return n;
}
static rn_tensor *tensor_of(const argument *a) {
  rn_tensor *t;
  must(rn_tensor_from(RN_DOUBLE, &a->shape, a->at, &t));
  return t;
}
static rn_tensor *run(rn_session *s, const rn_value *x, const argument *a, uint32_t n, rn_value y) {
  rn_feed feeds[4];
  rn_tensor *out = NULL;
  for (uint32_t i = 0; i < n; i++) feeds[i] = (rn_feed){x[i], tensor_of(&a[i])};
  must(rn_session_run(s, NULL, feeds, n, &y, 1, &out, NULL, 0));
  for (uint32_t i = 0; i < n; i++) rn_tensor_release(feeds[i].tensor);
  return out;
}
static double sum_of(rn_tensor *given) {
  double s = 0;
  int64_t n = rn_tensor_count(given);
  for (int64_t i = 0; i < n; i++) s += ((const double *)rn_tensor_data(given))[i];
  rn_tensor_release(given);
  return s;
}
static rn_graph *new_graph(void) {
  rn_graph *g;
  must(rn_graph_create(rt, 0, &g));
  return g;
}
static rn_session *new_session(rn_graph *g) {
  rn_session *s;
  must(rn_session_create(g, NULL, &s));
  return s;
}
static void inputs(rn_graph *g, const argument *a, uint32_t n, rn_value *x) {
  for (uint32_t i = 0; i < n; i++) x[i] = placeholder(g, NULL, RN_DOUBLE, a[i].shape);
}

/* The sum of what it computes. */
static double value_of(builder build, const argument *a, uint32_t n) {
  rn_graph *g = new_graph();
  rn_value x[4];
  inputs(g, a, n, x);
  rn_value y = build(g, x);
  rn_session *s = new_session(g);
  double sum = sum_of(run(s, x, a, n, y));
  rn_session_destroy(s);
  rn_graph_destroy(g);
  return sum;
}

static void check_one(rn_session *s, const rn_value *x, argument *a, uint32_t n, rn_value y, rn_value dx, uint32_t i) {
  const double h = 1e-5;
  rn_tensor *t = run(s, x, a, n, dx);
  assert_int_equal(rn_tensor_count(t), count(&a[i].shape));
  for (int64_t k = 0; k < count(&a[i].shape); k++) {
    double at = a[i].at[k], got = ((const double *)rn_tensor_data(t))[k];
    a[i].at[k] = at + h;
    double up = sum_of(run(s, x, a, n, y));
    a[i].at[k] = at - h;
    double want = (up - sum_of(run(s, x, a, n, y))) / (2 * h);
    a[i].at[k] = at;
    if (fabs(got - want) > 1e-6 * (1 + fabs(want))) print_error("x%u[%d]: %.9g, numeric %.9g\n", i, (int)k, got, want);
    assert_true(fabs(got - want) <= 1e-6 * (1 + fabs(want)));
  }
  rn_tensor_release(t);
}
/* Gradients against numeric differences; the first component of each is given to the caller. */
static void check_gradient(builder build, const argument *args, uint32_t n, double *first) {
  rn_graph *g = new_graph();
  rn_value x[4], dx[4];
  argument a[4];
  memcpy(a, args, n * sizeof *a);
  inputs(g, a, n, x);
  rn_value y = build(g, x);
  must(rn_graph_gradients(g, &y, 1, x, n, NULL, dx, NULL));
  rn_session *s = new_session(g);
  for (uint32_t i = 0; i < n; i++) {
    assert_int_not_equal(dx[i].node, RN_NO_NODE);
    check_one(s, x, a, n, y, dx[i], i);
    if (first == NULL) continue;
    rn_tensor *t = run(s, x, a, n, dx[i]);
    first[i] = *(const double *)rn_tensor_data(t);
    rn_tensor_release(t);
  }
  rn_session_destroy(s);
  rn_graph_destroy(g);
}
/* ---- x to the n-th, by each kind of loop */
static int32_t rounds;
static void power_functions(rn_graph *g) {
  function c = function_begin(), b = function_begin();
  rn_value i = take_whole(&c);
  take_real(&c);
  take_real(&c);
  give(&c, node2(c.body, "Less", NULL, i, whole(c.body, rounds)));
  function_end(&c, g, "power_cond");
  rn_value j = take_whole(&b), p = take_real(&b), x = take_real(&b);
  give(&b, add(b.body, j, whole(b.body, 1)));
  give(&b, mul(b.body, p, x));
  give(&b, x);
  function_end(&b, g, "power_body");
}
static rn_value power_by_while(rn_graph *g, const rn_value *x) {
  power_functions(g);
  rn_value in[3] = {whole(g, 0), real(g, 1), x[0]};
  return port(while_of(g, "power_cond", "power_body", in, 3), 1);
}
static rn_value power_by_primitives(rn_graph *g, const rn_value *x) {
  loop l = {.g = g, .frame = "power"};
  rn_value i = enter_var(&l, whole(g, 0)), limit = enter(&l, whole(g, rounds), 1), base = enter(&l, x[0], 1);
  enter_var(&l, real(g, 1));
  rn_value one = enter(&l, whole(g, 1), 1);
  go(&l, node2(g, "Less", NULL, i, limit));
  close_loop(&l, 0, add(g, inside(&l, 0), one));
  close_loop(&l, 1, mul(g, inside(&l, 1), base));
  leave(&l, 0);
  return leave(&l, 1);
}

static void a_loop_computes_powers_whichever_way_it_is_written(void **state) {
  (void)state;
  argument x = POINT(1.5);
  for (rounds = 0; rounds < 6; rounds++) {
    close_to(value_of(power_by_while, &x, 1), pow(1.5, rounds), 1e-12);
    close_to(value_of(power_by_primitives, &x, 1), pow(1.5, rounds), 1e-12);
  }
}
static void the_gradient_of_a_power_is_n_times_the_power_below(void **state) {
  (void)state;
  argument x = POINT(1.5);
  double got;
  for (rounds = 1; rounds < 5; rounds++) {
    check_gradient(power_by_while, &x, 1, &got);
    close_to(got, rounds * pow(1.5, rounds - 1), 1e-12);
    check_gradient(power_by_primitives, &x, 1, &got);
    close_to(got, rounds * pow(1.5, rounds - 1), 1e-12);
  }
}
static void a_loop_that_never_turns_has_its_starts_gradient(void **state) {
  (void)state;
  argument x = POINT(1.5);
  double got;
  rounds = 0;
  check_gradient(power_by_while, &x, 1, &got);
  close_to(got, 0, 0);
  check_gradient(power_by_primitives, &x, 1, &got);
  close_to(got, 0, 0);
}

/* ---- h = tanh(h W + b) with a matrix from outside */
static rn_value recurrence_by_primitives(rn_graph *g, const rn_value *x) {
  loop l = {.g = g, .frame = "rnn/while"};
  rn_value w = enter(&l, x[1], 1), b = enter(&l, x[2], 1), limit = enter(&l, whole(g, 3), 1);
  rn_value i = enter_var(&l, whole(g, 0)), one = enter(&l, whole(g, 1), 1);
  enter_var(&l, x[0]);
  go(&l, node2(g, "Less", NULL, i, limit));
  close_loop(&l, 0, add(g, inside(&l, 0), one));
  close_loop(&l, 1, node1(g, "Tanh", NULL, add(g, matmul(g, inside(&l, 1), w), b)));
  return leave(&l, 1);
}
static rn_value recurrence_by_while(rn_graph *g, const rn_value *x) {
  function c = function_begin(), b = function_begin();
  rn_shape row = dims(2, 1, 2), square = dims(2, 2, 2);
  rn_value i = take_whole(&c);
  take(&c, RN_DOUBLE, row);
  take(&c, RN_DOUBLE, square);
  take(&c, RN_DOUBLE, row);
  give(&c, node2(c.body, "Less", NULL, i, whole(c.body, 3)));
  function_end(&c, g, "rnn_cond");
  rn_value j = take_whole(&b), h = take(&b, RN_DOUBLE, row), w = take(&b, RN_DOUBLE, square),
           bias = take(&b, RN_DOUBLE, row);
  give(&b, add(b.body, j, whole(b.body, 1)));
  give(&b, node1(b.body, "Tanh", NULL, add(b.body, matmul(b.body, h, w), bias)));
  give(&b, w);
  give(&b, bias);
  function_end(&b, g, "rnn_body");
  rn_value in[4] = {whole(g, 0), x[0], x[1], x[2]};
  return port(while_of(g, "rnn_cond", "rnn_body", in, 4), 1);
}
static void a_matrix_used_in_every_round_gathers_its_gradient(void **state) {
  (void)state;
  argument a[3] = {{dims(2, 1, 2), {0.3, -0.7}}, {dims(2, 2, 2), {0.5, -0.2, 0.8, 0.1}}, {dims(2, 1, 2), {0.05, -0.1}}};
  close_to(value_of(recurrence_by_while, a, 3), value_of(recurrence_by_primitives, a, 3), 1e-14);
  check_gradient(recurrence_by_while, a, 3, NULL);
  check_gradient(recurrence_by_primitives, a, 3, NULL);
}

/* ---- loops in loops: x = x * (1 + y)^2 + y, twice */
static rn_value inner_loop(rn_graph *g, rn_value zero, rn_value two, rn_value one, rn_value x, rn_value y) {
  loop l = {.g = g, .frame = "outer/inner"};
  rn_value limit = enter(&l, two, 1), step = enter(&l, one, 1), factor = enter(&l, y, 1), i = enter_var(&l, zero);
  enter_var(&l, x);
  go(&l, node2(g, "Less", NULL, i, limit));
  close_loop(&l, 0, add(g, inside(&l, 0), step));
  rn_value p = inside(&l, 1);
  close_loop(&l, 1, add(g, p, mul(g, p, factor)));
  return leave(&l, 1);
}
static rn_value nested_loops(rn_graph *g, const rn_value *x) {
  loop l = {.g = g, .frame = "outer"};
  rn_value zero = enter(&l, whole(g, 0), 1), two = enter(&l, whole(g, 2), 1), one = enter(&l, whole(g, 1), 1);
  rn_value y = enter(&l, x[1], 1), i = enter_var(&l, whole(g, 0));
  enter_var(&l, x[0]);
  go(&l, node2(g, "Less", NULL, i, two));
  close_loop(&l, 0, add(g, inside(&l, 0), one));
  close_loop(&l, 1, add(g, inner_loop(g, zero, two, one, inside(&l, 1), y), y));
  return leave(&l, 1);
}
static void loops_nest(void **state) {
  (void)state;
  argument a[2] = {POINT(0.4), POINT(0.3)};
  double x = 0.4;
  for (int i = 0; i < 2; i++) x = x * 1.3 * 1.3 + 0.3;
  close_to(value_of(nested_loops, a, 2), x, 1e-12);
  check_gradient(nested_loops, a, 2, NULL);
}

/* ---- conditions */
static rn_value is_above(rn_graph *g, rn_value x, double bound) { return node2(g, "Greater", NULL, x, real(g, bound)); }
/* x > 1 ? x * y : y + y * y */
static rn_value cond_by_primitives(rn_graph *g, const rn_value *x) {
  rn_value p = is_above(g, x[0], 1), xs = node2(g, "Switch", "cond/Switch", x[0], p),
           ys = node2(g, "Switch", "cond/Switch", x[1], p);
  rn_value yes = mul(g, port(xs, 1), port(ys, 1)), no = add(g, ys, mul(g, ys, ys));
  return node2(g, "Merge", NULL, no, yes);
}
static rn_value cond_by_if(rn_graph *g, const rn_value *x) {
  function t = function_begin(), e = function_begin();
  rn_value a = take_real(&t), b = take_real(&t);
  give(&t, mul(t.body, a, b));
  function_end(&t, g, "yes");
  take_real(&e);
  b = take_real(&e);
  give(&e, add(e.body, b, mul(e.body, b, b)));
  function_end(&e, g, "no");
  rn_value in[3] = {is_above(g, x[0], 1), x[0], x[1]};
  return if_of(g, "yes", "no", in, 3);
}
static void a_condition_takes_one_branch_and_its_gradient_that_branchs(void **state) {
  (void)state;
  builder both[2] = {cond_by_primitives, cond_by_if};
  for (int i = 0; i < 2; i++) {
    argument above[2] = {POINT(2), POINT(3)}, below[2] = {POINT(0.5), POINT(3)};
    double d[2];
    close_to(value_of(both[i], above, 2), 6, 1e-12);
    close_to(value_of(both[i], below, 2), 12, 1e-12);
    check_gradient(both[i], above, 2, d);
    close_to(d[0], 3, 1e-12);
    close_to(d[1], 2, 1e-12);
    check_gradient(both[i], below, 2, d);
    close_to(d[0], 0, 0);
    close_to(d[1], 7, 1e-12);
  }
}
/* A condition in a branch of a condition, its value used twice. */
static rn_value cond_in_cond(rn_graph *g, const rn_value *x) {
  rn_value p = is_above(g, x[0], 1), q = is_above(g, x[1], 1);
  rn_value xs = node2(g, "Switch", NULL, x[0], p), ys = node2(g, "Switch", NULL, x[1], p),
           qs = node2(g, "Switch", NULL, q, p);
  rn_value in = node2(g, "Switch", NULL, mul(g, port(xs, 1), port(ys, 1)), port(qs, 1));
  rn_value inner = node2(g, "Merge", NULL, mul(g, in, in), node1(g, "Neg", NULL, port(in, 1)));
  rn_value m = node2(g, "Merge", NULL, add(g, xs, ys), add(g, inner, inner));
  return mul(g, m, x[0]);
}
static void conditions_nest(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    argument a[2] = {POINT(i & 1 ? 2.0 : 0.5), POINT(i & 2 ? 3.0 : 0.25)};
    check_gradient(cond_in_cond, a, 2, NULL);
  }
}
/* Halves what is above 1, else adds y squared: a condition in a loop. */
static rn_value cond_in_loop(rn_graph *g, const rn_value *x) {
  loop l = {.g = g, .frame = "collatz"};
  rn_value limit = enter(&l, whole(g, 5), 1), one = enter(&l, whole(g, 1), 1), half = enter(&l, real(g, 0.5), 1),
           bound = enter(&l, real(g, 1), 1), y = enter(&l, x[1], 1), i = enter_var(&l, whole(g, 0));
  enter_var(&l, x[0]);
  go(&l, node2(g, "Less", NULL, i, limit));
  rn_value now = inside(&l, 1), p = node2(g, "Greater", NULL, now, bound);
  rn_value s = node2(g, "Switch", NULL, now, p), ys = node2(g, "Switch", NULL, y, p),
           hs = node2(g, "Switch", NULL, half, p);
  rn_value m = node2(g, "Merge", NULL, add(g, s, mul(g, ys, ys)), mul(g, port(s, 1), port(hs, 1)));
  close_loop(&l, 0, add(g, inside(&l, 0), one));
  close_loop(&l, 1, m);
  return leave(&l, 1);
}
static void a_condition_in_a_loop_goes_the_way_of_each_round(void **state) {
  (void)state;
  argument a[2] = {POINT(3.1), POINT(0.7)};
  double x = 3.1;
  for (int i = 0; i < 5; i++) x = x > 1 ? x / 2 : x + 0.49;
  close_to(value_of(cond_in_loop, a, 2), x, 1e-12);
  check_gradient(cond_in_loop, a, 2, NULL);
}
/* A whole loop in one branch. */
static rn_value loop_in_branch(rn_graph *g, const rn_value *x) {
  rn_value p = is_above(g, x[0], 1), xs = node2(g, "Switch", NULL, x[0], p);
  rounds = 3;
  rn_value yes = port(xs, 1), no = node1(g, "Neg", NULL, xs);
  loop l = {.g = g, .frame = "branch"};
  rn_value counters[3];
  for (int i = 0; i < 3; i++) counters[i] = port(node2(g, "Switch", NULL, whole(g, i), p), 1);
  rn_value i = enter_var(&l, counters[0]), limit = enter(&l, counters[2], 1), one = enter(&l, counters[1], 1),
           base = enter(&l, yes, 1);
  enter_var(&l, yes);
  go(&l, node2(g, "Less", NULL, i, limit));
  close_loop(&l, 0, add(g, inside(&l, 0), one));
  close_loop(&l, 1, mul(g, inside(&l, 1), base));
  return node2(g, "Merge", NULL, no, leave(&l, 1));
}
static void a_loop_in_a_branch_runs_when_the_branch_does(void **state) {
  (void)state;
  argument above = POINT(1.5), below = POINT(0.5);
  double d;
  close_to(value_of(loop_in_branch, &above, 1), 1.5 * 1.5 * 1.5, 1e-12);
  close_to(value_of(loop_in_branch, &below, 1), -0.5, 1e-12);
  check_gradient(loop_in_branch, &above, 1, &d);
  close_to(d, 3 * 1.5 * 1.5, 1e-12);
  check_gradient(loop_in_branch, &below, 1, &d);
  close_to(d, -1, 1e-12);
}

/* ---- calls */
static rn_value called(rn_graph *g, const rn_value *x) {
  function f = function_begin(), h = function_begin();
  rn_value a = take_real(&f);
  give(&f, mul(f.body, a, node1(f.body, "Exp", NULL, a)));
  function_end(&f, g, "f");
  a = take_real(&h);
  rn_value b = take_real(&h), fa;
  must(rn_graph_function(g, "f", &(rn_function_info){0}));
  fa = call(h.body, "PartitionedCall", "f", &a, 1, RN_DOUBLE);
  give(&h, mul(h.body, fa, b));
  function_end(&h, g, "h");
  return call(g, "StatefulPartitionedCall", "h", x, 2, RN_DOUBLE);
}
static void a_call_has_the_gradient_of_its_function(void **state) {
  (void)state;
  argument a[2] = {POINT(0.6), POINT(1.7)};
  double d[2];
  check_gradient(called, a, 2, d);
  close_to(d[0], 1.7 * (1 + 0.6) * exp(0.6), 1e-9);
}
/* The gradient of a gradient goes through the gradient functions. */
static void a_call_can_be_differentiated_twice(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  argument a[2] = {POINT(0.6), POINT(1.7)};
  rn_value x[2], dx, ddx;
  inputs(g, a, 2, x);
  rn_value y = called(g, x);
  must(rn_graph_gradients(g, &y, 1, x, 1, NULL, &dx, NULL));
  must(rn_graph_gradients(g, &dx, 1, x, 1, NULL, &ddx, NULL));
  rn_session *s = new_session(g);
  close_to(sum_of(run(s, x, a, 2, ddx)), 1.7 * (2 + 0.6) * exp(0.6), 1e-9);
  rn_session_destroy(s);
  rn_graph_destroy(g);
}

/* ---- variables: v is read through its handle inside; y = x * v^n, v = 1.5 */
static rn_value read_variable(rn_graph *g, rn_value h) {
  rn_attr a = RN_AT("dtype", RN_DOUBLE);
  rn_value v = node(g, "ReadVariableOp", NULL, &h, 1, &a, 1);
  rn_shape scalar_shape = dims(0, 0, 0);
  must(rn_graph_set_shape(g, v, &scalar_shape));
  return v;
}
static rn_value take_handle(function *f) { return take(f, RN_RESOURCE, dims(0, 0, 0)); }
static void times_v(rn_graph *g, const char *name, int again) {
  function f = function_begin();
  rn_value x = take_real(&f), h = take_handle(&f);
  for (int i = 0; i < again; i++) x = mul(f.body, x, read_variable(f.body, h));
  give(&f, x);
  function_end(&f, g, name);
}
static rn_value variable_in_call(rn_graph *g, rn_value x, rn_value h) {
  times_v(g, "times_v", 2);
  rn_value in[2] = {x, h};
  return call(g, "PartitionedCall", "times_v", in, 2, RN_DOUBLE);
}
static rn_value variable_in_if(rn_graph *g, rn_value x, rn_value h) {
  times_v(g, "times_v", 2);
  times_v(g, "times_v_v", 3);
  rn_value in[3] = {is_above(g, x, 10), x, h};
  return if_of(g, "times_v_v", "times_v", in, 3);
}
static rn_value variable_in_while(rn_graph *g, rn_value x, rn_value h) {
  function c = function_begin(), b = function_begin();
  rn_value i = take_whole(&c);
  take_real(&c);
  take_handle(&c);
  give(&c, node2(c.body, "Less", NULL, i, whole(c.body, 2)));
  function_end(&c, g, "cond");
  rn_value j = take_whole(&b), p = take_real(&b), v = take_handle(&b);
  give(&b, add(b.body, j, whole(b.body, 1)));
  give(&b, mul(b.body, p, read_variable(b.body, v)));
  give(&b, v);
  function_end(&b, g, "body");
  rn_value in[3] = {whole(g, 0), x, h};
  return port(while_of(g, "cond", "body", in, 3), 1);
}
static rn_value variable_in_loop(rn_graph *g, rn_value x, rn_value h) {
  loop l = {.g = g, .frame = "read"};
  rn_value i = enter_var(&l, whole(g, 0)), limit = enter(&l, whole(g, 2), 1), one = enter(&l, whole(g, 1), 1),
           v = enter(&l, h, 1);
  enter_var(&l, x);
  go(&l, node2(g, "Less", NULL, i, limit));
  close_loop(&l, 0, add(g, inside(&l, 0), one));
  close_loop(&l, 1, mul(g, inside(&l, 1), read_variable(g, v)));
  return leave(&l, 1);
}
static rn_value variable_in_branch(rn_graph *g, rn_value x, rn_value h) {
  rn_value p = is_above(g, x, 1), xs = node2(g, "Switch", NULL, x, p), hs = node2(g, "Switch", NULL, h, p);
  rn_value v = read_variable(g, port(hs, 1));
  return node2(g, "Merge", NULL, node1(g, "Neg", NULL, xs), mul(g, mul(g, v, v), port(xs, 1)));
}

static void check_variable(rn_value (*build)(rn_graph *g, rn_value x, rn_value h), double at, double want_x,
                           double want_v) {
  rn_graph *g = new_graph();
  rn_shape scalar_shape = dims(0, 0, 0);
  rn_attr a[] = {RN_AT("dtype", RN_DOUBLE), RN_ASHAPE("shape", &scalar_shape)};
  rn_value h = node(g, "VarHandleOp", "v", NULL, 0, a, 2), dx[2];
  rn_node_id init = node2(g, "AssignVariableOp", NULL, h, real(g, 1.5)).node;
  argument arg = POINT(at);
  rn_value xs[2] = {placeholder(g, "x", RN_DOUBLE, scalar_shape), h};
  rn_value y = build(g, xs[0], h);
  must(rn_graph_gradients(g, &y, 1, xs, 2, NULL, dx, NULL));
  rn_session *s = new_session(g);
  run_target(s, init);
  close_to(sum_of(run(s, xs, &arg, 1, dx[0])), want_x, 1e-12);
  close_to(sum_of(run(s, xs, &arg, 1, dx[1])), want_v, 1e-12);
  rn_session_destroy(s);
  rn_graph_destroy(g);
}
static void a_variable_read_inside_gets_its_gradient(void **state) {
  (void)state;
  check_variable(variable_in_call, 2, 2.25, 6);
  check_variable(variable_in_if, 2, 2.25, 6);
  check_variable(variable_in_if, 20, 3.375, 20 * 3 * 2.25);
  check_variable(variable_in_while, 2, 2.25, 6);
  check_variable(variable_in_loop, 2, 2.25, 6);
  check_variable(variable_in_branch, 2, 2.25, 6);
  check_variable(variable_in_branch, 0.5, -1, 0);
}

/* ---- what is refused */
static void a_fetch_on_a_branch_not_taken_says_so(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  argument a[2] = {POINT(2), POINT(3)};
  rn_value x[2];
  inputs(g, a, 2, x);
  rn_value dead = node1(g, "Neg", "dead", node2(g, "Switch", NULL, x[0], is_above(g, x[1], 1)));
  rn_session *s = new_session(g);
  rn_feed feeds[2] = {{x[0], tensor_of(&a[0])}, {x[1], tensor_of(&a[1])}};
  rn_tensor *out = NULL;
  assert_status(rn_session_run(s, NULL, feeds, 2, &dead, 1, &out, NULL, 0), RN_INVALID_ARGUMENT,
                "'dead:0' was fetched but has no value", NULL);
  for (int i = 0; i < 2; i++) rn_tensor_release(feeds[i].tensor);
  rn_session_destroy(s);
  rn_graph_destroy(g);
}
static void a_loop_with_random_numbers_has_no_gradient(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  argument a = POINT(2);
  rn_value x, dx;
  rounds = 2;
  inputs(g, &a, 1, &x);
  power_functions(g);
  function b = function_begin();
  rn_value j = take_whole(&b), p = take_real(&b), base = take_real(&b);
  int32_t none = 0;
  rn_shape empty = dims(1, 0, 0);
  rn_tensor *shape;
  must(rn_tensor_from(RN_INT32, &empty, &none, &shape));
  rn_value in[3] = {whole(g, 0), real(g, 1), x}, shape_of = constant(b.body, NULL, shape);
  rn_attr dtype = RN_AT("dtype", RN_DOUBLE);
  give(&b, add(b.body, j, whole(b.body, 1)));
  give(&b, mul(b.body, mul(b.body, p, base), node(b.body, "RandomUniform", "dice", &shape_of, 1, &dtype, 1)));
  give(&b, base);
  function_end(&b, g, "dice_body");
  rn_value y = port(while_of(g, "power_cond", "dice_body", in, 3), 1);
  uint32_t n = rn_graph_node_count(g), n_functions = rn_graph_function_count(g);
  assert_status(rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL), RN_UNIMPLEMENTED,
                "RandomUniform 'dice' is stateful", NULL);
  assert_int_equal(rn_graph_node_count(g), n);
  assert_int_equal(rn_graph_function_count(g), n_functions);
  rn_graph_destroy(g);
}
static void gradients_from_inside_a_loop_are_refused(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value x = placeholder(g, "x", RN_DOUBLE, dims(0, 0, 0)), dx;
  loop l = {.g = g, .frame = "spin"};
  rn_value i = enter_var(&l, x), limit = enter(&l, real(g, 9), 1);
  go(&l, node2(g, "Less", NULL, i, limit));
  rn_value now = inside(&l, 0);
  close_loop(&l, 0, add(g, now, now));
  rn_value y = leave(&l, 0);
  assert_status(rn_graph_gradients(g, &now, 1, &x, 1, NULL, &dx, NULL), RN_INVALID_ARGUMENT,
                "is inside the loop 'spin'", NULL);
  assert_status(rn_graph_gradients(g, &y, 1, &now, 1, NULL, &dx, NULL), RN_INVALID_ARGUMENT,
                "is inside the loop 'spin'", NULL);
  must(rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL));
  rn_graph_destroy(g);
}
static void a_loop_of_another_shape_is_named(void **state) {
  (void)state;
  rn_graph *g = new_graph();
  rn_value x = placeholder(g, "x", RN_DOUBLE, dims(0, 0, 0)), dx;
  loop l = {.g = g, .frame = "odd"};
  rn_value i = enter_var(&l, x), limit = enter(&l, real(g, 9), 1), once = enter(&l, x, 0);
  go(&l, node2(g, "Less", NULL, i, limit));
  rn_value now = inside(&l, 0);
  close_loop(&l, 0, add(g, now, once));
  rn_value y = leave(&l, 0);
  assert_status(rn_graph_gradients(g, &y, 1, &x, 1, NULL, &dx, NULL), RN_UNIMPLEMENTED,
                "the loop 'odd' has no gradient", NULL);
  rn_graph_destroy(g);
}

static int open_runtime(void **state) {
  (void)state;
  must(rn_runtime_create(NULL, &rt));
  return 0;
}
static int close_runtime(void **state) {
  (void)state;
  rn_runtime_destroy(rt);
  return 0;
}
int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_loop_computes_powers_whichever_way_it_is_written),
      cmocka_unit_test(the_gradient_of_a_power_is_n_times_the_power_below),
      cmocka_unit_test(a_loop_that_never_turns_has_its_starts_gradient),
      cmocka_unit_test(a_matrix_used_in_every_round_gathers_its_gradient),
      cmocka_unit_test(loops_nest),
      cmocka_unit_test(a_condition_takes_one_branch_and_its_gradient_that_branchs),
      cmocka_unit_test(conditions_nest),
      cmocka_unit_test(a_condition_in_a_loop_goes_the_way_of_each_round),
      cmocka_unit_test(a_loop_in_a_branch_runs_when_the_branch_does),
      cmocka_unit_test(a_call_has_the_gradient_of_its_function),
      cmocka_unit_test(a_call_can_be_differentiated_twice),
      cmocka_unit_test(a_variable_read_inside_gets_its_gradient),
      cmocka_unit_test(a_fetch_on_a_branch_not_taken_says_so),
      cmocka_unit_test(a_loop_with_random_numbers_has_no_gradient),
      cmocka_unit_test(gradients_from_inside_a_loop_are_refused),
      cmocka_unit_test(a_loop_of_another_shape_is_named),
  };
  return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
