/* lower_loss.c - softmax and the cross entropies, from what the vector unit can do (plugins/tpu).
 *
 *   t = x - max(x), e = exp(t), s = sum(e); softmax = e / s, log softmax = t - log(s), loss = log(s) - sum(labels t) */
#include "lower.h"

typedef struct rows {
  int64_t rows, cols;
  tpu_place t, e, s; /* e and s as above; s has one element per row */
} rows;

static const tpu_place nowhere;

/* fn(matrix, one value per row) */
static rn_status *by_row(tpu_lowering *l, const rows *r, uint8_t fn, tpu_place y, tpu_place x, tpu_place one) {
  tpu_walk w = {0};
  tpu_walk_add(&w, r->rows, r->cols, r->cols, 1);
  tpu_walk_add(&w, r->cols, 1, 1, 0);
  return tpu_emit_walk(l, fn, y, x, one, &w, 0);
}

static rn_status *shifted(tpu_lowering *l, const tpu_node *n, rows *r) {
  tpu_place x, most;
  const rn_shape *s = &tpu_in(l, n, 0)->shape;
  if (s->rank < 1 || rn_shape_elems(s) == 0) return tpu_cannot(l, n, "its rows are empty");
  r->cols = s->dim[s->rank - 1];
  r->rows = rn_shape_elems(s) / r->cols;
  uint64_t matrix = (uint64_t)(r->rows * r->cols) * 4, column = (uint64_t)r->rows * 4;
  RN_TRY(tpu_need(l, n, 0, &x));
  RN_TRY(tpu_temp(l, column, &most));
  RN_TRY(tpu_temp(l, matrix, &r->t));
  RN_TRY(tpu_temp(l, matrix, &r->e));
  RN_TRY(tpu_temp(l, column, &r->s));
  RN_TRY(tpu_emit_reduce(l, TPU_R_MAX, most, x, r->rows, r->cols, 1));
  RN_TRY(by_row(l, r, TPU_V_SUB, r->t, x, most));
  RN_TRY(tpu_emit_dense(l, TPU_V_EXP, r->e, r->t, nowhere, r->rows * r->cols, 0));
  return tpu_emit_reduce(l, TPU_R_SUM, r->s, r->e, r->rows, r->cols, 1);
}

static rn_status *softmax(tpu_lowering *l, tpu_node *n) {
  rows r;
  tpu_place y;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(shifted(l, n, &r));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  return by_row(l, &r, TPU_V_DIV, y, r.e, r.s);
}

static rn_status *log_softmax(tpu_lowering *l, tpu_node *n) {
  rows r;
  tpu_place y, log;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(shifted(l, n, &r));
  RN_TRY(tpu_temp(l, (uint64_t)r.rows * 4, &log));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  RN_TRY(tpu_emit_dense(l, TPU_V_LOG, log, r.s, nowhere, r.rows, 0));
  return by_row(l, &r, TPU_V_SUB, y, r.t, log);
}

/* (logits, labels) -> (loss, softmax - labels); labels are probabilities, or numbers of classes (arg 1). */
static rn_status *cross_entropy(tpu_lowering *l, tpu_node *n) {
  rows r;
  tpu_place labels, loss, back, log, both, sum;
  const rn_shape s = tpu_in(l, n, 0)->shape;
  RN_TRY(shifted(l, n, &r));
  uint64_t matrix = (uint64_t)(r.rows * r.cols) * 4;
  rn_shape per_row = rn_shape_vector(r.rows);
  RN_TRY(tpu_need(l, n, 1, &labels));
  if (n->rule->arg == 1) {
    tpu_ins i;
    memset(&i, 0, sizeof i);
    i.op = TPU_ONEHOT;
    i.a = labels;
    i.n[O_ROWS] = (uint32_t)r.rows, i.n[O_COLS] = (uint32_t)r.cols;
    RN_TRY(tpu_temp(l, matrix, &i.dst));
    RN_TRY(tpu_emit(l, &i));
    labels = i.dst;
  } else if (rn_shape_elems(&tpu_in(l, n, 1)->shape) != r.rows * r.cols) {
    return tpu_cannot(l, n, "its labels are not shaped like its logits");
  }
  RN_TRY(tpu_temp(l, (uint64_t)r.rows * 4, &log));
  RN_TRY(tpu_temp(l, (uint64_t)r.rows * 4, &sum));
  RN_TRY(tpu_temp(l, matrix, &both));
  RN_TRY(tpu_make(l, n, 0, &per_row, &loss));
  RN_TRY(tpu_make(l, n, 1, &s, &back));
  RN_TRY(tpu_emit_dense(l, TPU_V_LOG, log, r.s, nowhere, r.rows, 0));
  RN_TRY(tpu_emit_dense(l, TPU_V_MUL, both, labels, r.t, r.rows * r.cols, 0));
  RN_TRY(tpu_emit_reduce(l, TPU_R_SUM, sum, both, r.rows, r.cols, 1));
  RN_TRY(tpu_emit_dense(l, TPU_V_SUB, loss, log, sum, r.rows, 0));
  RN_TRY(by_row(l, &r, TPU_V_DIV, both, r.e, r.s));
  return tpu_emit_dense(l, TPU_V_SUB, back, both, labels, r.rows * r.cols, 0);
}

const tpu_rule tpu_rules_loss[] = {{"Softmax", softmax, 0, 0, 0},
                                   {"LogSoftmax", log_softmax, 0, 0, 0},
                                   {"SparseSoftmaxCrossEntropyWithLogits", cross_entropy, TPU_RULE_LABELS, 1, 0},
                                   {"SoftmaxCrossEntropyWithLogits", cross_entropy, 0, 0, 0},
                                   {NULL, NULL, 0, 0, 0}};
