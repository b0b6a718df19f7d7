/* variable.c - variables behind reference edges, and writing to them (plugins/ops). */
#include "ops.h"

#define MODIFIES .writes = 1, .ref_forward = 1, .flags = RN_OP_NO_GRADIENT

static rn_status *infer_variable(rn_infer *c) {
  rn_shape s = op_shape_attr(&c->self, "shape");
  c->api->set_shape(c, 0, &s);
  return NULL;
}
/* In files of the first variable op an empty shape may mean an unknown one. */
static rn_status *infer_variable_v1(rn_infer *c) {
  rn_shape s = op_shape_attr(&c->self, "shape");
  if (s.rank == 0) s = rn_shape_unknown();
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *variable_spec(const rn_self *s, rn_resource_spec *out, int first) {
  out->scope = RN_SCOPE_SESSION;
  out->container = rn_self_string(s, "container");
  out->shared_name = rn_self_string(s, "shared_name");
  out->dtype = rn_self_type(s, "dtype", RN_INVALID);
  out->shape = op_shape_attr(s, "shape");
  if (first && out->shape.rank == 0) out->shape = rn_shape_unknown();
  return NULL;
}
static rn_status *spec_v1(const rn_self *s, rn_resource_spec *out) { return variable_spec(s, out, 1); }
static rn_status *spec_v2(const rn_self *s, rn_resource_spec *out) { return variable_spec(s, out, 0); }

static rn_status *infer_assign(rn_infer *c) {
  rn_shape s = *c->api->shape(c, 1);
  if (rn_self_bool(&c->self, "validate_shape", 1)) RN_TRY(op_merge(c, c->api->shape(c, 0), &s, &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}

/* updates are rows for ref, one per index; or a scalar. */
static rn_status *infer_scatter(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0), *i = c->api->shape(c, 1), *u = c->api->shape(c, 2);
  rn_shape rows;
  RN_TRY(op_want_rank_from(c, 0, 1));
  if (x->rank > 0 && i->rank >= 0 && u->rank > 0) {
    rn_shape tail = op_part(x, 1, x->rank);
    RN_TRY(op_join(c, i, &tail, &rows));
    RN_TRY(op_merge(c, u, &rows, &rows));
  }
  return op_infer_same(c);
}

static const rn_op_def ops[] = {
    OP("Variable",
       "() -> (ref: Ref(dtype)); shape: shape; dtype: type; container: string = \"\"; shared_name: string = \"\"",
       "A tensor that lives as long as the session.", infer_variable_v1, NULL, .flags = RN_OP_STATEFUL,
       .role = RN_ROLE_RESOURCE, .resource = spec_v1),
    OP("VariableV2",
       "() -> (ref: Ref(dtype)); shape: shape; dtype: type; container: string = \"\"; shared_name: string = \"\"",
       "A tensor that lives as long as the session.", infer_variable, NULL, .flags = RN_OP_STATEFUL,
       .role = RN_ROLE_RESOURCE, .resource = spec_v2),
    OP("IsVariableInitialized", "(ref: Ref(dtype)) -> (is_initialized: bool); dtype: type", "Has the variable a value?",
       op_infer_scalar, NULL, .flags = RN_OP_NO_GRADIENT | RN_OP_UNINITIALIZED_OK),
    OP("Assign",
       "(ref: Ref(T), value: T) -> (output_ref: Ref(T)); T: type; validate_shape: bool = true; use_locking: bool = "
       "true",
       "Sets a variable.", infer_assign, NULL, .writes = 1, .ref_forward = 1,
       .flags = RN_OP_NO_GRADIENT | RN_OP_UNINITIALIZED_OK),
    OP("AssignAdd",
       "(ref: Ref(T), value: T) -> (output_ref: Ref(T)); T: {float, double, int32, uint8, int16, int8, complex64, "
       "int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; use_locking: bool = false",
       "Adds to a variable.", op_infer_merged, NULL, MODIFIES),
    OP("AssignSub",
       "(ref: Ref(T), value: T) -> (output_ref: Ref(T)); T: {float, double, int32, uint8, int16, int8, complex64, "
       "int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; use_locking: bool = false",
       "Subtracts from a variable.", op_infer_merged, NULL, MODIFIES),
    OP("ScatterUpdate",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: type; Tindices: {int32, int64}; "
       "use_locking: bool = true",
       "Sets rows of a variable.", infer_scatter, NULL, MODIFIES),
    OP("ScatterAdd",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: {float, double, int32, uint8, int16, "
       "int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: "
       "{int32, int64}; use_locking: bool = false",
       "Adds to rows of a variable.", infer_scatter, NULL, MODIFIES),
    OP("ScatterSub",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: {float, double, int32, uint8, int16, "
       "int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: "
       "{int32, int64}; use_locking: bool = false",
       "Subtracts from rows of a variable.", infer_scatter, NULL, MODIFIES),
    OP("ScatterMul",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: {float, double, int32, uint8, int16, "
       "int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: "
       "{int32, int64}; use_locking: bool = false",
       "Multiplies rows of a variable.", infer_scatter, NULL, MODIFIES),
    OP("ScatterDiv",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: {float, double, int32, uint8, int16, "
       "int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64}; Tindices: "
       "{int32, int64}; use_locking: bool = false",
       "Divides rows of a variable.", infer_scatter, NULL, MODIFIES),
    OP("ScatterMin",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: {half, bfloat16, float, double, "
       "int32, int64}; Tindices: {int32, int64}; use_locking: bool = false",
       "Lowers rows of a variable.", infer_scatter, NULL, MODIFIES),
    OP("ScatterMax",
       "(ref: Ref(T), indices: Tindices, updates: T) -> (output_ref: Ref(T)); T: {half, bfloat16, float, double, "
       "int32, int64}; Tindices: {int32, int64}; use_locking: bool = false",
       "Raises rows of a variable.", infer_scatter, NULL, MODIFIES),
};
OPS_GROUP(ops_variable, ops);
