/* oracle.c - what a kernel's results are compared with (frontends/conform). */
#include "oracle.h"
#include <stdio.h>
#include "number.h"

typedef struct found {
  const rn_kernel_def *def;
  const offer *plugin;
} found;

static int is_itself(const subject *u, const rn_kernel_def *d, const offer *plugin) {
  return plugin == &u->k->own && d->compute == u->kernel.def.compute && d->prepare == u->kernel.def.prepare &&
         d->user == u->kernel.def.user;
}

/* The best kernel of the op on the cpu for t: one flagged reference; or another plugin's; or any, itself too. */
typedef enum wanted { REFERENCE, ANOTHER, ANY } wanted;
static found look(const subject *u, rn_dtype t, wanted w) {
  found best = {NULL, NULL};
  int main_type = sample_main_type(&u->op->sig);
  const char *attr = main_type >= 0 ? u->op->sig.attr[main_type].name : "";
  for (uint32_t p = 0; p <= u->k->n_others; p++) {
    const offer *o = p == 0 ? &u->k->own : &u->k->others[p - 1];
    for (uint32_t i = 0; i < o->n_kernels; i++) {
      const rn_kernel_def *d = &o->kernels[i];
      if (d->op == NULL || strcmp(d->op, u->op->def.name) != 0 || strcmp(d->device_type, "cpu") != 0) continue;
      if (!kernel_types_allow(d->types, attr, t)) continue;
      int is_reference = (d->flags & RN_KERNEL_REFERENCE) != 0;
      if (w == REFERENCE && (!is_reference || is_itself(u, d, o))) continue;
      if (w == ANOTHER && o == &u->k->own) continue;
      if (best.def == NULL || (is_reference && (best.def->flags & RN_KERNEL_REFERENCE) == 0)) best = (found){d, o};
    }
  }
  return best;
}

static int is_allowed(const signature *s, rn_dtype t) {
  int at = sample_main_type(s);
  if (at < 0) return 0;
  for (uint32_t i = 0; i < s->attr[at].n_types; i++)
    if (s->attr[at].types[i] == t) return 1;
  return s->attr[at].n_types == 0;
}

static int use(const subject *u, found f, rn_dtype t, oracle *o) {
  char why[256];
  if (f.def == NULL) return 0;
  kit_kernel kernel = {*f.def, f.plugin->id, f.plugin == &u->k->own ? &u->k->host->api : f.plugin->host};
  o->is_there = subject_open(u->k, u->op, &kernel, &o->u, why);
  o->dtype = t;
  return o->is_there;
}

void oracle_open(const subject *u, rn_dtype t, oracle *o) {
  memset(o, 0, sizeof *o);
  o->name = "reference";
  if (use(u, look(u, t, REFERENCE), t, o)) return;
  found other = look(u, t, ANOTHER);
  o->name = other.def != NULL ? other.plugin->id : "";
  if (use(u, other, t, o)) return;
  rn_dtype wide = t == RN_COMPLEX64 ? RN_COMPLEX128 : dtype_is_float(t) && t != RN_DOUBLE ? RN_DOUBLE : RN_INVALID;
  o->is_wider = 1;
  o->name = wide == RN_COMPLEX128 ? "complex128" : "double";
  if (wide != RN_INVALID && is_allowed(&u->op->sig, wide) && use(u, look(u, wide, ANY), wide, o)) return;
  o->name = "itself";
}

void oracle_close(oracle *o) { memset(o, 0, sizeof *o); }

/* The wider sample must be the same node but for the type. */
static int is_same_structure(const sample *a, const sample *b, rn_dtype narrow, rn_dtype wide) {
  if (a->n_in != b->n_in || a->n_out != b->n_out) return 0;
  for (uint32_t i = 0; i < a->n_in; i++) {
    rn_dtype x = a->in[i].dtype, y = b->in[i].dtype;
    if (!rn_shape_equal(&a->in[i].shape, &b->in[i].shape)) return 0;
    if (x != y && !(x == narrow && y == wide)) return 0;
  }
  for (uint32_t i = 0; i < a->n_out; i++) {
    rn_dtype x = rn_graph_dtype(a->graph, (rn_value){a->node, i}), y = rn_graph_dtype(b->graph, (rn_value){b->node, i});
    if (!rn_shape_equal(rn_graph_shape(a->graph, (rn_value){a->node, i}),
                        rn_graph_shape(b->graph, (rn_value){b->node, i})))
      return 0;
    if (x == RN_STRING) return 0; /* numbers in words have other digits */
    if (x != y && !(rn_dtype_base(x) == narrow && rn_dtype_base(y) == wide)) return 0;
  }
  return 1;
}

static int compute(const oracle *o, const sample *s, outcome *out, int *out_refused) {
  trial_prepared p;
  rn_status *failed = trial_prepare(&o->u, s, &p);
  *out_refused = p.refused;
  memset(out, 0, sizeof *out);
  if (failed == NULL && !p.refused)
    trial_run(&o->u, s, &p, -1, out);
  else
    out->status = failed;
  trial_unprepare(&p);
  return !*out_refused;
}

static int agrees(const oracle *o, const sample *s, const outcome *got, char *why, size_t room) {
  outcome want;
  int refused;
  char other[96];
  snprintf(other, sizeof other, "the %s", o->is_wider ? "op in double" : "reference");
  if (!o->is_wider && strcmp(o->name, "reference") != 0)
    snprintf(other, sizeof other, "the kernel of plugin '%s'", o->name);
  if (o->is_wider && o->dtype == RN_COMPLEX128) snprintf(other, sizeof other, "the op in complex128");
  int same = !compute(o, s, &want, &refused) || (o->is_wider && want.status != NULL) ||
             outcomes_alike(got, &want, 0, other, why, room);
  outcome_finish(&want);
  return same;
}

int oracle_agrees(const oracle *o, const sample *s, const sample_plan *plan, sample_size size, sample_values values,
                  const outcome *got, char *why, size_t room) {
  if (!o->is_there) return 1;
  if (values == VALUES_SPECIAL && (o->is_wider || plan->seed % 4 == 3))
    return 1; /* overflow depends on type and order */
  if (!o->is_wider) return agrees(o, s, got, why, room);
  sample wide;
  sample_plan p = *plan;
  rn_dtype narrow = p.dtype;
  p.dtype = o->dtype;
  p.size = size;
  p.values = values;
  rn_status *failed = sample_make(o->u.k, o->u.op, &p, &wide);
  if (failed != NULL) {
    rn_status_free(failed);
    return 1;
  }
  int same = !is_same_structure(s, &wide, narrow, o->dtype) || agrees(o, &wide, got, why, room);
  sample_finish(&wide);
  return same;
}

int oracle_agrees_on_failure(const oracle *o, const sample *s, char *why, size_t room) {
  outcome want;
  int refused, same = 1;
  if (!o->is_there || o->is_wider) return 1;
  if (compute(o, s, &want, &refused) && want.status == NULL) {
    snprintf(why, room, "it fails where the reference computes, and did not refuse before (supports)");
    same = 0;
  }
  outcome_finish(&want);
  return same;
}
