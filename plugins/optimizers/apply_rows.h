/* apply_rows.h - instantiates the loops for float and double as one table (plugins/optimizers).
 *
 * Included by one source file per instruction set, with APPLY_TABLE naming the table. */
#include <math.h>
#include "apply.h"

#define T float
#define SQRT sqrtf
#define POW powf
#define ABS fabsf
#define NAME(x) x##_f32
#include "apply_loops.h"
#undef T
#undef SQRT
#undef POW
#undef ABS
#undef NAME
#define T double
#define SQRT sqrt
#define POW pow
#define ABS fabs
#define NAME(x) x##_f64
#include "apply_loops.h"

#define APPLY_ROW(t)                                                                                          \
  {                                                                                                           \
    [RULE_GRADIENT_DESCENT] = gradient_descent_##t, [RULE_MOMENTUM] = momentum_##t,                           \
    [RULE_KERAS_MOMENTUM] = keras_momentum_##t, [RULE_ADAGRAD] = adagrad_##t, [RULE_ADADELTA] = adadelta_##t, \
    [RULE_ADAM] = adam_##t, [RULE_RMSPROP] = rmsprop_##t, [RULE_CENTERED_RMSPROP] = centered_rmsprop_##t,     \
    [RULE_FTRL] = ftrl_##t                                                                                    \
  }
const apply_loops APPLY_TABLE = {.f32 = APPLY_ROW(f32), .f64 = APPLY_ROW(f64)};
