/* exec/placing.h - what placement's files share (core/exec). */
#ifndef RN_EXEC_PLACING_H
#define RN_EXEC_PLACING_H
#include "exec/exec.h"

typedef struct exec_placing {
  exec_plan *p;
  uint32_t *parent; /* union-find */
  uint32_t *next;   /* members of a group, from its root */
  rn_text fallen;
  uint32_t n_fallen;
  uint8_t looked; /* for nodes whose shapes no layout will know */
} exec_placing;

static inline int exec_needs_kernel(const exec_node *n) { return n->kind == NODE_COMPUTE; }
static inline int exec_is_host_only(const exec_node *n) {
  return n->op != NULL && (n->op->def->flags & RN_OP_HOST_ONLY) != 0;
}

/* group.c: fills parent and next; the root of i's group; the groups kept in the plan, for an explanation. */
rn_status *exec_group_all(exec_placing *w);
uint32_t exec_group_of(exec_placing *w, uint32_t i);
rn_status *exec_group_keep(exec_placing *w);

/* fallen.c: why d cannot have the group at all, NULL: it may; a group that no device takes, as an error; one that
 * falls to `to`, noted; what was noted, as `fallback` says. */
const char *exec_group_held_back(const exec_placing *w, uint32_t root, const exec_device *d);
rn_status *exec_no_kernel(exec_placing *w, uint32_t root, const char *pin);
void exec_note_fallen(exec_placing *w, uint32_t root, const exec_device *to);
rn_status *exec_report_fallen(exec_placing *w);
#endif
