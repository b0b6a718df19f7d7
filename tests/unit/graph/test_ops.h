/* tests/unit/graph/test_ops.h - a handful of ops, enough to say every sentence a graph can refuse (tests/unit/graph).
 */
#ifndef TEST_OPS_H
#define TEST_OPS_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "graph/graph.h"
#include "base/arena.h"
#include "base/mem.h"

static rn_status *same_shape(rn_infer *c) {
  if (c->n_in > 0) c->api->set_shape(c, 0, c->api->shape(c, 0));
  return NULL;
}
static rn_status *from_attr(rn_infer *c) {
  rn_attr_value v;
  if (rn_self_attr(&c->self, "shape", RN_ATTR_SHAPE, &v)) c->api->set_shape(c, 0, v.u.shape);
  return NULL;
}
static rn_status *matmul_shape(rn_infer *c) {
  const rn_shape *a = c->api->shape(c, 0), *b = c->api->shape(c, 1);
  if (a->rank != 2 || b->rank != 2) return NULL;
  int64_t inner;
  RN_TRY(c->api->merge(c, a->dim[1], b->dim[0], &inner));
  int64_t dims[2] = {a->dim[0], b->dim[1]};
  rn_shape s = rn_shape_make(2, dims);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *fill_shape(rn_infer *c) {
  int64_t v[RN_MAX_RANK];
  int32_t n = c->api->value(c, 0, v, RN_MAX_RANK);
  if (n < 0 || n > RN_MAX_RANK) return NULL;
  rn_shape s = rn_shape_make(n, v);
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *variable_spec(const rn_self *s, rn_resource_spec *out) {
  rn_attr_value v;
  out->dtype = rn_self_type(s, "dtype", RN_INVALID);
  if (rn_self_attr(s, "shape", RN_ATTR_SHAPE, &v)) out->shape = *v.u.shape;
  return NULL;
}
static rn_status *rank_nine(rn_infer *c) {
  rn_shape s = rn_shape_unknown();
  s.rank = 9;
  c->api->set_shape(c, 0, &s);
  return NULL;
}
static rn_status *mul_grad(rn_grad *c) {
  rn_value dy = c->api->dy(c, 0);
  c->api->set_dx(c, 0, rn_op2(c->b, "Mul", dy, rn_grad_x(c, 1)));
  c->api->set_dx(c, 1, rn_op2(c->b, "Mul", dy, rn_grad_x(c, 0)));
  return NULL;
}
static rn_status *pass_grad(rn_grad *c) {
  for (uint32_t i = 0; i < c->n_in; i++) c->api->set_dx(c, i, c->api->dy(c, 0));
  return NULL;
}
static rn_status *wrong_grad(rn_grad *c) {
  c->api->set_dx(c, 0, rn_op1(c->b, "Count", c->api->dy(c, 0)));
  return NULL;
}
static rn_status *pick_grad(rn_grad *c) {
  rn_attr a = RN_AT("out", RN_INT32);
  (void)a;
  rn_value shape = rn_op1(c->b, "ShapeOf", rn_grad_x(c, 0));
  c->api->set_dx_slices(c, 0, c->api->dy(c, 0), rn_grad_x(c, 1), shape);
  return NULL;
}
/* A loop's gradient calls the gradient of its body; dx i is output i. */
static rn_status *loop_grad(rn_grad *c) {
  char name[200];
  const char *made;
  rn_value in[8];
  rn_attr_value body;
  uint32_t n = 0;
  if (!rn_self_attr(&c->b->self, "body", RN_ATTR_FUNC, &body)) return NULL;
  (void)snprintf(name, sizeof name, "%.*s", (int)body.u.bytes.size, body.u.bytes.data);
  RN_TRY(c->b->api->function_repeats(c->b, name));
  RN_TRY(c->b->api->gradient_function(c->b, name, &made));
  for (uint32_t i = 0; i < c->n_in && n < 8; i++) in[n++] = rn_grad_x(c, i);
  rn_value v = rn_emit(c->b, "Many", in, n, NULL, 0);
  for (uint32_t i = 0; i < c->n_in; i++) c->api->set_dx(c, i, rn_port(v, i));
  return NULL;
}
static rn_status *shape_of(rn_infer *c) {
  const rn_shape *s = c->api->shape(c, 0);
  if (s->rank < 0) return NULL;
  rn_shape v = rn_shape_vector(s->rank);
  c->api->set_shape(c, 0, &v);
  c->api->set_value(c, 0, s->dim, (uint32_t)s->rank);
  return NULL;
}

#define OP(n, sig, ...) \
  { .struct_size = sizeof(rn_op_def), .name = n, .signature = sig, .doc = n, __VA_ARGS__ }
static const rn_op_def test_ops[] = {
    OP("Const", "() -> (output: dtype); value: tensor; dtype: type", .role = RN_ROLE_CONSTANT),
    OP("Feed", "() -> (output: dtype); dtype: type; shape: shape", .role = RN_ROLE_PLACEHOLDER, .infer = from_attr),
    OP("Same", "(input: T) -> (output: T); T: type", .role = RN_ROLE_IDENTITY),
    OP("Add", "(x: T, y: T) -> (z: T); T: {float, double, int32}", .infer = same_shape, .gradient = pass_grad),
    OP("Mul", "(x: T, y: T) -> (z: T); T: {float, double}", .infer = same_shape, .gradient = mul_grad),
    OP("MatMul", "(a: T, b: T) -> (product: T); transpose_a: bool = false; T: {float, double}", .infer = matmul_shape),
    OP("Sum", "(inputs: N * T) -> (sum: T); N: int >= 1; T: type", .role = RN_ROLE_SUM, .infer = same_shape,
       .gradient = pass_grad),
    OP("Ones", "(x: T) -> (y: T); T: type", .role = RN_ROLE_ONES_LIKE, .infer = same_shape),
    OP("Zeros", "(x: T) -> (y: T); T: type", .role = RN_ROLE_ZEROS_LIKE, .infer = same_shape),
    OP("Var", "() -> (ref: Ref(dtype)); shape: shape; dtype: type", .role = RN_ROLE_RESOURCE,
       .resource = variable_spec),
    OP("Handle", "() -> (h: resource); shape: shape; dtype: type", .role = RN_ROLE_RESOURCE, .resource = variable_spec),
    OP("Assign", "(ref: Ref(T), value: T) -> (out: Ref(T)); T: type", .ref_forward = 1, .writes = 1,
       .flags = RN_OP_NO_GRADIENT),
    OP("Fill", "(dims: int32, value: T) -> (y: T); T: type", .infer = fill_shape),
    OP("Pad", "(x: T) -> (y: T); T: type; padding: {\"SAME\", \"VALID\"}", .infer = same_shape),
    OP("Many", "(args: Tin) -> (outs: Tin); Tin: list(type)", ),
    OP("Split", "(x: T) -> (parts: num * T); num: int >= 1; T: type", ),
    OP("Nine", "(x: T) -> (y: T); T: type", .infer = rank_nine),
    OP("Stop", "(x: T) -> (y: T); T: type", .infer = same_shape, .flags = RN_OP_NO_GRADIENT),
    OP("Hard", "(x: T) -> (y: T); T: type", .infer = same_shape),
    OP("Wrong", "(x: T) -> (y: T); T: type", .infer = same_shape, .gradient = wrong_grad),
    OP("Count", "(x: T) -> (n: int32); T: type", ),
    OP("ShapeOf", "(x: T) -> (s: int32); T: type", .infer = shape_of),
    OP("Pick", "(x: T, i: int32) -> (y: T); T: type", .gradient = pick_grad),
    OP("Dense", "(v: T, i: int32, n: int32) -> (y: T); T: type", .role = RN_ROLE_DENSIFY),
    OP("Merge", "(inputs: N * T) -> (output: T, index: int32); N: int >= 1; T: type", .role = RN_ROLE_MERGE,
       .infer = same_shape, .gradient = pass_grad),
    OP("Switch", "(data: T, pred: bool) -> (f: T, t: T); T: type", .role = RN_ROLE_SWITCH, .infer = same_shape),
    OP("Enter", "(data: T) -> (output: T); T: type; frame_name: string; is_constant: bool = false",
       .role = RN_ROLE_ENTER, .infer = same_shape),
    OP("Exit", "(data: T) -> (output: T); T: type", .role = RN_ROLE_EXIT, .infer = same_shape),
    OP("Next", "(data: T) -> (output: T); T: type", .role = RN_ROLE_NEXT_ITERATION, .infer = same_shape),
    OP("LoopCond", "(input: bool) -> (output: bool)", .role = RN_ROLE_LOOP_COND, .infer = same_shape),
    OP("Less", "(x: T, y: T) -> (z: bool); T: type", .flags = RN_OP_NO_GRADIENT),
    OP("Loop", "(input: T) -> (output: T); T: list(type) >= 0; cond: func; body: func; output_shapes: list(shape) = []",
       .role = RN_ROLE_LOOP, .gradient = loop_grad, .flags = RN_OP_CALLS),
    OP("Dice", "(x: T) -> (y: T); T: type", .infer = same_shape, .gradient = pass_grad, .flags = RN_OP_STATEFUL),
};
static const rn_group test_group = {.struct_size = sizeof test_group, .ops = RN_TABLE(test_ops)};
static const rn_group *const test_groups[] = {&test_group};
static const rn_plugin_desc test_plugin = {.struct_size = sizeof test_plugin,
                                           .abi_major = RN_ABI_MAJOR,
                                           .abi_minor = RN_ABI_MINOR,
                                           .build_flags = RN_BUILD_FLAGS,
                                           .id = "graphtest",
                                           .version = "1",
                                           .license = "Apache-2.0",
                                           .doc = "Ops for the tests of the graph.",
                                           .groups = test_groups,
                                           .group_count = 1};
static const rn_plugin_desc *test_entry(void) { return &test_plugin; }

static void ok(rn_status *s) {
  if (s != NULL) print_error("%s\n", rn_status_message(s));
  assert_null(s);
}
/* Fails with that code and a message that holds `part`. */
static void refused(rn_status *s, int32_t code, const char *part) {
  assert_non_null(s);
  if (strstr(rn_status_message(s), part) == NULL)
    print_error("message: %s\n   wants: %s\n", rn_status_message(s), part);
  assert_non_null(strstr(rn_status_message(s), part));
  assert_int_equal(rn_status_code(s), code);
  rn_status_free(s);
}
static rn_runtime *rt;
static int open_runtime(void **state) {
  (void)state;
  (void)setenv("RUNNEL_PLUGIN_PATH", "/nonexistent", 1); /* no op but these */
  ok(rn_runtime_create(NULL, &rt));
  ok(rn_runtime_add_static(rt, test_entry));
  return 0;
}
static int close_runtime(void **state) {
  (void)state;
  rn_runtime_destroy(rt);
  return 0;
}
static rn_graph *new_graph(void) {
  rn_graph *g;
  ok(rn_graph_create(rt, 0, &g));
  return g;
}
static rn_status *add(rn_graph *g, const char *op, const char *name, const rn_value *in, uint32_t n, const rn_attr *a,
                      uint32_t n_a, rn_value *out) {
  rn_node_request r = rn_node_request_for(op, name);
  r.inputs = in;
  r.n_inputs = n;
  r.attrs = a;
  r.n_attrs = n_a;
  out->port = 0;
  return rn_graph_add(g, &r, &out->node);
}
static rn_value node(rn_graph *g, const char *op, const char *name, rn_value a, rn_value b) {
  rn_value in[2] = {a, b}, out;
  ok(add(g, op, name, in, (uint32_t)(a.node != RN_NO_NODE) + (uint32_t)(b.node != RN_NO_NODE), NULL, 0, &out));
  return out;
}
static rn_value shaped(rn_graph *g, const char *op, const char *name, rn_dtype dt, int32_t rank, int64_t d0,
                       int64_t d1) {
  int64_t d[2] = {d0, d1};
  rn_shape s = rank < 0 ? rn_shape_unknown() : rn_shape_make(rank, d);
  rn_attr a[] = {RN_AT("dtype", dt), RN_ASHAPE("shape", &s)};
  rn_value out;
  ok(add(g, op, name, NULL, 0, a, 2, &out));
  return out;
}
#define feed(g, name, dt, rank, d0, d1) shaped(g, "Feed", name, dt, rank, d0, d1)
#define NV RN_NO_VALUE
#endif
