/* lower_integer.c - products with constant weights on a machine of integers (plugins/tpu).
 *
 * A value inside is int8 with a scale and a zero point from its range. A product takes such a value and weights that
 * the host packs before the program runs; the bias, and a Relu or Relu6, are done on the way out. What leaves the
 * claim is made real again: straight from the accumulators, if nothing is clamped and nobody inside reads it. */
#include <math.h>
#include "lower.h"

static int is_op(const tpu_lowering *l, const tpu_node *n, const char *op) {
  return strcmp(l->s->view->op(l->s->graph, n->id), op) == 0;
}
static int is_output(const tpu_lowering *l, const tpu_value *v, uint32_t *out) {
  for (*out = 0; *out < l->s->n_out; ++*out)
    if (l->s->out[*out].node == v->id.node && l->s->out[*out].port == v->id.port) return 1;
  return 0;
}

static rn_status *scale_of(const tpu_lowering *l, const tpu_node *n, const tpu_value *v, tpu_scale *out) {
  char name[192];
  tpu_value_name(l->s->view, l->s->graph, v->id, name);
  const tpu_range *r = tpu_ranges_find(l->ranges, name);
  if (r == NULL) return tpu_cannot(l, n, "no range of '%.150s' was measured", name);
  *out = tpu_scale_of(r);
  return NULL;
}

/* Input 0 as int8; what comes from outside is rounded on its way in, once. */
static rn_status *activation(tpu_lowering *l, const tpu_node *n, tpu_place *place, tpu_scale *scale) {
  tpu_value *v = tpu_in(l, n, 0), *root = &l->value[v->root];
  if (root->known != TPU_PLACED) return tpu_cannot(l, n, "its input has no content here");
  if (root->place.space == TPU_IO) {
    tpu_ins i;
    memset(&i, 0, sizeof i);
    i.op = TPU_QUANTIZE;
    i.a = root->place;
    RN_TRY(scale_of(l, n, root, &root->scale));
    RN_TRY(tpu_keep(l, (uint64_t)rn_shape_elems(&root->shape), &root->place));
    i.dst = root->place;
    float inverse = 1.0f / root->scale.scale;
    i.n[Q_COUNT] = (uint32_t)rn_shape_elems(&root->shape), i.n[Q_ZERO] = (uint32_t)root->scale.zero;
    memcpy(&i.n[Q_SCALE], &inverse, sizeof inverse);
    l->p->io[i.a.io].near = 0;
    RN_TRY(tpu_emit(l, &i));
  }
  *place = root->place;
  *scale = root->scale;
  return NULL;
}

static rn_status *give_out(tpu_lowering *l, const tpu_value *v, tpu_place from, tpu_scale scale) {
  uint32_t o;
  tpu_ins i;
  if (!is_output(l, v, &o)) return NULL;
  memset(&i, 0, sizeof i);
  i.op = TPU_DEQUANTIZE;
  i.dst = (tpu_place){0, (uint16_t)(l->s->n_in + o), TPU_IO, 0};
  i.a = from;
  i.n[Q_COUNT] = (uint32_t)rn_shape_elems(&v->shape), i.n[Q_ZERO] = (uint32_t)scale.zero;
  memcpy(&i.n[Q_SCALE], &scale.scale, sizeof scale.scale);
  return tpu_emit(l, &i);
}

static int has_reader(const tpu_lowering *l, const tpu_value *v) {
  for (uint32_t i = 0; i < l->n_nodes; i++)
    for (uint32_t k = 0; k < l->node[i].n_in; k++)
      if (l->value[l->node[i].in[k]].root == v->root && &l->value[l->node[i].in[k]] == v &&
          (l->node[i].rule->what & TPU_RULE_SHAPE_ONLY) == 0)
        return 1;
  return 0;
}

/* ------------------------------------------------------------------------------ bias and limits */
typedef struct chain {
  tpu_node *last;
  tpu_value *y;
  uint32_t bias;
  int relu; /* 0, 1 or 6 */
} chain;

static void follow(tpu_lowering *l, tpu_node *n, const rn_shape *s, int64_t columns, chain *c) {
  *c = (chain){n, tpu_out(l, n, 0), UINT32_MAX, 0};
  c->y->shape = *s;
  c->y->known = TPU_SHAPED;
  tpu_node *next = tpu_only_reader(l, c->y);
  if (next != NULL && (is_op(l, next, "BiasAdd") || is_op(l, next, "Add") || is_op(l, next, "AddV2"))) {
    uint32_t other = tpu_in(l, next, 0) == c->y ? 1 : 0, at = next->in[other];
    if (at >= l->s->n_in || l->value[at].shape.rank != 1 || l->value[at].shape.dim[0] != columns) return;
    c->bias = at;
    c->last = next;
    c->y = tpu_out(l, next, 0);
    c->y->shape = *s;
    c->y->known = TPU_SHAPED;
    next->done = 1;
    next = tpu_only_reader(l, c->y);
  }
  if (next == NULL || !(is_op(l, next, "Relu") || is_op(l, next, "Relu6"))) return;
  c->relu = is_op(l, next, "Relu") ? 1 : 6;
  c->last = next;
  c->y = tpu_out(l, next, 0);
  c->y->shape = *s;
  next->done = 1;
}

static rn_status *add_pack(tpu_lowering *l, const tpu_node *n, const chain *c, tpu_product_request *r, tpu_scale in,
                           tpu_scale out) {
  tpu_place weights, table;
  if (l->n_packs == TPU_MAX_PACKS) return tpu_cannot(l, n, "more than %d products", TPU_MAX_PACKS);
  if (n->in[1] >= l->s->n_in) return tpu_cannot(l, n, "its weights are computed inside of the claim");
  RN_TRY(tpu_keep_memory(l, (uint64_t)(r->k * r->n), &weights));
  RN_TRY(tpu_keep_memory(l, (uint64_t)r->n * TPU_COLUMN_BYTES, &table));
  l->pack[l->n_packs++] =
      (tpu_pack){n->in[1], c->bias, weights.offset, table.offset, (uint64_t)r->k, (uint64_t)r->n, in, out};
  r->w = (tpu_side){.place = weights, .rs = r->n, .cs = 1};
  r->bias = table;
  return NULL;
}

static rn_status *finish(tpu_lowering *l, tpu_node *n, tpu_product_request *r, const rn_shape *s, tpu_scale in) {
  chain c;
  tpu_scale out = {1, 0};
  uint32_t o;
  follow(l, n, s, r->n, &c);
  int leaves = is_output(l, c.y, &o), inside = has_reader(l, c.y);
  r->real = leaves && !inside && c.relu == 0;
  if (!r->real) RN_TRY(scale_of(l, c.last, c.y, &out));
  RN_TRY(add_pack(l, n, &c, r, in, out));
  r->zero = out.zero, r->low = c.relu ? out.zero : -128, r->high = 127;
  double six = rint(6.0 / (double)out.scale) + out.zero;
  if (c.relu == 6 && six < 127) r->high = (int32_t)six;
  if (r->real) {
    r->y = (tpu_place){0, (uint16_t)(l->s->n_in + o), TPU_IO, 0};
    c.y->known = TPU_PLACED;
    c.y->place = r->y;
    return tpu_emit_product(l, r);
  }
  RN_TRY(tpu_make(l, c.last, 0, s, &r->y));
  l->value[c.y->root].scale = out;
  RN_TRY(tpu_emit_product(l, r));
  return give_out(l, c.y, r->y, out);
}

static rn_status *matmul(tpu_lowering *l, tpu_node *n) {
  rn_self self = tpu_self(l, n);
  const rn_shape a = tpu_in(l, n, 0)->shape, b = tpu_in(l, n, 1)->shape;
  tpu_scale in;
  if (rn_self_bool(&self, "transpose_a", 0) || rn_self_bool(&self, "transpose_b", 0))
    return tpu_cannot(l, n, "transposed");
  if (a.rank != 2 || b.rank != 2 || a.dim[1] != b.dim[0] || rn_shape_elems(&a) == 0 || rn_shape_elems(&b) == 0)
    return tpu_cannot(l, n, "only matrices that fit and are not empty");
  tpu_product_request r = {.m = a.dim[0], .k = a.dim[1], .n = b.dim[1], .ys = b.dim[1]};
  rn_shape s = rn_shape_make(2, (const int64_t[]){r.m, r.n});
  r.x = (tpu_side){.rs = r.k, .cs = 1};
  RN_TRY(activation(l, n, &r.x.place, &in));
  return finish(l, n, &r, &s, in);
}

static rn_status *conv(tpu_lowering *l, tpu_node *n) {
  uint32_t w[TPU_N_NUMBERS];
  tpu_scale in;
  const rn_shape x = tpu_in(l, n, 0)->shape, f = tpu_in(l, n, 1)->shape;
  if (x.rank != 4 || f.rank != 4 || x.dim[3] != f.dim[2] || rn_shape_elems(&x) == 0)
    return tpu_cannot(l, n, "only whole images and filters of their depth");
  RN_TRY(tpu_conv_window(l, n, &x, f.dim[0], f.dim[1], w));
  tpu_product_request r = {
      .m = x.dim[0] * w[W_OH] * w[W_OW], .k = f.dim[0] * f.dim[1] * f.dim[2], .n = f.dim[3], .ys = f.dim[3]};
  rn_shape s = rn_shape_make(4, (const int64_t[]){x.dim[0], w[W_OH], w[W_OW], f.dim[3]});
  r.x = (tpu_side){.window = w};
  RN_TRY(activation(l, n, &r.x.place, &in));
  w[W_PAD] = (uint32_t)in.zero; /* what 0 is */
  return finish(l, n, &r, &s, in);
}

static rn_status *pool(tpu_lowering *l, tpu_node *n) {
  rn_shape s = tpu_in(l, n, 0)->shape;
  tpu_scale scale;
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_POOL;
  i.slot = 3;
  RN_TRY(activation(l, n, &i.a, &scale));
  RN_TRY(tpu_pool_window(l, n, &s));
  RN_TRY(tpu_make(l, n, 0, &s, &i.dst));
  l->value[tpu_out(l, n, 0)->root].scale = scale;
  RN_TRY(tpu_emit(l, &i));
  return give_out(l, tpu_out(l, n, 0), i.dst, scale);
}

static rn_status *left_over(tpu_lowering *l, tpu_node *n) {
  return tpu_cannot(l, n, "it does not follow a product that it alone reads");
}

const tpu_rule tpu_rules_integer[] = {{"MatMul", matmul, TPU_RULE_PRODUCT, 0, 0},
                                      {"Conv2D", conv, TPU_RULE_PRODUCT, 0, 0},
                                      {"BiasAdd", left_over, TPU_RULE_FOLLOWS, 0, 0},
                                      {"Add", left_over, TPU_RULE_FOLLOWS, 0, 0},
                                      {"AddV2", left_over, TPU_RULE_FOLLOWS, 0, 0},
                                      {"Relu", left_over, TPU_RULE_FOLLOWS, 0, 0},
                                      {"Relu6", left_over, TPU_RULE_FOLLOWS, 0, 0},
                                      {"MaxPool", pool, TPU_RULE_INSIDE, 0, 0},
                                      {"Reshape", tpu_reshape, TPU_RULE_ALIAS | TPU_RULE_INSIDE, 0, 2},
                                      {NULL, NULL, 0, 0, 0}};
