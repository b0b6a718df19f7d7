/* oracle.h - what a kernel's results are compared with (frontends/conform).
 *
 * The op's reference kernel where another one is flagged so; else another plugin's kernel; else, for floating types,
 * the op in double (complex128) on the same numbers; else nothing but the kernel itself, cut otherwise. */
#ifndef CONFORM_ORACLE_H
#define CONFORM_ORACLE_H
#include "trial.h"

typedef struct oracle {
  const char *name; /* "reference", a plugin, "double", "complex128", "itself" */
  int is_there, is_wider;
  subject u;
  rn_dtype dtype;
} oracle;

void oracle_open(const subject *u, rn_dtype t, oracle *out);
void oracle_close(oracle *o);
/* Does it give what `got` holds for the sample that plan makes in this size? */
int oracle_agrees(const oracle *o, const sample *s, const sample_plan *plan, sample_size size, sample_values values,
                  const outcome *got, char *why, size_t room);
/* The kernel failed on s: does the reference too? */
int oracle_agrees_on_failure(const oracle *o, const sample *s, char *why, size_t room);

/* session_kernel.c: the same for devices that need queues and copies. */
verdict session_kernel_case(kit *k, const kit_op *op, const rn_kernel_def *d, rn_dtype t, uint32_t aspect);
#endif
