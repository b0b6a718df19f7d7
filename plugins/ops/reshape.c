/* reshape.c - the same elements in another shape: reshape, squeeze, expand, bitcast (plugins/ops). */
#include "ops.h"

/* The one -1 of a wanted shape becomes what is left of the elements. */
static rn_status *fill_wildcard(rn_infer *c, const rn_shape *x, rn_shape *s) {
  int32_t open = -1, n_open = 0;
  int64_t total, rest;
  rn_shape others = *s;
  for (int32_t i = 0; i < s->rank; i++)
    if (s->dim[i] < 0) {
      open = i;
      n_open++;
    }
  RN_TRY(op_elems(c, x, &total));
  if (n_open == 1) others.dim[open] = 1;
  RN_TRY(op_elems(c, &others, &rest));
  if (n_open == 0 && total >= 0 && total != rest)
    return op_fail(c, "%lld elements cannot take a shape of %lld", (long long)total, (long long)rest);
  if (n_open != 1) return NULL;
  if (total >= 0 && rest > 0 && total % rest != 0)
    return op_fail(c, "%lld elements do not divide into rows of %lld", (long long)total, (long long)rest);
  if (total >= 0 && rest > 0) s->dim[open] = total / rest;
  return NULL;
}

/* A single unknown dimension on both sides, the rest equal in number: the unknown ones are equal. */
static rn_status *carry_symbol(rn_infer *c, const rn_shape *x, rn_shape *s) {
  int32_t from = -1, to = -1;
  rn_shape a = *x, b = *s;
  int64_t na, nb;
  for (int32_t i = 0; i < x->rank; i++) {
    if (x->dim[i] < 0 && from >= 0) return NULL;
    if (x->dim[i] < 0) from = i;
  }
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dim[i] < 0 && to >= 0) return NULL;
    if (s->dim[i] < 0) to = i;
  }
  if (from < 0 || to < 0 || s->dim[to] != RN_DIM_UNKNOWN) return NULL;
  a.dim[from] = 1;
  b.dim[to] = 1;
  RN_TRY(op_elems(c, &a, &na));
  RN_TRY(op_elems(c, &b, &nb));
  if (na == nb && na > 0) s->dim[to] = x->dim[from];
  return NULL;
}

static rn_status *check_wanted(rn_infer *c) {
  op_int v[RN_MAX_VALUE];
  int32_t wildcards = 0, n = op_ints(c, 1, v);
  for (int32_t i = 0; i < n; i++) {
    if (v[i].known && v[i].v < -1) return op_fail(c, "size %lld of dimension %d is negative", (long long)v[i].v, i);
    wildcards += v[i].known && v[i].v == -1;
  }
  return wildcards > 1 ? op_fail(c, "only one size may be -1, here are %d", wildcards) : NULL;
}

static rn_status *infer_reshape(rn_infer *c) {
  rn_shape s;
  const rn_shape *x = c->api->shape(c, 0);
  RN_TRY(op_want_rank(c, 1, 1, &s));
  RN_TRY(check_wanted(c));
  RN_TRY(op_shape_input(c, 1, &s));
  if (s.rank >= 0 && x->rank >= 0) {
    RN_TRY(fill_wildcard(c, x, &s));
    RN_TRY(carry_symbol(c, x, &s));
  }
  c->api->set_shape(c, 0, &s);
  if (s.rank == 0 || s.rank == 1) op_forward_ints(c, 0, 0);
  return NULL;
}

static rn_status *drop_axes(rn_infer *c, const rn_shape *x, const int64_t *axes, uint32_t n, rn_shape *out) {
  uint8_t drop[RN_MAX_RANK] = {0};
  for (uint32_t i = 0; i < n; i++) {
    int32_t a;
    RN_TRY(op_axis(c, axes[i], x->rank, &a));
    if (x->dim[a] >= 0 && x->dim[a] != 1)
      return op_fail(c, "axis %d has %lld elements and cannot be squeezed", a, (long long)x->dim[a]);
    drop[a] = 1;
  }
  rn_shape s = rn_shape_scalar();
  for (int32_t i = 0; i < x->rank; i++)
    if (!drop[i] && (n > 0 || x->dim[i] != 1)) s.dim[s.rank++] = x->dim[i];
  *out = s;
  return NULL;
}

static rn_status *infer_squeeze(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  uint32_t n;
  const int64_t *axes = op_int_list(&c->self, "squeeze_dims", &n);
  rn_shape s = rn_shape_unknown();
  if (x->rank >= 0 && (n > 0 || rn_shape_known(x))) RN_TRY(drop_axes(c, x, axes, n, &s));
  c->api->set_shape(c, 0, &s);
  if (s.rank == 0 || s.rank == 1) op_forward_ints(c, 0, 0);
  return NULL;
}

static rn_status *infer_expand(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  op_int axis = op_scalar(c, 1);
  int32_t at;
  rn_shape s = rn_shape_unknown();
  if (x->rank >= RN_MAX_RANK)
    return op_fail(c, "the result has rank %d; at most %d is supported", x->rank + 1, RN_MAX_RANK);
  if (x->rank >= 0 && axis.known) {
    RN_TRY(op_axis(c, axis.v, x->rank + 1, &at));
    rn_shape head = op_part(x, 0, at), one = rn_shape_vector(1), tail = op_part(x, at, x->rank);
    RN_TRY(op_join(c, &head, &one, &s));
    RN_TRY(op_join(c, &s, &tail, &s));
  } else if (x->rank >= 0) {
    s = op_shape_of_rank(x->rank + 1);
  }
  c->api->set_shape(c, 0, &s);
  if (s.rank == 1) op_forward_ints(c, 0, 0);
  return NULL;
}

static rn_status *grad_reshape(rn_grad *c) { return op_dx(c, 0, op_reshape_like(GRAD_B, GRAD_DY, GRAD_X(0))); }

static int64_t dtype_bytes(rn_dtype dt) {
  switch (dt) {
    case RN_DOUBLE:
    case RN_INT64:
    case RN_UINT64:
    case RN_COMPLEX64:
      return 8;
    case RN_COMPLEX128:
      return 16;
    case RN_FLOAT:
    case RN_INT32:
    case RN_UINT32:
    case RN_QINT32:
      return 4;
    case RN_HALF:
    case RN_BFLOAT16:
    case RN_INT16:
    case RN_UINT16:
    case RN_QINT16:
    case RN_QUINT16:
      return 2;
    default:
      return 1;
  }
}

static rn_status *infer_bitcast(rn_infer *c) {
  rn_shape s = *c->api->shape(c, 0);
  int64_t from = dtype_bytes(c->api->dtype(c, 0)), to = dtype_bytes(c->api->out_dtype(c, 0));
  if (s.rank >= 0 && from > to) {
    rn_shape more = rn_shape_vector(from / to);
    RN_TRY(op_join(c, &s, &more, &s));
  } else if (s.rank >= 0 && from < to) {
    if (s.rank == 0)
      return op_fail(c, "a scalar of %lld bytes cannot become one of %lld", (long long)from, (long long)to);
    if (s.dim[s.rank - 1] >= 0 && s.dim[s.rank - 1] != to / from)
      return op_fail(c, "the last dimension must be %lld but is %lld", (long long)(to / from),
                     (long long)s.dim[s.rank - 1]);
    s.rank--;
  }
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static const rn_op_def ops[] = {
    OP("Reshape", "(tensor: T, shape: Tshape) -> (output: T); T: type; Tshape: {int32, int64} = int32",
       "The same elements in another shape; one size may be -1.", infer_reshape, grad_reshape),
    OP("Squeeze", "(input: T) -> (output: T); T: type; squeeze_dims: list(int) >= 0 = []",
       "Without the dimensions of size one, or without those named.", infer_squeeze, grad_reshape),
    OP("ExpandDims", "(input: T, dim: Tdim) -> (output: T); T: type; Tdim: {int32, int64} = int32",
       "With a dimension of size one put in at an axis.", infer_expand, grad_reshape),
    OP("Bitcast",
       "(input: T) -> (output: type); T: {bfloat16, half, float, double, int64, int32, uint8, uint16, uint32, uint64, "
       "int8, int16, complex64, complex128, qint8, quint8, qint16, quint16, qint32}; type: {bfloat16, half, float, "
       "double, int64, int32, uint8, uint16, uint32, uint64, int8, int16, complex64, complex128, qint8, quint8, "
       "qint16, quint16, qint32}",
       "The same bytes read as another type.", infer_bitcast, NULL, NO_GRADIENT),
};
OPS_GROUP(ops_reshape, ops);
