/* bench_case.c - how fast each kernel is, and the reference beside it (frontends/conform).
 *
 * Medians of repeated calls on the same buffers, one thread of the kernel's own, on the types that matter most.
 * GB/s counts what goes in and comes out once. */
#include <stdio.h>
#include <stdlib.h>
#include "number.h"
#include "oracle.h"

enum { TRIES = 200, TIMES = 31 };

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const subject *u, const sample *s) {
  double ns[TIMES], m = 0;
  trial_prepared p;
  rn_status *failed = trial_prepare(u, s, &p);
  if (failed == NULL && !p.refused && trial_time(u, s, &p, TIMES, ns)) {
    qsort(ns, TIMES, sizeof *ns, by_value);
    m = ns[TIMES / 2];
  }
  rn_status_free(failed);
  trial_unprepare(&p);
  return m;
}

/* ------------------------------------------------------------------------------------------- the work */
static double bytes_of(const sample *s) {
  double all = 0;
  for (uint32_t i = 0; i < s->n_in; i++) all += (double)rn_tensor_size_bytes(s->in[i].tensor);
  for (uint32_t i = 0; i < s->n_out; i++) {
    rn_value v = {s->node, i};
    int64_t n;
    rn_status *unknown = rn_shape_count(rn_graph_shape(s->graph, v), &n);
    if (unknown == NULL) all += (double)n * (double)rn_dtype_size(rn_graph_dtype(s->graph, v));
    rn_status_free(unknown);
  }
  return all;
}

typedef struct costing {
  rn_infer c; /* first */
  const rn_shape *in;
  const sample *s;
} costing;
static const rn_shape *cost_shape(rn_infer *c, uint32_t i) { return &((costing *)c)->in[i]; }
static rn_dtype cost_dtype(rn_infer *c, uint32_t i) { return ((costing *)c)->s->in[i].dtype; }
static double flops_of(const subject *u, const sample *s) {
  static const rn_infer_api api = {.struct_size = (uint32_t)sizeof api, .shape = cost_shape, .dtype = cost_dtype};
  rn_shape in[SAMPLE_IN], out[SAMPLE_IN];
  rn_cost cost = {0, 0};
  if (u->op->def.cost == NULL || s->n_out > SAMPLE_IN) return 0;
  for (uint32_t i = 0; i < s->n_in; i++) in[i] = s->in[i].shape;
  for (uint32_t i = 0; i < s->n_out; i++) out[i] = *rn_graph_shape(s->graph, (rn_value){s->node, i});
  costing c = {
      {(uint32_t)sizeof(rn_infer), s->n_in, s->n_out, 0, &api, {u->kernel.host, u->k->view, s->graph, s->node, 0}},
      in,
      s};
  u->op->def.cost(&c.c, in, out, &cost);
  return cost.flops;
}

static void say(const subject *u, const oracle *o, const sample *s, rn_dtype t) {
  char ns[32], against[32], gb[32], gf[32], shape[160] = "-";
  double mine = median(u, s), other = o->is_there && !o->is_wider ? median(&o->u, s) : 0;
  if (mine <= 0) return;
  if (s->n_in > 0) rn_shape_print(&s->in[0].shape, shape, sizeof shape);
  snprintf(ns, sizeof ns, "%.1f", mine);
  snprintf(against, sizeof against, "%.1f", other);
  snprintf(gb, sizeof gb, "%.4f", bytes_of(s) / mine);
  snprintf(gf, sizeof gf, "%.4f", flops_of(u, s) / mine);
  tell("speed", u->op->def.name, t == RN_INVALID ? "-" : rn_dtype_name(t),
       u->kernel.def.label != NULL ? u->kernel.def.label : "-", shape, other > 0 ? "reference" : "", ns, against, gb,
       gf, NULL);
}

/* The first plan that the kernel takes also when it is large. */
static int find(const subject *u, sample_plan *plan) {
  for (uint64_t seed = 1; seed <= TRIES; seed++) {
    sample s;
    *plan = (sample_plan){seed, SIZE_LARGE, VALUES_PLAIN, plan->dtype, u->kernel.def.types};
    rn_status *failed = sample_make(u->k, u->op, plan, &s);
    int ok = failed == NULL && bytes_of(&s) > 1e4 && median(u, &s) > 0;
    rn_status_free(failed);
    if (s.graph != NULL) sample_finish(&s);
    if (ok) return 1;
  }
  return 0;
}

static verdict measure(kit *k, subject *u, rn_dtype t) {
  static const sample_size sizes[] = {SIZE_BASIC, SIZE_65, SIZE_LARGE};
  oracle o;
  sample_plan plan = {.dtype = t};
  k->host->how = ONE_PIECE;
  if (!find(u, &plan)) {
    k->host->how = AS_HOST;
    return skip(k, "no large inputs were found that it takes");
  }
  oracle_open(u, t, &o);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    sample s;
    plan.size = sizes[i];
    rn_status *failed = sample_make(k, u->op, &plan, &s);
    if (failed == NULL) {
      doing(k, "timing op %s, %s", u->op->def.name, s.text);
      say(u, &o, &s, t);
      sample_finish(&s);
    }
    rn_status_free(failed);
  }
  oracle_close(&o);
  k->host->how = AS_HOST;
  return PASSED;
}

static verdict speed(kit *k, const kit_case *c) {
  const rn_kernel_def *d = &k->own.kernels[c->index];
  kit_kernel kernel = {*d, k->own.id, &k->host->api};
  kit_op *op = calloc(1, sizeof *op);
  const rn_op_def *def = kit_find_op(k, d->op, NULL);
  char why[256] = "";
  subject u;
  verdict v;
  if (op == NULL) return fail(k, "no memory for a check");
  if (def != NULL) op->def = *def;
  if (def == NULL || !signature_read(def->signature, &op->sig, op->why))
    v = skip(k, "its op is not known or its signature does not parse");
  else if (!sample_possible(&op->sig, why) || !subject_open(k, op, &kernel, &u, why))
    v = skip(k, "%s", strcmp(why, "session") == 0 ? "its device needs a session" : why);
  else
    v = measure(k, &u, c->dtype);
  free(op);
  return v;
}

void list_bench_cases(kit *k) {
  for (uint32_t i = 0; i < k->own.n_kernels; i++) {
    const rn_kernel_def *d = &k->own.kernels[i];
    if (d->op == NULL || d->device_type == NULL || !wants_op(k, d->op)) continue;
    const rn_op_def *def = kit_find_op(k, d->op, NULL);
    signature *s = calloc(1, sizeof *s);
    char why[128];
    int at = s != NULL && def != NULL && signature_read(def->signature, s, why) ? sample_main_type(s) : -1;
    rn_dtype t = at < 0 ? RN_INVALID : RN_FLOAT;
    int fits = at < 0 || s->attr[at].n_types == 0;
    for (uint32_t n = 0; at >= 0 && n < s->attr[at].n_types; n++) fits |= s->attr[at].types[n] == RN_FLOAT;
    if (at >= 0 && (!fits || !kernel_types_allow(d->types, s->attr[at].name, RN_FLOAT)))
      t = s->attr[at].n_types != 0 ? s->attr[at].types[0] : RN_FLOAT;
    if (at < 0 || kernel_types_allow(d->types, s->attr[at].name, t)) {
      kit_case *c = add_case(k, speed, i, "bench/%s/%s/%s", d->op, d->device_type, d->label != NULL ? d->label : "-");
      if (c != NULL) c->dtype = t;
    }
    free(s);
  }
}
