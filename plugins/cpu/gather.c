/* gather.c - Gather, GatherNd, DynamicStitch: rows read at indices (plugins/cpu). */
#include "index.h"
#include "recast.h"

/* Rows of x along axis at the indices. */
static rn_status *gather_rows(rn_call *c, const rn_tensor_view *x, const rn_tensor_view *index, int32_t axis) {
  rn_shape s = x->shape;
  int32_t extra = index->shape.rank - 1;
  if (s.rank + extra > RN_MAX_RANK)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Gather: rank %d is above %d", s.rank + extra, RN_MAX_RANK);
  s.rank = axis;
  for (int32_t i = 0; i < index->shape.rank; i++) s.dim[s.rank++] = index->shape.dim[i];
  for (int32_t i = axis + 1; i < x->shape.rank; i++) s.dim[s.rank++] = x->shape.dim[i];
  RN_TRY(cpu_output(c, 0, &s));
  int64_t n = rn_shape_elems(&index->shape), outer = cpu_product(x->shape.dim, axis), bound = x->shape.dim[axis];
  uint64_t row = (uint64_t)cpu_product(x->shape.dim + axis + 1, x->shape.rank - axis - 1) * cpu_dtype_bytes(x->dtype);
  for (int64_t i = 0; i < n; i++)
    if ((uint64_t)cpu_int_at(index, i) >= (uint64_t)bound)
      return cpu_bad_index("Gather", i, cpu_int_at(index, i), bound);
  char *y = c->out[0]->data;
  for (int64_t o = 0; o < outer && row; o++)
    for (int64_t i = 0; i < n; i++, y += row)
      memcpy(y, (const char *)x->data + (uint64_t)(o * bound + cpu_int_at(index, i)) * row, row);
  return NULL;
}
static rn_status *gather(const void *state, rn_call *c) {
  (void)state;
  int32_t axis;
  RN_TRY(cpu_axis("Gather", c->n_in > 2 ? cpu_int_at(c->in[2], 0) : 0, c->in[0]->shape.rank, &axis));
  return gather_rows(c, c->in[0], c->in[1], axis);
}
static rn_status *resource_gather(const void *state, rn_call *c) {
  (void)state;
  rn_tensor_view x = {.struct_size = (uint32_t)sizeof x};
  RN_TRY(c->api->cell_view(c, c->resource[0], &x));
  if (x.shape.rank < 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "ResourceGather: the variable is a scalar");
  return gather_rows(c, &x, c->in[1], 0);
}

static rn_status *gather_nd(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0], *index = c->in[1];
  if (index->shape.rank < 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "GatherNd: indices are a scalar");
  int64_t k = index->shape.dim[index->shape.rank - 1], strides[RN_MAX_RANK];
  if (k > x->shape.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "GatherNd: tuples of %lld for rank %d", (long long)k, x->shape.rank);
  rn_shape s = index->shape;
  s.rank--;
  if (s.rank + x->shape.rank - k > RN_MAX_RANK)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "GatherNd: rank above %d", RN_MAX_RANK);
  int64_t n = rn_shape_elems(&s);
  for (int32_t i = (int32_t)k; i < x->shape.rank; i++) s.dim[s.rank++] = x->shape.dim[i];
  RN_TRY(cpu_output(c, 0, &s));
  cpu_strides(&x->shape, strides);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  uint64_t row = (uint64_t)cpu_product(x->shape.dim + k, x->shape.rank - (int32_t)k) * bytes;
  for (int64_t i = 0; i < n; i++) {
    int64_t at = cpu_tuple_offset(index, i, k, &x->shape, strides);
    if (at < 0) return cpu_bad_tuple("GatherNd", i, &x->shape);
    if (row) memcpy((char *)c->out[0]->data + (uint64_t)i * row, (const char *)x->data + (uint64_t)at * bytes, row);
  }
  return NULL;
}

/* DynamicStitch: rows of several tensors to where their indices say; a later one wins */
static rn_status *stitch_shape(rn_call *c, uint32_t parts, rn_shape *out) {
  int64_t rows = 0;
  for (uint32_t p = 0; p < parts; p++) {
    const rn_shape *at = &c->in[p]->shape, *x = &c->in[parts + p]->shape;
    rn_shape head = *x, rest = rn_shape_make(1, &rows);
    head.rank = at->rank;
    if (at->rank > x->rank || x->rank - at->rank >= RN_MAX_RANK || !cpu_shape_equal(&head, at))
      return rn_error(c->host, RN_INVALID_ARGUMENT,
                      "DynamicStitch: data[%u] does not begin with the shape of indices[%u]", p, p);
    for (int32_t i = at->rank; i < x->rank; i++) rest.dim[rest.rank++] = x->dim[i];
    if (p > 0) rest.dim[0] = out->dim[0];
    if (p > 0 && !cpu_shape_equal(&rest, out))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "DynamicStitch: data[%u] and data[0] have other rows", p);
    *out = rest;
    for (int64_t i = 0; i < rn_shape_elems(at); i++) {
      int64_t v = cpu_int_at(c->in[p], i);
      if (v < 0) return cpu_bad_index("DynamicStitch", i, v, INT32_MAX);
      if (v >= rows) rows = v + 1;
    }
  }
  out->dim[0] = rows;
  return NULL;
}
static rn_status *dynamic_stitch(const void *state, rn_call *c) {
  (void)state;
  uint32_t parts = c->n_in / 2;
  rn_shape s = rn_shape_vector(0);
  RN_TRY(stitch_shape(c, parts, &s));
  RN_TRY(cpu_output(c, 0, &s));
  uint64_t row = (uint64_t)cpu_product(s.dim + 1, s.rank - 1) * cpu_dtype_bytes(c->out[0]->dtype);
  char *y = c->out[0]->data;
  if (row == 0 || s.dim[0] == 0) return NULL;
  memset(y, 0, (uint64_t)s.dim[0] * row);
  for (uint32_t p = 0; p < parts; p++)
    for (int64_t i = 0; i < rn_shape_elems(&c->in[p]->shape); i++)
      memcpy(y + (uint64_t)cpu_int_at(c->in[p], i) * row, (const char *)c->in[parts + p]->data + (uint64_t)i * row,
             row);
  return NULL;
}

CPU_IN_NUMBERS(gather)
CPU_IN_NUMBERS(gather_nd)
CPU_IN_NUMBERS(dynamic_stitch)

static const rn_kernel_def kernels[] = {
    CPU_K("DynamicStitch", CPU_POD("T"), dynamic_stitch),
    CPU_K("Gather", CPU_POD("Tparams"), gather),
    CPU_K("GatherV2", CPU_POD("Tparams"), gather),
    CPU_K("ResourceGather", CPU_POD("dtype"), resource_gather),
    CPU_K("GatherNd", CPU_POD("Tparams"), gather_nd),
    CPU_K("Gather", "Tparams: string", gather_in_numbers),
    CPU_K("GatherV2", "Tparams: string", gather_in_numbers),
    CPU_K("GatherNd", "Tparams: string", gather_nd_in_numbers),
    CPU_K("DynamicStitch", "T: string", dynamic_stitch_in_numbers),
};
CPU_GROUP(cpu_gather, kernels);
