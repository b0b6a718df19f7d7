/* lower_table.c - int8 element by element: functions by table, sums and products, parts put together (plugins/tpu).
 *
 * A function of one value is a table of 256: y[i] = round(f(scale (i - zero))), worked out in double when the program
 * is made. Two values are combined in integers, with multipliers for the ratios of their scales. */
#include <math.h>
#include "lower_integer.h"

/* -------------------------------------------------------------------------------------- tables */
enum { SAME, RELU, RELU6, SIGMOID, TANH, NEG, ABS, SQUARE, EXP, SQRT, PLUS, MINUS, FROM, TIMES };
static double apply(uint32_t f, double x, double c) {
  switch (f) {
    case RELU:
      return x > 0 ? x : 0;
    case RELU6:
      return x > 6 ? 6 : x > 0 ? x : 0;
    case SIGMOID:
      return 1 / (1 + exp(-x));
    case TANH:
      return tanh(x);
    case NEG:
      return -x;
    case ABS:
      return fabs(x);
    case SQUARE:
      return x * x;
    case EXP:
      return exp(x);
    case SQRT:
      return sqrt(x);
    case PLUS:
      return x + c;
    case MINUS:
      return x - c;
    case FROM:
      return c - x;
    case TIMES:
      return x * c;
    default:
      return x;
  }
}

typedef struct copy { /* rows x cols of int8 through a table */
  int64_t rows, cols, to_row, from_row;
  tpu_place to, from;
} copy;

static rn_status *look_up(tpu_lowering *l, const copy *c, uint32_t f, double constant, const tpu_grid *in,
                          const tpu_grid *out) {
  int8_t table[256];
  tpu_ins i;
  memset(&i, 0, sizeof i);
  for (int k = 0; k < 256; k++) {
    double x = (double)in->scale.scale * (k - 128 - in->scale.zero);
    table[k] = (int8_t)(k - 128);
    if (f != SAME || !tpu_grid_equal(in, out)) table[k] = tpu_grid_round(out, apply(f, x, constant));
  }
  i.op = TPU_LOOKUP;
  i.dst = c->to, i.a = c->from;
  i.n[K_ROWS] = (uint32_t)c->rows, i.n[K_COLS] = (uint32_t)c->cols;
  i.n[K_DRS] = (uint32_t)c->to_row, i.n[K_ARS] = (uint32_t)c->from_row;
  RN_TRY(tpu_constant(l, table, sizeof table, &i.b));
  return tpu_emit(l, &i);
}

static rn_status *made(tpu_lowering *l, const tpu_node *n, uint32_t o, const tpu_grid *g) {
  tpu_value *y = tpu_out(l, n, o);
  l->value[y->root].grid = *g;
  return tpu_give_out(l, y);
}

static rn_status *through(tpu_lowering *l, tpu_node *n, uint32_t input, uint32_t f, double constant) {
  tpu_grid in, out;
  copy c = {.rows = 1};
  const rn_shape s = tpu_in(l, n, input)->shape;
  RN_TRY(tpu_find_grid(l, n, tpu_out(l, n, 0), &out));
  RN_TRY(tpu_int_input(l, n, input, &c.from, &in));
  RN_TRY(tpu_make(l, n, 0, &s, &c.to));
  c.cols = rn_shape_elems(&s);
  RN_TRY(look_up(l, &c, f, constant, &in, &out));
  return made(l, n, 0, &out);
}
static rn_status *unary(tpu_lowering *l, tpu_node *n) { return through(l, n, 0, n->rule->arg, 0); }

/* ----------------------------------------------------------------------------------- FakeQuant */
/* Weights are left to the product that takes them, and so is what the host brings. */
static rn_status *fake_quant(tpu_lowering *l, tpu_node *n) {
  tpu_value *x = tpu_in(l, n, 0), *y = tpu_out(l, n, 0), *root = &l->value[x->root];
  tpu_grid grid;
  uint32_t o;
  if (y->root != x->root) return unary(l, n);
  y->shape = x->shape;
  y->known = TPU_SHAPED;
  if (root->place.space == TPU_IO && !tpu_is_output(l, y, &o)) return NULL;
  RN_TRY(tpu_find_grid(l, n, y, &grid));
  copy c = {.rows = 1, .cols = rn_shape_elems(&x->shape)};
  tpu_grid in;
  RN_TRY(tpu_int_input(l, n, 0, &c.from, &in));
  c.to = c.from;
  if (!tpu_grid_equal(&in, &grid)) RN_TRY(look_up(l, &c, SAME, 0, &in, &grid));
  return made(l, n, 0, &grid);
}

/* -------------------------------------------------------------------------------- two values */
typedef struct pair {
  tpu_place place[2];
  tpu_grid grid[2], out;
  int64_t count[2];
} pair;

/* ratio = multiplier / 2^shift, the largest of them with 30 bits. */
static rn_status *scale_by(const tpu_lowering *l, const tpu_node *n, const double ratio[2], tpu_ins *i) {
  int exponent = 0;
  (void)frexp(fmax(fabs(ratio[0]), fabs(ratio[1])), &exponent);
  int shift = 30 - exponent;
  if (shift < 1) return tpu_cannot(l, n, "its result is too fine for its operands");
  if (shift > 62) shift = 62;
  for (int k = 0; k < 2; k++) i->n[k == 0 ? C_MA : C_MB] = (uint32_t)(int32_t)rint(ldexp(ratio[k], shift));
  i->n[C_SHIFT] = (uint32_t)shift;
  return NULL;
}

static rn_status *emit_pair(tpu_lowering *l, const tpu_node *n, const pair *p, tpu_place y) {
  double a = (double)p->grid[0].scale.scale, b = (double)p->grid[1].scale.scale, out = (double)p->out.scale.scale;
  int product = n->rule->arg == TIMES;
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_COMBINE;
  i.fn = product ? TPU_C_MUL : TPU_C_ADD;
  i.dst = y, i.a = p->place[0], i.b = p->place[1];
  int64_t least = p->count[0] < p->count[1] ? p->count[0] : p->count[1], most = p->count[0] + p->count[1] - least;
  i.n[C_ROWS] = (uint32_t)(most / least), i.n[C_COLS] = i.n[C_DRS] = (uint32_t)least;
  i.n[C_ARS] = p->count[0] == most ? (uint32_t)least : 0, i.n[C_ACS] = 1;
  i.n[C_BRS] = p->count[1] == most ? (uint32_t)least : 0, i.n[C_BCS] = 1;
  i.n[C_ZA] = (uint32_t)p->grid[0].scale.zero, i.n[C_ZB] = (uint32_t)p->grid[1].scale.zero;
  i.n[C_ZERO] = (uint32_t)p->out.scale.zero;
  i.n[C_LOW] = (uint32_t)p->out.low, i.n[C_HIGH] = (uint32_t)p->out.high;
  const double ratio[2] = {product ? a * b / out : a / out, product ? 0 : (n->rule->arg == MINUS ? -b : b) / out};
  RN_TRY(scale_by(l, n, ratio, &i));
  return tpu_emit(l, &i);
}

/* The smaller repeats along the first dimensions of the larger. */
static int repeats(const rn_shape *small, const rn_shape *large) {
  int32_t lead = 0;
  while (lead < small->rank && small->dim[lead] == 1) lead++;
  for (int32_t k = small->rank; k-- > lead;) {
    int32_t at = k + large->rank - small->rank;
    if (at < 0 || small->dim[k] != large->dim[at]) return 0;
  }
  return small->rank <= large->rank;
}

static rn_status *two(tpu_lowering *l, tpu_node *n) {
  pair p;
  tpu_place y;
  const rn_shape a = tpu_in(l, n, 0)->shape, b = tpu_in(l, n, 1)->shape;
  const rn_shape s = rn_shape_elems(&a) >= rn_shape_elems(&b) && a.rank >= b.rank ? a : b;
  for (int k = 0; k < 2; k++) {
    const rn_shape *one = k == 0 ? &a : &b;
    if (rn_shape_elems(one) == 0 || !repeats(one, &s)) return tpu_cannot(l, n, "its operands repeat along inner axes");
    p.count[k] = rn_shape_elems(one);
    RN_TRY(tpu_int_input(l, n, (uint32_t)k, &p.place[k], &p.grid[k]));
  }
  RN_TRY(tpu_find_grid(l, n, tpu_out(l, n, 0), &p.out));
  RN_TRY(tpu_make(l, n, 0, &s, &y));
  RN_TRY(emit_pair(l, n, &p, y));
  return made(l, n, 0, &p.out);
}

/* With a number that is known it is a function of one value. */
static rn_status *binary(tpu_lowering *l, tpu_node *n) {
  float c;
  uint32_t f = n->rule->arg;
  if (tpu_known_real(l, n, 1, &c) && tpu_in(l, n, 0)->shape.rank >= tpu_in(l, n, 1)->shape.rank)
    return through(l, n, 0, f, (double)c);
  if (tpu_known_real(l, n, 0, &c) && tpu_in(l, n, 1)->shape.rank >= tpu_in(l, n, 0)->shape.rank)
    return through(l, n, 1, f == MINUS ? FROM : f, (double)c);
  return two(l, n);
}

/* ---------------------------------------------------------------------------------------- parts */
/* Each part is rounded to the grid of the whole on its way. */
static rn_status *concat(tpu_lowering *l, tpu_node *n) {
  int32_t axis;
  tpu_grid in, out;
  copy c;
  rn_shape s = tpu_in(l, n, 0)->shape;
  uint32_t parts = n->n_in - 1;
  RN_TRY(tpu_axis(l, n, parts, s.rank, &axis));
  s.dim[axis] = 0;
  for (uint32_t i = 0; i < parts; i++) s.dim[axis] += tpu_in(l, n, i)->shape.dim[axis];
  RN_TRY(tpu_find_grid(l, n, tpu_out(l, n, 0), &out));
  RN_TRY(tpu_make(l, n, 0, &s, &c.to));
  c.rows = tpu_span(&s, 0, axis), c.to_row = tpu_span(&s, axis, s.rank);
  for (uint32_t i = 0; i < parts; i++) {
    const rn_shape *part = &tpu_in(l, n, i)->shape;
    RN_TRY(tpu_int_input(l, n, i, &c.from, &in));
    c.cols = c.from_row = tpu_span(part, axis, part->rank);
    if (c.cols > 0) RN_TRY(look_up(l, &c, SAME, 0, &in, &out));
    c.to.offset += (uint32_t)c.cols;
  }
  return made(l, n, 0, &out);
}

static rn_status *split(tpu_lowering *l, tpu_node *n) {
  int32_t axis;
  tpu_grid grid;
  copy c;
  const rn_shape from = tpu_in(l, n, 1)->shape;
  rn_self self = tpu_self(l, n);
  int64_t parts = rn_self_int(&self, "num_split", 1);
  RN_TRY(tpu_axis(l, n, 0, from.rank, &axis));
  if (parts < 1 || from.dim[axis] % parts != 0) return tpu_cannot(l, n, "its parts are not equal");
  rn_shape s = from;
  s.dim[axis] /= parts;
  c.rows = tpu_span(&s, 0, axis), c.cols = c.to_row = tpu_span(&s, axis, s.rank), c.from_row = c.cols * parts;
  RN_TRY(tpu_int_input(l, n, 1, &c.from, &grid));
  for (uint32_t i = 0; i < parts; i++) {
    RN_TRY(tpu_make(l, n, i, &s, &c.to));
    RN_TRY(look_up(l, &c, SAME, 0, &grid, &grid));
    RN_TRY(made(l, n, i, &grid));
    c.from.offset += (uint32_t)c.cols;
  }
  return NULL;
}

/* The same memory by another name. */
static rn_status *renamed(tpu_lowering *l, tpu_node *n) {
  tpu_place place;
  tpu_grid grid;
  RN_TRY(tpu_int_input(l, n, 0, &place, &grid));
  RN_TRY(tpu_renamed(l, n));
  return tpu_give_out(l, tpu_out(l, n, 0));
}

enum {
  INSIDE = TPU_RULE_INSIDE,
  FOLLOWS = TPU_RULE_INSIDE | TPU_RULE_FOLLOWS,
  ALIAS = TPU_RULE_ALIAS | TPU_RULE_KEEPS
};
const tpu_rule tpu_rules_table[] = {{"Relu", unary, FOLLOWS, RELU, 0},
                                    {"Relu6", unary, FOLLOWS, RELU6, 0},
                                    {"Sigmoid", unary, INSIDE, SIGMOID, 0},
                                    {"Tanh", unary, INSIDE, TANH, 0},
                                    {"Neg", unary, INSIDE, NEG, 0},
                                    {"Abs", unary, INSIDE, ABS, 0},
                                    {"Square", unary, INSIDE, SQUARE, 0},
                                    {"Exp", unary, INSIDE, EXP, 0},
                                    {"Sqrt", unary, INSIDE, SQRT, 0},
                                    {"BiasAdd", binary, FOLLOWS, PLUS, 0},
                                    {"Add", binary, FOLLOWS, PLUS, 0},
                                    {"AddV2", binary, FOLLOWS, PLUS, 0},
                                    {"Sub", binary, INSIDE, MINUS, 0},
                                    {"Mul", binary, INSIDE, TIMES, 0},
                                    {"ConcatV2", concat, INSIDE, 0, 0},
                                    {"Split", split, TPU_RULE_KEEPS, 0, 1},
                                    {"Reshape", renamed, ALIAS, 0, 2},
                                    {"ExpandDims", renamed, ALIAS, 0, 2},
                                    {"Squeeze", renamed, ALIAS, 0, 0},
                                    {"Identity", renamed, ALIAS, 0, 0},
                                    {"FakeQuantWithMinMaxArgs", fake_quant, TPU_RULE_FAKE, SAME, 0},
                                    {"FakeQuantWithMinMaxVars", fake_quant, TPU_RULE_FAKE, SAME, 0},
                                    {"FakeQuantWithMinMaxVarsPerChannel", fake_quant, TPU_RULE_FAKE, SAME, 0},
                                    {NULL, NULL, 0, 0, 0}};
