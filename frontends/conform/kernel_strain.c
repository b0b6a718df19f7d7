/* kernel_strain.c - a kernel called from several threads, and when memory is out (frontends/conform). */
#include <pthread.h>
#include <stdio.h>
#include "kernel_check.h"

enum { ALLOCATIONS = 12, CALLERS = 4 };
/* ------------------------------------------------------------------------------------------- threads */
typedef struct caller {
  const subject *u;
  const sample *s;
  const trial_prepared *p;
  outcome o;
} caller;
static void *call_once(void *arg) {
  caller *c = arg;
  trial_run(c->u, c->s, c->p, -1, &c->o);
  return NULL;
}

static void together(check *c, const sample *s, const trial_prepared *p, const outcome *base) {
  caller caller_[CALLERS];
  pthread_t thread[CALLERS];
  int started[CALLERS];
  kernel_check_say(c, s, "called from several threads at once");
  c->k->host->how = ONE_PIECE;
  for (int i = 0; i < CALLERS; i++) {
    caller_[i] = (caller){.u = &c->u, .s = s, .p = p};
    started[i] = pthread_create(&thread[i], NULL, call_once, &caller_[i]) == 0;
  }
  for (int i = 0; i < CALLERS; i++)
    if (started[i]) pthread_join(thread[i], NULL);
  c->k->host->how = AS_HOST;
  for (int i = 0; i < CALLERS; i++) {
    if (!started[i]) continue;
    if (c->v == PASSED && kernel_check_clean(c, &caller_[i].o, s) && !c->random)
      (void)kernel_check_same(c, &caller_[i].o, base, 1, "alone it", s);
    outcome_finish(&caller_[i].o);
  }
}

void kernel_check_threads(check *c) {
  static const sample_size sizes[] = {SIZE_65, SIZE_LARGE};
  for (uint32_t i = 0; i < c->n_plans && i < 3; i++)
    for (int k = 0; k < 2 && c->v == PASSED; k++) {
      sample s;
      trial_prepared p;
      outcome base, first;
      if (!kernel_check_again(c, i, sizes[k], VALUES_PLAIN, &s, &p, &base)) continue;
      together(c, &s, &p, &base);
      if (c->v == PASSED) {
        kernel_check_run(c, &s, &p, -1, MANY_THREADS, "on several threads", &first);
        if (kernel_check_clean(c, &first, &s) && !c->random)
          (void)kernel_check_same(c, &first, &base, 0, "on one thread it", &s);
        for (int again_ = 0; again_ < 3; again_++)
          kernel_check_against(c, &s, &p, &first, -1, MANY_THREADS, 1, "on several threads again",
                               "with as many threads before it");
        outcome_finish(&first);
      }
      kernel_check_put_away(&s, &p, &base);
    }
}

/* -------------------------------------------------------------------------------------------- memory */
static int64_t owned(const check *c) { return c->k->host->blocks + c->k->host->tensors; }

/* One whole use: prepare, call, destroy. The status of whichever failed. */
static void whole(check *c, const sample *s, const char *what, outcome *o) {
  trial_prepared p;
  memset(o, 0, sizeof *o);
  kernel_check_say(c, s, what);
  rn_status *failed = trial_prepare(&c->u, s, &p);
  if (failed == NULL)
    kernel_check_run(c, s, &p, -1, ONE_PIECE, what, o);
  else
    o->status = failed;
  trial_unprepare(&p);
}

static void check_failing(check *c, const sample *s, const outcome *base, uint64_t nth) {
  outcome o;
  char what[64], why[512];
  int64_t before = owned(c);
  snprintf(what, sizeof what, "allocation %llu fails", (unsigned long long)nth);
  hostile_arm(c->k->host, nth);
  whole(c, s, what, &o);
  int refused = c->k->host->failed;
  hostile_arm(c->k->host, 0);
  if (c->v == PASSED && kernel_check_clean(c, &o, s) && refused && o.status == NULL && !c->random &&
      !outcomes_alike(&o, base, 0, "with memory it", why, sizeof why))
    c->v = fail(c->k, "when allocation %llu fails it returns success with wrong results: %s (%s)",
                (unsigned long long)nth, why, s->text);
  outcome_finish(&o);
  if (c->v == PASSED && refused && owned(c) > before)
    c->v = fail(c->k, "when allocation %llu fails it keeps %lld blocks or tensors (%s)", (unsigned long long)nth,
                (long long)(owned(c) - before), s->text);
}

static void check_memory(check *c, const sample *s) {
  outcome base, o;
  whole(c, s, "", &base); /* the first use may fill a cache for good */
  whole(c, s, "", &o);
  outcome_finish(&o);
  int64_t before = owned(c);
  hostile_arm(c->k->host, 0);
  whole(c, s, "", &o);
  outcome_finish(&o);
  uint64_t asked = c->k->host->asked;
  if (owned(c) > before)
    c->v = fail(c->k, "leaks: each use of it leaves %lld blocks or tensors that are not given back (%s)",
                (long long)(owned(c) - before), s->text);
  for (uint64_t n = 1; base.status == NULL && n <= asked && n <= ALLOCATIONS && c->v == PASSED; n++)
    check_failing(c, s, &base, n);
  outcome_finish(&base);
}

void kernel_check_memory(check *c) {
  static const sample_size sizes[] = {SIZE_BASIC, SIZE_65, SIZE_LARGE};
  for (uint32_t i = 0; i < c->n_plans && i < 3; i++)
    for (int k = 0; k < 3 && c->v == PASSED; k++) {
      sample s;
      trial_prepared p;
      outcome base;
      if (!kernel_check_again(c, i, sizes[k], VALUES_PLAIN, &s, &p, &base)) continue;
      outcome_finish(&base);
      trial_unprepare(&p);
      check_memory(c, &s);
      sample_finish(&s);
    }
}
