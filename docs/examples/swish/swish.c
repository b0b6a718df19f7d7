/* swish.c - the operation Swish, y = x sigmoid(x): a plugin as a third party writes it (docs/examples/swish).
 *
 * Ramachandran, Zoph, Le: Searching for Activation Functions (2017). It is complete in this file: signature, shapes,
 * gradient, kernel for float and double, documentation. */
#include <math.h>
#include <runnel/plugin.h>

static rn_status *infer(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}

/* With s = sigmoid(x): dy/dx = s + y (1 - s). Nodes, so it runs where they run, and has a gradient itself. */
static rn_status *gradient(rn_grad *c) {
  rn_value s = rn_op1(c->b, "Sigmoid", rn_grad_x(c, 0)), y = rn_grad_y(c, 0);
  rn_value slope = rn_op2(c->b, "Add", s, rn_op2(c->b, "Sub", y, rn_op2(c->b, "Mul", y, s)));
  c->api->set_dx(c, 0, rn_op2(c->b, "Mul", c->api->dy(c, 0), slope));
  return NULL;
}

typedef struct operands {
  const void *x;
  void *y;
} operands;
static void loop_float(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const operands *o = arg;
  const float *x = o->x;
  float *y = o->y;
  (void)worker;
  for (uint64_t i = lo; i < hi; i++) y[i] = x[i] / (1 + expf(-x[i]));
}
static void loop_double(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const operands *o = arg;
  const double *x = o->x;
  double *y = o->y;
  (void)worker;
  for (uint64_t i = lo; i < hi; i++) y[i] = x[i] / (1 + exp(-x[i]));
}

static rn_status *compute(const void *state, rn_call *c) {
  (void)state;
  if (c->out[0]->data == NULL) RN_TRY(c->api->set_output(c, 0, &c->in[0]->shape));
  operands o = {c->in[0]->data, c->out[0]->data};
  uint64_t n = (uint64_t)rn_shape_elems(&c->in[0]->shape);
  c->host->parallel_for(c->host->ctx, n, 1024, c->in[0]->dtype == RN_FLOAT ? loop_float : loop_double, &o);
  return NULL;
}

/* An exponential costs about twenty additions. */
static void cost(const rn_infer *c, const rn_shape *in, const rn_shape *out, rn_cost *result) {
  (void)c, (void)out;
  result->flops = rn_shape_known(in) ? 24.0 * (double)rn_shape_elems(in) : 0;
  result->bytes = rn_shape_known(in) ? 8.0 * (double)rn_shape_elems(in) : 0;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .name = "Swish",
                                 .signature = "(features: T) -> (activations: T); T: {float, double}",
                                 .doc = "x times its sigmoid.\n\nRamachandran, Zoph, Le (2017). Smooth, and not "
                                        "monotonic: it has a minimum of -0.278 near x = -1.278.",
                                 .infer = infer,
                                 .gradient = gradient,
                                 .cost = cost}};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "Swish",
                                         .device_type = "cpu",
                                         .label = "loops",
                                         .priority = 10,
                                         .inplace = 1,
                                         .compute = compute}};
static const rn_group group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "swish",
                                    .version = "1.0",
                                    .license = "Apache-2.0",
                                    .doc = "The activation Swish.",
                                    .groups = groups,
                                    .group_count = 1};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(swish)(void) { return &desc; }
