/* plugin.c - a faster Square that forgets what four does not divide (tests/conform/plugins/wrong_tail). */
#include <runnel/plugin.h>

static rn_status *compute(const void *state, rn_call *c) {
  (void)state;
  if (c->out[0]->data == NULL) RN_TRY(c->api->set_output(c, 0, &c->in[0]->shape));
  uint64_t n = (uint64_t)rn_shape_elems(&c->in[0]->shape), whole = n / 4 * 4;
  const float *x = c->in[0]->data;
  float *y = c->out[0]->data;
  for (uint64_t i = 0; i < n; i++) y[i] = i < whole ? x[i] * x[i] : x[i];
  return NULL;
}
static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "Square",
                                         .device_type = "cpu",
                                         .types = "T: float",
                                         .label = "fast",
                                         .priority = 60,
                                         .compute = compute}};
static const rn_group group = {.struct_size = sizeof(rn_group), .kernels = RN_TABLE(kernels)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "wrong_tail",
                                    .version = "1.0",
                                    .license = "Apache-2.0",
                                    .doc = "A Square that is wrong at the end of rows (test).",
                                    .groups = groups,
                                    .group_count = 1};
RN_EXPORT const rn_plugin_desc *rn_plugin_entry(void) { return &desc; }
