/* plugin.c - kernels that compete with the processor's own, each by another rule of the total order
 * (tests/plugins). */
#include <math.h>
#include <runnel/plugin.h>

typedef float (*function)(float);
static float negative(float x) { return -x; }
static float absolute(float x) { return fabsf(x); }
static float square(float x) { return x * x; }
static float root(float x) { return sqrtf(x); }
static const function negative_fn = negative, absolute_fn = absolute, square_fn = square, root_fn = root;

static rn_status *each(const void *state, rn_call *c) {
  const float *x = c->in[0]->data;
  float *y = c->out[0]->data;
  function f = *(const function *)state;
  for (uint64_t i = 0; i < c->out[0]->size_bytes / sizeof *y; i++) y[i] = f(x[i]);
  return NULL;
}

static rn_status *never(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  (void)user;
  (void)s;
  *out_yes = 0;
  snprintf(reason, 256, "roots are not for today");
  return NULL;
}

/* Without types every type is let in by the constraints, so supports looks. */
static rn_status *floats_only(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  (void)user;
  *out_yes = rn_self_type(s, "T", RN_INVALID) == RN_FLOAT;
  snprintf(reason, 256, "for floats only");
  return NULL;
}

#define RIVAL(o, t, p, f, s)                                                                                     \
  {                                                                                                              \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = o, .device_type = "cpu", .types = t, .label = "rival", \
    .priority = p, .compute = each, .user = &f, .supports = s                                                    \
  }
static const rn_kernel_def kernels[] = {
    RIVAL("Neg", "T: float", 50, negative_fn, NULL), RIVAL("Abs", NULL, 10, absolute_fn, floats_only),
    RIVAL("Square", "T: float", 10, square_fn, NULL), RIVAL("Sqrt", "T: float", 50, root_fn, never)};
static const rn_group group = {.struct_size = (uint32_t)sizeof(rn_group), .kernels = RN_TABLE(kernels)};
static const rn_group *const groups[] = {&group};
const rn_plugin_desc *rn_plugin_entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "rivals",
                                      .version = "1",
                                      .license = "Apache-2.0",
                                      .doc = "Kernels that compete with the processor's own, for tests.",
                                      .groups = groups,
                                      .group_count = 1};
  return &desc;
}
