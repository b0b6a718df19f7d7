/* emit.c - instructions made of what the rules ask for: strided walks, reductions, tiled products (plugins/tpu). */
#include "lower.h"

rn_status *tpu_emit(tpu_lowering *l, const tpu_ins *i) { return tpu_program_add(l->p, i); }

static tpu_place moved(tpu_place p, int64_t elems) {
  p.offset += (uint32_t)elems * 4;
  return p;
}
static tpu_place moved_by(tpu_place p, int64_t elems, uint32_t elem_bytes) {
  p.offset += (uint32_t)elems * elem_bytes;
  return p;
}
static uint32_t elem(const tpu_lowering *l) { return l->m->arithmetic == TPU_INT8 ? 1 : 4; }

/* -------------------------------------------------------------------------------------- walks */
/* Dimensions of size 1 are left out; one that continues the last is joined with it. */
void tpu_walk_add(tpu_walk *w, int64_t size, int64_t d, int64_t a, int64_t b) {
  if (size == 1 || w->n == 16) return;
  if (w->n > 0) {
    uint32_t k = w->n - 1;
    if (w->d[k] == d * size && w->a[k] == a * size && w->b[k] == b * size) {
      w->size[k] *= size;
      w->d[k] = d, w->a[k] = a, w->b[k] = b;
      return;
    }
  }
  w->size[w->n] = size;
  w->d[w->n] = d, w->a[w->n] = a, w->b[w->n] = b;
  w->n++;
}

static rn_status *walk_two(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, tpu_place b, const tpu_walk *w,
                           float imm) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_VECTOR;
  i.fn = fn;
  i.dst = dst, i.a = a, i.b = b;
  i.n[V_ROWS] = i.n[V_COLS] = 1;
  memcpy(&i.n[V_IMM], &imm, sizeof imm);
  for (uint32_t k = 0; k < 2 && k < w->n; k++) { /* k = 0: the innermost */
    uint32_t at = w->n - 1 - k;
    i.n[k == 0 ? V_COLS : V_ROWS] = (uint32_t)w->size[at];
    i.n[k == 0 ? V_DCS : V_DRS] = (uint32_t)w->d[at];
    if (fn >= TPU_V_COPY) i.n[k == 0 ? V_ACS : V_ARS] = (uint32_t)w->a[at];
    if (fn >= TPU_V_ADD) i.n[k == 0 ? V_BCS : V_BRS] = (uint32_t)w->b[at];
  }
  return tpu_emit(l, &i);
}

rn_status *tpu_emit_walk(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, tpu_place b, const tpu_walk *w,
                         float imm) {
  if (fn < TPU_V_COPY) a = (tpu_place){0};
  if (fn < TPU_V_ADD) b = (tpu_place){0};
  if (w->n <= 2) return walk_two(l, fn, dst, a, b, w, imm);
  tpu_walk inner = {.n = w->n - 1};
  for (uint32_t k = 1; k < w->n; k++)
    inner.size[k - 1] = w->size[k], inner.d[k - 1] = w->d[k], inner.a[k - 1] = w->a[k], inner.b[k - 1] = w->b[k];
  for (int64_t k = 0; k < w->size[0]; k++)
    RN_TRY(tpu_emit_walk(l, fn, moved(dst, k * w->d[0]), fn >= TPU_V_COPY ? moved(a, k * w->a[0]) : a,
                         fn >= TPU_V_ADD ? moved(b, k * w->b[0]) : b, &inner, imm));
  return NULL;
}

rn_status *tpu_emit_dense(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, tpu_place b, int64_t n, float imm) {
  tpu_walk w = {0};
  tpu_walk_add(&w, n, 1, 1, 1);
  return tpu_emit_walk(l, fn, dst, a, b, &w, imm);
}

rn_status *tpu_emit_broadcast(tpu_lowering *l, uint8_t fn, tpu_place dst, const rn_shape *out, tpu_place a,
                              const rn_shape *as, tpu_place b, const rn_shape *bs) {
  tpu_walk w = {0};
  int64_t d[RN_MAX_RANK], sa[RN_MAX_RANK], sb[RN_MAX_RANK], run = 1, ra = 1, rb = 1;
  for (int32_t k = out->rank; k-- > 0;) {
    int32_t ka = k - (out->rank - as->rank), kb = k - (out->rank - bs->rank);
    int64_t na = ka >= 0 ? as->dim[ka] : 1, nb = kb >= 0 ? bs->dim[kb] : 1;
    d[k] = run, sa[k] = na == 1 ? 0 : ra, sb[k] = nb == 1 ? 0 : rb;
    run *= out->dim[k], ra *= na, rb *= nb;
  }
  for (int32_t k = 0; k < out->rank; k++) tpu_walk_add(&w, out->dim[k], d[k], sa[k], sb[k]);
  return tpu_emit_walk(l, fn, dst, a, b, &w, 0);
}

rn_status *tpu_emit_reduce(tpu_lowering *l, uint8_t fn, tpu_place dst, tpu_place a, int64_t outer, int64_t mid,
                           int64_t inner) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_REDUCE;
  i.fn = fn;
  i.dst = dst, i.a = a;
  i.n[R_OUTER] = (uint32_t)outer, i.n[R_MID] = (uint32_t)mid, i.n[R_INNER] = (uint32_t)inner;
  return tpu_emit(l, &i);
}

/* ----------------------------------------------------------------------------------- products */
rn_status *tpu_emit_window(tpu_lowering *l, const uint32_t *window, uint8_t slot) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_WINDOW;
  i.slot = slot;
  memcpy(i.n, window, sizeof i.n);
  return tpu_emit(l, &i);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* What is streamed more than once comes into the buffer first, if it fits there in one piece. */
static rn_status *bring(tpu_lowering *l, tpu_side *x, int64_t times) {
  uint64_t offset;
  if (x->place.space == TPU_BUFFER || times < 2 || l->n_temp == 64 || l->m->arithmetic == TPU_INT8) return NULL;
  if (x->size_bytes > l->m->buffer_bytes / 2 || !tpu_heap_take(&l->buffer, x->size_bytes, &offset)) return NULL;
  tpu_place to = {(uint32_t)offset, 0, TPU_BUFFER, 0};
  l->temp[l->n_temp].place = to;
  l->temp[l->n_temp++].size_bytes = x->size_bytes;
  RN_TRY(tpu_emit_dense(l, TPU_V_COPY, to, x->place, (tpu_place){0}, (int64_t)(x->size_bytes / 4), 0));
  x->place = to;
  return NULL;
}

typedef struct tile {
  int64_t row, rows, term, terms, col, cols;
} tile;

static rn_status *load_tile(tpu_lowering *l, const tpu_product_request *r, const tile *t) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_LOAD;
  i.a = moved_by(r->w.place, t->term * r->w.rs + t->col * r->w.cs, elem(l));
  i.n[L_K] = (uint32_t)t->terms, i.n[L_COLS] = (uint32_t)t->cols;
  i.n[L_RS] = (uint32_t)r->w.rs, i.n[L_CS] = (uint32_t)r->w.cs;
  return tpu_emit(l, &i);
}

static rn_status *multiply(tpu_lowering *l, const tpu_product_request *r, const tile *t, uint32_t acc) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_MATMUL;
  i.flags = t->term > 0 ? TPU_ACCUMULATE : 0;
  i.n[M_ACC] = acc;
  i.n[M_ROWS] = (uint32_t)t->rows, i.n[M_K] = (uint32_t)t->terms, i.n[M_COLS] = (uint32_t)t->cols;
  i.a = r->x.place;
  if (r->x.window != NULL) {
    i.slot = 1;
    i.flags |= r->x.transposed ? TPU_TRANSPOSED : 0;
    i.n[M_ROW0] = (uint32_t)t->row, i.n[M_COL0] = (uint32_t)(t->term % r->k);
  } else {
    i.a = moved_by(i.a, t->row * r->x.rs + t->term % r->k * r->x.cs, elem(l));
    i.n[M_RS] = (uint32_t)r->x.rs, i.n[M_CS] = (uint32_t)r->x.cs;
  }
  return tpu_emit(l, &i);
}

static rn_status *store_tile(tpu_lowering *l, const tpu_product_request *r, const tile *t, uint32_t acc) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = TPU_STORE;
  i.fn = r->fn;
  i.dst = moved_by(r->y, t->row * r->ys + t->col, r->real ? 4 : elem(l));
  if (r->bias.space != TPU_NOWHERE) {
    i.flags = TPU_BIAS;
    i.b = moved_by(r->bias, t->col, l->m->arithmetic == TPU_INT8 ? TPU_COLUMN_BYTES : 4);
  }
  if (r->real) i.flags |= TPU_REAL;
  if (l->m->arithmetic == TPU_INT8 && !r->real)
    i.n[S_ZERO] = (uint32_t)r->zero, i.n[S_LOW] = (uint32_t)r->low, i.n[S_HIGH] = (uint32_t)r->high;
  i.n[S_ACC] = acc;
  i.n[S_ROWS] = (uint32_t)t->rows, i.n[S_COLS] = (uint32_t)t->cols, i.n[S_RS] = (uint32_t)r->ys;
  return tpu_emit(l, &i);
}

static int64_t terms(const tpu_product_request *r) { return r->parts == 2 ? 2 * r->k : r->k; }

/* The tile after t in the order of the loops: terms inside, columns, rows outside. 0: there is none. */
static int next_tile(const tpu_lowering *l, const tpu_product_request *r, tile *t, int64_t most_rows) {
  t->term += t->terms;
  if (t->term >= terms(r)) t->term = 0, t->col += t->cols;
  if (t->col >= r->n) t->col = 0, t->row += t->rows;
  if (t->row >= r->m) return 0;
  t->rows = least(most_rows, r->m - t->row);
  t->terms = least(l->m->array_rows, r->k - t->term % r->k);
  t->cols = least(l->m->array_columns, r->n - t->col);
  return 1;
}

/* Weights are loaded one tile ahead, so that a tile comes while the one before it is used; the accumulators are
 * two halves, so that one is emptied while the other is filled. */
rn_status *tpu_emit_product(tpu_lowering *l, const tpu_product_request *request) {
  tpu_product_request r = *request;
  int64_t half = l->m->accumulator_rows / 2, tiles = (r.n + l->m->array_columns - 1) / l->m->array_columns;
  RN_TRY(bring(l, &r.x, r.x.window != NULL ? 2 : tiles));
  RN_TRY(bring(l, &r.w, (r.m + half - 1) / half));
  if (r.x.window != NULL) RN_TRY(tpu_emit_window(l, r.x.window, 1));
  tile t = {0, least(half, r.m), 0, least(l->m->array_rows, r.k), 0, least(l->m->array_columns, r.n)}, ahead = t;
  int ahead_of = l->m->fifo_tiles > 1, more = 1, more_ahead;
  RN_TRY(load_tile(l, &r, &ahead));
  while (more) {
    more_ahead = next_tile(l, &r, &ahead, half);
    if (more_ahead && ahead_of) RN_TRY(load_tile(l, &r, &ahead));
    uint32_t acc = l->half ? (uint32_t)half : 0;
    RN_TRY(multiply(l, &r, &t, acc));
    if (t.term + t.terms >= terms(&r)) {
      RN_TRY(store_tile(l, &r, &t, acc));
      l->half ^= 1;
    }
    if (more_ahead && !ahead_of) RN_TRY(load_tile(l, &r, &ahead));
    more = next_tile(l, &r, &t, half);
  }
  return NULL;
}
