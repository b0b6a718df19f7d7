/* narrow.c - kernels for half and bfloat16 that compute in float (plugins/vulkan).
 *
 * Each is the op's kernel for float between two casts: narrow inputs become float in scratch memory, narrow results
 * come back rounded to nearest. So a float kernel is written once, and whoever makes it faster makes these faster. */
#include "cast.h"
#include "narrow.h"

enum { MOST = 64 }; /* inputs or outputs */
typedef struct row {
  const char *op, *types;
  const rn_kernel_def *wide;
} row;
typedef struct narrow_state {
  gpu_op op;
  const void *inner; /* state of the float kernel; begins with its gpu_op */
  void (*destroy)(void *inner);
} narrow_state;

static int is_narrow(rn_dtype t) { return t == RN_HALF || t == RN_BFLOAT16; }

rn_status *gpu_widen(const rn_call *c, const rn_tensor_view *v, rn_tensor_view *out) {
  rn_mem *m;
  *out = *v;
  if (!is_narrow(v->dtype)) return NULL;
  uint64_t bytes = 4 * (uint64_t)rn_shape_elems(&v->shape);
  out->dtype = RN_FLOAT;
  out->size_bytes = bytes;
  out->data = NULL;
  out->tensor = NULL;
  out->offset_bytes = 0;
  if (bytes == 0) return NULL;
  RN_TRY(gpu_scratch(c, bytes, &m));
  out->mem = m;
  return NULL;
}

rn_status *gpu_in_float(const gpu_op *wide, const rn_call *c) {
  rn_tensor_view view[2 * MOST];
  const rn_tensor_view *in[MOST];
  rn_tensor_view *out[MOST];
  if (c->n_in > MOST || c->n_out > MOST)
    return rn_error(gpu_host, RN_UNIMPLEMENTED, "half with more than %d inputs", MOST);
  for (uint32_t i = 0; i < c->n_in; i++) {
    RN_TRY(gpu_widen(c, c->in[i], &view[i]));
    if (is_narrow(c->in[i]->dtype) && view[i].size_bytes != 0) RN_TRY(gpu_cast(c, c->in[i], &view[i]));
    in[i] = &view[i];
  }
  for (uint32_t i = 0; i < c->n_out; i++) {
    out[i] = &view[MOST + i];
    RN_TRY(gpu_widen(c, c->out[i], out[i]));
  }
  rn_call inner = *c;
  inner.in = in;
  inner.out = out;
  RN_TRY(wide->record(wide, &inner));
  for (uint32_t i = 0; i < c->n_out; i++)
    if (is_narrow(c->out[i]->dtype) && out[i]->size_bytes != 0) RN_TRY(gpu_cast(c, out[i], c->out[i]));
  return NULL;
}

static rn_status *record(const void *op, rn_call *c) { return gpu_in_float(((const narrow_state *)op)->inner, c); }

static void destroy(void *state) {
  narrow_state *s = state;
  if (s->destroy != NULL) s->destroy((void *)(uintptr_t)s->inner);
  gpu_free(s);
}

static rn_status *prepare(const rn_prepare *p, rn_prepared *out) {
  const row *r = p->user;
  rn_prepared inner = *out;
  rn_prepare wide = *p;
  narrow_state *s;
  wide.user = r->wide->user;
  inner.state = (void *)(uintptr_t)r->wide->user;
  inner.destroy = NULL;
  if (r->wide->prepare != NULL) RN_TRY(r->wide->prepare(&wide, &inner));
  rn_status *failed = gpu_state(out, sizeof *s, record, &s);
  if (failed != NULL) {
    if (inner.destroy != NULL) inner.destroy(inner.state);
    return failed;
  }
  s->inner = inner.state;
  s->destroy = inner.destroy;
  out->destroy = destroy;
  return NULL;
}

static rn_status *supports(const void *user, const rn_self *s, uint8_t *out_yes, char reason[256]) {
  const row *r = user;
  return r->wide->supports(r->wide->user, s, out_yes, reason);
}

/* clang-format off */
#define BOTH "T: {half, bfloat16}"
#define OTHER(Op) {#Op, "T: bfloat16", NULL},
#define NARROW(Op) {#Op, BOTH, NULL},
static row rows[] = {
    GPU_UNARY(OTHER) GPU_BINARY(OTHER) GPU_BINARY_ORDER(OTHER) GPU_UNARY_TEST(NARROW)
    NARROW(BiasAdd) NARROW(BiasAddV1) NARROW(BiasAddGrad)
    NARROW(MaxPool) NARROW(AvgPool)
    NARROW(MaxPoolGrad) NARROW(AvgPoolGrad) NARROW(DepthwiseConv2dNative) NARROW(DepthwiseConv2dNativeBackpropInput)
    NARROW(DepthwiseConv2dNativeBackpropFilter)
    NARROW(Softmax) NARROW(LogSoftmax) NARROW(SoftmaxCrossEntropyWithLogits) NARROW(LeakyRelu) NARROW(LeakyReluGrad)
    NARROW(AddN) NARROW(AccumulateNV2) NARROW(L2Loss)
    NARROW(FusedBatchNormV2) NARROW(FusedBatchNormV3) NARROW(FusedBatchNormGradV2) NARROW(FusedBatchNormGradV3)
    {"Sum", BOTH, NULL}, {"Mean", BOTH, NULL}, {"Prod", BOTH, NULL}, {"Max", BOTH, NULL}, {"Min", BOTH, NULL},
    {"ArgMax", BOTH, NULL}, {"ArgMin", BOTH, NULL}, {"TopK", BOTH, NULL}, {"TopKV2", BOTH, NULL},
    {"ScatterNd", BOTH, NULL}, {"UnsortedSegmentSum", BOTH, NULL}, {"SegmentSum", BOTH, NULL},
    {"SparseSoftmaxCrossEntropyWithLogits", BOTH "; Tlabels: {int32, int64}", NULL},
};
/* clang-format on */
enum { ROWS = (int)(sizeof rows / sizeof rows[0]) };
static rn_kernel_def kernels[ROWS];
rn_group gpu_narrow_kernels = {.struct_size = (uint32_t)sizeof(rn_group)};

static const rn_kernel_def *find_wide(const rn_group *const *groups, uint32_t n, const char *op) {
  const rn_kernel_def *best = NULL;
  for (uint32_t g = 0; g < n; g++)
    for (uint32_t i = 0; i < groups[g]->kernels.count; i++) {
      const rn_kernel_def *k = (const rn_kernel_def *)groups[g]->kernels.items + i;
      if (strcmp(k->op, op) != 0 || k->types == NULL || strstr(k->types, "float") == NULL) continue;
      if (strstr(k->types, "bfloat16") == NULL && (best == NULL || k->priority > best->priority)) best = k;
    }
  return best;
}

void gpu_narrow_fill(const rn_group *const *groups, uint32_t n_groups) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    row *r = &rows[i];
    r->wide = find_wide(groups, n_groups, r->op);
    if (r->wide == NULL) continue;
    rn_kernel_def *k = &kernels[n++];
    *k = *r->wide;
    k->types = r->types;
    k->label = "in_float";
    k->inplace = 0;
    k->alias = 0;
    k->prepare = prepare;
    k->supports = r->wide->supports != NULL ? supports : NULL;
    k->user = r;
  }
  gpu_narrow_kernels.kernels = (rn_table){kernels, n, (uint32_t)sizeof kernels[0]};
}
