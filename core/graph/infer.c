/* graph/infer.c - shapes and small values (core/graph).
 *
 * One engine, two uses. When a node is added, inputs and outputs are the graph's values, and an unknown
 * dimension becomes a fresh symbol so that equality is tracked. In the layout stage they are the
 * caller's facts, nothing in the graph is written and no symbol is made, so many threads may ask.
 *
 * Merging two symbols gives the older one for the node's own outputs only. It does not make them equal
 * everywhere: a step may run one branch with a batch that another branch would refuse. */
#include "graph/node.h"
#include "graph/validate.h"
#include <stdio.h>

typedef struct inference {
  rn_infer pub;
  rn_graph *adding; /* NULL: layout stage */
  const graph_node *node;
  graph_value *in, *out; /* layout stage only */
  rn_arena *arena;
  rn_status *error;
} inference;

static inference *self_of(rn_infer *c) { return (inference *)(void *)c; }

static const graph_value *input_of(const inference *c, uint32_t i) {
  static const graph_value nothing = {&rn_graph_shape_unknown, NULL, {RN_NO_NODE, 0}, RN_INVALID, 0};
  if (i >= c->node->n_in) return &nothing;
  if (c->in != NULL) return &c->in[i];
  const graph_value *v = rn_value_of(c->adding, c->node->in[i]);
  return v != NULL ? v : &nothing;
}

static graph_value *output_of(const inference *c, uint32_t i) {
  if (i >= c->node->n_out) return NULL;
  return c->out != NULL ? &c->out[i] : rn_value_at(c->adding, c->node->first_value + i);
}

static void fail(inference *c, rn_status *s) {
  if (c->error == NULL)
    c->error = s;
  else
    rn_status_free(s);
}

static void *take(inference *c, size_t count, size_t size_bytes) {
  void *p = rn_arena_array(c->arena, count, size_bytes);
  if (p == NULL) fail(c, rn_graph_no_memory());
  return p;
}

static int is_whole(const rn_shape *s) { /* no dimension wants a symbol */
  for (int32_t i = 0; i < s->rank; i++) {
    if (s->dim[i] == RN_DIM_UNKNOWN) return 0;
  }
  return 1;
}

/* An equal shape that exists already, or NULL. */
static const rn_shape *shared(const inference *c, const rn_shape *s) {
  if (s->rank < 0) return &rn_graph_shape_unknown;
  if (s->rank == 0) return &rn_graph_shape_scalar;
  if (c->adding != NULL && !is_whole(s)) return NULL;
  uint32_t tried = c->node->n_in < 4 ? c->node->n_in : 4;
  for (uint32_t i = 0; i < tried; i++) {
    const rn_shape *other = input_of(c, i)->shape;
    if (other == s || rn_shape_equal(other, s)) return other;
  }
  return NULL;
}

static int64_t fresh_symbol(inference *c) {
  if (c->adding == NULL || c->adding->next_symbol == INT64_MIN) return RN_DIM_UNKNOWN;
  return c->adding->next_symbol--;
}

static const rn_shape *store_shape(inference *c, const rn_shape *s, int symbols) {
  if (s->rank > RN_MAX_RANK) {
    fail(c, rn_status_make(RN_INVALID_ARGUMENT, "a shape of rank %d; at most %d is supported", s->rank, RN_MAX_RANK));
    return &rn_graph_shape_unknown;
  }
  const rn_shape *same = shared(c, s);
  if (same != NULL) return same;
  rn_shape *copy = take(c, 1, sizeof *copy);
  if (copy == NULL) return &rn_graph_shape_unknown;
  memset(copy, 0, sizeof *copy);
  copy->rank = s->rank;
  for (int32_t i = 0; i < s->rank; i++)
    copy->dim[i] = symbols && s->dim[i] == RN_DIM_UNKNOWN ? fresh_symbol(c) : s->dim[i];
  return copy;
}

/* A private copy of what is known of the output, to write to. */
static graph_extra *extra_of(inference *c, graph_value *out) {
  graph_extra *e = take(c, 1, sizeof *e);
  if (e == NULL) return NULL;
  *e = out->extra != NULL ? *out->extra : (graph_extra){-1, RN_INVALID, NULL, NULL, NULL};
  out->extra = e;
  return e;
}

static const rn_shape *get_shape(rn_infer *c, uint32_t input) { return input_of(self_of(c), input)->shape; }
static rn_dtype get_dtype(rn_infer *c, uint32_t input) { return rn_base_of(input_of(self_of(c), input)->dtype); }

static int32_t get_value(rn_infer *c, uint32_t input, int64_t *out, uint32_t cap) {
  const graph_extra *e = input_of(self_of(c), input)->extra;
  if (e == NULL || e->n_value < 0) return -1;
  for (uint32_t i = 0; i < cap && i < (uint32_t)e->n_value; i++) out[i] = e->value[i];
  return e->n_value;
}

static rn_tensor *get_constant(rn_infer *c, uint32_t input) {
  const graph_extra *e = input_of(self_of(c), input)->extra;
  return e != NULL ? e->constant : NULL;
}

static void set_shape(rn_infer *pub, uint32_t output, const rn_shape *s) {
  inference *c = self_of(pub);
  graph_value *out = output_of(c, output);
  if (out != NULL && s != NULL) out->shape = store_shape(c, s, c->node->op->def->role != RN_ROLE_RESOURCE);
}

static void put_value(inference *c, graph_value *out, const int64_t *v, uint32_t n) {
  int64_t *copy = take(c, n, sizeof *copy);
  graph_extra *e = copy != NULL ? extra_of(c, out) : NULL;
  if (e == NULL) return;
  if (n != 0) memcpy(copy, v, n * sizeof *v);
  e->value = copy;
  e->n_value = (int32_t)n;
}

static void set_value(rn_infer *pub, uint32_t output, const int64_t *v, uint32_t n) {
  inference *c = self_of(pub);
  graph_value *out = output_of(c, output);
  if (out != NULL && n <= RN_MAX_VALUE && (v != NULL || n == 0)) put_value(c, out, v, n);
}

static int64_t new_symbol(rn_infer *c) { return fresh_symbol(self_of(c)); }

static rn_status *merge(rn_infer *c, int64_t a, int64_t b, int64_t *out) {
  (void)c;
  if (a >= 0 && b >= 0 && a != b)
    return rn_status_make(RN_INVALID_ARGUMENT, "dimensions differ: %lld and %lld", (long long)a, (long long)b);
  if (a >= 0 || b >= 0)
    *out = a >= 0 ? a : b;
  else if (a == RN_DIM_UNKNOWN || b == RN_DIM_UNKNOWN)
    *out = a == RN_DIM_UNKNOWN ? b : a;
  else
    *out = a > b ? a : b; /* symbols count down: the older one */
  return NULL;
}

static uint8_t get_handle(rn_infer *c, uint32_t input, rn_dtype *dt, rn_shape *s) {
  const graph_extra *e = input_of(self_of(c), input)->extra;
  if (e == NULL || e->handle_dtype == RN_INVALID) return 0;
  *dt = e->handle_dtype;
  *s = *e->handle_shape;
  return 1;
}

static void set_handle(rn_infer *pub, uint32_t output, rn_dtype dt, const rn_shape *s) {
  inference *c = self_of(pub);
  graph_value *out = output_of(c, output);
  graph_extra *e = out != NULL && s != NULL ? extra_of(c, out) : NULL;
  if (e == NULL) return;
  e->handle_shape = store_shape(c, s, 0);
  e->handle_dtype = dt;
}

static rn_dtype get_out_dtype(rn_infer *c, uint32_t output) {
  const graph_value *out = output_of(self_of(c), output);
  return out != NULL ? rn_base_of(out->dtype) : RN_INVALID;
}

static const rn_infer_api api = {sizeof api, 0,          get_shape, get_dtype,  get_value,  get_constant, set_shape,
                                 set_value,  new_symbol, merge,     get_handle, set_handle, get_out_dtype};

/* A constant's shape, tensor and, when it is a small integer vector, its elements. */
static void infer_constant(inference *c) {
  int32_t at = rn_signature_find_attr(c->node->op->sig, "value", 5);
  graph_value *out = output_of(c, 0);
  rn_tensor *t = at >= 0 && c->node->attr[at].type == RN_ATTR_TENSOR ? c->node->attr[at].u.tensor : NULL;
  if (t == NULL || out == NULL) return;
  out->shape = store_shape(c, rn_tensor_shape(t), 0);
  graph_extra *e = extra_of(c, out);
  if (e == NULL) return;
  e->constant = t;
  int64_t count = rn_tensor_count(t), v[RN_MAX_VALUE];
  rn_dtype dt = rn_tensor_dtype(t);
  if (out->shape->rank > 1 || count > RN_MAX_VALUE || (dt != RN_INT32 && dt != RN_INT64)) return;
  const void *data = rn_tensor_data(t);
  for (int64_t i = 0; i < count; i++) v[i] = dt == RN_INT32 ? ((const int32_t *)data)[i] : ((const int64_t *)data)[i];
  put_value(c, out, v, (uint32_t)count);
}

static void forward(inference *c, uint32_t input, uint32_t output) {
  const graph_value *in = input_of(c, input);
  graph_value *out = output_of(c, output);
  if (out == NULL || input >= c->node->n_in) return;
  out->shape = in->shape;
  out->extra = in->extra;
}

static rn_status *infer_resource(inference *c) {
  graph_value *out = output_of(c, 0);
  const rn_op_def *def = c->node->op->def;
  if (out == NULL || !RN_HAS_FN(def, rn_op_def, resource)) return NULL;
  rn_resource_spec spec;
  memset(&spec, 0, sizeof spec);
  spec.struct_size = (uint32_t)sizeof spec;
  spec.shape.rank = -1;
  RN_TRY(def->resource(&c->pub.self, &spec));
  if (out->dtype > RN_REF)
    out->shape = store_shape(c, &spec.shape, 0);
  else if (spec.dtype != RN_INVALID)
    set_handle(&c->pub, 0, spec.dtype, &spec.shape);
  return NULL;
}

static rn_status *infer(inference *c) {
  const rn_op_def *def = c->node->op->def;
  if (def->role == RN_ROLE_CONSTANT) {
    infer_constant(c);
    return NULL;
  }
  if (def->role == RN_ROLE_IDENTITY) {
    for (uint32_t i = 0; i < c->node->n_out; i++) forward(c, i, i);
    return NULL;
  }
  if (RN_HAS_FN(def, rn_op_def, infer)) RN_TRY(rn_call_infer(def, &c->pub));
  if (def->role == RN_ROLE_RESOURCE) RN_TRY(infer_resource(c));
  graph_value *out = output_of(c, 0);
  if (def->ref_forward > 0 && out != NULL && out->shape->rank < 0) forward(c, (uint32_t)def->ref_forward - 1, 0);
  return NULL;
}

static rn_status *run(inference *c, const rn_graph *g, rn_node_id n) {
  char text[RN_NODE_TEXT];
  c->pub.struct_size = (uint32_t)sizeof c->pub;
  c->pub.n_in = c->node->n_in;
  c->pub.n_out = c->node->n_out;
  c->pub.api = &api;
  c->pub.self = (rn_self){c->node->op->host, rn_graph_view(), g, n, 0};
  rn_status *failed = infer(c);
  if (failed != NULL)
    rn_status_free(c->error);
  else
    failed = c->error;
  c->error = NULL;
  if (failed == NULL) return NULL;
  (void)rn_node_text(g, n, text, sizeof text);
  if (strncmp(rn_status_message(failed), text, strlen(text)) == 0) return failed;
  return rn_status_wrap(failed, "%s", text);
}

rn_status *rn_infer_added(rn_graph *g, rn_node_id n) {
  inference c;
  memset(&c, 0, sizeof c);
  c.adding = g;
  c.node = rn_node_at(g, n);
  c.arena = &g->store->arena;
  return run(&c, g, n);
}

static void fact_from(const graph_value *v, rn_fact *out) {
  memset(out, 0, sizeof *out);
  out->shape = *v->shape;
  out->n_value = -1;
  out->handle_shape.rank = -1;
  if (v->extra == NULL) return;
  out->n_value = v->extra->n_value;
  out->value = v->extra->value;
  out->constant = v->extra->constant;
  out->handle_dtype = v->extra->handle_dtype;
  if (v->extra->handle_shape != NULL) out->handle_shape = *v->extra->handle_shape;
}

void rn_graph_fact(const rn_graph *g, rn_value v, rn_fact *out) {
  static const graph_value nothing = {&rn_graph_shape_unknown, NULL, {RN_NO_NODE, 0}, RN_INVALID, 0};
  const graph_value *value = rn_value_of(g, v);
  fact_from(value != NULL ? value : &nothing, out);
}

static int slots_in(inference *c, const rn_graph *g, const rn_fact *in) {
  const graph_node *node = c->node;
  graph_extra *extra = rn_arena_array(c->arena, node->n_in, sizeof *extra);
  c->in = rn_arena_array(c->arena, (size_t)node->n_in + 1, sizeof *c->in);
  if (extra == NULL || c->in == NULL) return 0;
  for (uint32_t i = 0; i < node->n_in; i++) {
    extra[i] = (graph_extra){in[i].n_value, in[i].handle_dtype, in[i].value, in[i].constant, &in[i].handle_shape};
    c->in[i] = (graph_value){&in[i].shape, &extra[i], RN_NO_VALUE, rn_graph_dtype(g, node->in[i]), 0};
  }
  return 1;
}

rn_status *rn_infer_node(const rn_graph *g, rn_node_id n, const rn_fact *in, rn_fact *out, rn_arena *arena) {
  inference c;
  if (n >= g->n_nodes) return rn_status_make(RN_INVALID_ARGUMENT, "node %u: the graph has %u nodes", n, g->n_nodes);
  memset(&c, 0, sizeof c);
  c.node = rn_node_at(g, n);
  c.arena = arena;
  c.out = rn_arena_array(arena, (size_t)c.node->n_out + 1, sizeof *c.out);
  if (c.out == NULL || !slots_in(&c, g, in)) return rn_graph_no_memory();
  for (uint32_t i = 0; i < c.node->n_out; i++) {
    rn_dtype dt = rn_value_at(g, c.node->first_value + i)->dtype;
    c.out[i] = (graph_value){&rn_graph_shape_unknown, NULL, RN_NO_VALUE, dt, 0};
  }
  if (c.node->op != NULL) RN_TRY(run(&c, g, n));
  for (uint32_t i = 0; i < c.node->n_out; i++) fact_from(&c.out[i], &out[i]);
  return NULL;
}
