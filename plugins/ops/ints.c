/* ints.c - small integer tensors in shape functions: shapes, axes, sizes (plugins/ops).
 *
 * The host carries an unknown element and a negative number in the same word, so constants are read
 * from their tensor, and a negative result is handed on as unknown. */
#include "ops.h"

op_int op_int_known(int64_t v) { return (op_int){v, 1}; }
op_int op_int_dim(int64_t dim) { return (op_int){dim, dim >= 0}; }
int64_t op_int_as_dim(op_int v) { return v.known && v.v < 0 ? RN_DIM_UNKNOWN : v.v; }

static int64_t element(const rn_tensor_view *v, int64_t i) {
  switch (v->dtype) {
    case RN_INT32:
      return ((const int32_t *)v->data)[i];
    case RN_INT64:
      return ((const int64_t *)v->data)[i];
    case RN_INT16:
      return ((const int16_t *)v->data)[i];
    case RN_INT8:
      return ((const int8_t *)v->data)[i];
    case RN_UINT8:
      return ((const uint8_t *)v->data)[i];
    default:
      return 0;
  }
}

static int is_readable(const rn_tensor_view *v) {
  int integer = v->dtype == RN_INT32 || v->dtype == RN_INT64 || v->dtype == RN_INT16 || v->dtype == RN_INT8 ||
                v->dtype == RN_UINT8;
  return integer && v->shape.rank >= 0 && v->shape.rank <= 1;
}

static int32_t constant_ints(const rn_host_api *host, rn_tensor *t, int64_t *out) {
  rn_tensor_view v;
  memset(&v, 0, sizeof v);
  v.struct_size = (uint32_t)sizeof v;
  host->tensor_view(t, &v);
  if (!is_readable(&v)) return -1;
  int64_t n = rn_shape_elems(&v.shape);
  if (n > RN_MAX_VALUE || (n > 0 && !v.data)) return -1;
  for (int64_t i = 0; i < n; i++) out[i] = element(&v, i);
  return (int32_t)n;
}

int32_t op_ints(rn_infer *c, uint32_t input, op_int out[RN_MAX_VALUE]) {
  int64_t v[RN_MAX_VALUE];
  rn_tensor *t = c->api->constant(c, input);
  int32_t n = t ? constant_ints(c->self.host, t, v) : -1;
  if (n >= 0) {
    for (int32_t i = 0; i < n; i++) out[i] = op_int_known(v[i]);
    return n;
  }
  n = c->api->value(c, input, v, RN_MAX_VALUE);
  if (n > RN_MAX_VALUE) return -1;
  for (int32_t i = 0; i < n; i++) out[i] = op_int_dim(v[i]);
  return n;
}

op_int op_scalar(rn_infer *c, uint32_t input) {
  op_int v[RN_MAX_VALUE];
  return op_ints(c, input, v) == 1 ? v[0] : (op_int){RN_DIM_UNKNOWN, 0};
}

void op_set_ints(rn_infer *c, uint32_t output, const op_int *v, int32_t n) {
  int64_t words[RN_MAX_VALUE];
  if (n < 0 || n > RN_MAX_VALUE) return;
  for (int32_t i = 0; i < n; i++) words[i] = op_int_as_dim(v[i]);
  c->api->set_value(c, output, words, (uint32_t)n);
}

void op_forward_ints(rn_infer *c, uint32_t input, uint32_t output) {
  op_int v[RN_MAX_VALUE];
  rn_dtype dt = c->api->out_dtype(c, output);
  if (dt == RN_INT32 || dt == RN_INT64) op_set_ints(c, output, v, op_ints(c, input, v));
}

int32_t op_constant_ints(const rn_builder *b, rn_value v, int64_t out[RN_MAX_VALUE]) {
  rn_tensor *t = b->self.view->constant(b->self.graph, v);
  return t ? constant_ints(b->self.host, t, out) : -1;
}

const int64_t *op_int_list(const rn_self *s, const char *name, uint32_t *count) {
  rn_attr_value v;
  *count = 0;
  if (!rn_self_attr(s, name, RN_ATTR_LIST | RN_ATTR_INT, &v)) return NULL;
  *count = v.count;
  return v.u.list;
}
