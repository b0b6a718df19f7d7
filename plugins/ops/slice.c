/* slice.c - boxes out of tensors: Slice and StridedSlice (plugins/ops).
 *
 * A strided slice is described sparsely: one entry per axis, except that an ellipsis stands for several
 * and a new axis for none. `entry` says what became of each. */
#include "ops.h"

static rn_status *slice_dim(rn_infer *c, int32_t i, int64_t dim, op_int begin, op_int size, int64_t *out) {
  *out = RN_DIM_UNKNOWN;
  if (begin.known && begin.v < 0) return op_fail(c, "begin %lld of axis %d is negative", (long long)begin.v, i);
  if (size.known && size.v < -1) return op_fail(c, "size %lld of axis %d is negative", (long long)size.v, i);
  if (!size.known) {
    *out = size.v;
  } else if (size.v >= 0) {
    if (dim >= 0 && (size.v > dim || (begin.known && begin.v > dim - size.v)))
      return op_fail(c, "[%lld, +%lld) is outside of axis %d, which has %lld", (long long)begin.v, (long long)size.v, i,
                     (long long)dim);
    *out = size.v;
  } else if (begin.known && dim >= 0) {
    if (begin.v > dim)
      return op_fail(c, "begin %lld is outside of axis %d, which has %lld", (long long)begin.v, i, (long long)dim);
    *out = dim - begin.v;
  } else if (begin.known && begin.v == 0) {
    *out = dim;
  }
  return NULL;
}

static rn_status *infer_slice(rn_infer *c) {
  rn_shape x = *c->api->shape(c, 0), v, w;
  op_int begin[RN_MAX_VALUE], size[RN_MAX_VALUE];
  RN_TRY(op_want_rank(c, 1, 1, &v));
  RN_TRY(op_want_rank(c, 2, 1, &w));
  RN_TRY(op_merge(c, &v, &w, &v));
  if (x.rank >= 0 && v.dim[0] >= 0 && v.dim[0] != x.rank)
    return op_fail(c, "%lld begins for a tensor of rank %d", (long long)v.dim[0], x.rank);
  if (x.rank < 0 && v.dim[0] >= 0 && v.dim[0] <= RN_MAX_RANK) x = op_shape_of_rank((int32_t)v.dim[0]);
  int32_t nb = op_ints(c, 1, begin), ns = op_ints(c, 2, size);
  rn_shape s = x.rank < 0 ? x : op_shape_of_rank(x.rank);
  for (int32_t i = 0; i < x.rank; i++) {
    op_int none = {RN_DIM_UNKNOWN, 0};
    RN_TRY(slice_dim(c, i, x.dim[i], nb == x.rank ? begin[i] : none, ns == x.rank ? size[i] : none, &s.dim[i]));
  }
  c->api->set_shape(c, 0, &s);
  op_int ints[RN_MAX_VALUE];
  int32_t n = x.rank == 1 ? op_ints(c, 0, ints) : -1;
  if (n >= 0 && nb == 1 && begin[0].known && s.dim[0] >= 0 && begin[0].v <= n - s.dim[0])
    op_set_ints(c, 0, ints + begin[0].v, (int32_t)s.dim[0]);
  return NULL;
}

static rn_status *grad_slice(rn_grad *c) {
  rn_value x = GRAD_X(0), begin = GRAD_X(1), rank = rn_op1(GRAD_B, "Rank", x);
  rn_dtype index = op_dtype(GRAD_B, begin);
  rn_value pack[2] = {rank, op_integer(GRAD_B, 1)};
  rn_value column = op_pack(GRAD_B, pack, 2, 0);
  rn_value before = rn_op2(GRAD_B, "Reshape", begin, column);
  rn_value left = rn_op2(GRAD_B, "Sub", op_shape_as(GRAD_B, x, index), op_shape_as(GRAD_B, GRAD_Y(0), index));
  rn_value after = rn_op2(GRAD_B, "Reshape", rn_op2(GRAD_B, "Sub", left, begin), column);
  rn_value both[2] = {before, after};
  return op_dx(c, 0, rn_op2(GRAD_B, "Pad", GRAD_DY, op_concat(GRAD_B, both, 2, 1)));
}

typedef struct masks {
  int64_t begin, end, ellipsis, new_axis, shrink;
} masks;

static int bit(int64_t mask, int32_t i) { return i < 63 && ((mask >> i) & 1) != 0; }

typedef struct spec {
  op_int begin, end, stride;
  int begin_open, end_open, shrink;
} spec;

/* How many elements a known slice of a known axis keeps, and where it starts. */
static int64_t kept(const spec *e, int64_t dim, int64_t *first) {
  int64_t stride = e->stride.v, low = stride > 0 ? 0 : -1, high = stride > 0 ? dim : dim - 1;
  int64_t b = e->begin.v, d = e->end.v;
  if (b < 0) b = b < -dim ? low : b + dim;
  if (d < 0) d = d < -dim ? low : d + dim;
  b = e->begin_open ? (stride > 0 ? low : high) : b < low ? low : b > high ? high : b;
  d = e->end_open ? (stride > 0 ? high : low) : d < low ? low : d > high ? high : d;
  *first = b;
  int64_t span = stride > 0 ? d - b : b - d, step = stride > 0 ? stride : stride == INT64_MIN ? INT64_MAX : -stride;
  return span <= 0 ? 0 : (span - 1) / step + 1;
}

static rn_status *slice_axis(rn_infer *c, int32_t axis, int64_t dim, const spec *e, int64_t *out) {
  int64_t first;
  *out = RN_DIM_UNKNOWN;
  if (e->stride.known && e->stride.v == 0) return op_fail(c, "the stride of axis %d is zero", axis);
  if (e->shrink) {
    if (e->stride.known && e->stride.v < 0) return op_fail(c, "axis %d is an index and needs a positive stride", axis);
    if (e->begin.known && dim >= 0 && (e->begin.v < -dim || e->begin.v >= dim))
      return op_fail(c, "index %lld is outside of axis %d, which has %lld", (long long)e->begin.v, axis,
                     (long long)dim);
    return NULL;
  }
  int begin_known = e->begin_open || e->begin.known, end_known = e->end_open || e->end.known;
  if (dim >= 0 && e->stride.known && begin_known && end_known)
    *out = kept(e, dim, &first);
  else if (e->stride.known && e->stride.v == 1 && e->end_open && (e->begin_open || (e->begin.known && e->begin.v == 0)))
    *out = dim;
  return NULL;
}

typedef struct walk {
  op_int begin[RN_MAX_VALUE], end[RN_MAX_VALUE], stride[RN_MAX_VALUE];
  int32_t n, n_begin, n_end, n_stride;
  masks m;
} walk;

static spec spec_at(const walk *w, int32_t i) {
  op_int none = {RN_DIM_UNKNOWN, 0};
  spec e = {i < w->n_begin ? w->begin[i] : none,
            i < w->n_end ? w->end[i] : none,
            i < w->n_stride ? w->stride[i] : none,
            bit(w->m.begin, i),
            bit(w->m.end, i),
            bit(w->m.shrink, i)};
  return e;
}

/* Axes an ellipsis stands for; an invisible one at the end takes what nobody mentions. */
static int32_t ellipsis_axes(const walk *w, int32_t rank) {
  int32_t named = 0;
  for (int32_t i = 0; i < w->n; i++) named += !bit(w->m.ellipsis, i) && !bit(w->m.new_axis, i);
  return rank - named;
}

static rn_status *put_dim(rn_infer *c, rn_shape *s, int64_t dim) {
  if (s->rank >= RN_MAX_RANK) return op_fail(c, "the result has more than %d dimensions", RN_MAX_RANK);
  s->dim[s->rank++] = dim;
  return NULL;
}

static rn_status *keep_axes(rn_infer *c, const rn_shape *x, int32_t *axis, int32_t n, rn_shape *out) {
  for (int32_t i = 0; i < n; i++) RN_TRY(put_dim(c, out, x->dim[(*axis)++]));
  return NULL;
}

static rn_status *walk_entries(rn_infer *c, const walk *w, const rn_shape *x, rn_shape *out) {
  int32_t axis = 0, hidden = ellipsis_axes(w, x->rank);
  int seen = 0;
  if (hidden < 0) return op_fail(c, "%d entries for a tensor of rank %d", w->n, x->rank);
  *out = rn_shape_scalar();
  for (int32_t i = 0; i < w->n; i++) {
    if (bit(w->m.ellipsis, i)) {
      if (seen++) return op_fail(c, "more than one ellipsis");
      RN_TRY(keep_axes(c, x, &axis, hidden, out));
    } else if (bit(w->m.new_axis, i)) {
      RN_TRY(put_dim(c, out, 1));
    } else {
      spec e = spec_at(w, i);
      int64_t dim;
      RN_TRY(slice_axis(c, axis, x->dim[axis], &e, &dim));
      if (!e.shrink) RN_TRY(put_dim(c, out, dim));
      axis++;
    }
  }
  return seen ? NULL : keep_axes(c, x, &axis, hidden, out);
}

static masks read_masks(const rn_self *s) {
  return (masks){rn_self_int(s, "begin_mask", 0), rn_self_int(s, "end_mask", 0), rn_self_int(s, "ellipsis_mask", 0),
                 rn_self_int(s, "new_axis_mask", 0), rn_self_int(s, "shrink_axis_mask", 0)};
}

/* x[i] and x[a:b] of a vector whose value is known: what shapes are mostly cut with. */
static void slice_ints(rn_infer *c, const walk *w) {
  op_int v[RN_MAX_VALUE], out[RN_MAX_VALUE];
  int64_t first;
  int32_t n = op_ints(c, 0, v);
  spec e = spec_at(w, 0);
  if (n < 0 || w->n != 1 || bit(w->m.ellipsis, 0) || bit(w->m.new_axis, 0)) return;
  if (!e.stride.known || e.stride.v == 0) return;
  if (e.shrink) {
    if (!e.begin.known || e.begin.v < -n || e.begin.v >= n) return;
    op_set_ints(c, 0, v + (e.begin.v < 0 ? e.begin.v + n : e.begin.v), 1);
    return;
  }
  if (!(e.begin_open || e.begin.known) || !(e.end_open || e.end.known)) return;
  int64_t count = kept(&e, n, &first);
  for (int64_t i = 0; i < count; i++) out[i] = v[first + i * e.stride.v];
  op_set_ints(c, 0, out, (int32_t)count);
}

static rn_status *read_walk(rn_infer *c, uint32_t first, walk *w) {
  rn_shape s = rn_shape_vector(RN_DIM_UNKNOWN);
  for (uint32_t i = first; i < first + 3; i++) RN_TRY(op_merge(c, &s, c->api->shape(c, i), &s));
  w->n_begin = op_ints(c, first, w->begin);
  w->n_end = op_ints(c, first + 1, w->end);
  w->n_stride = op_ints(c, first + 2, w->stride);
  if (s.dim[0] > 32) return op_fail(c, "%lld entries; at most 32 are possible", (long long)s.dim[0]);
  w->n = s.dim[0] >= 0 ? (int32_t)s.dim[0] : -1;
  w->m = read_masks(&c->self);
  return NULL;
}

static rn_status *infer_strided_slice(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  walk w;
  rn_shape s = rn_shape_unknown();
  RN_TRY(read_walk(c, 1, &w));
  if (x->rank >= 0 && w.n >= 0) RN_TRY(walk_entries(c, &w, x, &s));
  c->api->set_shape(c, 0, &s);
  if (x->rank == 1 && w.n == 1) slice_ints(c, &w);
  return NULL;
}

static rn_status *infer_strided_slice_grad(rn_infer *c) {
  rn_shape s;
  walk w;
  RN_TRY(read_walk(c, 1, &w));
  RN_TRY(op_want_rank(c, 0, 1, &s));
  RN_TRY(op_shape_input(c, 0, &s));
  c->api->set_shape(c, 0, &s);
  return NULL;
}

static const char *const mask_names[5] = {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask",
                                          "shrink_axis_mask"};

static rn_status *grad_strided_slice(rn_grad *c) {
  rn_attr a[5];
  rn_value shape = op_shape_as(GRAD_B, GRAD_X(0), op_dtype(GRAD_B, GRAD_X(1)));
  rn_value in[5] = {shape, GRAD_X(1), GRAD_X(2), GRAD_X(3), GRAD_DY};
  for (int i = 0; i < 5; i++) op_copy_attr(&GRAD_B->self, mask_names[i], &a[i]);
  return op_dx(c, 0, rn_emit(GRAD_B, "StridedSliceGrad", in, 5, a, 5));
}
static rn_status *grad_strided_slice_grad(rn_grad *c) {
  rn_attr a[5];
  rn_value in[4] = {GRAD_DY, GRAD_X(1), GRAD_X(2), GRAD_X(3)};
  for (int i = 0; i < 5; i++) op_copy_attr(&GRAD_B->self, mask_names[i], &a[i]);
  return op_dx(c, 4, rn_emit(GRAD_B, "StridedSlice", in, 4, a, 5));
}

static const rn_op_def ops[] = {
    OP("Slice", "(input: T, begin: Index, size: Index) -> (output: T); T: type; Index: {int32, int64}",
       "The box of a tensor that starts at begin and has the given sizes.", infer_slice, grad_slice),
    OP("StridedSlice",
       "(input: T, begin: Index, end: Index, strides: Index) -> (output: T); T: type; Index: {int32, int64}; "
       "begin_mask: int = 0; end_mask: int = 0; ellipsis_mask: int = 0; new_axis_mask: int = 0; shrink_axis_mask: int "
       "= 0",
       "x[begin:end:stride, ...] with new axes, an ellipsis and indices.", infer_strided_slice, grad_strided_slice),
    OP("StridedSliceGrad",
       "(shape: Index, begin: Index, end: Index, strides: Index, dy: T) -> (output: T); T: type; Index: {int32, "
       "int64}; begin_mask: int = 0; end_mask: int = 0; ellipsis_mask: int = 0; new_axis_mask: int = 0; "
       "shrink_axis_mask: int = 0",
       "Zeros of a shape with dy written where a strided slice reads.", infer_strided_slice_grad,
       grad_strided_slice_grad),
};
OPS_GROUP(ops_slice, ops);
