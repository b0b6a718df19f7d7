/* rule.h - what the rules share while they work on one parameter (plugins/optimizers). */
#ifndef OPTIMIZERS_RULE_H
#define OPTIMIZERS_RULE_H
#include "apply.h"

typedef struct update {
  rn_opt *o;
  rn_value param, grad, indices;
  int is_sparse, is_resource;
} update;

rn_status *rule_begin(rn_opt *o, update *u);
rn_value rule_hyper(const update *u, const char *name);
rn_value rule_slot(const update *u, const char *name, double init);
/* The value of a variable: its reader if it has one, else the reference itself. */
rn_value rule_read(rn_builder *b, rn_value v);
/* Rows named twice are summed first, as TensorFlow does: an update rule is not linear in its gradient. */
void rule_deduplicate(update *u);
/* Emits the update op of the right family; the base name is that of the dense op on references. */
rn_status *rule_emit(const update *u, const char *base, const rn_value *in, uint32_t n, const rn_attr *attrs,
                     uint32_t n_attrs);

rn_status *adam_begin(rn_opt *o);
rn_status *adam_update(rn_opt *o);
rn_status *adam_finish(rn_opt *o);
#endif
