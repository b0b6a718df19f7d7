/* slice.c - StridedSlice and its gradient (plugins/vulkan).
 *
 * begin, end and strides are host arguments; the masks are attributes. What they name is one strided copy. */
#include "strided.h"

typedef struct slice_state {
  gpu_op op;
  uint32_t begin, end, ellipsis, new_axis, shrink;
} slice_state;
/* The walk over the whole's dimensions while its indices are read. */
typedef struct part {
  gpu_strided w; /* sx: through the whole; sy: dense */
  const rn_shape *whole;
  int64_t stride[RN_MAX_RANK];
  int32_t at; /* the whole's next dimension */
} part;

static void take_all(part *q) {
  q->w.dim[q->w.rank] = q->whole->dim[q->at];
  q->w.sx[q->w.rank++] = q->stride[q->at++];
}

static rn_status *take_one(part *q, int64_t index) {
  int64_t d = q->whole->dim[q->at], at = index < 0 ? index + d : index;
  if (at < 0 || at >= d)
    return rn_error(gpu_host, RN_INVALID_ARGUMENT, "StridedSlice: index %lld of dimension %d with %lld elements",
                    (long long)index, q->at, (long long)d);
  q->w.x0 += at * q->stride[q->at++];
  return NULL;
}

static int64_t limited(int64_t v, int64_t d, int64_t lo, int64_t hi) {
  if (v < 0) v += d;
  return v < lo ? lo : v > hi ? hi : v;
}

static rn_status *take_some(part *q, const slice_state *s, int32_t i, int64_t b, int64_t e, int64_t step) {
  int64_t d = q->whole->dim[q->at], lo = step > 0 ? 0 : -1, hi = step > 0 ? d : d - 1;
  if (step == 0) return rn_error(gpu_host, RN_INVALID_ARGUMENT, "StridedSlice: strides[%d] is 0", i);
  b = s->begin >> i & 1u ? (step > 0 ? lo : hi) : limited(b, d, lo, hi);
  e = s->end >> i & 1u ? (step > 0 ? hi : lo) : limited(e, d, lo, hi);
  int64_t span = step > 0 ? e - b : b - e, size = step > 0 ? step : -step;
  int64_t n = span <= 0 ? 0 : (span + size - 1) / size;
  if (n > 0) q->w.x0 += b * q->stride[q->at];
  q->w.dim[q->w.rank] = n;
  q->w.sx[q->w.rank++] = step * q->stride[q->at++];
  return NULL;
}

static int32_t count_used(const slice_state *s, int32_t n) {
  int32_t used = 0;
  for (int32_t i = 0; i < n; i++) used += (s->ellipsis >> i & 1u) == 0 && (s->new_axis >> i & 1u) == 0;
  return used;
}

static rn_status *read_indices(const slice_state *s, const rn_call *c, uint32_t first, part *q) {
  int32_t n = (int32_t)rn_shape_elems(&c->in[first]->shape), used = count_used(s, n);
  if (n > 32 || used > q->whole->rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "StridedSlice: %d indices into rank %d", used, q->whole->rank);
  for (int32_t i = 0; i < n; i++) {
    if (s->ellipsis >> i & 1u) {
      for (; used < q->whole->rank; used++) take_all(q); /* the first one takes them all */
    } else if (s->new_axis >> i & 1u) {
      continue;
    } else if (s->shrink >> i & 1u) {
      RN_TRY(take_one(q, gpu_int_at(c->in[first], i)));
    } else {
      RN_TRY(take_some(q, s, i, gpu_int_at(c->in[first], i), gpu_int_at(c->in[first + 1], i),
                       gpu_int_at(c->in[first + 2], i)));
    }
  }
  while (q->at < q->whole->rank) take_all(q);
  for (int64_t k = q->w.rank - 1, step = 1; k >= 0; step *= q->w.dim[k--]) q->w.sy[k] = step;
  return NULL;
}

static rn_status *find_part(const slice_state *s, const rn_call *c, uint32_t first, const rn_shape *whole, part *q) {
  memset(q, 0, sizeof *q);
  q->whole = whole;
  gpu_strides(whole, q->stride);
  return read_indices(s, c, first, q);
}

static rn_status *strided_slice(const void *op, rn_call *c) {
  part q;
  RN_TRY(find_part(op, c, 1, &c->in[0]->shape, &q));
  return gpu_strided_run(&q.w, c, c->in[0], c->out[0]);
}

static rn_status *gradient(const void *op, rn_call *c) {
  part q;
  RN_TRY(find_part(op, c, 1, &c->out[0]->shape, &q));
  RN_TRY(gpu_fill(c, c->out[0], 0));
  gpu_strided back = q.w;
  memcpy(back.sx, q.w.sy, sizeof back.sx);
  memcpy(back.sy, q.w.sx, sizeof back.sy);
  back.x0 = 0;
  back.y0 = q.w.x0;
  return gpu_strided_run(&back, c, c->in[4], c->out[0]);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  slice_state *s;
  RN_TRY(gpu_state(out, sizeof *s, ((const gpu_op *)p->user)->record, &s));
  s->begin = (uint32_t)rn_self_int(&p->self, "begin_mask", 0);
  s->end = (uint32_t)rn_self_int(&p->self, "end_mask", 0);
  s->ellipsis = (uint32_t)rn_self_int(&p->self, "ellipsis_mask", 0);
  s->new_axis = (uint32_t)rn_self_int(&p->self, "new_axis_mask", 0);
  s->shrink = (uint32_t)rn_self_int(&p->self, "shrink_axis_mask", 0);
  return NULL;
}

#define OP(fn) \
  &(const gpu_op) { fn }
static const rn_kernel_def kernels[] = {
    GPU_K("StridedSlice", GPU_ANY("T"), OP(strided_slice), .host_args = "begin, end, strides", .prepare = prepare),
    GPU_K("StridedSliceGrad", GPU_ANY("T"), OP(gradient), .host_args = "shape, begin, end, strides",
          .prepare = prepare),
};
GPU_GROUP(gpu_slice_kernels, kernels);
