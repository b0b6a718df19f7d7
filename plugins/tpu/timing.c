/* timing.c - a program's time on a machine of five units that work side by side (plugins/tpu).
 *
 * Host link, weight loader, array, activation and vector unit take their instructions in the program's order, each
 * as soon as it is free, its operands are written and what it overwrites has been read. The array has a second
 * plane of weights: a tile is shifted in while the one before it is used. The memory's port is shared; that it
 * cannot deliver more than it can is a lower bound on the whole. */
#include "timing.h"
#include <math.h>

enum { HOST, LOADER, ARRAY, VECTOR, N_UNITS };
enum { BY_NOBODY, BY_HOST, BY_STORE, BY_VECTOR };
enum { IN_ACC = 4, N_MARKS = 1024 };

/* A stretch of memory: when what was written there is there, and until when it is read. */
typedef struct mark {
  uint64_t lo, hi, written, read;
  uint32_t space, by;
} mark;
typedef struct stretch {
  uint32_t space;
  uint64_t lo, hi;
} stretch;

typedef struct clock {
  const tpu_program *p;
  const tpu_machine *m;
  mark *marks; /* a ring of the last N_MARKS */
  uint32_t n_marks, window[TPU_N_WINDOWS];
  uint64_t free[N_UNITS], end, floor; /* floor: when all that fell out of the ring was over */
  uint64_t arrival[64], left[64];     /* of tiles in the queue; when a place of the queue became free */
  uint32_t loads, taken;
  uint64_t stream_start; /* of the last matmul: when the second plane became free */
  double memory_time;
  tpu_counters *c;
} clock;

static double per_cycle(const clock *k, const tpu_place *p) {
  double memory = k->m->memory_gb_per_second * 1e3 / k->m->clock_mhz,
         host = k->m->host_gb_per_second * 1e3 / k->m->clock_mhz;
  if (p->space == TPU_IO) return k->p->io[p->io].near ? memory : host;
  return p->space == TPU_MEMORY ? memory : 0;
}

/* Cycles to bring or take bytes; what lies in the buffer is there at once. */
static uint64_t transfer(clock *k, const tpu_place *p, double bytes) {
  double rate = per_cycle(k, p);
  if (rate == 0) return 0;
  if (p->space == TPU_IO && !k->p->io[p->io].near)
    k->c->host_bytes += (uint64_t)bytes;
  else
    k->c->memory_bytes += (uint64_t)bytes, k->memory_time += bytes / rate;
  return (uint64_t)ceil(bytes / rate);
}

/* ------------------------------------------------------------------------------- dependences */
static stretch at(const tpu_place *p, uint64_t bytes) {
  return (stretch){p->space + ((uint32_t)p->io << 8), p->offset, p->offset + bytes};
}
static stretch acc(uint64_t row, uint64_t rows) { return (stretch){IN_ACC, row, row + rows}; }
static uint64_t extent(uint64_t rows, uint64_t cols, uint64_t rs, uint64_t cs, uint32_t elem) {
  return ((rows - 1) * rs + (cols - 1) * cs + 1) * elem;
}

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

static int meets(const mark *m, const stretch *s) { return m->space == s->space && m->lo < s->hi && s->lo < m->hi; }

static uint64_t when_written(const clock *k, stretch s, uint32_t *out_by) {
  uint64_t t = k->floor;
  for (uint32_t i = 0; i < k->n_marks && i < N_MARKS; i++) {
    if (!meets(&k->marks[i], &s) || k->marks[i].written <= t) continue;
    t = k->marks[i].written;
    if (out_by != NULL) *out_by = k->marks[i].by;
  }
  return t;
}
static uint64_t when_free(const clock *k, stretch s) {
  uint64_t t = k->floor;
  for (uint32_t i = 0; i < k->n_marks && i < N_MARKS; i++) {
    const mark *m = &k->marks[i];
    if (meets(m, &s) && (m->read > t || m->written > t)) t = m->read > m->written ? m->read : m->written;
  }
  return t;
}
static void put_mark(clock *k, stretch s, uint64_t written, uint64_t read, uint32_t by) {
  mark *old = &k->marks[k->n_marks % N_MARKS];
  if (k->n_marks >= N_MARKS) k->floor = later(k->floor, later(old->written, old->read));
  *old = (mark){s.lo, s.hi, written, read, s.space, by};
  k->n_marks++;
}

/* ------------------------------------------------------------------------------------- units */
typedef struct work {
  uint32_t unit, by;
  uint64_t cycles;
  stretch read[3], write;
  uint32_t n_read;
} work;

static void reads(work *w, stretch s) { w->read[w->n_read++] = s; }

static void do_work(clock *k, const work *w) {
  uint64_t start = k->free[w->unit];
  for (uint32_t i = 0; i < w->n_read; i++) start = later(start, when_written(k, w->read[i], NULL));
  start = later(start, when_free(k, w->write));
  uint64_t end = start + w->cycles;
  k->free[w->unit] = end;
  k->end = later(k->end, end);
  for (uint32_t i = 0; i < w->n_read; i++) put_mark(k, w->read[i], 0, end, BY_NOBODY);
  put_mark(k, w->write, end, 0, w->by);
}

static uint64_t ceil_div(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

static double tile_bytes(const clock *k, const tpu_ins *i, uint32_t elem) {
  if (k->m->whole_tiles) return (double)k->m->array_rows * k->m->array_columns * elem;
  return (double)i->n[L_K] * i->n[L_COLS] * elem;
}

static void time_load(clock *k, const tpu_ins *i) {
  uint32_t elem = k->m->arithmetic == TPU_BF16 ? 4 : 1, place = k->loads % k->m->fifo_tiles;
  stretch from = at(&i->a, extent(i->n[L_K], i->n[L_COLS], i->n[L_RS], i->n[L_CS], elem));
  uint64_t start = later(k->free[LOADER], when_written(k, from, NULL)),
           cycles = transfer(k, &i->a, tile_bytes(k, i, elem));
  if (k->loads >= k->m->fifo_tiles) start = later(start, k->left[place]);
  if (cycles == 0) cycles = i->n[L_K]; /* the buffer gives a row per cycle */
  k->free[LOADER] = k->arrival[place] = start + cycles;
  k->loads++;
  put_mark(k, from, 0, start + cycles, BY_NOBODY);
}

static const uint32_t *window_of(const clock *k, const tpu_ins *i) { return k->p->ins[k->window[i->slot]].n; }

/* The waiting from `from` to `to` has one reason. */
static uint64_t wait_until(uint64_t from, uint64_t to, uint64_t end, uint64_t *reason) {
  if (to > end) to = end;
  if (to <= from) return from;
  *reason += to - from;
  return to;
}

static void account(clock *k, uint64_t start, uint64_t arrival, uint64_t shifted, uint32_t by) {
  tpu_counters *c = k->c;
  uint64_t t = wait_until(k->free[ARRAY], arrival, start, &c->weight_stall);
  t = wait_until(t, shifted, start, &c->weight_shift);
  (void)wait_until(t, start, start, by == BY_HOST ? &c->input_stall : by == BY_VECTOR ? &c->non_matrix : &c->raw_stall);
}

/* The images that these rows, or transposed these columns, of a window are taken from. */
static stretch images_of(const tpu_ins *i, const uint32_t *w, uint32_t elem) {
  uint64_t windows = (uint64_t)w[W_OH] * w[W_OW], bytes = (uint64_t)w[W_H] * w[W_W] * w[W_C] * elem;
  int t = (i->flags & TPU_TRANSPOSED) != 0;
  uint64_t first = (t ? i->n[M_COL0] : i->n[M_ROW0]), last = first + (t ? i->n[M_K] : i->n[M_ROWS]) - 1;
  stretch s = at(&i->a, (last / windows + 1) * bytes);
  s.lo += first / windows * bytes;
  return s;
}

static void time_matmul(clock *k, const tpu_ins *i) {
  const uint32_t *n = i->n, elem = k->m->arithmetic == TPU_BF16 ? 4 : 1, place = k->taken % k->m->fifo_tiles;
  double bytes = (double)n[M_ROWS] * n[M_K] * elem;
  stretch left = at(&i->a, i->slot == 0 ? extent(n[M_ROWS], n[M_K], n[M_RS], n[M_CS], elem) : 0),
          to = acc(n[M_ACC], n[M_ROWS]);
  if (i->slot != 0) {
    left = images_of(i, window_of(k, i), elem);
    bytes = fmin(bytes, (double)(left.hi - left.lo));
  }
  uint32_t by = BY_STORE;
  uint64_t arrival = k->arrival[place], shift_start = later(arrival, k->stream_start),
           shifted = shift_start + k->m->array_rows, ready = when_written(k, left, &by);
  uint64_t start = later(later(k->free[ARRAY], shifted), later(ready, when_free(k, to)));
  if ((i->flags & TPU_ACCUMULATE) != 0) /* sums follow each other through the array: no wait for the last one */
    start = later(later(k->free[ARRAY], shifted), ready);
  uint64_t stream = later(n[M_ROWS], transfer(k, &i->a, bytes));
  account(k, start, arrival, shifted, by);
  k->c->active += n[M_ROWS];
  k->c->input_stall += stream - n[M_ROWS];
  k->c->products += (double)n[M_ROWS] * n[M_K] * n[M_COLS];
  k->left[place] = shift_start;
  k->stream_start = start;
  k->free[ARRAY] = start + stream;
  uint64_t done = start + stream + k->m->array_rows + k->m->array_columns;
  k->end = later(k->end, done);
  k->taken++;
  put_mark(k, left, 0, start + stream, BY_NOBODY);
  put_mark(k, to, done, 0, BY_STORE);
}

static void time_store(clock *k, const tpu_ins *i) {
  const uint32_t *n = i->n, elem = k->m->arithmetic == TPU_INT8 && (i->flags & TPU_REAL) == 0 ? 1 : 4;
  work w = {.unit = VECTOR, .by = BY_STORE};
  const uint32_t lanes = k->m->activation_lanes, columns = k->m->array_columns;
  w.cycles = n[S_ROWS] * ceil_div(n[S_COLS], lanes < columns ? lanes : columns);
  if (lanes > columns) w.cycles = ceil_div(n[S_ROWS], lanes / columns);
  w.cycles = later(w.cycles, transfer(k, &i->dst, (double)n[S_ROWS] * n[S_COLS] * elem));
  reads(&w, acc(n[S_ACC], n[S_ROWS]));
  w.write = at(&i->dst, extent(n[S_ROWS], n[S_COLS], n[S_RS], 1, elem));
  do_work(k, &w);
}

static void time_vector(clock *k, const tpu_ins *i) {
  const uint32_t *n = i->n;
  double elems = (double)n[V_ROWS] * n[V_COLS];
  work w = {.unit = VECTOR, .by = BY_VECTOR, .cycles = (uint64_t)ceil(elems / k->m->vector_lanes)};
  uint64_t d = extent(n[V_ROWS], n[V_COLS], n[V_DRS], n[V_DCS], 4),
           a = extent(n[V_ROWS], n[V_COLS], n[V_ARS], n[V_ACS], 4),
           b = extent(n[V_ROWS], n[V_COLS], n[V_BRS], n[V_BCS], 4);
  w.write = at(&i->dst, d);
  w.cycles = later(w.cycles, transfer(k, &i->dst, elems * 4));
  if (i->fn >= TPU_V_COPY)
    reads(&w, at(&i->a, a)), w.cycles = later(w.cycles, transfer(k, &i->a, fmin(elems * 4, (double)a)));
  if (i->fn >= TPU_V_ADD)
    reads(&w, at(&i->b, b)), w.cycles = later(w.cycles, transfer(k, &i->b, fmin(elems * 4, (double)b)));
  do_work(k, &w);
}

/* Whatever reads `in` elements at a and b and writes `out`. */
static void time_other(clock *k, const tpu_ins *i, double in, double second, double out, double steps, uint32_t in_elem,
                       uint32_t out_elem) {
  work w = {.unit = VECTOR, .by = BY_VECTOR, .cycles = (uint64_t)ceil(steps / k->m->vector_lanes)};
  if (i->op == TPU_QUANTIZE || i->op == TPU_DEQUANTIZE) w.unit = HOST, w.by = BY_HOST;
  w.write = at(&i->dst, (uint64_t)(out * out_elem));
  w.cycles = later(w.cycles, transfer(k, &i->dst, out * out_elem));
  if (in > 0)
    reads(&w, at(&i->a, (uint64_t)(in * in_elem))), w.cycles = later(w.cycles, transfer(k, &i->a, in * in_elem));
  if (second > 0)
    reads(&w, at(&i->b, (uint64_t)(second * in_elem))),
        w.cycles = later(w.cycles, transfer(k, &i->b, second * in_elem));
  do_work(k, &w);
}

/* Rows and columns of bytes within these stretches. */
static void time_bytes(clock *k, const tpu_ins *i, uint64_t d, uint64_t a, uint64_t b) {
  double elems = (double)i->n[K_ROWS] * i->n[K_COLS];
  work w = {.unit = VECTOR, .by = BY_VECTOR, .cycles = (uint64_t)ceil(elems / k->m->vector_lanes)};
  w.write = at(&i->dst, d);
  w.cycles = later(w.cycles, transfer(k, &i->dst, elems));
  reads(&w, at(&i->a, a)), w.cycles = later(w.cycles, transfer(k, &i->a, fmin(elems, (double)a)));
  reads(&w, at(&i->b, b)), w.cycles = later(w.cycles, transfer(k, &i->b, fmin(elems, (double)b)));
  do_work(k, &w);
}

static void time_pool(clock *k, const tpu_ins *i) {
  const uint32_t *n = window_of(k, i), elem = k->m->arithmetic == TPU_BF16 ? 4 : 1;
  double in = (double)n[W_N] * n[W_H] * n[W_W] * n[W_C], out = (double)n[W_N] * n[W_OH] * n[W_OW] * n[W_C],
         steps = out * n[W_KH] * n[W_KW];
  if (i->op == TPU_POOL) time_other(k, i, in, 0, out, steps, elem, elem);
  if (i->op == TPU_UNPOOL) time_other(k, i, i->fn == TPU_P_MAX ? in : 0, out, in, steps, 4, 4);
  if (i->op == TPU_SCATTER) time_other(k, i, steps, 0, in, steps, 4, 4);
}

static void time_one(clock *k, uint32_t number) {
  const tpu_ins *i = &k->p->ins[number];
  double out = (double)i->n[R_OUTER] * i->n[R_INNER], count = i->n[Q_COUNT];
  switch (i->op) {
    case TPU_END:
      break;
    case TPU_WINDOW:
      k->window[i->slot] = number;
      break;
    case TPU_LOAD:
      time_load(k, i);
      break;
    case TPU_MATMUL:
      time_matmul(k, i);
      break;
    case TPU_STORE:
      time_store(k, i);
      break;
    case TPU_VECTOR:
      time_vector(k, i);
      break;
    case TPU_REDUCE:
      time_other(k, i, out * i->n[R_MID], 0, out, out * i->n[R_MID], 4, 4);
      break;
    case TPU_ONEHOT:
      time_other(k, i, i->n[O_ROWS], 0, (double)i->n[O_ROWS] * i->n[O_COLS], (double)i->n[O_ROWS] * i->n[O_COLS], 4, 4);
      break;
    case TPU_QUANTIZE: /* the host rounds: the link carries integers */
    case TPU_DEQUANTIZE:
      time_other(k, i, count, 0, count, 0, 1, 1);
      break;
    case TPU_LOOKUP:
      time_bytes(k, i, extent(i->n[K_ROWS], i->n[K_COLS], i->n[K_DRS], 1, 1),
                 extent(i->n[K_ROWS], i->n[K_COLS], i->n[K_ARS], 1, 1), 256);
      break;
    case TPU_COMBINE:
      time_bytes(k, i, extent(i->n[C_ROWS], i->n[C_COLS], i->n[C_DRS], 1, 1),
                 extent(i->n[C_ROWS], i->n[C_COLS], i->n[C_ARS], i->n[C_ACS], 1),
                 extent(i->n[C_ROWS], i->n[C_COLS], i->n[C_BRS], i->n[C_BCS], 1));
      break;
    default:
      time_pool(k, i);
      break;
  }
}

rn_status *tpu_time(const tpu_program *p, const tpu_machine *m, tpu_counters *out) {
  clock k = {.p = p, .m = m, .c = out};
  memset(out, 0, sizeof *out);
  k.marks = p->host->alloc(p->host->ctx, N_MARKS * sizeof *k.marks, 16);
  if (k.marks == NULL) return p->host->status(RN_RESOURCE_EXHAUSTED, "tpu: out of memory for timing a program");
  for (uint32_t i = 0; i < p->n_ins; i++) time_one(&k, i);
  p->host->free(p->host->ctx, k.marks);
  out->instructions = p->n_ins;
  out->non_matrix += k.end - k.free[ARRAY];
  uint64_t port = (uint64_t)ceil(k.memory_time);
  if (port > k.end) out->input_stall += port - k.end;
  out->cycles = later(k.end, port);
  out->seconds = (double)out->cycles / (m->clock_mhz * 1e6);
  out->tops = out->seconds > 0 ? 2 * out->products / out->seconds / 1e12 : 0;
  if (out->active > 0) out->useful_share = out->products / ((double)out->active * m->array_rows * m->array_columns);
  return NULL;
}
