/* lower_integer.c - products with constant weights on a machine of integers (plugins/tpu).
 *
 * A product takes an int8 value and weights that the host packs before the program runs; the bias, and a Relu or
 * Relu6, are done on the way out. What leaves the claim is made real again: straight from the accumulators, if nothing
 * is clamped and nobody inside reads it. */
#include <math.h>
#include "lower_integer.h"

/* ------------------------------------------------------------------------------ bias and limits */
typedef struct chain {
  tpu_node *last;
  tpu_value *y;
  uint32_t bias;
  int relu; /* 0, 1 or 6 */
} chain;

static void go_on(tpu_lowering *l, tpu_node *next, const rn_shape *s, chain *c) {
  c->last = next;
  c->y = tpu_out(l, next, 0);
  c->y->shape = *s;
  c->y->known = TPU_SHAPED;
}

static void follow(tpu_lowering *l, tpu_node *n, const rn_shape *s, int64_t columns, chain *c) {
  *c = (chain){.bias = UINT32_MAX};
  go_on(l, n, s, c);
  tpu_node *next = tpu_only_reader(l, c->y);
  if (next != NULL && (tpu_is_op(l, next, "BiasAdd") || tpu_is_op(l, next, "Add") || tpu_is_op(l, next, "AddV2"))) {
    uint32_t at = next->in[tpu_in(l, next, 0) == c->y ? 1 : 0];
    if (at >= l->s->n_in || l->value[at].shape.rank != 1 || l->value[at].shape.dim[0] != columns) return;
    c->bias = at;
    go_on(l, next, s, c);
    next->done = 1;
    next = tpu_only_reader(l, c->y);
  }
  if (next == NULL || !(tpu_is_op(l, next, "Relu") || tpu_is_op(l, next, "Relu6"))) return;
  c->relu = tpu_is_op(l, next, "Relu") ? 1 : 6;
  go_on(l, next, s, c);
  next->done = 1;
}

/* ------------------------------------------------------------------------------------ weights */
/* The weights of a FakeQuant node: its ranges are the pack's. */
static rn_status *fake_weights(const tpu_lowering *l, const tpu_node *n, const tpu_node *quant, tpu_pack *p) {
  tpu_fake f;
  const char *no = tpu_fake_of(l->host, l->s->view, l->s->graph, quant->id, &f);
  if (no == NULL) no = tpu_fake_parts(&f, &p->parts);
  if (no == NULL && f.channels != 1 && f.channels != (int64_t)p->n) no = "ranges of another number of columns";
  if (no != NULL) return tpu_cannot(l, n, "its weights: %s", no);
  p->bottom = f.bottom, p->top = f.top, p->low = f.low, p->high = f.high;
  p->per_channel = f.channels != 1;
  if (f.min != NULL) p->min = quant->in[1], p->max = quant->in[2];
  return NULL;
}

static rn_status *weights_of(const tpu_lowering *l, const tpu_node *n, tpu_pack *p) {
  const tpu_value *w = tpu_in(l, n, 1);
  const tpu_node *maker = n->in[1] < l->s->n_in ? NULL : tpu_maker(l, w);
  p->weights = n->in[1];
  if (maker == NULL) return NULL;
  if (!tpu_is_fake_quant(l->s->view->op(l->s->graph, maker->id)) || maker->in[0] >= l->s->n_in)
    return tpu_cannot(l, n, "its weights are computed inside of the claim");
  p->weights = maker->in[0];
  return fake_weights(l, n, maker, p);
}

static int same_weights(const tpu_pack *a, const tpu_pack *b) {
  return a->weights == b->weights && a->k == b->k && a->n == b->n && a->min == b->min && a->max == b->max &&
         a->top == b->top;
}

/* Weights that several products use, as those of an unrolled loop do, are in the memory once. */
static rn_status *add_pack(tpu_lowering *l, const tpu_node *n, const chain *c, tpu_product_request *r, tpu_scale in,
                           tpu_scale out) {
  tpu_place weights = {0}, table;
  tpu_pack p = {.bias = c->bias,
                .k = (uint64_t)r->k,
                .n = (uint64_t)r->n,
                .in = in,
                .out = out,
                .min = UINT32_MAX,
                .max = UINT32_MAX,
                .parts = 1};
  if (l->n_packs == TPU_MAX_PACKS) return tpu_cannot(l, n, "more than %d products", TPU_MAX_PACKS);
  RN_TRY(weights_of(l, n, &p));
  for (uint32_t i = 0; i < l->n_packs && weights.space == TPU_NOWHERE; i++)
    if (same_weights(&l->pack[i], &p)) weights = (tpu_place){l->pack[i].weights_at, 0, TPU_MEMORY, 0};
  if (weights.space == TPU_NOWHERE) RN_TRY(tpu_keep_memory(l, p.k * p.n * p.parts, &weights));
  RN_TRY(tpu_keep_memory(l, p.n * TPU_COLUMN_BYTES, &table));
  p.weights_at = weights.offset, p.table_at = table.offset;
  l->pack[l->n_packs++] = p;
  r->w = (tpu_side){.place = weights, .rs = r->n, .cs = 1};
  r->parts = p.parts;
  r->bias = table;
  return NULL;
}

static void limits(const chain *c, const tpu_grid *g, tpu_product_request *r) {
  double six = rint(6.0 / (double)g->scale.scale) + g->scale.zero;
  r->zero = g->scale.zero, r->low = g->low, r->high = g->high;
  if (c->relu && g->scale.zero > r->low) r->low = g->scale.zero;
  if (c->relu == 6 && six < r->high) r->high = (int32_t)six;
}

static rn_status *finish(tpu_lowering *l, tpu_node *n, tpu_product_request *r, const rn_shape *s, tpu_scale in) {
  chain c;
  tpu_grid out = {{1, 0}, -128, 127};
  uint32_t o;
  follow(l, n, s, r->n, &c);
  r->real = tpu_is_output(l, c.y, &o) && !tpu_has_reader(l, c.y) && c.relu == 0;
  if (!r->real) RN_TRY(tpu_find_grid(l, c.last, c.y, &out));
  RN_TRY(add_pack(l, n, &c, r, in, out.scale));
  limits(&c, &out, r);
  if (r->real) {
    r->y = (tpu_place){0, (uint16_t)(l->s->n_in + o), TPU_IO, 0};
    c.y->known = TPU_PLACED;
    c.y->place = r->y;
    return tpu_emit_product(l, r);
  }
  RN_TRY(tpu_make(l, c.last, 0, s, &r->y));
  l->value[c.y->root].grid = out;
  RN_TRY(tpu_emit_product(l, r));
  return tpu_give_out(l, c.y);
}

static rn_status *matmul(tpu_lowering *l, tpu_node *n) {
  rn_self self = tpu_self(l, n);
  const rn_shape a = tpu_in(l, n, 0)->shape, b = tpu_in(l, n, 1)->shape;
  tpu_grid in;
  if (rn_self_bool(&self, "transpose_a", 0) || rn_self_bool(&self, "transpose_b", 0))
    return tpu_cannot(l, n, "transposed");
  if (a.rank != 2 || b.rank != 2 || a.dim[1] != b.dim[0] || rn_shape_elems(&a) == 0 || rn_shape_elems(&b) == 0)
    return tpu_cannot(l, n, "only matrices that fit and are not empty");
  tpu_product_request r = {.m = a.dim[0], .k = a.dim[1], .n = b.dim[1], .ys = b.dim[1]};
  rn_shape s = rn_shape_make(2, (const int64_t[]){r.m, r.n});
  r.x = (tpu_side){.rs = r.k, .cs = 1};
  RN_TRY(tpu_int_input(l, n, 0, &r.x.place, &in));
  return finish(l, n, &r, &s, in.scale);
}

static rn_status *conv(tpu_lowering *l, tpu_node *n) {
  uint32_t w[TPU_N_NUMBERS];
  tpu_grid in;
  const rn_shape x = tpu_in(l, n, 0)->shape, f = tpu_in(l, n, 1)->shape;
  if (x.rank != 4 || f.rank != 4 || x.dim[3] != f.dim[2] || rn_shape_elems(&x) == 0)
    return tpu_cannot(l, n, "only whole images and filters of their depth");
  RN_TRY(tpu_conv_window(l, n, &x, f.dim[0], f.dim[1], w));
  tpu_product_request r = {
      .m = x.dim[0] * w[W_OH] * w[W_OW], .k = f.dim[0] * f.dim[1] * f.dim[2], .n = f.dim[3], .ys = f.dim[3]};
  rn_shape s = rn_shape_make(4, (const int64_t[]){x.dim[0], w[W_OH], w[W_OW], f.dim[3]});
  r.x = (tpu_side){.window = w};
  RN_TRY(tpu_int_input(l, n, 0, &r.x.place, &in));
  w[W_PAD] = (uint32_t)in.scale.zero; /* what 0 is */
  return finish(l, n, &r, &s, in.scale);
}

static rn_status *pool(tpu_lowering *l, tpu_node *n) {
  rn_shape s = tpu_in(l, n, 0)->shape;
  tpu_grid grid;
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_POOL;
  i.fn = (uint8_t)n->rule->arg;
  i.slot = 3;
  RN_TRY(tpu_int_input(l, n, 0, &i.a, &grid));
  RN_TRY(tpu_pool_window(l, n, &s));
  RN_TRY(tpu_make(l, n, 0, &s, &i.dst));
  l->value[tpu_out(l, n, 0)->root].grid = grid;
  RN_TRY(tpu_emit(l, &i));
  return tpu_give_out(l, tpu_out(l, n, 0));
}

const tpu_rule tpu_rules_integer[] = {{"MatMul", matmul, TPU_RULE_PRODUCT, 0, 0},
                                      {"Conv2D", conv, TPU_RULE_PRODUCT, 0, 0},
                                      {"MaxPool", pool, TPU_RULE_KEEPS, TPU_P_MAX, 0},
                                      {"AvgPool", pool, TPU_RULE_KEEPS, TPU_P_AVERAGE, 0},
                                      {NULL, NULL, 0, 0, 0}};
