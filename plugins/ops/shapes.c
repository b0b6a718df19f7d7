/* shapes.c - what shape functions are made of: merging, broadcasting, joining (plugins/ops). */
#include "ops.h"

rn_status *op_fail(rn_infer *c, const char *fmt, ...) {
  char text[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  return c->self.host->status(RN_INVALID_ARGUMENT, text);
}

rn_status *op_axis(rn_infer *c, int64_t axis, int32_t rank, int32_t *out) {
  if (axis < -rank || axis >= rank) return op_fail(c, "axis %lld is outside of [%d, %d)", (long long)axis, -rank, rank);
  *out = (int32_t)(axis < 0 ? axis + rank : axis);
  return NULL;
}

rn_shape op_shape_of_rank(int32_t rank) {
  rn_shape s = rn_shape_unknown();
  s.rank = rank;
  for (int32_t i = 0; i < rank; i++) s.dim[i] = RN_DIM_UNKNOWN;
  return s;
}

rn_status *op_want_rank(rn_infer *c, uint32_t input, int32_t rank, rn_shape *out) {
  const rn_shape *s = c->api->shape(c, input);
  if (s->rank >= 0 && s->rank != rank)
    return op_fail(c, "input %u must have rank %d but has rank %d", input, rank, s->rank);
  *out = s->rank < 0 ? op_shape_of_rank(rank) : *s;
  return NULL;
}

rn_status *op_want_rank_from(rn_infer *c, uint32_t input, int32_t least) {
  const rn_shape *s = c->api->shape(c, input);
  if (s->rank >= 0 && s->rank < least)
    return op_fail(c, "input %u must have rank %d or more but has rank %d", input, least, s->rank);
  return NULL;
}

rn_status *op_merge(rn_infer *c, const rn_shape *a, const rn_shape *b, rn_shape *out) {
  if (a->rank < 0 || b->rank < 0) {
    rn_shape known = a->rank < 0 ? *b : *a;
    *out = known;
    return NULL;
  }
  if (a->rank != b->rank) return op_fail(c, "ranks differ: %d and %d", a->rank, b->rank);
  rn_shape s = *a;
  for (int32_t i = 0; i < a->rank; i++) RN_TRY(c->api->merge(c, a->dim[i], b->dim[i], &s.dim[i]));
  *out = s;
  return NULL;
}

/* One dimension of a broadcast. A dimension that may be one tells nothing about the result. */
static rn_status *broadcast_dim(rn_infer *c, int64_t a, int64_t b, int64_t *out) {
  if (a == 1 || b == 1) {
    *out = a == 1 ? b : a;
  } else if (a == b) {
    *out = a;
  } else if (a >= 0 && b >= 0) {
    return op_fail(c, "dimensions %lld and %lld do not broadcast", (long long)a, (long long)b);
  } else {
    *out = a >= 0 ? a : b >= 0 ? b : RN_DIM_UNKNOWN;
  }
  return NULL;
}

rn_status *op_broadcast(rn_infer *c, const rn_shape *a, const rn_shape *b, rn_shape *out) {
  if (a->rank < 0 || b->rank < 0) {
    *out = rn_shape_unknown();
    return NULL;
  }
  rn_shape s = op_shape_of_rank(a->rank > b->rank ? a->rank : b->rank);
  for (int32_t i = 0; i < s.rank; i++) {
    int32_t ia = i - (s.rank - a->rank), ib = i - (s.rank - b->rank);
    RN_TRY(broadcast_dim(c, ia < 0 ? 1 : a->dim[ia], ib < 0 ? 1 : b->dim[ib], &s.dim[i]));
  }
  *out = s;
  return NULL;
}

rn_shape op_part(const rn_shape *s, int32_t from, int32_t to) { return rn_shape_make(to - from, s->dim + from); }

rn_status *op_join(rn_infer *c, const rn_shape *a, const rn_shape *b, rn_shape *out) {
  if (a->rank < 0 || b->rank < 0) {
    *out = rn_shape_unknown();
    return NULL;
  }
  if (a->rank + b->rank > RN_MAX_RANK)
    return op_fail(c, "the result has rank %d; at most %d is supported", a->rank + b->rank, RN_MAX_RANK);
  rn_shape s = *a;
  for (int32_t i = 0; i < b->rank; i++) s.dim[s.rank++] = b->dim[i];
  *out = s;
  return NULL;
}

rn_status *op_dim_add(rn_infer *c, int64_t a, int64_t b, int64_t *out) {
  if (a == 0 || b == 0) {
    *out = a == 0 ? b : a;
  } else if (a < 0 || b < 0) {
    *out = RN_DIM_UNKNOWN;
  } else if (__builtin_add_overflow(a, b, out)) {
    return op_fail(c, "the sum of dimensions %lld and %lld overflows", (long long)a, (long long)b);
  }
  return NULL;
}

rn_status *op_dim_mul(rn_infer *c, int64_t a, int64_t b, int64_t *out) {
  if (a == 1 || b == 1) {
    *out = a == 1 ? b : a;
  } else if (a == 0 || b == 0) {
    *out = 0;
  } else if (a < 0 || b < 0) {
    *out = RN_DIM_UNKNOWN;
  } else if (__builtin_mul_overflow(a, b, out)) {
    return op_fail(c, "the product of dimensions %lld and %lld overflows", (long long)a, (long long)b);
  }
  return NULL;
}

rn_status *op_elems(rn_infer *c, const rn_shape *s, int64_t *out) {
  int64_t n = s->rank < 0 ? RN_DIM_UNKNOWN : 1;
  for (int32_t i = 0; i < s->rank; i++) RN_TRY(op_dim_mul(c, n, s->dim[i], &n));
  *out = n;
  return NULL;
}

rn_status *op_shape_input(rn_infer *c, uint32_t input, rn_shape *out) {
  op_int v[RN_MAX_VALUE];
  const rn_shape *s = c->api->shape(c, input);
  int64_t length = s->rank == 1 ? s->dim[0] : RN_DIM_UNKNOWN;
  if (length > RN_MAX_RANK)
    return op_fail(c, "a shape of rank %lld; at most %d is supported", (long long)length, RN_MAX_RANK);
  int32_t n = op_ints(c, input, v);
  *out = rn_shape_unknown();
  if (n > RN_MAX_RANK) return op_fail(c, "a shape of rank %d; at most %d is supported", n, RN_MAX_RANK);
  if (n < 0 && length >= 0) *out = op_shape_of_rank((int32_t)length);
  if (n < 0) return NULL;
  *out = op_shape_of_rank(n);
  for (int32_t i = 0; i < n; i++) out->dim[i] = op_int_as_dim(v[i]);
  return NULL;
}

rn_shape op_shape_attr(const rn_self *s, const char *name) {
  rn_attr_value v;
  if (!rn_self_attr(s, name, RN_ATTR_SHAPE, &v) || !v.u.shape) return rn_shape_unknown();
  return *v.u.shape;
}
