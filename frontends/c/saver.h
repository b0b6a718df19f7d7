/* saver.h - what the files of a saver share (frontends/c). */
#ifndef RN_C_SAVER_H
#define RN_C_SAVER_H
#include <runnel/c/train.h>
#include "scope_impl.h"

struct rn_saver {
  rn_scope *s;
  uint32_t keep;
  rn_value filename, saved; /* save/Const, save/control_dependency */
  rn_node_id restore;       /* save/restore_all */
};

/* Appends `name` to the folder's state file (moved to the end if it is there); then removes the
 * checkpoints that are older than the newest `keep`. */
rn_status *saver_remember(const rn_saver *v, const char *folder, const char *name);
#endif
