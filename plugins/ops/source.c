/* source.c - where values enter a graph: constants and placeholders (plugins/ops). */
#include "ops.h"

static rn_status *infer_const(rn_infer *c) {
  rn_attr_value a;
  if (!rn_self_attr(&c->self, "value", RN_ATTR_TENSOR, &a) || !a.u.tensor) return op_fail(c, "it has no value");
  rn_tensor_view v;
  memset(&v, 0, sizeof v);
  v.struct_size = (uint32_t)sizeof v;
  c->self.host->tensor_view(a.u.tensor, &v);
  rn_dtype dt = rn_self_type(&c->self, "dtype", v.dtype);
  if (dt != v.dtype) return op_fail(c, "dtype is %d but the value's is %d", dt, v.dtype);
  c->api->set_shape(c, 0, &v.shape);
  return NULL;
}

/* An unknown dimension gets a name of its own, so that what depends on it is known to be equal. */
static rn_status *infer_placeholder(rn_infer *c) {
  rn_shape s = op_shape_attr(&c->self, "shape");
  for (int32_t i = 0; i < s.rank; i++)
    if (s.dim[i] < 0) s.dim[i] = c->api->new_symbol(c);
  c->api->set_shape(c, 0, &s);
  return NULL;
}

/* Before shapes of any kind could be written, files gave an empty shape for an unknown one. */
static rn_status *infer_placeholder_with_default(rn_infer *c) {
  rn_shape s = op_shape_attr(&c->self, "shape"), merged;
  RN_TRY(op_merge(c, c->api->shape(c, 0), &s, &merged));
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Const", "() -> (output: dtype); value: tensor; dtype: type", "A tensor that is the same in every step.",
       infer_const, NULL, NO_GRADIENT, .role = RN_ROLE_CONSTANT),
    OP("Placeholder", "() -> (output: dtype); dtype: type; shape: shape = <unknown>", "A value that must be fed.",
       infer_placeholder, NULL, NO_GRADIENT, .role = RN_ROLE_PLACEHOLDER),
    OP("PlaceholderV2", "() -> (output: dtype); dtype: type; shape: shape",
       "A value of a declared shape that must be fed.", infer_placeholder, NULL, NO_GRADIENT,
       .role = RN_ROLE_PLACEHOLDER),
    OP("PlaceholderWithDefault", "(input: dtype) -> (output: dtype); dtype: type; shape: shape",
       "Its input, unless something else is fed.", infer_placeholder_with_default, op_grad_pass),
    OP("NoOp", "() -> ()", "Does nothing; orders what waits for it.", NULL, NULL, NO_GRADIENT, .role = RN_ROLE_NO_OP),
};
OPS_GROUP(ops_source, ops);
