/* rules.c - the optimizers: which slots they keep and which ops they emit (plugins/optimizers).
 *
 * Node names given here are relative: whoever drives an optimizer puts the optimizer's own scope in
 * front ("Adam/", and "Adam/update_W/" while it works on W). Slots, shared variables and update ops
 * are TensorFlow's by name and input order, so checkpoints and meta graphs are exchangeable. */
#include "apply.h"

typedef struct update {
  rn_opt *o;
  rn_value param, grad, indices;
  int is_sparse, is_resource;
} update;

static rn_status *update_begin(rn_opt *o, update *u) {
  const rn_graph_view_api *view = o->b->self.view;
  memset(u, 0, sizeof *u);
  u->o = o;
  u->param = o->api->param(o);
  u->is_resource = view->dtype(o->b->self.graph, u->param) == RN_RESOURCE;
  u->is_sparse = o->api->grad_slices(o, &u->grad, &u->indices);
  if (!u->is_sparse) u->grad = o->api->grad(o);
  return NULL;
}

static rn_value hyper(const update *u, const char *name) { return u->o->api->hyper(u->o, name); }
static rn_value slot(const update *u, const char *name, double init) { return u->o->api->slot(u->o, name, init); }

/* The value of a variable: its reader if it has one, else the reference itself. */
static rn_value read_of(rn_builder *b, rn_value v) {
  rn_value reader[8];
  uint32_t n = b->self.view->consumers(b->self.graph, v, reader, 8);
  for (uint32_t i = 0; i < n && i < 8; i++)
    if (strcmp(b->self.view->op(b->self.graph, reader[i].node), "Identity") == 0) return (rn_value){reader[i].node, 0};
  return v;
}

/* Rows named twice are summed first, as TensorFlow does: an update rule is not linear in its gradient. */
static void deduplicate(update *u) {
  rn_builder *b = u->o->b;
  rn_value unique = rn_op1(b, "Unique", u->indices);
  rn_value rows = rn_op1(b, "Size", unique);
  u->grad = rn_op3(b, "UnsortedSegmentSum", u->grad, rn_port(unique, 1), rows);
  u->indices = unique;
}

/* Emits the update op of the right family; the base name is that of the dense op on references. */
static rn_status *emit(const update *u, const char *base, const rn_value *in, uint32_t n, const rn_attr *attrs,
                       uint32_t n_attrs) {
  char op[64];
  snprintf(op, sizeof op, "%s%s%s", u->is_resource ? "Resource" : "", u->is_sparse ? "Sparse" : "", base);
  rn_node_request r = rn_node_request_for(op, NULL);
  r.inputs = in;
  r.n_inputs = n;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  r.colocate_with = u->param.node;
  u->o->api->update(u->o, u->o->b->api->add(u->o->b, &r));
  return NULL;
}

static rn_status *gradient_descent(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  rn_value lr = hyper(&u, "learning_rate");
  if (!u.is_sparse) {
    rn_value in[3] = {u.param, lr, u.grad};
    return emit(&u, "ApplyGradientDescent", in, 3, NULL, 0);
  }
  rn_value step = rn_op2(o->b, "Mul", u.grad, lr);
  rn_value in[3] = {u.param, u.indices, step};
  u.is_sparse = 0; /* ScatterSub and its twin have no dense form to be named after */
  return emit(&u, "ScatterSub", in, 3, NULL, 0);
}

static rn_status *momentum(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  if (u.is_sparse) deduplicate(&u);
  rn_attr nesterov = RN_AB("use_nesterov", o->api->hyper_value(o, "use_nesterov") != 0);
  rn_value in[6] = {u.param, slot(&u, "momentum", 0), hyper(&u, "learning_rate"), u.grad};
  uint32_t n = 4;
  if (u.is_sparse) in[n++] = u.indices;
  in[n++] = hyper(&u, "momentum");
  return emit(&u, "ApplyMomentum", in, n, &nesterov, 1);
}

static rn_status *adagrad(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  if (u.is_sparse) deduplicate(&u);
  double start = o->api->hyper_value(o, "initial_accumulator_value");
  rn_value in[5] = {u.param, slot(&u, "accumulator", start), hyper(&u, "learning_rate"), u.grad, u.indices};
  return emit(&u, "ApplyAdagrad", in, u.is_sparse ? 5 : 4, NULL, 0);
}

static rn_status *adadelta(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  if (u.is_sparse) deduplicate(&u);
  rn_value accum = slot(&u, "accum", 0), accum_update = slot(&u, "accum_update", 0);
  rn_value in[8] = {u.param, accum,    accum_update, hyper(&u, "learning_rate"), hyper(&u, "rho"), hyper(&u, "epsilon"),
                    u.grad,  u.indices};
  return emit(&u, "ApplyAdadelta", in, u.is_sparse ? 8 : 7, NULL, 0);
}

static rn_status *rmsprop(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  if (u.is_sparse) deduplicate(&u);
  int centered = o->api->hyper_value(o, "centered") != 0;
  rn_value ms = slot(&u, "rms", 1), mg = RN_NO_VALUE;
  if (centered) mg = slot(&u, "mg", 0);
  rn_value mom = slot(&u, "momentum", 0), in[10];
  uint32_t n = 0;
  in[n++] = u.param;
  if (centered) in[n++] = mg;
  in[n++] = ms;
  in[n++] = mom;
  in[n++] = hyper(&u, "learning_rate");
  in[n++] = hyper(&u, "decay");
  in[n++] = hyper(&u, "momentum");
  in[n++] = hyper(&u, "epsilon");
  in[n++] = u.grad;
  if (u.is_sparse) in[n++] = u.indices;
  return emit(&u, centered ? "ApplyCenteredRMSProp" : "ApplyRMSProp", in, n, NULL, 0);
}

static rn_status *ftrl(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  if (u.is_sparse) deduplicate(&u);
  rn_value accum = slot(&u, "accum", o->api->hyper_value(o, "initial_accumulator_value"));
  rn_value linear = slot(&u, "linear", 0), in[9] = {u.param, accum, linear, u.grad};
  uint32_t n = 4;
  if (u.is_sparse) in[n++] = u.indices;
  in[n++] = hyper(&u, "learning_rate");
  in[n++] = hyper(&u, "l1_regularization_strength");
  in[n++] = hyper(&u, "l2_regularization_strength");
  in[n++] = hyper(&u, "learning_rate_power");
  return emit(&u, "ApplyFtrl", in, n, NULL, 0);
}

/* Adam's powers of beta are variables shared by all parameters; they move once all updates are done. */
static rn_value power(rn_opt *o, const char *name, const char *beta) {
  return o->api->shared(o, name, o->api->hyper_value(o, beta));
}
static rn_status *adam_begin(rn_opt *o) {
  power(o, "beta1_power", "beta1");
  power(o, "beta2_power", "beta2");
  return NULL;
}

/* slot = beta slot; slot[indices] += (1 - beta) x: what a moment becomes when only some rows have gradients. */
static rn_value sparse_moment(const update *u, rn_value moment, rn_value beta, rn_value x) {
  rn_builder *b = u->o->b;
  rn_value rest = rn_op2(b, "Sub", rn_op1(b, "OnesLike", beta), beta);
  rn_value scaled = rn_op2(b, "Mul", x, rest);
  rn_value decayed = rn_op2(b, "Assign", moment, rn_op2(b, "Mul", read_of(b, moment), beta));
  return rn_op3(b, "ScatterAdd", decayed, u->indices, scaled);
}

static rn_status *adam_sparse(update *u, rn_value m, rn_value v, rn_value power1, rn_value power2) {
  rn_builder *b = u->o->b;
  deduplicate(u);
  rn_value one1 = rn_op1(b, "OnesLike", power1), lr = hyper(u, "learning_rate");
  rn_value rate = rn_op2(b, "RealDiv", rn_op2(b, "Mul", lr, rn_op1(b, "Sqrt", rn_op2(b, "Sub", one1, power2))),
                         rn_op2(b, "Sub", one1, power1));
  rn_value m_t = sparse_moment(u, m, hyper(u, "beta1"), u->grad);
  rn_value v_t = sparse_moment(u, v, hyper(u, "beta2"), rn_op2(b, "Mul", u->grad, u->grad));
  rn_value root = rn_op2(b, "Add", rn_op1(b, "Sqrt", v_t), hyper(u, "epsilon"));
  rn_value in[2] = {u->param, rn_op2(b, "RealDiv", rn_op2(b, "Mul", rate, m_t), root)};
  u->is_sparse = 0;
  return emit(u, "AssignSub", in, 2, NULL, 0);
}

static rn_status *adam(rn_opt *o) {
  update u;
  RN_TRY(update_begin(o, &u));
  rn_value m = slot(&u, "m", 0), v = slot(&u, "v", 0);
  rn_value power1 = read_of(o->b, power(o, "beta1_power", "beta1"));
  rn_value power2 = read_of(o->b, power(o, "beta2_power", "beta2"));
  if (u.is_sparse) {
    if (u.is_resource)
      return rn_error(o->b->self.host, RN_UNIMPLEMENTED, "Adam takes sparse gradients of reference variables only");
    return adam_sparse(&u, m, v, power1, power2);
  }
  rn_value in[10] = {u.param,
                     m,
                     v,
                     power1,
                     power2,
                     hyper(&u, "learning_rate"),
                     hyper(&u, "beta1"),
                     hyper(&u, "beta2"),
                     hyper(&u, "epsilon"),
                     u.grad};
  return emit(&u, "ApplyAdam", in, 10, NULL, 0);
}

static void adam_advance(rn_opt *o, const char *name, const char *beta) {
  rn_value variable = power(o, name, beta), factors[2] = {read_of(o->b, variable), o->api->hyper(o, beta)};
  rn_node_request product = rn_node_request_for("Mul", "mul"), store = rn_node_request_for("Assign", NULL);
  product.inputs = factors;
  product.n_inputs = 2;
  rn_value in[2] = {variable, {o->b->api->add(o->b, &product), 0}};
  store.inputs = in;
  store.n_inputs = 2;
  store.colocate_with = variable.node;
  o->api->update(o, o->b->api->add(o->b, &store));
}
static rn_status *adam_finish(rn_opt *o) {
  adam_advance(o, "beta1_power", "beta1");
  adam_advance(o, "beta2_power", "beta2");
  return NULL;
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
    OPTIMIZER("Adam", "Steps from running moments of the gradient (Kingma, Ba 2014).", adam_hypers, adam_begin, adam,
              adam_finish),
    OPTIMIZER("RMSProp", "Gradients divided by their running size (Tieleman, Hinton 2012).", rmsprop_hypers, NULL,
              rmsprop, NULL),
    OPTIMIZER("Ftrl", "Follow the regularised leader (McMahan et al. 2013).", ftrl_hypers, NULL, ftrl, NULL),
};
const rn_group rules_group = {.struct_size = (uint32_t)sizeof(rn_group), .optimizers = RN_TABLE(optimizers)};
