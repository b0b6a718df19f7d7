/* call.c - what a kernel may ask of the host, in a trial (frontends/conform). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include "number.h"
#include "resource.h"

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static call *full(rn_call *c) { return (call *)c; }

void call_trouble(call *c, const char *words) {
  pthread_mutex_lock(&guard);
  if (c->trouble[0] == '\0') snprintf(c->trouble, 400, "%s", words);
  pthread_mutex_unlock(&guard);
}

static rn_status *misuse(call *c, const char *words) {
  call_trouble(c, words);
  return rn_status_make(RN_INTERNAL, "%s", words);
}

static int fits(const rn_tensor_view *v, const rn_shape *s) {
  return v->shape.rank < 0 || rn_shape_matches(&v->shape, s);
}

static void show(rn_tensor_view *v, rn_tensor *t) {
  v->shape = *rn_tensor_shape(t);
  v->data = rn_tensor_data(t);
  v->size_bytes = rn_tensor_size_bytes(t);
  v->tensor = t;
}

static rn_status *give(call *c, uint32_t i, rn_tensor *t /* given */) {
  rn_tensor_view *v = &c->out[i];
  const char *wrong = !fits(v, rn_tensor_shape(t)) ? "an output has another shape than was inferred"
                      : rn_tensor_dtype(t) != rn_dtype_base(v->dtype)
                          ? "an output has another element type than is declared"
                          : NULL;
  if (wrong != NULL) {
    rn_tensor_release(t);
    return misuse(c, wrong);
  }
  if (v->data != NULL && c->made[i].tensor == NULL) {
    if (v->size_bytes != 0) memcpy(v->data, rn_tensor_data(t), v->size_bytes);
    rn_tensor_release(t);
    return NULL;
  }
  rn_tensor_release(c->made[i].tensor);
  c->made[i].tensor = t;
  show(v, t);
  return NULL;
}

static rn_status *set_output(rn_call *pub, uint32_t i, const rn_shape *s) {
  call *c = full(pub);
  char name[48];
  if (i >= pub->n_out) return misuse(c, "asks for an output that the op does not have");
  if (!fits(&c->out[i], s)) return misuse(c, "an output has another shape than was inferred");
  if (c->out[i].data != NULL) return NULL;
  rn_dtype t = rn_dtype_base(c->out[i].dtype);
  int64_t n;
  RN_TRY(rn_shape_count(s, &n));
  if (rn_dtype_size(t) == 0) {
    rn_tensor *strings;
    RN_TRY(rn_tensor_create(t, s, &strings));
    return give(c, i, strings);
  }
  snprintf(name, sizeof name, "output %u", i);
  fence *f = fence_create((size_t)n * rn_dtype_size(t), name);
  if (f == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for output %u", i);
  c->made[i].memory = f;
  rn_tensor *made = fenced_tensor(t, s, f);
  return made != NULL ? give(c, i, made) : rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for output %u", i);
}

static rn_status *set_output_tensor(rn_call *pub, uint32_t i, rn_tensor *t) {
  if (i >= pub->n_out || t == NULL) return misuse(full(pub), "gives a tensor for an output that the op does not have");
  return give(full(pub), i, rn_tensor_retain(t));
}

/* A copy: what leaves the call must not live in memory that ends with it. */
static rn_status *copied(const rn_tensor_view *v, const rn_shape *s, rn_tensor **out) {
  if (v->dtype == RN_STRING) {
    if (!rn_shape_equal(s, rn_tensor_shape(v->tensor))) return rn_tensor_reshape(v->tensor, s, out);
    *out = rn_tensor_retain(v->tensor);
    return NULL;
  }
  return rn_tensor_from(rn_dtype_base(v->dtype), s, v->data, out);
}

static rn_status *forward(rn_call *pub, uint32_t i, uint32_t input) {
  call *c = full(pub);
  rn_tensor *t;
  if (i >= pub->n_out || input >= pub->n_in) return misuse(c, "forwards what the op does not have");
  const rn_tensor_view *from = pub->in[input];
  rn_shape s = rn_shape_known(&c->out[i].shape) ? c->out[i].shape : from->shape;
  if (rn_shape_elems(&s) != rn_shape_elems(&from->shape)) return misuse(c, "forwards an input of another size");
  if (c->out[i].data != NULL && c->made[i].tensor == NULL) {
    if (from->size_bytes != 0) memmove(c->out[i].data, from->data, from->size_bytes);
    return NULL;
  }
  RN_TRY(copied(from, &s, &t));
  return give(c, i, t);
}

static rn_status *set_output_resource(rn_call *pub, uint32_t i, rn_resource *r) {
  (void)r;
  return i < pub->n_out ? NULL : misuse(full(pub), "gives a resource for an output that the op does not have");
}
static uint8_t cancelled(const rn_call *pub) {
  (void)pub;
  return 0;
}
static void complete(rn_call *pub, rn_status *s) {
  call *c = full(pub);
  pthread_mutex_lock(&guard);
  int again = ++c->done > 1;
  if (!again) c->async_status = s;
  pthread_mutex_unlock(&guard);
  if (again) {
    rn_status_free(s);
    call_trouble(c, "completed twice");
  }
}
static uint64_t reserve(rn_call *pub, uint64_t count) {
  call *c = full(pub);
  uint64_t first = c->counter;
  c->counter += count;
  return first;
}
static rn_status *call_function(rn_call *pub, const rn_function *f, rn_tensor *const *args,
                                rn_resource *const *resources, uint32_t n_args, rn_tensor **results,
                                uint32_t n_results) {
  (void)pub, (void)f, (void)args, (void)resources, (void)n_args, (void)results, (void)n_results;
  return rn_status_make(RN_UNIMPLEMENTED, "functions are not called in a trial");
}
static rn_tensor *input_tensor(rn_call *pub, uint32_t input) {
  call *c = full(pub);
  rn_tensor *t = NULL;
  if (input >= pub->n_in) return NULL;
  rn_status_free(copied(pub->in[input], &pub->in[input]->shape, &t));
  if (t != NULL && c->u->k->host != NULL) atomic_fetch_add(&c->u->k->host->tensors, 1); /* the plugin's to release */
  return t;
}

/* ----------------------------------------------------------------------------------------- variables */
static rn_status *cell_view(rn_call *pub, rn_resource *r, rn_tensor_view *out) {
  (void)pub;
  rn_tensor_view v;
  if (r == NULL || r->object != NULL) return rn_status_make(RN_INVALID_ARGUMENT, "the handle does not name a variable");
  if (!r->initialized) return rn_status_make(RN_FAILED_PRECONDITION, "the variable is not initialised");
  memset(&v, 0, sizeof v);
  v.struct_size = out->struct_size;
  v.dtype = r->dtype;
  v.shape = r->shape;
  v.data = r->memory != NULL ? fence_data(r->memory) : NULL;
  v.size_bytes = r->memory != NULL ? fence_size(r->memory) : 0;
  v.version = r->version;
  v.tensor = r->strings;
  memcpy(out, &v, out->struct_size < sizeof v ? out->struct_size : sizeof v);
  return NULL;
}

static rn_status *cell_assign(rn_call *pub, rn_resource *r, const rn_tensor_view *v) {
  call *c = full(pub);
  if (r == NULL || r->object != NULL) return rn_status_make(RN_INVALID_ARGUMENT, "the handle does not name a variable");
  if (v->dtype != r->dtype) return rn_status_make(RN_INVALID_ARGUMENT, "the variable has another element type");
  if (v->dtype == RN_STRING) {
    rn_tensor_release(r->strings);
    r->strings = rn_tensor_retain(v->tensor);
    r->shape = v->shape;
    return NULL;
  }
  fence *f = fence_create(v->size_bytes, "a variable");
  if (f == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a variable");
  if (v->size_bytes != 0) memcpy(fence_data(f), v->data, v->size_bytes);
  for (uint32_t i = 0; i < pub->n_in; i++) { /* views of it follow */
    if (c->resource[i] != r) continue;
    c->in[i].data = fence_data(f);
    c->in[i].shape = v->shape;
    c->in[i].size_bytes = v->size_bytes;
  }
  fence_destroy(r->memory);
  r->memory = f;
  r->shape = v->shape;
  r->initialized = 1;
  r->version++;
  return NULL;
}
static uint8_t cell_initialized(const rn_resource *r) { return r != NULL && r->object == NULL && r->initialized; }

static rn_status *resource_open(rn_call *pub, uint32_t scope, rn_bytes container, rn_bytes name, const char *type,
                                rn_status *(*create)(void *arg, void **object), void *arg,
                                void (*destroy)(void *object), rn_resource **out) {
  call *c = full(pub);
  (void)scope, (void)container;
  for (rn_resource *r = c->objects; r != NULL; r = r->next) {
    if (strlen(r->name) != name.size || memcmp(r->name, name.data, name.size) != 0) continue;
    *out = r;
    return strcmp(r->type, type) == 0 ? NULL : rn_status_make(RN_INVALID_ARGUMENT, "'%s' is a %s", r->name, r->type);
  }
  rn_resource *r = calloc(1, sizeof *r);
  if (r == NULL) return rn_status_make(RN_RESOURCE_EXHAUSTED, "no memory for a resource");
  snprintf(r->name, sizeof r->name, "%.*s", (int)name.size, name.data);
  snprintf(r->type, sizeof r->type, "%s", type);
  rn_status *s = create(arg, &r->object);
  if (s != NULL) {
    free(r);
    return s;
  }
  r->destroy = destroy;
  r->next = c->objects;
  c->objects = r;
  *out = r;
  return NULL;
}
static void *resource_object(const rn_resource *r, const char *type) {
  return r != NULL && r->object != NULL && strcmp(r->type, type) == 0 ? r->object : NULL;
}

const rn_call_api trial_call_api = {.struct_size = (uint32_t)sizeof(rn_call_api),
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
                                    .resource_object = resource_object};
