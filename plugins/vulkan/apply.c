/* apply.c - the kernels of the Apply* ops (plugins/vulkan).
 *
 * Every op is one row: its rule, where its gradient, scalars and indices stand among the inputs. Scalars stay in
 * device memory, so nothing of them is baked into a recording. */
#include "kernel.h"

typedef struct apply_row {
  gpu_op op;
  const char *name;
  uint32_t rule, cells, grad, first_scalar, scalars,
      second_scalar; /* second_scalar: the last one, if it stands apart */
  uint32_t indices;  /* 0: dense */
} apply_row;
typedef struct apply_state {
  gpu_op op;
  const apply_row *row;
  uint32_t flag;
} apply_state;

static void bind_scalars(gpu_dispatch *d, const apply_row *r, const rn_call *c) {
  static const rn_tensor_view none = {.struct_size = (uint32_t)sizeof none};
  for (uint32_t i = 0; i < 6; i++) {
    uint32_t at = r->first_scalar + i;
    if (r->second_scalar && i + 1 == r->scalars) at = r->second_scalar;
    gpu_bind(d, i < r->scalars ? c->in[at] : &none, 0);
  }
  gpu_bind(d, r->indices ? c->in[r->indices] : &none, 0);
}

static rn_status *bind_cells(gpu_dispatch *d, const apply_row *r, rn_call *c, rn_tensor_view *var) {
  for (uint32_t k = 0; k < 4; k++) {
    rn_tensor_view slot = {.struct_size = (uint32_t)sizeof slot};
    if (k < r->cells) RN_TRY(gpu_cell(c, k, &slot));
    if (k == 0) *var = slot;
    if (k < r->cells && slot.size_bytes != var->size_bytes)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: slot %u is not shaped like var", r->name, k);
    gpu_bind(d, &slot, k < r->cells);
  }
  return NULL;
}

static rn_status *apply(const void *op, rn_call *c) {
  const apply_state *s = op;
  const apply_row *r = s->row;
  rn_tensor_view var;
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_apply);
  gpu_spec(&d, r->rule);
  gpu_spec(&d, s->flag);
  gpu_spec(&d, r->indices == 0 ? 0 : c->in[r->indices]->dtype == RN_INT64 ? 2 : 1);
  RN_TRY(bind_cells(&d, r, c, &var));
  gpu_bind(&d, c->in[r->grad], 0);
  bind_scalars(&d, r, c);
  uint32_t all = gpu_elems(&var), rows = var.shape.rank > 0 ? (uint32_t)var.shape.dim[0] : 1;
  uint32_t n = r->indices ? (rows ? all / rows : 0) : all, n_indices = r->indices ? gpu_elems(c->in[r->indices]) : 1;
  if (gpu_elems(c->in[r->grad]) != n * n_indices)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: %u elements of the variable want a gradient of as many, not %u",
                    r->name, n * n_indices, gpu_elems(c->in[r->grad]));
  if (r->indices) RN_TRY(gpu_rounds(c, n_indices));
  gpu_push(&d, n);
  gpu_push(&d, n_indices);
  gpu_push(&d, rows);
  gpu_over(&d, c, n_indices == 0 ? 0 : n);
  return gpu_run(c, &d);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const apply_row *r = p->user;
  apply_state *s;
  RN_TRY(gpu_state(out, sizeof *s, apply, &s));
  s->row = r;
  s->flag = (uint32_t)(r->rule == RULE_Adagrad ? rn_self_bool(&p->self, "update_slots", 1)
                                               : rn_self_bool(&p->self, "use_nesterov", 0));
  return NULL;
}

/*            op, rule, cells, grad, first scalar, scalars, the last one if it stands apart, indices */
#define BOTH(X, name, rule, ...) X(name, rule, __VA_ARGS__) X("Resource" name, rule, __VA_ARGS__)
#define ROWS(X)                                                            \
  BOTH(X, "ApplyGradientDescent", GradientDescent, 1, 2, 1, 1, 0, 0)       \
  BOTH(X, "ApplyMomentum", Momentum, 2, 3, 2, 2, 4, 0)                     \
  X("ResourceApplyKerasMomentum", KerasMomentum, 2, 3, 2, 2, 4, 0)         \
  BOTH(X, "ApplyAdagrad", Adagrad, 2, 3, 2, 1, 0, 0)                       \
  BOTH(X, "ApplyAdadelta", Adadelta, 3, 6, 3, 3, 0, 0)                     \
  BOTH(X, "ApplyAdam", Adam, 3, 9, 3, 6, 0, 0)                             \
  BOTH(X, "ApplyRMSProp", RMSProp, 3, 7, 3, 4, 0, 0)                       \
  BOTH(X, "ApplyCenteredRMSProp", CenteredRMSProp, 4, 8, 4, 4, 0, 0)       \
  BOTH(X, "ApplyFtrl", Ftrl, 3, 3, 4, 4, 0, 0)                             \
  BOTH(X, "SparseApplyMomentum", Momentum, 2, 3, 2, 2, 5, 4)               \
  BOTH(X, "SparseApplyAdagrad", Adagrad, 2, 3, 2, 1, 0, 4)                 \
  BOTH(X, "SparseApplyAdadelta", Adadelta, 3, 6, 3, 3, 0, 7)               \
  BOTH(X, "SparseApplyRMSProp", RMSProp, 3, 7, 3, 4, 0, 8)                 \
  BOTH(X, "SparseApplyCenteredRMSProp", CenteredRMSProp, 4, 8, 4, 4, 0, 9) \
  BOTH(X, "SparseApplyFtrl", Ftrl, 3, 3, 5, 4, 0, 4)
#define KERNEL(name, rule, ...) \
  GPU_K(name, "T: float", (&(const apply_row){{NULL}, name, RULE_##rule, __VA_ARGS__}), .prepare = prepare),
static const rn_kernel_def kernels[] = {ROWS(KERNEL)};
GPU_GROUP(gpu_apply_kernels, kernels);
