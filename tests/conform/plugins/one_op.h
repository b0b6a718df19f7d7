/* one_op.h - a plugin of one op and its kernel, correct unless the file that includes it says otherwise
 * (tests/conform/plugins).
 *
 * Before the include: ID, DOC, and any of INFER, GRADIENT, COMPUTE, INIT as names of own functions. The op is
 * Thrice, y = 3 x. */
#ifndef ONE_OP_H
#define ONE_OP_H
#include <runnel/plugin.h>

RN_INLINE rn_status *thrice_infer(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
RN_INLINE rn_status *thrice_gradient(rn_grad *c) {
  rn_value dy = c->api->dy(c, 0);
  c->api->set_dx(c, 0, rn_op2(c->b, "Add", rn_op2(c->b, "Add", dy, dy), dy));
  return NULL;
}
/* Elements lo..hi of the one output from the one input. */
RN_INLINE void thrice(const rn_call *c, uint64_t lo, uint64_t hi) {
  for (uint64_t i = lo; i < hi; i++) {
    if (c->in[0]->dtype == RN_FLOAT)
      ((float *)c->out[0]->data)[i] = 3 * ((const float *)c->in[0]->data)[i];
    else
      ((double *)c->out[0]->data)[i] = 3 * ((const double *)c->in[0]->data)[i];
  }
}
RN_INLINE rn_status *thrice_compute(const void *state, rn_call *c) {
  (void)state;
  if (c->out[0]->data == NULL) RN_TRY(c->api->set_output(c, 0, &c->in[0]->shape));
  thrice(c, 0, (uint64_t)rn_shape_elems(&c->in[0]->shape));
  return NULL;
}

#ifndef INFER
#define INFER thrice_infer
#endif
#ifndef GRADIENT
#define GRADIENT thrice_gradient
#endif
#ifndef COMPUTE
#define COMPUTE thrice_compute
#endif
#ifndef INIT
#define INIT NULL
#endif

#define ONE_OP_PLUGIN(id_, doc_)                                                                                       \
  static const rn_op_def ops[] = {{.struct_size = sizeof(rn_op_def),                                                   \
                                   .name = "Thrice",                                                                   \
                                   .signature = "(x: T) -> (y: T); T: {float, double}",                                \
                                   .doc = "Three times each element (test).",                                          \
                                   .infer = INFER,                                                                     \
                                   .gradient = GRADIENT}};                                                             \
  static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),                                       \
                                           .op = "Thrice",                                                             \
                                           .device_type = "cpu",                                                       \
                                           .label = "test",                                                            \
                                           .priority = 10,                                                             \
                                           .compute = COMPUTE}};                                                       \
  static const rn_group group = {.struct_size = sizeof(rn_group), .ops = RN_TABLE(ops), .kernels = RN_TABLE(kernels)}; \
  static const rn_group *const groups[] = {&group};                                                                    \
  static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),                                           \
                                      .abi_major = RN_ABI_MAJOR,                                                       \
                                      .abi_minor = RN_ABI_MINOR,                                                       \
                                      .build_flags = RN_BUILD_FLAGS,                                                   \
                                      .id = id_,                                                                       \
                                      .version = "1.0",                                                                \
                                      .license = "Apache-2.0",                                                         \
                                      .doc = doc_,                                                                     \
                                      .groups = groups,                                                                \
                                      .group_count = 1,                                                                \
                                      .init = INIT};                                                                   \
  RN_EXPORT const rn_plugin_desc *rn_plugin_entry(void) { return &desc; }
#endif
