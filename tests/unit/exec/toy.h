/* tests/unit/exec/toy.h - a plugin of a few ops with one device, all in the test (tests/unit/exec). */
#ifndef TOY_H
#define TOY_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <runnel/runnel.h>
#include "exec/exec.h"

/* ------------------------------------------------------------------------------------- shapes */
__attribute__((unused)) static rn_status *toy_same(rn_infer *c) {
  c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
__attribute__((unused)) static rn_status *toy_shape_attr(rn_infer *c) {
  rn_attr_value v;
  if (rn_self_attr(&c->self, "shape", RN_ATTR_SHAPE, &v)) c->api->set_shape(c, 0, v.u.shape);
  return NULL;
}
__attribute__((unused)) static rn_status *toy_variable(const rn_self *s, rn_resource_spec *out) {
  rn_attr_value v;
  out->dtype = rn_self_type(s, "dtype", RN_INVALID);
  if (rn_self_attr(s, "shape", RN_ATTR_SHAPE, &v)) out->shape = *v.u.shape;
  return NULL;
}
__attribute__((unused)) static rn_status *toy_const(rn_infer *c) {
  rn_attr_value v;
  rn_tensor_view t;
  memset(&t, 0, sizeof t);
  t.struct_size = (uint32_t)sizeof t;
  if (!rn_self_attr(&c->self, "value", RN_ATTR_TENSOR, &v)) return NULL;
  c->self.host->tensor_view(v.u.tensor, &t);
  c->api->set_shape(c, 0, &t.shape);
  return NULL;
}
__attribute__((unused)) static rn_status *toy_range(rn_infer *c) { /* one int: how many */
  int64_t n;
  if (c->api->value(c, 0, &n, 1) != 1 || n < 0) n = RN_DIM_UNKNOWN;
  rn_shape s = rn_shape_vector(n);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
__attribute__((unused)) static rn_status *toy_unknown_vector(rn_infer *c) {
  rn_shape s = rn_shape_vector(RN_DIM_UNKNOWN);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
__attribute__((unused)) static rn_status *toy_one(rn_infer *c) {
  rn_shape s = rn_shape_vector(1);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
__attribute__((unused)) static rn_status *toy_shape_of(rn_infer *c) {
  const rn_shape *x = c->api->shape(c, 0);
  rn_shape s = rn_shape_vector(x->rank < 0 ? RN_DIM_UNKNOWN : x->rank);
  c->api->set_shape(c, 0, &s);
  if (x->rank >= 0) c->api->set_value(c, 0, x->dim, (uint32_t)x->rank);
  return NULL;
}

/* ------------------------------------------------------------------------------------ kernels */
__attribute__((unused)) static float *toy_f(const rn_tensor_view *v) { return v->data; }
__attribute__((unused)) static uint64_t toy_n(const rn_tensor_view *v) { return v->size_bytes / 4; }
__attribute__((unused)) static _Atomic uint64_t toy_calls;
__attribute__((unused)) static volatile int toy_slow_us;

__attribute__((unused)) static rn_status *k_add(const void *state, rn_call *c) {
  (void)state;
  const float *a = toy_f(c->in[0]), *b = toy_f(c->in[1]);
  uint64_t n = toy_n(c->out[0]), nb = toy_n(c->in[1]);
  for (uint64_t i = 0; i < n; i++) toy_f(c->out[0])[i] = a[i] + b[nb == 1 ? 0 : i];
  return NULL;
}
__attribute__((unused)) static rn_status *k_count(const void *state, rn_call *c) { /* says that it ran */
  (void)state;
  (void)atomic_fetch_add(&toy_calls, 1);
  if (toy_n(c->out[0]) > 0) memcpy(c->out[0]->data, c->in[0]->data, c->out[0]->size_bytes);
  return NULL;
}
/* with scratch: a copy of the input waits there */
__attribute__((unused)) static rn_status *toy_scratch_prepare(const rn_prepare *p, rn_prepared *out) {
  out->scratch_bytes = p->in[0]->size_bytes;
  return NULL;
}
__attribute__((unused)) static rn_status *k_twice(const void *state, rn_call *c) {
  (void)state;
  if (((uintptr_t)c->scratch & 63) != 0) return rn_error(c->host, RN_INTERNAL, "scratch is not aligned");
  memcpy(c->scratch, c->in[0]->data, c->in[0]->size_bytes);
  (void)nanosleep(&(struct timespec){0, 100000}, NULL);
  for (uint64_t i = 0; i < toy_n(c->out[0]); i++) toy_f(c->out[0])[i] = 2 * ((const float *)c->scratch)[i];
  return NULL;
}
__attribute__((unused)) static rn_status *k_slow(const void *state, rn_call *c) {
  (void)state;
  for (int i = 0; i < toy_slow_us / 50 && !c->api->cancelled(c); i++)
    (void)nanosleep(&(struct timespec){0, 50000}, NULL);
  memcpy(c->out[0]->data, c->in[0]->data, c->out[0]->size_bytes);
  return NULL;
}
__attribute__((unused)) static _Atomic int toy_gate;
__attribute__((unused)) static rn_status *k_wait(const void *state,
                                                 rn_call *c) { /* until another step opens the gate */
  (void)state;
  while (atomic_load(&toy_gate) == 0 && !c->api->cancelled(c)) (void)nanosleep(&(struct timespec){0, 100000}, NULL);
  memcpy(c->out[0]->data, c->in[0]->data, c->out[0]->size_bytes);
  return NULL;
}
__attribute__((unused)) static rn_status *k_assign(const void *state, rn_call *c) {
  (void)state;
  return c->api->cell_assign(c, c->resource[0], c->in[1]);
}
__attribute__((unused)) static rn_status *k_assign_add(const void *state, rn_call *c) {
  (void)state;
  for (uint64_t i = 0; i < toy_n(c->in[0]); i++) toy_f(c->in[0])[i] += toy_f(c->in[1])[i];
  return NULL;
}
__attribute__((unused)) static rn_status *k_range(const void *state, rn_call *c) {
  (void)state;
  int32_t n = *(const int32_t *)c->in[0]->data;
  rn_shape s = rn_shape_vector(n);
  RN_TRY(c->api->set_output(c, 0, &s));
  for (int32_t i = 0; i < n; i++) toy_f(c->out[0])[i] = (float)i;
  return NULL;
}
__attribute__((unused)) static rn_status *k_positive(const void *state,
                                                     rn_call *c) { /* the positive elements: shape known afterwards */
  (void)state;
  int64_t n = 0;
  for (uint64_t i = 0; i < toy_n(c->in[0]); i++) n += toy_f(c->in[0])[i] > 0;
  rn_shape s = rn_shape_vector(n);
  RN_TRY(c->api->set_output(c, 0, &s));
  n = 0;
  for (uint64_t i = 0; i < toy_n(c->in[0]); i++)
    if (toy_f(c->in[0])[i] > 0) toy_f(c->out[0])[n++] = toy_f(c->in[0])[i];
  return NULL;
}
__attribute__((unused)) static rn_status *k_divide(const void *state, rn_call *c) {
  (void)state;
  for (uint64_t i = 0; i < toy_n(c->out[0]); i++) toy_f(c->out[0])[i] = toy_f(c->in[0])[i] / toy_f(c->in[1])[i];
  return NULL;
}
__attribute__((unused)) static rn_status *k_fail(const void *state, rn_call *c) {
  (void)state;
  return rn_error(c->host, RN_OUT_OF_RANGE, "seven is too much");
}
__attribute__((unused)) static rn_status *k_text(const void *state, rn_call *c) {
  (void)state;
  rn_tensor *t;
  rn_shape s = rn_shape_scalar();
  RN_TRY(c->host->tensor_strings(&s, &(rn_bytes){"stream", 6}, &t));
  rn_status *e = c->api->set_output_tensor(c, 0, t);
  c->host->tensor_release(t);
  return e;
}
__attribute__((unused)) static rn_status *k_restore(const void *state, rn_call *c) { /* eight times three */
  (void)state;
  rn_shape s = rn_shape_vector(8);
  RN_TRY(c->api->set_output(c, 0, &s));
  for (int i = 0; i < 8; i++) toy_f(c->out[0])[i] = 3;
  return NULL;
}
__attribute__((unused)) static rn_status *k_size_of(const void *state, rn_call *c) {
  (void)state;
  *(int32_t *)c->out[0]->data = (int32_t)toy_n(c->in[0]);
  return NULL;
}
__attribute__((unused)) static rn_status *k_length(const void *state, rn_call *c) {
  (void)state;
  rn_shape s = rn_shape_scalar();
  RN_TRY(c->api->set_output(c, 0, &s));
  *(int32_t *)c->out[0]->data = (int32_t)c->host->string_at(c->in[0], 0).size;
  return NULL;
}
__attribute__((unused)) static rn_status *k_read(const void *state, rn_call *c) {
  (void)state;
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  RN_TRY(c->api->cell_view(c, c->resource[0], &v));
  memcpy(c->out[0]->data, v.data, v.size_bytes);
  return NULL;
}
__attribute__((unused)) static rn_status *k_never(const void *state, rn_call *c) {
  (void)state;
  (void)c;
  return NULL;
}
/* asynchronous: a thread of its own finishes it */
__attribute__((unused)) static void *finish_later(void *arg) {
  rn_call *c = arg;
  (void)nanosleep(&(struct timespec){0, 200000}, NULL);
  memcpy(c->out[0]->data, c->in[0]->data, c->out[0]->size_bytes);
  c->api->complete(c, NULL);
  return NULL;
}
__attribute__((unused)) static rn_status *k_later(const void *state, rn_call *c) {
  (void)state;
  pthread_t t;
  if (pthread_create(&t, NULL, finish_later, c) != 0) return rn_error(c->host, RN_RESOURCE_EXHAUSTED, "no thread");
  (void)pthread_detach(t);
  return NULL;
}
__attribute__((unused)) static rn_status *toy_call_prepare(const rn_prepare *p, rn_prepared *out) {
  const rn_function *f;
  RN_TRY(p->function(p, "f", &f));
  out->state = (void *)(uintptr_t)f;
  return NULL;
}
__attribute__((unused)) static rn_status *k_call(const void *state, rn_call *c) {
  rn_tensor *arg = c->api->input_tensor(c, 0), *result = NULL;
  rn_status *e = c->api->call(c, state, &arg, NULL, 1, &result, 1);
  if (e == NULL) e = c->api->set_output_tensor(c, 0, result);
  c->host->tensor_release(arg);
  if (result != NULL) c->host->tensor_release(result);
  return e;
}
__attribute__((unused)) static rn_status *refuse_odd(const void *user, const rn_self *s, uint8_t *yes,
                                                     char reason[256]) {
  (void)user;
  (void)s;
  *yes = 0;
  memcpy(reason, "it is Tuesday", sizeof "it is Tuesday");
  return NULL;
}

#define TOY_SIZE .struct_size = (uint32_t)sizeof(rn_op_def)
__attribute__((unused)) static const rn_op_def toy_ops[] = {
    {TOY_SIZE, .name = "Const", .signature = "() -> (output: dtype); value: tensor; dtype: type",
     .role = RN_ROLE_CONSTANT, .infer = toy_const},
    {TOY_SIZE, .name = "Placeholder", .signature = "() -> (output: dtype); dtype: type; shape: shape",
     .role = RN_ROLE_PLACEHOLDER, .infer = toy_shape_attr},
    {TOY_SIZE, .name = "Identity", .signature = "(input: T) -> (output: T); T: type", .role = RN_ROLE_IDENTITY,
     .infer = toy_same},
    {TOY_SIZE, .name = "NoOp", .signature = "() -> ()", .role = RN_ROLE_NO_OP},
    {TOY_SIZE, .name = "Variable", .signature = "() -> (ref: Ref(dtype)); dtype: type; shape: shape",
     .role = RN_ROLE_RESOURCE, .flags = RN_OP_STATEFUL, .infer = toy_shape_attr, .resource = toy_variable},
    {TOY_SIZE, .name = "VarHandle", .signature = "() -> (h: resource); dtype: type; shape: shape",
     .role = RN_ROLE_RESOURCE, .flags = RN_OP_STATEFUL, .resource = toy_variable},
    {TOY_SIZE, .name = "ReadHandle", .signature = "(h: resource) -> (y: dtype); dtype: type; shape: shape",
     .flags = RN_OP_STATEFUL, .reads = 1, .infer = toy_shape_attr},
    {TOY_SIZE, .name = "AssignHandle", .signature = "(h: resource, v: dtype) -> (); dtype: type",
     .flags = RN_OP_STATEFUL | RN_OP_UNINITIALIZED_OK, .writes = 1},
    {TOY_SIZE, .name = "Wait", .signature = "(a: T) -> (c: T); T: type", .flags = RN_OP_STATEFUL | RN_OP_BLOCKING,
     .infer = toy_same},
    {TOY_SIZE, .name = "Assign", .signature = "(ref: Ref(T), v: T) -> (out: Ref(T)); T: type",
     .flags = RN_OP_STATEFUL | RN_OP_UNINITIALIZED_OK, .writes = 1, .ref_forward = 1, .infer = toy_same},
    {TOY_SIZE, .name = "AssignAdd", .signature = "(ref: Ref(T), v: T) -> (out: Ref(T)); T: type",
     .flags = RN_OP_STATEFUL, .writes = 1, .ref_forward = 1, .infer = toy_same},
    {TOY_SIZE, .name = "Add", .signature = "(a: T, b: T) -> (c: T); T: type", .infer = toy_same},
    {TOY_SIZE, .name = "Div", .signature = "(a: T, b: T) -> (c: T); T: type", .infer = toy_same},
    {TOY_SIZE, .name = "Count", .signature = "(a: T) -> (c: T); T: type", .flags = RN_OP_STATEFUL, .infer = toy_same},
    {TOY_SIZE, .name = "Twice", .signature = "(a: T) -> (c: T); T: type", .infer = toy_same},
    {TOY_SIZE, .name = "Slow", .signature = "(a: T) -> (c: T); T: type", .infer = toy_same},
    {TOY_SIZE, .name = "Later", .signature = "(a: T) -> (c: T); T: type", .infer = toy_same},
    {TOY_SIZE, .name = "Fail", .signature = "(a: T) -> (c: T); T: type", .infer = toy_same},
    {TOY_SIZE, .name = "Range", .signature = "(n: int32) -> (c: float)", .infer = toy_range},
    {TOY_SIZE, .name = "Positive", .signature = "(a: float) -> (c: float)", .infer = toy_unknown_vector},
    {TOY_SIZE, .name = "ShapeOf", .signature = "(a: T) -> (c: int32); T: type", .infer = toy_shape_of},
    {TOY_SIZE, .name = "Text", .signature = "() -> (c: string)", .flags = RN_OP_STATEFUL},
    {TOY_SIZE, .name = "Length", .signature = "(a: string) -> (n: int32)"},
    {TOY_SIZE, .name = "Restore", .signature = "() -> (c: float)", .flags = RN_OP_HOST_ONLY | RN_OP_STATEFUL},
    {TOY_SIZE, .name = "SizeOf", .signature = "(a: float) -> (n: int32)", .infer = toy_one},
    {TOY_SIZE, .name = "Scale", .signature = "(a: float, n: int32) -> (c: float)", .infer = toy_same},
    {TOY_SIZE, .name = "Call", .signature = "(a: float) -> (c: float); f: func", .flags = RN_OP_CALLS | RN_OP_STATEFUL},
};
#undef TOY_SIZE
#define TOY_KERNEL(o, t, f)                                                                                      \
  {                                                                                                              \
    .struct_size = (uint32_t)sizeof(rn_kernel_def), .op = o, .device_type = "toy", .types = t, .label = "plain", \
    .priority = 10, .compute = f                                                                                 \
  }
__attribute__((unused)) static const rn_kernel_def toy_kernels[] = {
    {.struct_size = (uint32_t)sizeof(rn_kernel_def),
     .op = "Add",
     .device_type = "toy",
     .types = "T: float",
     .label = "plain",
     .priority = 10,
     .inplace = 1,
     .compute = k_add},
    {.struct_size = (uint32_t)sizeof(rn_kernel_def),
     .op = "Add",
     .device_type = "toy",
     .types = "T: {float, int32}",
     .label = "odd",
     .priority = 20,
     .compute = k_never,
     .supports = refuse_odd},
    TOY_KERNEL("Div", "T: float", k_divide),
    TOY_KERNEL("Count", "T: float", k_count),
    TOY_KERNEL("Slow", "T: float", k_slow),
    {.struct_size = (uint32_t)sizeof(rn_kernel_def),
     .op = "Twice",
     .device_type = "toy",
     .label = "scratch",
     .prepare = toy_scratch_prepare,
     .compute = k_twice},
    {.struct_size = (uint32_t)sizeof(rn_kernel_def),
     .op = "Later",
     .flags = RN_KERNEL_ASYNC,
     .device_type = "toy",
     .label = "thread",
     .compute = k_later},
    TOY_KERNEL("Fail", "", k_fail),
    TOY_KERNEL("AssignHandle", "", k_assign),
    TOY_KERNEL("Wait", "", k_wait),
    TOY_KERNEL("Assign", "T: float", k_assign),
    TOY_KERNEL("AssignAdd", "T: float", k_assign_add),
    TOY_KERNEL("Range", "", k_range),
    TOY_KERNEL("Positive", "", k_positive),
    TOY_KERNEL("ShapeOf", "", k_never),
    TOY_KERNEL("SizeOf", "", k_size_of),
    TOY_KERNEL("Restore", "", k_restore),
    TOY_KERNEL("Text", "", k_text),
    TOY_KERNEL("Length", "", k_length),
    TOY_KERNEL("ReadHandle", "", k_read),
    {.struct_size = (uint32_t)sizeof(rn_kernel_def),
     .op = "Call",
     .device_type = "toy",
     .label = "inline",
     .prepare = toy_call_prepare,
     .compute = k_call},
};
__attribute__((unused)) static rn_status *toy_enumerate(const rn_host_api *host,
                                                        rn_status *(*put)(void *arg, const rn_device_info *i),
                                                        void *arg) {
  rn_device_info i;
  (void)host;
  memset(&i, 0, sizeof i);
  i.struct_size = (uint32_t)sizeof i;
  i.align_bytes = 64;
  i.features = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
  memcpy(i.name, "Toy Radeon", sizeof "Toy Radeon");
  RN_TRY(put(arg, &i));
  i.index = 1;
  return put(arg, &i);
}
__attribute__((unused)) static rn_status *toy_open(const rn_host_api *host, uint32_t index, void **out) {
  static char device[2];
  (void)host;
  *out = &device[index];
  return NULL;
}
__attribute__((unused)) static const rn_device_def toy_devices[] = {
    {.struct_size = (uint32_t)sizeof(rn_device_def), .type = "toy", .enumerate = toy_enumerate, .open = toy_open}};
__attribute__((unused)) static const rn_group toy_group = {
    (uint32_t)sizeof(rn_group), 0, RN_TABLE(toy_ops), RN_TABLE(toy_kernels), RN_TABLE(toy_devices), {0}, {0}, {0}};
__attribute__((unused)) static const rn_group *const toy_groups[] = {&toy_group};
__attribute__((unused)) static const rn_plugin_desc *toy_entry(void) {
  static const rn_plugin_desc desc = {.struct_size = (uint32_t)sizeof desc,
                                      .abi_major = RN_ABI_MAJOR,
                                      .abi_minor = RN_ABI_MINOR,
                                      .build_flags = RN_BUILD_FLAGS,
                                      .id = "toy",
                                      .version = "1",
                                      .groups = toy_groups,
                                      .group_count = 1};
  return &desc;
}

/* -------------------------------------------------------------------------------------- a stage */
typedef struct toy {
  rn_runtime *rt;
  rn_graph *g;
  rn_session *s;
} toy;
__attribute__((unused)) static void ok(rn_status *s) {
  if (s != NULL) print_error("%s: %s\n", rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  assert_null(s);
}
/* Fails unless s says all of the words. */
__attribute__((unused)) static void says(rn_status *s, int32_t code, const char *one, const char *two) {
  assert_non_null(s);
  if (rn_status_code(s) != code || strstr(rn_status_message(s), one) == NULL ||
      strstr(rn_status_message(s), two) == NULL)
    print_error("%s: %s\n", rn_status_code_name(rn_status_code(s)), rn_status_message(s));
  assert_int_equal(rn_status_code(s), code);
  assert_non_null(strstr(rn_status_message(s), one));
  assert_non_null(strstr(rn_status_message(s), two));
  rn_status_free(s);
}
__attribute__((unused)) static void toy_begin(toy *t, const char *setting) {
  const char *settings[2] = {"devices.order=toy", setting};
  rn_runtime_options o = {.struct_size = (uint32_t)sizeof o,
                          .n_settings = setting != NULL ? 2 : 1,
                          .settings = settings,
                          .config_file = "/dev/null",
                          .plugin_path = "/nonexistent"};
  memset(t, 0, sizeof *t);
  ok(rn_runtime_create(&o, &t->rt));
  ok(rn_runtime_add_static(t->rt, toy_entry));
  ok(rn_graph_create(t->rt, 0, &t->g));
}
__attribute__((unused)) static void toy_open_session(toy *t) { ok(rn_session_create(t->g, NULL, &t->s)); }
__attribute__((unused)) static void toy_end(toy *t) {
  rn_session_destroy(t->s);
  rn_graph_destroy(t->g);
  rn_runtime_destroy(t->rt);
}
__attribute__((unused)) static rn_value add_in(rn_graph *g, const char *op, const char *name, const rn_value *in,
                                               uint32_t n, const rn_attr *attrs, uint32_t n_attrs, rn_node_id after) {
  rn_node_request r = rn_node_request_for(op, name);
  rn_node_id id = RN_NO_NODE;
  r.inputs = in;
  r.n_inputs = n;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  r.control = &after;
  r.n_control = after != RN_NO_NODE;
  ok(rn_graph_add(g, &r, &id));
  return (rn_value){id, 0};
}
__attribute__((unused)) static rn_value op1(toy *t, const char *op, const char *name, rn_value x) {
  return add_in(t->g, op, name, &x, 1, NULL, 0, RN_NO_NODE);
}
__attribute__((unused)) static rn_value op2(toy *t, const char *op, const char *name, rn_value x, rn_value y) {
  return add_in(t->g, op, name, (rn_value[]){x, y}, 2, NULL, 0, RN_NO_NODE);
}
__attribute__((unused)) static rn_value op1_after(toy *t, const char *op, const char *name, rn_value x,
                                                  rn_node_id after) {
  return add_in(t->g, op, name, &x, 1, NULL, 0, after);
}
__attribute__((unused)) static rn_tensor *vec(uint32_t n, float v) {
  rn_tensor *t;
  rn_shape s = rn_shape_vector(n);
  ok(rn_tensor_create(RN_FLOAT, &s, &t));
  for (uint32_t i = 0; i < n; i++) ((float *)rn_tensor_data(t))[i] = v;
  return t;
}
__attribute__((unused)) static rn_value const_of(toy *t, const char *name, rn_tensor *x) {
  rn_attr a[] = {RN_ATENSOR("value", x), RN_AT("dtype", rn_tensor_dtype(x))};
  rn_value v = add_in(t->g, "Const", name, NULL, 0, a, 2, RN_NO_NODE);
  rn_tensor_release(x);
  return v;
}
__attribute__((unused)) static rn_value konst(toy *t, const char *name, uint32_t n, float v) {
  return const_of(t, name, vec(n, v));
}
__attribute__((unused)) static rn_value typed(rn_graph *g, const char *op, const char *name, rn_dtype dt, int64_t n) {
  rn_shape s = rn_shape_vector(n);
  rn_attr a[] = {RN_AT("dtype", dt), RN_ASHAPE("shape", &s)};
  return add_in(g, op, name, NULL, 0, a, 2, RN_NO_NODE);
}
__attribute__((unused)) static float first(const rn_tensor *t) { return ((const float *)rn_tensor_data(t))[0]; }
__attribute__((unused)) static rn_status *fetch1(toy *t, const rn_feed *feeds, uint32_t n, rn_value v,
                                                 rn_tensor **out) {
  *out = NULL;
  return rn_session_run(t->s, NULL, feeds, n, &v, 1, out, NULL, 0);
}
__attribute__((unused)) static float value_of(toy *t, rn_value v) {
  rn_tensor *out;
  ok(fetch1(t, NULL, 0, v, &out));
  float x = first(out);
  rn_tensor_release(out);
  return x;
}
__attribute__((unused)) static void go(toy *t, rn_value target) {
  ok(rn_session_run(t->s, NULL, NULL, 0, NULL, 0, NULL, &target.node, 1));
}
#endif
