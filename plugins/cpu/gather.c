/* gather.c - reading and writing at indices: gather, scatter, select, one-hot (plugins/cpu).
 *
 * Indices come from outside, so each is checked and a wrong one is named with its bound. */
#include "cpu.h"
#include "strided.h"

static rn_status *bad_index(const char *op, int64_t i, int64_t index, int64_t bound) {
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: indices[%lld] = %lld is not in [0, %lld)", op, (long long)i,
                  (long long)index, (long long)bound);
}

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
    if ((uint64_t)cpu_int_at(index, i) >= (uint64_t)bound) return bad_index("Gather", i, cpu_int_at(index, i), bound);
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

/* Element offset of tuple i of indices into shape s; -1 out of range. */
static int64_t tuple_offset(const rn_tensor_view *index, int64_t i, int64_t k, const rn_shape *s,
                            const int64_t *strides) {
  int64_t at = 0;
  for (int64_t j = 0; j < k; j++) {
    int64_t v = cpu_int_at(index, i * k + j);
    if (v < 0 || v >= s->dim[j]) return -1;
    at += v * strides[j];
  }
  return at;
}
static rn_status *bad_tuple(const char *op, int64_t i, const rn_shape *s) {
  char text[160];
  return rn_error(cpu_host, RN_INVALID_ARGUMENT, "%s: indices[%lld] does not lie in shape %s", op, (long long)i,
                  cpu_shape_text(s, text));
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
    int64_t at = tuple_offset(index, i, k, &x->shape, strides);
    if (at < 0) return bad_tuple("GatherNd", i, &x->shape);
    if (row) memcpy((char *)c->out[0]->data + (uint64_t)i * row, (const char *)x->data + (uint64_t)at * bytes, row);
  }
  return NULL;
}

/* ---- adding, subtracting or replacing rows */
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
    int64_t at = tuple_offset(index, i, k, &s, strides);
    if (at < 0) return bad_tuple("ScatterNd", i, &s);
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
    if ((uint64_t)cpu_int_at(index, i) >= (uint64_t)bound) return bad_index("Scatter", i, cpu_int_at(index, i), bound);
  for (int64_t i = 0; i < n; i++) {
    char *y = (char *)v.data + (uint64_t)(cpu_int_at(index, i) * row) * bytes;
    if (have == n * row)
      combine(v.dtype, y, (const char *)x->data + (uint64_t)(i * row) * bytes, row, *(const int *)state);
    else
      for (int64_t j = 0; j < row; j++) combine(v.dtype, y + (uint64_t)j * bytes, x->data, 1, *(const int *)state);
  }
  return NULL;
}

/* ---- sums of segments */
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
    if (k < 0 || k >= count) return bad_index("SegmentSum", i, k, count);
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

/* ---- choosing */
static rn_status *select_kernel(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *p = c->in[0], *x = c->in[1], *z = c->in[2];
  if (!cpu_shape_equal(&x->shape, &z->shape)) {
    char a[160], b[160];
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Select: t is %s, e is %s", cpu_shape_text(&x->shape, a),
                    cpu_shape_text(&z->shape, b));
  }
  RN_TRY(cpu_output(c, 0, &x->shape));
  int64_t n = rn_shape_elems(&x->shape), conditions = rn_shape_elems(&p->shape);
  int by_row = p->shape.rank == 1 && x->shape.rank > 1 && p->shape.dim[0] == x->shape.dim[0];
  if (conditions != n && p->shape.rank != 0 && !by_row)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Select: %lld conditions for %lld elements", (long long)conditions,
                    (long long)n);
  if (n == 0) return NULL;
  const uint8_t *choose = p->data;
  uint64_t bytes = cpu_dtype_bytes(x->dtype) * (uint64_t)(n / conditions);
  char *y = c->out[0]->data;
  if (bytes == 4) {
    for (int64_t i = 0; i < conditions; i++)
      ((uint32_t *)c->out[0]->data)[i] = ((const uint32_t *)(choose[i] ? x->data : z->data))[i];
    return NULL;
  }
  for (int64_t i = 0; i < conditions; i++)
    memmove(y + (uint64_t)i * bytes, (const char *)(choose[i] ? x->data : z->data) + (uint64_t)i * bytes, bytes);
  return NULL;
}

static rn_status *where(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  static const char zero[16];
  int64_t n = rn_shape_elems(&x->shape), found = 0, at[RN_MAX_RANK] = {0};
  uint64_t bytes = cpu_dtype_bytes(x->dtype);
  const char *p = x->data;
  for (int64_t i = 0; i < n; i++) found += memcmp(p + (uint64_t)i * bytes, zero, bytes) != 0;
  rn_shape s = rn_shape_make(2, (const int64_t[]){found, x->shape.rank});
  RN_TRY(cpu_output(c, 0, &s));
  int64_t *y = c->out[0]->data;
  for (int64_t i = 0; i < n; i++) {
    if (memcmp(p + (uint64_t)i * bytes, zero, bytes) != 0)
      for (int32_t k = 0; k < x->shape.rank; k++) *y++ = at[k];
    for (int32_t k = x->shape.rank - 1; k >= 0 && ++at[k] == x->shape.dim[k]; k--) at[k] = 0;
  }
  return NULL;
}

static rn_status *one_hot(const void *state, rn_call *c) {
  const rn_tensor_view *index = c->in[0];
  int64_t depth = cpu_int_at(c->in[1], 0), axis = *(const int64_t *)state;
  rn_shape s = index->shape;
  if (depth < 0 || s.rank == RN_MAX_RANK)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "OneHot: depth %lld, rank %d", (long long)depth, s.rank);
  int32_t at;
  RN_TRY(cpu_axis("OneHot", axis, s.rank + 1, &at));
  for (int32_t i = s.rank++; i > at; i--) s.dim[i] = s.dim[i - 1];
  s.dim[at] = depth;
  RN_TRY(cpu_output(c, 0, &s));
  uint64_t bytes = cpu_dtype_bytes(c->out[0]->dtype);
  int64_t outer = cpu_product(s.dim, at), inner = cpu_product(s.dim + at + 1, s.rank - at - 1);
  cpu_fill(c->out[0]->data, c->in[3]->data, bytes, rn_shape_elems(&s));
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < inner; i++) {
      int64_t k = cpu_int_at(index, o * inner + i);
      if (k >= 0 && k < depth)
        memcpy((char *)c->out[0]->data + (uint64_t)((o * depth + k) * inner + i) * bytes, c->in[2]->data, bytes);
    }
  return NULL;
}
static rn_status *axis_prepare(const rn_prepare *p, rn_prepared *out) {
  int64_t *axis;
  RN_TRY(cpu_state(out, sizeof *axis, (void **)&axis));
  *axis = rn_self_int(&p->self, "axis", -1);
  return NULL;
}

#define REAL "{float, double, int32, int64, uint8, int8, int16, uint16, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("Gather", CPU_POD("Tparams"), gather),
    CPU_K("GatherV2", CPU_POD("Tparams"), gather),
    CPU_K("ResourceGather", CPU_POD("dtype"), resource_gather),
    CPU_K("GatherNd", CPU_POD("Tparams"), gather_nd),
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
    CPU_K("Select", CPU_POD("T"), select_kernel),
    CPU_K("Where", CPU_POD("T"), where),
    CPU_K("OneHot", CPU_POD("T"), one_hot, .prepare = axis_prepare),
};
CPU_GROUP(cpu_gather, kernels);
