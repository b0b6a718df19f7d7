/* scatter.c - rows written or added at indices: ScatterNd, ScatterAdd and its like, SegmentSum (plugins/cpu). */
#include "index.h"

enum { SET, ADD, SUB, MUL, DIV, MAX_OF, MIN_OF };
#define COMBINE(T, name)                                             \
  static void combine_##name(T *y, const T *x, int64_t n, int how) { \
    for (int64_t i = 0; i < n; i++) switch (how) {                   \
        case ADD:                                                    \
          y[i] = (T)(y[i] + x[i]);                                   \
          break;                                                     \
        case SUB:                                                    \
          y[i] = (T)(y[i] - x[i]);                                   \
          break;                                                     \
        case MUL:                                                    \
          y[i] = (T)(y[i] * x[i]);                                   \
          break;                                                     \
        case DIV:                                                    \
          y[i] = (T)((double)y[i] / (double)x[i]);                   \
          break;                                                     \
        case MAX_OF:                                                 \
          y[i] = x[i] > y[i] ? x[i] : y[i];                          \
          break;                                                     \
        case MIN_OF:                                                 \
          y[i] = x[i] < y[i] ? x[i] : y[i];                          \
          break;                                                     \
        default:                                                     \
          y[i] = x[i];                                               \
      }                                                              \
  }
COMBINE(float, f32)
COMBINE(double, f64)
/* Sums of integers wrap: they are added without sign; only order is signed. */
COMBINE(uint32_t, u32)
COMBINE(uint64_t, u64)
#define SIGNED(T, name, unsigned_name, U)                            \
  static void combine_##name(T *y, const T *x, int64_t n, int how) { \
    if (how < DIV) {                                                 \
      combine_##unsigned_name((U *)y, (const U *)x, n, how);         \
      return;                                                        \
    }                                                                \
    for (int64_t i = 0; i < n; i++)                                  \
      if (how == MAX_OF ? x[i] > y[i] : x[i] < y[i]) y[i] = x[i];    \
  }
SIGNED(int32_t, i32, u32, uint32_t)
SIGNED(int64_t, i64, u64, uint64_t)
static void combine(rn_dtype dt, char *y, const char *x, int64_t n, int how) {
  uint64_t bytes = cpu_dtype_bytes(dt);
  if (how == SET)
    memcpy(y, x, (uint64_t)n * bytes);
  else if (dt == RN_FLOAT)
    combine_f32((void *)y, (const void *)x, n, how);
  else if (dt == RN_DOUBLE)
    combine_f64((void *)y, (const void *)x, n, how);
  else if (dt == RN_INT32)
    combine_i32((void *)y, (const void *)x, n, how);
  else if (dt == RN_INT64)
    combine_i64((void *)y, (const void *)x, n, how);
  else
    for (int64_t i = 0; i < n; i++) {
      float a, b;
      cpu_convert(dt, y + (uint64_t)i * bytes, RN_FLOAT, &a, 1);
      cpu_convert(dt, x + (uint64_t)i * bytes, RN_FLOAT, &b, 1);
      combine_f32(&a, &b, 1, how);
      cpu_convert(RN_FLOAT, &a, dt, y + (uint64_t)i * bytes, 1);
    }
}

static rn_status *scatter_nd(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *index = c->in[0], *x = c->in[1];
  rn_shape s;
  int64_t strides[RN_MAX_RANK];
  RN_TRY(cpu_shape_input(c, 2, &s));
  if (index->shape.rank < 1) return rn_error(c->host, RN_INVALID_ARGUMENT, "ScatterNd: indices are a scalar");
  int64_t k = index->shape.dim[index->shape.rank - 1];
  if (k > s.rank)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "ScatterNd: tuples of %lld for rank %d", (long long)k, s.rank);
  int64_t n = cpu_product(index->shape.dim, index->shape.rank - 1), row = cpu_product(s.dim + k, s.rank - (int32_t)k);
  if (rn_shape_elems(&x->shape) != n * row)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "ScatterNd: %lld updates of %lld elements, found %lld elements",
                    (long long)n, (long long)row, (long long)rn_shape_elems(&x->shape));
  RN_TRY(cpu_output(c, 0, &s));
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  memset(c->out[0]->data, 0, (uint64_t)rn_shape_elems(&s) * bytes);
  cpu_strides(&s, strides);
  for (int64_t i = 0; i < n; i++) {
    int64_t at = cpu_tuple_offset(index, i, k, &s, strides);
    if (at < 0) return cpu_bad_tuple("ScatterNd", i, &s);
    combine(x->dtype, (char *)c->out[0]->data + (uint64_t)at * bytes,
            (const char *)x->data + (uint64_t)(i * row) * bytes, row, ADD);
  }
  return NULL;
}

/* Variables: ScatterUpdate and its like. */
static const int how_set = SET, how_add = ADD, how_sub = SUB, how_mul = MUL, how_div = DIV, how_max = MAX_OF,
                 how_min = MIN_OF;
static rn_status *scatter_cell(const void *state, rn_call *c) {
  const rn_tensor_view *index = c->in[1], *x = c->in[2];
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  RN_TRY(c->api->cell_view(c, c->resource[0], &v));
  int64_t n = rn_shape_elems(&index->shape), row = v.shape.rank ? cpu_product(v.shape.dim + 1, v.shape.rank - 1) : 1;
  int64_t bound = v.shape.rank ? v.shape.dim[0] : 0, have = rn_shape_elems(&x->shape);
  if (have != n * row && have != 1)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Scatter: %lld rows of %lld elements, found %lld elements",
                    (long long)n, (long long)row, (long long)have);
  uint64_t bytes = cpu_dtype_bytes(v.dtype);
  for (int64_t i = 0; i < n; i++)
    if ((uint64_t)cpu_int_at(index, i) >= (uint64_t)bound)
      return cpu_bad_index("Scatter", i, cpu_int_at(index, i), bound);
  for (int64_t i = 0; i < n; i++) {
    char *y = (char *)v.data + (uint64_t)(cpu_int_at(index, i) * row) * bytes;
    if (have == n * row)
      combine(v.dtype, y, (const char *)x->data + (uint64_t)(i * row) * bytes, row, *(const int *)state);
    else
      for (int64_t j = 0; j < row; j++) combine(v.dtype, y + (uint64_t)j * bytes, x->data, 1, *(const int *)state);
  }
  return NULL;
}

static rn_status *segments(rn_call *c, const rn_tensor_view *x, const rn_tensor_view *id, int64_t count, int sorted) {
  rn_shape s = rn_shape_vector(count);
  int32_t lead = id->shape.rank;
  for (int32_t i = 0; i < lead; i++)
    if (i >= x->shape.rank || x->shape.dim[i] != id->shape.dim[i])
      return rn_error(c->host, RN_INVALID_ARGUMENT,
                      "SegmentSum: segment_ids do not lead the shape of data (dimension %d)", i);
  for (int32_t i = lead; i < x->shape.rank; i++) s.dim[s.rank++] = x->shape.dim[i];
  RN_TRY(cpu_output(c, 0, &s));
  int64_t n = rn_shape_elems(&id->shape), row = cpu_product(x->shape.dim + lead, x->shape.rank - lead);
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  if (c->out[0]->data) memset(c->out[0]->data, 0, (uint64_t)rn_shape_elems(&s) * bytes);
  for (int64_t i = 0; i < n; i++) {
    int64_t k = cpu_int_at(id, i);
    if (k < 0 && !sorted) continue; /* dropped */
    if (k < 0 || k >= count) return cpu_bad_index("SegmentSum", i, k, count);
    combine(x->dtype, (char *)c->out[0]->data + (uint64_t)(k * row) * bytes,
            (const char *)x->data + (uint64_t)(i * row) * bytes, row, ADD);
  }
  return NULL;
}
static rn_status *unsorted_segment_sum(const void *state, rn_call *c) {
  (void)state;
  return segments(c, c->in[0], c->in[1], cpu_int_at(c->in[2], 0), 0);
}
static rn_status *segment_sum(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *id = c->in[1];
  int64_t n = rn_shape_elems(&id->shape);
  for (int64_t i = 1; i < n; i++)
    if (cpu_int_at(id, i) < cpu_int_at(id, i - 1))
      return rn_error(c->host, RN_INVALID_ARGUMENT, "SegmentSum: segment_ids fall at element %lld", (long long)i);
  return segments(c, c->in[0], id, n ? cpu_int_at(id, n - 1) + 1 : 0, 1);
}

#define REAL "{float, double, int32, int64, uint8, int8, int16, uint16, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("ScatterNd", "T: " REAL, scatter_nd),
    CPU_K("ScatterUpdate", "T: " REAL, scatter_cell, .user = &how_set),
    CPU_K("ScatterAdd", "T: " REAL, scatter_cell, .user = &how_add),
    CPU_K("ScatterSub", "T: " REAL, scatter_cell, .user = &how_sub),
    CPU_K("ScatterMax", "T: {float, double, int32, int64, half, bfloat16}", scatter_cell, .user = &how_max),
    CPU_K("ScatterMin", "T: {float, double, int32, int64, half, bfloat16}", scatter_cell, .user = &how_min),
    CPU_K("ScatterDiv", "T: {float, double, half, bfloat16}", scatter_cell, .user = &how_div),
    CPU_K("ScatterMul", "T: " REAL, scatter_cell, .user = &how_mul),
    CPU_K("ResourceScatterAdd", "dtype: " REAL, scatter_cell, .user = &how_add),
    CPU_K("ResourceScatterSub", "dtype: " REAL, scatter_cell, .user = &how_sub),
    CPU_K("ResourceScatterUpdate", "dtype: " REAL, scatter_cell, .user = &how_set),
    CPU_K("UnsortedSegmentSum", "T: " REAL, unsorted_segment_sum),
    CPU_K("SegmentSum", "T: " REAL, segment_sum),
};
CPU_GROUP(cpu_scatter, kernels);
