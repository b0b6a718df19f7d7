/* state.c - reading and writing variables, Ref and resource alike (plugins/vulkan).
 *
 * A variable that is at home here with the value's shape is overwritten by a command, recorded like any other; a
 * first value goes through the host, which makes the memory. */
#include "strided.h"

/* In a recording the host has checked that there is memory; what is left is a shape the variable may not have. */
static rn_status *assign_first(rn_call *c) {
  if (c->queue->recording != NULL)
    return gpu_host->status(RN_INVALID_ARGUMENT, "the value has another shape than the variable");
  RN_TRY(c->api->cell_assign(c, c->resource[0], c->in[1]));
  RN_TRY(gpu_begin(c->queue, c->wait));
  return gpu_finish(c->queue, c->signal);
}

static rn_status *copy_record(const void *op, rn_call *c) {
  rn_tensor_view v;
  (void)op;
  RN_TRY(gpu_cell(c, 0, &v));
  return gpu_copy_view(c, c->in[1], &v);
}

static rn_status *assign(const void *state, rn_call *c) {
  rn_tensor_view v;
  if (!c->api->cell_initialized(c->resource[0])) return assign_first(c);
  RN_TRY(gpu_cell(c, 0, &v));
  int from_host = c->in[1]->mem == NULL && c->queue->recording == NULL;
  if (v.mem == NULL || from_host || !gpu_same_shape(&v.shape, &c->in[1]->shape)) return assign_first(c);
  return gpu_compute(state, c);
}

static rn_status *read(const void *op, rn_call *c) {
  rn_tensor_view v;
  (void)op;
  RN_TRY(gpu_cell(c, 0, &v));
  return gpu_copy_view(c, &v, c->out[0]);
}

typedef struct update_row {
  gpu_op op;
  uint32_t number;
} update_row;
static rn_status *update(const void *op, rn_call *c) {
  const update_row *u = op;
  rn_tensor_view v;
  RN_TRY(gpu_cell(c, 0, &v));
  uint32_t n = gpu_elems(&v);
  if (n != gpu_elems(c->in[1]))
    return rn_error(c->host, RN_INVALID_ARGUMENT, "the variable has %u elements, the update %u", n,
                    gpu_elems(c->in[1]));
  int wide = rn_shape_elems(&v.shape) > 0 && v.size_bytes / n == 8;
  gpu_dispatch d = gpu_dispatch_of(c, wide                           ? SHADER_add64
                                      : v.dtype % RN_REF == RN_INT32 ? SHADER_binary_i32
                                                                     : SHADER_binary_f32);
  gpu_spec(&d, wide ? u->number == BINARY_Sub : u->number);
  if (!wide) gpu_spec(&d, WALK_SAME);
  gpu_bind(&d, &v, 0);
  gpu_bind(&d, c->in[1], 0);
  gpu_bind(&d, &v, 1);
  gpu_push(&d, n);
  gpu_push(&d, 1);
  gpu_over(&d, c, n);
  return gpu_run(c, &d);
}

static rn_status *is_initialized(const void *op, rn_call *c) {
  (void)op;
  *(uint8_t *)c->out[0]->data = c->api->cell_initialized(c->resource[0]);
  return NULL;
}
static rn_status *variable_shape(const void *op, rn_call *c) {
  rn_tensor_view v;
  (void)op;
  RN_TRY(gpu_cell(c, 0, &v));
  for (int32_t i = 0; i < v.shape.rank; i++) gpu_put_int(c->out[0], i, v.shape.dim[i]);
  return NULL;
}

static const gpu_op copy_op = {copy_record}, read_op = {read}, initialized_op = {is_initialized},
                    shape_op = {variable_shape};
static const update_row add = {{update}, BINARY_Add}, subtract = {{update}, BINARY_Sub};
#define NUMBERS "{float, int32, int64}"
static const rn_kernel_def kernels[] = {
    GPU_KERNEL("Assign", GPU_ANY("T"), RN_KERNEL_RECORDS | RN_KERNEL_OVERWRITES, assign, &copy_op),
    GPU_KERNEL("AssignVariableOp", GPU_ANY("dtype"), RN_KERNEL_RECORDS | RN_KERNEL_OVERWRITES, assign, &copy_op),
    GPU_K("AssignAdd", "T: " NUMBERS, &add),
    GPU_K("AssignSub", "T: " NUMBERS, &subtract),
    GPU_K("AssignAddVariableOp", "dtype: " NUMBERS, &add),
    GPU_K("AssignSubVariableOp", "dtype: " NUMBERS, &subtract),
    GPU_K("ReadVariableOp", GPU_ANY("dtype"), &read_op),
    GPU_HOST("IsVariableInitialized", "is_initialized", &initialized_op, .types = GPU_ANY("dtype")),
    GPU_HOST("VarIsInitializedOp", "is_initialized", &initialized_op),
    GPU_HOST("VariableShape", "output", &shape_op),
};
GPU_GROUP(gpu_state_kernels, kernels);
