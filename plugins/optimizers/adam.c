/* adam.c - Adam (plugins/optimizers).
 *
 * The powers of beta are variables shared by all parameters; they move once all updates are done. */
#include "rule.h"

static rn_value power(rn_opt *o, const char *name, const char *beta) {
  return o->api->shared(o, name, o->api->hyper_value(o, beta));
}
rn_status *adam_begin(rn_opt *o) {
  power(o, "beta1_power", "beta1");
  power(o, "beta2_power", "beta2");
  return NULL;
}

/* slot = beta slot; slot[indices] += (1 - beta) x: what a moment becomes when only some rows have gradients. */
static rn_value sparse_moment(const update *u, rn_value moment, rn_value beta, rn_value x) {
  rn_builder *b = u->o->b;
  rn_value rest = rn_op2(b, "Sub", rn_op1(b, "OnesLike", beta), beta);
  rn_value scaled = rn_op2(b, "Mul", x, rest);
  rn_value decayed = rn_op2(b, "Assign", moment, rn_op2(b, "Mul", rule_read(b, moment), beta));
  return rn_op3(b, "ScatterAdd", decayed, u->indices, scaled);
}

static rn_status *adam_sparse(update *u, rn_value m, rn_value v, rn_value power1, rn_value power2) {
  rn_builder *b = u->o->b;
  rule_deduplicate(u);
  rn_value one1 = rn_op1(b, "OnesLike", power1), lr = rule_hyper(u, "learning_rate");
  rn_value rate = rn_op2(b, "RealDiv", rn_op2(b, "Mul", lr, rn_op1(b, "Sqrt", rn_op2(b, "Sub", one1, power2))),
                         rn_op2(b, "Sub", one1, power1));
  rn_value m_t = sparse_moment(u, m, rule_hyper(u, "beta1"), u->grad);
  rn_value v_t = sparse_moment(u, v, rule_hyper(u, "beta2"), rn_op2(b, "Mul", u->grad, u->grad));
  rn_value root = rn_op2(b, "Add", rn_op1(b, "Sqrt", v_t), rule_hyper(u, "epsilon"));
  rn_value in[2] = {u->param, rn_op2(b, "RealDiv", rn_op2(b, "Mul", rate, m_t), root)};
  u->is_sparse = 0;
  return rule_emit(u, "AssignSub", in, 2, NULL, 0);
}

rn_status *adam_update(rn_opt *o) {
  update u;
  RN_TRY(rule_begin(o, &u));
  rn_value m = rule_slot(&u, "m", 0), v = rule_slot(&u, "v", 0);
  rn_value power1 = rule_read(o->b, power(o, "beta1_power", "beta1"));
  rn_value power2 = rule_read(o->b, power(o, "beta2_power", "beta2"));
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
                     rule_hyper(&u, "learning_rate"),
                     rule_hyper(&u, "beta1"),
                     rule_hyper(&u, "beta2"),
                     rule_hyper(&u, "epsilon"),
                     u.grad};
  return rule_emit(&u, "ApplyAdam", in, 10, NULL, 0);
}

static void adam_advance(rn_opt *o, const char *name, const char *beta) {
  rn_value variable = power(o, name, beta), factors[2] = {rule_read(o->b, variable), o->api->hyper(o, beta)};
  rn_node_request product = rn_node_request_for("Mul", "mul"), store = rn_node_request_for("Assign", NULL);
  product.inputs = factors;
  product.n_inputs = 2;
  rn_value in[2] = {variable, {o->b->api->add(o->b, &product), 0}};
  store.inputs = in;
  store.n_inputs = 2;
  store.colocate_with = variable.node;
  o->api->update(o, o->b->api->add(o->b, &store));
}
rn_status *adam_finish(rn_opt *o) {
  adam_advance(o, "beta1_power", "beta1");
  adam_advance(o, "beta2_power", "beta2");
  return NULL;
}
