/* apply.h - update rules as tables of loops (plugins/optimizers).
 *
 * A rule changes a variable and its slots from a gradient. The loops are compiled once per instruction
 * set from apply_loops.h; the rows of apply.c bind them to the ops. */
#ifndef OPTIMIZERS_APPLY_H
#define OPTIMIZERS_APPLY_H
#include <runnel/plugin.h>

enum {
  RULE_GRADIENT_DESCENT,
  RULE_MOMENTUM,
  RULE_KERAS_MOMENTUM,
  RULE_ADAGRAD,
  RULE_ADADELTA,
  RULE_ADAM,
  RULE_RMSPROP,
  RULE_CENTERED_RMSPROP,
  RULE_FTRL,
  RULE_COUNT
};
#define APPLY_MAX_CELLS 4u
#define APPLY_MAX_SCALARS 6u

/* cell[0] is the variable, the others its slots; h the scalars in the op's order, of the cells' dtype. */
typedef struct apply_args {
  void *cell[APPLY_MAX_CELLS];
  const void *grad;
  const void *h;
  int flag; /* use_nesterov; for Adagrad update_slots */
} apply_args;
/* Updates elements [lo, hi). */
typedef void (*apply_loop)(const apply_args *a, uint64_t lo, uint64_t hi);

typedef struct apply_loops {
  apply_loop f32[RULE_COUNT], f64[RULE_COUNT];
} apply_loops;
extern const apply_loops apply_loops_v1;
#if defined(__x86_64__)
extern const apply_loops apply_loops_v3; /* AVX2 and FMA */
#endif
extern const rn_group apply_group;     /* kernels */
extern const rn_group apply_ops_group; /* op definitions */
extern const rn_group rules_group;     /* optimizer definitions */
void apply_choose(uint64_t cpu_features);
#endif
