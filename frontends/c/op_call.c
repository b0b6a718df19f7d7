/* op_call.c - single nodes: what generated builders call, constants, placeholders (frontends/c). */
#include <stdlib.h>
#include "scope_impl.h"

void rn_op_begin(rn_op_call *c, rn_scope *s, const char *op, const char *name) {
  c->scope = s;
  c->op = op;
  c->name = name;
  c->inputs = c->near;
  c->n_inputs = c->n_attrs = 0;
  c->cap_inputs = RN_OP_CALL_INPUTS;
}

void rn_op_inputs(rn_op_call *c, const rn_value *v, uint32_t n) {
  if (n > c->cap_inputs - c->n_inputs) {
    size_t cap = ((size_t)c->n_inputs + n) * 2;
    rn_value *more = malloc(cap * sizeof *more);
    if (more == NULL || cap > UINT32_MAX) {
      free(more);
      rn_scope_fail(c->scope, rn_status_make(RN_RESOURCE_EXHAUSTED, "%s: out of memory for %u inputs", c->op, n));
      return;
    }
    memcpy(more, c->inputs, c->n_inputs * sizeof *more);
    if (c->inputs != c->near) free(c->inputs);
    c->inputs = more;
    c->cap_inputs = (uint32_t)cap;
  }
  if (n) memcpy(c->inputs + c->n_inputs, v, n * sizeof *v);
  c->n_inputs += n;
}
void rn_op_input(rn_op_call *c, rn_value v) { rn_op_inputs(c, &v, 1); }

void rn_op_attr(rn_op_call *c, const char *name, const rn_attr_value *v) {
  if (c->n_attrs == RN_OP_CALL_ATTRS) {
    rn_scope_fail(c->scope,
                  rn_status_make(RN_INVALID_ARGUMENT, "%s: more than %u attributes", c->op, RN_OP_CALL_ATTRS));
    return;
  }
  c->attrs[c->n_attrs].name = name;
  c->attrs[c->n_attrs++].value = *v;
}

rn_node_id rn_op_end(rn_op_call *c) {
  rn_node_request r = rn_node_request_for(c->op, c->name);
  r.inputs = c->inputs;
  r.n_inputs = c->n_inputs;
  r.attrs = c->attrs;
  r.n_attrs = c->n_attrs;
  rn_node_id id = rn_scope_add(c->scope, &r);
  if (c->inputs != c->near) free(c->inputs);
  return id;
}

rn_value rn_scope_op(rn_scope *s, const char *op, const char *name, const rn_value *in, uint32_t n_in,
                     const rn_attr *attrs, uint32_t n_attrs) {
  rn_node_request r = rn_node_request_for(op, name);
  r.inputs = in;
  r.n_inputs = n_in;
  r.attrs = attrs;
  r.n_attrs = n_attrs;
  rn_node_id id = rn_scope_add(s, &r);
  return id == RN_NO_NODE ? RN_NO_VALUE : (rn_value){id, 0};
}

rn_tensor *scope_tensor(rn_scope *s, rn_dtype t, const rn_shape *shape, const void *data) {
  rn_tensor *out = NULL;
  if (s->error) return NULL;
  rn_scope_fail(s, rn_tensor_from(t, shape, data, &out));
  return out;
}

rn_value rn_scope_constant(rn_scope *s, const char *name, rn_tensor *t) {
  if (t == NULL) {
    if (!s->error) rn_scope_fail(s, rn_status_make(RN_INVALID_ARGUMENT, "constant '%s': no tensor", name ? name : ""));
    return RN_NO_VALUE;
  }
  rn_attr attrs[2] = {RN_AT("dtype", rn_tensor_dtype(t)), RN_ATENSOR("value", t)};
  rn_value v = rn_scope_op(s, "Const", name, NULL, 0, attrs, 2);
  rn_tensor_release(t);
  return v;
}

rn_value rn_scope_scalar(rn_scope *s, const char *name, rn_dtype t, double value) {
  rn_shape shape;
  union {
    float f;
    double d;
    int32_t i;
    int64_t l;
    uint8_t b;
  } x;
  memset(&shape, 0, sizeof shape);
  memset(&x, 0, sizeof x);
  switch (t) {
    case RN_FLOAT:
      x.f = (float)value;
      break;
    case RN_DOUBLE:
      x.d = value;
      break;
    case RN_INT32:
      x.i = (int32_t)value;
      break;
    case RN_INT64:
      x.l = (int64_t)value;
      break;
    case RN_BOOL:
      x.b = value != 0;
      break;
    default:
      rn_scope_fail(s, rn_status_make(RN_UNIMPLEMENTED, "constant '%s': no scalars of type %s here, make a tensor",
                                      name ? name : "", rn_dtype_name(t)));
      return RN_NO_VALUE;
  }
  return rn_scope_constant(s, name, scope_tensor(s, t, &shape, &x));
}

rn_value rn_scope_ints(rn_scope *s, const char *name, const int32_t *v, uint32_t n) {
  rn_shape shape;
  memset(&shape, 0, sizeof shape);
  shape.rank = 1;
  shape.dim[0] = n;
  return rn_scope_constant(s, name, scope_tensor(s, RN_INT32, &shape, v));
}

rn_value rn_scope_texts(rn_scope *s, const char *name, const char *const *v, uint32_t n) {
  rn_shape shape;
  rn_tensor *t = NULL;
  rn_bytes *items = calloc(n + 1u, sizeof *items);
  memset(&shape, 0, sizeof shape);
  shape.rank = 1;
  shape.dim[0] = n;
  if (items == NULL) {
    rn_scope_fail(s, rn_status_make(RN_RESOURCE_EXHAUSTED, "out of memory for %u texts", n));
    return RN_NO_VALUE;
  }
  for (uint32_t i = 0; i < n; i++) items[i] = (rn_bytes){v[i], strlen(v[i])};
  if (!s->error) rn_scope_fail(s, rn_tensor_strings(&shape, items, &t));
  free(items);
  return rn_scope_constant(s, name, t);
}

rn_value rn_scope_placeholder(rn_scope *s, const char *name, rn_dtype t, const rn_shape *shape) {
  rn_attr attrs[2] = {RN_AT("dtype", t), RN_ASHAPE("shape", shape)};
  return rn_scope_op(s, "Placeholder", name, NULL, 0, attrs, 2);
}

rn_node_id rn_scope_group(rn_scope *s, const char *name, const rn_node_id *nodes, uint32_t n) {
  rn_node_request r = rn_node_request_for("NoOp", name);
  r.control = nodes;
  r.n_control = n;
  return rn_scope_add(s, &r);
}
