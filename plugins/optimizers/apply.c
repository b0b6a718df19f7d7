/* apply.c - the kernels of the Apply* ops on the CPU (plugins/optimizers).
 *
 * Every op is one row: its rule, where its gradient, scalars and indices stand among the inputs. Dense
 * updates run over all elements, in parallel when there are many; sparse ones run the same loop over
 * each row that an index names, in order, so repeated indices act one after the other. */
#include "apply.h"

typedef struct apply_row {
  const char *op;
  int rule;
  uint32_t cells, grad, first_scalar, scalars, second_scalar; /* scalars before / from second_scalar on */
  uint32_t indices;                                           /* 0: dense */
} apply_row;

#define PARALLEL_FROM 65536u /* elements; below, waking a thread costs more than it saves */
#define GRAIN 16384u         /* and a thread's even share: the parts of a gradient stay where they were made */

static const apply_loops *loops = &apply_loops_v1;

void apply_choose(uint64_t cpu_features) {
#if defined(__x86_64__)
  if (cpu_features & RN_CPU_AVX2) loops = &apply_loops_v3;
#else
  (void)cpu_features;
#endif
}

static rn_status *cell(rn_call *c, uint32_t i, rn_tensor_view *out) {
  memset(out, 0, sizeof *out);
  out->struct_size = (uint32_t)sizeof *out;
  return c->api->cell_view(c, c->resource[i], out);
}

/* The scalars in the order the loops want them: those around the gradient are put in line. */
static void gather(const apply_row *r, rn_call *c, size_t size, char *h) {
  for (uint32_t i = 0; i < r->scalars; i++) {
    uint32_t at = r->first_scalar + i;
    if (r->second_scalar && i + 1 == r->scalars) at = r->second_scalar;
    memcpy(h + i * size, c->in[at]->data, size);
  }
}

typedef struct dense_job {
  apply_loop loop;
  apply_args args;
} dense_job;
static void dense_piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const dense_job *j = arg;
  (void)worker;
  j->loop(&j->args, lo, hi);
}

static void run_dense(rn_call *c, apply_loop loop, const apply_args *a, uint64_t n) {
  if (n < PARALLEL_FROM) {
    loop(a, 0, n);
    return;
  }
  dense_job job = {loop, *a};
  uint64_t threads = c->host->threads(c->host->ctx), share = n / (threads ? threads : 1);
  c->host->parallel_for(c->host->ctx, n, share > GRAIN ? share : GRAIN, dense_piece, &job);
}

static int64_t index_at(const rn_tensor_view *v, uint64_t i) {
  return v->dtype == RN_INT32 ? ((const int32_t *)v->data)[i] : ((const int64_t *)v->data)[i];
}

static rn_status *run_sparse(const apply_row *r, rn_call *c, apply_loop loop, const apply_args *a,
                             const rn_shape *shape, size_t size) {
  const rn_tensor_view *indices = c->in[r->indices];
  uint64_t n = (uint64_t)rn_shape_elems(&indices->shape), inner = 1;
  if (shape->rank < 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "var must be at least a vector, it is a scalar");
  for (int32_t d = 1; d < shape->rank; d++) inner *= (uint64_t)shape->dim[d];
  if ((uint64_t)rn_shape_elems(&c->in[r->grad]->shape) != n * inner)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "grad must hold one row of %llu elements for each of %llu indices",
                    (unsigned long long)inner, (unsigned long long)n);
  for (uint64_t i = 0; i < n; i++) {
    int64_t row = index_at(indices, i);
    if (row < 0 || row >= shape->dim[0])
      return rn_error(c->host, RN_INVALID_ARGUMENT, "indices[%llu] = %lld is not in [0, %lld)", (unsigned long long)i,
                      (long long)row, (long long)shape->dim[0]);
  }
  for (uint64_t i = 0; i < n; i++) {
    apply_args here = *a;
    uint64_t to = (uint64_t)index_at(indices, i) * inner * size;
    for (uint32_t k = 0; k < r->cells; k++) here.cell[k] = (char *)a->cell[k] + to;
    here.grad = (const char *)a->grad + i * inner * size;
    loop(&here, 0, inner);
  }
  return NULL;
}

static rn_status *apply_flagged(const apply_row *r, rn_call *c, int flag) {
  apply_args a;
  rn_tensor_view var, slot;
  double h[APPLY_MAX_SCALARS];
  memset(&a, 0, sizeof a);
  RN_TRY(cell(c, 0, &var));
  uint64_t n = (uint64_t)rn_shape_elems(&var.shape);
  size_t size = var.dtype == RN_FLOAT ? sizeof(float) : sizeof(double);
  a.cell[0] = var.data;
  for (uint32_t k = 1; k < r->cells; k++) {
    RN_TRY(cell(c, k, &slot));
    if ((uint64_t)rn_shape_elems(&slot.shape) != n || slot.dtype != var.dtype)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: slot %u is not shaped like var", r->op, k);
    a.cell[k] = slot.data;
  }
  gather(r, c, size, (char *)h);
  a.h = h;
  a.grad = c->in[r->grad]->data;
  a.flag = flag;
  apply_loop loop = var.dtype == RN_FLOAT ? loops->f32[r->rule] : loops->f64[r->rule];
  if (r->indices) return run_sparse(r, c, loop, &a, &var.shape, size);
  if ((uint64_t)rn_shape_elems(&c->in[r->grad]->shape) != n)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: var has %llu elements and grad %llu", r->op,
                    (unsigned long long)n, (unsigned long long)rn_shape_elems(&c->in[r->grad]->shape));
  run_dense(c, loop, &a, n);
  return NULL;
}

static rn_status *compute_plain(const void *row, rn_call *c) { return apply_flagged(row, c, 0); }
static rn_status *compute_flagged(const void *row, rn_call *c) { return apply_flagged(row, c, 1); }

static rn_status *apply_prepare(const rn_prepare *p, rn_prepared *out) {
  const apply_row *r = p->user;
  int flag =
      r->rule == RULE_ADAGRAD ? rn_self_bool(&p->self, "update_slots", 1) : rn_self_bool(&p->self, "use_nesterov", 0);
  out->compute = flag ? compute_flagged : compute_plain;
  return NULL;
}

/*            op, rule, cells, grad, first scalar, scalars, the last one if it stands apart, indices */
#define DENSE(X, name, rule, ...) X(name, rule, __VA_ARGS__, 0) X("Resource" name, rule, __VA_ARGS__, 0)
#define ROWS(X)                                                                    \
  DENSE(X, "ApplyGradientDescent", RULE_GRADIENT_DESCENT, 1, 2, 1, 1, 0)           \
  DENSE(X, "ApplyMomentum", RULE_MOMENTUM, 2, 3, 2, 2, 4)                          \
  X("ResourceApplyKerasMomentum", RULE_KERAS_MOMENTUM, 2, 3, 2, 2, 4, 0)           \
  DENSE(X, "ApplyAdagrad", RULE_ADAGRAD, 2, 3, 2, 1, 0)                            \
  DENSE(X, "ApplyAdadelta", RULE_ADADELTA, 3, 6, 3, 3, 0)                          \
  DENSE(X, "ApplyAdam", RULE_ADAM, 3, 9, 3, 6, 0)                                  \
  DENSE(X, "ApplyRMSProp", RULE_RMSPROP, 3, 7, 3, 4, 0)                            \
  DENSE(X, "ApplyCenteredRMSProp", RULE_CENTERED_RMSPROP, 4, 8, 4, 4, 0)           \
  DENSE(X, "ApplyFtrl", RULE_FTRL, 3, 3, 4, 4, 0)                                  \
  SPARSE(X, "SparseApplyMomentum", RULE_MOMENTUM, 2, 3, 2, 2, 5, 4)                \
  SPARSE(X, "SparseApplyAdagrad", RULE_ADAGRAD, 2, 3, 2, 1, 0, 4)                  \
  SPARSE(X, "SparseApplyAdadelta", RULE_ADADELTA, 3, 6, 3, 3, 0, 7)                \
  SPARSE(X, "SparseApplyRMSProp", RULE_RMSPROP, 3, 7, 3, 4, 0, 8)                  \
  SPARSE(X, "SparseApplyCenteredRMSProp", RULE_CENTERED_RMSPROP, 4, 8, 4, 4, 0, 9) \
  SPARSE(X, "SparseApplyFtrl", RULE_FTRL, 3, 3, 5, 4, 0, 4)
#define SPARSE(X, name, rule, ...) X(name, rule, __VA_ARGS__) X("Resource" name, rule, __VA_ARGS__)

#define KERNEL(name, rule, cells, grad, first, scalars, second, indices)                 \
  {.struct_size = (uint32_t)sizeof(rn_kernel_def),                                       \
   .op = name,                                                                           \
   .device_type = "cpu",                                                                 \
   .types = "T: {float, double}",                                                        \
   .label = "loops",                                                                     \
   .priority = 10,                                                                       \
   .compute = compute_plain,                                                             \
   .user = &(const apply_row){name, rule, cells, grad, first, scalars, second, indices}, \
   .prepare = apply_prepare},
static const rn_kernel_def kernels[] = {ROWS(KERNEL)};

const rn_group apply_group = {.struct_size = (uint32_t)sizeof(rn_group), .kernels = RN_TABLE(kernels)};
