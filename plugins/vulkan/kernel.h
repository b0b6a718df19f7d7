/* kernel.h - the words of kernels: shaders, operands, dispatches, tables (plugins/vulkan).
 *
 * A kernel's state begins with a gpu_op. Its `record` sees the call's shapes and writes dispatches; it runs once
 * per step, or once per recording. What depends on attributes is read in prepare; host arguments when it
 * records. */
#ifndef GPU_KERNEL_H
#define GPU_KERNEL_H
#include "shaders/numbers.h"
#include "vulkan.h"
#include <shader_list.h> /* GPU_SHADERS(X): generated, one X(name) per row of plugin.cmake */

typedef struct gpu_shader {
  const char *name;
  const uint32_t *words;
  size_t bytes;
} gpu_shader;
enum {
#define GPU_NUMBER(name) SHADER_##name,
  GPU_SHADERS(GPU_NUMBER) GPU_SHADER_COUNT
#undef GPU_NUMBER
};
extern const gpu_shader gpu_shaders[GPU_SHADER_COUNT];

typedef struct gpu_operand {
  const rn_mem *mem;
  const void *data; /* mem NULL: a constant that is still in host memory */
  uint64_t offset, size;
  uint8_t writes;
  uint8_t words; /* of a texel, 1 or 4; 0: a storage buffer */
} gpu_operand;
/* One dispatch. Fill code and constants, bind in the shader's order, push in its order, say how much. */
typedef struct gpu_dispatch {
  const gpu_shader *code;
  uint32_t n_bind, n_texels, n_push, n_spec;
  gpu_operand bind[GPU_MAX_BIND];
  uint32_t push[GPU_MAX_PUSH];
  uint32_t spec[GPU_MAX_SPEC]; /* [0] the workgroup's size */
  uint32_t groups[3];
} gpu_dispatch;

/* spec[0] is the device's plain workgroup. */
gpu_dispatch gpu_dispatch_of(const rn_call *c, uint32_t shader);
void gpu_spec(gpu_dispatch *d, uint32_t value);
void gpu_bind(gpu_dispatch *d, const rn_tensor_view *v, int writes);
void gpu_bind_scratch(gpu_dispatch *d, const rn_mem *m, int writes);
/* Read as a texel buffer: a tensor by single words or by fours, scratch by fours. Before any other kind, and only where
 * limits.max_texels allows. */
void gpu_bind_texels(gpu_dispatch *d, const rn_tensor_view *v, uint32_t words);
void gpu_bind_scratch_texels(gpu_dispatch *d, const rn_mem *m);
void gpu_push(gpu_dispatch *d, uint32_t value);
void gpu_push_float(gpu_dispatch *d, float value);
void gpu_push_all(gpu_dispatch *d, const uint32_t *values, uint32_t n);
/* As many workgroups as n invocations need; the shader strides over the rest. */
void gpu_over(gpu_dispatch *d, const rn_call *c, uint64_t n);
/* Records it. Nothing happens when groups are 0. */
rn_status *gpu_run(const rn_call *c, gpu_dispatch *d);
/* Can an invocation go round its loops so often here? err UNIMPLEMENTED: a driver would end them early. */
rn_status *gpu_rounds(const rn_call *c, uint64_t rounds);
/* Memory for this call alone, in the dispatches that follow. */
rn_status *gpu_scratch(const rn_call *c, uint64_t size_bytes, rn_mem **out);
/* The same memory for one call after another; slot 0 or 1. */
rn_status *gpu_scratch_shared(const rn_call *c, uint32_t slot, uint64_t size_bytes, rn_mem **out);
/* Whole-memory commands. */
rn_status *gpu_fill(const rn_call *c, const rn_tensor_view *v, uint32_t word);
rn_status *gpu_copy_view(const rn_call *c, const rn_tensor_view *from, const rn_tensor_view *to);

typedef rn_status *(*gpu_record_fn)(const void *op, rn_call *c);
typedef struct gpu_op {
  gpu_record_fn record;
} gpu_op;
/* Every kernel's compute: waits, record, signals. */
rn_status *gpu_compute(const void *state, rn_call *c);
/* Zeroed state for prepare, freed with the plan. *state begins with a gpu_op. */
rn_status *gpu_state(rn_prepared *out, size_t bytes, gpu_record_fn record, void *state);
/* A kernel whose results are in host memory: it computes them at once and is not recorded. */
#define GPU_HOST(op_, host_args_, state_, ...)                                                                       \
  {                                                                                                                  \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = (op_), .device_type = "vulkan", .host_args = (host_args_), \
    .label = "host", .priority = 10, .compute = gpu_compute, .user = (state_), __VA_ARGS__                           \
  }
void gpu_put_int(const rn_tensor_view *v, int64_t i, int64_t value); /* into an int32 or int64 host argument */

/* The variable behind input i, or the input itself. */
rn_status *gpu_cell(rn_call *c, uint32_t i, rn_tensor_view *out);
int64_t gpu_int_at(const rn_tensor_view *v, int64_t i); /* of an integer host argument */
uint32_t gpu_elems(const rn_tensor_view *v);
int gpu_same_shape(const rn_shape *a, const rn_shape *b);
int64_t gpu_product(const int64_t *dims, int32_t n);
/* An axis in [-rank, rank) made non-negative; err INVALID_ARGUMENT */
rn_status *gpu_axis(int64_t axis, int32_t rank, int32_t *out);
const void *gpu_attr_list(const rn_self *s, const char *name, uint32_t type, uint32_t *count);

/* Indices in shaders have 32 bits: a tensor has fewer than 2^31 elements. */
#define GPU_KERNEL(op_, types_, flags_, compute_, state_, ...)                                               \
  {                                                                                                          \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .flags = (flags_), .op = (op_), .device_type = "vulkan", \
    .types = (types_), .label = "glsl", .priority = 10, .compute = (compute_), .user = (state_), __VA_ARGS__ \
  }
#define GPU_K(op_, types_, state_, ...) GPU_KERNEL(op_, types_, RN_KERNEL_RECORDS, gpu_compute, state_, __VA_ARGS__)
#define GPU_GROUP(name, table) \
  const rn_group name = {.struct_size = (uint32_t)sizeof(rn_group), .kernels = RN_TABLE(table)}
#define GPU_MIN(a, b) ((a) < (b) ? (a) : (b))
#define GPU_MAX(a, b) ((a) > (b) ? (a) : (b))
#define GPU_CEIL(a, b) (((a) + (b)-1) / (b))
#endif
