/* state.c - reading and writing variables, Ref and resource alike (plugins/cpu).
 *
 * The host holds the cell and its lock; input 0 is the handle. */
#include "cpu.h"
#include "elementwise_ops.h"

static rn_status *assign(const void *state, rn_call *c) {
  (void)state;
  return c->api->cell_assign(c, c->resource[0], c->in[1]);
}

static int slot_of(rn_dtype dt, int sub) {
  switch (dt) {
#define CASE(code, name) \
  case code:             \
    return sub ? CPU_Sub_##name : CPU_Add_##name;
    CASE(RN_FLOAT, f32)
    CASE(RN_DOUBLE, f64)
    CASE(RN_INT32, i32)
    CASE(RN_INT64, i64)
    CASE(RN_UINT8, u8) CASE(RN_INT8, i8) CASE(RN_INT16, i16) CASE(RN_UINT16, u16) default : return -1;
  }
}
typedef struct job {
  cpu_ew2 loop;
  uint64_t bytes;
  char *y;
  const char *x;
} job;
static void piece(void *arg, uint64_t lo, uint64_t hi, uint32_t worker) {
  (void)worker;
  const job *j = arg;
  j->loop(j->y + lo * j->bytes, j->x + lo * j->bytes, j->y + lo * j->bytes, (int64_t)(hi - lo), 1, 1);
}
static void update_narrow(rn_dtype dt, char *y, const char *x, int64_t n, int sub) {
  float a[256], b[256];
  for (int64_t i = 0; i < n; i += 256) {
    int64_t m = CPU_MIN(n - i, 256);
    cpu_widen(dt, y + 2 * i, a, m);
    cpu_widen(dt, x + 2 * i, b, m);
    cpu_loops_now()->ew2[sub ? CPU_Sub_f32 : CPU_Add_f32](a, b, a, m, 1, 1);
    cpu_narrow(dt, a, y + 2 * i, m);
  }
}
static const int add = 0, subtract = 1;
static rn_status *update(const void *state, rn_call *c) {
  int sub = *(const int *)state;
  const rn_tensor_view *x = c->in[1];
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  RN_TRY(c->api->cell_view(c, c->resource[0], &v));
  if (!cpu_shape_equal(&v.shape, &x->shape)) {
    char a[160], b[160];
    return rn_error(c->host, RN_INVALID_ARGUMENT, "the variable is %s, the update %s", cpu_shape_text(&v.shape, a),
                    cpu_shape_text(&x->shape, b));
  }
  int slot = slot_of(v.dtype, sub);
  int64_t n = rn_shape_elems(&v.shape);
  if (slot < 0) {
    update_narrow(v.dtype, v.data, x->data, n, sub);
    return NULL;
  }
  job j = {cpu_loops_now()->ew2[slot], cpu_dtype_bytes(v.dtype), v.data, x->data};
  if (n) cpu_parallel((uint64_t)n, 1 << 15, piece, &j);
  return NULL;
}

static rn_status *is_initialized(const void *state, rn_call *c) {
  (void)state;
  rn_shape s = rn_shape_scalar();
  RN_TRY(cpu_output(c, 0, &s));
  *(uint8_t *)c->out[0]->data = c->api->cell_initialized(c->resource[0]);
  return NULL;
}
static rn_status *read(const void *state, rn_call *c) {
  (void)state;
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  RN_TRY(c->api->cell_view(c, c->resource[0], &v));
  RN_TRY(cpu_output(c, 0, &v.shape));
  if (v.size_bytes) memcpy(c->out[0]->data, v.data, v.size_bytes);
  return NULL;
}
static rn_status *shape(const void *state, rn_call *c) {
  (void)state;
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  RN_TRY(c->api->cell_view(c, c->resource[0], &v));
  rn_shape s = rn_shape_vector(v.shape.rank);
  RN_TRY(cpu_output(c, 0, &s));
  for (int32_t i = 0; i < v.shape.rank; i++) {
    if (c->out[0]->dtype == RN_INT64)
      ((int64_t *)c->out[0]->data)[i] = v.shape.dim[i];
    else
      ((int32_t *)c->out[0]->data)[i] = (int32_t)v.shape.dim[i];
  }
  return NULL;
}

#define REAL "{float, double, int32, int64, uint8, int8, int16, uint16, half, bfloat16}"
static const rn_kernel_def kernels[] = {
    CPU_K("Assign", NULL, assign),
    CPU_K("AssignVariableOp", NULL, assign),
    CPU_K("AssignAdd", "T: " REAL, update, .user = &add),
    CPU_K("AssignSub", "T: " REAL, update, .user = &subtract),
    CPU_K("AssignAddVariableOp", "dtype: " REAL, update, .user = &add),
    CPU_K("AssignSubVariableOp", "dtype: " REAL, update, .user = &subtract),
    CPU_K("IsVariableInitialized", NULL, is_initialized),
    CPU_K("VarIsInitializedOp", NULL, is_initialized),
    CPU_K("ReadVariableOp", CPU_POD("dtype"), read),
    CPU_K("VariableShape", NULL, shape),
};
CPU_GROUP(cpu_state_kernels, kernels);
