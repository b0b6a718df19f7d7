/* vector_relu.c - a kernel for Relu on floats, chosen before the usual one (docs/examples/vector_relu).
 *
 * Why it exists: the usual kernel is a row in a table of element-wise loops and leaves the vectors to the optimiser.
 * This one says them, in the compiler's vector types: 32 floats a turn, a comparison and a mask each, no branch. So its
 * speed does not depend on the compiler and its options; it is that of memory. It is compiled twice, and `prepare`
 * takes the one for this processor.
 *
 * Relu keeps NaN: a comparison with NaN is false, so only what is known to be below zero is cleared. */
#include <runnel/plugin.h>

#define LANES 8
#define TURN (4 * LANES)
#define WORTH_IT 64 /* elements; below, the call costs more than the loop */
/* A piece may begin at any element, hence the alignment of one. */
typedef float floats __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef int32_t masks __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(4), may_alias));

typedef struct operands {
  const float *x;
  float *y;
} operands;

#define RELU(name, target)                                                                        \
  target static void name(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {                 \
    const operands *o = arg;                                                                      \
    const floats zero = {0};                                                                      \
    uint64_t i = lo;                                                                              \
    (void)worker;                                                                                 \
    for (; hi - i >= TURN; i += TURN)                                                             \
      for (int k = 0; k < TURN; k += LANES) {                                                     \
        const floats v = *(const floats *)(const void *)(o->x + i + k);                           \
        *(masks *)(void *)(o->y + i + k) = (masks)v & ~(masks)(v < zero); /* all ones if below */ \
      }                                                                                           \
    for (; i < hi; i++) o->y[i] = o->x[i] < 0 ? 0 : o->x[i];                                      \
  }
RELU(relu_any, )
#if defined(__x86_64__)
RELU(relu_avx2, __attribute__((target("avx2"))))
#endif

typedef struct choice {
  void (*loop)(void *arg, uint64_t lo, uint64_t hi, uint32_t worker);
} choice;
static const choice any = {relu_any};
#if defined(__x86_64__)
static const choice avx2 = {relu_avx2};
#endif

static rn_status *compute(const void *state, rn_call *c) {
  const choice *chosen = state;
  if (c->out[0]->data == NULL) RN_TRY(c->api->set_output(c, 0, &c->in[0]->shape));
  operands o = {c->in[0]->data, c->out[0]->data};
  c->host->parallel_for(c->host->ctx, (uint64_t)rn_shape_elems(&c->in[0]->shape), 32768, chosen->loop, &o);
  return NULL;
}

/* Once for each node and its shapes: what compute gets as its state. */
static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const choice *chosen = &any;
#if defined(__x86_64__)
  if ((p->self.host->cpu_features() & RN_CPU_AVX2) != 0) chosen = &avx2;
#else
  (void)p;
#endif
  out->state = (void *)(uintptr_t)chosen;
  return NULL;
}

static rn_status *supports(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  const rn_shape *shape = s->view->shape(s->graph, s->view->input(s->graph, s->id, 0));
  (void)user;
  *out_yes = !rn_shape_known(shape) || rn_shape_elems(shape) >= WORTH_IT;
  if (!*out_yes)
    snprintf(reason, 256, "it is for %d elements or more, not for %d", WORTH_IT, (int)rn_shape_elems(shape));
  return NULL;
}

static const rn_kernel_def kernels[] = {{.struct_size = sizeof(rn_kernel_def),
                                         .op = "Relu",
                                         .device_type = "cpu",
                                         .types = "T: {float}",
                                         .label = "vectors",
                                         .priority = 100,
                                         .inplace = 1,
                                         .compute = compute,
                                         .supports = supports,
                                         .prepare = prepare}};
static const rn_group group = {.struct_size = sizeof(rn_group), .kernels = RN_TABLE(kernels)};
static const rn_group *const groups[] = {&group};
static const rn_plugin_desc desc = {.struct_size = sizeof(rn_plugin_desc),
                                    .abi_major = RN_ABI_MAJOR,
                                    .abi_minor = RN_ABI_MINOR,
                                    .build_flags = RN_BUILD_FLAGS,
                                    .id = "vector_relu",
                                    .version = "1.0",
                                    .license = "Apache-2.0",
                                    .doc = "Relu on floats in vector types.",
                                    .groups = groups,
                                    .group_count = 1};
RN_EXPORT const rn_plugin_desc *RN_PLUGIN_ENTRY(vector_relu)(void) { return &desc; }
