/* rules.c - the optimizers: which slots they keep and which ops they emit (plugins/optimizers).
 *
 * Node names given here are relative: whoever drives an optimizer puts the optimizer's own scope in
 * front ("Adam/", and "Adam/update_W/" while it works on W). Slots, shared variables and update ops
 * are TensorFlow's by name and input order, so checkpoints and meta graphs are exchangeable. */
#include "rule.h"

static rn_status *gradient_descent(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  rn_value lr = rule_hyper(&u, "learning_rate");
  if (!u.is_sparse) {
    rn_value in[3] = {u.param, lr, u.grad};
    return rule_emit(&u, "ApplyGradientDescent", in, 3, NULL, 0);
  }
  rn_value step = rn_op2(o->b, "Mul", u.grad, lr);
  rn_value in[3] = {u.param, u.indices, step};
  u.is_sparse = 0; /* ScatterSub and its twin have no dense form to be named after */
  return rule_emit(&u, "ScatterSub", in, 3, NULL, 0);
}

static rn_status *momentum(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  if (u.is_sparse) rule_deduplicate(&u);
  rn_attr nesterov = RN_AB("use_nesterov", o->api->hyper_value(o, "use_nesterov") != 0);
  rn_value in[6] = {u.param, rule_slot(&u, "momentum", 0), rule_hyper(&u, "learning_rate"), u.grad};
  uint32_t n = 4;
  if (u.is_sparse) in[n++] = u.indices;
  in[n++] = rule_hyper(&u, "momentum");
  return rule_emit(&u, "ApplyMomentum", in, n, &nesterov, 1);
}

static rn_status *adagrad(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  if (u.is_sparse) rule_deduplicate(&u);
  double start = o->api->hyper_value(o, "initial_accumulator_value");
  rn_value in[5] = {u.param, rule_slot(&u, "accumulator", start), rule_hyper(&u, "learning_rate"), u.grad, u.indices};
  return rule_emit(&u, "ApplyAdagrad", in, u.is_sparse ? 5 : 4, NULL, 0);
}

static rn_status *adadelta(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  if (u.is_sparse) rule_deduplicate(&u);
  rn_value accum = rule_slot(&u, "accum", 0), accum_update = rule_slot(&u, "accum_update", 0);
  rn_value in[8] = {u.param,
                    accum,
                    accum_update,
                    rule_hyper(&u, "learning_rate"),
                    rule_hyper(&u, "rho"),
                    rule_hyper(&u, "epsilon"),
                    u.grad,
                    u.indices};
  return rule_emit(&u, "ApplyAdadelta", in, u.is_sparse ? 8 : 7, NULL, 0);
}

static rn_status *rmsprop(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  if (u.is_sparse) rule_deduplicate(&u);
  int centered = o->api->hyper_value(o, "centered") != 0;
  rn_value ms = rule_slot(&u, "rms", 1), mg = RN_NO_VALUE;
  if (centered) mg = rule_slot(&u, "mg", 0);
  rn_value mom = rule_slot(&u, "momentum", 0), in[10];
  uint32_t n = 0;
  in[n++] = u.param;
  if (centered) in[n++] = mg;
  in[n++] = ms;
  in[n++] = mom;
  in[n++] = rule_hyper(&u, "learning_rate");
  in[n++] = rule_hyper(&u, "decay");
  in[n++] = rule_hyper(&u, "momentum");
  in[n++] = rule_hyper(&u, "epsilon");
  in[n++] = u.grad;
  if (u.is_sparse) in[n++] = u.indices;
  return rule_emit(&u, centered ? "ApplyCenteredRMSProp" : "ApplyRMSProp", in, n, NULL, 0);
}

static rn_status *ftrl(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  if (u.is_sparse) rule_deduplicate(&u);
  rn_value accum = rule_slot(&u, "accum", o->api->hyper_value(o, "initial_accumulator_value"));
  rn_value linear = rule_slot(&u, "linear", 0), in[9] = {u.param, accum, linear, u.grad};
  uint32_t n = 4;
  if (u.is_sparse) in[n++] = u.indices;
  in[n++] = rule_hyper(&u, "learning_rate");
  in[n++] = rule_hyper(&u, "l1_regularization_strength");
  in[n++] = rule_hyper(&u, "l2_regularization_strength");
  in[n++] = rule_hyper(&u, "learning_rate_power");
  return rule_emit(&u, "ApplyFtrl", in, n, NULL, 0);
}

#define HYPER(n, d, value, lo, hi) \
  { .struct_size = (uint32_t)sizeof(rn_hyper_def), .name = n, .doc = d, .default_value = value, .min = lo, .max = hi }
#define HYPER_FLAG(n, d)                                                                                            \
  {                                                                                                                 \
    .struct_size = (uint32_t)sizeof(rn_hyper_def), .flags = RN_HYPER_BOOL, .name = n, .doc = d, .default_value = 0, \
    .min = 0, .max = 1                                                                                              \
  }
#define BIG 1e30
#define RATE(value) HYPER("learning_rate", "size of a step", value, 0, BIG)

static const rn_hyper_def gradient_descent_hypers[] = {RATE(0.01)};
static const rn_hyper_def momentum_hypers[] = {RATE(0.01),
                                               HYPER("momentum", "how much of the last step stays", 0.9, 0, BIG),
                                               HYPER_FLAG("use_nesterov", "look ahead along the momentum")};
static const rn_hyper_def adagrad_hypers[] = {
    RATE(0.01), HYPER("initial_accumulator_value", "where the sum of squares starts", 0.1, 1e-30, BIG)};
static const rn_hyper_def adadelta_hypers[] = {RATE(0.001), HYPER("rho", "decay of the running means", 0.95, 0, 1),
                                               HYPER("epsilon", "conditions the roots", 1e-8, 0, BIG)};
static const rn_hyper_def adam_hypers[] = {RATE(0.001), HYPER("beta1", "decay of the first moment", 0.9, 0, 1),
                                           HYPER("beta2", "decay of the second moment", 0.999, 0, 1),
                                           HYPER("epsilon", "added to the root", 1e-8, 0, BIG)};
static const rn_hyper_def rmsprop_hypers[] = {RATE(0.001), HYPER("decay", "decay of the mean square", 0.9, 0, 1),
                                              HYPER("momentum", "how much of the last step stays", 0, 0, BIG),
                                              HYPER("epsilon", "added under the root", 1e-10, 0, BIG),
                                              HYPER_FLAG("centered", "divide by the variance")};
static const rn_hyper_def ftrl_hypers[] = {
    RATE(0.01), HYPER("learning_rate_power", "0 or less; -0.5 is the square root", -0.5, -BIG, 0),
    HYPER("initial_accumulator_value", "where the sum of squares starts", 0.1, 0, BIG),
    HYPER("l1_regularization_strength", "weights below this are 0", 0, 0, BIG),
    HYPER("l2_regularization_strength", "shrinks all weights", 0, 0, BIG)};

#define OPTIMIZER(n, d, h, first, each, last)                                                                      \
  {                                                                                                                \
    .struct_size = (uint32_t)sizeof(rn_optimizer_def), .name = n, .doc = d, .hypers = RN_TABLE(h), .begin = first, \
    .emit = each, .finish = last                                                                                   \
  }
static const rn_optimizer_def optimizers[] = {
    OPTIMIZER("GradientDescent", "Plain steps against the gradient.", gradient_descent_hypers, NULL, gradient_descent,
              NULL),
    OPTIMIZER("Momentum", "Steps that keep some of their speed (Polyak 1964; Nesterov's form: Sutskever et al. 2013).",
              momentum_hypers, NULL, momentum, NULL),
    OPTIMIZER("Adagrad", "Smaller steps where gradients were large (Duchi, Hazan, Singer 2011).", adagrad_hypers, NULL,
              adagrad, NULL),
    OPTIMIZER("Adadelta", "Step sizes from ratios of running means (Zeiler 2012).", adadelta_hypers, NULL, adadelta,
              NULL),
    OPTIMIZER("Adam", "Steps from running moments of the gradient (Kingma, Ba 2014).", adam_hypers, adam_begin,
              adam_update, adam_finish),
    OPTIMIZER("RMSProp", "Gradients divided by their running size (Tieleman, Hinton 2012).", rmsprop_hypers, NULL,
              rmsprop, NULL),
    OPTIMIZER("Ftrl", "Follow the regularised leader (McMahan et al. 2013).", ftrl_hypers, NULL, ftrl, NULL),
};
const rn_group rules_group = {.struct_size = (uint32_t)sizeof(rn_group), .optimizers = RN_TABLE(optimizers)};
