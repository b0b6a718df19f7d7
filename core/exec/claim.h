/* exec/claim.h - claims while they are chosen; seen by claim*.c alone (core/exec). */
#ifndef RN_EXEC_CLAIM_H
#define RN_EXEC_CLAIM_H
#include "exec/exec.h"

typedef struct exec_offer {
  const rn_compiler_def *def;
  const rn_host_api *host;
  exec_device *device;
  uint32_t *node;
  uint32_t count;
  int32_t priority;
  uint32_t number; /* in the order they came */
  const char *reason;
} exec_offer;
enum { EXEC_OUT, EXEC_IN, EXEC_AFTER };
typedef struct exec_claiming {
  exec_plan *p;
  uint32_t n_graph;
  uint32_t *of_id; /* per graph node: the plan's node that computes it */
  uint32_t *candidate, round;
  const rn_compiler_def *def; /* who is asked now */
  const rn_host_api *host;
  exec_device *device;
  exec_offer *offer;
  uint32_t n_offer;
  uint8_t *mark;        /* per node: in the claim, after it, or neither */
  uint32_t first, last; /* positions of members */
  rn_text notes;
} exec_claiming;
/* Makes the marked nodes (kept of them) one entry of the plan. */
rn_status *exec_claim_apply(exec_claiming *w, const exec_offer *o, uint32_t kept);
/* claim_left.c: a node, or what is left of an offer, is not in a program, because of `why` and `name`. */
void exec_claim_leave(exec_plan *p, const rn_compiler_def *def, uint32_t node, const char *why, const char *name);
void exec_claim_leave_all(exec_plan *p, const exec_offer *o, const char *why, const char *name);
/* Marks and reports what no claim holds on devices that compute by claims alone. err NOT_FOUND: devices.fallback */
rn_status *exec_claim_fallen(exec_plan *p);
#endif
