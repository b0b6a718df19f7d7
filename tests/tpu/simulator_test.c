/* simulator_test.c - the fast array against the one of cells, both against plain loops; the clock (tests/tpu). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "random_program.h"
#include "simulator.h"
#include "timing.h"

static void must(rn_status *s) {
  if (s != NULL) print_error("%s\n", host_text(s));
  assert_null(s);
}

/* Bytes of both runs as floats: equal, or both no number. */
static void equal_bits(const void *a_, const void *b_, size_t n) {
  const uint32_t *a = a_, *b = b_;
  for (size_t i = 0; i < n; i++) {
    int nan = (a[i] & 0x7fffffffu) > 0x7f800000u && (b[i] & 0x7fffffffu) > 0x7f800000u;
    if (a[i] != b[i] && !nan) print_error("word %zu: %08x and %08x\n", i, a[i], b[i]);
    assert_true(a[i] == b[i] || nan);
  }
}

static void fill_io(uint8_t *io) {
  for (size_t i = 0; i < 2048; i += 4) {
    float x = (float)(int32_t)(chance(2001) - 1000u) / 311.0f;
    memcpy(io + i, &x, 4);
  }
}

static uint32_t products[3]; /* of rows, of windows, of windows transposed */
static uint32_t met[TPU_N_OPS];

static void both_modes_agree_on(uint32_t arithmetic, int level) {
  static const uint64_t features[3] = {0, RN_CPU_AVX2, RN_CPU_AVX2 | RN_CPU_AVX512};
  tpu_machine m = small_machine(arithmetic);
  tpu_program p;
  tpu_needs needs;
  tpu_run fast, cells;
  uint8_t io[2][2][2048];
  random_program(&m, 60, &p);
  must(tpu_verify(&p, &m, &needs));
  for (uint32_t i = 0; i < p.n_ins; i++) met[p.ins[i].op]++;
  for (uint32_t i = 0; i < p.n_ins; i++)
    if (p.ins[i].op == TPU_MATMUL) products[p.ins[i].slot == 0 ? 0 : 1 + (p.ins[i].flags >> 1 & 1)]++;
  for (int k = 0; k < 2; k++) fill_io(io[0][k]);
  memcpy(io[1], io[0], sizeof io[0]);
  tpu_choose_products(features[level]);
  must(tpu_run_init(&fast, &p, &m, &needs, 0));
  must(tpu_run_init(&cells, &p, &m, &needs, 1));
  for (int again = 0; again < 2; again++) {
    must(tpu_run_program(&fast, (void *[]){io[0][0], io[0][1]}, NULL, NULL));
    must(tpu_run_program(&cells, (void *[]){io[1][0], io[1][1]}, NULL, NULL));
  }
  equal_bits(io[0], io[1], sizeof io[0] / 4);
  equal_bits(fast.buffer, cells.buffer, needs.buffer_bytes / 4);
  equal_bits(fast.memory, cells.memory, needs.memory_bytes / 4);
  for (uint32_t row = 0; row < needs.accumulator_rows; row++)
    equal_bits(fast.acc + row * fast.lane, cells.acc + row * cells.lane, m.array_columns);
  tpu_run_finish(&fast), tpu_run_finish(&cells);
  tpu_program_finish(&p);
}

static int best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") ? 2
         : __builtin_cpu_supports("avx2")                                         ? 1
                                                                                  : 0;
#else
  return 0;
#endif
}

static void the_fast_array_equals_the_array_of_cells(void **state) {
  (void)state;
  for (int round = 0; round < 150; round++)
    both_modes_agree_on(round % 2 ? TPU_BF16 : TPU_INT8, round / 2 % (best_level() + 1));
  assert_true(products[0] > 200 && products[1] > 20 && products[2] > 20);
  for (int op = 0; op < TPU_N_OPS; op++) assert_true(met[op] > 10);
}

/* ------------------------------------------------------------------------------------ numbers */
static void run_text(const char *text, const tpu_machine *m, void *const *io) {
  tpu_program p;
  tpu_needs needs;
  tpu_run r;
  must(tpu_assemble(&host, text, &p));
  p.print = tpu_machine_print(m);
  must(tpu_verify(&p, m, &needs));
  must(tpu_run_init(&r, &p, m, &needs, 0));
  must(tpu_run_program(&r, io, NULL, NULL));
  tpu_run_finish(&r);
  tpu_program_finish(&p);
}

/* y = x w + b, two tiles deep, with bfloat16 factors and float sums in the array's order. */
static void a_product_is_what_the_page_says(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_BF16);
  float x[3][8], w[8][6], b[6], y[3][6];
  for (int i = 0; i < 24; i++) x[i / 8][i % 8] = (float)chance(1000) / 37.0f - 12;
  for (int i = 0; i < 48; i++) w[i / 6][i % 6] = (float)chance(1000) / 91.0f - 5;
  for (int i = 0; i < 6; i++) b[i] = (float)i - 2.5f;
  run_text(
      ".io 96 in near\n.io 192 in near\n.io 24 in near\n.io 72 out near\n"
      "load a=io1+0x0 k=5 cols=6 rs=6 cs=1\nload a=io1+0x78 k=3 cols=6 rs=6 cs=1\n"
      "matmul a=io0+0x0 acc=2 rows=3 k=5 cols=6 rs=8 cs=1\n"
      "matmul a=io0+0x14 acc=2 rows=3 k=3 cols=6 rs=8 cs=1 +accumulate\n"
      "store.relu dst=io3+0x0 b=io2+0x0 acc=2 rows=3 cols=6 rs=6 +bias\nend\n",
      &m, (void *[]){x, w, b, y});
  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 6; c++) {
      volatile float low = 0, high = 0, product;
      for (int k = 0; k < 5; k++) product = tpu_to_bf16(x[r][k]) * tpu_to_bf16(w[k][c]), low = low + product;
      for (int k = 5; k < 8; k++) product = tpu_to_bf16(x[r][k]) * tpu_to_bf16(w[k][c]), high = high + product;
      volatile float sum = low + high, with_bias = sum + b[c];
      assert_true(y[r][c] == (with_bias > 0 ? with_bias : 0));
    }
}

static void bfloat16_rounds_to_nearest_and_ties_to_even(void **state) {
  (void)state;
  const struct {
    uint32_t in, out;
  } table[] = {{0x3f800000u, 0x3f800000u}, {0x3f808000u, 0x3f800000u}, {0x3f818000u, 0x3f820000u},
               {0x3f808001u, 0x3f810000u}, {0x7f7fffffu, 0x7f800000u}, {0xff800000u, 0xff800000u},
               {0x80000001u, 0x80000000u}, {0x7f800001u, 0x7fc00001u}};
  for (size_t k = 0; k < sizeof table / sizeof table[0]; k++)
    assert_int_equal(tpu_float_bits(tpu_to_bf16(tpu_bits_float(table[k].in))), table[k].out);
}

/* One row through the integer path: quantised, multiplied, requantised, looked up, made real again. */
static void integers_are_requantised_as_defined(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_INT8);
  const float x[4] = {1.0f, -0.26f, 100.0f, -100.0f};
  float y[2], exact[2];
  const int8_t w[4][2] = {{2, -3}, {4, 5}, {-6, 7}, {1, 127}};
  struct {
    int32_t bias, multiplier;
    uint32_t shift;
    float scale;
  } table[2] = {{10, 1 << 20, 22, 0.5f}, {-3, 3 << 20, 24, 0.25f}};
  run_text(
      ".io 16 in far\n.io 8 in near\n.io 32 in near\n.io 8 out far\n.io 8 out far\n"
      "quantize dst=buffer+0x0 a=io0+0x0 count=4 scale=4 zero=1 low=4294967168 high=127\n"
      "load a=io1+0x0 k=4 cols=2 rs=2 cs=1\nmatmul a=buffer+0x0 rows=1 k=4 cols=2 rs=4 cs=1\n"
      "store.none dst=buffer+0x40 b=io2+0x0 rows=1 cols=2 rs=2 zero=3 low=4294967196 high=100 +bias\n"
      "store.none dst=io4+0x0 b=io2+0x0 rows=1 cols=2 rs=2 +bias +real\n"
      "dequantize dst=io3+0x0 a=buffer+0x40 count=2 scale=0.5 zero=3\nend\n",
      &m, (void *[]){(void *)(uintptr_t)x, (void *)(uintptr_t)w, table, y, exact});
  static const int q[4] = {5, 0, 127, -128};
  for (int c = 0; c < 2; c++) {
    int32_t acc = table[c].bias;
    for (int k = 0; k < 4; k++) acc += q[k] * w[k][c];
    int64_t scaled =
        (((int64_t)acc * table[c].multiplier + ((int64_t)1 << (table[c].shift - 1))) >> table[c].shift) + 3;
    int64_t clamped = scaled < -100 ? -100 : scaled > 100 ? 100 : scaled;
    assert_true(exact[c] == (float)acc * table[c].scale);
    assert_true(y[c] == (float)(clamped - 3) * 0.5f);
  }
}

/* Two rows of three, one of them repeated: added, multiplied, limited, looked up; and a mean of -3 and -2. */
static void integers_are_combined_as_defined(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_INT8);
  const int8_t a[2][3] = {{-128, 5, 127}, {-7, 100, 3}}, b[3] = {11, -90, 127};
  int8_t sum[2][3], product[2][3], table[256], looked[2][3], mean[2];
  for (int i = 0; i < 256; i++) table[i] = (int8_t)(127 - i / 2);
  run_text(
      ".io 6 in near\n.io 3 in near\n.io 6 out near\n.io 6 out near\n.io 256 in near\n.io 6 out near\n.io 4 in near\n"
      ".io 2 out near\n"
      "combine.add dst=io2+0x0 a=io0+0x0 b=io1+0x0 rows=2 cols=3 drs=3 ars=3 acs=1 bcs=1 za=5 zb=4294967290 ma=700 "
      "mb=4294966796 shift=10 zero=2 low=4294967246 high=60\n"
      "combine.mul dst=io3+0x0 a=io0+0x0 b=io1+0x0 rows=2 cols=3 drs=3 ars=3 acs=1 bcs=1 za=5 zb=4294967290 ma=300 "
      "shift=14 zero=2 low=4294967168 high=127\n"
      "lookup dst=io5+0x0 a=io0+0x0 b=io4+0x0 rows=2 cols=3 drs=3 ars=3\n"
      "window slot=1 n=1 h=1 w=4 c=1 kh=1 kw=2 sh=1 sw=2 dh=1 dw=1 oh=1 ow=2\n"
      "pool.average slot=1 dst=io7+0x0 a=io6+0x0\nend\n",
      &m,
      (void *[]){(void *)(uintptr_t)a, (void *)(uintptr_t)b, sum, product, table, looked, (int8_t[]){-3, -2, 2, 3},
                 mean});
  for (int r = 0; r < 2; r++)
    for (int c = 0; c < 3; c++) {
      double p = a[r][c] - 5, q = b[c] + 6;
      double s = floor((p * 700 - q * 500) / 1024 + 0.5) + 2, t = floor(p * q * 300 / 16384 + 0.5) + 2;
      assert_int_equal(sum[r][c], (int)fmax(-50, fmin(60, s)));
      assert_int_equal(product[r][c], (int)fmax(-128, fmin(127, t)));
      assert_int_equal(looked[r][c], table[a[r][c] + 128]);
    }
  assert_int_equal(mean[0], -2);
  assert_int_equal(mean[1], 3);
}

/* --------------------------------------------------------------------------------------- time */
static uint64_t sum(const tpu_counters *c) {
  return c->active + c->weight_stall + c->weight_shift + c->input_stall + c->raw_stall + c->non_matrix;
}

static void the_parts_of_the_time_add_up(void **state) {
  (void)state;
  for (int round = 0; round < 200; round++) {
    tpu_machine m = small_machine(round % 2 ? TPU_BF16 : TPU_INT8);
    tpu_program p;
    tpu_counters c;
    random_program(&m, 50, &p);
    must(tpu_time(&p, &m, &c));
    assert_true(sum(&c) == c.cycles);
    assert_true(c.useful_share <= 1 && c.tops * 1e12 <= tpu_machine_peak(&m) * 1.0001);
    tpu_program_finish(&p);
  }
}

static tpu_counters time_text(const char *text, const tpu_machine *m) {
  tpu_program p;
  tpu_needs needs;
  tpu_counters c;
  must(tpu_assemble(&host, text, &p));
  p.print = tpu_machine_print(m);
  must(tpu_verify(&p, m, &needs));
  must(tpu_time(&p, m, &c));
  tpu_program_finish(&p);
  return c;
}

/* 5 x 7 floats at 4 bytes per cycle take 35 cycles, then 5 to shift; 9 rows stream in 9, and leave after 12 more. */
static void one_product_takes_what_can_be_counted_by_hand(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_BF16);
  const char *text =
      ".io 140 in near\n"
      "load a=io0+0x0 k=5 cols=7 rs=7 cs=1\nmatmul a=buffer+0x0 rows=9 k=5 cols=7 rs=5 cs=1\nend\n";
  tpu_counters c = time_text(text, &m);
  assert_int_equal(c.weight_stall, 35);
  assert_int_equal(c.weight_shift, 5);
  assert_int_equal(c.active, 9);
  assert_int_equal(c.non_matrix, 12);
  assert_int_equal(c.cycles, 61);
  assert_int_equal(c.memory_bytes, 140);
  assert_true(c.products == 9 * 5 * 7 && c.useful_share == 1);
}

/* The same tile on a machine that fetches tiles whole: 5 x 7 floats whatever is used, here 2 x 3. */
static void a_tile_is_fetched_whole_where_the_machine_says_so(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_BF16);
  const char *text =
      ".io 140 in near\n"
      "load a=io0+0x0 k=2 cols=3 rs=7 cs=1\nmatmul a=buffer+0x0 rows=9 k=2 cols=3 rs=5 cs=1\nend\n";
  assert_int_equal(time_text(text, &m).weight_stall, 6);
  m.whole_tiles = 1;
  assert_int_equal(time_text(text, &m).weight_stall, 35);
}

/* Element by element at vector_lanes a cycle, out of the accumulators at activation_lanes. */
static void two_rates_of_the_vector_unit(void **state) {
  (void)state;
  tpu_machine m = small_machine(TPU_INT8);
  m.activation_lanes = 7, m.vector_lanes = 2;
  tpu_counters c = time_text("lookup dst=buffer+0x0 a=buffer+0x40 b=buffer+0x80 rows=3 cols=6 drs=6 ars=6\nend\n", &m);
  assert_int_equal(c.cycles, 9);
  c = time_text("combine.add dst=buffer+0x0 a=buffer+0x40 b=buffer+0x80 rows=3 cols=6 acs=1 bcs=1 shift=1\nend\n", &m);
  assert_int_equal(c.cycles, 9);
  c = time_text("store.none dst=buffer+0x0 b=buffer+0x100 rows=3 cols=7 rs=7 +bias\nend\n", &m);
  assert_int_equal(c.cycles, 3);
}

/* The same tile again and again: while one is used the next comes, so the memory alone sets the time. */
static void tiles_that_are_loaded_ahead_cost_no_more_than_the_memory(void **state) {
  (void)state;
  char text[8192] = ".io 140 in near\nload a=io0+0x0 k=5 cols=7 rs=7 cs=1\n";
  tpu_machine m = small_machine(TPU_BF16);
  for (int k = 0; k < 20; k++)
    strcat(text, "load a=io0+0x0 k=5 cols=7 rs=7 cs=1\nmatmul a=buffer+0x0 rows=9 k=5 cols=7 rs=5 cs=1\n");
  strcat(text, "matmul a=buffer+0x0 rows=9 k=5 cols=7 rs=5 cs=1\nend\n");
  tpu_counters c = time_text(text, &m);
  assert_in_range(c.cycles, 21 * 35, 21 * 35 + 5 + 9 + 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_fast_array_equals_the_array_of_cells),
                                     cmocka_unit_test(a_product_is_what_the_page_says),
                                     cmocka_unit_test(bfloat16_rounds_to_nearest_and_ties_to_even),
                                     cmocka_unit_test(integers_are_requantised_as_defined),
                                     cmocka_unit_test(integers_are_combined_as_defined),
                                     cmocka_unit_test(a_tile_is_fetched_whole_where_the_machine_says_so),
                                     cmocka_unit_test(two_rates_of_the_vector_unit),
                                     cmocka_unit_test(the_parts_of_the_time_add_up),
                                     cmocka_unit_test(one_product_takes_what_can_be_counted_by_hand),
                                     cmocka_unit_test(tiles_that_are_loaded_ahead_cost_no_more_than_the_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
