/* rewrite_case.c - passes, compilers and devices change how, never what (frontends/conform).
 *
 * Graphs are made at random from common ops, constants among them. A pass: with and without passes. A compiler:
 * with the plugin and in a runtime where it is disabled. A device: on it, as far as it can, and on the cpu. What is
 * fetched must be the same. */
#include <stdio.h>
#include <stdlib.h>
#include "draw.h"
#include "host.h"
#include "number.h"
#include "session.h"

enum { GRAPHS = 24, MOST_VALUES = 24, FETCHES = 4 };
typedef struct made {
  rn_graph *g;
  rn_value x;                  /* the placeholder */
  rn_value value[MOST_VALUES]; /* all float [3, 3] */
  rn_value fetch[FETCHES];
  uint32_t n;
  rn_node_id init, step; /* RN_NO_NODE: no variable */
} made;

static rn_status *add(made *m, const char *op, const rn_value *in, uint32_t n_in, const rn_attr *attrs,
                      uint32_t n_attrs, rn_value *out) {
  rn_node_request q = rn_node_request_for(op, NULL);
  q.inputs = in;
  q.n_inputs = n_in;
  q.attrs = attrs;
  q.n_attrs = n_attrs;
  out->port = 0;
  return rn_graph_add(m->g, &q, &out->node);
}

static rn_status *add_constant(made *m, uint64_t *r, rn_value *out) {
  int64_t dims[2] = {3, 3};
  rn_shape s = rn_shape_make(2, dims);
  rn_tensor *t = NULL;
  static const double simple[] = {0, 1, -1, 2};
  uint32_t kind = draw_below(r, 6); /* zeros and ones are what passes look for */
  RN_TRY(rn_tensor_create(RN_FLOAT, &s, &t));
  for (int64_t i = 0; i < 9; i++)
    number_put(RN_FLOAT, rn_tensor_data(t), i, kind < 4 ? simple[kind] : ((double)draw_below(r, 17) - 8) / 4);
  rn_attr attrs[2] = {RN_AT("dtype", RN_FLOAT), RN_ATENSOR("value", t)};
  rn_status *failed = add(m, "Const", NULL, 0, attrs, 2, out);
  rn_tensor_release(t);
  return failed;
}

static rn_status *add_random(made *m, uint64_t *r) {
  static const struct {
    const char *op;
    uint32_t n;
  } ops[] = {{"Add", 2},    {"Mul", 2},      {"Sub", 2},     {"Neg", 1},    {"Relu", 1}, {"Tanh", 1},
             {"MatMul", 2}, {"Identity", 1}, {"Maximum", 2}, {"Square", 1}, {"AddV2", 2}};
  uint32_t i = draw_below(r, sizeof ops / sizeof ops[0]);
  rn_value in[2] = {m->value[draw_below(r, m->n)], m->value[draw_below(r, m->n)]};
  if (draw_chance(r, 25)) return add_constant(m, r, &m->value[m->n++]);
  return add(m, ops[i].op, in, ops[i].n, NULL, 0, &m->value[m->n++]);
}

/* v := v + value, read afterwards. */
static rn_status *add_variable(made *m, uint64_t *r) {
  int64_t dims[2] = {3, 3};
  rn_shape s = rn_shape_make(2, dims);
  rn_value v, start, assign, more;
  rn_attr attrs[2] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)};
  RN_TRY(add_constant(m, r, &start));
  RN_TRY(add(m, "VariableV2", NULL, 0, attrs, 2, &v));
  rn_value set[2] = {v, start}, grow[2] = {v, m->value[m->n - 1]};
  RN_TRY(add(m, "Assign", set, 2, NULL, 0, &assign));
  RN_TRY(add(m, "AssignAdd", grow, 2, NULL, 0, &more));
  m->init = assign.node;
  m->step = more.node;
  return add(m, "Neg", &more, 1, NULL, 0, &m->value[m->n++]);
}

static rn_status *make(rn_runtime *rt, uint64_t seed, made *m) {
  int64_t dims[2] = {3, 3};
  rn_shape s = rn_shape_make(2, dims);
  uint64_t r = seed * 77 + 5;
  rn_attr attrs[2] = {RN_AT("dtype", RN_FLOAT), RN_ASHAPE("shape", &s)};
  memset(m, 0, sizeof *m);
  m->init = m->step = RN_NO_NODE;
  RN_TRY(rn_graph_create(rt, 0, &m->g));
  RN_TRY(add(m, "Placeholder", NULL, 0, attrs, 2, &m->x));
  m->value[m->n++] = m->x;
  for (int i = 0; i < 12; i++) RN_TRY(add_random(m, &r));
  if (seed % 3 == 0) RN_TRY(add_variable(m, &r));
  for (uint32_t i = 0; i < FETCHES; i++) m->fetch[i] = m->value[m->n - 1 - i];
  return NULL;
}

static rn_status *compute(const made *m, uint32_t flags, const char *device, rn_tensor **out, char **explained) {
  rn_session *session = NULL;
  rn_session_options o;
  rn_shape s = *rn_graph_shape(m->g, m->x);
  rn_tensor *x = NULL;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.flags = flags;
  o.device = device;
  o.fallback = device != NULL ? "allow" : NULL;
  rn_status *failed = rn_tensor_create(RN_FLOAT, &s, &x);
  for (int64_t i = 0; failed == NULL && i < 9; i++) number_put(RN_FLOAT, rn_tensor_data(x), i, ((double)i - 4) / 4);
  if (failed == NULL) failed = rn_session_create(m->g, &o, &session);
  rn_feed feed = {m->x, x};
  if (failed == NULL && m->init != RN_NO_NODE)
    failed = rn_session_run(session, NULL, NULL, 0, NULL, 0, NULL, &m->init, 1);
  if (failed == NULL) failed = rn_session_run(session, NULL, &feed, 1, m->fetch, FETCHES, out, NULL, 0);
  if (failed == NULL && explained != NULL)
    failed = rn_session_explain(session, &m->x, 1, m->fetch, FETCHES, NULL, 0, explained);
  rn_session_destroy(session);
  rn_tensor_release(x);
  return failed;
}

static verdict compare(kit *k, rn_tensor **with, rn_tensor **without, uint64_t seed, const char *what) {
  char why[400];
  verdict v = PASSED;
  for (int i = 0; i < FETCHES; i++) {
    if (v == PASSED && with[i] != NULL && without[i] != NULL &&
        !tensors_alike(with[i], without[i], dtype_tolerance(RN_FLOAT), "without it", why, sizeof why))
      v = fail(k, "it changes a result: %s; generated graph %llu, %s", why, (unsigned long long)seed, what);
    rn_tensor_release(with[i]);
    rn_tensor_release(without[i]);
  }
  return v;
}

/* ------------------------------------------------------------------------------------------- passes */
static verdict pass(kit *k, const kit_case *c) {
  verdict v = PASSED;
  if (k->own.passes[c->index].run == NULL) return fail(k, "it has no run");
  for (uint64_t seed = 1; seed <= GRAPHS && v == PASSED; seed++) {
    rn_tensor *with[FETCHES] = {NULL}, *without[FETCHES] = {NULL};
    made m;
    doing(k, "pass '%s' on generated graph %llu", k->own.passes[c->index].name, (unsigned long long)seed);
    rn_status *failed = make(k->runtime, seed, &m);
    if (failed != NULL) {
      v = skip(k, "no graph can be made: %s", rn_status_message(failed));
    } else {
      failed = compute(&m, RN_SESSION_NO_PASSES, NULL, without, NULL);
      if (failed != NULL) v = skip(k, "the graph does not run without it either: %s", rn_status_message(failed));
      if (failed == NULL && (failed = compute(&m, 0, NULL, with, NULL)) != NULL)
        v = fail(k, "with it a graph does not run: %s; generated graph %llu", rn_status_message(failed),
                 (unsigned long long)seed);
    }
    rn_status_free(failed);
    verdict same = compare(k, with, without, seed, "with passes and without");
    if (v == PASSED) v = same;
    rn_graph_destroy(m.g);
  }
  return v;
}

/* ---------------------------------------------------------------------------------------- compilers */
static rn_status *without_plugin(kit *k, rn_runtime **out) {
  char setting[192];
  rn_runtime_options o;
  const char *settings[2] = {setting};
  memset(&o, 0, sizeof o);
  snprintf(setting, sizeof setting, "plugins.disable=%s", k->own.id);
  o.struct_size = (uint32_t)sizeof o;
  o.settings = settings;
  o.n_settings = 1;
  return rn_runtime_create(&o, out);
}

static verdict compile_one(kit *k, const char *name, rn_runtime *plain, uint64_t seed, uint32_t *claimed) {
  rn_tensor *with[FETCHES] = {NULL}, *without[FETCHES] = {NULL};
  char *text = NULL, mark[160];
  made m, p;
  verdict v = PASSED;
  doing(k, "compiler '%s' on generated graph %llu", name, (unsigned long long)seed);
  memset(&p, 0, sizeof p);
  rn_status *failed = make(k->runtime, seed, &m);
  if (failed == NULL) failed = make(plain, seed, &p);
  if (failed == NULL) failed = compute(&p, 0, NULL, without, NULL);
  if (failed != NULL) v = skip(k, "the graph does not run without it either: %s", rn_status_message(failed));
  if (failed == NULL && (failed = compute(&m, 0, NULL, with, &text)) != NULL)
    v = fail(k, "with it a graph does not run: %s; generated graph %llu", rn_status_message(failed),
             (unsigned long long)seed);
  snprintf(mark, sizeof mark, "compiler '%s'", name);
  *claimed += text != NULL && strstr(text, mark) != NULL;
  free(text);
  rn_status_free(failed);
  verdict same = compare(k, with, without, seed, "compiled and not");
  rn_graph_destroy(m.g);
  rn_graph_destroy(p.g);
  return v == PASSED ? same : v;
}

static verdict compiler(kit *k, const kit_case *c) {
  rn_runtime *plain = NULL;
  uint32_t claimed = 0;
  const char *name = k->own.compilers[c->index].name;
  verdict v = fail_status(k, "a runtime without it", without_plugin(k, &plain));
  for (uint64_t seed = 1; seed <= GRAPHS && v == PASSED; seed++) v = compile_one(k, name, plain, seed, &claimed);
  rn_runtime_destroy(plain);
  if (v == PASSED && claimed == 0) return skip(k, "it claimed nothing of %d generated graphs", GRAPHS);
  return v;
}

/* ------------------------------------------------------------------------------------------ devices */
static verdict one_graph(kit *k, const char *type, uint64_t seed, uint32_t *on_it) {
  rn_tensor *here[FETCHES] = {NULL}, *there[FETCHES] = {NULL};
  char *text = NULL, mark[64];
  made m, p;
  verdict v = PASSED;
  doing(k, "generated graph %llu on device '%s'", (unsigned long long)seed, type);
  memset(&p, 0, sizeof p);
  rn_status *failed = make(k->runtime, seed, &m);
  if (failed == NULL) failed = make(k->runtime, seed, &p);
  if (failed == NULL) failed = compute(&p, 0, "cpu", here, NULL);
  if (failed != NULL) v = skip(k, "the graph does not run on the cpu: %s", rn_status_message(failed));
  if (failed == NULL && (failed = compute(&m, 0, type, there, &text)) != NULL)
    v = fail(k, "on it a graph does not run: %s; generated graph %llu", rn_status_message(failed),
             (unsigned long long)seed);
  session_device_mark(type, mark, sizeof mark);
  *on_it += text != NULL && strstr(text, mark) != NULL;
  free(text);
  rn_status_free(failed);
  verdict same = compare(k, there, here, seed, "on the device and on the cpu");
  rn_graph_destroy(m.g);
  rn_graph_destroy(p.g);
  return v == PASSED ? same : v;
}

static rn_status *count_device(void *arg, const rn_device_info *i) {
  (void)i;
  ++*(uint32_t *)arg;
  return NULL;
}

static verdict graphs_on(kit *k, const kit_case *c) {
  const rn_device_def *d = &k->own.devices[c->index];
  uint32_t n = 0, on_it = 0;
  verdict v = PASSED;
  if (d->enumerate == NULL) return fail(k, "it has no enumerate");
  rn_status_free(d->enumerate(&k->host->api, count_device, &n));
  if (n == 0) return skip(k, "there is no such device here");
  for (uint64_t seed = 1; seed <= GRAPHS && v == PASSED; seed++) v = one_graph(k, d->type, seed, &on_it);
  if (v == PASSED && on_it == 0) return skip(k, "nothing of %d generated graphs runs on it", GRAPHS);
  return v;
}

void list_rewrite_cases(kit *k) {
  if (k->o->op != NULL) return;
  for (uint32_t i = 0; i < k->own.n_passes; i++)
    if (k->own.passes[i].name != NULL) add_case(k, pass, i, "pass/%s", k->own.passes[i].name);
  for (uint32_t i = 0; i < k->own.n_compilers; i++)
    if (k->own.compilers[i].name != NULL) add_case(k, compiler, i, "compiler/%s", k->own.compilers[i].name);
  for (uint32_t i = 0; i < k->own.n_devices; i++)
    if (k->own.devices[i].type != NULL) add_case(k, graphs_on, i, "device/%s/graphs", k->own.devices[i].type);
}
