/* session_kernel.c - kernels of devices that need queues and copies (frontends/conform).
 *
 * Such a kernel runs in a session whose device is the kernel's, with the kernel chosen by the configuration, and is
 * compared with the same sample on the cpu. */
#include <stdio.h>
#include <stdlib.h>
#include "number.h"
#include "oracle.h"
#include "session.h"

enum { TRIES = 300, PLANS = 4, MOST_OUT = 2 * SAMPLE_IN };
typedef struct bench {
  kit *k;
  const kit_op *op;
  rn_runtime *runtime;
  const rn_kernel_def *d;
  uint32_t compared;
  char refusal[300];
} bench;

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

/* Variables are initialised wherever that can be done; the node itself must be where it was wanted. */
static rn_status *run_in(rn_session *session, const sample *s, const char *device, const session_variables *v,
                         rn_tensor **out) {
  int there = 0;
  RN_TRY(session_places_on(session, s, device, &there));
  if (!there) return rn_status_make(RN_NOT_FOUND, "the kernel refuses it, or another one wins");
  return session_outputs_and_variables(session, s, v, out);
}

static rn_status *run_on(const sample *s, const char *device, rn_tensor **out) {
  rn_session *session = NULL;
  rn_session_options o;
  session_variables variables;
  RN_TRY(session_add_variables(s, &variables));
  memset(&o, 0, sizeof o);
  o.struct_size = (uint32_t)sizeof o;
  o.device = device;
  o.fallback = "allow";
  RN_TRY(rn_session_create(s->graph, &o, &session));
  rn_status *failed = run_in(session, s, device, &variables, out);
  rn_session_destroy(session);
  return failed;
}

static verdict compare(bench *b, const sample *s, rn_tensor **got, rn_tensor **want) {
  char why[400];
  verdict v = PASSED;
  for (uint32_t i = 0; i < MOST_OUT; i++) { /* outputs, then variables */
    if (v == PASSED && got[i] != NULL && want[i] != NULL &&
        !tensors_alike(got[i], want[i], 4 * dtype_tolerance(rn_tensor_dtype(got[i])), "the cpu", why, sizeof why))
      v = fail(b->k, "output %u: %s (%s)", i, why, s->text);
    rn_tensor_release(got[i]);
    rn_tensor_release(want[i]);
  }
  return v;
}

/* 1: it ran on the device. */
static int try_plan(bench *b, const sample_plan *plan, verdict *v) {
  rn_tensor *got[MOST_OUT] = {NULL}, *want[MOST_OUT] = {NULL};
  sample s;
  rn_runtime *usual = b->k->runtime;
  b->k->runtime = b->runtime; /* the sample's graph lives in this one */
  rn_status *failed = sample_make(b->k, b->op, plan, &s);
  b->k->runtime = usual;
  if (failed != NULL) {
    rn_status_free(failed);
    return 0;
  }
  int ran = 0;
  doing(b->k, "op %s on %s by a session, %s", b->op->def.name, b->d->device_type, s.text);
  failed = run_on(&s, b->d->device_type, got);
  if (failed == NULL) {
    ran = 1;
    doing(b->k, "op %s on the cpu, %s", b->op->def.name, s.text);
    failed = run_on(&s, "cpu", want);
  }
  if (failed != NULL) snprintf(b->refusal, sizeof b->refusal, "%s", rn_status_message(failed));
  rn_status_free(failed);
  *v = compare(b, &s, got, want);
  sample_finish(&s);
  return ran;
}

static verdict try_sizes(bench *b, sample_plan plan, sample_values values) {
  verdict v = PASSED;
  plan.values = values;
  for (int size = SIZE_ONE; size < N_SIZES && v == PASSED; size++) {
    plan.size = (sample_size)size;
    (void)try_plan(b, &plan, &v);
  }
  return v;
}

verdict session_kernel_case(kit *k, const kit_op *op, const rn_kernel_def *d, rn_dtype t, uint32_t aspect) {
  bench b = {.k = k, .op = op, .d = d};
  verdict v = PASSED;
  if (aspect > 1) return skip(k, "only what a session shows is checked on this device");
  if ((op->def.flags & RN_OP_STATEFUL) != 0)
    return skip(k, "it is stateful and on a device that cannot be looked into");
  v = fail_status(k, "a runtime in which the kernel wins", runtime_for(k, d, &b.runtime));
  for (uint64_t seed = 1; seed <= TRIES && b.compared < PLANS && v == PASSED; seed++) {
    sample_plan plan = {seed, SIZE_BASIC, aspect == 0 ? VALUES_PLAIN : VALUES_SPECIAL, t, d->types};
    if (aspect != 0 && seed % 4 == 3) continue;
    if (!try_plan(&b, &plan, &v)) continue;
    b.compared++;
    if (v == PASSED && aspect == 0) v = try_sizes(&b, plan, VALUES_PLAIN);
  }
  if (b.compared != 0)
    tell("oracle", op->def.name, t == RN_INVALID ? "-" : rn_dtype_name(t), d->device_type,
         d->label != NULL ? d->label : "-", "cpu", NULL);
  if (v == PASSED && b.compared == 0)
    v = skip(k, "no inputs were found that it takes on this device%s%s", b.refusal[0] != '\0' ? "; e.g.: " : "",
             b.refusal);
  return v;
}
