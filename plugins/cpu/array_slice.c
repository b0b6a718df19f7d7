/* array_slice.c - Slice, StridedSlice and its gradient: parts of tensors (plugins/cpu). */
#include "recast.h"
#include "strided.h"

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

CPU_IN_NUMBERS(slice)
CPU_IN_NUMBERS(strided_slice)

static const rn_kernel_def kernels[] = {
    CPU_K("Slice", CPU_POD("T"), slice),
    CPU_K("StridedSlice", CPU_POD("T"), strided_slice, .prepare = masks_prepare),
    CPU_K("StridedSliceGrad", CPU_POD("T"), strided_slice_grad, .prepare = masks_prepare),
    CPU_K("Slice", "T: string", slice_in_numbers),
    CPU_K("StridedSlice", "T: string", strided_slice_in_numbers, .prepare = masks_prepare),
};
CPU_GROUP(cpu_array_slice, kernels);
