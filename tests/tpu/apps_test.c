/* apps_test.c - six published models on the machine v1, by the two rules in docs/tpu.md (tests/tpu). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "host.h"
#include "lower_integer.h"
#include "timing.h"

typedef struct app {
  const char *name;
  int fc, conv, vector, pool;
  double weights, use; /* use: operations per weight byte */
  int64_t batch;
  double tops, useful, unused; /* as published; useful and unused products, percent of the cycles */
} app;
static const app apps[] = {
    {"MLP0", 5, 0, 0, 0, 20e6, 200, 200, 12.3, 12.5, 0.3}, {"MLP1", 4, 0, 0, 0, 5e6, 168, 168, 9.7, 9.4, 1.2},
    {"LSTM0", 24, 0, 34, 0, 52e6, 64, 64, 3.7, 8.2, 0.0},  {"LSTM1", 37, 0, 19, 0, 34e6, 96, 96, 2.8, 6.3, 4.2},
    {"CNN0", 0, 16, 0, 0, 8e6, 2888, 8, 86.0, 78.2, 0.0},  {"CNN1", 4, 72, 0, 13, 100e6, 1750, 32, 14.1, 22.5, 23.7}};
enum { N_APPS = sizeof apps / sizeof apps[0] };

/* The shapes of all layers of one app. */
typedef struct shapes {
  int64_t h, w, c;        /* an image */
  int64_t conv_k, conv_n; /* a convolution as a product */
  int64_t fc_k, fc_n;     /* a fully connected layer */
  uint32_t tile_columns;  /* of each tile, in use */
} shapes;

static void pixels_of(const app *a, shapes *s) {
  double layers = a->fc + a->conv;
  s->h = s->w = 1;
  if (a->conv == 0) return;
  double p = (a->use * layers - (double)a->fc * (double)a->batch) / ((double)a->conv * (double)a->batch);
  s->h = llround(sqrt(p));
  s->w = llround(p / (double)s->h);
}

static shapes by_the_first_rule(const app *a, const tpu_machine *m) {
  double each = a->weights / (a->fc + a->conv);
  shapes s = {.c = llround(sqrt(each / 9)), .tile_columns = m->array_columns};
  s.conv_k = 9 * s.c, s.conv_n = s.c;
  s.fc_k = s.fc_n = llround(sqrt(each));
  pixels_of(a, &s);
  return s;
}

static int64_t at_least_one(double x) { return x < 1 ? 1 : llround(x); }

static shapes by_the_second_rule(const app *a, const tpu_machine *m) {
  double each = a->weights / (a->fc + a->conv), fill = a->useful / (a->useful + a->unused), rows = m->array_rows;
  shapes s = {.tile_columns = (uint32_t)llround(m->array_columns * fill)};
  double f = s.tile_columns;
  s.fc_k = m->array_rows * at_least_one(sqrt(each) / rows);
  s.fc_n = (int64_t)f * at_least_one(each / ((double)s.fc_k * f));
  s.conv_k = m->array_rows * at_least_one(9 * sqrt(each / 9) / rows);
  s.conv_n = (int64_t)f * at_least_one(each / ((double)s.conv_k * f));
  s.c = (s.conv_k + 8) / 9 > s.conv_n ? (s.conv_k + 8) / 9 : s.conv_n;
  pixels_of(a, &s);
  return s;
}
/* Elements from one row of a fully connected layer to the next. */
static int64_t width(const shapes *s) { return s->fc_k > s->fc_n ? s->fc_k : s->fc_n; }

static void must(rn_status *s) {
  if (s != NULL) print_error("%s\n", host_text(s));
  assert_null(s);
}

static tpu_place take(tpu_heap *h, uint8_t space, int64_t size_bytes) {
  uint64_t at;
  assert_true(tpu_heap_take(h, (uint64_t)size_bytes, &at));
  return (tpu_place){(uint32_t)at, 0, space, 0};
}

/* A layer's tiles have as many columns as are in use. */
static void with_weights(tpu_lowering *l, const shapes *s, tpu_product_request *r, tpu_place *x) {
  const tpu_machine *m = l->m;
  tpu_machine tiled = *m;
  tpu_place y = take(&l->buffer, TPU_BUFFER, r->m * r->ys);
  tiled.array_columns = s->tile_columns;
  r->x.place = *x;
  r->w = (tpu_side){.place = take(&l->memory, TPU_MEMORY, r->k * r->n), .rs = r->n, .cs = 1};
  r->bias = take(&l->memory, TPU_MEMORY, r->n * TPU_COLUMN_BYTES);
  r->y = y;
  r->low = 0, r->high = 127;
  l->m = &tiled;
  must(tpu_emit_product(l, r));
  l->m = m;
  *x = y;
}

static void window(const app *a, const shapes *s, uint32_t w[TPU_N_NUMBERS]) {
  const uint32_t n[TPU_N_NUMBERS] = {[W_N] = (uint32_t)a->batch,
                                     [W_H] = (uint32_t)s->h,
                                     [W_W] = (uint32_t)s->w,
                                     [W_C] = (uint32_t)s->c,
                                     [W_KH] = 3,
                                     [W_KW] = 3,
                                     [W_SH] = 1,
                                     [W_SW] = 1,
                                     [W_DH] = 1,
                                     [W_DW] = 1,
                                     [W_PT] = 1,
                                     [W_PL] = 1,
                                     [W_OH] = (uint32_t)s->h,
                                     [W_OW] = (uint32_t)s->w};
  memcpy(w, n, sizeof n);
}

static void weight_layer(tpu_lowering *l, const app *a, const shapes *s, int number, tpu_place *x) {
  uint32_t w[TPU_N_NUMBERS];
  window(a, s, w);
  if (number < a->conv) {
    tpu_product_request r = {
        .m = a->batch * s->h * s->w, .k = s->conv_k, .n = s->conv_n, .x = {.window = w}, .ys = s->c};
    with_weights(l, s, &r, x);
  } else {
    int64_t row = number == a->conv && a->conv > 0 ? s->c * s->h * s->w : width(s);
    tpu_product_request r = {.m = a->batch, .k = s->fc_k, .n = s->fc_n, .x = {.rs = row, .cs = 1}, .ys = width(s)};
    with_weights(l, s, &r, x);
  }
}

static void other_layer(tpu_lowering *l, const app *a, const shapes *s, tpu_place *x) {
  int64_t elems = a->pool > 0 ? a->batch * s->h * s->w * s->c : a->batch * width(s);
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.a = *x;
  i.dst = take(&l->buffer, TPU_BUFFER, elems);
  if (a->pool > 0) {
    uint32_t w[TPU_N_NUMBERS];
    window(a, s, w);
    must(tpu_emit_window(l, w, 3));
    i.op = TPU_POOL, i.slot = 3;
  } else {
    i.op = TPU_LOOKUP, i.n[K_ROWS] = 1, i.n[K_COLS] = (uint32_t)(a->batch * s->fc_n);
    i.b = take(&l->memory, TPU_MEMORY, 256);
  }
  must(tpu_emit(l, &i));
  *x = i.dst;
}

static void transfer(tpu_lowering *l, uint8_t op, tpu_place to, tpu_place from, int64_t elems) {
  tpu_ins i;
  memset(&i, 0, sizeof i);
  i.op = op;
  i.dst = to, i.a = from;
  if (op == TPU_QUANTIZE) i.n[Q_HIGH] = 127;
  must(tpu_emit_transfer(l, &i, (uint64_t)elems));
}

/* Values alternate between two halves of the buffer, since all of them together would not fit. */
static tpu_counters simulate(const app *a, const shapes *s, const tpu_machine *m) {
  tpu_lowering *l = calloc(1, sizeof *l);
  tpu_program p;
  tpu_needs needs;
  tpu_counters c;
  int layers = a->fc + a->conv, others = a->vector + a->pool, done = 0;
  assert_non_null(l);
  tpu_program_init(&p, &host, m);
  l->host = &host, l->m = m, l->p = &p;
  tpu_heap_init(&l->memory, m->memory_bytes);
  int64_t elems = a->batch * (a->conv > 0 ? s->h * s->w * s->c : s->fc_k),
          last = a->batch * (a->fc > 0 ? s->fc_n : s->h * s->w * s->conv_n);
  must(tpu_program_add_io(&p, (tpu_io){(uint64_t)elems * 4, 1, 0, 0, {0}}));
  must(tpu_program_add_io(&p, (tpu_io){(uint64_t)last * 4, 0, 1, 0, {0}}));
  tpu_heap_init(&l->buffer, m->buffer_bytes / 2);
  tpu_place x = take(&l->buffer, TPU_BUFFER, elems + a->batch * width(s));
  transfer(l, TPU_QUANTIZE, x, (tpu_place){0, 0, TPU_IO, 0}, elems);
  uint32_t half = 0;
  for (int k = 0; k < layers; k++) {
    half ^= (uint32_t)(m->buffer_bytes / 2);
    tpu_heap_init(&l->buffer, half + m->buffer_bytes / 2);
    if (half > 0) (void)take(&l->buffer, TPU_BUFFER, half);
    weight_layer(l, a, s, k, &x);
    for (; done < others * (k + 1) / layers; done++) other_layer(l, a, s, &x);
  }
  transfer(l, TPU_DEQUANTIZE, (tpu_place){0, 1, TPU_IO, 0}, x, last);
  must(tpu_emit(l, &(tpu_ins){.op = TPU_END}));
  p.memory_bytes = l->memory.top;
  must(tpu_verify(&p, m, &needs));
  must(tpu_time(&p, m, &c));
  tpu_program_finish(&p);
  free(l);
  return c;
}

static double percent(uint64_t part, uint64_t whole) { return 100 * (double)part / (double)whole; }

typedef shapes (*rule)(const app *a, const tpu_machine *m);

static void near_as_many_as_the_roofline(rule shapes_by) {
  tpu_machine m;
  int near = 0, roofline_near = 0, counters_near = 0;
  must(tpu_machine_find(&host, "v1", &m));
  for (int k = 0; k < N_APPS; k++) {
    const app *a = &apps[k];
    shapes s = shapes_by(a, &m);
    tpu_counters c = simulate(a, &s, &m);
    double bound = fmin(a->use * 2 * m.memory_gb_per_second / 1e3, tpu_machine_peak(&m) / 1e12);
    double counted = a->useful / 100 * tpu_machine_peak(&m) / 1e12 / (a->vector > 0 ? 2 : 1);
    near += fabs(c.tops / a->tops - 1) <= 0.15;
    counters_near += fabs(c.tops / counted - 1) <= 0.15;
    roofline_near += fabs(bound / a->tops - 1) <= 0.15;
    print_message(
        "%-5s fc %lld x %lld conv %lld x %lld, %u columns, c %lld %lldx%lld: paper %5.1f, its counters %5.1f, roofline "
        "%5.1f, here %5.1f TOPS; active %.1f weight stall %.1f shift %.1f input %.1f RAW %.1f non-matrix %.1f, useful "
        "%.1f %%\n",
        a->name, (long long)s.fc_k, (long long)s.fc_n, (long long)s.conv_k, (long long)s.conv_n, s.tile_columns,
        (long long)s.c, (long long)s.h, (long long)s.w, a->tops, counted, bound, c.tops, percent(c.active, c.cycles),
        percent(c.weight_stall, c.cycles), percent(c.weight_shift, c.cycles), percent(c.input_stall, c.cycles),
        percent(c.raw_stall, c.cycles), percent(c.non_matrix, c.cycles), 100 * c.useful_share);
    assert_true(c.active + c.weight_stall + c.weight_shift + c.input_stall + c.raw_stall + c.non_matrix == c.cycles);
    assert_true(c.tops <= tpu_machine_peak(&m) / 1e12);
  }
  print_message("within 15 %%: %d of %d here (%d of the counters), %d by the roofline\n", near, N_APPS, counters_near,
                roofline_near);
  assert_true(near >= roofline_near);
}
static void the_first_rule_is_no_worse_than_the_roofline(void **state) {
  (void)state;
  near_as_many_as_the_roofline(by_the_first_rule);
}
static void the_second_rule_is_no_worse_than_the_roofline(void **state) {
  (void)state;
  near_as_many_as_the_roofline(by_the_second_rule);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_first_rule_is_no_worse_than_the_roofline),
                                     cmocka_unit_test(the_second_rule_is_no_worse_than_the_roofline)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
