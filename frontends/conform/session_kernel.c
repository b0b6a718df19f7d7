/* session_kernel.c - kernels of devices that need queues and copies (frontends/conform).
 *
 * Such a kernel runs in a session whose device is the kernel's, with the kernel chosen by the configuration, and is
 * compared with the same sample on the cpu. Of drawn numbers the shapes are compared; equal seeds give equal ones. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "host.h"
#include "number.h"
#include "oracle.h"
#include "session.h"

enum { TRIES = 300, PLANS = 4, THREAD_PLANS = 2, CALLERS = 4, MOST_OUT = 2 * SAMPLE_IN };
enum { VALUES, SPECIAL, THREADS };
typedef struct bench {
  kit *k;
  const kit_op *op;
  rn_runtime *runtime;
  const rn_kernel_def *d;
  uint32_t aspect, compared;
  char refusal[300];
} bench;
/* A sample with the nodes that set and read its variables. */
typedef struct subject_node {
  sample s;
  session_variables variables;
} subject_node;
typedef struct results {
  rn_tensor *t[MOST_OUT]; /* outputs, then variables */
} results;

static void release(results *r) {
  for (uint32_t i = 0; i < MOST_OUT; i++) rn_tensor_release(r->t[i]);
  memset(r, 0, sizeof *r);
}

/* One runtime for the cases of one kernel: in it the kernel wins. */
static rn_status *runtime_for(kit *k, const rn_kernel_def *d, rn_runtime **out) {
  static rn_runtime *last;
  static const rn_kernel_def *last_def;
  char kernel[300], order[80], id[128];
  const char *more[2] = {kernel, order};
  *out = last;
  if (last_def == d && last != NULL) return NULL;
  rn_runtime_destroy(last);
  last = NULL;
  snprintf(kernel, sizeof kernel, "kernels.%s=%s%s%s", d->op, k->own.id, d->label != NULL ? "/" : "",
           d->label != NULL ? d->label : "");
  snprintf(order, sizeof order, "devices.order=%s, cpu", d->device_type);
  RN_TRY(load_plugin(k->o, more, 2, &last, id, sizeof id));
  last_def = d;
  *out = last;
  return NULL;
}

/* ------------------------------------------------------------------------------------------- running */
static rn_status *session_for(const subject_node *n, const char *device, rn_session **out) {
  rn_session_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.device = device;
  o.fallback = "allow";
  return rn_session_create(n->s.graph, &o, out);
}

/* Variables are initialised wherever that can be done; the node itself must be where it was wanted. */
static rn_status *run_in(rn_session *session, const subject_node *n, const char *device, results *out) {
  int there = 0;
  RN_TRY(session_places_on(session, &n->s, device, &there));
  if (!there) return rn_status_make(RN_NOT_FOUND, "the kernel refuses it, or another one wins");
  return session_outputs_and_variables(session, &n->s, &n->variables, out->t);
}

static rn_status *run_on(const subject_node *n, const char *device, results *out) {
  rn_session *session = NULL;
  RN_TRY(session_for(n, device, &session));
  rn_status *failed = run_in(session, n, device, out);
  rn_session_destroy(session);
  if (failed != NULL) release(out);
  return failed;
}

/* ----------------------------------------------------------------------------------------- comparing */
static int alike(const results *got, const results *want, double tolerances, const char *other, char *why,
                 size_t room) {
  for (uint32_t i = 0; i < MOST_OUT; i++) {
    char said[400];
    if (got->t[i] == NULL || want->t[i] == NULL) continue;
    double tolerance = tolerances * dtype_tolerance(rn_tensor_dtype(got->t[i]));
    if (tensors_alike(got->t[i], want->t[i], tolerance, other, said, sizeof said)) continue;
    snprintf(why, room, "output %u: %.380s", i, said);
    return 0;
  }
  return 1;
}

static int same_shapes(const results *got, const results *want, char *why, size_t room) {
  for (uint32_t i = 0; i < MOST_OUT; i++) {
    if (got->t[i] == NULL || want->t[i] == NULL) continue;
    if (rn_shape_equal(rn_tensor_shape(got->t[i]), rn_tensor_shape(want->t[i]))) continue;
    snprintf(why, room, "output %u has another shape than the cpu's", i);
    return 0;
  }
  return 1;
}

/* -1: it draws nothing; 0: what it draws is another thing in each session; 1: the same, by its seeds. */
static int seeds(const kit *k, const sample *s) {
  rn_self self = {&k->host->api, k->view, s->graph, s->node, 0};
  rn_attr_value v;
  if (!rn_self_attr(&self, "seed", RN_ATTR_INT, &v)) return -1;
  return rn_self_int(&self, "seed", 0) != 0 || rn_self_int(&self, "seed2", 0) != 0;
}
static int may_vary(const kit_op *op, const sample *s) {
  if ((op->def.flags & RN_OP_STATEFUL) == 0) return 0;
  for (uint32_t i = 0; i < s->n_in; i++)
    if (s->in[i].kind == INPUT_REF || s->in[i].kind == INPUT_HANDLE) return 0;
  return 1;
}

/* Drawn numbers are the device's own matter, but for their shapes and that equal seeds give equal ones. */
static int drawn_alike(bench *b, const subject_node *n, const results *got, const results *want, char *why,
                       size_t room) {
  results again = {{NULL}};
  if (!same_shapes(got, want, why, room)) return 0;
  if (seeds(b->k, &n->s) == 0) return 1;
  rn_status_free(run_on(n, b->d->device_type, &again));
  int same = alike(got, &again, 0, "with the same seed another session", why, room);
  release(&again);
  return same;
}

/* got is what the device gave. */
static verdict compare(bench *b, const subject_node *n, const results *got, const results *want) {
  char why[500] = "";
  int drawn = may_vary(b->op, &n->s) && seeds(b->k, &n->s) >= 0;
  int same = drawn ? drawn_alike(b, n, got, want, why, sizeof why) : alike(got, want, 4, "the cpu", why, sizeof why);
  return same ? PASSED : fail(b->k, "%s (%s)", why, n->s.text);
}

/* ------------------------------------------------------------------------------------------- threads */
typedef struct caller {
  const subject_node *n;
  const char *device;
  rn_session *session; /* NULL: its own, for its own variables */
  results out;
  rn_status *failed;
} caller;
static void *call_once(void *arg) {
  caller *c = arg;
  c->failed =
      c->session != NULL ? session_outputs(c->session, &c->n->s, NULL, c->out.t) : run_on(c->n, c->device, &c->out);
  return NULL;
}

static verdict judge(bench *b, const subject_node *n, caller *c, const results *alone) {
  char why[500];
  verdict v = fail_status(b->k, "with others beside it", c->failed);
  if (v == PASSED && !(may_vary(b->op, &n->s) ? same_shapes(&c->out, alone, why, sizeof why)
                                              : alike(&c->out, alone, 0, "alone it", why, sizeof why)))
    v = fail(b->k, "several threads at once: %s (%s)", why, n->s.text);
  release(&c->out);
  return v;
}

/* Several threads at once, in one session where there are no variables, else in one for each: as alone, bit for bit. */
static verdict together(bench *b, const subject_node *n, const results *alone) {
  caller c[CALLERS];
  pthread_t thread[CALLERS];
  int started[CALLERS];
  rn_session *shared = NULL;
  verdict v = PASSED;
  if (n->variables.n == 0) v = fail_status(b->k, "a session", session_for(n, b->d->device_type, &shared));
  if (v != PASSED) return v;
  doing(b->k, "op %s on %s from several threads, %s", b->op->def.name, b->d->device_type, n->s.text);
  for (int i = 0; i < CALLERS; i++) {
    c[i] = (caller){.n = n, .device = b->d->device_type, .session = shared};
    started[i] = pthread_create(&thread[i], NULL, call_once, &c[i]) == 0;
  }
  for (int i = 0; i < CALLERS; i++)
    if (started[i]) pthread_join(thread[i], NULL);
  for (int i = 0; i < CALLERS; i++) {
    verdict one = started[i] ? judge(b, n, &c[i], alone) : PASSED;
    if (v == PASSED) v = one;
  }
  rn_session_destroy(shared);
  return v;
}

/* --------------------------------------------------------------------------------------------- plans */
static rn_status *make_node(bench *b, const sample_plan *plan, subject_node *n) {
  rn_runtime *usual = b->k->runtime;
  b->k->runtime = b->runtime; /* the sample's graph lives in this one */
  rn_status *failed = sample_make(b->k, b->op, plan, &n->s);
  b->k->runtime = usual;
  if (failed != NULL) return failed;
  failed = session_add_variables(&n->s, &n->variables);
  if (failed != NULL) sample_finish(&n->s);
  return failed;
}

/* It ran on the device and gave `got`. */
static rn_status *check_plan(bench *b, const subject_node *n, const results *got, verdict *v) {
  results want = {{NULL}};
  if (b->aspect == THREADS) {
    *v = together(b, n, got);
    return NULL;
  }
  doing(b->k, "op %s on the cpu, %s", b->op->def.name, n->s.text);
  RN_TRY(run_on(n, "cpu", &want));
  *v = compare(b, n, got, &want);
  release(&want);
  return NULL;
}

/* 1: it ran on the device and was compared. */
static int try_plan(bench *b, const sample_plan *plan, verdict *v) {
  results got = {{NULL}};
  subject_node n;
  rn_status *failed = make_node(b, plan, &n);
  if (failed != NULL) {
    rn_status_free(failed);
    return 0;
  }
  int ran = 0;
  doing(b->k, "op %s on %s by a session, %s", b->op->def.name, b->d->device_type, n.s.text);
  failed = run_on(&n, b->d->device_type, &got);
  if (failed == NULL) {
    failed = check_plan(b, &n, &got, v);
    ran = failed == NULL;
  }
  if (failed != NULL) snprintf(b->refusal, sizeof b->refusal, "%s", rn_status_message(failed));
  rn_status_free(failed);
  release(&got);
  sample_finish(&n.s);
  return ran;
}

static verdict try_sizes(bench *b, sample_plan plan) {
  verdict v = PASSED;
  for (int size = SIZE_ONE; size < N_SIZES && v == PASSED; size++) {
    if (b->aspect == THREADS && size != SIZE_65) continue;
    plan.size = (sample_size)size;
    (void)try_plan(b, &plan, &v);
  }
  return v;
}

verdict session_kernel_case(kit *k, const kit_op *op, const rn_kernel_def *d, rn_dtype t, uint32_t aspect) {
  bench b = {.k = k, .op = op, .d = d, .aspect = aspect};
  uint32_t plans = aspect == THREADS ? THREAD_PLANS : PLANS;
  if (aspect > THREADS) return skip(k, "only what a session shows is checked on this device");
  verdict v = fail_status(k, "a runtime in which the kernel wins", runtime_for(k, d, &b.runtime));
  for (uint64_t seed = 1; seed <= TRIES && b.compared < plans && v == PASSED; seed++) {
    sample_plan plan = {seed, SIZE_BASIC, aspect == SPECIAL ? VALUES_SPECIAL : VALUES_PLAIN, t, d->types};
    if (aspect == SPECIAL && seed % 4 == 3) continue;
    if (!try_plan(&b, &plan, &v)) continue;
    b.compared++;
    if (v == PASSED && aspect != SPECIAL) v = try_sizes(&b, plan);
  }
  if (b.compared != 0)
    tell("oracle", op->def.name, t == RN_INVALID ? "-" : rn_dtype_name(t), d->device_type,
         d->label != NULL ? d->label : "-", "cpu", NULL);
  if (v == PASSED && b.compared == 0)
    v = skip(k, "no inputs were found that it takes on this device%s%s", b.refusal[0] != '\0' ? "; e.g.: " : "",
             b.refusal);
  return v;
}
