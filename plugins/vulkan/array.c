/* array.c - ops that move elements: transposes, slices, joins, pads, fills (plugins/vulkan).
 *
 * Each is one or more strided copies; shapes, axes and sizes are host arguments. The host has checked the node
 * against them while it inferred shapes. */
#include "strided.h"

typedef struct axis_state {
  gpu_op op;
  int64_t axis;
} axis_state;

static rn_status *alias(const void *op, rn_call *c) {
  (void)op;
  return gpu_copy_view(c, c->in[0], c->out[0]);
}

static rn_status *transpose(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *y = c->out[0];
  int64_t from[RN_MAX_RANK];
  gpu_strided w;
  (void)op;
  gpu_strided_init(&w, &y->shape);
  gpu_strides(&x->shape, from);
  for (int32_t k = 0; k < w.rank; k++) {
    int32_t axis;
    RN_TRY(gpu_axis(gpu_int_at(c->in[1], k), w.rank, &axis));
    w.sx[k] = from[axis];
  }
  return gpu_strided_run(&w, c, x, y);
}

static rn_status *reverse(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  gpu_strided w;
  (void)op;
  gpu_strided_init(&w, &x->shape);
  for (int64_t i = 0; i < rn_shape_elems(&c->in[1]->shape); i++) {
    int32_t axis;
    RN_TRY(gpu_axis(gpu_int_at(c->in[1], i), x->shape.rank, &axis));
    w.x0 += (w.dim[axis] - 1) * w.sx[axis];
    w.sx[axis] = -w.sx[axis];
  }
  return gpu_strided_run(&w, c, x, c->out[0]);
}

static rn_status *slice(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int64_t from[RN_MAX_RANK];
  gpu_strided w;
  (void)op;
  gpu_strided_init(&w, &c->out[0]->shape);
  gpu_strides(&x->shape, from);
  for (int32_t k = 0; k < w.rank; k++) {
    int64_t begin = gpu_int_at(c->in[1], k);
    if (begin < 0 || begin + w.dim[k] > x->shape.dim[k])
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Slice: begin %lld and size %lld in dimension %d of %lld",
                      (long long)begin, (long long)w.dim[k], k, (long long)x->shape.dim[k]);
    w.sx[k] = from[k];
    w.x0 += begin * from[k];
  }
  return gpu_strided_run(&w, c, x, c->out[0]);
}

/* The part of `whole` from `at` along axis lies where `part` is; to: towards whole. */
static rn_status *axis_part(const rn_call *c, const rn_tensor_view *whole, const rn_tensor_view *part, int32_t axis,
                            int64_t at, int to) {
  int64_t strides[RN_MAX_RANK];
  gpu_strided w;
  gpu_strided_init(&w, &part->shape);
  gpu_strides(&whole->shape, strides);
  memcpy(to ? w.sy : w.sx, strides, sizeof strides);
  *(to ? &w.y0 : &w.x0) = at * strides[axis];
  return gpu_strided_run(&w, c, to ? part : whole, to ? whole : part);
}

static rn_status *join(rn_call *c, uint32_t first, int64_t wanted) {
  int32_t axis;
  int64_t at = 0;
  RN_TRY(gpu_axis(wanted, c->out[0]->shape.rank, &axis));
  for (uint32_t k = first; k < first + c->n_in - 1; k++) {
    RN_TRY(axis_part(c, c->out[0], c->in[k], axis, at, 1));
    at += c->in[k]->shape.dim[axis];
  }
  return NULL;
}
static rn_status *concat(const void *op, rn_call *c) {
  (void)op;
  return join(c, 1, gpu_int_at(c->in[0], 0));
}
static rn_status *concat_v2(const void *op, rn_call *c) {
  (void)op;
  return join(c, 0, gpu_int_at(c->in[c->n_in - 1], 0));
}
static rn_status *part_out(rn_call *c, const rn_tensor_view *x, int64_t wanted) {
  int32_t axis;
  int64_t at = 0;
  RN_TRY(gpu_axis(wanted, x->shape.rank, &axis));
  for (uint32_t k = 0; k < c->n_out; k++) {
    RN_TRY(axis_part(c, x, c->out[k], axis, at, 0));
    at += c->out[k]->shape.dim[axis];
  }
  return NULL;
}
static rn_status *split(const void *op, rn_call *c) {
  (void)op;
  return part_out(c, c->in[1], gpu_int_at(c->in[0], 0));
}
static rn_status *split_v(const void *op, rn_call *c) {
  (void)op;
  return part_out(c, c->in[0], gpu_int_at(c->in[2], 0));
}

/* Pack and Unpack: the parts have no such axis; it is one element long there. */
static void with_axis(rn_tensor_view *v, int32_t axis) {
  for (int32_t k = v->shape.rank++; k > axis; k--) v->shape.dim[k] = v->shape.dim[k - 1];
  v->shape.dim[axis] = 1;
}
static rn_status *pack(const void *op, rn_call *c) {
  int32_t axis;
  RN_TRY(gpu_axis(((const axis_state *)op)->axis, c->out[0]->shape.rank, &axis));
  for (uint32_t k = 0; k < c->n_in; k++) {
    rn_tensor_view part = *c->in[k];
    with_axis(&part, axis);
    RN_TRY(axis_part(c, c->out[0], &part, axis, k, 1));
  }
  return NULL;
}
static rn_status *unpack(const void *op, rn_call *c) {
  int32_t axis;
  RN_TRY(gpu_axis(((const axis_state *)op)->axis, c->in[0]->shape.rank, &axis));
  for (uint32_t k = 0; k < c->n_out; k++) {
    rn_tensor_view part = *c->out[k];
    with_axis(&part, axis);
    RN_TRY(axis_part(c, c->in[0], &part, axis, k, 0));
  }
  return NULL;
}
static rn_status *axis_prepare(const rn_prepare *p, rn_prepared *out) {
  axis_state *s;
  RN_TRY(gpu_state(out, sizeof *s, ((const gpu_op *)p->user)->record, &s));
  s->axis = rn_self_int(&p->self, "axis", 0);
  return NULL;
}

/* --------------------------------------------------------------------------------- larger than they were */
static rn_status *pad(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *y = c->out[0];
  gpu_strided w;
  (void)op;
  if (c->n_in > 2)
    RN_TRY(gpu_strided_fill(c, c->in[2], y));
  else
    RN_TRY(gpu_fill(c, y, 0));
  gpu_strided_init(&w, &x->shape);
  gpu_strides(&y->shape, w.sy);
  for (int32_t k = 0; k < w.rank; k++) w.y0 += gpu_int_at(c->in[1], 2 * k) * w.sy[k];
  return gpu_strided_run(&w, c, x, y);
}

typedef struct mirror_state {
  gpu_op op;
  uint32_t skip; /* 1: REFLECT leaves the edge out */
} mirror_state;
/* The padded shape, the shape without, and the paddings before; innermost first. */
static void push_padded(gpu_dispatch *d, const rn_call *c, const rn_shape *with, const rn_shape *without) {
  for (int part = 0; part < 3; part++)
    for (int32_t k = 1; k <= RN_MAX_RANK; k++) {
      int32_t at = with->rank - k;
      gpu_push(d, at < 0      ? 1
                  : part == 0 ? (uint32_t)with->dim[at]
                  : part == 1 ? (uint32_t)without->dim[at]
                              : (uint32_t)gpu_int_at(c->in[1], 2 * at));
    }
}
static rn_status *mirror_pad(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *y = c->out[0];
  int32_t rank = y->shape.rank;
  uint32_t n = gpu_elems(y);
  if (n == 0 || gpu_elems(x) == 0) return NULL;
  gpu_units u = gpu_units_of(y);
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_mirror_pad);
  gpu_spec(&d, u.per_word);
  gpu_bind(&d, x, 0);
  gpu_bind(&d, y, 1);
  gpu_push_all(&d, (const uint32_t[]){n, (uint32_t)rank, ((const mirror_state *)op)->skip, u.per_elem}, 4);
  push_padded(&d, c, &y->shape, &x->shape);
  gpu_over(&d, c, GPU_CEIL((uint64_t)n * u.per_elem, u.per_word));
  return gpu_run(c, &d);
}
static rn_status *mirror_pad_grad(const void *op, rn_call *c) {
  const rn_tensor_view *dy = c->in[0], *dx = c->out[0];
  uint32_t n = gpu_elems(dx), combinations = 1;
  if (n == 0) return NULL;
  for (int32_t k = 0; k < dx->shape.rank; k++) {
    combinations *= 3;
    int64_t before = gpu_int_at(c->in[1], 2 * k), after = gpu_int_at(c->in[1], 2 * k + 1), d = dx->shape.dim[k];
    int64_t most = d - ((const mirror_state *)op)->skip;
    if (before < 0 || after < 0 || before + after + d != dy->shape.dim[k] || before > most || after > most)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "paddings %lld and %lld do not fit dimension %d of %lld",
                      (long long)before, (long long)after, k, (long long)dy->shape.dim[k]);
  }
  RN_TRY(gpu_rounds(c, combinations));
  gpu_dispatch q = gpu_dispatch_of(c, SHADER_mirror_pad_grad);
  gpu_spec(&q, dy->dtype == RN_INT32);
  gpu_bind(&q, dy, 0);
  gpu_bind(&q, dx, 1);
  gpu_push_all(&q, (const uint32_t[]){n, (uint32_t)dx->shape.rank, ((const mirror_state *)op)->skip}, 3);
  push_padded(&q, c, &dy->shape, &dx->shape);
  gpu_over(&q, c, n);
  return gpu_run(c, &q);
}
static rn_status *mirror_prepare(const rn_prepare *p, rn_prepared *out) {
  mirror_state *s;
  RN_TRY(gpu_state(out, sizeof *s, ((const gpu_op *)p->user)->record, &s));
  s->skip = (uint32_t)rn_bytes_equal(rn_self_string(&p->self, "mode"), "REFLECT");
  return NULL;
}

static rn_status *tile(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0], *y = c->out[0];
  int64_t sx[RN_MAX_RANK], sy[RN_MAX_RANK];
  gpu_strided w = {.rank = 0};
  (void)op;
  gpu_strides(&x->shape, sx);
  gpu_strides(&y->shape, sy);
  for (int32_t k = 0; k < x->shape.rank; k++) {
    int64_t d = x->shape.dim[k];
    w.dim[w.rank] = d != 0 ? y->shape.dim[k] / d : 0;
    w.sy[w.rank++] = d * sy[k];
    w.dim[w.rank] = d;
    w.sx[w.rank] = sx[k];
    w.sy[w.rank++] = sy[k];
  }
  return gpu_strided_run(&w, c, x, y);
}

static rn_status *broadcast_to(const void *op, rn_call *c) {
  const rn_tensor_view *x = c->in[0];
  int64_t from[RN_MAX_RANK];
  gpu_strided w;
  (void)op;
  gpu_strided_init(&w, &c->out[0]->shape);
  gpu_strides(&x->shape, from);
  for (int32_t k = 1; k <= w.rank; k++)
    w.sx[w.rank - k] = k > x->shape.rank || x->shape.dim[x->shape.rank - k] == 1 ? 0 : from[x->shape.rank - k];
  return gpu_strided_run(&w, c, x, c->out[0]);
}

static rn_status *fill(const void *op, rn_call *c) {
  (void)op;
  return gpu_strided_fill(c, c->in[1], c->out[0]);
}
static rn_status *zeros_like(const void *op, rn_call *c) {
  (void)op;
  return gpu_fill(c, c->out[0], 0);
}
static uint32_t one_word(rn_dtype t) {
  switch (t) {
    case RN_FLOAT:
      return 0x3f800000u;
    case RN_HALF:
      return 0x3c003c00u;
    case RN_BFLOAT16:
      return 0x3f803f80u;
    case RN_INT16:
    case RN_UINT16:
      return 0x00010001u;
    case RN_INT32:
    case RN_UINT32:
      return 1u;
    default: /* bool and the bytes */
      return 0x01010101u;
  }
}
static rn_status *ones_like(const void *op, rn_call *c) {
  (void)op;
  return gpu_fill(c, c->out[0], one_word(c->out[0]->dtype));
}
static rn_status *each(const void *op, rn_call *c) {
  (void)op;
  for (uint32_t i = 0; i < c->n_out; i++) RN_TRY(gpu_copy_view(c, c->in[i], c->out[i]));
  return NULL;
}

#define OP(fn) \
  &(const gpu_op) { fn }
#define ANY_BYTES GPU_ANY("T")
#define ALIAS(Op, host) GPU_K(Op, ANY_BYTES, OP(alias), .alias = 1, .host_args = host)
static const rn_kernel_def kernels[] = {
    ALIAS("StopGradient", NULL),
    ALIAS("PreventGradient", NULL),
    GPU_K("PlaceholderWithDefault", GPU_ANY("dtype"), OP(alias), .alias = 1),
    GPU_K("IdentityN", GPU_ANY("T"), OP(each)),
    ALIAS("Bitcast", NULL),
    ALIAS("Reshape", "shape"),
    ALIAS("ExpandDims", "dim"),
    ALIAS("Squeeze", NULL),
    GPU_K("Snapshot", ANY_BYTES, OP(alias)),
    GPU_K("DeepCopy", ANY_BYTES, OP(alias)),
    GPU_K("Transpose", GPU_ANY("T"), OP(transpose), .host_args = "perm"),
    GPU_K("ReverseV2", GPU_ANY("T"), OP(reverse), .host_args = "axis"),
    GPU_K("Slice", GPU_ANY("T"), OP(slice), .host_args = "begin, size"),
    GPU_K("Concat", GPU_ANY("T"), OP(concat), .host_args = "concat_dim"),
    GPU_K("ConcatV2", GPU_ANY("T"), OP(concat_v2), .host_args = "axis"),
    GPU_K("Split", GPU_ANY("T"), OP(split), .host_args = "split_dim"),
    GPU_K("SplitV", GPU_ANY("T"), OP(split_v), .host_args = "size_splits, split_dim"),
    GPU_K("Pack", GPU_ANY("T"), OP(pack), .prepare = axis_prepare),
    GPU_K("Unpack", GPU_ANY("T"), OP(unpack), .prepare = axis_prepare),
    GPU_K("Pad", GPU_ANY("T"), OP(pad), .host_args = "paddings"),
    GPU_K("PadV2", GPU_ANY("T"), OP(pad), .host_args = "paddings"),
    GPU_K("MirrorPad", GPU_ANY("T"), OP(mirror_pad), .host_args = "paddings", .prepare = mirror_prepare),
    GPU_K("MirrorPadGrad", "T: {float, int32}", OP(mirror_pad_grad), .host_args = "paddings",
          .prepare = mirror_prepare),
    GPU_K("Tile", GPU_ANY("T"), OP(tile), .host_args = "multiples"),
    GPU_K("BroadcastTo", GPU_ANY("T"), OP(broadcast_to), .host_args = "shape"),
    GPU_K("Fill", GPU_ANY("T"), OP(fill), .host_args = "dims"),
    GPU_K("ZerosLike", ANY_BYTES, OP(zeros_like)),
    GPU_K("OnesLike", "T: {float, half, bfloat16, int32, uint32, int16, uint16, uint8, int8, bool}", OP(ones_like)),
};
GPU_GROUP(gpu_array_kernels, kernels);
