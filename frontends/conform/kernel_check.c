/* kernel_check.c - finds inputs that a kernel takes, and runs it on them (frontends/conform).
 *
 * Samples that the shape function and the kernel take are searched for; where there is a reference kernel the two
 * must agree on what they take. What a fence or the host notices on the way is a failure whatever the result. */
#include "kernel_check.h"
#include <stdio.h>
#include <stdlib.h>

enum { TRIES = 400 };
const char *kernel_type_name(rn_dtype t) { return t == RN_INVALID ? "-" : rn_dtype_name(t); }

void kernel_check_say(check *c, const sample *s, const char *what) {
  doing(c->k, "kernel '%s' of op %s on %s, %s%s%s", c->u.kernel.def.label != NULL ? c->u.kernel.def.label : "",
        c->u.op->def.name, c->u.kernel.def.device_type, s->text, what[0] != '\0' ? "; " : "", what);
}

/* Where one run shows a fault by itself. */
int kernel_check_clean(check *c, const outcome *o, const sample *s) {
  if (o->trouble[0] == '\0') return 1;
  c->v = fail(c->k, "%s (%s)", o->trouble, s->text);
  return 0;
}

int kernel_check_same(check *c, const outcome *a, const outcome *b, int exact, const char *other, const sample *s) {
  char why[512];
  if (outcomes_alike(a, b, exact, other, why, sizeof why)) return 1;
  c->v = fail(c->k, "%s (%s)", why, s->text);
  return 0;
}

void kernel_check_run(check *c, const sample *s, const trial_prepared *p, int in_place, piecing how, const char *what,
                      outcome *o) {
  kernel_check_say(c, s, what);
  c->k->host->how = how;
  trial_run(&c->u, s, p, in_place, o);
  c->k->host->how = AS_HOST;
}

static int is_new(const check *c, const sample *s, char (*seen)[512]) {
  for (uint32_t i = 0; i < c->n_plans; i++)
    if (strcmp(seen[i], s->text) == 0) return 0;
  return 1;
}

/* Runs it once; 1: it computes and may be used. */
static int takes(check *c, const sample *s) {
  trial_prepared p;
  outcome o;
  kernel_check_say(c, s, "");
  rn_status *failed = trial_prepare(&c->u, s, &p);
  if (failed != NULL || p.refused) {
    snprintf(c->refusal, sizeof c->refusal, "%s", failed != NULL ? rn_status_message(failed) : p.reason);
    rn_status_free(failed);
    trial_unprepare(&p);
    return 0;
  }
  kernel_check_run(c, s, &p, -1, ONE_PIECE, "", &o);
  int ok = kernel_check_clean(c, &o, s) && o.status == NULL;
  if (o.status != NULL) {
    snprintf(c->refusal, sizeof c->refusal, "%s", rn_status_message(o.status));
    char why[512];
    if (c->v == PASSED && !oracle_agrees_on_failure(&c->o, s, why, sizeof why))
      c->v = fail(c->k, "%s (%s)", why, s->text);
  }
  trial_unprepare(&p);
  outcome_finish(&o);
  return ok;
}

/* The aspects of one kernel share what was found. */
static struct {
  const rn_kernel_def *def;
  rn_dtype dtype;
  uint32_t n_plans;
  sample_plan plan[CHECK_PLANS];
  char refusal[256];
} last;

static int found_before(check *c, const rn_kernel_def *d, rn_dtype t) {
  if (last.def != d || last.dtype != t) return 0;
  c->n_plans = last.n_plans;
  memcpy(c->plan, last.plan, sizeof c->plan);
  memcpy(c->refusal, last.refusal, sizeof c->refusal);
  return 1;
}
static void keep_found(const check *c, const rn_kernel_def *d, rn_dtype t) {
  last.def = c->v == PASSED ? d : NULL;
  last.dtype = t;
  last.n_plans = c->n_plans;
  memcpy(last.plan, c->plan, sizeof c->plan);
  memcpy(last.refusal, c->refusal, sizeof c->refusal);
}

static void search_all(check *c, rn_dtype t) {
  char(*seen)[512] = calloc(CHECK_PLANS, sizeof *seen);
  for (uint64_t seed = 1; seen != NULL && seed <= TRIES && c->n_plans < CHECK_PLANS && c->v == PASSED; seed++) {
    sample s;
    sample_plan plan = {seed, SIZE_BASIC, VALUES_PLAIN, t, c->u.kernel.def.types};
    doing(c->k, "the shape function of op %s, sample %llu of %s", c->u.op->def.name, (unsigned long long)seed,
          kernel_type_name(t));
    rn_status *failed = sample_make(c->k, c->u.op, &plan, &s);
    if (failed != NULL) {
      if (c->refusal[0] == '\0') snprintf(c->refusal, sizeof c->refusal, "%s", rn_status_message(failed));
      rn_status_free(failed);
      continue;
    }
    if (is_new(c, &s, seen) && takes(c, &s)) {
      memcpy(seen[c->n_plans], s.text, sizeof s.text);
      c->plan[c->n_plans++] = plan;
    }
    sample_finish(&s);
  }
  free(seen);
}

void kernel_check_search(check *c, const rn_kernel_def *d, rn_dtype t) {
  if (!found_before(c, d, t)) search_all(c, t);
  keep_found(c, d, t);
}

/* The plan in another size, if it is taken in that. 1: *s, *p and *o are there. */
int kernel_check_again(check *c, uint32_t plan, sample_size size, sample_values values, sample *s, trial_prepared *p,
                       outcome *o) {
  sample_plan at = c->plan[plan];
  at.size = size;
  at.values = values;
  rn_status *failed = sample_make(c->k, c->u.op, &at, s);
  if (failed != NULL) {
    rn_status_free(failed);
    return 0;
  }
  kernel_check_say(c, s, "");
  failed = trial_prepare(&c->u, s, p);
  if (failed == NULL && !p->refused) {
    kernel_check_run(c, s, p, -1, ONE_PIECE, "", o);
    if (kernel_check_clean(c, o, s) && o->status == NULL) return 1;
    outcome_finish(o);
  }
  rn_status_free(failed);
  trial_unprepare(p);
  sample_finish(s);
  return 0;
}

void kernel_check_put_away(sample *s, trial_prepared *p, outcome *o) {
  outcome_finish(o);
  trial_unprepare(p);
  sample_finish(s);
}

void kernel_check_against(check *c, const sample *s, const trial_prepared *p, const outcome *base, int in_place,
                          piecing how, int exact, const char *what, const char *other) {
  outcome o;
  if (c->v != PASSED) return;
  kernel_check_run(c, s, p, in_place, how, what, &o);
  if (kernel_check_clean(c, &o, s) && !c->random) (void)kernel_check_same(c, &o, base, exact, other, s);
  outcome_finish(&o);
}
