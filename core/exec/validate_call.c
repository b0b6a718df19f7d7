/* exec/validate_call.c - what a kernel may ask of the host, checking (core/exec).
 *
 * A frame is found by the call's address. One that is over, or none, is reported; the answer is then an
 * error or nothing. */
#include "exec/validate.h"
#include "tensor/shape.h"

/* The frame of a call that runs, or NULL after saying so. */
static exec_frame *enter(const rn_call *c, const char *function) {
  exec_frame *f = exec_frame_find(c);
  if (f == NULL) {
    rn_violation_here(NULL, "%s: %p is no call of this host", function, (const void *)c);
    return NULL;
  }
  if (f->real != NULL) return f;
  const rn_scope *now = rn_scope_now();
  rn_notes *late = f->validation != NULL ? &f->validation->late : NULL;
  rn_violation(f->plugin, f->what, now != NULL ? now->notes : late, "%s is called with a call that is over", function);
  return NULL;
}

static rn_status *over(const char *function) {
  return rn_status_make(RN_INTERNAL, "%s: the call is over, or none of this host", function);
}

static void complain(exec_frame *f, const char *function, const char *text) {
  rn_violation(f->plugin, f->what, &f->notes, "%s: %s", function, text);
}

/* What the host refuses here is always the kernel's mistake. */
static rn_status *noted(exec_frame *f, const char *function, rn_status *s) {
  if (s != NULL && rn_status_code(s) == RN_INTERNAL) complain(f, function, rn_status_message(s));
  return s;
}

static rn_status *wrong_port(exec_frame *f, const char *function, const char *kind, uint32_t i, uint32_t n) {
  char text[64];
  (void)snprintf(text, sizeof text, "%s %u of %u", kind, i, n);
  complain(f, function, text);
  return rn_status_make(RN_INTERNAL, "%s: %s", function, text);
}

/* An output is made once; again only with the same shape. */
static rn_status *make_once(exec_frame *f, const char *function, uint32_t o, const rn_shape *s) {
  char was[RN_SHAPE_TEXT], is[RN_SHAPE_TEXT], text[2 * RN_SHAPE_TEXT + 64];
  rn_shape *made = &f->bytes[f->pub.n_in + o].made;
  if (made->rank < 0 || rn_shape_equal(made, s)) {
    *made = *s;
    return NULL;
  }
  (void)rn_shape_print(made, was, sizeof was);
  (void)rn_shape_print(s, is, sizeof is);
  (void)snprintf(text, sizeof text, "output %u was made with shape %s and is now made with %s", o, was, is);
  complain(f, function, text);
  return rn_status_make(RN_INTERNAL, "%s: %s", function, text);
}

static rn_status *set_output(rn_call *c, uint32_t o, const rn_shape *s) {
  exec_frame *f = enter(c, "set_output");
  if (f == NULL) return over("set_output");
  if (o >= f->pub.n_out) return wrong_port(f, "set_output", "output", o, f->pub.n_out);
  if (s == NULL || !rn_shape_known(s) || s->rank > RN_MAX_RANK)
    return noted(f, "set_output",
                 rn_status_make(RN_INTERNAL, "output %u: the shape is %s", o, s == NULL ? "NULL" : "not wholly known"));
  RN_TRY(make_once(f, "set_output", o, s));
  RN_TRY(noted(f, "set_output", exec_call_api.set_output(&f->real->pub, o, s)));
  exec_frame_see_output(f, o);
  return NULL;
}

static rn_status *set_output_tensor(rn_call *c, uint32_t o, rn_tensor *t) {
  exec_frame *f = enter(c, "set_output_tensor");
  if (f == NULL) return over("set_output_tensor");
  if (o >= f->pub.n_out) return wrong_port(f, "set_output_tensor", "output", o, f->pub.n_out);
  if (t != NULL && !rn_tensor_is_alive(f->plugin, t, "set_output_tensor takes")) return over("set_output_tensor");
  if (t != NULL) RN_TRY(make_once(f, "set_output_tensor", o, rn_tensor_shape(t)));
  RN_TRY(noted(f, "set_output_tensor", exec_call_api.set_output_tensor(&f->real->pub, o, t)));
  f->bytes[f->pub.n_in + o].given = 1;
  exec_frame_see_output(f, o);
  return NULL;
}

static rn_status *forward(rn_call *c, uint32_t o, uint32_t input) {
  exec_frame *f = enter(c, "forward");
  if (f == NULL) return over("forward");
  if (o >= f->pub.n_out) return wrong_port(f, "forward", "output", o, f->pub.n_out);
  if (input >= f->pub.n_in) return wrong_port(f, "forward", "input", input, f->pub.n_in);
  RN_TRY(noted(f, "forward", exec_call_api.forward(&f->real->pub, o, input)));
  f->bytes[f->pub.n_in + o].given = 1;
  exec_frame_see_output(f, o);
  return NULL;
}

static rn_status *set_output_resource(rn_call *c, uint32_t o, rn_resource *r) {
  exec_frame *f = enter(c, "set_output_resource");
  if (f == NULL) return over("set_output_resource");
  if (o >= f->pub.n_out) return wrong_port(f, "set_output_resource", "output", o, f->pub.n_out);
  if (r == NULL) complain(f, "set_output_resource", "the resource is NULL");
  return exec_call_api.set_output_resource(&f->real->pub, o, r);
}

static uint8_t cancelled(const rn_call *c) {
  const exec_frame *f = enter(c, "cancelled");
  return f != NULL ? exec_call_api.cancelled(&f->real->pub) : 1;
}

static uint64_t reserve(rn_call *c, uint64_t count) {
  exec_frame *f = enter(c, "reserve");
  return f != NULL ? exec_call_api.reserve(&f->real->pub, count) : 0;
}

static rn_tensor *input_tensor(rn_call *c, uint32_t input) {
  exec_frame *f = enter(c, "input_tensor");
  if (f != NULL && input >= f->pub.n_in) rn_status_free(wrong_port(f, "input_tensor", "input", input, f->pub.n_in));
  rn_tensor *t = f != NULL && input < f->pub.n_in ? exec_call_api.input_tensor(&f->real->pub, input) : NULL;
  rn_tensor_given(t, 0);
  return t;
}

static rn_status *call_function(rn_call *c, const rn_function *fn, rn_tensor *const *args,
                                rn_resource *const *resources, uint32_t n_args, rn_tensor **results,
                                uint32_t n_results) {
  exec_frame *f = enter(c, "call");
  if (f == NULL) return over("call");
  if (fn == NULL || (n_args != 0 && args == NULL && resources == NULL) || (n_results != 0 && results == NULL))
    return noted(f, "call", rn_status_make(RN_INTERNAL, "the function, or a list of arguments or results, is NULL"));
  exec_frame_flush(f, NULL, 1);
  RN_TRY(exec_call_api.call(&f->real->pub, fn, args, resources, n_args, results, n_results));
  for (uint32_t i = 0; i < n_results; i++) rn_tensor_given(results[i], 0);
  return NULL;
}

/* ----------------------------------------------------------------------------------- resources */
static int input_of(const exec_frame *f, const rn_resource *r) {
  for (uint32_t i = 0; f->pub.resource != NULL && i < f->pub.n_in; i++)
    if (f->pub.resource[i] == r) return (int)i;
  return -1;
}

/* Is r an input of this call, or opened in it? Nothing else may be touched: it may be gone. */
static rn_status *check_resource(exec_frame *f, const char *function, const rn_resource *r) {
  if (r == NULL || input_of(f, r) >= 0) return NULL;
  for (uint32_t i = 0; i < f->n_opened; i++)
    if (f->opened[i] == r) return NULL;
  return noted(
      f, function,
      rn_status_make(RN_INTERNAL, "resource %p is neither an input of this node nor opened by it", (const void *)r));
}

static frame_bytes *cell_copy(exec_frame *f, rn_resource *r, void *real) {
  for (uint32_t i = 0; i < f->n_cell; i++)
    if (f->cell[i].resource == r && !f->cell[i].stale && f->cell[i].real == real) return &f->cell[i];
  int i = input_of(f, r);
  if (i >= 0 && f->bytes[i].own != NULL && !f->bytes[i].stale && f->bytes[i].real == real) return &f->bytes[i];
  return NULL;
}

static frame_bytes *new_cell(exec_frame *f, rn_resource *r, const rn_tensor_view *v) {
  if (f->n_cell == f->cap_cell) {
    uint32_t capacity = f->cap_cell != 0 ? 2 * f->cap_cell : 4;
    frame_bytes *grown = rn_mem_grow(f->cell, capacity, sizeof *grown);
    if (grown == NULL) return NULL;
    f->cell = grown;
    f->cap_cell = capacity;
  }
  frame_bytes *b = &f->cell[f->n_cell];
  int i = input_of(f, r);
  memset(b, 0, sizeof *b);
  b->resource = r;
  b->writes = i < 0 || exec_node_writes(f->watched->plan, &f->watched->plan->node[f->watched->node], (uint32_t)i);
  b->volatile_real = f->async;
  if (exec_frame_copy(f, b, v->data, (size_t)v->size_bytes) == NULL) return NULL;
  memcpy(b->own, v->data, (size_t)v->size_bytes);
  f->n_cell++;
  return b;
}

static rn_status *cell_view(rn_call *c, rn_resource *r, rn_tensor_view *out) {
  exec_frame *f = enter(c, "cell_view");
  rn_tensor_view v = {.struct_size = (uint32_t)sizeof v};
  if (f == NULL) return over("cell_view");
  if (out == NULL) return noted(f, "cell_view", rn_status_make(RN_INTERNAL, "out is NULL"));
  RN_TRY(check_resource(f, "cell_view", r));
  RN_TRY(exec_call_api.cell_view(&f->real->pub, r, out));
  RN_TRY(exec_call_api.cell_view(&f->real->pub, r, &v));
  if (!f->isolated || v.data == NULL || v.size_bytes == 0 || !RN_HAS(out, rn_tensor_view, data)) return NULL;
  frame_bytes *b = cell_copy(f, r, v.data);
  if (b == NULL) b = new_cell(f, r, &v);
  if (b == NULL) return exec_out_of_memory("a checked call");
  out->data = b->own;
  return NULL;
}

static rn_status *cell_assign(rn_call *c, rn_resource *r, const rn_tensor_view *v) {
  exec_frame *f = enter(c, "cell_assign");
  int64_t count;
  if (f == NULL) return over("cell_assign");
  if (v == NULL) return noted(f, "cell_assign", rn_status_make(RN_INTERNAL, "the view is NULL"));
  RN_TRY(check_resource(f, "cell_assign", r));
  RN_TRY(noted(f, "cell_assign", rn_shape_count(&v->shape, &count)));
  unsigned long long said = v->size_bytes, needed = (unsigned long long)count * rn_dtype_size(v->dtype);
  if (rn_dtype_size(v->dtype) != 0 && needed != said)
    return noted(f, "cell_assign",
                 rn_status_make(RN_INTERNAL, "the view says %llu bytes, its shape and dtype %llu", said, needed));
  RN_TRY(exec_call_api.cell_assign(&f->real->pub, r, v));
  exec_frame_flush(f, r, 0);
  return NULL;
}

static rn_status *resource_open(rn_call *c, uint32_t scope, rn_bytes container, rn_bytes name, const char *type,
                                rn_status *(*create)(void *arg, void **object), void *arg,
                                void (*destroy)(void *object), rn_resource **out) {
  exec_frame *f = enter(c, "resource_open");
  if (f == NULL) return over("resource_open");
  if (type == NULL || out == NULL || scope > RN_SCOPE_PROCESS)
    return noted(f, "resource_open",
                 rn_status_make(RN_INTERNAL, "the type or out is NULL, or scope %u is none", scope));
  RN_TRY(exec_call_api.resource_open(&f->real->pub, scope, container, name, type, create, arg, destroy, out));
  if (f->n_opened == f->cap_opened) {
    uint32_t capacity = f->cap_opened != 0 ? 2 * f->cap_opened : 4;
    rn_resource **grown = rn_mem_grow(f->opened, capacity, sizeof *grown);
    if (grown == NULL) return exec_out_of_memory("a checked call");
    f->opened = grown;
    f->cap_opened = capacity;
  }
  f->opened[f->n_opened++] = *out;
  return NULL;
}

static uint8_t cell_initialized(const rn_resource *r) { return exec_call_api.cell_initialized(r); }
static void *resource_object(const rn_resource *r, const char *type) { return exec_call_api.resource_object(r, type); }

const rn_call_api exec_checking_call = {
    .struct_size = (uint32_t)sizeof(rn_call_api),
    .set_output = set_output,
    .set_output_tensor = set_output_tensor,
    .forward = forward,
    .set_output_resource = set_output_resource,
    .cancelled = cancelled,
    .complete = exec_frame_complete,
    .reserve = reserve,
    .call = call_function,
    .input_tensor = input_tensor,
    .cell_view = cell_view,
    .cell_assign = cell_assign,
    .cell_initialized = cell_initialized,
    .resource_open = resource_open,
    .resource_object = resource_object,
};
