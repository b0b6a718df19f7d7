/* function.c - ops that run functions: calls, If, While, and the gradient of While (plugins/ops).
 *
 * A gradient calls the gradient function of the body, which computes the forward part again from the
 * same inputs; the core refuses bodies where that would give other numbers. Inputs that are no floating
 * point carry none; a handle carries that of the variable behind it. A gradient function takes the inputs,
 * then a dy per floating-point output, and gives a dx per input that has one. */
#include "ops.h"

/* --- shapes */
static int name_of(const rn_self *s, const char *attr, char name[512]) {
  rn_attr_value v;
  if (!rn_self_attr(s, attr, RN_ATTR_FUNC, &v) || v.u.bytes.size >= 512) return 0;
  memcpy(name, v.u.bytes.data, v.u.bytes.size);
  name[v.u.bytes.size] = '\0';
  return 1;
}

/* Shape of output i of the function; symbols of its body mean nothing here. */
static rn_shape result_shape(const rn_self *s, const char *attr, uint32_t i) {
  char name[512];
  uint32_t n = 0;
  const rn_graph *body = name_of(s, attr, name) ? s->view->function(s->graph, name) : NULL;
  const rn_value *out = body ? s->view->function_outputs(s->graph, name, &n) : NULL;
  const rn_shape *found = out && i < n ? s->view->shape(body, out[i]) : NULL;
  rn_shape shape = found ? *found : rn_shape_unknown();
  for (int32_t k = 0; k < shape.rank; k++)
    if (shape.dim[k] < 0) shape.dim[k] = RN_DIM_UNKNOWN;
  return shape;
}

static void keep_common(rn_shape *s, const rn_shape *other) {
  if (s->rank < 0 || other->rank != s->rank) {
    *s = rn_shape_unknown();
    return;
  }
  for (int32_t i = 0; i < s->rank; i++)
    if (s->dim[i] != other->dim[i]) s->dim[i] = RN_DIM_UNKNOWN;
}

/* What output_shapes says; 0 when it says nothing. */
static int declared(rn_infer *c, rn_status **failed) {
  rn_attr_value v;
  *failed = NULL;
  if (!rn_self_attr(&c->self, "output_shapes", RN_ATTR_LIST | RN_ATTR_SHAPE, &v) || v.count == 0) return 0;
  if (v.count != c->n_out) *failed = op_fail(c, "output_shapes has %u shapes for %u outputs", v.count, c->n_out);
  for (uint32_t i = 0; i < v.count && i < c->n_out; i++) c->api->set_shape(c, i, &((const rn_shape *)v.u.list)[i]);
  return 1;
}

static rn_status *infer_call(rn_infer *c) {
  for (uint32_t i = 0; i < c->n_out; i++) {
    rn_shape s = result_shape(&c->self, "f", i);
    c->api->set_shape(c, i, &s);
  }
  return NULL;
}

static rn_status *infer_if(rn_infer *c) {
  rn_status *failed;
  if (declared(c, &failed)) return failed;
  for (uint32_t i = 0; i < c->n_out; i++) {
    rn_shape s = result_shape(&c->self, "then_branch", i), other = result_shape(&c->self, "else_branch", i);
    keep_common(&s, &other);
    c->api->set_shape(c, i, &s);
  }
  return NULL;
}

/* A loop may not turn at all, so it gives what its input and its body have in common; a variable's
 * handle stays the same in every round. */
static rn_status *infer_while(rn_infer *c) {
  rn_dtype dt;
  rn_shape s;
  rn_status *failed;
  for (uint32_t i = 0; i < c->n_in && i < c->n_out; i++)
    if (c->api->handle(c, i, &dt, &s)) c->api->set_handle(c, i, dt, &s);
  if (declared(c, &failed)) return failed;
  for (uint32_t i = 0; i < c->n_in && i < c->n_out; i++) {
    s = result_shape(&c->self, "body", i);
    keep_common(&s, c->api->shape(c, i));
    c->api->set_shape(c, i, &s);
  }
  return NULL;
}

static rn_status *infer_while_grad(rn_infer *c) {
  uint32_t n;
  rn_dtype dt;
  rn_shape s;
  const int64_t *dx_of = op_int_list(&c->self, "dx_of", &n);
  if (n != c->n_out) return op_fail(c, "dx_of has %u inputs for %u outputs", n, c->n_out);
  for (uint32_t i = 0; i < n; i++) {
    if (dx_of[i] < 0 || dx_of[i] >= c->n_in) return op_fail(c, "dx_of names input %lld", (long long)dx_of[i]);
    uint32_t input = (uint32_t)dx_of[i];
    c->api->set_shape(c, i, c->api->handle(c, input, &dt, &s) ? &s : c->api->shape(c, input));
  }
  return NULL;
}

/* --- gradients */
/* Lists that live as long as one gradient function works. */
typedef struct parts {
  rn_value *in;            /* inputs, then dys */
  rn_dtype *types;         /* theirs */
  rn_dtype *dx;            /* of what the gradient function gives */
  int64_t *with_dy, *wide; /* outputs that have a dy; dx_of for an attribute */
  uint32_t *dx_of, *other; /* inputs it is the gradient of; those of a second branch */
  uint32_t n_in, n_dy, n_dx, first;
} parts;

static void parts_finish(const rn_host_api *h, parts *p) {
  h->free(h->ctx, p->in);
  h->free(h->ctx, p->types);
  h->free(h->ctx, p->with_dy);
  h->free(h->ctx, p->dx_of);
}

static rn_status *parts_init(const rn_host_api *h, parts *p, uint32_t n_in, uint32_t n_out) {
  size_t n = (size_t)n_in + n_out + 1;
  memset(p, 0, sizeof *p);
  p->in = h->alloc(h->ctx, n * sizeof *p->in, 8);
  p->types = h->alloc(h->ctx, 2 * n * sizeof *p->types, 8);
  p->with_dy = h->alloc(h->ctx, 2 * n * sizeof *p->with_dy, 8);
  p->dx_of = h->alloc(h->ctx, 2 * n * sizeof *p->dx_of, 8);
  if (!p->in || !p->types || !p->with_dy || !p->dx_of) {
    parts_finish(h, p);
    return h->status(RN_RESOURCE_EXHAUSTED, "out of memory for the gradient of a call");
  }
  p->dx = p->types + n;
  p->wide = p->with_dy + n;
  p->other = p->dx_of + n;
  return NULL;
}

/* Inputs from `first` on, and a dy per floating-point output; zeros where none came when `zeros`. */
static void fill(rn_grad *c, parts *p, uint32_t first, int zeros) {
  p->first = first;
  for (uint32_t i = first; i < c->n_in; i++) {
    p->in[p->n_in] = GRAD_X(i);
    p->types[p->n_in++] = op_dtype(GRAD_B, GRAD_X(i));
  }
  for (uint32_t i = 0; i < c->n_out; i++) {
    rn_value dy = c->api->dy(c, i);
    if (!op_is_float(op_dtype(GRAD_B, GRAD_Y(i))) || (!zeros && !op_is_value(dy))) continue;
    p->in[p->n_in + p->n_dy] = op_is_value(dy) ? dy : op_dy_or_zeros(c, i);
    p->types[p->n_in + p->n_dy] = op_dtype(GRAD_B, GRAD_Y(i));
    p->with_dy[p->n_dy++] = (int64_t)i;
  }
}

/* The gradient of the function that an attribute names. */
static rn_status *gradient_of(rn_grad *c, parts *p, const char *attr, rn_attr *out) {
  char name[512];
  const char *made = NULL;
  const rn_builder_api *api = GRAD_B->api;
  if (!name_of(&GRAD_B->self, attr, name)) return op_grad_fail(c, "attribute '%s' names no function", attr);
  RN_TRY(api->gradient_function(GRAD_B, name, &made));
  uint32_t n = api->gradient_outputs(GRAD_B, made, p->dx_of, p->dx, p->n_in);
  if (n > p->n_in) return op_grad_fail(c, "function '%s' has other inputs than the call", name);
  for (uint32_t i = 0; i < n; i++)
    if (p->dx_of[i] >= p->n_in) return op_grad_fail(c, "function '%s' has other inputs than the call", name);
  p->n_dx = n;
  *out = (rn_attr)RN_AFUNC(attr, made, strlen(made));
  return NULL;
}

static rn_status *emit(rn_grad *c, const parts *p, const char *op, const rn_value *in, uint32_t n_in,
                       const rn_attr *attrs, uint32_t n) {
  rn_value made = rn_emit(GRAD_B, op, in, n_in, attrs, n);
  if (!op_is_value(made)) return NULL;
  for (uint32_t i = 0; i < p->n_dx; i++) op_dx(c, p->first + p->dx_of[i], rn_port(made, i));
  return NULL;
}

static rn_status *with_parts(rn_grad *c, uint32_t first, int zeros, rn_status *(*work)(rn_grad *c, parts *p)) {
  const rn_host_api *h = GRAD_B->self.host;
  parts p;
  if (!RN_HAS_FN(GRAD_B->api, rn_builder_api, gradient_outputs))
    return op_grad_fail(c, "this host is too old for gradients of functions");
  RN_TRY(parts_init(h, &p, c->n_in, c->n_out));
  fill(c, &p, first, zeros);
  rn_status *failed = work(c, &p);
  parts_finish(h, &p);
  return failed;
}

static rn_status *emit_call(rn_grad *c, parts *p) {
  rn_attr f;
  RN_TRY(gradient_of(c, p, "f", &f));
  if (p->n_dx == 0) return NULL;
  rn_attr a[3] = {f, RN_ATLIST("Tin", p->types, p->n_in + p->n_dy), RN_ATLIST("Tout", p->dx, p->n_dx)};
  const char *op = GRAD_B->self.view->op(GRAD_B->self.graph, GRAD_B->self.id);
  return emit(c, p, op, p->in, p->n_in + p->n_dy, a, 3);
}
static rn_status *grad_call(rn_grad *c) { return with_parts(c, 0, 1, emit_call); }

/* The condition goes first. Variables must be used in both branches: zeros for one cannot be made. */
static rn_status *emit_if(rn_grad *c, parts *p) {
  rn_attr yes, no;
  RN_TRY(gradient_of(c, p, "then_branch", &yes));
  uint32_t n = p->n_dx;
  memcpy(p->other, p->dx_of, n * sizeof *p->other);
  RN_TRY(gradient_of(c, p, "else_branch", &no));
  if (n != p->n_dx || memcmp(p->other, p->dx_of, n * sizeof *p->other) != 0)
    return op_grad_fail(c, "one branch uses a variable that the other does not: its gradient is not supported");
  if (n == 0) return NULL;
  const char *op = GRAD_B->self.view->op(GRAD_B->self.graph, GRAD_B->self.id);
  rn_attr a[4] = {yes, no, RN_ATLIST("Tin", p->types, p->n_in + p->n_dy), RN_ATLIST("Tout", p->dx, n)};
  memmove(p->in + 1, p->in, (p->n_in + p->n_dy) * sizeof *p->in);
  p->in[0] = GRAD_X(0);
  return emit(c, p, op, p->in, p->n_in + p->n_dy + 1, a, 4);
}
static rn_status *grad_if(rn_grad *c) { return with_parts(c, 1, 1, emit_if); }

static rn_status *emit_while(rn_grad *c, parts *p) {
  rn_attr cond, body, gradient;
  RN_TRY(gradient_of(c, p, "body", &gradient));
  gradient.name = "body_grad";
  if (!op_copy_attr(&GRAD_B->self, "cond", &cond) || !op_copy_attr(&GRAD_B->self, "body", &body))
    return op_grad_fail(c, "cond or body is no function");
  if (p->n_dx == 0 || p->n_dy == 0) return NULL;
  for (uint32_t i = 0; i < p->n_dx; i++) p->wide[i] = (int64_t)p->dx_of[i];
  rn_attr a[8] = {cond,
                  body,
                  gradient,
                  RN_ATLIST("T", p->types, p->n_in),
                  RN_ATLIST("D", p->types + p->n_in, p->n_dy),
                  RN_ATLIST("X", p->dx, p->n_dx),
                  RN_AILIST("with_dy", p->with_dy, p->n_dy),
                  RN_AILIST("dx_of", p->wide, p->n_dx)};
  return emit(c, p, "WhileGrad", p->in, p->n_in + p->n_dy, a, 8);
}
static rn_status *check_repeats(rn_grad *c, const char *attr) {
  char name[512];
  if (!name_of(&GRAD_B->self, attr, name)) return op_grad_fail(c, "attribute '%s' names no function", attr);
  return GRAD_B->api->function_repeats(GRAD_B, name);
}
/* The kernel makes the zeros, since only it knows the shapes that the loop ends with. */
static rn_status *grad_while(rn_grad *c) {
  RN_TRY(check_repeats(c, "cond"));
  RN_TRY(check_repeats(c, "body"));
  return with_parts(c, 0, 0, emit_while);
}

static const rn_op_def ops[] = {
    OP("PartitionedCall",
       "(args: Tin) -> (output: Tout); Tin: list(type) >= 0; Tout: list(type) >= 0; f: func; config: "
       "string = \"\"; config_proto: string = \"\"; executor_type: string = \"\"",
       "The results of a function.", infer_call, grad_call, .flags = RN_OP_CALLS),
    OP("StatefulPartitionedCall",
       "(args: Tin) -> (output: Tout); Tin: list(type) >= 0; Tout: list(type) >= 0; f: func; config: "
       "string = \"\"; config_proto: string = \"\"; executor_type: string = \"\"",
       "The results of a function with effects.", NULL, grad_call, .flags = RN_OP_CALLS | RN_OP_STATEFUL),
    OP("If",
       "(cond: Tcond, input: Tin) -> (output: Tout); Tcond: type; Tin: list(type) >= 0; Tout: "
       "list(type) >= 0; then_branch: func; else_branch: func; output_shapes: list(shape) = []",
       "The results of one of two functions, chosen by cond.", infer_if, grad_if,
       .flags = RN_OP_CALLS | RN_OP_STATEFUL),
    OP("StatelessIf",
       "(cond: Tcond, input: Tin) -> (output: Tout); Tcond: type; Tin: list(type) >= 0; Tout: "
       "list(type) >= 0; then_branch: func; else_branch: func; output_shapes: list(shape) = []",
       "The results of one of two functions without effects, chosen by cond.", infer_if, grad_if, .flags = RN_OP_CALLS),
    OP("While",
       "(input: T) -> (output: T); T: list(type) >= 0; cond: func; body: func; output_shapes: "
       "list(shape) = []; parallel_iterations: int = 10",
       "Its input, with body run on it as long as cond says so.", infer_while, grad_while,
       .flags = RN_OP_CALLS | RN_OP_STATEFUL, .role = RN_ROLE_LOOP),
    OP("StatelessWhile",
       "(input: T) -> (output: T); T: list(type) >= 0; cond: func; body: func; output_shapes: "
       "list(shape) = []; parallel_iterations: int = 10",
       "Its input, with body run on it as long as cond says so; without effects.", infer_while, grad_while,
       .flags = RN_OP_CALLS),
    OP("WhileGrad",
       "(input: T, dy: D) -> (dx: X); T: list(type) >= 1; D: list(type) >= 1; X: list(type) >= 1; cond: func; "
       "body: func; body_grad: func; with_dy: list(int); dx_of: list(int)",
       "The gradient of a loop: runs it again, keeps each round, and calls body_grad for them in reverse.",
       infer_while_grad, NULL, .flags = RN_OP_CALLS),
};
OPS_GROUP(ops_function, ops);
