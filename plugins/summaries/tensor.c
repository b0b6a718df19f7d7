/* tensor.c - TensorSummary: a whole tensor as a TensorProto (plugins/summaries). */
#include "summaries.h"

/* TensorProto: dtype 1, tensor_shape 2, tensor_content 4 or string_val 8. */
static void put_tensor(rn_call *c, uint32_t tensor, io_buffer *b) {
  const rn_tensor_view *v = c->in[tensor];
  io_buffer shape = {0};
  for (int32_t i = 0; i < v->shape.rank; i++) {
    io_buffer dim = {0};
    io_put_field(&dim, 1, (uint64_t)v->shape.dim[i]);
    io_put_body(&shape, 2, dim.data, dim.size);
    if (dim.failed) b->failed = 1;
    io_drop(&dim);
  }
  io_put_field(b, 1, (uint64_t)v->dtype);
  io_put_body(b, 2, shape.data, shape.size);
  if (shape.failed) b->failed = 1;
  io_drop(&shape);
  if (v->dtype != RN_STRING) {
    if (v->size_bytes != 0) io_put_body(b, 4, v->data, v->size_bytes);
    return;
  }
  for (uint64_t i = 0; i < sum_count(v); i++) {
    rn_bytes s = c->host->string_at(v, i);
    io_put_body(b, 8, s.data, s.size);
  }
}

rn_status *sum_tensor(rn_call *c, const sum_value *value, uint32_t tensor, io_buffer *out) {
  io_buffer body = {0};
  sum_value v = *value;
  put_tensor(c, tensor, &body);
  v.part = SUM_TENSOR;
  v.body = &body;
  sum_put_value(out, &v);
  io_drop(&body);
  return out->failed ? sum_no_memory(c->host) : NULL;
}

static rn_status *give(rn_call *c, const sum_value *v, uint32_t tensor) {
  io_buffer b = {0};
  rn_status *s = sum_tensor(c, v, tensor, &b);
  if (s == NULL) s = sum_give(c, &b);
  io_drop(&b);
  return s;
}

typedef struct named {
  sum_state base;
  char name[];
} named;

static rn_status *compute_v1(const void *state, rn_call *c) {
  const named *n = state;
  sum_value v = {.node_name = {n->name, strlen(n->name)}};
  return give(c, &v, 0);
}

static rn_status *compute_v2(const void *state, rn_call *c) {
  sum_value v = {.tag = {NULL, 0}};
  (void)state;
  RN_TRY(sum_tag(c, 0, &v.tag));
  RN_TRY(sum_tag(c, 2, &v.metadata));
  return give(c, &v, 1);
}

static rn_status *prepare_v1(const rn_prepare *p, rn_prepared *out) {
  const char *name = p->self.view->name(p->self.graph, p->self.id);
  size_t n = strlen(name) + 1;
  named *s = sum_state_make(p, sizeof *s + n, out);
  if (s == NULL) return sum_no_memory(p->self.host);
  memcpy(s->name, name, n);
  return NULL;
}

static const rn_op_def ops[] = {
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
     .name = "TensorSummary",
     .signature = "(tensor: T) -> (summary: string); T: type; description: string = \"\"; labels: list(string) = []; "
                  "display_name: string = \"\"",
     .doc = "A Summary with a whole tensor, under the name of its node.",
     .infer = sum_infer_scalar},
    {.struct_size = sizeof(rn_op_def),
     .flags = RN_OP_NO_GRADIENT | RN_OP_HOST_ONLY,
     .name = "TensorSummaryV2",
     .signature = "(tag: string, tensor: T, serialized_summary_metadata: string) -> (summary: string); T: type",
     .doc = "A Summary with a whole tensor, its tag and what plugin of the viewer shows it.",
     .infer = sum_infer_scalar},
};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "TensorSummary",
                                         .device_type = "cpu",
                                         .label = "summaries",
                                         .priority = 10,
                                         .compute = compute_v1,
                                         .prepare = prepare_v1},
                                        SUM_KERNEL("TensorSummaryV2", compute_v2)};
const rn_group sum_tensor_group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
