/* emit.c - short forms for the nodes that gradients are built of (plugins/ops). */
#include "ops.h"

int op_is_value(rn_value v) { return v.node != RN_NO_NODE; }

rn_dtype op_dtype(const rn_builder *b, rn_value v) {
  rn_dtype dt = b->self.view->dtype(b->self.graph, v);
  return dt > RN_REF ? dt - RN_REF : dt;
}

const rn_shape *op_shape(const rn_builder *b, rn_value v) {
  static const rn_shape unknown = {.rank = -1};
  const rn_shape *s = b->self.view->shape(b->self.graph, v);
  return s ? s : &unknown;
}

static int is_complex(rn_dtype dt) { return dt == RN_COMPLEX64 || dt == RN_COMPLEX128; }

int op_is_float(rn_dtype dt) {
  return dt == RN_FLOAT || dt == RN_DOUBLE || dt == RN_HALF || dt == RN_BFLOAT16 || is_complex(dt);
}

static rn_tensor *make(rn_builder *b, rn_dtype dt, const rn_shape *s, rn_tensor_view *v) {
  rn_tensor *t = NULL;
  rn_status *e = b->self.host->tensor_create(dt, s, &t);
  if (e) {
    b->api->fail(b, e);
    return NULL;
  }
  memset(v, 0, sizeof *v);
  v->struct_size = (uint32_t)sizeof *v;
  b->self.host->tensor_view(t, v);
  return t;
}

static rn_value finish(rn_builder *b, rn_tensor *t) {
  rn_value c = b->api->constant(b, "Const", t);
  b->self.host->tensor_release(t);
  return c;
}

/* int32, as TensorFlow's gradients use, unless a number does not fit. */
static rn_value int_constant(rn_builder *b, const int64_t *v, uint32_t n, const rn_shape *s) {
  rn_tensor_view view;
  int wide = 0;
  for (uint32_t i = 0; i < n; i++) wide = wide || v[i] > INT32_MAX || v[i] < INT32_MIN;
  rn_tensor *t = make(b, wide ? RN_INT64 : RN_INT32, s, &view);
  if (!t) return RN_NO_VALUE;
  for (uint32_t i = 0; i < n && wide; i++) ((int64_t *)view.data)[i] = v[i];
  for (uint32_t i = 0; i < n && !wide; i++) ((int32_t *)view.data)[i] = (int32_t)v[i];
  return finish(b, t);
}

rn_value op_vector(rn_builder *b, const int64_t *v, uint32_t n) {
  rn_shape s = rn_shape_vector((int64_t)n);
  return int_constant(b, v, n, &s);
}
rn_value op_integer(rn_builder *b, int64_t v) {
  rn_shape s = rn_shape_scalar();
  return int_constant(b, &v, 1, &s);
}

static void put_number(rn_dtype dt, void *data, double v) {
  switch (dt) {
    case RN_DOUBLE:
      *(double *)data = v;
      break;
    case RN_INT32:
      *(int32_t *)data = (int32_t)v;
      break;
    case RN_INT64:
      *(int64_t *)data = (int64_t)v;
      break;
    default:
      *(float *)data = (float)v;
      break;
  }
}

rn_value op_number(rn_builder *b, double v, rn_dtype dt) {
  int direct = dt == RN_FLOAT || dt == RN_DOUBLE || dt == RN_INT32 || dt == RN_INT64;
  rn_dtype made = direct ? dt : RN_FLOAT;
  rn_shape s = rn_shape_scalar();
  rn_tensor_view view;
  rn_tensor *t = make(b, made, &s, &view);
  if (!t) return RN_NO_VALUE;
  put_number(made, view.data, v);
  rn_value c = finish(b, t);
  return direct ? c : op_cast(b, c, dt);
}
rn_value op_number_like(rn_builder *b, double v, rn_value like) { return op_number(b, v, op_dtype(b, like)); }

rn_value op_cast(rn_builder *b, rn_value v, rn_dtype to) {
  if (op_dtype(b, v) == to) return v;
  rn_attr a = RN_AT("DstT", to);
  return rn_emit(b, "Cast", &v, 1, &a, 1);
}
rn_value op_shape_as(rn_builder *b, rn_value v, rn_dtype out_type) {
  rn_attr a = RN_AT("out_type", out_type);
  return rn_emit(b, "Shape", &v, 1, &a, 1);
}
rn_value op_conj(rn_builder *b, rn_value v) { return is_complex(op_dtype(b, v)) ? rn_op1(b, "Conj", v) : v; }
rn_value op_mul(rn_builder *b, rn_value x, rn_value y) { return rn_op2(b, "Mul", x, y); }
rn_value op_neg(rn_builder *b, rn_value x) { return rn_op1(b, "Neg", x); }
rn_value op_reshape_like(rn_builder *b, rn_value v, rn_value like) {
  return rn_op2(b, "Reshape", v, rn_op1(b, "Shape", like));
}
rn_value op_expand(rn_builder *b, rn_value v, int64_t axis) { return rn_op2(b, "ExpandDims", v, op_integer(b, axis)); }
rn_value op_sum(rn_builder *b, rn_value v, rn_value axes, int keep_dims) {
  rn_value in[2] = {v, axes};
  rn_attr a = RN_AB("keep_dims", keep_dims);
  return rn_emit(b, "Sum", in, 2, &a, 1);
}
rn_value op_vector_part(rn_builder *b, rn_value v, int64_t begin, int64_t end, int to_end) {
  int64_t one = 1;
  rn_value in[4] = {v, op_vector(b, &begin, 1), op_vector(b, &end, 1), op_vector(b, &one, 1)};
  rn_attr a = RN_AI("end_mask", to_end ? 1 : 0);
  return rn_emit(b, "StridedSlice", in, 4, &a, 1);
}
rn_value op_element(rn_builder *b, rn_value v, int64_t i) {
  int64_t one = 1, next = i + 1;
  rn_value in[4] = {v, op_vector(b, &i, 1), op_vector(b, &next, 1), op_vector(b, &one, 1)};
  rn_attr a[2] = {RN_AI("shrink_axis_mask", 1), RN_AI("end_mask", i == -1)};
  return rn_emit(b, "StridedSlice", in, 4, a, 2);
}
rn_value op_concat(rn_builder *b, const rn_value *parts, uint32_t n, int64_t axis) {
  rn_value in[8];
  if (n > 7) return RN_NO_VALUE;
  for (uint32_t i = 0; i < n; i++) in[i] = parts[i];
  in[n] = op_integer(b, axis);
  rn_attr a = RN_AI("N", (int64_t)n);
  return rn_emit(b, "ConcatV2", in, n + 1, &a, 1);
}
rn_value op_pack(rn_builder *b, const rn_value *parts, uint32_t n, int64_t axis) {
  rn_attr a[2] = {RN_AI("axis", axis), RN_AI("N", (int64_t)n)};
  return rn_emit(b, "Pack", parts, n, a, 2);
}
int op_copy_attr(const rn_self *s, const char *name, rn_attr *out) {
  out->name = name;
  return rn_self_attr(s, name, 0, &out->value);
}
