/* elementwise.c - unary and binary ops with broadcasting: one row per op (plugins/vulkan).
 *
 * The formula is in shaders/unary.comp or binary.comp under the same number; here stand the name, the types
 * and which of the compiled shaders it is. */
#include "kernel.h"
#include "walk.h"

typedef struct row {
  gpu_op op;
  uint32_t shader, number;
  uint32_t per_word; /* elements of the result that one invocation writes: 4 for bool */
} row;

static rn_status *unary(const void *state, rn_call *c) {
  const row *r = state;
  uint32_t n = gpu_elems(c->in[0]);
  gpu_dispatch d = gpu_dispatch_of(c, r->shader);
  gpu_spec(&d, r->number);
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, n);
  gpu_over(&d, c, GPU_CEIL(n, r->per_word));
  return gpu_run(c, &d);
}

static rn_status *binary(const void *state, rn_call *c) {
  const row *r = state;
  gpu_walk w;
  gpu_walk_inputs(&w, c, 2);
  gpu_dispatch d = gpu_dispatch_of(c, r->shader);
  gpu_spec(&d, r->number);
  gpu_spec(&d, gpu_walk_mode(&w));
  gpu_bind(&d, c->in[0], 0);
  gpu_bind(&d, c->in[1], 0);
  gpu_bind(&d, c->out[0], 1);
  gpu_push(&d, w.n);
  gpu_walk_push(&w, &d, 2);
  gpu_over(&d, c, GPU_CEIL(w.n, r->per_word));
  return gpu_run(c, &d);
}

#define STATE(fn, shader, number, per_word) (&(const row){{fn}, SHADER_##shader, number, per_word})
#define UNARY(Op)                                                               \
  GPU_K(#Op, "T: float", STATE(unary, unary_f32, UNARY_##Op, 1), .inplace = 1), \
      GPU_K(#Op, "T: half", STATE(unary, unary_f16, UNARY_##Op, 2), .inplace = 1),
#define UNARY_INT(Op) GPU_K(#Op, "T: int32", STATE(unary, unary_i32, UNARY_##Op, 1), .inplace = 1),
#define UNARY_TEST(Op) GPU_K(#Op, "T: float", STATE(unary, test_f32, UNARY_##Op, 4)),
static const rn_kernel_def unary_kernels[] = {GPU_UNARY(UNARY) GPU_UNARY_INT(UNARY_INT) GPU_UNARY_TEST(UNARY_TEST)};
GPU_GROUP(gpu_unary, unary_kernels);

#define BINARY(Op)                                                                 \
  GPU_K(#Op, "T: float", STATE(binary, binary_f32, BINARY_##Op, 1), .inplace = 3), \
      GPU_K(#Op, "T: half", STATE(binary, binary_f16, BINARY_##Op, 2)),
#define BINARY_INT(Op) GPU_K(#Op, "T: int32", STATE(binary, binary_i32, BINARY_##Op, 1), .inplace = 3),
#define BINARY_ORDER(Op)                                                \
  GPU_K(#Op, "T: float", STATE(binary, order_f32, BINARY_##Op, 4)),     \
      GPU_K(#Op, "T: half", STATE(binary, order_f16, BINARY_##Op, 4)),  \
      GPU_K(#Op, "T: int32", STATE(binary, order_i32, BINARY_##Op, 4)), \
      GPU_K(#Op, "T: int64", STATE(binary, order64, BINARY_##Op, 4)),
#define BINARY_LOGIC(Op, types) GPU_K(#Op, types, STATE(binary, binary_bool, BINARY_##Op, 4)),
static const rn_kernel_def binary_kernels[] = {
    GPU_BINARY(BINARY) GPU_BINARY_INT(BINARY_INT) GPU_BINARY_ORDER(BINARY_ORDER) BINARY_LOGIC(LogicalAnd, NULL)
        BINARY_LOGIC(LogicalOr, NULL) BINARY_LOGIC(Equal, "T: bool") BINARY_LOGIC(NotEqual, "T: bool")};
GPU_GROUP(gpu_binary, binary_kernels);
