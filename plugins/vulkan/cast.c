/* cast.c - Cast among floats, integers and bool, and kernels for half and bfloat16 by way of float (plugins/vulkan).
 *
 * A kernel for narrow floats is the float one between two casts: inputs become scratch in float, results come back
 * rounded to nearest. It is made of whatever kernel the op has for float, so that is written once. */
#include "cast.h"

typedef struct kind {
  rn_dtype type;
  uint32_t number, per_word;
} kind;
static const kind kinds[] = {
    {RN_FLOAT, CAST_FLOAT, 1},   {RN_HALF, CAST_HALF, 2},   {RN_BFLOAT16, CAST_BFLOAT16, 2}, {RN_INT32, CAST_INT32, 1},
    {RN_UINT32, CAST_UINT32, 1}, {RN_INT64, CAST_INT64, 1}, {RN_UINT64, CAST_UINT64, 1},     {RN_INT16, CAST_INT16, 2},
    {RN_UINT16, CAST_UINT16, 2}, {RN_INT8, CAST_INT8, 4},   {RN_UINT8, CAST_UINT8, 4},       {RN_BOOL, CAST_BOOL, 4},
};

static const kind *kind_of(rn_dtype t) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (kinds[i].type == t) return &kinds[i];
  return NULL;
}

uint32_t gpu_cast_number(rn_dtype t) {
  const kind *k = kind_of(t);
  return k != NULL ? k->number : CAST_FLOAT;
}

rn_status *gpu_cast(const rn_call *c, const rn_tensor_view *from, const rn_tensor_view *to) {
  const kind *a = kind_of(from->dtype), *b = kind_of(to->dtype);
  uint32_t n = gpu_elems(from);
  if (a == NULL || b == NULL) return gpu_host->status(RN_INTERNAL, "a cast of a type that has none here");
  gpu_dispatch d = gpu_dispatch_of(c, SHADER_cast);
  gpu_spec(&d, a->number);
  gpu_spec(&d, b->number);
  gpu_bind(&d, from, 0);
  gpu_bind(&d, to, 1);
  gpu_push(&d, n);
  gpu_over(&d, c, GPU_CEIL(n, b->per_word));
  return gpu_run(c, &d);
}

static rn_status *cast(const void *op, rn_call *c) {
  (void)op;
  return gpu_cast(c, c->in[0], c->out[0]);
}

#define TYPES "{float, half, bfloat16, int32, int64, uint8, int8, int16, uint16, uint32, uint64, bool}"
static const rn_kernel_def kernels[] = {
    GPU_K("Cast", "SrcT: " TYPES "; DstT: " TYPES, (&(const gpu_op){cast})),
};
GPU_GROUP(gpu_cast_kernels, kernels);
