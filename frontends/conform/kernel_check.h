/* kernel_check.h - one kernel on one element type being checked (frontends/conform); for kernel_*.c. */
#ifndef CONFORM_KERNEL_CHECK_H
#define CONFORM_KERNEL_CHECK_H
#include "oracle.h"
#include "trial.h"

enum { CHECK_PLANS = 6 };
typedef struct check {
  kit *k;
  subject u;
  oracle o;
  int random; /* the op may give something else each time */
  sample_plan plan[CHECK_PLANS];
  uint32_t n_plans;
  char refusal[256]; /* the last reason why a sample was not taken */
  verdict v;         /* the first fault stays */
} check;

const char *kernel_type_name(rn_dtype t); /* "-" for an op without a type */
void kernel_check_say(check *c, const sample *s, const char *what);
/* Did the fences and the host notice nothing? */
int kernel_check_clean(check *c, const outcome *o, const sample *s);
int kernel_check_same(check *c, const outcome *a, const outcome *b, int exact, const char *other, const sample *s);
void kernel_check_run(check *c, const sample *s, const trial_prepared *p, int in_place, piecing how, const char *what,
                      outcome *o);
/* Fills c->plan with what the kernel takes; aspects of one kernel and type share what was found. */
void kernel_check_search(check *c, const rn_kernel_def *d, rn_dtype t);
/* The plan in another size, if it is taken in that: 1, and *s, *p and *o are there until put_away. */
int kernel_check_again(check *c, uint32_t plan, sample_size size, sample_values values, sample *s, trial_prepared *p,
                       outcome *o);
void kernel_check_put_away(sample *s, trial_prepared *p, outcome *o);
/* Runs it another way: it must give what base holds. */
void kernel_check_against(check *c, const sample *s, const trial_prepared *p, const outcome *base, int in_place,
                          piecing how, int exact, const char *what, const char *other);

/* The aspects. kernel_values.c: */
void kernel_check_values(check *c);
void kernel_check_special(check *c);
/* kernel_strain.c: */
void kernel_check_threads(check *c);
void kernel_check_memory(check *c);
#endif
