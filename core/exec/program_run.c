/* exec/program_run.c - one program by itself, on tensors (core/exec).
 *
 * The call that its execute gets stands for no node: views over the tensors that were given, variables as
 * resources that are those tensors, and of what kernels may ask of the host only what a program needs. */
#include "exec/program.h"
#include "exec/validate.h"
#include "tensor/shape.h"

static rn_status *cell_view(rn_call *c, rn_resource *r, rn_tensor_view *out) {
  const rn_tensor_view *v = (const rn_tensor_view *)(const void *)r;
  uint32_t room = out->struct_size;
  (void)c;
  memcpy(out, v, room < sizeof *v ? room : sizeof *v);
  out->struct_size = room;
  return NULL;
}
static rn_status *cell_assign(rn_call *c, rn_resource *r, const rn_tensor_view *v) {
  rn_tensor_view *to = (rn_tensor_view *)(void *)r;
  (void)c;
  if (to->size_bytes != v->size_bytes)
    return rn_status_make(RN_INVALID_ARGUMENT, "a variable of %llu bytes is given %llu",
                          (unsigned long long)to->size_bytes, (unsigned long long)v->size_bytes);
  if (to->data != v->data) memmove(to->data, v->data, (size_t)v->size_bytes);
  return NULL;
}
static uint8_t cell_initialized(const rn_resource *r) {
  (void)r;
  return 1;
}
static uint8_t cancelled(const rn_call *c) {
  (void)c;
  return 0;
}
static rn_status *not_here(void) {
  return rn_status_make(RN_UNIMPLEMENTED, "a program that runs by itself cannot do that");
}
static rn_status *set_output(rn_call *c, uint32_t o, const rn_shape *s) {
  (void)c, (void)o, (void)s;
  return not_here();
}
static rn_status *set_output_tensor(rn_call *c, uint32_t o, rn_tensor *t) {
  (void)c, (void)o, (void)t;
  return not_here();
}
static rn_status *forward(rn_call *c, uint32_t o, uint32_t i) {
  (void)c, (void)o, (void)i;
  return not_here();
}
static rn_status *set_output_resource(rn_call *c, uint32_t o, rn_resource *r) {
  (void)c, (void)o, (void)r;
  return not_here();
}
static void complete(rn_call *c, rn_status *s) {
  (void)c;
  rn_status_free(s); /* nobody waits for it */
}
static uint64_t reserve(rn_call *c, uint64_t count) {
  (void)c, (void)count;
  return 0;
}
static rn_status *call_function(rn_call *c, const rn_function *f, rn_tensor *const *args, rn_resource *const *resources,
                                uint32_t n_args, rn_tensor **results, uint32_t n_results) {
  (void)c, (void)f, (void)args, (void)resources, (void)n_args, (void)results, (void)n_results;
  return not_here();
}
static rn_tensor *input_tensor(rn_call *c, uint32_t input) {
  const rn_tensor_view *v = c->in[input];
  rn_tensor *t = NULL;
  if (v->tensor != NULL) return rn_tensor_retain(v->tensor);
  rn_status_free(rn_tensor_create(v->dtype, &v->shape, &t));
  if (t != NULL && v->size_bytes > 0) memcpy(rn_tensor_data(t), v->data, (size_t)v->size_bytes);
  return t;
}
static rn_status *resource_open(rn_call *c, uint32_t scope, rn_bytes container, rn_bytes name, const char *type,
                                rn_status *(*create)(void *arg, void **object), void *arg,
                                void (*destroy)(void *object), rn_resource **out) {
  (void)c, (void)scope, (void)container, (void)name, (void)type, (void)create, (void)arg, (void)destroy, (void)out;
  return not_here();
}
static void *resource_object(const rn_resource *r, const char *type) {
  (void)r, (void)type;
  return NULL;
}
static const rn_call_api lone_api = {.struct_size = (uint32_t)sizeof lone_api,
                                     .set_output = set_output,
                                     .set_output_tensor = set_output_tensor,
                                     .forward = forward,
                                     .set_output_resource = set_output_resource,
                                     .cancelled = cancelled,
                                     .complete = complete,
                                     .reserve = reserve,
                                     .call = call_function,
                                     .input_tensor = input_tensor,
                                     .resource_open = resource_open,
                                     .resource_object = resource_object,
                                     .cell_view = cell_view,
                                     .cell_assign = cell_assign,
                                     .cell_initialized = cell_initialized};

static rn_status *check(const rn_program_value *v, const rn_tensor *t) {
  char have[RN_SHAPE_TEXT], want[RN_SHAPE_TEXT];
  if (t == NULL) return rn_status_make(RN_INVALID_ARGUMENT, "'%s' has no tensor", v->name);
  if (rn_tensor_dtype(t) == v->dtype && rn_shape_equal(rn_tensor_shape(t), &v->shape)) return NULL;
  (void)rn_shape_print(rn_tensor_shape(t), have, sizeof have);
  (void)rn_shape_print(&v->shape, want, sizeof want);
  return rn_status_make(RN_INVALID_ARGUMENT, "'%s' is %s %s, the program takes %s %s", v->name,
                        rn_dtype_name(rn_tensor_dtype(t)), have, rn_dtype_name(v->dtype), want);
}

static void view_constant(const rn_program_value *v, rn_tensor_view *out) {
  out->dtype = v->dtype;
  out->shape = v->shape;
  out->data = (void *)(uintptr_t)v->data;
  out->size_bytes = exec_program_value_bytes(v);
  out->flags = RN_VIEW_CONSTANT;
  out->version = 1;
}

static rn_status *execute(const rn_program *p, rn_tensor_view *view) {
  const rn_program_info *f = &p->info;
  uint32_t taken = f->n_in + f->n_cells, n = taken + f->n_out;
  const rn_tensor_view **in = rn_mem_zero(n + (size_t)1, sizeof *in);
  rn_resource **resource = rn_mem_zero(taken + (size_t)1, sizeof *resource);
  rn_scope scope;
  if (in == NULL || resource == NULL) {
    rn_mem_free(in);
    rn_mem_free(resource);
    return exec_out_of_memory("a call");
  }
  for (uint32_t i = 0; i < n; i++) in[i] = &view[i];
  for (uint32_t i = f->n_in; i < taken; i++) resource[i] = (rn_resource *)(void *)&view[i];
  rn_call call = {.struct_size = (uint32_t)sizeof call,
                  .n_in = taken,
                  .n_out = f->n_out,
                  .in = in,
                  .out = (rn_tensor_view *const *)(uintptr_t)(in + taken),
                  .resource = resource,
                  .device = p->device->handle,
                  .api = &lone_api,
                  .host = p->host};
  rn_scope_enter(&scope, rn_validator_of(p->host), "execute", NULL);
  rn_status *s = rn_scope_leave(&scope, p->def->execute(p->state, &call));
  rn_mem_free(in);
  rn_mem_free(resource);
  return s;
}

static rn_status *run(const rn_program *p, rn_tensor *const *in, rn_tensor *const *cells, rn_tensor **out,
                      rn_tensor_view *view) {
  const rn_program_info *f = &p->info;
  uint32_t n = 0;
  for (uint32_t i = 0; i < f->n_in; i++, n++) {
    if (in[i] == NULL && f->in[i].data != NULL) {
      view_constant(&f->in[i], &view[n]);
      continue;
    }
    RN_TRY(check(&f->in[i], in[i]));
    exec_view_tensor(in[i], &view[n]);
  }
  for (uint32_t i = 0; i < f->n_cells; i++, n++) {
    RN_TRY(check(&f->cells[i], cells[i]));
    exec_view_tensor(cells[i], &view[n]);
  }
  for (uint32_t i = 0; i < f->n_out; i++, n++) {
    RN_TRY(rn_tensor_create(f->out[i].dtype, &f->out[i].shape, &out[i]));
    exec_view_tensor(out[i], &view[n]);
    if (view[n].size_bytes > 0) memset(view[n].data, 0, (size_t)view[n].size_bytes); /* it may write less */
  }
  return execute(p, view);
}

rn_status *rn_program_run(const rn_program *p, rn_tensor *const *in, rn_tensor *const *cells, rn_tensor **out) {
  const rn_program_info *f = &p->info;
  const uint32_t host = RN_DEVICE_HOST_MEMORY | RN_DEVICE_SYNCHRONOUS;
  if ((p->device->info.features & host) != host)
    return rn_status_make(RN_UNIMPLEMENTED, "%s has memory or a queue of its own: its programs run in sessions only",
                          p->device->full_name);
  rn_tensor_view *view = rn_mem_zero((size_t)f->n_in + f->n_cells + f->n_out + 1, sizeof *view);
  if (view == NULL) return exec_out_of_memory("a call");
  for (size_t i = 0; i < (size_t)f->n_in + f->n_cells + f->n_out; i++) view[i].struct_size = (uint32_t)sizeof *view;
  for (uint32_t i = 0; i < f->n_out; i++) out[i] = NULL;
  rn_status *s = run(p, in, cells, out, view);
  rn_mem_free(view);
  for (uint32_t i = 0; s != NULL && i < f->n_out; i++) {
    rn_tensor_release(out[i]);
    out[i] = NULL;
  }
  return s;
}
