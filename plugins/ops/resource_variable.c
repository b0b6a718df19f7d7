/* resource_variable.c - variables behind handles (plugins/ops). */
#include "ops.h"

#define B GRAD_B

static rn_status *infer_handle(rn_infer *c) {
  rn_shape s = op_shape_attr(&c->self, "shape");
  c->api->set_handle(c, 0, rn_self_type(&c->self, "dtype", RN_INVALID), &s);
  return op_infer_scalar(c);
}
static rn_status *handle_spec(const rn_self *s, rn_resource_spec *out) {
  out->scope = RN_SCOPE_SESSION;
  out->container = rn_self_string(s, "container");
  out->shared_name = rn_self_string(s, "shared_name");
  out->dtype = rn_self_type(s, "dtype", RN_INVALID);
  out->shape = op_shape_attr(s, "shape");
  return NULL;
}

/* The shape behind the handle, whose type must be this. */
static rn_status *behind(rn_infer *c, rn_dtype want, rn_shape *out) {
  rn_dtype dt = RN_INVALID;
  *out = rn_shape_unknown();
  if (!c->api->handle(c, 0, &dt, out)) return NULL;
  if (dt != RN_INVALID && want != RN_INVALID && dt != want)
    return op_fail(c, "the variable holds type %d, not %d", dt, want);
  return NULL;
}
static rn_status *infer_read(rn_infer *c) {
  rn_shape s;
  RN_TRY(behind(c, c->api->out_dtype(c, 0), &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_write(rn_infer *c) {
  rn_shape s;
  RN_TRY(behind(c, c->api->dtype(c, 1), &s));
  return op_merge(c, &s, c->api->shape(c, 1), &s);
}
static rn_status *infer_gather(rn_infer *c) {
  rn_shape x, s = rn_shape_unknown();
  const rn_shape *i = c->api->shape(c, 1);
  int64_t batch = rn_self_int(&c->self, "batch_dims", 0);
  RN_TRY(behind(c, c->api->out_dtype(c, 0), &x));
  if (x.rank == 0) return op_fail(c, "the variable is a scalar");
  if (batch < 0 || (i->rank >= 0 && batch > i->rank) || (x.rank >= 0 && batch >= x.rank))
    return op_fail(c, "batch_dims %lld does not fit", (long long)batch);
  if (x.rank > 0 && i->rank >= 0) {
    rn_shape middle = op_part(i, (int32_t)batch, i->rank), tail = op_part(&x, (int32_t)batch + 1, x.rank);
    s = op_part(&x, 0, (int32_t)batch);
    RN_TRY(op_join(c, &s, &middle, &s));
    RN_TRY(op_join(c, &s, &tail, &s));
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *infer_shape(rn_infer *c) {
  rn_shape x;
  op_int v[RN_MAX_VALUE];
  RN_TRY(behind(c, RN_INVALID, &x));
  rn_shape s = rn_shape_vector(x.rank < 0 ? RN_DIM_UNKNOWN : x.rank);
  c->api->set_shape(c, 0, &s);
  for (int32_t i = 0; i < x.rank; i++) v[i] = op_int_dim(x.dim[i]);
  if (rn_shape_known(&x)) op_set_ints(c, 0, v, x.rank);
  return NULL;
}

static rn_status *grad_gather(rn_grad *c) {
  rn_value shape = rn_op1(B, "VariableShape", GRAD_X(0)), n = op_expand(B, rn_op1(B, "Size", GRAD_X(1)), 0);
  rn_value rows[2] = {n, op_vector_part(B, shape, 1, 0, 1)};
  if (rn_self_int(&B->self, "batch_dims", 0) != 0) return op_grad_fail(c, "the gradient of a gather with batch_dims");
  rn_value values = rn_op2(B, "Reshape", GRAD_DY, op_concat(B, rows, 2, 0));
  c->api->set_dx_slices(c, 0, values, rn_op2(B, "Reshape", GRAD_X(1), n), shape);
  return NULL;
}

#define CHANGES .writes = 1, .reads = 1, .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT
static const rn_op_def ops[] = {
    OP("VarHandleOp",
       "() -> (resource: resource); container: string = \"\"; shared_name: string = \"\"; dtype: type; shape: shape",
       "The handle of a variable.", infer_handle, NULL, .flags = RN_OP_STATEFUL, .role = RN_ROLE_RESOURCE,
       .resource = handle_spec),
    OP("ReadVariableOp", "(resource: resource) -> (value: dtype); dtype: type", "The value of a variable.", infer_read,
       op_grad_pass, .flags = RN_OP_STATEFUL, .reads = 1),
    OP("VarIsInitializedOp", "(resource: resource) -> (is_initialized: bool)", "Has the variable a value?",
       op_infer_scalar, NULL, .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_UNINITIALIZED_OK),
    OP("VariableShape", "(input: resource) -> (output: out_type); out_type: {int32, int64} = int32",
       "The dimensions of a variable.", infer_shape, NULL, .reads = 1, .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT),
    OP("AssignVariableOp", "(resource: resource, value: dtype) -> (); dtype: type", "Sets a variable.", infer_write,
       NULL, .writes = 1, .flags = RN_OP_STATEFUL | RN_OP_NO_GRADIENT | RN_OP_UNINITIALIZED_OK),
    OP("AssignAddVariableOp", "(resource: resource, value: dtype) -> (); dtype: type", "Adds to a variable.",
       infer_write, NULL, CHANGES),
    OP("AssignSubVariableOp", "(resource: resource, value: dtype) -> (); dtype: type", "Subtracts from a variable.",
       infer_write, NULL, CHANGES),
    OP("ResourceGather",
       "(resource: resource, indices: Tindices) -> (output: dtype); batch_dims: int = 0; validate_indices: bool = "
       "true; dtype: type; Tindices: {int32, int64}",
       "Rows of a variable.", infer_gather, grad_gather, .flags = RN_OP_STATEFUL, .reads = 1),
    OP("ResourceScatterUpdate",
       "(resource: resource, indices: Tindices, updates: dtype) -> (); dtype: type; Tindices: {int32, int64}",
       "Sets rows of a variable.", NULL, NULL, CHANGES),
    OP("ResourceScatterAdd",
       "(resource: resource, indices: Tindices, updates: dtype) -> (); dtype: {float, double, int32, uint8, int16, "
       "int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: "
       "{int32, int64}",
       "Adds to rows of a variable.", NULL, NULL, CHANGES),
    OP("ResourceScatterSub",
       "(resource: resource, indices: Tindices, updates: dtype) -> (); dtype: {float, double, int32, uint8, int16, "
       "int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: "
       "{int32, int64}",
       "Subtracts from rows of a variable.", NULL, NULL, CHANGES),
};
OPS_GROUP(ops_resource_variable, ops);
