/* sample_value.c - what the inputs hold (frontends/conform).
 *
 * Integers that steer an op have a role: an axis, a permutation, a shape, indices, counts. Argument names make
 * a role likelier, as TensorFlow's habits are; none is ruled out. */
#include <math.h>
#include "draw.h"
#include "number.h"

uint64_t draw_next(uint64_t *state) { /* splitmix64 (Steele, Lea, Flood 2014) */
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

typedef enum role {
  AXIS,
  AXES,
  PERMUTATION,
  SHAPE_OF_FIRST,
  SMALL_SHAPE,
  FLAT_SHAPE,
  INDICES,
  COUNT,
  PER_AXIS_ZERO,
  PER_AXIS_ONE,
  PAIRS,
  SORTED,
  SIZES,
  SMALL,
  N_ROLES
} role;
static const struct {
  const char *word;
  role role;
} habits[] = {{"perm", PERMUTATION},
              {"axes", AXES},
              {"reduction_indices", AXES},
              {"axis", AXIS},
              {"split_dim", AXIS},
              {"concat_dim", AXIS},
              {"dimension", AXIS},
              {"dim", AXIS},
              {"num_", COUNT},
              {"depth", COUNT},
              {"segment_ids", SORTED},
              {"size_splits", SIZES},
              {"begin", PER_AXIS_ZERO},
              {"end", SHAPE_OF_FIRST},
              {"strides", PER_AXIS_ONE},
              {"multiples", PER_AXIS_ONE},
              {"paddings", PAIRS},
              {"crops", PAIRS},
              {"block", PER_AXIS_ONE},
              {"size", SHAPE_OF_FIRST},
              {"shape", SHAPE_OF_FIRST},
              {"dims", SMALL_SHAPE},
              {"ind", INDICES},
              {"labels", INDICES},
              {"targets", INDICES},
              {"start", SMALL},
              {"limit", SMALL}};

static role draw_role(draw *d, const char *name) {
  role r = (role)draw_below(&d->structure, N_ROLES);
  int by_habit = draw_chance(&d->structure, 75);
  for (size_t i = 0; by_habit && i < sizeof habits / sizeof habits[0]; i++)
    if (strstr(name, habits[i].word) != NULL) return habits[i].role;
  return r;
}

typedef struct integers {
  int64_t v[1024];
  int64_t n;
  rn_shape shape;
} integers;
static void push(integers *x, int64_t v) {
  if (x->n < 1024) x->v[x->n++] = v;
}
static int64_t at_most(int64_t n, int64_t most) { return n < most ? n : most; }

static void permutation(draw *d, integers *x) {
  for (int32_t i = 0; i < d->first.rank; i++) push(x, i);
  for (int32_t i = d->first.rank - 1; i > 0; i--) {
    uint32_t k = draw_below(&d->structure, (uint32_t)i + 1);
    int64_t v = x->v[i];
    x->v[i] = x->v[k];
    x->v[k] = v;
  }
}
static void axes(draw *d, integers *x) {
  int negative = draw_chance(&d->structure, 30);
  for (int32_t i = 0; i < d->first.rank; i++)
    if (draw_chance(&d->structure, 50)) push(x, negative ? i - d->first.rank : i);
}
/* Of the index's shape: those that appear in what is indexed; all below its least dimension. */
static void indices(draw *d, integers *x) {
  int64_t below =
      d->first.rank > 0 ? d->first.dim[draw_below(&d->structure, 2) && d->first.rank > 1 ? d->first.rank - 1 : 0] : 1;
  switch (draw_below(&d->structure, 5)) {
    case 0:
      x->shape.rank = 0;
      break;
    case 1: /* as many as rows */
      x->shape = rn_shape_vector(d->first.rank > 0 ? at_most(d->first.dim[0], 1024) : 1);
      break;
    case 2: {
      int64_t dims[2] = {2, 1 + draw_below(&d->structure, 2)};
      x->shape = rn_shape_make(2, dims);
      break;
    }
    default:
      x->shape = rn_shape_vector(2);
      break;
  }
  int64_t n = rn_shape_elems(&x->shape);
  for (int64_t i = 0; i < n; i++)
    push(x, below > 0 ? (int64_t)draw_below(&d->value, (uint32_t)at_most(below, 1 << 30)) : 0);
}
static void pairs(draw *d, integers *x, int32_t rows) {
  int64_t dims[2] = {rows, 2};
  int spread = draw_chance(&d->structure, 70);
  for (int32_t i = 0; i < 2 * rows; i++) push(x, spread ? draw_below(&d->structure, 3) : 0);
  x->shape = rn_shape_make(2, dims);
}
static void sorted(draw *d, integers *x) {
  int64_t n = d->first.rank > 0 ? at_most(d->first.dim[0], 1024) : 1, id = 0;
  for (int64_t i = 0; i < n; i++) {
    push(x, id);
    id += draw_chance(&d->value, 40);
  }
}
/* Parts that sum to a dimension. */
static void sizes(draw *d, integers *x) {
  int32_t axis = d->first.rank > 0 ? (int32_t)draw_below(&d->structure, (uint32_t)d->first.rank) : 0;
  int64_t all = d->first.rank > 0 ? d->first.dim[axis] : 1, one = all / 3;
  push(x, one);
  push(x, draw_chance(&d->structure, 30) ? -1 : all - one);
}

static void shape_of_first(const draw *d, const char *name, integers *x) {
  const rn_shape *s = d->image.rank == 0 ? &d->first : strstr(name, "filter") != NULL ? &d->filter : &d->image;
  for (int32_t i = 0; i < s->rank; i++) push(x, s->dim[i]);
}

static void fill_role(draw *d, role r, const char *name, integers *x) {
  int32_t rank = d->first.rank;
  x->shape.rank = -2; /* a vector, unless said otherwise */
  switch (r) {
    case AXIS:
      push(x, (int64_t)draw_below(&d->structure, (uint32_t)(rank + 1)) - (draw_chance(&d->structure, 25) ? rank : 0));
      if (rank > 0 && x->v[0] == rank) x->v[0] = rank - 1;
      x->shape.rank = 0;
      break;
    case AXES:
      axes(d, x);
      break;
    case PERMUTATION:
      permutation(d, x);
      break;
    case SHAPE_OF_FIRST:
      shape_of_first(d, name, x);
      break;
    case SMALL_SHAPE:
      for (uint32_t i = draw_below(&d->structure, 4); i > 0; i--) push(x, draw_dim(d, i));
      break;
    case FLAT_SHAPE:
      push(x, draw_chance(&d->structure, 50) ? -1 : rn_shape_elems(&d->first));
      break;
    case INDICES:
      indices(d, x);
      break;
    case COUNT:
      push(x, draw_below(&d->structure, 2) && rank > 0 ? d->first.dim[0] : 1 + draw_below(&d->structure, 4));
      x->shape.rank = 0;
      break;
    case PER_AXIS_ZERO:
      for (int32_t i = 0; i < rank; i++) push(x, draw_chance(&d->structure, 25) && d->first.dim[i] > 1);
      break;
    case PER_AXIS_ONE:
      for (int32_t i = 0; i < rank; i++) push(x, 1 + draw_chance(&d->structure, 25));
      break;
    case PAIRS:
      pairs(d, x, draw_chance(&d->structure, 80) ? rank : 2);
      break;
    case SORTED:
      sorted(d, x);
      break;
    case SIZES:
      sizes(d, x);
      break;
    default:
      push(x, (int64_t)draw_below(&d->structure, 6));
      x->shape.rank = 0;
      break;
  }
  if (x->shape.rank == -2) x->shape = rn_shape_vector(x->n);
}

static rn_status *integer_tensor(draw *d, uint32_t i, rn_tensor **out) {
  integers x;
  memset(&x, 0, sizeof x);
  role r = draw_role(d, d->op->sig.in[d->arg[i]].name);
  fill_role(d, r, d->op->sig.in[d->arg[i]].name, &x);
  d->shape[i] = x.shape;
  RN_TRY(rn_tensor_create(d->dtype[i], &x.shape, out));
  for (int64_t e = 0; e < rn_tensor_count(*out) && e < x.n; e++)
    number_put(d->dtype[i], rn_tensor_data(*out), e, (double)x.v[e]);
  return NULL;
}

/* ------------------------------------------------------------------------------------------- numbers */
/* The largest come in every fourth plan only: where sums overflow depends on their order. */
static double special(draw *d, rn_dtype t) {
  double top = d->plan->seed % 4 == 3 ? dtype_largest(t) : 2;
  double tiny = t == RN_HALF ? 6e-8 : t == RN_FLOAT || t == RN_COMPLEX64 || t == RN_BFLOAT16 ? 1e-40 : 5e-324;
  const double menu[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0.0, -0.0, top, -top, tiny, -tiny, 1, -1,
                         0.5};
  return menu[draw_below(&d->value, sizeof menu / sizeof menu[0])];
}
static double one_value(draw *d, rn_dtype t) {
  if (dtype_is_integer(t)) {
    if (d->plan->values == VALUES_SPECIAL && draw_chance(&d->value, 30))
      return draw_chance(&d->value, 50) ? 9e18 : -9e18; /* cut to the type's range */
    return (double)draw_below(&d->value, 13) - 4;
  }
  if (t == RN_BOOL) return draw_below(&d->value, 2);
  if (d->plan->values == VALUES_SPECIAL) return special(d, t);
  if (d->plan->values == VALUES_SMOOTH) /* away from kinks at small numbers */
    return ((double)draw_below(&d->value, 1000003) / 1000003 - 0.5) * 1.9 + 0.0137;
  return ((double)draw_below(&d->value, 65) - 32) / 16; /* exact in every floating type */
}

static rn_status *string_tensor(draw *d, const rn_shape *s, rn_tensor **out) {
  static const char *const words[] = {"", "a", "conformance", "\xc3\xa4\xc3\xb6",
                                      "a longer string than fits into a small buffer"};
  rn_bytes few[256];
  if (rn_shape_elems(s) > 256) return rn_status_make(RN_INVALID_ARGUMENT, "strings in so many elements are not tried");
  for (int64_t i = 0; i < rn_shape_elems(s); i++) {
    const char *w = words[draw_below(&d->value, 5)];
    few[i] = (rn_bytes){w, strlen(w)};
  }
  return rn_tensor_strings(s, few, out);
}

/* Labels are probabilities: rows sum to one. */
static rn_status *distribution(draw *d, rn_tensor *t) {
  const rn_shape *s = rn_tensor_shape(t);
  int64_t inner = s->rank > 0 ? s->dim[s->rank - 1] : 1, n = rn_tensor_count(t);
  for (int64_t row = 0; inner > 0 && row < n / inner; row++) {
    double left = 1;
    for (int64_t e = 0; e < inner; e++) {
      double v = e + 1 == inner ? left : left * (1 + draw_below(&d->value, 6)) / 8;
      left -= v;
      number_put(rn_tensor_dtype(t), rn_tensor_data(t), row * inner + e, v);
    }
  }
  return NULL;
}

rn_status *draw_tensor(draw *d, uint32_t i, rn_tensor **out) {
  rn_dtype t = d->dtype[i];
  if (t == RN_RESOURCE) t = d->plan->dtype != RN_INVALID ? d->plan->dtype : RN_FLOAT;
  if (d->integer[i]) return integer_tensor(d, i, out);
  if (rn_shape_elems(&d->shape[i]) > 1 << 20) return rn_status_make(RN_INVALID_ARGUMENT, "too large to be tried");
  if (t == RN_STRING) return string_tensor(d, &d->shape[i], out);
  RN_TRY(rn_tensor_create(t, &d->shape[i], out));
  int64_t n = number_count(t, rn_tensor_count(*out));
  int positive = draw_chance(&d->structure, 20);
  if (d->plan->values == VALUES_SMOOTH && dtype_is_float(t) && strstr(d->op->sig.in[d->arg[i]].name, "labels") != NULL)
    return distribution(d, *out);
  for (int64_t e = 0; e < n; e++) {
    double v = one_value(d, t);
    number_put(t, rn_tensor_data(*out), e, positive ? fabs(v) + (d->plan->values == VALUES_SPECIAL ? 0 : 0.0625) : v);
  }
  return NULL;
}
