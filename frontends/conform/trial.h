/* trial.h - one kernel called on one sample, without a session (frontends/conform).
 *
 * Every buffer is fenced: inputs can only be read, outputs and scratch end at a page nobody may touch, and all
 * of it is gone when the call is over. For devices whose memory the host sees and whose calls are done when
 * they return, and for asynchronous kernels on such. */
#ifndef CONFORM_TRIAL_H
#define CONFORM_TRIAL_H
#include "host.h"
#include "sample.h"

typedef struct subject {
  kit *k;
  const kit_op *op;
  kit_kernel kernel;
  void *device; /* handle */
} subject;
typedef struct trial_prepared {
  rn_prepared p;
  int refused;
  char reason[256]; /* of the refusal */
} trial_prepared;
typedef struct outcome {
  rn_status *status;
  uint32_t n_out, n_in;
  rn_tensor *out[SAMPLE_IN];  /* plain copies; NULL: not a value (a handle) */
  rn_tensor *cell[SAMPLE_IN]; /* of inputs that are variables: what they hold afterwards */
  char trouble[400];          /* what the fences and the host found; "": nothing */
} outcome;

/* 0: this kernel cannot be called this way, why in `why`. */
int subject_open(kit *k, const kit_op *op, const kit_kernel *kernel, subject *out, char why[256]);
/* supports and prepare. A refusal is no error. */
rn_status *trial_prepare(const subject *u, const sample *s, trial_prepared *out);
void trial_unprepare(trial_prepared *p);
/* in_place: the input whose memory output 0 gets; -1: none. */
void trial_run(const subject *u, const sample *s, const trial_prepared *p, int in_place, outcome *out);
void outcome_finish(outcome *o);
/* Same status and same values? `other` names b, as in "the reference has". */
int outcomes_alike(const outcome *a, const outcome *b, int exact, const char *other, char *why, size_t room);
/* Only time: the same call `times` times on one set of buffers; ns of each in `out_ns`. 0: it fails. */
int trial_time(const subject *u, const sample *s, const trial_prepared *p, uint32_t times, double *out_ns);
#endif
