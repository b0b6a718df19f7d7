/* lower_product.c - what the array is for: matrix products, convolutions and their gradients (plugins/tpu).
 *
 * A bias and an activation that alone read a product are done on its way out of the accumulators. */
#include "lower.h"

/* ------------------------------------------------------------------------------ on the way out */
static int is_op(const tpu_lowering *l, const tpu_node *n, const char *op) {
  return strcmp(l->s->view->op(l->s->graph, n->id), op) == 0;
}

static const struct {
  const char *op;
  uint8_t fn;
} activations[] = {{"Relu", TPU_F_RELU}, {"Relu6", TPU_F_RELU6}, {"Sigmoid", TPU_F_SIGMOID}, {"Tanh", TPU_F_TANH}};

/* y + bias with a bias of one element per column, whose content is there by now. */
static int takes_bias(tpu_lowering *l, tpu_node *n, const tpu_value *y, int64_t columns, tpu_place *out) {
  if (n == NULL || !(is_op(l, n, "BiasAdd") || is_op(l, n, "Add") || is_op(l, n, "AddV2"))) return 0;
  uint32_t other = tpu_in(l, n, 0) == y ? 1 : 0;
  const tpu_value *b = tpu_in(l, n, other), *root = &l->value[b->root];
  if (b == y || root->known != TPU_PLACED || b->shape.rank != 1 || b->shape.dim[0] != columns) return 0;
  *out = root->place;
  return 1;
}

/* The product's value is node n's output 0; what follows it may be folded in. */
static rn_status *finish(tpu_lowering *l, tpu_node *n, tpu_product_request *r, const rn_shape *s) {
  tpu_node *last = n, *next;
  tpu_value *y = tpu_out(l, n, 0);
  y->shape = *s;
  y->known = TPU_SHAPED;
  next = tpu_only_reader(l, y);
  if (takes_bias(l, next, y, r->n, &r->bias)) {
    last = next;
    next->done = 1;
    y = tpu_out(l, next, 0);
    y->shape = *s;
    y->known = TPU_SHAPED;
    next = tpu_only_reader(l, y);
  }
  for (size_t k = 0; next != NULL && k < sizeof activations / sizeof activations[0]; k++) {
    if (!is_op(l, next, activations[k].op)) continue;
    if (l->keep && activations[k].fn >= TPU_F_SIGMOID) continue; /* integers round what goes in: its range is wanted */
    r->fn = activations[k].fn;
    next->done = 1;
    last = next;
    break;
  }
  RN_TRY(tpu_make(l, last, 0, s, &r->y));
  return tpu_emit_product(l, r);
}

/* ------------------------------------------------------------------------------------- products */
static uint64_t bytes(const rn_shape *s) { return (uint64_t)rn_shape_elems(s) * 4; }

static rn_status *matmul(tpu_lowering *l, tpu_node *n) {
  rn_self self = tpu_self(l, n);
  const rn_shape a = tpu_in(l, n, 0)->shape, b = tpu_in(l, n, 1)->shape;
  int ta = rn_self_bool(&self, "transpose_a", 0), tb = rn_self_bool(&self, "transpose_b", 0);
  if (a.rank != 2 || b.rank != 2) return tpu_cannot(l, n, "only matrices");
  tpu_product_request r = {.m = a.dim[ta], .k = a.dim[!ta], .n = b.dim[!tb]};
  if (r.k != b.dim[tb])
    return tpu_cannot(l, n, "inner dimensions differ: %lld and %lld", (long long)r.k, (long long)b.dim[tb]);
  if (r.m == 0 || r.k == 0 || r.n == 0) return tpu_cannot(l, n, "an empty product");
  rn_shape s = rn_shape_make(2, (const int64_t[]){r.m, r.n});
  r.x = (tpu_side){.rs = ta ? 1 : a.dim[1], .cs = ta ? a.dim[1] : 1, .size_bytes = bytes(&a)};
  r.w = (tpu_side){.rs = tb ? 1 : b.dim[1], .cs = tb ? b.dim[1] : 1, .size_bytes = bytes(&b)};
  r.ys = r.n;
  RN_TRY(tpu_need(l, n, 0, &r.x.place));
  RN_TRY(tpu_need(l, n, 1, &r.w.place));
  return finish(l, n, &r, &s);
}

/* --------------------------------------------------------------------------------- convolutions */
static rn_status *four(const rn_self *self, const char *name, int64_t out[4]) {
  rn_attr_value v;
  for (int k = 0; k < 4; k++) out[k] = 1;
  if (rn_self_attr(self, name, RN_ATTR_LIST | RN_ATTR_INT, &v) && v.count == 4) memcpy(out, v.u.list, 4 * sizeof *out);
  return NULL;
}

static rn_status *window_of(tpu_lowering *l, const tpu_node *n, const rn_shape *image, int64_t kh, int64_t kw,
                            const rn_shape *result, uint32_t w[TPU_N_NUMBERS]) {
  rn_self self = tpu_self(l, n);
  int64_t stride[4], dilation[4];
  RN_TRY(four(&self, "strides", stride));
  RN_TRY(four(&self, "dilations", dilation));
  int same = rn_bytes_equal(rn_self_string(&self, "padding"), "SAME");
  memset(w, 0, TPU_N_NUMBERS * sizeof *w);
  int64_t size[2] = {image->dim[1], image->dim[2]}, k[2] = {kh, kw}, out[2], pad[2];
  for (int d = 0; d < 2; d++) {
    int64_t reach = (k[d] - 1) * dilation[1 + d] + 1, s = stride[1 + d];
    out[d] = same ? (size[d] + s - 1) / s : (size[d] - reach) / s + 1;
    int64_t need = (out[d] - 1) * s + reach - size[d];
    pad[d] = same && need > 0 ? need / 2 : 0;
    if (out[d] < 1 || (result != NULL && result->dim[1 + d] != out[d]))
      return tpu_cannot(l, n, "its window does not fit");
  }
  w[W_N] = (uint32_t)image->dim[0], w[W_H] = (uint32_t)size[0], w[W_W] = (uint32_t)size[1],
  w[W_C] = (uint32_t)image->dim[3];
  w[W_KH] = (uint32_t)kh, w[W_KW] = (uint32_t)kw, w[W_SH] = (uint32_t)stride[1], w[W_SW] = (uint32_t)stride[2];
  w[W_DH] = (uint32_t)dilation[1], w[W_DW] = (uint32_t)dilation[2];
  w[W_PT] = (uint32_t)pad[0], w[W_PL] = (uint32_t)pad[1], w[W_OH] = (uint32_t)out[0], w[W_OW] = (uint32_t)out[1];
  return NULL;
}

rn_status *tpu_conv_window(tpu_lowering *l, const tpu_node *n, const rn_shape *image, int64_t kh, int64_t kw,
                           uint32_t w[TPU_N_NUMBERS]) {
  return window_of(l, n, image, kh, kw, NULL, w);
}

/* y[n oh ow][o] = patches[n oh ow][kh kw c] filter[kh kw c][o] */
static rn_status *conv(tpu_lowering *l, tpu_node *n) {
  uint32_t w[TPU_N_NUMBERS];
  const rn_shape x = tpu_in(l, n, 0)->shape, f = tpu_in(l, n, 1)->shape;
  if (x.rank != 4 || f.rank != 4 || x.dim[3] != f.dim[2])
    return tpu_cannot(l, n, "only whole images and filters of their depth");
  RN_TRY(window_of(l, n, &x, f.dim[0], f.dim[1], NULL, w));
  tpu_product_request r = {.m = x.dim[0] * w[W_OH] * w[W_OW], .k = f.dim[0] * f.dim[1] * f.dim[2], .n = f.dim[3]};
  rn_shape s = rn_shape_make(4, (const int64_t[]){x.dim[0], w[W_OH], w[W_OW], f.dim[3]});
  r.x = (tpu_side){.window = w, .size_bytes = bytes(&x)};
  r.w = (tpu_side){.rs = r.n, .cs = 1, .size_bytes = bytes(&f)};
  r.ys = r.n;
  RN_TRY(tpu_need(l, n, 0, &r.x.place));
  RN_TRY(tpu_need(l, n, 1, &r.w.place));
  return finish(l, n, &r, &s);
}

static rn_status *shape_of_ints(tpu_lowering *l, const tpu_node *n, uint32_t i, rn_shape *out) {
  const int64_t *v;
  uint32_t count;
  RN_TRY(tpu_ints(l, n, i, &v, &count));
  if (count != 4) return tpu_cannot(l, n, "its input %u has %u numbers, not 4", i, count);
  *out = rn_shape_make(4, v);
  return NULL;
}

/* dfilter[kh kw c][o] = patches[n oh ow][kh kw c]^T dy[n oh ow][o] */
static rn_status *conv_filter(tpu_lowering *l, tpu_node *n) {
  uint32_t w[TPU_N_NUMBERS];
  rn_shape f;
  const rn_shape x = tpu_in(l, n, 0)->shape, dy = tpu_in(l, n, 2)->shape;
  RN_TRY(shape_of_ints(l, n, 1, &f));
  if (x.rank != 4 || dy.rank != 4) return tpu_cannot(l, n, "only images");
  RN_TRY(window_of(l, n, &x, f.dim[0], f.dim[1], &dy, w));
  tpu_product_request r = {.m = f.dim[0] * f.dim[1] * f.dim[2], .k = x.dim[0] * w[W_OH] * w[W_OW], .n = f.dim[3]};
  r.x = (tpu_side){.window = w, .transposed = 1, .size_bytes = bytes(&x)};
  r.w = (tpu_side){.rs = r.n, .cs = 1, .size_bytes = bytes(&dy)};
  r.ys = r.n;
  RN_TRY(tpu_need(l, n, 0, &r.x.place));
  RN_TRY(tpu_need(l, n, 2, &r.w.place));
  RN_TRY(tpu_make(l, n, 0, &f, &r.y));
  return tpu_emit_product(l, &r);
}

/* dpatches[n oh ow][kh kw c] = dy[n oh ow][o] filter[kh kw c][o]^T, then every patch is added where it came from. */
static rn_status *conv_input(tpu_lowering *l, tpu_node *n) {
  uint32_t w[TPU_N_NUMBERS];
  rn_shape x;
  const rn_shape f = tpu_in(l, n, 1)->shape, dy = tpu_in(l, n, 2)->shape;
  tpu_place dx, patches;
  RN_TRY(shape_of_ints(l, n, 0, &x));
  if (f.rank != 4 || dy.rank != 4) return tpu_cannot(l, n, "only images");
  RN_TRY(window_of(l, n, &x, f.dim[0], f.dim[1], &dy, w));
  tpu_product_request r = {.m = dy.dim[0] * w[W_OH] * w[W_OW], .k = f.dim[3], .n = f.dim[0] * f.dim[1] * f.dim[2]};
  r.x = (tpu_side){.rs = r.k, .cs = 1, .size_bytes = bytes(&dy)};
  r.w = (tpu_side){.rs = 1, .cs = f.dim[3], .size_bytes = bytes(&f)};
  r.ys = r.n;
  RN_TRY(tpu_need(l, n, 2, &r.x.place));
  RN_TRY(tpu_need(l, n, 1, &r.w.place));
  RN_TRY(tpu_make(l, n, 0, &x, &dx));
  RN_TRY(tpu_temp(l, (uint64_t)r.m * (uint64_t)r.n * 4, &patches));
  r.y = patches;
  RN_TRY(tpu_emit_product(l, &r));
  RN_TRY(tpu_emit_window(l, w, 2));
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_SCATTER;
  i.slot = 2;
  i.dst = dx, i.a = patches;
  return tpu_emit(l, &i);
}

const tpu_rule tpu_rules_product[] = {{"MatMul", matmul, TPU_RULE_PRODUCT, 0, 0},
                                      {"Conv2D", conv, TPU_RULE_PRODUCT, 0, 0},
                                      {"Conv2DBackpropFilter", conv_filter, TPU_RULE_PRODUCT, 0, 2},
                                      {"Conv2DBackpropInput", conv_input, TPU_RULE_PRODUCT, 0, 1},
                                      {NULL, NULL, 0, 0, 0}};
