/* lower_image.c - pools and biases of images (plugins/tpu). */
#include "lower.h"

static rn_status *window_of(tpu_lowering *l, const tpu_node *n, const rn_shape *x) {
  rn_self self = tpu_self(l, n);
  rn_attr_value ksize, strides;
  uint32_t w[TPU_N_NUMBERS] = {0};
  if (x->rank != 4 || !rn_self_attr(&self, "ksize", RN_ATTR_LIST | RN_ATTR_INT, &ksize) || ksize.count != 4 ||
      !rn_self_attr(&self, "strides", RN_ATTR_LIST | RN_ATTR_INT, &strides) || strides.count != 4)
    return tpu_cannot(l, n, "only images");
  const int64_t *k = ksize.u.list, *s = strides.u.list;
  int same = rn_bytes_equal(rn_self_string(&self, "padding"), "SAME");
  w[W_N] = (uint32_t)x->dim[0], w[W_H] = (uint32_t)x->dim[1], w[W_W] = (uint32_t)x->dim[2],
  w[W_C] = (uint32_t)x->dim[3];
  w[W_DH] = w[W_DW] = 1;
  for (int d = 0; d < 2; d++) {
    int64_t size = x->dim[1 + d], out = same ? (size + s[1 + d] - 1) / s[1 + d] : (size - k[1 + d]) / s[1 + d] + 1;
    int64_t need = (out - 1) * s[1 + d] + k[1 + d] - size;
    if (out < 1) return tpu_cannot(l, n, "its window does not fit");
    w[W_KH + d] = (uint32_t)k[1 + d], w[W_SH + d] = (uint32_t)s[1 + d], w[W_OH + d] = (uint32_t)out;
    w[W_PT + d] = same && need > 0 ? (uint32_t)(need / 2) : 0;
  }
  return tpu_emit_window(l, w, 3);
}

static void result(tpu_lowering *l, rn_shape *s) { /* of the window just set */
  const uint32_t *w = l->p->ins[l->p->n_ins - 1].n;
  s->dim[1] = w[W_OH], s->dim[2] = w[W_OW];
}

rn_status *tpu_pool_window(tpu_lowering *l, const tpu_node *n, rn_shape *s) {
  RN_TRY(window_of(l, n, s));
  result(l, s);
  return NULL;
}

static rn_status *pool(tpu_lowering *l, tpu_node *n) {
  rn_shape s = tpu_in(l, n, 0)->shape;
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_POOL;
  i.fn = (uint8_t)n->rule->arg;
  i.slot = 3;
  RN_TRY(window_of(l, n, &s));
  result(l, &s);
  RN_TRY(tpu_need(l, n, 0, &i.a));
  RN_TRY(tpu_make(l, n, 0, &s, &i.dst));
  return tpu_emit(l, &i);
}

/* MaxPoolGrad(x, y, dy); AvgPoolGrad(shape of x, dy). */
static rn_status *unpool(tpu_lowering *l, tpu_node *n) {
  int max = n->rule->arg == TPU_P_MAX;
  tpu_ins i;
  rn_shape x = tpu_in(l, n, 0)->shape;
  memset(&i, 0, sizeof i);
  i.op = TPU_UNPOOL;
  i.fn = (uint8_t)n->rule->arg;
  i.slot = 3;
  if (!max) {
    const int64_t *v;
    uint32_t count;
    RN_TRY(tpu_ints(l, n, 0, &v, &count));
    if (count != 4) return tpu_cannot(l, n, "only images");
    x = rn_shape_make(4, v);
  }
  const rn_shape *dy = &tpu_in(l, n, max ? 2 : 1)->shape;
  RN_TRY(window_of(l, n, &x));
  rn_shape expected = x;
  result(l, &expected);
  if (dy->rank != 4 || rn_shape_elems(dy) != rn_shape_elems(&expected))
    return tpu_cannot(l, n, "its gradient has another shape");
  if (max) RN_TRY(tpu_need(l, n, 0, &i.a));
  RN_TRY(tpu_need(l, n, max ? 2 : 1, &i.b));
  RN_TRY(tpu_make(l, n, 0, &x, &i.dst));
  return tpu_emit(l, &i);
}

static rn_status *bias_add(tpu_lowering *l, tpu_node *n) {
  tpu_place x, b, y;
  const rn_shape s = tpu_in(l, n, 0)->shape, bs = tpu_in(l, n, 1)->shape;
  if (bs.rank != 1 || s.rank < 1 || bs.dim[0] != s.dim[s.rank - 1])
    return tpu_cannot(l, n, "its bias is not of its last dimension");
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_need(l, n, 1, &b));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  return tpu_emit_broadcast(l, TPU_V_ADD, y, &s, x, &s, b, &bs);
}

static rn_status *bias_add_grad(tpu_lowering *l, tpu_node *n) {
  tpu_place x, y;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  if (s.rank < 1 || s.dim[s.rank - 1] == 0) return tpu_cannot(l, n, "it is empty");
  rn_shape b = rn_shape_vector(s.dim[s.rank - 1]);
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &b, &y));
  return tpu_emit_reduce(l, TPU_R_SUM, y, x, 1, rn_shape_elems(&s) / b.dim[0], b.dim[0]);
}

const tpu_rule tpu_rules_image[] = {{"MaxPool", pool, 0, TPU_P_MAX, 0},
                                    {"AvgPool", pool, 0, TPU_P_AVERAGE, 0},
                                    {"MaxPoolGrad", unpool, 0, TPU_P_MAX, 0},
                                    {"AvgPoolGrad", unpool, 0, TPU_P_AVERAGE, 1},
                                    {"BiasAdd", bias_add, 0, 0, 0},
                                    {"BiasAddGrad", bias_add_grad, 0, 0, 0},
                                    {NULL, NULL, 0, 0, 0}};
