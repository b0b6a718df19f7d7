/* fuse_net.c - the element-wise nodes of a claim as data, and the programs cut from it (plugins/vulkan).
 *
 * Constants of one element become numbers, which travel as push constants. A value that two nodes walk differently
 * goes in twice. What more results are read than one dispatch binds, another program computes: what they share is
 * computed in both. */
#include "fuse.h"

typedef struct building {
  const rn_subgraph *s;
  gpu_net *net;
  rn_status *failed;
  uint8_t one; /* the node at hand has one element, and others have more */
} building;

static int is_one(const rn_shape *s) { return rn_shape_elems(s) == 1; }

static rn_status *too_much(const char *of) {
  return rn_error(gpu_host, RN_UNIMPLEMENTED, "fusion: a chain of too many %s", of);
}

/* ------------------------------------------------------------------------------------------- the net */
static int is_number(const building *b, rn_value v, rn_dtype type, uint32_t *bits) {
  const rn_tensor_view *c = b->s->value_of(b->s, v);
  if (c == NULL || c->data == NULL || rn_shape_elems(&c->shape) != 1 || c->dtype != type) return 0;
  *bits = 0;
  memcpy(bits, c->data, (size_t)c->size_bytes);
  return 1;
}

static uint32_t made_by_member(const gpu_net *net, rn_value v) {
  for (uint32_t k = net->all.n_ops; k-- > 0;) {
    const rn_value *made = &net->value[FUSED_MAX_IN + k];
    if (made->node == v.node && made->port == v.port) return FUSED_MAX_IN + k;
  }
  return UINT32_MAX;
}

static uint32_t add_input(building *b, rn_value v, rn_dtype dtype, uint32_t mask, const uint32_t *bits) {
  gpu_net *net = b->net;
  gpu_fused_input in = {(uint8_t)dtype, bits != NULL, (uint8_t)mask, 0};
  for (uint32_t k = 0; k < net->all.n_in; k++) {
    if (memcmp(&net->all.in[k], &in, sizeof in) != 0) continue;
    if (bits != NULL ? net->number[k] == *bits : net->value[k].node == v.node && net->value[k].port == v.port) return k;
  }
  if (net->all.n_in == FUSED_MAX_IN) {
    if (b->failed == NULL) b->failed = too_much("inputs");
    return 0;
  }
  net->all.in[net->all.n_in] = in;
  net->value[net->all.n_in] = v;
  net->number[net->all.n_in] = bits != NULL ? *bits : 0;
  return net->all.n_in++;
}

/* The number of input i of node n as the net has it. In the net results are numbered from FUSED_MAX_IN on. */
static uint32_t argument(building *b, const gpu_rule *r, rn_node_id n, uint32_t i) {
  const rn_subgraph *s = b->s;
  rn_value v = s->view->input(s->graph, n, i);
  uint32_t made = made_by_member(b->net, v), bits;
  rn_dtype type = s->view->dtype(s->graph, v);
  const rn_shape *shape = s->shape_of(s, v);
  if (is_number(b, v, type, &bits)) return add_input(b, v, type, 0, &bits); /* also where a member would compute it */
  if (made != UINT32_MAX) return made;
  if (shape == NULL) {
    if (b->failed == NULL) b->failed = rn_error(gpu_host, RN_UNIMPLEMENTED, "fusion: an input of unknown shape");
    return 0;
  }
  return add_input(b, v, type, gpu_rule_moves(r, i, shape, &b->net->shape), NULL);
}

static void add_op(building *b, rn_value v, int function, rn_dtype dtype, const uint32_t *arg, uint32_t n) {
  gpu_net *net = b->net;
  if (net->all.n_ops == FUSED_MAX_OPS) {
    if (b->failed == NULL) b->failed = too_much("nodes");
    return;
  }
  gpu_fused_op *op = &net->all.op[net->all.n_ops];
  *op = (gpu_fused_op){.function = (int16_t)function, .n_args = (uint8_t)n, .dtype = (uint8_t)dtype};
  for (uint32_t a = 0; a < n; a++) op->arg[a] = (uint16_t)arg[a];
  net->is_one[net->all.n_ops] = b->one;
  net->value[FUSED_MAX_IN + net->all.n_ops++] = v;
}

static void add_node(building *b, rn_node_id n, const gpu_rule *r) {
  const rn_subgraph *s = b->s;
  rn_value y = {n, 0};
  rn_dtype type = s->view->dtype(s->graph, y);
  uint32_t arg[FUSED_MAX_ARGS], count = r->form == FUSE_SUM ? 1 : r->n_in, bits;
  for (uint32_t i = 0; i < count; i++) arg[i] = argument(b, r, n, i);
  if (r->form == FUSE_ALPHA) {
    memcpy(&bits, &r->alpha, sizeof bits);
    arg[count++] = add_input(b, RN_NO_VALUE, RN_FLOAT, 0, &bits);
  }
  for (uint32_t i = 1; r->form == FUSE_SUM && i < r->n_in; i++) {
    arg[1] = argument(b, r, n, i);
    add_op(b, i + 1 < r->n_in ? RN_NO_VALUE : y, r->function, type, arg, 2);
    arg[0] = FUSED_MAX_IN + b->net->all.n_ops - 1u;
  }
  if (r->form != FUSE_SUM || r->n_in == 1) add_op(b, y, r->form == FUSE_SUM ? -1 : r->function, type, arg, count);
}

rn_status *gpu_net_make(const rn_subgraph *s, const rn_node_id *nodes, uint32_t n, gpu_net *out) {
  building b = {s, out, NULL, 0};
  gpu_graph g = {gpu_host, s->view, s->graph};
  memset(out, 0, sizeof *out);
  out->shape = *s->shape_of(s, (rn_value){nodes[0], 0});
  for (uint32_t i = 1; i < n && is_one(&out->shape); i++) out->shape = *s->shape_of(s, (rn_value){nodes[i], 0});
  for (uint32_t i = 0; i < n && b.failed == NULL; i++) {
    gpu_rule r;
    const rn_shape *y = s->shape_of(s, (rn_value){nodes[i], 0});
    gpu_rule_of(&g, nodes[i], &r);
    if (r.form == FUSE_NOT || y == NULL) return rn_error(gpu_host, RN_INTERNAL, "fusion: a node without a formula");
    if (!is_one(y) && !gpu_same_shape(y, &out->shape))
      return rn_error(gpu_host, RN_UNIMPLEMENTED, "fusion: shapes that differ");
    b.one = is_one(y) && !is_one(&out->shape);
    add_node(&b, nodes[i], &r);
  }
  return b.failed;
}

uint32_t gpu_net_find(const gpu_net *net, rn_value v) { return made_by_member(net, v); }

/* ------------------------------------------------------------------------------------------- a piece */
typedef struct cutting {
  const gpu_net *net;
  gpu_piece *piece;
  int one; /* results of one element each */
  uint8_t needed[FUSED_MAX_IN + FUSED_MAX_OPS];
  uint16_t as[FUSED_MAX_IN + FUSED_MAX_OPS]; /* per value of the net: its number in the piece */
} cutting;

static void mark(cutting *c, const uint32_t *wanted, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) c->needed[wanted[i]] = 1;
  for (uint32_t k = c->net->all.n_ops; k-- > 0;) {
    const gpu_fused_op *op = &c->net->all.op[k];
    for (uint32_t a = 0; c->needed[FUSED_MAX_IN + k] && a < op->n_args; a++) c->needed[op->arg[a]] = 1;
  }
}

/* What is bound first, then numbers: the order of bindings does not hang on which inputs are constants. */
static int take_inputs(cutting *c) {
  gpu_piece *p = c->piece;
  for (int numbers = 0; numbers <= 1; numbers++)
    for (uint32_t k = 0; k < c->net->all.n_in; k++) {
      if (!c->needed[k] || c->net->all.in[k].is_number != numbers) continue;
      c->as[k] = p->program.n_in;
      p->program.in[p->program.n_in++] = c->net->all.in[k];
      if (!numbers) p->bound[p->n_bound++] = k;
      if (!numbers) continue;
      if (p->n_numbers == FUSED_MAX_NUMBERS) return 0;
      p->number[p->n_numbers++] = c->net->number[k];
    }
  return 1;
}

static void take_ops(cutting *c, const uint32_t *wanted, uint32_t n) {
  gpu_fused *f = &c->piece->program;
  for (uint32_t k = 0; k < c->net->all.n_ops; k++) {
    if (!c->needed[FUSED_MAX_IN + k]) continue;
    gpu_fused_op op = c->net->all.op[k];
    for (uint32_t a = 0; a < op.n_args; a++) op.arg[a] = c->as[op.arg[a]];
    c->as[FUSED_MAX_IN + k] = (uint16_t)(f->n_in + f->n_ops);
    f->op[f->n_ops++] = op;
  }
  for (uint32_t o = 0; o < n; o++) f->out[f->n_out++] = c->as[wanted[o]];
}

/* Dimensions of one, and those that all inputs walk like the one before, are not told apart. */
static void join_dimensions(cutting *c) {
  gpu_piece *p = c->piece;
  const rn_shape scalar = rn_shape_scalar(), *shape = c->one ? &scalar : &c->net->shape;
  uint8_t mask[FUSED_MAX_IN] = {0};
  uint32_t rank = 0;
  p->n = (uint32_t)rn_shape_elems(shape);
  for (int32_t d = 0; d < shape->rank; d++) {
    uint32_t size = (uint32_t)shape->dim[shape->rank - 1 - d], same = rank > 0;
    if (size == 1) continue;
    for (uint32_t k = 0; k < p->program.n_in && same; k++)
      same = (p->program.in[k].mask >> d & 1) == (mask[k] >> (rank - 1) & 1);
    if (same) {
      p->dim[rank - 1] *= size;
      continue;
    }
    for (uint32_t k = 0; k < p->program.n_in; k++) mask[k] |= (uint8_t)((p->program.in[k].mask >> d & 1) << rank);
    p->dim[rank++] = size;
  }
  for (uint32_t k = 0; k < p->program.n_in; k++) p->program.in[k].mask = mask[k];
  p->program.rank = (uint16_t)rank;
}

int gpu_net_is_one(const gpu_net *net, uint32_t v) { return net->is_one[v - FUSED_MAX_IN]; }

int gpu_net_piece(const gpu_net *net, const uint32_t *wanted, uint32_t n, gpu_piece *out) {
  cutting c = {.net = net, .piece = out, .one = gpu_net_is_one(net, wanted[0])};
  memset(out, 0, sizeof *out);
  if (n > FUSED_MAX_OUT) return 0;
  mark(&c, wanted, n);
  if (!take_inputs(&c) || out->n_bound + n > GPU_MAX_BIND) return 0;
  take_ops(&c, wanted, n);
  join_dimensions(&c);
  return 1;
}
