/* lower_update.c - optimizers' updates of variables, in place (plugins/tpu).
 *
 * Ref and resource forms have the same inputs in the same order. Scalars are read by the vector unit with stride 0,
 * so they may change from step to step. */
#include "lower.h"

static const tpu_place nowhere;

typedef struct update {
  tpu_lowering *l;
  tpu_node *n;
  int64_t count;
  tpu_place in[10], temp[2];
} update;

static rn_status *begin(tpu_lowering *l, tpu_node *n, uint32_t grad, update *u) {
  memset(u, 0, sizeof *u);
  u->l = l, u->n = n;
  const rn_shape *g = &tpu_in(l, n, grad)->shape;
  if (!rn_shape_known(g) || rn_shape_elems(g) == 0)
    return tpu_cannot(l, n, "its gradient is empty or of unknown shape");
  u->count = rn_shape_elems(g);
  for (uint32_t i = 0; i < n->n_in && i < 10; i++) RN_TRY(tpu_need(l, n, i, &u->in[i]));
  if (l->p->io[u->in[0].io].size_bytes != (uint64_t)u->count * 4)
    return tpu_cannot(l, n, "the variable's shape is not known or not that of its gradient");
  for (int t = 0; t < 2; t++) RN_TRY(tpu_temp(l, (uint64_t)u->count * 4, &u->temp[t]));
  return NULL;
}

/* y = fn(a, b) over all elements. */
static rn_status *all(const update *u, uint8_t fn, tpu_place y, tpu_place a, tpu_place b, float imm) {
  return tpu_emit_dense(u->l, fn, y, a, b, u->count, imm);
}
/* y = fn(a, scalar) over all elements. */
static rn_status *each(const update *u, uint8_t fn, tpu_place y, tpu_place a, tpu_place scalar) {
  tpu_walk w = {0};
  if (u->count == 1) return all(u, fn, y, a, scalar, 0);
  tpu_walk_add(&w, u->count, 1, 1, 0);
  return tpu_emit_walk(u->l, fn, y, a, scalar, &w, 0);
}
static rn_status *one(const update *u, uint8_t fn, tpu_place y, tpu_place a, tpu_place b, float imm) {
  return tpu_emit_dense(u->l, fn, y, a, b, 1, imm);
}

/* (var, alpha, delta): var -= alpha delta */
static rn_status *descent(tpu_lowering *l, tpu_node *n) {
  update u;
  RN_TRY(begin(l, n, 2, &u));
  RN_TRY(each(&u, TPU_V_MUL, u.temp[0], u.in[2], u.in[1]));
  return all(&u, TPU_V_SUB, u.in[0], u.in[0], u.temp[0], 0);
}

/* (var, accum, lr, grad, momentum): accum = momentum accum + grad; var -= lr accum, or with Nesterov
 * lr (grad + momentum accum) */
static rn_status *momentum(tpu_lowering *l, tpu_node *n) {
  update u;
  rn_self self = tpu_self(l, n);
  RN_TRY(begin(l, n, 3, &u));
  RN_TRY(each(&u, TPU_V_MUL, u.temp[0], u.in[1], u.in[4]));
  RN_TRY(all(&u, TPU_V_ADD, u.in[1], u.temp[0], u.in[3], 0));
  tpu_place step = u.in[1];
  if (rn_self_bool(&self, "use_nesterov", 0)) {
    RN_TRY(each(&u, TPU_V_MUL, u.temp[1], u.in[1], u.in[4]));
    RN_TRY(all(&u, TPU_V_ADD, u.temp[1], u.temp[1], u.in[3], 0));
    step = u.temp[1];
  }
  RN_TRY(each(&u, TPU_V_MUL, u.temp[0], step, u.in[2]));
  return all(&u, TPU_V_SUB, u.in[0], u.in[0], u.temp[0], 0);
}

/* y = decay y + (1 - decay) g */
static rn_status *average(const update *u, tpu_place y, tpu_place decay, tpu_place rest, tpu_place g) {
  RN_TRY(each(u, TPU_V_MUL, y, y, decay));
  RN_TRY(each(u, TPU_V_MUL, u->temp[0], g, rest));
  return all(u, TPU_V_ADD, y, y, u->temp[0], 0);
}
static rn_status *rest_of(const update *u, tpu_place y, tpu_place x) { /* 1 - x */
  RN_TRY(one(u, TPU_V_NEG, y, x, nowhere, 0));
  return one(u, TPU_V_OFFSET, y, y, nowhere, 1);
}

/* (var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad):
 * m and v averaged; var -= lr sqrt(1 - beta2_power) / (1 - beta1_power) m / (sqrt(v) + epsilon) */
static rn_status *adam(tpu_lowering *l, tpu_node *n) {
  update u;
  rn_self self = tpu_self(l, n);
  tpu_place s[4];
  RN_TRY(begin(l, n, 9, &u));
  if (rn_self_bool(&self, "use_nesterov", 0)) return tpu_cannot(l, n, "with Nesterov");
  for (int k = 0; k < 4; k++) RN_TRY(tpu_temp(l, 4, &s[k]));
  RN_TRY(rest_of(&u, s[0], u.in[6]));
  RN_TRY(rest_of(&u, s[1], u.in[7]));
  RN_TRY(rest_of(&u, s[2], u.in[4]));
  RN_TRY(one(&u, TPU_V_SQRT, s[2], s[2], nowhere, 0));
  RN_TRY(rest_of(&u, s[3], u.in[3]));
  RN_TRY(one(&u, TPU_V_DIV, s[2], s[2], s[3], 0));
  RN_TRY(one(&u, TPU_V_MUL, s[2], s[2], u.in[5], 0));
  RN_TRY(average(&u, u.in[1], u.in[6], s[0], u.in[9]));
  RN_TRY(all(&u, TPU_V_SQUARE, u.temp[1], u.in[9], nowhere, 0));
  RN_TRY(average(&u, u.in[2], u.in[7], s[1], u.temp[1]));
  RN_TRY(all(&u, TPU_V_SQRT, u.temp[0], u.in[2], nowhere, 0));
  RN_TRY(each(&u, TPU_V_ADD, u.temp[0], u.temp[0], u.in[8]));
  RN_TRY(each(&u, TPU_V_MUL, u.temp[1], u.in[1], s[2]));
  RN_TRY(all(&u, TPU_V_DIV, u.temp[0], u.temp[1], u.temp[0], 0));
  return all(&u, TPU_V_SUB, u.in[0], u.in[0], u.temp[0], 0);
}

const tpu_rule tpu_rules_update[] = {{"ApplyGradientDescent", descent, TPU_RULE_UPDATE, 0, 0},
                                     {"ResourceApplyGradientDescent", descent, TPU_RULE_UPDATE, 0, 0},
                                     {"ApplyMomentum", momentum, TPU_RULE_UPDATE, 0, 0},
                                     {"ResourceApplyMomentum", momentum, TPU_RULE_UPDATE, 0, 0},
                                     {"ApplyAdam", adam, TPU_RULE_UPDATE, 0, 0},
                                     {"ResourceApplyAdam", adam, TPU_RULE_UPDATE, 0, 0},
                                     {NULL, NULL, 0, 0, 0}};
