/* plugin.c - skeleton: the smallest complete plugin (plugins/skeleton). Copy the folder, rename the op, change the four
 * functions.
 *
 * Cube: y = x^3, dx = dy * 3 x^2. The gradient is written in ops that other plugins have, so it runs
 * wherever they run, and can be differentiated again. */
#include <runnel/plugin.h>

static rn_status *infer(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}

/* y = x * x * x, so dx = dy * (x*x + x*x + x*x): no constant, hence no trouble with its type. */
static rn_status *gradient(rn_grad *c) {
  rn_value x = rn_grad_x(c, 0), square = rn_op2(c->b, "Mul", x, x);
  rn_value three = rn_op2(c->b, "Add", rn_op2(c->b, "Add", square, square), square);
  c->api->set_dx(c, 0, rn_op2(c->b, "Mul", c->api->dy(c, 0), three));
  return NULL;
}

typedef struct piece {
  const rn_tensor_view *x, *y;
} piece;
static void cube_float(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const piece *p = arg;
  const float *x = p->x->data;
  float *y = p->y->data;
  (void)worker;
  for (uint64_t i = lo; i < hi; i++) y[i] = x[i] * x[i] * x[i];
}
static void cube_double(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  const piece *p = arg;
  const double *x = p->x->data;
  double *y = p->y->data;
  (void)worker;
  for (uint64_t i = lo; i < hi; i++) y[i] = x[i] * x[i] * x[i];
}

static rn_status *compute(const void *state, rn_call *c) {
  (void)state;
  if (c->out[0]->data == NULL) RN_TRY(c->api->set_output(c, 0, &c->in[0]->shape)); /* shape was not known before */
  piece p = {c->in[0], c->out[0]};
  int is_float = p.x->dtype == RN_FLOAT;
  uint64_t n = (uint64_t)rn_shape_elems(&p.x->shape);
  c->host->parallel_for(c->host->ctx, n, 4096, is_float ? cube_float : cube_double, &p);
  return NULL;
}

static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),
                                 .name = "Cube",
                                 .signature = "(x: T) -> (y: T); T: {float, double}",
                                 .doc = "The third power of each element.",
                                 .infer = infer,
                                 .gradient = gradient}};
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "Cube",
                                         .device_type = "cpu",
                                         .label = "loops",
                                         .priority = 10,
                                         .inplace = 1, /* y may overwrite x */
                                         .compute = compute}};
static const rn_group group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "skeleton",
                                    .version = "1.0",
                                    .license = "Apache-2.0",
                                    .doc = "The smallest complete plugin: one op with gradient and kernel.",
                                    .groups = groups,
                                    .group_count = 1};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(skeleton)(void) { return &desc; }
