/* keep_test.c - compiled programs as bytes: the same again, and whatever was changed is refused or harmless
 * (tests/tpu). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "kept_host.h"

extern const rn_group tpu_compilers_group;
static rn_host_api h;
static const rn_compiler_def *compiler(void) { return tpu_compilers_group.compilers.items; }

/* Two rows of three through 3 x 2 weights, with a variable that nobody looks at and, for integers, a pack. */
static tpu_compiled *small_program(tpu_device *d, uint32_t arithmetic) {
  static const char *const text[] = {
      "load a=io1+0x0 k=3 cols=2 rs=2 cs=1\nmatmul a=io0+0x0 rows=2 k=3 cols=2 rs=3 cs=1\n"
      "store.relu dst=io2+0x0 rows=2 cols=2 rs=2\nend\n",
      "end\n"};
  char whole[800];
  tpu_compiled *c;
  d->host = &h;
  d->machine = small_machine(arithmetic);
  assert_null(tpu_compiled_create(&h, d, &c));
  snprintf(whole, sizeof whole,
           ".machine small print=0x%016llx\n.memory 256\n.io 24 in near\n.io 24 in near\n.io 16 out near\n"
           ".io 4 in near\n%s",
           (unsigned long long)tpu_machine_print(&d->machine), text[arithmetic == TPU_INT8]);
  assert_null(tpu_assemble(&h, whole, &c->made.program));
  c->n_in = 2, c->n_out = 1, c->n_cells = 1;
  if (arithmetic == TPU_INT8) {
    c->made.n_packs = 1;
    c->made.pack[0] = (tpu_pack){.weights = 1,
                                 .bias = UINT32_MAX,
                                 .table_at = 64,
                                 .k = 3,
                                 .n = 2,
                                 .in = {0.5f, 3},
                                 .out = {0.25f, -7},
                                 .min = UINT32_MAX,
                                 .max = UINT32_MAX,
                                 .parts = 1};
  }
  assert_null(tpu_verify(&c->made.program, &c->machine, &c->needs));
  return c;
}

static void a_program_comes_back_as_it_was(void **state) {
  (void)state;
  for (uint32_t arithmetic = TPU_BF16; arithmetic <= TPU_INT8; arithmetic++) {
    tpu_device d;
    tpu_compiled *c = small_program(&d, arithmetic), *again = NULL;
    kept_bytes b = {NULL, 0}, twice = {NULL, 0};
    assert_null(tpu_serialize(c, kept_write, &b));
    void *program = NULL;
    assert_null(tpu_deserialize(&h, &d, NULL, b.data, b.n, &program));
    again = program;
    assert_int_equal(again->n_in, 2);
    assert_int_equal(again->n_cells, 1);
    assert_memory_equal(again->made.pack, c->made.pack, c->made.n_packs * sizeof(tpu_pack));
    assert_null(tpu_serialize(again, kept_write, &twice));
    assert_int_equal(b.n, twice.n);
    assert_memory_equal(b.data, twice.data, b.n);
    assert_null(kept_execute(again, compiler()->execute, &h));
    tpu_compiled_release(c);
    tpu_compiled_release(again);
    free(b.data);
    free(twice.data);
  }
}

/* Every bit, then every length. What is taken all the same stays within its tensors: sanitizers watch. */
static void what_was_changed_is_refused_or_harmless(void **state) {
  (void)state;
  for (uint32_t arithmetic = TPU_BF16; arithmetic <= TPU_INT8; arithmetic++) {
    tpu_device d;
    tpu_compiled *c = small_program(&d, arithmetic);
    kept_bytes b = {NULL, 0};
    assert_null(tpu_serialize(c, kept_write, &b));
    uint32_t refused = 0;
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
      void *program = NULL;
      b.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
      rn_status *s = tpu_deserialize(&h, &d, NULL, b.data, b.n, &program);
      refused += s != NULL;
      if (s == NULL && kept_is_small(program)) host_free_status(kept_execute(program, compiler()->execute, &h));
      if (s == NULL) tpu_compiled_release(program);
      host_free_status(s);
      b.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_true(refused > b.n);
    for (size_t n = 0; n < b.n; n++) {
      void *program = NULL;
      rn_status *s = tpu_deserialize(&h, &d, NULL, b.data, n, &program);
      assert_non_null(s);
      assert_int_equal(host_code(s), RN_DATA_LOSS);
      host_free_status(s);
    }
    tpu_compiled_release(c);
    free(b.data);
  }
}

static void packs_outside_of_the_memory_are_refused(void **state) {
  (void)state;
  tpu_device d;
  tpu_compiled *c = small_program(&d, TPU_INT8);
  const tpu_pack good = c->made.pack[0];
  tpu_pack bad[8];
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) bad[i] = good;
  bad[0].weights = 2;
  bad[1].bias = 7;
  bad[2].weights_at = 251;
  bad[3].table_at = 225;
  bad[4].k = UINT64_MAX / 2;
  bad[5].n = 0;
  bad[6].parts = 3;
  bad[7].in.scale = 0;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    kept_bytes b = {NULL, 0};
    void *program = NULL;
    c->made.pack[0] = bad[i];
    assert_null(tpu_serialize(c, kept_write, &b));
    rn_status *s = tpu_deserialize(&h, &d, NULL, b.data, b.n, &program);
    assert_non_null(s);
    assert_int_equal(host_code(s), RN_DATA_LOSS);
    host_free_status(s);
    free(b.data);
  }
  tpu_compiled_release(c);
}

static void another_machine_is_named(void **state) {
  (void)state;
  tpu_device d;
  tpu_compiled *c = small_program(&d, TPU_BF16);
  kept_bytes b = {NULL, 0};
  void *program = NULL;
  assert_null(tpu_serialize(c, kept_write, &b));
  d.machine.array_rows++;
  rn_status *s = tpu_deserialize(&h, &d, NULL, b.data, b.n, &program);
  assert_int_equal(host_code(s), RN_FAILED_PRECONDITION);
  assert_non_null(strstr(host_text(s), "small"));
  host_free_status(s);
  tpu_compiled_release(c);
  free(b.data);
}

static void words_are_a_line_a_text_and_numbers(void **state) {
  (void)state;
  tpu_device d;
  tpu_compiled *c = small_program(&d, TPU_BF16);
  const struct {
    uint32_t what;
    const char *has;
  } cases[] = {{RN_PROGRAM_LINE, "small: 4 instructions"},
               {RN_PROGRAM_TEXT, "store.relu"},
               {RN_PROGRAM_NUMBERS, "\"operations\": "}};
  assert_null(tpu_time(&c->made.program, &c->machine, &c->counters));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    kept_bytes b = {NULL, 0};
    assert_null(tpu_print(c, cases[i].what, kept_write, &b));
    assert_null(kept_write(&b, "", 1));
    assert_non_null(strstr((const char *)b.data, cases[i].has));
    free(b.data);
  }
  rn_status *s = tpu_print(c, 99, kept_write, NULL);
  assert_int_equal(host_code(s), RN_UNIMPLEMENTED);
  host_free_status(s);
  tpu_compiled_release(c);
}

int main(void) {
  h = kept_host();
  tpu_choose_products(0);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_program_comes_back_as_it_was), cmocka_unit_test(what_was_changed_is_refused_or_harmless),
      cmocka_unit_test(packs_outside_of_the_memory_are_refused), cmocka_unit_test(another_machine_is_named),
      cmocka_unit_test(words_are_a_line_a_text_and_numbers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
