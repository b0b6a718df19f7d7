/* conform.h - the conformance kit: is a plugin one? (frontends/conform).
 *
 * For the runnel command. conform_check runs the plugin in child processes, which are the calling program
 * again with `plugin check-worker` as its first words; that command calls conform_worker. Whatever the
 * plugin does, crash, hang or abort, ends a child; the parent writes it down and goes on with the next case.
 * thread: one check at a time in a process. */
#ifndef CONFORM_CONFORM_H
#define CONFORM_CONFORM_H
#include <runnel/runtime.h>

typedef struct conform_options {
  const char *file;            /* absolute */
  const char *op;              /* only what speaks of this op; NULL: all */
  const char *only;            /* one case by its id; NULL: all */
  const char *const *settings; /* "section.key=value", for the runtimes of the check */
  uint32_t n_settings;
  double case_seconds, all_seconds;
  int bench;
} conform_options;

typedef enum conform_result {
  CONFORM_PASSED,
  CONFORM_FAILED,
  CONFORM_NOT_EXERCISED, /* nothing to try it with was found, or what it needs is not here; never a pass */
  CONFORM_NOT_RUN        /* the time was up */
} conform_result;
typedef struct conform_case {
  char *id, *words; /* words: why it failed or was not exercised, else "" */
  conform_result result;
  double seconds;
} conform_case;
/* One kernel on one element type; what its cases came to. */
typedef struct conform_row {
  char *op, *dtype, *device, *kernel, *oracle;
  conform_result result;
} conform_row;
typedef struct conform_speed {
  char *op, *dtype, *kernel, *shape, *against;
  double ns, against_ns; /* medians; against_ns 0: nothing to compare with */
  double gbytes_per_s, gflops_per_s;
} conform_speed;
typedef struct conform_report {
  char *file, *id, *version;
  conform_case *cases;
  conform_row *rows;
  conform_speed *speeds;
  uint32_t n_cases, n_rows, n_speeds, n_executed;
  double seconds;
  int out_of_time;
} conform_report;

/* own: owned. err: the child cannot be started; what is wrong with the plugin stands in the report. */
rn_status *conform_check(const conform_options *o, conform_report **out);
void conform_report_free(conform_report *r); /* NULL is accepted */
/* 0: all passed; 1: something failed, did not run for lack of time, or nothing was executed. */
int conform_report_code(const conform_report *r);
/* For people, to standard output. */
void conform_report_print(const conform_report *r);
uint32_t conform_count(const conform_report *r, const char *part, conform_result result); /* part "": all */

/* The child: runs cases from number `from` on and answers on file descriptor 3. Returns the exit code. */
int conform_worker(const conform_options *o, uint32_t from);
#endif
