/* op_case.c - shape functions under inputs nobody meant (frontends/conform).
 *
 * A status or shapes, the same twice, never a crash. Inputs are placeholders of every kind of shape and
 * constants of odd values, in the number and types of the signature. */
#include <stdio.h>
#include <stdlib.h>
#include "draw.h"
#include "number.h"

enum { ATTEMPTS = 250 };

static void odd_shape(uint64_t *r, rn_shape *s) {
  static const int64_t dims[] = {0,        1, 2, 3, RN_DIM_UNKNOWN, RN_DIM_UNKNOWN, (int64_t)1 << 31, (int64_t)1 << 40,
                                 INT64_MAX};
  memset(s, 0, sizeof *s);
  s->rank = (int32_t)draw_below(r, 12) - 1;
  if (s->rank > RN_MAX_RANK) s->rank = draw_below(r, 2) ? RN_MAX_RANK : 2;
  int tame = draw_chance(r, 50);
  for (int32_t i = 0; i < s->rank; i++) s->dim[i] = dims[tame ? 1 + draw_below(r, 3) : draw_below(r, 9)];
}

static double odd_number(uint64_t *r) {
  static const double values[] = {
      0, -1, 1, 2, 7, 8, 9, -8, -9, 100, 2147483647.0, -2147483648.0, 9e18, -9e18, 4611686018427387904.0};
  return values[draw_below(r, sizeof values / sizeof values[0])];
}

static rn_status *add_input(rn_graph *g, uint64_t *r, rn_dtype t, int is_ref, rn_value *out) {
  rn_shape s;
  rn_tensor *value = NULL;
  odd_shape(r, &s);
  int constant = !is_ref && t != RN_RESOURCE && rn_dtype_size(t) != 0 && !dtype_is_float(t) && draw_chance(r, 60);
  if (constant) {
    s.rank = (int32_t)draw_below(r, 3);
    for (int32_t i = 0; i < s.rank; i++) s.dim[i] = draw_below(r, 6);
    RN_TRY(rn_tensor_create(t, &s, &value));
    for (int64_t i = 0; i < number_count(t, rn_tensor_count(value)); i++)
      number_put(t, rn_tensor_data(value), i, odd_number(r));
  }
  if ((is_ref || t == RN_RESOURCE) && (s.rank < 0 || draw_chance(r, 50))) s = rn_shape_vector(3);
  rn_attr attrs[2] = {RN_AT("dtype", t == RN_RESOURCE ? RN_FLOAT : t), RN_ASHAPE("shape", &s)};
  if (constant) attrs[1] = (rn_attr)RN_ATENSOR("value", value);
  rn_node_request q = rn_node_request_for(constant           ? "Const"
                                          : is_ref           ? "VariableV2"
                                          : t == RN_RESOURCE ? "VarHandleOp"
                                                             : "Placeholder",
                                          NULL);
  q.attrs = attrs;
  q.n_attrs = 2;
  out->port = 0;
  rn_status *failed = rn_graph_add(g, &q, &out->node);
  rn_tensor_release(value);
  return failed;
}

static rn_dtype some_type(const kit_op *op, int at, uint64_t *r) {
  static const rn_dtype any[] = {RN_FLOAT, RN_INT32, RN_INT64, RN_DOUBLE, RN_BOOL};
  const sig_attr *a = &op->sig.attr[at];
  return a->n_types != 0 ? a->types[draw_below(r, a->n_types)] : any[draw_below(r, 5)];
}

/* What inference made of it: the shapes, or the error. */
static rn_status *attempt(kit *k, const kit_op *op, uint64_t seed, char *out, size_t room) {
  rn_graph *g = NULL;
  uint64_t r = seed * 0x9e3779b97f4a7c15u + 3;
  rn_dtype type[SIG_ATTRS];
  rn_value in[SAMPLE_IN];
  rn_attr attrs[SIG_ATTRS];
  attr_memory memory;
  draw d;
  sample_plan plan = {seed, SIZE_BASIC, VALUES_PLAIN, RN_FLOAT, NULL};
  uint32_t n = 0;
  rn_node_id node;
  out[0] = '\0';
  RN_TRY(rn_graph_create(k->runtime, 0, &g));
  for (uint32_t i = 0; i < op->sig.n_attr; i++)
    if ((op->sig.attr[i].type & 0xff) == RN_ATTR_TYPE) type[i] = some_type(op, (int)i, &r);
  rn_status *failed = NULL;
  for (uint32_t i = 0; i < op->sig.n_in && failed == NULL; i++) {
    const sig_arg *a = &op->sig.in[i];
    uint32_t count = a->number_attr >= 0 || a->list_attr >= 0 ? 1 + draw_below(&r, 3) : 1;
    rn_dtype t = a->type_attr >= 0 ? type[a->type_attr] : a->list_attr >= 0 ? type[a->list_attr] : a->type;
    for (uint32_t c = 0; c < count && n < SAMPLE_IN && failed == NULL; c++)
      failed = add_input(g, &r, t, a->is_ref, &in[n++]);
  }
  memset(&d, 0, sizeof d);
  d.op = op;
  d.plan = &plan;
  d.structure = r;
  for (uint32_t i = 0; i < op->sig.n_attr; i++) d.type[i] = d.list[i][0] = d.list[i][1] = type[i], d.count[i] = 1;
  odd_shape(&r, &d.first);
  rn_node_request q = rn_node_request_for(op->def.name, "subject");
  q.inputs = in;
  q.n_inputs = n;
  q.attrs = attrs;
  rn_shape whole = d.first;
  if (!rn_shape_known(&whole) || whole.rank > 3) d.first = rn_shape_vector(2); /* a tensor is made of it */
  for (int32_t i = 0; i < d.first.rank; i++)
    if (d.first.dim[i] > 8) d.first.dim[i] = 8;
  q.n_attrs = draw_attrs(&d, attrs, &memory);
  if (failed == NULL) {
    doing(k, "the shape function of op %s, attempt %llu", op->def.name, (unsigned long long)seed);
    failed = rn_graph_add(g, &q, &node);
    snprintf(out, room, "%s", rn_status_message(failed));
    for (uint32_t i = 0; failed == NULL && i < rn_graph_output_count(g, node); i++) {
      size_t at = strlen(out);
      if (at + 170 < room) rn_shape_print(rn_graph_shape(g, (rn_value){node, i}), out + at, room - at);
    }
    rn_status_free(failed);
    failed = NULL;
  }
  rn_tensor_release(memory.tensor);
  rn_graph_destroy(g);
  return failed;
}

static verdict infer(kit *k, const kit_case *c) {
  kit_op *op = calloc(1, sizeof *op);
  static char first[8192], second[8192];
  verdict v = PASSED;
  if (op == NULL) return fail(k, "no memory for a check");
  op->def = k->own.ops[c->index];
  if (op->def.signature == NULL || !signature_read(op->def.signature, &op->sig, op->why))
    v = fail(k, "its signature does not parse: %s", op->def.signature == NULL ? "there is none" : op->why);
  for (uint64_t seed = 1; seed <= ATTEMPTS && v == PASSED; seed++) {
    rn_status *s = attempt(k, op, seed, first, sizeof first);
    if (s == NULL) s = attempt(k, op, seed, second, sizeof second);
    if (s == NULL && strcmp(first, second) != 0)
      v = fail(k, "asked twice it says '%.300s' and '%.300s'", first, second);
    rn_status_free(s); /* inputs that do not exist for this op */
  }
  free(op);
  return v;
}

void list_op_cases(kit *k) {
  for (uint32_t i = 0; i < k->own.n_ops; i++)
    if (k->own.ops[i].name != NULL && wants_op(k, k->own.ops[i].name))
      add_case(k, infer, i, "op/%s/shapes", k->own.ops[i].name);
}
