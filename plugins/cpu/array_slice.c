/* array_slice.c - parts, mirror images, repetitions and borders of tensors (plugins/cpu). */
#include "cpu.h"
#include "strided.h"

static rn_status *transpose(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  rn_shape s = x->shape;
  int64_t sx[RN_MAX_RANK];
  uint32_t seen = 0;
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  cpu_strides(&x->shape, sx);
  if (rn_shape_elems(&c->in[1]->shape) != s.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Transpose: perm has %lld elements, x has rank %d",
                    (long long)rn_shape_elems(&c->in[1]->shape), s.rank);
  int32_t perm[RN_MAX_RANK];
  for (int32_t i = 0; i < s.rank; i++) {
    RN_TRY(cpu_axis("Transpose", cpu_int_at(c->in[1], i), s.rank, &perm[i]));
    if (seen >> perm[i] & 1u)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Transpose: perm names axis %d twice", perm[i]);
    seen |= 1u << perm[i];
    s.dim[i] = x->shape.dim[perm[i]];
  }
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strided w;
  cpu_strided_init(&w, &s, bytes);
  for (int32_t i = 0; i < s.rank; i++) w.sx[i] = sx[perm[i]] * (int64_t)bytes;
  cpu_strided_copy(&w, x->data, c->out[0]->data);
  return NULL;
}

static rn_status *slice(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  rn_shape s = x->shape;
  cpu_strided w, dense;
  const char *from = x->data;
  cpu_strided_init(&dense, &x->shape, cpu_dtype_bytes(x->dtype));
  if (rn_shape_elems(&c->in[1]->shape) != s.rank || rn_shape_elems(&c->in[2]->shape) != s.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Slice: begin and size need %d elements", s.rank);
  for (int32_t i = 0; i < s.rank; i++) {
    int64_t begin = cpu_int_at(c->in[1], i), n = cpu_int_at(c->in[2], i), d = x->shape.dim[i];
    if (begin >= 0 && begin <= d && n == -1) n = d - begin;
    if (begin < 0 || n < 0 || begin > d || n > d - begin)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Slice: begin %lld and size %lld in dimension %d of %lld",
                      (long long)begin, (long long)n, i, (long long)d);
    s.dim[i] = n;
    from += begin * dense.sx[i];
  }
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strided_init(&w, &s, dense.elem_bytes);
  for (int32_t i = 0; i < s.rank; i++) w.sx[i] = dense.sx[i];
  cpu_strided_copy(&w, from, c->out[0]->data);
  return NULL;
}

typedef struct masks {
  uint32_t begin, end, ellipsis, new_axis, shrink;
} masks;
/* A strided slice of x: w walks x (sx), shape is the result, full the result before shrinking. */
typedef struct part {
  cpu_strided w;
  rn_shape shape;
  int64_t offset_bytes;
} part;

static rn_status *part_axis(part *q, const masks *m, int64_t b, int64_t e, int64_t step, int32_t i, int64_t d,
                            int64_t stride) {
  int whole_b = (m->begin >> i & 1u) != 0, whole_e = (m->end >> i & 1u) != 0, shrink = (m->shrink >> i & 1u) != 0;
  if (step == 0) return rn_error(cpu_host, RN_INVALID_ARGUMENT, "StridedSlice: strides[%d] is 0", i);
  int64_t lo = step > 0 ? 0 : -1, hi = step > 0 ? d : d - 1, n;
  if (shrink) {
    int64_t at = b < 0 ? b + d : b;
    if (at < 0 || at >= d)
      return rn_error(cpu_host, RN_INVALID_ARGUMENT, "StridedSlice: index %lld of dimension %d with %lld elements",
                      (long long)b, q->w.rank, (long long)d);
    b = at;
    n = 1;
    step = 1;
  } else {
    b = whole_b ? (step > 0 ? lo : hi) : CPU_MIN(CPU_MAX(b < 0 ? b + d : b, lo), hi);
    e = whole_e ? (step > 0 ? hi : lo) : CPU_MIN(CPU_MAX(e < 0 ? e + d : e, lo), hi);
    int64_t span = step > 0 ? e - b : b - e;
    /* the quotient cannot overflow where -step could */
    n = span <= 0 ? 0 : (step > 0 ? (span - 1) / step + 1 : 1 - (span - 1) / step);
    q->shape.dim[q->shape.rank++] = n;
  }
  if (n) q->offset_bytes += b * stride;
  q->w.dim[q->w.rank] = n;
  q->w.sx[q->w.rank++] = n > 1 ? step * stride : stride;
  return NULL;
}

/* begin, end and strides are inputs first, first + 1 and first + 2. */
static rn_status *part_of(rn_call *c, uint32_t first, const rn_shape *x, uint64_t bytes, const masks *m, part *q) {
  int32_t n = (int32_t)rn_shape_elems(&c->in[first]->shape), used = 0, at = 0;
  cpu_strided dense;
  cpu_strided_init(&dense, x, bytes);
  memset(q, 0, sizeof *q);
  q->w.elem_bytes = (uint32_t)bytes;
  int ellipsis = 0;
  for (int32_t i = 0; i < n && i < 32; i++) {
    if (m->ellipsis >> i & 1u)
      ellipsis = 1;
    else if (!(m->new_axis >> i & 1u))
      used++;
  }
  if (n > 32 || used > x->rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "StridedSlice: %d indices into rank %d", used, x->rank);
  masks whole = {~0u, ~0u, 0, 0, 0};
  for (int32_t i = 0; i < n + !ellipsis; i++) {
    if (i == n || m->ellipsis >> i & 1u) {
      for (int32_t left = x->rank - used; left > 0; left--, at++)
        RN_TRY(part_axis(q, &whole, 0, 0, 1, 0, x->dim[at], dense.sx[at]));
      if (i < n && m->ellipsis >> i & 1u) used = x->rank;
    } else if (m->new_axis >> i & 1u) {
      if (q->shape.rank == RN_MAX_RANK)
        return rn_error(c->host, RN_INVALID_ARGUMENT, "StridedSlice: rank above %d", RN_MAX_RANK);
      q->shape.dim[q->shape.rank++] = 1;
    } else {
      if (q->shape.rank == RN_MAX_RANK)
        return rn_error(c->host, RN_INVALID_ARGUMENT, "StridedSlice: rank above %d", RN_MAX_RANK);
      RN_TRY(part_axis(q, m, cpu_int_at(c->in[first], i), cpu_int_at(c->in[first + 1], i),
                       cpu_int_at(c->in[first + 2], i), i, x->dim[at], dense.sx[at]));
      at++;
    }
  }
  int64_t step = (int64_t)bytes;
  for (int32_t i = q->w.rank - 1; i >= 0; i--) {
    q->w.sy[i] = step;
    step *= q->w.dim[i];
  }
  return NULL;
}

static rn_status *strided_slice(const void *state, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  part q;
  RN_TRY(part_of(c, 1, &x->shape, cpu_dtype_bytes(x->dtype), state, &q));
  RN_TRY(cpu_output(c, 0, &q.shape));
  cpu_strided_copy(&q.w, (const char *)x->data + q.offset_bytes, c->out[0]->data);
  return NULL;
}
static rn_status *strided_slice_grad(const void *state, rn_call *c) {
  const rn_tensor_view *dy = c->in[4];
  rn_shape s;
  part q;
  RN_TRY(cpu_shape_input(c, 0, &s));
  uint64_t bytes = cpu_dtype_bytes(dy->dtype);
  RN_TRY(part_of(c, 1, &s, bytes, state, &q));
  if (rn_shape_elems(&q.shape) != rn_shape_elems(&dy->shape)) {
    char a[160], b[160];
    return rn_error(c->host, RN_INVALID_ARGUMENT, "StridedSliceGrad: dy is %s, the slice %s",
                    cpu_shape_text(&dy->shape, a), cpu_shape_text(&q.shape, b));
  }
  RN_TRY(cpu_output(c, 0, &s));
  memset(c->out[0]->data, 0, (uint64_t)rn_shape_elems(&s) * bytes);
  for (int32_t i = 0; i < q.w.rank; i++) {
    int64_t t = q.w.sx[i];
    q.w.sx[i] = q.w.sy[i];
    q.w.sy[i] = t;
  }
  cpu_strided_copy(&q.w, dy->data, (char *)c->out[0]->data + q.offset_bytes);
  return NULL;
}
static rn_status *masks_prepare(const rn_prepare *p, rn_prepared *out) {
  masks *m;
  RN_TRY(cpu_state(out, sizeof *m, (void **)&m));
  m->begin = (uint32_t)rn_self_int(&p->self, "begin_mask", 0);
  m->end = (uint32_t)rn_self_int(&p->self, "end_mask", 0);
  m->ellipsis = (uint32_t)rn_self_int(&p->self, "ellipsis_mask", 0);
  m->new_axis = (uint32_t)rn_self_int(&p->self, "new_axis_mask", 0);
  m->shrink = (uint32_t)rn_self_int(&p->self, "shrink_axis_mask", 0);
  return NULL;
}

static rn_status *reverse(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  cpu_strided w;
  const char *from = x->data;
  cpu_strided_init(&w, &x->shape, cpu_dtype_bytes(x->dtype));
  RN_TRY(cpu_output(c, 0, &x->shape));
  if (rn_shape_elems(&x->shape) == 0) return NULL;
  for (int64_t i = 0; i < rn_shape_elems(&c->in[1]->shape); i++) {
    int32_t axis;
    RN_TRY(cpu_axis("ReverseV2", cpu_int_at(c->in[1], i), x->shape.rank, &axis));
    if (w.sx[axis] < 0) return rn_error(c->host, RN_INVALID_ARGUMENT, "ReverseV2: axis %d is named twice", axis);
    from += (w.dim[axis] - 1) * w.sx[axis];
    w.sx[axis] = -w.sx[axis];
  }
  cpu_strided_copy(&w, from, c->out[0]->data);
  return NULL;
}

/* Every dimension d is seen as [multiple, d], the multiple with stride 0 on x. */
static rn_status *tile(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  rn_shape s = x->shape;
  cpu_strided w = {.elem_bytes = (uint32_t)cpu_dtype_bytes(x->dtype)};
  if (rn_shape_elems(&c->in[1]->shape) != s.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Tile: %lld multiples for rank %d",
                    (long long)rn_shape_elems(&c->in[1]->shape), s.rank);
  int64_t sx = w.elem_bytes, sy = w.elem_bytes;
  w.rank = 2 * s.rank;
  for (int32_t i = s.rank - 1; i >= 0; i--) {
    int64_t m = cpu_int_at(c->in[1], i), d = x->shape.dim[i];
    if (m < 0 || __builtin_mul_overflow(d, m, &s.dim[i]))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Tile: multiple %d is %lld", i, (long long)m);
    w.dim[2 * i + 1] = d;
    w.sx[2 * i + 1] = sx;
    w.sy[2 * i + 1] = sy;
    w.dim[2 * i] = m;
    w.sx[2 * i] = 0;
    w.sy[2 * i] = sy * d;
    sx *= d;
    sy *= s.dim[i];
  }
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strided_copy(&w, x->data, c->out[0]->data);
  return NULL;
}

static rn_status *padded_shape(rn_call *c, const char *op, int64_t *before, rn_shape *s) {
  const rn_tensor_view *p = c->in[1];
  *s = c->in[0]->shape;
  if (rn_shape_elems(&p->shape) != 2 * s->rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: paddings need %d rows of 2", op, s->rank);
  for (int32_t i = 0; i < s->rank; i++) {
    int64_t after = cpu_int_at(p, 2 * i + 1);
    before[i] = cpu_int_at(p, 2 * i);
    if (before[i] < 0 || after < 0 || __builtin_add_overflow(s->dim[i], before[i], &s->dim[i]) ||
        __builtin_add_overflow(s->dim[i], after, &s->dim[i]))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "%s: paddings %lld and %lld of dimension %d", op,
                      (long long)before[i], (long long)after, i);
  }
  return NULL;
}
static rn_status *pad(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  static const char zero[16];
  int64_t before[RN_MAX_RANK];
  rn_shape s;
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  RN_TRY(padded_shape(c, "Pad", before, &s));
  RN_TRY(cpu_output(c, 0, &s));
  cpu_fill(c->out[0]->data, c->n_in > 2 ? c->in[2]->data : zero, bytes, rn_shape_elems(&s));
  cpu_strided w, whole;
  char *to = c->out[0]->data;
  cpu_strided_init(&w, &x->shape, bytes);
  cpu_strided_init(&whole, &s, bytes);
  for (int32_t i = 0; i < s.rank; i++) {
    w.sy[i] = whole.sy[i];
    to += before[i] * whole.sy[i];
  }
  cpu_strided_copy(&w, x->data, to);
  return NULL;
}

/* Index by index: a border is narrow. */
static rn_status *mirror_pad(const void *state, rn_call *c) {
  const int64_t skip = *(const int64_t *)state; /* 1: REFLECT leaves the edge out */
  const rn_tensor_view *x = c->in[0];
  int64_t before[RN_MAX_RANK], at[RN_MAX_RANK] = {0}, sx[RN_MAX_RANK];
  rn_shape s;
  RN_TRY(padded_shape(c, "MirrorPad", before, &s));
  for (int32_t i = 0; i < s.rank; i++) {
    int64_t after = s.dim[i] - before[i] - x->shape.dim[i], most = x->shape.dim[i] - skip;
    if (before[i] > most || after > most)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "MirrorPad: paddings %lld and %lld of dimension %d exceed %lld",
                      (long long)before[i], (long long)after, i, (long long)most);
  }
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strides(&x->shape, sx);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  int64_t n = rn_shape_elems(&s);
  char *y = c->out[0]->data;
  for (int64_t e = 0; e < n; e++, y += bytes) {
    int64_t from = 0;
    for (int32_t i = 0; i < s.rank; i++) {
      int64_t k = at[i] - before[i], d = x->shape.dim[i];
      if (k < 0)
        k = -k - 1 + skip;
      else if (k >= d)
        k = 2 * d - 1 - skip - k;
      from += k * sx[i];
    }
    memcpy(y, (const char *)x->data + (uint64_t)from * bytes, bytes);
    for (int32_t i = s.rank - 1; i >= 0 && ++at[i] == s.dim[i]; i--) at[i] = 0;
  }
  return NULL;
}
static rn_status *mirror_prepare(const rn_prepare *p, rn_prepared *out) {
  int64_t *skip;
  RN_TRY(cpu_state(out, sizeof *skip, (void **)&skip));
  *skip = rn_bytes_equal(rn_self_string(&p->self, "mode"), "REFLECT");
  return NULL;
}

static const rn_kernel_def kernels[] = {
    CPU_K("Transpose", CPU_POD("T"), transpose),
    CPU_K("Slice", CPU_POD("T"), slice),
    CPU_K("StridedSlice", CPU_POD("T"), strided_slice, .prepare = masks_prepare),
    CPU_K("StridedSliceGrad", CPU_POD("T"), strided_slice_grad, .prepare = masks_prepare),
    CPU_K("ReverseV2", CPU_POD("T"), reverse),
    CPU_K("Tile", CPU_POD("T"), tile),
    CPU_K("Pad", CPU_POD("T"), pad),
    CPU_K("PadV2", CPU_POD("T"), pad),
    CPU_K("MirrorPad", CPU_POD("T"), mirror_pad, .prepare = mirror_prepare),
};
CPU_GROUP(cpu_array_slice, kernels);
