/* function.c - ops that run functions: calls, If, While, and the gradient of While (plugins/ops).
 *
 * A gradient calls the gradient function of the body, which computes the forward part again from the
 * same inputs; the core refuses bodies where that would give other numbers. Inputs that are no floating
 * point carry none. Between what a function takes and gives, order is all: its gradient takes the
 * inputs, then a dy per floating-point output, and gives a dx per floating-point input. */
#include "ops.h"

/* --- shapes */
static rn_status *infer_declared(rn_infer *c) {
  rn_attr_value v;
  if (!rn_self_attr(&c->self, "output_shapes", RN_ATTR_LIST | RN_ATTR_SHAPE, &v)) return NULL;
  if (v.count != 0 && v.count != c->n_out)
    return op_fail(c, "output_shapes has %u shapes for %u outputs", v.count, c->n_out);
  for (uint32_t i = 0; i < v.count; i++) c->api->set_shape(c, i, &((const rn_shape *)v.u.list)[i]);
  return NULL;
}

/* A variable's handle stays the same in every round. */
static rn_status *infer_while(rn_infer *c) {
  rn_dtype dt;
  rn_shape s;
  for (uint32_t i = 0; i < c->n_in && i < c->n_out; i++)
    if (c->api->handle(c, i, &dt, &s)) c->api->set_handle(c, i, dt, &s);
  return infer_declared(c);
}

static rn_status *infer_while_grad(rn_infer *c) {
  uint32_t out = 0, n;
  rn_attr_value t;
  if (!rn_self_attr(&c->self, "T", RN_ATTR_LIST | RN_ATTR_TYPE, &t)) return NULL;
  n = t.count;
  for (uint32_t i = 0; i < n && out < c->n_out; i++)
    if (op_is_float(((const rn_dtype *)t.u.list)[i])) c->api->set_shape(c, out++, c->api->shape(c, i));
  return NULL;
}

/* --- gradients */
/* Lists of values that live as long as one gradient function works. */
typedef struct parts {
  rn_value *in;    /* inputs, then dys */
  rn_dtype *types; /* theirs */
  rn_dtype *dx;    /* of the floating-point inputs */
  int64_t *with_dy;
  uint32_t n_in, n_dy, n_dx;
} parts;

static void parts_finish(const rn_host_api *h, parts *p) {
  h->free(h->ctx, p->in);
  h->free(h->ctx, p->types);
  h->free(h->ctx, p->dx);
  h->free(h->ctx, p->with_dy);
}

static rn_status *parts_init(const rn_host_api *h, parts *p, uint32_t n_in, uint32_t n_out) {
  size_t n = (size_t)n_in + n_out + 1;
  memset(p, 0, sizeof *p);
  p->in = h->alloc(h->ctx, n * sizeof *p->in, 8);
  p->types = h->alloc(h->ctx, n * sizeof *p->types, 8);
  p->dx = h->alloc(h->ctx, n * sizeof *p->dx, 8);
  p->with_dy = h->alloc(h->ctx, n * sizeof *p->with_dy, 8);
  if (p->in && p->types && p->dx && p->with_dy) return NULL;
  parts_finish(h, p);
  return h->status(RN_RESOURCE_EXHAUSTED, "out of memory for the gradient of a call");
}

/* Inputs from `first` on, and a dy per floating-point output; zeros where none came when `zeros`. */
static void fill(rn_grad *c, parts *p, uint32_t first, int zeros) {
  for (uint32_t i = first; i < c->n_in; i++) {
    p->in[p->n_in] = GRAD_X(i);
    p->types[p->n_in] = op_dtype(GRAD_B, GRAD_X(i));
    if (op_is_float(p->types[p->n_in])) p->dx[p->n_dx++] = p->types[p->n_in];
    p->n_in++;
  }
  for (uint32_t i = 0; i < c->n_out; i++) {
    rn_value dy = c->api->dy(c, i);
    if (!op_is_float(op_dtype(GRAD_B, GRAD_Y(i))) || (!zeros && !op_is_value(dy))) continue;
    p->in[p->n_in + p->n_dy] = op_is_value(dy) ? dy : op_dy_or_zeros(c, i);
    p->types[p->n_in + p->n_dy] = op_dtype(GRAD_B, GRAD_Y(i));
    p->with_dy[p->n_dy++] = (int64_t)i;
  }
}

/* Output k of the emitted node is the dx of the k-th floating-point input. */
static void set_all(rn_grad *c, rn_node_id made, uint32_t first) {
  uint32_t k = 0;
  if (made == RN_NO_NODE) return;
  for (uint32_t i = first; i < c->n_in; i++)
    if (op_is_float(op_dtype(GRAD_B, GRAD_X(i)))) op_dx(c, i, (rn_value){made, k++});
}

static rn_node_id emit(rn_grad *c, const char *op, const rn_value *in, uint32_t n_in, const rn_attr *attrs,
                       uint32_t n) {
  return rn_emit(GRAD_B, op, in, n_in, attrs, n).node;
}

/* The function named by an attribute, and the name of its gradient. */
static rn_status *gradient_of(rn_grad *c, const char *attr, rn_attr *out) {
  char name[512];
  const char *made = NULL;
  rn_attr_value v;
  if (!rn_self_attr(&GRAD_B->self, attr, RN_ATTR_FUNC, &v) || v.u.bytes.size >= sizeof name)
    return op_grad_fail(c, "attribute '%s' names no function", attr);
  memcpy(name, v.u.bytes.data, v.u.bytes.size);
  name[v.u.bytes.size] = '\0';
  RN_TRY(GRAD_B->api->gradient_function(GRAD_B, name, &made));
  *out = (rn_attr)RN_AFUNC(attr, made, strlen(made));
  return NULL;
}

static rn_status *with_parts(rn_grad *c, uint32_t first, int zeros, rn_status *(*work)(rn_grad *c, parts *p)) {
  const rn_host_api *h = GRAD_B->self.host;
  parts p;
  RN_TRY(parts_init(h, &p, c->n_in, c->n_out));
  fill(c, &p, first, zeros);
  rn_status *failed = p.n_dx > 0 ? work(c, &p) : NULL;
  parts_finish(h, &p);
  return failed;
}

static rn_status *emit_call(rn_grad *c, parts *p) {
  rn_attr a[3] = {RN_ATLIST("Tin", p->types, p->n_in + p->n_dy), RN_ATLIST("Tout", p->dx, p->n_dx)};
  RN_TRY(gradient_of(c, "f", &a[2]));
  const char *op = GRAD_B->self.view->op(GRAD_B->self.graph, GRAD_B->self.id);
  set_all(c, emit(c, op, p->in, p->n_in + p->n_dy, a, 3), 0);
  return NULL;
}
static rn_status *grad_call(rn_grad *c) { return with_parts(c, 0, 1, emit_call); }

/* The condition goes first. */
static rn_status *emit_if(rn_grad *c, parts *p) {
  const char *op = GRAD_B->self.view->op(GRAD_B->self.graph, GRAD_B->self.id);
  rn_attr a[4] = {RN_ATLIST("Tin", p->types, p->n_in + p->n_dy), RN_ATLIST("Tout", p->dx, p->n_dx)};
  RN_TRY(gradient_of(c, "then_branch", &a[2]));
  RN_TRY(gradient_of(c, "else_branch", &a[3]));
  for (uint32_t i = p->n_in + p->n_dy; i > 0; i--) p->in[i] = p->in[i - 1];
  p->in[0] = GRAD_X(0);
  set_all(c, emit(c, op, p->in, p->n_in + p->n_dy + 1, a, 4), 1);
  return NULL;
}
static rn_status *grad_if(rn_grad *c) { return with_parts(c, 1, 1, emit_if); }

static rn_status *emit_while(rn_grad *c, parts *p) {
  rn_attr a[7] = {RN_ATLIST("T", p->types, p->n_in), RN_ATLIST("D", p->types + p->n_in, p->n_dy),
                  RN_ATLIST("X", p->dx, p->n_dx), RN_AILIST("with_dy", p->with_dy, p->n_dy)};
  RN_TRY(gradient_of(c, "body", &a[4]));
  a[4].name = "body_grad";
  if (!op_copy_attr(&GRAD_B->self, "cond", &a[5]) || !op_copy_attr(&GRAD_B->self, "body", &a[6]))
    return op_grad_fail(c, "cond or body is no function");
  set_all(c, emit(c, "WhileGrad", p->in, p->n_in + p->n_dy, a, 7), 0);
  return NULL;
}
static rn_status *check_repeats(rn_grad *c, const char *attr) {
  char name[512];
  rn_attr_value v;
  if (!rn_self_attr(&GRAD_B->self, attr, RN_ATTR_FUNC, &v) || v.u.bytes.size >= sizeof name)
    return op_grad_fail(c, "attribute '%s' names no function", attr);
  memcpy(name, v.u.bytes.data, v.u.bytes.size);
  name[v.u.bytes.size] = '\0';
  return GRAD_B->api->function_repeats(GRAD_B, name);
}
/* The kernel makes the zeros, since only it knows the shapes that the loop ends with. */
static rn_status *grad_while(rn_grad *c) {
  if (!RN_HAS_FN(GRAD_B->api, rn_builder_api, function_repeats))
    return op_grad_fail(c, "this host cannot tell whether a loop may run again");
  RN_TRY(check_repeats(c, "cond"));
  RN_TRY(check_repeats(c, "body"));
  return with_parts(c, 0, 0, emit_while);
}

static const rn_op_def ops[] = {
    OP("PartitionedCall",
       "(args: Tin) -> (output: Tout); Tin: list(type) >= 0; Tout: list(type) >= 0; f: func; config: "
       "string = \"\"; config_proto: string = \"\"; executor_type: string = \"\"",
       "The results of a function.", NULL, grad_call, .flags = RN_OP_CALLS),
    OP("StatefulPartitionedCall",
       "(args: Tin) -> (output: Tout); Tin: list(type) >= 0; Tout: list(type) >= 0; f: func; config: "
       "string = \"\"; config_proto: string = \"\"; executor_type: string = \"\"",
       "The results of a function with effects.", NULL, grad_call, .flags = RN_OP_CALLS | RN_OP_STATEFUL),
    OP("If",
       "(cond: Tcond, input: Tin) -> (output: Tout); Tcond: type; Tin: list(type) >= 0; Tout: "
       "list(type) >= 0; then_branch: func; else_branch: func; output_shapes: list(shape) = []",
       "The results of one of two functions, chosen by cond.", infer_declared, grad_if,
       .flags = RN_OP_CALLS | RN_OP_STATEFUL),
    OP("StatelessIf",
       "(cond: Tcond, input: Tin) -> (output: Tout); Tcond: type; Tin: list(type) >= 0; Tout: "
       "list(type) >= 0; then_branch: func; else_branch: func; output_shapes: list(shape) = []",
       "The results of one of two functions without effects, chosen by cond.", infer_declared, grad_if,
       .flags = RN_OP_CALLS),
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
       "body: func; body_grad: func; with_dy: list(int)",
       "The gradient of a loop: runs it again, keeps each round, and calls body_grad for them in reverse.",
       infer_while_grad, NULL, .flags = RN_OP_CALLS),
};
OPS_GROUP(ops_function, ops);
