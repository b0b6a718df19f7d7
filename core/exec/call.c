/* exec/call.c - what a kernel may ask of the host (core/exec). */
#include "exec/exec.h"
#include "tensor/shape.h"

static exec_call *full(rn_call *c) { return (exec_call *)c; }
static exec_run *run_of(const exec_call *c) { return c->instance != NULL ? c->instance->run : c->run; }

static rn_status *check_port(const rn_call *c, uint32_t i, int output) {
  uint32_t n = output ? c->n_out : c->n_in;
  if (i < n) return NULL;
  return rn_status_make(RN_INTERNAL, "the kernel asks for %s %u of %u", output ? "output" : "input", i, n);
}

static rn_status *check_shape(const rn_tensor_view *v, const rn_shape *s, uint32_t i) {
  char want[RN_SHAPE_TEXT], got[RN_SHAPE_TEXT];
  if (rn_shape_matches(&v->shape, s)) return NULL;
  (void)rn_shape_print(&v->shape, want, sizeof want);
  (void)rn_shape_print(s, got, sizeof got);
  return rn_status_make(RN_INTERNAL, "the kernel made output %u with shape %s, inferred was %s", i, got, want);
}

/* Gives output i the tensor t (given). Where memory was laid out the bytes are copied there. */
static rn_status *give(exec_call *c, uint32_t i, rn_tensor *t) {
  rn_tensor_view *v = c->pub.out[i];
  rn_status *s = check_shape(v, rn_tensor_shape(t), i);
  if (s == NULL && rn_tensor_dtype(t) != rn_dtype_base(v->dtype))
    s = rn_status_make(RN_INTERNAL, "the kernel made output %u as %s, declared is %s", i,
                       rn_dtype_name(rn_tensor_dtype(t)), rn_dtype_name(v->dtype));
  int laid_out = v->data != NULL && c->held[i] == NULL;
  if (s != NULL || laid_out) {
    if (s == NULL && v->size_bytes != 0) memcpy(v->data, rn_tensor_data(t), v->size_bytes);
    rn_tensor_release(t);
    return s;
  }
  rn_tensor_release(c->held[i]);
  c->held[i] = t;
  exec_view_tensor(t, v);
  return NULL;
}

static rn_status *set_output(rn_call *c, uint32_t i, const rn_shape *shape) {
  rn_tensor *t;
  RN_TRY(check_port(c, i, 1));
  RN_TRY(check_shape(c->out[i], shape, i));
  if (c->out[i]->data != NULL) return NULL;
  RN_TRY(rn_tensor_create(rn_dtype_base(c->out[i]->dtype), shape, &t));
  return give(full(c), i, t);
}

static rn_status *set_output_tensor(rn_call *c, uint32_t i, rn_tensor *t) {
  RN_TRY(check_port(c, i, 1));
  if (t == NULL) return rn_status_make(RN_INTERNAL, "the kernel gave no tensor for output %u", i);
  return give(full(c), i, rn_tensor_retain(t));
}

static rn_status *as_tensor(const rn_tensor_view *v, const rn_shape *shape, rn_tensor **out) {
  if (v->tensor == NULL) return rn_tensor_from(rn_dtype_base(v->dtype), shape, v->data, out);
  if (!rn_shape_equal(shape, rn_tensor_shape(v->tensor))) return rn_tensor_reshape(v->tensor, shape, out);
  *out = rn_tensor_retain(v->tensor);
  return NULL;
}

static rn_status *forward(rn_call *c, uint32_t i, uint32_t input) {
  rn_tensor *t;
  RN_TRY(check_port(c, i, 1));
  RN_TRY(check_port(c, input, 0));
  const rn_tensor_view *from = c->in[input];
  const rn_shape *shape = rn_shape_known(&c->out[i]->shape) ? &c->out[i]->shape : &from->shape;
  if (c->out[i]->data != NULL && full(c)->held[i] == NULL) {
    if (from->size_bytes != c->out[i]->size_bytes) return check_shape(c->out[i], &from->shape, i);
    if (from->size_bytes != 0) memmove(c->out[i]->data, from->data, from->size_bytes);
    return NULL;
  }
  RN_TRY(as_tensor(from, shape, &t));
  return give(full(c), i, t);
}

static rn_tensor *input_tensor(rn_call *c, uint32_t input) {
  rn_tensor *t = NULL;
  if (input < c->n_in) rn_status_free(as_tensor(c->in[input], &c->in[input]->shape, &t));
  return t;
}

static rn_status *set_output_resource(rn_call *c, uint32_t i, rn_resource *r) {
  RN_TRY(check_port(c, i, 1));
  full(c)->made[i] = r;
  return NULL;
}

static uint8_t cancelled(const rn_call *c) {
  rn_status *s = exec_run_check(run_of((const exec_call *)c));
  rn_status_free(s);
  return s != NULL;
}

static void complete(rn_call *c, rn_status *s) { exec_async_done(full(c), s); }

/* ---------------------------------------------------------------------------------- counters */
static exec_counter *find_counter(rn_session *s, const char *name) {
  exec_counter *c = NULL;
  char *copy = NULL;
  (void)pthread_mutex_lock(&s->guard);
  for (c = s->counters; c != NULL && strcmp(c->name, name) != 0; c = c->next) continue;
  if (c == NULL) copy = rn_arena_text(&s->names, name, strlen(name));
  if (copy != NULL && (c = rn_arena_alloc(&s->names, sizeof *c)) != NULL) {
    c->name = copy;
    atomic_init(&c->value, 0);
    c->next = s->counters;
    s->counters = c;
  }
  (void)pthread_mutex_unlock(&s->guard);
  return c;
}

static uint64_t reserve(rn_call *call, uint64_t count) {
  static _Atomic uint64_t spare; /* memory is out: still never the same number twice */
  exec_call *c = full(call);
  if (c->counter == NULL) {
    const char *name = rn_graph_name(c->plan->graph, c->plan->node[c->node].id);
    c->counter = find_counter(c->plan->session, name);
  }
  return atomic_fetch_add(c->counter != NULL ? &c->counter->value : &spare, count);
}

static rn_status *call_function(rn_call *c, const rn_function *f, rn_tensor *const *args, rn_resource *const *resources,
                                uint32_t n_args, rn_tensor **results, uint32_t n_results) {
  exec_args a = {args, resources, results};
  memset(results, 0, n_results * sizeof(rn_tensor *));
  return exec_function_call(run_of(full(c)), full(c), f, &a, n_args, n_results);
}

/* --------------------------------------------------------------------------------- resources */
static rn_status *cell_view(rn_call *c, rn_resource *r, rn_tensor_view *out) {
  (void)c;
  if (r == NULL || !rn_resource_is_cell(r))
    return rn_status_make(RN_INVALID_ARGUMENT, "the handle does not name a variable");
  return exec_cell_view(r, out);
}

/* On a device's own thread nothing may wait for the device: where the content lies, or not at all. */
static rn_status *assign_in_place(rn_resource *r, const rn_tensor_view *v) {
  rn_tensor_view now = {.struct_size = (uint32_t)sizeof now};
  RN_TRY(exec_cell_view(r, &now));
  if (now.data == NULL || now.dtype != rn_dtype_base(v->dtype) || !rn_shape_equal(&now.shape, &v->shape))
    return rn_status_make(RN_UNIMPLEMENTED, "variable '%s' gets another shape, which is not done by a queue",
                          rn_resource_name(r));
  if (v->size_bytes != 0 && v->data != now.data) memmove(now.data, v->data, v->size_bytes);
  return NULL;
}

static rn_status *cell_assign(rn_call *c, rn_resource *r, const rn_tensor_view *v) {
  if (r == NULL || !rn_resource_is_cell(r))
    return rn_status_make(RN_INVALID_ARGUMENT, "the handle does not name a variable");
  exec_device *d = full(c)->plan->node[full(c)->node].device;
  if (d == NULL || exec_device_is_host(d)) return rn_cell_assign(r, v);
  if (full(c)->launched) return assign_in_place(r, v);
  if (full(c)->instance != NULL) RN_TRY(exec_lanes_wait(full(c)->instance)); /* the value may still be on its way */
  return exec_cell_assign_on(d, r, v);
}

static uint8_t cell_initialized(const rn_resource *r) {
  return r != NULL && rn_resource_is_cell(r) && rn_cell_initialized(r);
}

static rn_status *step_store(exec_run *r, rn_store **out) {
  rn_status *s = NULL;
  while (r->parent != NULL) r = r->parent;
  (void)pthread_mutex_lock(&r->guard);
  if (r->step_store == NULL) s = rn_store_create(&r->step_store);
  *out = r->step_store;
  (void)pthread_mutex_unlock(&r->guard);
  return s;
}

static rn_status *resource_open(rn_call *call, uint32_t scope, rn_bytes container, rn_bytes name, const char *type,
                                rn_status *(*create)(void *arg, void **object), void *arg,
                                void (*destroy)(void *object), rn_resource **out) {
  exec_call *c = full(call);
  rn_store *store = c->plan->session->store;
  if (scope == RN_SCOPE_PROCESS)
    store = exec_process_store(c->plan->session->rt);
  else if (scope == RN_SCOPE_STEP)
    RN_TRY(step_store(run_of(c), &store));
  if (store == NULL) return exec_out_of_memory("a resource");
  return rn_store_object(store, container, name, type, create, arg, destroy, out);
}

static void *resource_object(const rn_resource *r, const char *type) {
  return r != NULL ? rn_resource_object(r, type) : NULL;
}

const rn_call_api exec_call_api = {
    .struct_size = (uint32_t)sizeof(rn_call_api),
    .set_output = set_output,
    .set_output_tensor = set_output_tensor,
    .forward = forward,
    .set_output_resource = set_output_resource,
    .cancelled = cancelled,
    .complete = complete,
    .reserve = reserve,
    .call = call_function,
    .input_tensor = input_tensor,
    .cell_view = cell_view,
    .cell_assign = cell_assign,
    .cell_initialized = cell_initialized,
    .resource_open = resource_open,
    .resource_object = resource_object,
};
