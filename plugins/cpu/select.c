/* select.c - Select, Where, OneHot: elements chosen by values (plugins/cpu). */
#include "index.h"
#include "recast.h"
#include "strided.h"

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

CPU_IN_NUMBERS(select_kernel)

static const rn_kernel_def kernels[] = {
    CPU_K("Select", CPU_POD("T"), select_kernel),
    CPU_K("Where", CPU_POD("T"), where),
    CPU_K("OneHot", CPU_POD("T"), one_hot, .prepare = axis_prepare),
    CPU_K("Select", "T: string", select_kernel_in_numbers),
};
CPU_GROUP(cpu_select, kernels);
