/* scalar.c - ScalarSummary: numbers with their names (plugins/summaries). */
#include "summaries.h"

static rn_status *one_tag_each(rn_call *c, uint32_t tag, uint32_t value) {
  const rn_shape *a = &c->in[tag]->shape, *b = &c->in[value]->shape;
  int same = a->rank == b->rank;
  for (int32_t i = 0; same && i < a->rank; i++) same = a->dim[i] == b->dim[i];
  if (same) return NULL;
  return rn_error(c->host, RN_INVALID_ARGUMENT, "%lld tags and %lld values: their shapes must be the same",
                  (long long)rn_shape_elems(a), (long long)rn_shape_elems(b));
}

rn_status *sum_scalar(rn_call *c, uint32_t tag, uint32_t value, io_buffer *out) {
  RN_TRY(one_tag_each(c, tag, value));
  for (uint64_t i = 0; i < sum_count(c->in[value]); i++) {
    sum_value v = {.tag = c->host->string_at(c->in[tag], i),
                   .part = SUM_SIMPLE_VALUE,
                   .number = (float)sum_number(c->in[value], i)};
    sum_put_value(out, &v);
  }
  return out->failed ? sum_no_memory(c->host) : NULL;
}

static rn_status *compute(const void *state, rn_call *c) {
  io_buffer b = {0};
  (void)state;
  rn_status *s = sum_scalar(c, 0, 1, &b);
  if (s == NULL) s = sum_give(c, &b);
  io_drop(&b);
  return s;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
                                 .name = "ScalarSummary",
                                 .signature = "(tags: string, values: T) -> (summary: string); " SUM_NUMBERS,
                                 .doc = "A Summary with one number for each tag.",
                                 .infer = sum_infer_scalar}};
static const rn_kernel_def kernels[] = {SUM_KERNEL("ScalarSummary", compute)};
const rn_group sum_scalar_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
