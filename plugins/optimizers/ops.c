/* ops.c - the update ops: signatures, shapes, documentation (plugins/optimizers).
 *
 * Signatures are TensorFlow's. Each op writes the variable and every slot; the twins named Resource*
 * take handles and have no output. Shapes: var, slots and grad agree; grad of a sparse op has one row
 * per index. */
#include "apply.h"

#define NUMBER                                                                                             \
  "{float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, " \
  "complex128, half, uint32, uint64}"
#define TAIL "; T: " NUMBER "; use_locking: bool = false"
#define TAIL_SPARSE "; T: " NUMBER "; Tindices: {int32, int64}; use_locking: bool = false"

static rn_status *merge_shapes(rn_infer *c, rn_shape *into, const rn_shape *s) {
  if (s->rank < 0) return NULL;
  if (into->rank < 0) {
    *into = *s;
    return NULL;
  }
  if (into->rank != s->rank)
    return rn_error(c->self.host, RN_INVALID_ARGUMENT, "var, slots and grad must have one shape: ranks %d and %d",
                    into->rank, s->rank);
  for (int32_t d = 0; d < s->rank; d++) RN_TRY(c->api->merge(c, into->dim[d], s->dim[d], &into->dim[d]));
  return NULL;
}

/* The shape behind input i: of the variable a handle names, or of the input itself. */
static rn_shape shape_of(rn_infer *c, uint32_t i) {
  rn_shape s = rn_shape_unknown();
  rn_dtype t;
  if (c->api->dtype(c, i) != RN_RESOURCE) return *c->api->shape(c, i);
  if (!c->api->handle(c, i, &t, &s)) s = rn_shape_unknown();
  return s;
}

/* cells variables at the front, then what has rank 0 but for input grad (and indices, if not 0). */
static rn_status *infer(rn_infer *c, uint32_t cells, uint32_t grad, uint32_t indices) {
  rn_shape all = shape_of(c, 0), g = *c->api->shape(c, grad);
  for (uint32_t i = 1; i < cells; i++) {
    rn_shape s = shape_of(c, i);
    RN_TRY(merge_shapes(c, &all, &s));
  }
  for (uint32_t i = cells; i < c->n_in; i++) {
    const rn_shape *s = c->api->shape(c, i);
    if (i != grad && i != indices && s->rank > 0)
      return rn_error(c->self.host, RN_INVALID_ARGUMENT, "input %u must be a scalar, its rank is %d", i, s->rank);
  }
  if (indices == 0) {
    RN_TRY(merge_shapes(c, &all, &g));
  } else if (all.rank > 0 && g.rank > 0) {
    const rn_shape *at = c->api->shape(c, indices);
    int64_t rows = g.dim[0];
    if (at->rank == 1) RN_TRY(c->api->merge(c, rows, at->dim[0], &rows));
    g.dim[0] = all.dim[0];
    RN_TRY(merge_shapes(c, &all, &g));
  }
  if (c->n_out) c->api->set_shape(c, 0, &all);
  return NULL;
}

#define INFER(name, cells, grad, indices) \
  static rn_status *infer_##name(rn_infer *c) { return infer(c, cells, grad, indices); }
INFER(gradient_descent, 1, 2, 0)
INFER(momentum, 2, 3, 0)
INFER(adagrad, 2, 3, 0)
INFER(adadelta, 3, 6, 0)
INFER(adam, 3, 9, 0)
INFER(rmsprop, 3, 7, 0)
INFER(centered, 4, 8, 0)
INFER(ftrl, 3, 3, 0)
INFER(sparse_momentum, 2, 3, 4)
INFER(sparse_adagrad, 2, 3, 4)
INFER(sparse_adadelta, 3, 6, 7)
INFER(sparse_rmsprop, 3, 7, 8)
INFER(sparse_centered, 4, 8, 9)
INFER(sparse_ftrl, 3, 3, 4)

#define DOC_SGD "Steps against the gradient: var -= alpha * delta."
#define DOC_MOMENTUM                                                                 \
  "Momentum: accum = momentum * accum + grad; var -= lr * accum.\n"                  \
  "With use_nesterov the step looks ahead: var -= lr * (grad + momentum * accum).\n" \
  "Polyak 1964, Some methods of speeding up the convergence of iteration methods; Sutskever et al. 2013."
#define DOC_KERAS                                                                        \
  "Momentum with the rate inside: accum = momentum * accum - lr * grad; var += accum.\n" \
  "With use_nesterov: var += momentum * accum - lr * grad. Sutskever et al. 2013."
#define DOC_ADAGRAD                                             \
  "Adagrad: accum += grad^2; var -= lr * grad / sqrt(accum).\n" \
  "update_slots = false leaves accum as it is. Duchi, Hazan, Singer 2011, Adaptive subgradient methods."
#define DOC_ADADELTA                                                                                       \
  "Adadelta: steps scaled by the ratio of running updates to running gradients.\n"                         \
  "accum = rho accum + (1-rho) grad^2; update = sqrt(accum_update+epsilon) / sqrt(accum+epsilon) * grad; " \
  "accum_update = rho accum_update + (1-rho) update^2; var -= lr * update. Zeiler 2012, arXiv:1212.5701."
#define DOC_ADAM                                                                                            \
  "Adam: steps from running first and second moments of the gradient.\n"                                    \
  "lr_t = lr sqrt(1-beta2_power)/(1-beta1_power); m = beta1 m + (1-beta1) g; v = beta2 v + (1-beta2) g^2; " \
  "var -= lr_t m / (sqrt(v)+epsilon). Kingma, Ba 2014, arXiv:1412.6980; use_nesterov: Dozat 2016."
#define DOC_RMSPROP                                                                             \
  "RMSProp: the gradient divided by its running root mean square, with momentum.\n"             \
  "ms = rho ms + (1-rho) grad^2; mom = momentum mom + lr grad / sqrt(ms+epsilon); var -= mom. " \
  "Tieleman, Hinton 2012, lecture 6.5."
#define DOC_CENTERED                                                                                       \
  "RMSProp with the running variance in place of the mean square.\n"                                       \
  "mg is the running mean of grad; mom = momentum mom + lr grad / sqrt(ms - mg^2 + epsilon); var -= mom. " \
  "Graves 2013, arXiv:1308.0850, section 4.2."
#define DOC_FTRL                                                                                                   \
  "FTRL-proximal: follow the regularised leader, with l1 and l2 shrinking.\n"                                      \
  "n' = accum + grad^2; linear += grad - (n'^-lr_power - accum^-lr_power)/lr var; var is 0 while |linear| <= l1. " \
  "McMahan et al. 2013, Ad click prediction."
#define SPARSE_DOC " Only the rows named by indices are touched."

#define REF_OP(n, args, tail, bits, f, d)      \
  {.struct_size = (uint32_t)sizeof(rn_op_def), \
   .flags = RN_OP_NO_GRADIENT,                 \
   .name = n,                                  \
   .signature = args " -> (out: Ref(T))" tail, \
   .doc = d,                                   \
   .writes = bits,                             \
   .ref_forward = 1,                           \
   .infer = f},
#define RESOURCE_OP(n, args, tail, bits, f, d)  \
  {.struct_size = (uint32_t)sizeof(rn_op_def),  \
   .flags = RN_OP_NO_GRADIENT | RN_OP_STATEFUL, \
   .name = n,                                   \
   .signature = args " -> ()" tail,             \
   .doc = d,                                    \
   .writes = bits,                              \
   .reads = bits,                               \
   .infer = f},

/* Both forms: the argument list is written with V for the type of a variable. */
#define BOTH(n, args, tail, bits, f, d)       \
  REF_OP(n, args("Ref(T)"), tail, bits, f, d) \
  RESOURCE_OP("Resource" n, args("resource"), tail, bits, f, d)

#define SGD_ARGS(V) "(var: " V ", alpha: T, delta: T)"
#define MOMENTUM_ARGS(V) "(var: " V ", accum: " V ", lr: T, grad: T, momentum: T)"
#define ADAGRAD_ARGS(V) "(var: " V ", accum: " V ", lr: T, grad: T)"
#define ADADELTA_ARGS(V) "(var: " V ", accum: " V ", accum_update: " V ", lr: T, rho: T, epsilon: T, grad: T)"
#define ADAM_ARGS(V)                                                          \
  "(var: " V ", m: " V ", v: " V                                              \
  ", beta1_power: T, beta2_power: T, lr: T, beta1: T, beta2: T, epsilon: T, " \
  "grad: T)"
#define RMSPROP_ARGS(V) "(var: " V ", ms: " V ", mom: " V ", lr: T, rho: T, momentum: T, epsilon: T, grad: T)"
#define CENTERED_ARGS(V) \
  "(var: " V ", mg: " V ", ms: " V ", mom: " V ", lr: T, rho: T, momentum: T, epsilon: T, grad: T)"
#define FTRL_ARGS(V) "(var: " V ", accum: " V ", linear: " V ", grad: T, lr: T, l1: T, l2: T, lr_power: T)"
#define S_MOMENTUM_ARGS(V) "(var: " V ", accum: " V ", lr: T, grad: T, indices: Tindices, momentum: T)"
#define S_ADAGRAD_ARGS(V) "(var: " V ", accum: " V ", lr: T, grad: T, indices: Tindices)"
#define S_ADADELTA_ARGS(V) \
  "(var: " V ", accum: " V ", accum_update: " V ", lr: T, rho: T, epsilon: T, grad: T, indices: Tindices)"
#define S_RMSPROP_ARGS(V) \
  "(var: " V ", ms: " V ", mom: " V ", lr: T, rho: T, momentum: T, epsilon: T, grad: T, indices: Tindices)"
#define S_CENTERED_ARGS(V)                                       \
  "(var: " V ", mg: " V ", ms: " V ", mom: " V                   \
  ", lr: T, rho: T, momentum: T, epsilon: T, grad: T, indices: " \
  "Tindices)"
#define S_FTRL_ARGS(V) \
  "(var: " V ", accum: " V ", linear: " V ", grad: T, indices: Tindices, lr: T, l1: T, l2: T, lr_power: T)"
#define NESTEROV "; use_nesterov: bool = false"
#define SLOTS "; update_slots: bool = true"

static const rn_op_def ops[] = {
    BOTH("ApplyGradientDescent", SGD_ARGS, TAIL, 1, infer_gradient_descent, DOC_SGD)
        BOTH("ApplyMomentum", MOMENTUM_ARGS, TAIL NESTEROV, 3, infer_momentum, DOC_MOMENTUM) RESOURCE_OP(
            "ResourceApplyKerasMomentum", MOMENTUM_ARGS("resource"), TAIL NESTEROV, 3, infer_momentum, DOC_KERAS)
            BOTH("ApplyAdagrad", ADAGRAD_ARGS, TAIL SLOTS, 3, infer_adagrad, DOC_ADAGRAD)
                BOTH("ApplyAdadelta", ADADELTA_ARGS, TAIL, 7, infer_adadelta, DOC_ADADELTA)
                    BOTH("ApplyAdam", ADAM_ARGS, TAIL NESTEROV, 7, infer_adam, DOC_ADAM)
                        BOTH("ApplyRMSProp", RMSPROP_ARGS, TAIL, 7, infer_rmsprop, DOC_RMSPROP) BOTH(
                            "ApplyCenteredRMSProp", CENTERED_ARGS, TAIL, 15, infer_centered, DOC_CENTERED)
                            BOTH("ApplyFtrl", FTRL_ARGS, TAIL, 7, infer_ftrl, DOC_FTRL) BOTH(
                                "SparseApplyMomentum", S_MOMENTUM_ARGS, TAIL_SPARSE NESTEROV, 3, infer_sparse_momentum,
                                DOC_MOMENTUM SPARSE_DOC) BOTH("SparseApplyAdagrad", S_ADAGRAD_ARGS, TAIL_SPARSE SLOTS,
                                                              3, infer_sparse_adagrad, DOC_ADAGRAD SPARSE_DOC)
                                BOTH("SparseApplyAdadelta", S_ADADELTA_ARGS, TAIL_SPARSE, 7, infer_sparse_adadelta,
                                     DOC_ADADELTA SPARSE_DOC) BOTH("SparseApplyRMSProp", S_RMSPROP_ARGS, TAIL_SPARSE, 7,
                                                                   infer_sparse_rmsprop, DOC_RMSPROP SPARSE_DOC)
                                    BOTH("SparseApplyCenteredRMSProp", S_CENTERED_ARGS, TAIL_SPARSE, 15,
                                         infer_sparse_centered, DOC_CENTERED SPARSE_DOC)
                                        BOTH("SparseApplyFtrl", S_FTRL_ARGS, TAIL_SPARSE, 7, infer_sparse_ftrl,
                                             DOC_FTRL SPARSE_DOC)};
const rn_group apply_ops_group = {.struct_size = (uint32_t)sizeof(rn_group), .ops = RN_TABLE(ops)};
