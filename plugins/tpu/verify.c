/* verify.c - whether a program may run on a machine (plugins/tpu).
 *
 * Every place an instruction can touch is computed from its own numbers and the window in its slot, in 64 bits
 * that cannot overflow, and held against the memory it lies in. Nothing is trusted: the bytes may be anybody's. */
#include "program.h"

typedef struct check {
  const tpu_program *p;
  const tpu_machine *m;
  tpu_needs *needs;
  uint32_t at;
  uint32_t window[TPU_N_WINDOWS]; /* 1 + the instruction that set the slot; 0: none */
  uint32_t loaded;                /* tiles in the queue */
  uint32_t queue_at, queue_k[64], queue_cols[64];
} check;

static rn_status *bad(const check *c, const char *what) {
  tpu_text t = {c->p->host, NULL, 0, 0, 0};
  tpu_print_ins(&c->p->ins[c->at], &t);
  rn_status *s = rn_error(c->p->host, RN_INVALID_ARGUMENT, "tpu: instruction %u, '%.200s': %s", c->at,
                          t.chars != NULL ? t.chars : "", what);
  tpu_text_finish(&t);
  return s;
}

/* The last of rows x cols elements at these strides; UINT64_MAX when it lies beyond all memories. */
static uint64_t last_of(uint64_t rows, uint64_t cols, uint64_t row_stride, uint64_t col_stride) {
  const uint64_t most = (uint64_t)1 << 40;
  if (rows == 0 || cols == 0) return UINT64_MAX;
  uint64_t r = (rows - 1) * row_stride, k = (cols - 1) * col_stride;
  return r > most || k > most ? UINT64_MAX : r + k;
}

static rn_status *room(const check *c, const tpu_place *p, int writes, const char *name, uint64_t *out) {
  char text[96];
  *out = 0;
  if (p->space == TPU_BUFFER) *out = c->m->buffer_bytes;
  if (p->space == TPU_MEMORY) *out = c->p->memory_bytes;
  if (p->space == TPU_IO && p->io < c->p->n_io) {
    const tpu_io *io = &c->p->io[p->io];
    *out = io->size_bytes;
    if (writes ? io->writes : io->reads || io->writes) return NULL;
    snprintf(text, sizeof text, "%s: tensor %u may not be %s", name, p->io, writes ? "written" : "read");
    return bad(c, text);
  }
  if (p->space == TPU_BUFFER || p->space == TPU_MEMORY) return NULL;
  snprintf(text, sizeof text, p->space == TPU_IO ? "%s: there is no tensor %u" : "%s is nowhere", name, p->io);
  return bad(c, text);
}

/* `last` is the farthest element from p. */
static rn_status *span(const check *c, const tpu_place *p, uint64_t last, uint32_t elem, int writes, const char *name) {
  char text[160];
  uint64_t size;
  RN_TRY(room(c, p, writes, name, &size));
  if (p->offset % elem != 0) {
    snprintf(text, sizeof text, "%s: its offset is not a multiple of %u", name, elem);
    return bad(c, text);
  }
  if (last == UINT64_MAX) {
    snprintf(text, sizeof text, "%s: it is empty or larger than any memory", name);
    return bad(c, text);
  }
  uint64_t end = p->offset + (last + 1) * elem;
  if (end > size) {
    snprintf(text, sizeof text, "%s: it ends at byte %llu, its memory at %llu", name, (unsigned long long)end,
             (unsigned long long)size);
    return bad(c, text);
  }
  if (p->space == TPU_BUFFER && end > c->needs->buffer_bytes) c->needs->buffer_bytes = end;
  return NULL;
}

static uint32_t elem(const check *c) { return c->m->arithmetic == TPU_BF16 ? 4 : 1; }

static rn_status *work(check *c, uint64_t a, uint64_t b, uint64_t d) {
  c->needs->work += (double)a * (double)b * (double)d;
  return NULL;
}

/* A product that is known to stay below 2^40, or UINT64_MAX. */
static uint64_t times(uint64_t a, uint64_t b) {
  if (a == UINT64_MAX || b == UINT64_MAX) return UINT64_MAX;
  if (a != 0 && b > ((uint64_t)1 << 40) / a) return UINT64_MAX;
  return a * b;
}

static rn_status *set_window(check *c, const tpu_ins *i) {
  if (i->slot == 0 || i->slot >= TPU_N_WINDOWS) return bad(c, "slots are 1 to 15");
  for (int k = 0; k < W_PAD; k++) {
    int may_be_zero = k == W_PT || k == W_PL;
    if ((i->n[k] == 0 && !may_be_zero) || i->n[k] > 1u << 20) return bad(c, "a window's sizes are 1 to 2^20");
  }
  uint64_t in = times(times(i->n[W_N], i->n[W_C]), times(i->n[W_H], i->n[W_W])),
           out = times(times(i->n[W_N], i->n[W_C]), times(i->n[W_OH], i->n[W_OW])),
           patch = times(times(i->n[W_KH], i->n[W_KW]), i->n[W_C]);
  if (in == UINT64_MAX || out == UINT64_MAX || patch == UINT64_MAX || times(out, patch) == UINT64_MAX)
    return bad(c, "the window's images are larger than any memory");
  c->window[i->slot] = c->at + 1;
  return NULL;
}

static rn_status *get_window(const check *c, const tpu_ins *i, const tpu_ins **out) {
  if (i->slot == 0 || i->slot >= TPU_N_WINDOWS || c->window[i->slot] == 0) return bad(c, "its slot holds no window");
  *out = &c->p->ins[c->window[i->slot] - 1];
  return NULL;
}
static uint64_t pixels_in(const tpu_ins *w) { return (uint64_t)w->n[W_N] * w->n[W_H] * w->n[W_W]; }
static uint64_t pixels_out(const tpu_ins *w) { return (uint64_t)w->n[W_N] * w->n[W_OH] * w->n[W_OW]; }
static uint64_t patch(const tpu_ins *w) { return (uint64_t)w->n[W_KH] * w->n[W_KW] * w->n[W_C]; }

static rn_status *load(check *c, const tpu_ins *i) {
  if (i->n[L_K] == 0 || i->n[L_K] > c->m->array_rows || i->n[L_COLS] == 0 || i->n[L_COLS] > c->m->array_columns)
    return bad(c, "the tile is empty or larger than the array");
  RN_TRY(span(c, &i->a, last_of(i->n[L_K], i->n[L_COLS], i->n[L_RS], i->n[L_CS]), elem(c), 0, "a"));
  if (c->loaded == c->m->fifo_tiles) return bad(c, "the weight queue is full: a matmul must take a tile first");
  uint32_t at = (c->queue_at + c->loaded++) % 64;
  c->queue_k[at] = i->n[L_K];
  c->queue_cols[at] = i->n[L_COLS];
  return work(c, i->n[L_K], i->n[L_COLS], 1);
}

static rn_status *accumulators(const check *c, uint64_t acc, uint64_t rows) {
  if (rows == 0 || acc + rows > c->m->accumulator_rows) return bad(c, "beyond the accumulators, or no row");
  if (acc + rows > c->needs->accumulator_rows) c->needs->accumulator_rows = (uint32_t)(acc + rows);
  return NULL;
}

static rn_status *matmul(check *c, const tpu_ins *i) {
  const tpu_ins *w = NULL;
  RN_TRY(accumulators(c, i->n[M_ACC], i->n[M_ROWS]));
  if (c->loaded == 0) return bad(c, "no tile was loaded for it");
  if (i->n[M_K] != c->queue_k[c->queue_at] || i->n[M_COLS] != c->queue_cols[c->queue_at])
    return bad(c, "k and cols are not those of its tile");
  c->queue_at = (c->queue_at + 1) % 64;
  c->loaded--;
  (void)work(c, i->n[M_ROWS], c->m->array_rows, c->m->array_columns);
  if (i->slot == 0) {
    if ((i->flags & TPU_TRANSPOSED) != 0) return bad(c, "transposed is for windows: exchange rs and cs");
    return span(c, &i->a, last_of(i->n[M_ROWS], i->n[M_K], i->n[M_RS], i->n[M_CS]), elem(c), 0, "a");
  }
  RN_TRY(get_window(c, i, &w));
  int t = (i->flags & TPU_TRANSPOSED) != 0;
  uint64_t rows = (uint64_t)i->n[M_ROW0] + i->n[M_ROWS], cols = (uint64_t)i->n[M_COL0] + i->n[M_K];
  if (rows > (t ? patch(w) : pixels_out(w)) || cols > (t ? pixels_out(w) : patch(w)))
    return bad(c, "beyond the window's rows or columns");
  return span(c, &i->a, pixels_in(w) * w->n[W_C] - 1, elem(c), 0, "a");
}

static rn_status *store(check *c, const tpu_ins *i) {
  int int8 = c->m->arithmetic == TPU_INT8, real = (i->flags & TPU_REAL) != 0;
  RN_TRY(accumulators(c, i->n[S_ACC], i->n[S_ROWS]));
  if (i->n[S_COLS] > c->m->array_columns) return bad(c, "more columns than the array has");
  if (!int8 && real) return bad(c, "real is for machines of integers");
  if (int8 && (i->flags & TPU_BIAS) == 0)
    return bad(c, "a machine of integers needs the table of bias, multiplier and shift");
  if (int8 && i->fn != TPU_F_NONE) return bad(c, "a machine of integers clamps with low and high, or looks up");
  if ((i->flags & TPU_BIAS) != 0)
    RN_TRY(span(c, &i->b, last_of(1, (uint64_t)i->n[S_COLS] * (int8 ? 4 : 1), 0, 1), 4, 0, "b"));
  (void)work(c, i->n[S_ROWS], i->n[S_COLS], 1);
  return span(c, &i->dst, last_of(i->n[S_ROWS], i->n[S_COLS], i->n[S_RS], 1), int8 && !real ? 1 : 4, 1, "dst");
}

static rn_status *vector(check *c, const tpu_ins *i) {
  const uint32_t *n = i->n;
  (void)work(c, n[V_ROWS], n[V_COLS], 1);
  RN_TRY(span(c, &i->dst, last_of(n[V_ROWS], n[V_COLS], n[V_DRS], n[V_DCS]), 4, 1, "dst"));
  if (i->fn >= TPU_V_COPY) RN_TRY(span(c, &i->a, last_of(n[V_ROWS], n[V_COLS], n[V_ARS], n[V_ACS]), 4, 0, "a"));
  if (i->fn >= TPU_V_ADD) RN_TRY(span(c, &i->b, last_of(n[V_ROWS], n[V_COLS], n[V_BRS], n[V_BCS]), 4, 0, "b"));
  return NULL;
}

static rn_status *reduce(check *c, const tpu_ins *i) {
  uint64_t out = times(i->n[R_OUTER], i->n[R_INNER]), in = times(out, i->n[R_MID]);
  if (out == 0 || in == 0) return bad(c, "nothing to reduce");
  (void)work(c, in, 1, 1);
  RN_TRY(span(c, &i->a, in == UINT64_MAX ? in : in - 1, 4, 0, "a"));
  return span(c, &i->dst, out == UINT64_MAX ? out : out - 1, 4, 1, "dst");
}

static rn_status *pool(check *c, const tpu_ins *i) {
  const tpu_ins *w = NULL;
  RN_TRY(get_window(c, i, &w));
  uint64_t in = pixels_in(w) * w->n[W_C] - 1, out = pixels_out(w) * w->n[W_C] - 1;
  (void)work(c, pixels_out(w), patch(w), 1);
  if (i->op == TPU_POOL) {
    RN_TRY(span(c, &i->a, in, elem(c), 0, "a"));
    return span(c, &i->dst, out, elem(c), 1, "dst");
  }
  if (i->op == TPU_SCATTER) {
    RN_TRY(span(c, &i->a, pixels_out(w) * patch(w) - 1, 4, 0, "a"));
    return span(c, &i->dst, in, 4, 1, "dst");
  }
  if (i->fn == TPU_P_MAX) RN_TRY(span(c, &i->a, in, 4, 0, "a"));
  RN_TRY(span(c, &i->b, out, 4, 0, "b"));
  return span(c, &i->dst, in, 4, 1, "dst");
}

static rn_status *onehot(check *c, const tpu_ins *i) {
  (void)work(c, i->n[O_ROWS], i->n[O_COLS], 1);
  RN_TRY(span(c, &i->a, last_of(i->n[O_ROWS], 1, 1, 1), 4, 0, "a"));
  return span(c, &i->dst, last_of(i->n[O_ROWS], i->n[O_COLS], i->n[O_COLS], 1), 4, 1, "dst");
}

static rn_status *convert(check *c, const tpu_ins *i) {
  uint64_t last = last_of(1, i->n[Q_COUNT], 0, 1);
  (void)work(c, i->n[Q_COUNT], 1, 1);
  RN_TRY(span(c, &i->a, last, i->op == TPU_QUANTIZE ? 4 : 1, 0, "a"));
  return span(c, &i->dst, last, i->op == TPU_DEQUANTIZE ? 4 : 1, 1, "dst");
}

static rn_status *lookup(check *c, const tpu_ins *i) {
  const uint32_t *n = i->n;
  (void)work(c, n[K_ROWS], n[K_COLS], 1);
  RN_TRY(span(c, &i->b, 255, 1, 0, "b"));
  RN_TRY(span(c, &i->a, last_of(n[K_ROWS], n[K_COLS], n[K_ARS], 1), 1, 0, "a"));
  return span(c, &i->dst, last_of(n[K_ROWS], n[K_COLS], n[K_DRS], 1), 1, 1, "dst");
}

static int is_int8(uint32_t x) { return (int32_t)x >= -128 && (int32_t)x <= 127; }

/* With zero points of int8 no sum can overflow 64 bits. */
static rn_status *combine(check *c, const tpu_ins *i) {
  const uint32_t *n = i->n;
  (void)work(c, n[C_ROWS], n[C_COLS], 1);
  if (!is_int8(n[C_ZA]) || !is_int8(n[C_ZB]) || !is_int8(n[C_ZERO])) return bad(c, "a zero point that is not int8");
  if (n[C_SHIFT] < 1 || n[C_SHIFT] > 62) return bad(c, "shifts are 1 to 62");
  RN_TRY(span(c, &i->a, last_of(n[C_ROWS], n[C_COLS], n[C_ARS], n[C_ACS]), 1, 0, "a"));
  RN_TRY(span(c, &i->b, last_of(n[C_ROWS], n[C_COLS], n[C_BRS], n[C_BCS]), 1, 0, "b"));
  return span(c, &i->dst, last_of(n[C_ROWS], n[C_COLS], n[C_DRS], 1), 1, 1, "dst");
}

static rn_status *one(check *c, const tpu_ins *i) {
  if (i->op >= TPU_N_OPS) return bad(c, "no such instruction");
  const tpu_op *op = &tpu_ops[i->op];
  if (op->n_fn > 0 ? i->fn >= op->n_fn : i->fn != 0) return bad(c, "no such function");
  if ((i->flags & ~op->flags) != 0) return bad(c, "a flag it does not have");
  int real = i->op >= TPU_VECTOR && i->op <= TPU_ONEHOT && i->op != TPU_POOL;
  if (real && c->m->arithmetic != TPU_BF16) return bad(c, "this machine has no vector unit for real numbers");
  if (i->op >= TPU_QUANTIZE && c->m->arithmetic != TPU_INT8) return bad(c, "it is for machines of integers");
  switch (i->op) {
    case TPU_END:
      return c->at + 1 == c->p->n_ins ? NULL : bad(c, "instructions follow it");
    case TPU_WINDOW:
      return set_window(c, i);
    case TPU_LOAD:
      return load(c, i);
    case TPU_MATMUL:
      return matmul(c, i);
    case TPU_STORE:
      return store(c, i);
    case TPU_VECTOR:
      return vector(c, i);
    case TPU_REDUCE:
      return reduce(c, i);
    case TPU_ONEHOT:
      return onehot(c, i);
    case TPU_QUANTIZE:
    case TPU_DEQUANTIZE:
      return convert(c, i);
    case TPU_LOOKUP:
      return lookup(c, i);
    case TPU_COMBINE:
      return combine(c, i);
    default:
      return pool(c, i);
  }
}

static rn_status *whole(const tpu_program *p, const tpu_machine *m) {
  if (p->print != tpu_machine_print(m))
    return rn_error(p->host, RN_FAILED_PRECONDITION,
                    "tpu: the program is for machine '%s' with the print 0x%llx, this is '%s' with 0x%llx", p->machine,
                    (unsigned long long)p->print, m->name, (unsigned long long)tpu_machine_print(m));
  if (p->memory_bytes > m->memory_bytes || p->memory_bytes > UINT32_MAX)
    return rn_error(p->host, RN_INVALID_ARGUMENT, "tpu: the program wants %llu bytes of memory, machine '%s' has %llu",
                    (unsigned long long)p->memory_bytes, m->name, (unsigned long long)m->memory_bytes);
  for (uint32_t i = 0; i < p->n_data; i++)
    if ((uint64_t)p->data[i].offset + p->data[i].size_bytes > p->memory_bytes)
      return rn_error(p->host, RN_INVALID_ARGUMENT, "tpu: data %u ends behind the memory", i);
  if (p->n_ins == 0 || p->ins[p->n_ins - 1].op != TPU_END)
    return rn_error(p->host, RN_INVALID_ARGUMENT, "tpu: the program does not stop: its last instruction is not 'end'");
  return NULL;
}

rn_status *tpu_verify(const tpu_program *p, const tpu_machine *m, tpu_needs *out) {
  check c = {.p = p, .m = m, .needs = out};
  memset(out, 0, sizeof *out);
  RN_TRY(whole(p, m));
  out->memory_bytes = p->memory_bytes;
  for (; c.at < p->n_ins; c.at++) RN_TRY(one(&c, &p->ins[c.at]));
  return NULL;
}
