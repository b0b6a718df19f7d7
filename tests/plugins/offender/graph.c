/* graph.c - offences of shape and gradient functions (tests/plugins/offender). */
#include "offender.h"

static rn_status *infer(rn_infer *c) {
  static rn_infer *kept;
  rn_bytes how = rn_self_string(&c->self, "how");
  rn_shape s = rn_shape_vector(3);
  if (rn_bytes_equal(how, "output")) c->api->set_shape(c, 5, &s);
  if (rn_bytes_equal(how, "rank")) {
    s.rank = RN_MAX_RANK + 1;
    c->api->set_shape(c, 0, &s);
  }
  if (rn_bytes_equal(how, "dimension")) {
    s.dim[0] = -4711;
    c->api->set_shape(c, 0, &s);
  }
  if (rn_bytes_equal(how, "input")) (void)c->api->shape(c, 3);
  if (rn_bytes_equal(how, "attribute")) (void)rn_self_float(&c->self, "how", 0);
  if (rn_bytes_equal(how, "value")) {
    int64_t many[RN_MAX_VALUE + 1] = {0};
    c->api->set_value(c, 0, many, RN_MAX_VALUE + 1);
  }
  if (rn_bytes_equal(how, "keep")) kept = c;
  if (rn_bytes_equal(how, "kept") && kept != NULL) (void)kept->api->dtype(kept, 0);
  return offender_same_shape(c);
}

static rn_status *gradient(rn_grad *c) {
  static rn_grad *kept;
  rn_bytes how = rn_self_string(&c->b->self, "how");
  rn_value nowhere = {99999, 0};
  if (rn_bytes_equal(how, "dy")) (void)c->api->dy(c, 4);
  if (rn_bytes_equal(how, "dx")) c->api->set_dx(c, 4, c->api->dy(c, 0));
  if (rn_bytes_equal(how, "value")) c->api->set_dx(c, 0, nowhere);
  if (rn_bytes_equal(how, "node")) (void)rn_op1(c->b, "Neg", nowhere);
  if (rn_bytes_equal(how, "nothing")) c->b->api->fail(c->b, NULL);
  if (rn_bytes_equal(how, "keep")) kept = c;
  if (rn_bytes_equal(how, "kept") && kept != NULL) (void)kept->b->api->failed(kept->b);
  c->api->set_dx(c, 0, c->api->dy(c, 0));
  return NULL;
}

static rn_status *compute(const void *state, rn_call *c) {
  (void)state;
  offender_copy(c);
  return NULL;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .name = "OffendShape",
                                 .signature = "(x: float) -> (y: float); how: string",
                                 .doc = "Its shape function breaks a rule (test).",
                                 .flags = RN_OP_NO_GRADIENT,
                                 .infer = infer},
                                {.struct_size = sizeof(rn_op_def),
                                 .name = "OffendGradient",
                                 .signature = "(x: float) -> (y: float); how: string",
                                 .doc = "Its gradient function breaks a rule (test).",
                                 .infer = offender_same_shape,
                                 .gradient = gradient}};
static const rn_kernel_def kernels[] = {
    {.struct_size = sizeof(rn_kernel_def), .op = "OffendShape", .device_type = "cpu", .compute = compute},
    {.struct_size = sizeof(rn_kernel_def), .op = "OffendGradient", .device_type = "cpu", .compute = compute}};
const rn_group offender_graph_group = {
    .struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
