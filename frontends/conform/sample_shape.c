/* sample_shape.c - which shapes the data inputs have (frontends/conform).
 *
 * Ops ask for few relations between shapes: alike, broadcast, a shared inner dimension, a channel, an image and
 * its filter, one rank less. A plan draws one of them; the shape function says whether it fits. */
#include "draw.h"

typedef enum scheme { ALIKE, BROADCAST, FREE, PRODUCT, IMAGE, CHANNEL, PREFIX, ROWS, CONVOLUTION, N_SCHEMES } scheme;

static int64_t ladder(const draw *d, uint32_t letter, int32_t rank) {
  static const int64_t dims[N_SIZES][5] = {{4, 3, 5, 2, 6},  {1, 1, 1, 1, 1},  {0, 3, 4, 2, 3}, {7, 3, 2, 5, 4},
                                           {33, 5, 3, 2, 4}, {65, 9, 2, 3, 5}, {0, 0, 0, 0, 0}};
  static const int64_t large[6] = {20011, 20011, 151, 31, 13, 8};
  if (d->plan->size != SIZE_LARGE) return dims[d->plan->size][letter % 5];
  return large[rank < 0 ? 0 : rank > 5 ? 5 : rank] + (int64_t)(rank > 1 ? letter % 5 : 0);
}
int64_t draw_dim(const draw *d, uint32_t letter) { return ladder(d, letter, d->rank); }

static rn_shape shape_of(const draw *d, int32_t rank, uint32_t first_letter) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  s.rank = rank;
  for (int32_t i = 0; i < rank; i++) s.dim[i] = ladder(d, first_letter + (uint32_t)i, d->rank);
  return s;
}
static rn_shape with_dim(rn_shape s, int64_t last) {
  if (s.rank > 0) s.dim[s.rank - 1] = last;
  return s;
}
static rn_shape drop(rn_shape s, int32_t at) {
  if (s.rank == 0) return s;
  for (int32_t i = at; i + 1 < s.rank; i++) s.dim[i] = s.dim[i + 1];
  s.rank--;
  return s;
}

static rn_shape broadcast(draw *d) {
  rn_shape s = d->first;
  switch (draw_below(&d->structure, 4)) {
    case 0:
      return s;
    case 1:
      while (s.rank > 1) s = drop(s, 0);
      return s;
    case 2:
      for (int32_t i = 0; i < s.rank; i++)
        if (draw_chance(&d->structure, 50)) s.dim[i] = 1;
      return s;
    default:
      s.rank = 0;
      return s;
  }
}

static rn_shape free_shape(draw *d) {
  rn_shape s;
  memset(&s, 0, sizeof s);
  s.rank = (int32_t)draw_below(&d->structure, 4);
  for (int32_t i = 0; i < s.rank; i++) s.dim[i] = ladder(d, draw_below(&d->structure, 3), d->rank);
  return s;
}

/* x [.., a, b] and y [b, c], [c, b] or with x's leading dimensions. */
static rn_shape product(draw *d) {
  rn_shape s = d->first;
  int64_t c = ladder(d, 3, d->rank), b = s.rank > 0 ? s.dim[s.rank - 1] : 1, a = s.rank > 1 ? s.dim[s.rank - 2] : 1;
  uint32_t how = draw_below(&d->structure, 4);
  if (s.rank < 2) return s;
  s.dim[s.rank - 2] = how == 0 ? b : how == 1 ? c : how == 2 ? a : b;
  s.dim[s.rank - 1] = how == 0 ? c : how == 1 ? b : how == 2 ? c : c;
  if (how == 3) return shape_of(d, 0, 0);
  return s;
}

/* x [n, h, w, c]: a filter [2, 2, c, d], a vector of channels, a gradient shaped like x or with d channels. */
static rn_shape image(draw *d) {
  rn_shape s = d->first;
  int64_t c = s.rank == 4 ? s.dim[3] : 1;
  switch (draw_below(&d->structure, 4)) {
    case 0:
      s = shape_of(d, 4, 0);
      s.dim[0] = s.dim[1] = draw_chance(&d->structure, 50) ? 2 : 1;
      s.dim[2] = c;
      s.dim[3] = 2;
      return s;
    case 1:
      return with_dim(s, 2);
    case 2:
      return s;
    default:
      s.rank = 1;
      s.dim[0] = c;
      return s;
  }
}

/* Vectors of channels, from the second or the third input on. */
static rn_shape channel(draw *d, uint32_t data) {
  rn_shape s = d->first;
  if (draw_chance(&d->structure, data == 1 ? 45 : 5)) return s;
  int64_t c = s.rank > 0 ? s.dim[s.rank - 1] : 1;
  s.rank = 1;
  s.dim[0] = c;
  return s;
}

/* Inputs that are parameters of an update, by their place beside cells. */
static int is_like_the_cell(const char *name) {
  static const char *const words[] = {"grad", "delta", "value", "updates", "data"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strstr(name, words[i]) != NULL) return 1;
  return 0;
}
static int has_cells(const draw *d) {
  for (uint32_t i = 0; i < d->n_in; i++)
    if (d->op->sig.in[d->arg[i]].is_ref || d->dtype[i] == RN_RESOURCE) return 1;
  return 0;
}
static int has_indices(const draw *d) {
  for (uint32_t i = 0; i < d->n_in; i++)
    if (d->integer[i] && strstr(d->op->sig.in[d->arg[i]].name, "ind") != NULL) return 1;
  return 0;
}
static int has_filter(const draw *d) {
  for (uint32_t i = 0; i < d->n_in; i++)
    if (strstr(d->op->sig.in[d->arg[i]].name, "filter") != NULL) return 1;
  return 0;
}
static rn_shape beside_cell(draw *d, uint32_t i) {
  rn_shape s = d->first;
  if (d->op->sig.in[d->arg[i]].is_ref || d->dtype[i] == RN_RESOURCE) return s;
  if (!is_like_the_cell(d->op->sig.in[d->arg[i]].name) && draw_chance(&d->structure, 90)) return shape_of(d, 0, 0);
  if (has_indices(d) && s.rank > 0) s.dim[0] = 2; /* as many rows as there are indices */
  return s;
}

/* What a convolution takes and gives, with padding and steps of one: told apart by names. */
static void convolve(draw *d) {
  int depthwise = draw_chance(&d->structure, 40);
  int64_t c = ladder(d, 3, 4), k = draw_chance(&d->structure, 50) ? 2 : 1, m = 2;
  d->image = shape_of(d, 4, 0);
  d->image.dim[3] = c;
  d->filter = rn_shape_make(4, (int64_t[4]){k, k, c, m});
  d->result = with_dim(d->image, depthwise ? c * m : m);
}
static rn_shape of_convolution(const draw *d, uint32_t i) {
  const char *name = d->op->sig.in[d->arg[i]].name;
  return strstr(name, "filter") != NULL ? d->filter : strstr(name, "input") != NULL ? d->image : d->result;
}

static rn_shape other(draw *d, uint32_t i, uint32_t data) {
  switch ((scheme)d->scheme) {
    case BROADCAST:
      return broadcast(d);
    case FREE:
      return free_shape(d);
    case PRODUCT:
      return product(d);
    case IMAGE:
      return image(d);
    case CHANNEL:
      return channel(d, data);
    case PREFIX:
      return drop(d->first, draw_chance(&d->structure, 50) ? 0 : d->first.rank - 1);
    case ROWS: { /* the first dimension is not shared */
      rn_shape s = d->first;
      if (s.rank > 0) s.dim[0] = ladder(d, i, d->rank);
      return s;
    }
    default:
      return d->first;
  }
}

void draw_shapes(draw *d) {
  static const int32_t ranks[] = {1, 2, 2, 3, 4, 4, 0, 1};
  uint32_t data = 0, cells = (uint32_t)has_cells(d);
  d->rank = ranks[draw_below(&d->structure, 8)];
  d->scheme = draw_chance(&d->structure, 35) ? ALIKE : (int)draw_below(&d->structure, N_SCHEMES);
  if (has_filter(d) && draw_chance(&d->structure, 50)) d->scheme = CONVOLUTION;
  if (d->scheme == IMAGE || (d->scheme == CHANNEL && draw_chance(&d->structure, 50))) d->rank = 4;
  if (d->scheme == PRODUCT && d->rank < 2) d->rank = 2;
  if (d->scheme == CONVOLUTION) d->rank = 4;
  d->first = shape_of(d, d->rank, 0);
  if (d->scheme == CONVOLUTION) convolve(d);
  for (uint32_t i = 0; i < d->n_in; i++) {
    if (d->integer[i]) continue;
    if (d->dtype[i] == RN_STRING && d->plan->dtype != RN_STRING && draw_chance(&d->structure, 65)) {
      d->shape[i] = shape_of(d, 0, 0); /* names, files, tags */
      continue;
    }
    if (d->scheme == CONVOLUTION) {
      d->shape[i] = of_convolution(d, i);
      continue;
    }
    d->shape[i] = data == 0 ? d->first : cells ? beside_cell(d, i) : other(d, i, data);
    data++;
  }
  /* Elsewhere the data may stand last: Concat's axis, a scalar before the tensor. */
  if (data > 1 && draw_chance(&d->structure, 6)) {
    uint32_t a = 0, b = d->n_in - 1;
    while (d->integer[a]) a++;
    while (d->integer[b]) b--;
    rn_shape s = d->shape[a];
    d->shape[a] = d->shape[b];
    d->shape[b] = s;
  }
}
