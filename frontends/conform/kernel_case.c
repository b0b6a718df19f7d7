/* kernel_case.c - the cases of kernels: each aspect of each kernel on each element type (frontends/conform). */
#include <stdio.h>
#include <stdlib.h>
#include "kernel_check.h"

enum { N_ASPECTS = 4 };
static const char *const aspects[N_ASPECTS] = {"values", "special", "threads", "memory"};

static rn_status *read_op(const kit *k, const char *name, kit_op *out) {
  const offer *plugin;
  const rn_op_def *d = kit_find_op(k, name, &plugin);
  memset(out, 0, sizeof *out);
  if (d == NULL) return rn_status_make(RN_NOT_FOUND, "no plugin defines the op '%s'", name);
  out->def = *d;
  out->plugin = plugin->id;
  if (!signature_read(d->signature, &out->sig, out->why))
    return rn_status_make(RN_INVALID_ARGUMENT, "the signature of op '%s' does not parse: %s", name, out->why);
  return NULL;
}

static verdict run_aspect(check *c, uint32_t aspect) {
  static void (*const of[])(check *) = {kernel_check_values, kernel_check_special, kernel_check_threads,
                                        kernel_check_memory};
  of[aspect](c);
  return c->v;
}

static verdict run_kernel_case(kit *k, const kit_case *kc) {
  check *c = calloc(1, sizeof *c);
  kit_op *op = calloc(1, sizeof *op);
  char why[256] = "";
  if (c == NULL || op == NULL) {
    free(c), free(op);
    return fail(k, "no memory for a check");
  }
  const rn_kernel_def *d = &k->own.kernels[kc->index];
  kit_kernel kernel = {*d, k->own.id, &k->host->api};
  c->k = k;
  rn_status *failed = read_op(k, d->op, op);
  verdict v = PASSED;
  if (failed != NULL) {
    v = skip(k, "%s", rn_status_message(failed));
    rn_status_free(failed);
  } else if (!sample_possible(&op->sig, why) || !subject_open(k, op, &kernel, &c->u, why)) {
    v = strcmp(why, "session") == 0 ? session_kernel_case(k, op, d, kc->dtype, kc->aspect) : skip(k, "%s", why);
  } else {
    c->random = (op->def.flags & RN_OP_STATEFUL) != 0 && op->def.writes == 0;
    oracle_open(&c->u, kc->dtype, &c->o);
    kernel_check_search(c, d, kc->dtype);
    v = c->v;
    if (v == PASSED && c->n_plans == 0)
      v = skip(k, "no inputs were found that it takes%s%s", c->refusal[0] != '\0' ? "; e.g.: " : "", c->refusal);
    else if (v == PASSED)
      v = run_aspect(c, kc->aspect);
    if (kc->aspect == 0 && c->n_plans != 0)
      tell("oracle", op->def.name, kernel_type_name(kc->dtype), d->device_type, d->label != NULL ? d->label : "-",
           c->o.name, NULL);
    oracle_close(&c->o);
  }
  free(c);
  free(op);
  return v;
}

/* What a kernel does when memory is out is seen where the kit itself is its host, and not through a session. */
static uint32_t count_aspects(const kit *k, const rn_kernel_def *d) {
  const rn_device_def *device = kit_find_device(k, d->device_type, NULL);
  return device != NULL && device->queue_create != NULL ? N_ASPECTS - 1 : N_ASPECTS;
}

static void list_type(kit *k, uint32_t i, rn_dtype t) {
  const rn_kernel_def *d = &k->own.kernels[i];
  const char *label = d->label != NULL ? d->label : "-";
  if (k->o->only == NULL && k->from == 0) tell("row", d->op, kernel_type_name(t), d->device_type, label, NULL);
  for (uint32_t a = 0; a < count_aspects(k, d); a++) {
    kit_case *c = add_case(k, run_kernel_case, i, "kernel/%s/%s/%s/%s/%s", d->op, d->device_type, label,
                           kernel_type_name(t), aspects[a]);
    if (c == NULL) continue;
    c->dtype = t;
    c->aspect = a;
  }
}

static int same_row(const rn_kernel_def *a, const rn_kernel_def *b) {
  return strcmp(a->op, b->op) == 0 && strcmp(a->device_type, b->device_type) == 0 &&
         strcmp(a->label != NULL ? a->label : "", b->label != NULL ? b->label : "") == 0;
}

static void list_kernel(kit *k, uint32_t i) {
  static const rn_dtype all[] = {RN_FLOAT, RN_DOUBLE,    RN_HALF,       RN_BFLOAT16, RN_INT32,  RN_INT64,
                                 RN_UINT8, RN_INT8,      RN_INT16,      RN_UINT16,   RN_UINT32, RN_UINT64,
                                 RN_BOOL,  RN_COMPLEX64, RN_COMPLEX128, RN_STRING};
  const rn_kernel_def *d = &k->own.kernels[i];
  kit_op *op = calloc(1, sizeof *op);
  rn_status *failed = op != NULL ? read_op(k, d->op, op) : NULL;
  int main_type = failed == NULL && op != NULL ? sample_main_type(&op->sig) : -1;
  if (main_type < 0) list_type(k, i, RN_INVALID);
  for (size_t t = 0; main_type >= 0 && t < sizeof all / sizeof all[0]; t++) {
    const sig_attr *a = &op->sig.attr[main_type];
    int fits = a->n_types == 0;
    for (uint32_t n = 0; n < a->n_types; n++) fits |= a->types[n] == all[t];
    fits = fits && kernel_types_allow(d->types, a->name, all[t]);
    for (uint32_t earlier = 0; earlier < i && fits; earlier++)
      if (same_row(&k->own.kernels[earlier], d) && kernel_types_allow(k->own.kernels[earlier].types, a->name, all[t]))
        fits = 0;
    if (fits) list_type(k, i, all[t]);
  }
  rn_status_free(failed);
  free(op);
}

void list_kernel_cases(kit *k) {
  for (uint32_t i = 0; i < k->own.n_kernels; i++)
    if (k->own.kernels[i].op != NULL && k->own.kernels[i].device_type != NULL && wants_op(k, k->own.kernels[i].op))
      list_kernel(k, i);
}
