/* lower_shape.c - other shapes of the same elements, and shapes themselves (plugins/tpu).
 *
 * Shapes are known when a claim is compiled, so all that computes with them is done here and leaves no
 * instruction. */
#include "lower.h"

/* Another shape for the same memory; integers stay integers. */
rn_status *tpu_renamed(tpu_lowering *l, tpu_node *n) {
  tpu_value *x = tpu_in(l, n, 0), *y = tpu_out(l, n, 0);
  if (x->known == TPU_INTS) return tpu_known_ints(l, n);
  RN_TRY(tpu_shape_of(l, n, 0, &y->shape));
  if (rn_shape_elems(&y->shape) != rn_shape_elems(&x->shape))
    return tpu_cannot(l, n, "the new shape has other elements");
  y->known = TPU_SHAPED;
  y->place = x->place;
  return NULL;
}

/* ------------------------------------------------------------------------------------- copying */
static rn_status *tile(tpu_lowering *l, tpu_node *n) {
  const int64_t *times;
  uint32_t count;
  tpu_place x, y;
  const rn_shape from = tpu_in(l, n, 0)->shape;
  rn_shape s = from;
  RN_TRY(tpu_ints(l, n, 1, &times, &count));
  if ((int32_t)count != from.rank) return tpu_cannot(l, n, "%u multiples for rank %d", count, from.rank);
  for (int32_t k = 0; k < s.rank; k++) s.dim[k] *= times[k];
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  tpu_walk w = {0};
  int64_t d = rn_shape_elems(&s), a = rn_shape_elems(&from);
  for (int32_t k = 0; k < s.rank; k++) {
    d /= s.dim[k], a /= from.dim[k];
    tpu_walk_add(&w, times[k], d * from.dim[k], 0, 0);
    tpu_walk_add(&w, from.dim[k], d, a, 0);
  }
  return tpu_emit_walk(l, TPU_V_COPY, y, x, (tpu_place){0}, &w, 0);
}

static rn_status *transpose(tpu_lowering *l, tpu_node *n) {
  const int64_t *order;
  uint32_t count;
  tpu_place x, y;
  const rn_shape from = tpu_in(l, n, 0)->shape;
  rn_shape s = from;
  int64_t stride[RN_MAX_RANK], run = 1;
  RN_TRY(tpu_ints(l, n, 1, &order, &count));
  if ((int32_t)count != from.rank) return tpu_cannot(l, n, "%u axes for rank %d", count, from.rank);
  for (int32_t k = from.rank; k-- > 0; run *= from.dim[k]) stride[k] = run;
  for (int32_t k = 0; k < s.rank; k++) {
    if (order[k] < 0 || order[k] >= from.rank) return tpu_cannot(l, n, "axis %lld", (long long)order[k]);
    s.dim[k] = from.dim[order[k]];
  }
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  tpu_walk w = {0};
  int64_t d = rn_shape_elems(&s);
  for (int32_t k = 0; k < s.rank; k++) {
    d /= s.dim[k];
    tpu_walk_add(&w, s.dim[k], d, stride[order[k]], 0);
  }
  return tpu_emit_walk(l, TPU_V_COPY, y, x, (tpu_place){0}, &w, 0);
}

static rn_status *copy_part(tpu_lowering *l, tpu_place to, int64_t to_row, tpu_place from, int64_t from_row,
                            int64_t rows, int64_t cols) {
  tpu_walk w = {0};
  tpu_walk_add(&w, rows, to_row, from_row, 0);
  tpu_walk_add(&w, cols, 1, 1, 0);
  return tpu_emit_walk(l, TPU_V_COPY, to, from, (tpu_place){0}, &w, 0);
}

static rn_status *concat(tpu_lowering *l, tpu_node *n) {
  int32_t axis;
  tpu_place y, x;
  rn_shape s = tpu_in(l, n, 0)->shape;
  uint32_t parts = n->n_in - 1;
  RN_TRY(tpu_axis(l, n, parts, s.rank, &axis));
  s.dim[axis] = 0;
  for (uint32_t i = 0; i < parts; i++) s.dim[axis] += tpu_in(l, n, i)->shape.dim[axis];
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  int64_t rows = tpu_span(&s, 0, axis), row = tpu_span(&s, axis, s.rank);
  for (uint32_t i = 0; i < parts; i++) {
    const rn_shape *part = &tpu_in(l, n, i)->shape;
    int64_t cols = tpu_span(part, axis, part->rank);
    RN_TRY(tpu_need(l, n, i, &x));
    RN_TRY(copy_part(l, y, row, x, cols, rows, cols));
    y.offset += (uint32_t)cols * 4;
  }
  return NULL;
}

static rn_status *split(tpu_lowering *l, tpu_node *n) {
  int32_t axis;
  tpu_place y, x;
  const rn_shape from = tpu_in(l, n, 1)->shape;
  rn_self self = tpu_self(l, n);
  int64_t parts = rn_self_int(&self, "num_split", 1);
  RN_TRY(tpu_axis(l, n, 0, from.rank, &axis));
  if (parts < 1 || from.dim[axis] % parts != 0) return tpu_cannot(l, n, "its parts are not equal");
  rn_shape s = from;
  s.dim[axis] /= parts;
  int64_t rows = tpu_span(&s, 0, axis), cols = tpu_span(&s, axis, s.rank);
  RN_TRY(tpu_need(l, n, 1, &x));
  for (uint32_t i = 0; i < parts; i++) {
    RN_TRY(tpu_make(l, n, i, &s, &y));
    RN_TRY(copy_part(l, y, cols, x, cols * parts, rows, cols));
    x.offset += (uint32_t)cols * 4;
  }
  return NULL;
}

/* ------------------------------------------------------------------------------------ reducing */
static rn_status *reduced_axes(const tpu_lowering *l, const tpu_node *n, int32_t rank, uint32_t *out) {
  const int64_t *axes;
  uint32_t count;
  RN_TRY(tpu_ints(l, n, 1, &axes, &count));
  *out = 0;
  for (uint32_t i = 0; i < count; i++) {
    int64_t at = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (at < 0 || at >= rank) return tpu_cannot(l, n, "axis %lld of rank %d", (long long)axes[i], rank);
    *out |= 1u << at;
  }
  return NULL;
}

/* Neighbouring axes go together; each run of them is one reduction. */
static rn_status *reduce(tpu_lowering *l, tpu_node *n) {
  uint32_t axes;
  tpu_place x, y;
  rn_shape from = tpu_in(l, n, 0)->shape, s = rn_shape_scalar();
  rn_self self = tpu_self(l, n);
  int keep = rn_self_bool(&self, "keep_dims", 0);
  RN_TRY(reduced_axes(l, n, from.rank, &axes));
  for (int32_t k = 0; k < from.rank; k++) {
    if ((axes >> k & 1) == 0) s.dim[s.rank++] = from.dim[k];
    if ((axes >> k & 1) != 0 && keep) s.dim[s.rank++] = 1;
  }
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  int64_t left = rn_shape_elems(&from), want = rn_shape_elems(&s);
  if (left == want) return tpu_emit_dense(l, TPU_V_COPY, y, x, (tpu_place){0}, want, 0);
  for (int32_t hi = from.rank; hi > 0;) {
    int32_t lo = hi;
    while (lo > 0 && (axes >> (lo - 1) & 1) != 0) lo--;
    if (lo == hi || tpu_span(&from, lo, hi) == 1) {
      hi = lo == hi ? hi - 1 : lo;
      continue;
    }
    int64_t outer = tpu_span(&from, 0, lo), mid = tpu_span(&from, lo, hi), inner = tpu_span(&from, hi, from.rank);
    for (int32_t k = lo; k < hi; k++) from.dim[k] = 1;
    left /= mid;
    tpu_place to = y;
    if (left != want) RN_TRY(tpu_temp(l, (uint64_t)left * 4, &to));
    RN_TRY(tpu_emit_reduce(l, (uint8_t)n->rule->arg, to, x, outer, mid, inner));
    x = to;
    hi = lo;
  }
  return NULL;
}

const tpu_rule tpu_rules_shape[] = {{"Shape", tpu_known_ints, TPU_RULE_INTS | TPU_RULE_SHAPE_ONLY, 0, 0},
                                    {"ShapeN", tpu_known_ints, TPU_RULE_INTS | TPU_RULE_SHAPE_ONLY, 0, 0},
                                    {"Size", tpu_known_ints, TPU_RULE_INTS | TPU_RULE_SHAPE_ONLY, 0, 0},
                                    {"BroadcastGradientArgs", tpu_known_ints, TPU_RULE_INTS, 0, 3},
                                    {"Reshape", tpu_renamed, TPU_RULE_ALIAS | TPU_RULE_INTS, 0, 2},
                                    {"ExpandDims", tpu_renamed, TPU_RULE_ALIAS | TPU_RULE_INTS, 0, 2},
                                    {"Squeeze", tpu_renamed, TPU_RULE_ALIAS | TPU_RULE_INTS, 0, 0},
                                    {"Identity", tpu_renamed, TPU_RULE_ALIAS, 0, 0},
                                    {"StopGradient", tpu_renamed, TPU_RULE_ALIAS, 0, 0},
                                    {"PreventGradient", tpu_renamed, TPU_RULE_ALIAS, 0, 0},
                                    {"Tile", tile, 0, 0, 2},
                                    {"Transpose", transpose, 0, 0, 2},
                                    {"ConcatV2", concat, 0, 0, 0},
                                    {"Split", split, 0, 0, 1},
                                    {"Sum", reduce, 0, TPU_R_SUM, 2},
                                    {"Mean", reduce, 0, TPU_R_MEAN, 2},
                                    {"Max", reduce, 0, TPU_R_MAX, 2},
                                    {NULL, NULL, 0, 0, 0}};
