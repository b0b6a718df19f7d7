/* array_join.c - Concat, Pack and their opposites: rows of bytes (plugins/cpu).
 *
 * Seen from an axis a tensor is `outer` rows; joining interleaves the rows of the inputs. */
#include "recast.h"

static uint64_t row_bytes(const rn_tensor_view *v, int32_t axis) {
  return (uint64_t)cpu_product(v->shape.dim + axis, v->shape.rank - axis) * cpu_dtype_bytes(v->dtype);
}

/* Joins in[first, first + n) along axis. */
static rn_status *join(rn_call *c, uint32_t first, uint32_t n, int64_t axis_in) {
  rn_shape s = c->in[first]->shape;
  int32_t axis;
  char a[160], b[160];
  RN_TRY(cpu_axis("Concat", axis_in, s.rank, &axis));
  for (uint32_t i = 1; i < n; i++) {
    rn_shape t = c->in[first + i]->shape;
    int fits = t.rank == s.rank;
    for (int32_t k = 0; k < s.rank && fits; k++) fits = k == axis || t.dim[k] == s.dim[k];
    if (!fits)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Concat: values 0 and %u have shapes %s and %s", i,
                      cpu_shape_text(&c->in[first]->shape, a), cpu_shape_text(&t, b));
    s.dim[axis] += t.dim[axis];
  }
  RN_TRY(cpu_output(c, 0, &s));
  int64_t outer = cpu_product(s.dim, axis);
  uint64_t step = row_bytes(c->out[0], axis), at = 0;
  for (uint32_t i = first; i < first + n; i++) {
    uint64_t row = row_bytes(c->in[i], axis);
    for (int64_t r = 0; r < outer && row; r++)
      memcpy((char *)c->out[0]->data + (uint64_t)r * step + at, (const char *)c->in[i]->data + (uint64_t)r * row, row);
    at += row;
  }
  return NULL;
}
static rn_status *concat(const void *state, rn_call *c) {
  (void)state;
  return join(c, 1, c->n_in - 1, cpu_int_at(c->in[0], 0));
}
static rn_status *concat_v2(const void *state, rn_call *c) {
  (void)state;
  return join(c, 0, c->n_in - 1, cpu_int_at(c->in[c->n_in - 1], 0));
}

static rn_status *pack(const void *state, rn_call *c) {
  const int64_t *attr = state;
  rn_shape s = c->in[0]->shape;
  int32_t axis;
  if (s.rank == RN_MAX_RANK) return rn_error(c->host, RN_INVALID_ARGUMENT, "Pack: rank is already %d", s.rank);
  RN_TRY(cpu_axis("Pack", *attr, s.rank + 1, &axis));
  for (uint32_t i = 1; i < c->n_in; i++)
    if (!cpu_shape_equal(&s, &c->in[i]->shape)) {
      char a[160], b[160];
      return rn_error(c->host, RN_INVALID_ARGUMENT, "Pack: values 0 and %u have shapes %s and %s", i,
                      cpu_shape_text(&s, a), cpu_shape_text(&c->in[i]->shape, b));
    }
  int64_t outer = cpu_product(s.dim, axis);
  uint64_t row = row_bytes(c->in[0], axis);
  for (int32_t i = s.rank++; i > axis; i--) s.dim[i] = s.dim[i - 1];
  s.dim[axis] = c->n_in;
  RN_TRY(cpu_output(c, 0, &s));
  char *y = c->out[0]->data;
  for (int64_t r = 0; r < outer && row; r++)
    for (uint32_t i = 0; i < c->n_in; i++, y += row) memcpy(y, (const char *)c->in[i]->data + (uint64_t)r * row, row);
  return NULL;
}

/* Cuts x along axis: part i has sizes[i] there; without `keep` the axis (size 1) goes. */
static rn_status *cut(rn_call *c, const rn_tensor_view *x, int32_t axis, const int64_t *sizes, int keep) {
  uint64_t step = row_bytes(x, axis), at = 0;
  int64_t outer = cpu_product(x->shape.dim, axis);
  for (uint32_t i = 0; i < c->n_out; i++) {
    rn_shape s = x->shape;
    s.dim[axis] = sizes ? sizes[i] : 1;
    uint64_t row = x->shape.dim[axis] ? step / (uint64_t)x->shape.dim[axis] * (uint64_t)s.dim[axis] : 0;
    if (!keep) {
      for (int32_t k = axis; k + 1 < s.rank; k++) s.dim[k] = s.dim[k + 1];
      s.rank--;
    }
    RN_TRY(cpu_output(c, i, &s));
    for (int64_t r = 0; r < outer && row; r++)
      memcpy((char *)c->out[i]->data + (uint64_t)r * row, (const char *)x->data + (uint64_t)r * step + at, row);
    at += row;
  }
  return NULL;
}
static rn_status *unpack(const void *state, rn_call *c) {
  const int64_t *attr = state;
  const rn_tensor_view *x = c->in[0];
  int32_t axis;
  RN_TRY(cpu_axis("Unpack", *attr, x->shape.rank, &axis));
  if (x->shape.dim[axis] != c->n_out)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Unpack: num is %u and dimension %d is %lld", c->n_out, axis,
                    (long long)x->shape.dim[axis]);
  return cut(c, x, axis, NULL, 0);
}
static rn_status *split(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[1];
  int32_t axis;
  RN_TRY(cpu_axis("Split", cpu_int_at(c->in[0], 0), x->shape.rank, &axis));
  if (x->shape.dim[axis] % c->n_out)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "Split: dimension %d of %lld is not a multiple of %u", axis,
                    (long long)x->shape.dim[axis], c->n_out);
  int64_t *sizes;
  RN_TRY(cpu_alloc(c->n_out * sizeof *sizes, (void **)&sizes));
  for (uint32_t i = 0; i < c->n_out; i++) sizes[i] = x->shape.dim[axis] / c->n_out;
  rn_status *s = cut(c, x, axis, sizes, 1);
  cpu_free(sizes);
  return s;
}
static rn_status *sizes_of(rn_call *c, int64_t total, int64_t *sizes) {
  int64_t sum = 0, open = -1;
  for (uint32_t i = 0; i < c->n_out; i++) {
    sizes[i] = cpu_int_at(c->in[1], i);
    if (sizes[i] == -1 && open < 0)
      open = i;
    else if (sizes[i] < 0 || sizes[i] > total)
      return rn_error(c->host, RN_INVALID_ARGUMENT, "SplitV: size %u is %lld", i, (long long)sizes[i]);
    else
      sum += sizes[i];
  }
  if (open >= 0 && sum <= total)
    sizes[open] = total - sum;
  else if (sum != total)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "SplitV: sizes add up to %lld, the dimension is %lld", (long long)sum,
                    (long long)total);
  return NULL;
}
static rn_status *split_v(const void *state, rn_call *c) {
  (void)state;
  const rn_tensor_view *x = c->in[0];
  int32_t axis;
  int64_t *sizes;
  RN_TRY(cpu_axis("SplitV", cpu_int_at(c->in[2], 0), x->shape.rank, &axis));
  if (rn_shape_elems(&c->in[1]->shape) != c->n_out)
    return rn_error(c->host, RN_INVALID_ARGUMENT, "SplitV: %lld sizes for %u parts",
                    (long long)rn_shape_elems(&c->in[1]->shape), c->n_out);
  RN_TRY(cpu_alloc(c->n_out * sizeof *sizes, (void **)&sizes));
  rn_status *s = sizes_of(c, x->shape.dim[axis], sizes);
  if (!s) s = cut(c, x, axis, sizes, 1);
  cpu_free(sizes);
  return s;
}

static rn_status *axis_prepare(const rn_prepare *p, rn_prepared *out) {
  int64_t *axis;
  RN_TRY(cpu_state(out, sizeof *axis, (void **)&axis));
  *axis = rn_self_int(&p->self, "axis", 0);
  return NULL;
}

CPU_IN_NUMBERS(concat)
CPU_IN_NUMBERS(concat_v2)
CPU_IN_NUMBERS(pack)
CPU_IN_NUMBERS(unpack)
CPU_IN_NUMBERS(split)
CPU_IN_NUMBERS(split_v)

static const rn_kernel_def kernels[] = {
    CPU_K("Concat", CPU_POD("T"), concat),
    CPU_K("ConcatV2", CPU_POD("T"), concat_v2),
    CPU_K("Pack", CPU_POD("T"), pack, .prepare = axis_prepare),
    CPU_K("Unpack", CPU_POD("T"), unpack, .prepare = axis_prepare),
    CPU_K("Split", CPU_POD("T"), split),
    CPU_K("SplitV", CPU_POD("T"), split_v),
    CPU_K("Concat", "T: string", concat_in_numbers),
    CPU_K("ConcatV2", "T: string", concat_v2_in_numbers),
    CPU_K("Pack", "T: string", pack_in_numbers, .prepare = axis_prepare),
    CPU_K("Unpack", "T: string", unpack_in_numbers, .prepare = axis_prepare),
    CPU_K("Split", "T: string", split_in_numbers),
    CPU_K("SplitV", "T: string", split_v_in_numbers),
};
CPU_GROUP(cpu_array_join, kernels);
