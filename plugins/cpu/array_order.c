/* array_order.c - Transpose, Reverse, Tile: the same elements elsewhere (plugins/cpu). */
#include "recast.h"
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

CPU_IN_NUMBERS(transpose)
CPU_IN_NUMBERS(reverse)
CPU_IN_NUMBERS(tile)

static const rn_kernel_def kernels[] = {
    CPU_K("Transpose", CPU_POD("T"), transpose),
    CPU_K("ReverseV2", CPU_POD("T"), reverse),
    CPU_K("Tile", CPU_POD("T"), tile),
    CPU_K("Transpose", "T: string", transpose_in_numbers),
    CPU_K("ReverseV2", "T: string", reverse_in_numbers),
    CPU_K("Tile", "T: string", tile_in_numbers),
};
CPU_GROUP(cpu_array_order, kernels);
